//! A store that a monitor filled over hours, for tests of what is told of them.

use super::Reader;
use flyball_config::Definitions;
use flyball_model::{ApiHost, Cause, Evidence, Excerpt, Finding, Reading, Timestamp};
use flyball_store::{Batch, Loop as _, Retention as _, Sqlite};
use flyball_views::EngineState;
use std::time::Duration;

/// The beginning of an hour and of a day.
pub(super) const START: Timestamp = Timestamp::from_millis(1_772_409_600_000);

const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1m\"\n\
                    http = { url = \"http://127.0.0.1:9/\", slower_than = \"2s\" }\n";

/// A monitor that looked each minute from [`START`] on, of which the first ten of every hour fail.
pub(super) struct Watched {
    _folder: tempfile::TempDir,
    store: Sqlite,
    definitions: Definitions,
    end: Timestamp,
}

impl Watched {
    /// Until then, with everything rolled up that can be.
    pub(super) async fn until(end: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("flyball.db")).await.unwrap();
        let definitions = flyball_config::read("flyball.toml", FILE).unwrap();
        let page = &definitions.monitors[0];
        let readings = (0..end.since(START).as_secs() / 60).map(|minute| {
            let finding = if minute % 60 < 10 { Finding::Failing(Cause::Status) } else { Finding::Passing };
            let reading = Reading {
                begun_at: START + Duration::from_mins(minute),
                took: Duration::from_millis(80),
                finding,
                words: Excerpt::of("answered"),
                evidence: Evidence::None,
            };
            (page.id, reading)
        });
        store.save(&Batch { readings: readings.collect(), ..Batch::default() }).await.unwrap();
        while store.sweep(end).await.unwrap() > 0 {}
        Self { _folder: folder, store, definitions, end }
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader::new(&self.store, &self.definitions, ApiHost::default(), EngineState::Running, self.end)
    }
}

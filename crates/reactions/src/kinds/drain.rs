//! What kinds share that take dynos away: how long they wait for the jobs that run on them.

use flyball_model::ProcessType;
use flyball_settings::{Bounds, Fields};
use serde::Serialize;
use std::time::Duration;

/// How long taking away waits for jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Drain {
    may_kill_jobs: bool,
    drain_max: Duration,
}

impl Drain {
    /// Default: what takes longer is rare, and begins again where its library is told to. A dyno that stays half an hour longer costs cents.
    const MAX: Duration = Duration::from_secs(1800);

    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let doc = "of process types other than web: whether it takes dynos away while jobs run, as far as an adapter tells of that";
        let may_kill_jobs = fields.or("may_kill_jobs", false, "false", doc);
        let (least, most) = (Duration::from_secs(60), Duration::from_secs(86_400));
        let bounds = Bounds { least, most, words: "\"1m\" to \"24h\"" };
        let doc = "how long it waits for jobs that run, at most; then it takes dynos away all the same";
        let drain_max = fields.within("drain_max", Self::MAX, "\"30m\"", &bounds, doc);
        Some(Self { may_kill_jobs: may_kill_jobs?, drain_max: drain_max? })
    }

    /// How long it waits at most on a process type. Jobs run on others than web, whose requests Heroku lets end.
    pub(super) fn of(&self, process_type: &ProcessType) -> Option<Duration> {
        (!self.may_kill_jobs && *process_type != ProcessType::web()).then_some(self.drain_max)
    }
}

//! People: their channels take a notice, lose their answer, ask to be left alone or hang; and Flyball is killed while it tells.

use super::{SharedOutside, lock};
use crate::chance::{Purpose, Stream};
use async_trait::async_trait;
use flyball_channels::{Ask, Channel, Handle, Notice, Outcome};
use flyball_engine::Tell;
use flyball_model::Timestamp;
use std::time::Duration;

/// A notice goes wrong so often at most: the next tries come minutes and hours later, and a story is shorter.
const WRONG_MAX: u32 = 2;
/// How long Flyball stays away after it was killed at a notice.
const DOWN: Duration = Duration::from_secs(3);

/// What somebody was told.
#[derive(Debug, Clone)]
pub struct ToldNotice {
    /// When, in the world's time.
    pub at: Timestamp,
    /// The notice.
    pub notice: Notice,
}

/// What becomes of a try.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Try {
    Taken,
    TakenInSilence,
    Later,
    Hangs,
    KilledBefore,
    KilledAfter,
}

/// People, as one machine reaches them.
pub(super) struct People(pub(super) SharedOutside);

impl People {
    fn fate(&self, notice: &Notice) -> Try {
        let line = format!("tell {} {}", notice.key, notice.sequence);
        let nth = {
            let mut tries = lock(&self.0.tries);
            let nth = tries.entry(line.clone()).or_insert(0);
            *nth += 1;
            *nth
        };
        if nth > WRONG_MAX || lock(&self.0.fates).is_quiet() {
            return Try::Taken;
        }
        let mut draws = Stream::of_call(self.0.seed, Purpose::Told, &line, nth);
        match draws.below(20) {
            0 => Try::TakenInSilence,
            1 => Try::Later,
            2 => Try::Hangs,
            3 => Try::KilledBefore,
            4 => Try::KilledAfter,
            _ => Try::Taken,
        }
    }
}

#[async_trait]
impl Tell for People {
    async fn tell(&self, _: &Channel, notice: &Notice, _: Option<&Handle>, _: Timestamp) -> Outcome {
        let fate = self.fate(notice);
        let outside = &self.0;
        if fate == Try::KilledBefore {
            outside.die(DOWN).await;
        }
        outside.time.wait_for(Duration::from_millis(300)).await;
        if matches!(fate, Try::Taken | Try::TakenInSilence | Try::KilledAfter) {
            lock(&outside.told).push(ToldNotice { at: outside.time.now(), notice: notice.clone() });
        }
        match fate {
            Try::KilledAfter => outside.die(DOWN).await,
            Try::Hangs => outside.time.wait_for(Duration::from_secs(3_600)).await,
            Try::Taken | Try::TakenInSilence | Try::Later | Try::KilledBefore => {}
        }
        match fate {
            Try::Taken => Outcome::Sent { handle: None },
            _ => Outcome::Later { after: None, why: "no answer".to_owned() },
        }
    }

    async fn ask(&self, _: &Ask, _: Timestamp) -> Outcome {
        self.0.time.wait_for(Duration::from_millis(300)).await;
        Outcome::Sent { handle: None }
    }
}

//! What the tests of the effects share: a sight in a few words.

use super::{Others, Trace, check, find};
use flyball_model::{
    Content, Dyno, DynoId, DynoSize, Effect, ProcessFormation, ProcessType, Quantity, Release, ReleaseStatus,
    ReleaseVersion, Sight, SlugId, Timestamp, testing,
};
use std::time::Duration;

/// When the call was sent.
pub(super) const SENT_AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// What is seen of an app, written down in a few words.
#[derive(Clone)]
pub(super) struct Written(Sight);

/// An app of which nothing is seen.
pub(super) fn sight() -> Written {
    Written(testing::sight(SENT_AT))
}

impl Written {
    pub(super) fn web(mut self, quantity: u32, size: &str) -> Self {
        let (process_type, size) = (ProcessType::web(), DynoSize::new(size));
        self.0.formation.push(ProcessFormation { process_type, quantity: Quantity::new(quantity), size });
        self
    }

    pub(super) fn dyno(self, name: &str, id: &str) -> Self {
        self.one_off(name, id, "serve", SENT_AT)
    }

    /// A dyno from long before the call.
    pub(super) fn old_dyno(self, name: &str, id: &str) -> Self {
        self.one_off(name, id, "serve", SENT_AT - Duration::from_secs(86_400))
    }

    pub(super) fn one_off(mut self, name: &str, id: &str, command: &str, created_at: Timestamp) -> Self {
        let plain = testing::dyno(name, created_at);
        self.0.dynos.push(Dyno { id: DynoId::new(id), command: command.to_owned(), ..plain });
        self
    }

    pub(super) fn release(mut self, version: u64, slug: &str, description: &str, status: ReleaseStatus) -> Self {
        let release = Release {
            eligible_for_rollback: Some(status == ReleaseStatus::Succeeded),
            status,
            content: Content::Slug(SlugId::new(slug)),
            description: description.to_owned(),
            ..testing::release(version, SENT_AT)
        };
        self.0.releases.newest_first.insert(0, release);
        self
    }

    pub(super) fn current(mut self, version: u64) -> Self {
        for release in &mut self.0.releases.newest_first {
            release.current = release.version == ReleaseVersion::new(version);
        }
        self
    }
}

/// Whether an effect's basis holds.
pub(super) fn checked(effect: &Effect, sight: &Written) -> &'static str {
    if check(effect, &sight.0).is_ok() { "holds" } else { "gone" }
}

/// What is found of an effect.
pub(super) fn found(effect: &Effect, sight: &Written) -> &'static str {
    found_beside(effect, sight, &Others::default())
}

/// What is found of an effect beside other runs of the same command.
pub(super) fn found_beside(effect: &Effect, sight: &Written, others: &Others) -> &'static str {
    match find(effect, &sight.0, SENT_AT, others) {
        Trace::Done { dyno: None, .. } if matches!(effect, Effect::RunOneOff { .. }) => "done by one of several",
        Trace::Done { .. } => "done",
        Trace::NotDone(_) => "not done",
        Trace::NotYet(_) => "not yet",
        Trace::InDoubt(_) => "in doubt",
    }
}

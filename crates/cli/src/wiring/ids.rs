//! Ids: time-ordered, and different on every machine.

use flyball_engine::Ids;
use flyball_model::{NodeId, RunId, Timestamp};
use uuid::{NoContext, Uuid};

/// Makes UUIDs of version 7 from a time and the system's chance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemIds;

impl SystemIds {
    /// The id of this process as an engine.
    pub(crate) fn node(self, now: Timestamp) -> NodeId {
        NodeId(uuid(now))
    }

    /// The id of a request.
    pub(crate) fn request(self, now: Timestamp) -> String {
        uuid(now).to_string()
    }
}

impl Ids for SystemIds {
    fn run(&self, now: Timestamp) -> RunId {
        RunId(uuid(now))
    }
}

fn uuid(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    let nanos = u32::try_from(millis % 1000).unwrap_or(0) * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, millis / 1000, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_by_time_and_never_the_same() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        let later = Timestamp::from_millis(1_700_000_000_124);
        assert!(SystemIds.run(at) < SystemIds.run(later));
        assert_ne!(SystemIds.run(at), SystemIds.run(at));
    }
}

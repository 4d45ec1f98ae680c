//! Ids: time-ordered, and different on every machine.

use flyball_engine::Ids;
use flyball_model::{NodeId, RunId, Timestamp};
use uuid::{NoContext, Uuid};

/// How many bits of chance an `f64` holds exactly.
const BITS: u64 = (1 << f64::MANTISSA_DIGITS) - 1;

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

    /// A number from 0 up to 1, by the same chance.
    #[expect(clippy::cast_precision_loss, reason = "the 53 bits that are kept fit")]
    pub(crate) fn draw(self) -> f64 {
        // The low half of a version 7 UUID is chance but for its first two bits.
        let (_, chance) = uuid(Timestamp::EPOCH).as_u64_pair();
        (chance & BITS) as f64 / (BITS + 1) as f64
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

    #[test]
    fn draws_lie_between_0_and_1_and_in_every_part_of_it() {
        let draws: Vec<f64> = (0..1_000).map(|_| SystemIds.draw()).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        for part in 0..4 {
            let (from, to) = (f64::from(part) / 4.0, f64::from(part + 1) / 4.0);
            assert!(draws.iter().any(|draw| (from..to).contains(draw)), "none of a thousand in {from}..{to}");
        }
    }
}

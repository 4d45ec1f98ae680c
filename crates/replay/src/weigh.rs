//! What quantities of dynos come to: how much there was, and how long that was too little.

use crate::Found;
use flyball_decide::dynos_for;
use flyball_model::Timestamp;
use std::time::Duration;

/// A reading holds for so many intervals of its monitor: behind that nobody knows the load.
const HOLDS_FOR: u32 = 3;

/// The quantity of a process type over time: from each time on so many, in the order of time.
pub type Quantities = Vec<(Timestamp, u32)>;

/// What quantities come to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weighed {
    /// Dynos times seconds.
    pub dyno_seconds: f64,
    /// For how many seconds the load needed more dynos than there were.
    pub short_seconds: f64,
    /// For how many seconds the load and the quantity were known.
    pub known_seconds: f64,
}

/// The quantity at this time; nothing before the first that is known.
#[must_use]
pub fn quantity_at(quantities: &[(Timestamp, u32)], at: Timestamp) -> Option<u32> {
    let behind = quantities.partition_point(|(since, _)| *since <= at);
    Some(quantities.get(behind.checked_sub(1)?)?.1)
}

/// Weighs quantities until this time, against the load that was found every so often. Without `per_dyno` it is not known what a load
/// needs, and nothing is short. A dyno counts from when it was ordered.
#[must_use]
pub fn weigh(
    quantities: &[(Timestamp, u32)],
    found: &[Found],
    every: Duration,
    per_dyno: Option<f64>,
    until: Timestamp,
) -> Weighed {
    let ends = quantities.iter().skip(1).map(|(since, _)| *since).chain([until]);
    let had = quantities.iter().zip(ends);
    let dyno_seconds =
        had.map(|((since, quantity), end)| f64::from(*quantity) * end.since(*since).as_secs_f64()).sum::<f64>();
    let mut weighed = Weighed { dyno_seconds, ..Weighed::default() };
    let Some(per_dyno) = per_dyno else { return weighed };
    let ends = found.iter().skip(1).map(|found| found.at).chain([until]);
    for (found, end) in found.iter().zip(ends) {
        let (Some(told), Some(quantity)) = (found.told, quantity_at(quantities, found.at)) else { continue };
        let seconds = end.since(found.at).min(every * HOLDS_FOR).as_secs_f64();
        weighed.known_seconds += seconds;
        if dynos_for(told.amount.number(), per_dyno) > quantity {
            weighed.short_seconds += seconds;
        }
    }
    weighed
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Amount, Finding, Measured, Unit};

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(second)
    }

    fn found(second: u64, load: Option<f64>) -> Found {
        let measured =
            |load| Measured { amount: Amount::new(load, Unit::Things), complete: true, few: false, dynos: None };
        Found { at: at(second), finding: Finding::Passing, told: load.map(measured) }
    }

    #[test]
    fn quantities_are_weighed_against_what_the_load_needed() {
        let ten = Duration::from_secs(10);
        let loads = [found(0, Some(5.0)), found(10, Some(15.0)), found(20, None), found(30, Some(31.0))];
        for (case, quantities, per_dyno, dynos, short, known) in [
            ("two all the time", vec![(0, 2)], Some(10.0), 80.0, 10.0, 30.0),
            ("four from the middle on", vec![(0, 1), (20, 4)], Some(10.0), 100.0, 10.0, 30.0),
            ("known from the middle on", vec![(20, 4)], Some(10.0), 80.0, 0.0, 10.0),
            ("nobody knows what one carries", vec![(0, 2)], None, 80.0, 0.0, 0.0),
            ("nobody knows how many there were", vec![], Some(10.0), 0.0, 0.0, 0.0),
        ] {
            let quantities: Quantities = quantities.into_iter().map(|(second, of)| (at(second), of)).collect();
            let weighed = weigh(&quantities, &loads, ten, per_dyno, at(40));
            let expected = Weighed { dyno_seconds: dynos, short_seconds: short, known_seconds: known };
            assert_eq!(weighed, expected, "{case}");
        }
        let silent = weigh(&[(at(0), 1)], &loads[..1], ten, Some(1.0), at(4000));
        assert_eq!(silent.known_seconds, 30.0, "nobody looked for the rest of the time");
    }
}

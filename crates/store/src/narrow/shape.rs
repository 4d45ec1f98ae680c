//! What readings have in common: everything but their numbers.

use super::Numbers;
use flyball_model::{Amount, Evidence, Excerpt, Finding, HttpEvidence, Phases, Reading, Unit};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Stands in the words where each reading has its own time. No words have it otherwise: they are free of control
/// characters.
const TOOK: &str = "\u{1}";
/// The same, for what was measured.
const MEASURED: &str = "\u{2}";

/// Everything of a reading but its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// The verdict, with its reason.
    pub(crate) finding: Finding,
    /// The words, with [`TOOK`] in them for the time, or [`MEASURED`] for what was measured.
    pub(crate) words: String,
    /// What was seen, with zeros for its numbers.
    pub(crate) seen: Evidence,
}

/// What readings of one shape found, and what they measured in, where they did; without their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) finding: Finding,
    /// In which unit, and whether nothing was lost of what it is told from.
    measured_in: Option<(Unit, bool)>,
}

impl Seen {
    pub(crate) const fn of(finding: Finding, evidence: &Evidence) -> Self {
        let measured_in = match evidence {
            Evidence::Measured(seen) => Some((seen.amount.unit, seen.complete)),
            Evidence::Http(_) | Evidence::Tcp { .. } | Evidence::Dynos { .. } | Evidence::None => None,
        };
        Self { finding, measured_in }
    }

    /// What a reading with these numbers measured, and whether nothing was lost of what it is told from.
    pub(crate) fn measured(&self, numbers: &Numbers) -> Option<(Amount, bool)> {
        self.measured_in.map(|(unit, is_complete)| (numbers.amount(unit), is_complete))
    }
}

impl Shape {
    /// The shape of a reading.
    pub(crate) fn of(reading: &Reading) -> Self {
        let mut seen = reading.evidence.clone();
        match &mut seen {
            Evidence::Http(http) => (http.phases, http.body_bytes) = (Phases::default(), 0),
            Evidence::Tcp { phases, .. } => *phases = Phases::default(),
            Evidence::Measured(seen) => seen.amount = Amount { thousandths: 0, unit: seen.amount.unit },
            Evidence::Dynos { .. } | Evidence::None => {}
        }
        let words = match &reading.evidence {
            // How long it took to read it is of no interest to anybody, and never said.
            Evidence::Measured(seen) => reading.words.as_str().replacen(&seen.amount.to_string(), MEASURED, 1),
            _ => reading.words.as_str().replacen(&in_words(reading.took), TOOK, 1),
        };
        Self { finding: reading.finding, words, seen }
    }

    /// The same without what strangers wrote: for a monitor whose every page is another.
    pub(crate) fn plain(&self) -> Self {
        let seen = match &self.seen {
            Evidence::Http(HttpEvidence { status, found, cut_short, proxy, .. }) => Evidence::Http(HttpEvidence {
                status: *status,
                proxy: proxy.clone(),
                found: *found,
                cut_short: *cut_short,
                ..Default::default()
            }),
            Evidence::Tcp { phases, .. } => Evidence::Tcp { address: None, phases: *phases },
            Evidence::Dynos { looked_at, .. } => Evidence::Dynos { looked_at: *looked_at, not_up: Vec::new() },
            Evidence::Measured(seen) => Evidence::Measured(*seen),
            Evidence::None => Evidence::None,
        };
        Self { finding: self.finding, words: plain_words(self.finding, &seen), seen }
    }

    /// The reading that has this shape and these numbers.
    pub(crate) fn with(&self, numbers: &Numbers) -> Reading {
        let mut evidence = self.seen.clone();
        numbers.fill(&mut evidence);
        let words = match &evidence {
            Evidence::Measured(seen) => self.words.replacen(MEASURED, &seen.amount.to_string(), 1),
            _ => self.words.replacen(TOOK, &in_words(numbers.took()), 1),
        };
        Reading {
            begun_at: numbers.begun_at,
            took: numbers.took(),
            finding: self.finding,
            words: Excerpt::of(&words),
            evidence,
        }
    }
}

/// What can be said without what a stranger wrote.
fn plain_words(finding: Finding, seen: &Evidence) -> String {
    let status = match seen {
        Evidence::Http(HttpEvidence { status: Some(status), .. }) => format!("answered {status} in {TOOK}"),
        Evidence::Measured(_) => MEASURED.to_owned(),
        Evidence::Http(_) | Evidence::Tcp { .. } | Evidence::Dynos { .. } | Evidence::None => format!("took {TOOK}"),
    };
    match finding.cause() {
        Some(cause) => format!("{status}, failing for its cause `{cause}`"),
        None => status,
    }
}

/// A time as the words of a reading have it: whole milliseconds, from a second on tenths.
fn in_words(took: Duration) -> String {
    match took.as_millis() {
        millis @ 0..1000 => format!("{millis}ms"),
        millis => format!("{}.{}s", millis / 1000, millis % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::any_reading;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_reading_is_its_shape_and_its_numbers(reading in any_reading()) {
            prop_assert_eq!(Shape::of(&reading).with(&Numbers::of(&reading)), reading);
        }

        #[test]
        fn what_is_said_plainly_keeps_verdict_cause_status_and_times(reading in any_reading()) {
            let plain = Shape::of(&reading).plain().with(&Numbers::of(&reading));
            prop_assert_eq!((plain.begun_at, plain.took, plain.finding), (reading.begun_at, reading.took, reading.finding));
            match (plain.evidence, reading.evidence) {
                (Evidence::Http(plain), Evidence::Http(seen)) => {
                    prop_assert_eq!((plain.status, plain.found, plain.phases), (seen.status, seen.found, seen.phases));
                    prop_assert_eq!((plain.excerpt, plain.address), (None, None));
                }
                (Evidence::Tcp { phases: plain, .. }, Evidence::Tcp { phases, .. }) => prop_assert_eq!(plain, phases),
                _ => {}
            }
        }
    }

    #[test]
    fn healthy_pages_that_took_another_time_have_one_shape() {
        let reading = |millis, body_bytes| Reading {
            begun_at: flyball_model::Timestamp::from_millis(0),
            took: Duration::from_millis(millis),
            finding: Finding::Passing,
            words: Excerpt::of(&format!(
                "answered 200 in {}, and the page has \"ok\"",
                in_words(Duration::from_millis(millis))
            )),
            evidence: Evidence::Http(HttpEvidence { status: Some(200), body_bytes, ..Default::default() }),
        };
        let shape = Shape::of(&reading(12, 512));
        assert_eq!(shape, Shape::of(&reading(1340, 519)));
        assert_eq!(shape.plain().words, format!("answered 200 in {TOOK}"));
    }
}

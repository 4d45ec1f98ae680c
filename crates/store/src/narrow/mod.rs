//! Readings in a few bytes.
//!
//! Most readings say what the one before said, in other numbers. So a reading is kept in two parts: its [`Shape`], which it
//! shares with others and which is stored once for each monitor, and its [`Numbers`]. While their hour runs, numbers stand
//! in a row each ([`mod@row`]); then one compressed block holds those of a monitor and an hour ([`block`]). A reading comes
//! back as it was, whichever form it is in.

pub(crate) mod block;
pub(crate) mod row;
mod shape;

pub(crate) use shape::{Seen, Shape};

use flyball_model::{Amount, Evidence, HttpEvidence, Phases, Reading, Timestamp, Unit};
use std::time::Duration;

/// What readings of one shape differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Numbers {
    /// When the check began.
    pub(crate) begun_at: Timestamp,
    /// How long it took, in microseconds.
    pub(crate) took_us: u64,
    /// What evidence has numbers of, in the order of [`Measure`].
    measured: [Option<u64>; Measure::COUNT],
}

/// The numbers of evidence.
#[derive(Debug, Clone, Copy)]
enum Measure {
    Name,
    Connect,
    Tls,
    FirstByte,
    Total,
    /// The bytes of a page, or what was measured, in thousandths.
    Body,
}

impl Measure {
    const COUNT: usize = 6;
}

impl Numbers {
    /// The numbers of a reading.
    pub(crate) fn of(reading: &Reading) -> Self {
        let mut measured = [None; Measure::COUNT];
        let mut phases = |phases: &Phases| {
            measured[Measure::Name as usize] = phases.name_ms.map(u64::from);
            measured[Measure::Connect as usize] = phases.connect_ms.map(u64::from);
            measured[Measure::Tls as usize] = phases.tls_ms.map(u64::from);
            measured[Measure::FirstByte as usize] = phases.first_byte_ms.map(u64::from);
            measured[Measure::Total as usize] = Some(u64::from(phases.total_ms));
        };
        match &reading.evidence {
            Evidence::Http(http) => {
                phases(&http.phases);
                measured[Measure::Body as usize] = Some(http.body_bytes);
            }
            Evidence::Tcp { phases: of_tcp, .. } => phases(of_tcp),
            Evidence::Measured(seen) => {
                measured[Measure::Body as usize] = Some(seen.amount.thousandths.cast_unsigned());
            }
            Evidence::Dynos { .. } | Evidence::None => {}
        }
        let took_us = u64::try_from(reading.took.as_micros()).unwrap_or(u64::MAX);
        Self { begun_at: reading.begun_at, took_us, measured }
    }

    /// How long the check took.
    pub(crate) const fn took(&self) -> Duration {
        Duration::from_micros(self.took_us)
    }

    /// How long the steps of the check took.
    pub(crate) fn phases(&self) -> Phases {
        let ms = |measure: Measure| self.get(measure).map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
        Phases {
            name_ms: ms(Measure::Name),
            connect_ms: ms(Measure::Connect),
            tls_ms: ms(Measure::Tls),
            first_byte_ms: ms(Measure::FirstByte),
            total_ms: ms(Measure::Total).unwrap_or_default(),
        }
    }

    fn body_bytes(&self) -> u64 {
        self.get(Measure::Body).unwrap_or_default()
    }

    /// What was measured.
    pub(super) fn amount(&self, unit: Unit) -> Amount {
        Amount { thousandths: self.body_bytes().cast_signed(), unit }
    }

    const fn get(&self, measure: Measure) -> Option<u64> {
        self.measured[measure as usize]
    }

    /// Puts these numbers into the evidence of a shape.
    fn fill(&self, evidence: &mut Evidence) {
        match evidence {
            Evidence::Http(HttpEvidence { phases, body_bytes, .. }) => {
                (*phases, *body_bytes) = (self.phases(), self.body_bytes());
            }
            Evidence::Tcp { phases, .. } => *phases = self.phases(),
            Evidence::Measured(seen) => seen.amount = self.amount(seen.amount.unit),
            Evidence::Dynos { .. } | Evidence::None => {}
        }
    }
}

/// The numbers with the sum of the known ones taken out of those that contain it, and back: of a healthy page what is left
/// is close to 0. Each addition wraps, so that no value is lost.
mod residual {
    use super::{Measure, Numbers};

    pub(super) fn of(numbers: &Numbers) -> [Option<i64>; Measure::COUNT] {
        let mut left = numbers.measured.map(|number| number.map(u64::cast_signed));
        let took_ms = (numbers.took_us / 1000).cast_signed();
        let steps = steps(&left);
        if let Some(first_byte) = &mut left[Measure::FirstByte as usize] {
            *first_byte = took_ms.wrapping_sub(steps).wrapping_sub(*first_byte);
        }
        if let Some(total) = &mut left[Measure::Total as usize] {
            *total = total.wrapping_sub(took_ms);
        }
        left
    }

    pub(super) fn undone(mut left: [Option<i64>; Measure::COUNT], took_us: u64) -> [Option<u64>; Measure::COUNT] {
        let took_ms = (took_us / 1000).cast_signed();
        let steps = steps(&left);
        if let Some(first_byte) = &mut left[Measure::FirstByte as usize] {
            *first_byte = took_ms.wrapping_sub(steps).wrapping_sub(*first_byte);
        }
        if let Some(total) = &mut left[Measure::Total as usize] {
            *total = total.wrapping_add(took_ms);
        }
        left.map(|number| number.map(i64::cast_unsigned))
    }

    /// What the steps before the request took.
    fn steps(measured: &[Option<i64>; Measure::COUNT]) -> i64 {
        [Measure::Name, Measure::Connect, Measure::Tls]
            .into_iter()
            .fold(0, |sum: i64, step| sum.wrapping_add(measured[step as usize].unwrap_or_default()))
    }
}

#[cfg(test)]
mod testing {
    //! Readings of every kind, for the properties of this module.

    use super::*;
    use flyball_model::{Blind, Cause, DynoState, Excerpt, Finding, Measured};
    use proptest::prelude::*;

    pub(super) fn any_reading() -> impl Strategy<Value = Reading> {
        let finding = prop_oneof![
            Just(Finding::Passing),
            proptest::sample::select(Cause::ALL).prop_map(Finding::Failing),
            Just(Finding::Unknown(Blind::Network)),
            Just(Finding::Unknown(Blind::Unreadable)),
        ];
        (0_i64..1 << 45, any::<u64>(), finding, any_words(), any_evidence()).prop_map(
            |(begun_at, took_us, finding, words, evidence)| Reading {
                begun_at: Timestamp::from_millis(begun_at),
                took: Duration::from_micros(took_us >> (took_us % 60)),
                finding,
                words,
                evidence,
            },
        )
    }

    fn any_words() -> impl Strategy<Value = Excerpt> {
        prop_oneof![".{0,40}".prop_map(|words| Excerpt::of(&words)), Just(Excerpt::of("answered 200 in 12ms"))]
    }

    fn any_phases() -> impl Strategy<Value = Phases> {
        any::<(Option<u32>, Option<u32>, Option<u32>, Option<u32>, u32)>().prop_map(
            |(name_ms, connect_ms, tls_ms, first_byte_ms, total_ms)| Phases {
                name_ms,
                connect_ms,
                tls_ms,
                first_byte_ms,
                total_ms,
            },
        )
    }

    fn any_measured() -> impl Strategy<Value = Measured> {
        let unit = proptest::sample::select(vec![Unit::Things, Unit::PerSecond, Unit::Millis, Unit::Percent]);
        (any::<i64>(), unit, any::<(bool, bool, Option<u32>)>()).prop_map(
            |(thousandths, unit, (complete, few, dynos))| Measured {
                amount: Amount { thousandths, unit },
                complete,
                few,
                dynos,
            },
        )
    }

    fn any_evidence() -> impl Strategy<Value = Evidence> {
        let excerpt = proptest::option::of(any_words());
        let http = (any::<(Option<u16>, Option<bool>, u64, bool)>(), excerpt, any::<Option<String>>(), any_phases());
        let http = http.prop_map(|((status, found, body_bytes, cut_short), excerpt, address, phases)| {
            let redirected_to = excerpt.clone();
            let proxy = address.clone();
            HttpEvidence { status, redirected_to, address, proxy, found, excerpt, body_bytes, cut_short, phases }
        });
        let not_up = proptest::collection::vec((1_u32..9, Just(DynoState::Crashed)), 0..3).prop_map(|dynos| {
            let named = |(number, state)| (format!("web.{number}").parse().expect("the name of a dyno"), state);
            dynos.into_iter().map(named).collect()
        });
        prop_oneof![
            http.prop_map(Evidence::Http),
            (any::<Option<String>>(), any_phases()).prop_map(|(address, phases)| Evidence::Tcp { address, phases }),
            (any::<u32>(), not_up).prop_map(|(looked_at, not_up)| Evidence::Dynos { looked_at, not_up }),
            any_measured().prop_map(Evidence::Measured),
            Just(Evidence::None),
        ]
    }
}

//! What kinds that measure share: how far a number may go, and over how long it is told.

use crate::values::{Level, in_words};
use flyball_model::{Amount, Cause, Finding, Measured, Unit};
use flyball_settings::{Bounds, Fields};
use serde::Serialize;
use std::time::Duration;

/// Beyond what a number fails.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Levels {
    /// More than this fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<Level>,
    /// Less than this fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<Level>,
    /// What fails passes again only beyond this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clears_at: Option<Level>,
}

impl Levels {
    /// Reads them, for what is measured in this unit, where that can be read.
    pub(super) fn read(fields: &mut Fields<'_>, unit: Option<Unit>) -> Option<Self> {
        let above: Option<Option<Level>> = fields.optional("above", "more than this fails");
        let below: Option<Option<Level>> = fields.optional("below", "less than this fails");
        let doc = "what fails passes again only once it is not beyond this; without it, beyond `above` or `below`";
        let clears_at: Option<Option<Level>> = fields.optional("clears_at", doc);
        let levels = Self { above: above?, below: below?, clears_at: clears_at? };
        let mut is_good = true;
        let mut wrong = |name, message: String, expected: String| {
            fields.wrong(name, message, expected, None);
            is_good = false;
        };
        let all = [("above", levels.above), ("below", levels.below), ("clears_at", levels.clears_at)];
        let is_other = |level: &Option<Level>| unit.filter(|unit| level.is_some_and(|level| !level.is_in(*unit)));
        for (name, unit) in all.iter().filter_map(|(name, level)| Some((*name, is_other(level)?))) {
            wrong(name, format!("`{name}`: this is measured otherwise"), format!("expected {}", Level::example(unit)));
        }
        match (levels.above, levels.below, levels.clears_at) {
            (Some(above), Some(below), _) if below >= above => {
                wrong("below", "`below`: not less than `above`".to_owned(), "everything would fail".to_owned());
            }
            (Some(_), Some(_), Some(_)) => {
                wrong("clears_at", "`clears_at`: of which of the two?".to_owned(), "it stands beside one".to_owned());
            }
            (None, None, Some(_)) => {
                wrong("clears_at", "`clears_at` without what it clears".to_owned(), "nothing fails here".to_owned());
            }
            (Some(above), None, Some(clears)) if clears > above => {
                wrong("clears_at", "`clears_at`: more than `above`".to_owned(), "expected less".to_owned());
            }
            (None, Some(below), Some(clears)) if clears < below => {
                wrong("clears_at", "`clears_at`: less than `below`".to_owned(), "expected more".to_owned());
            }
            _ => {}
        }
        is_good.then_some(levels)
    }

    /// Whether it counts what was found before: too little to go by changes nothing then.
    pub(crate) const fn goes_by_before(&self) -> bool {
        self.above.is_some() || self.below.is_some()
    }

    /// Whether a reading can fail for it.
    pub(super) const fn can_fail_for(&self, cause: Cause) -> bool {
        match cause {
            Cause::Above => self.above.is_some(),
            Cause::Below => self.below.is_some(),
            _ => false,
        }
    }

    /// The verdict on a number, and what to say of it behind the number: nothing where nothing is wrong. Too little to go by fails
    /// nothing, and clears nothing.
    pub(super) fn judge(&self, measured: &Measured, before: Option<Finding>) -> (Finding, String) {
        let Measured { amount, few, .. } = *measured;
        let fails_for = |cause| before == Some(Finding::Failing(cause));
        if few {
            return match before {
                Some(failing @ Finding::Failing(Cause::Above | Cause::Below)) => (failing, String::new()),
                _ => (Finding::Passing, String::new()),
            };
        }
        let more = |level: Level| amount.thousandths > level.0.thousandths;
        let less = |level: Level| amount.thousandths < level.0.thousandths;
        let told = |level: Level| Amount { unit: amount.unit, ..level.0 };
        match (self.above, self.below, self.clears_at) {
            (Some(above), _, _) if more(above) => {
                (Finding::Failing(Cause::Above), format!(", more than {}", told(above)))
            }
            (_, Some(below), _) if less(below) => {
                (Finding::Failing(Cause::Below), format!(", less than {}", told(below)))
            }
            (Some(_), None, Some(clears)) if fails_for(Cause::Above) && more(clears) => {
                (Finding::Failing(Cause::Above), format!(", and it clears at {}", told(clears)))
            }
            (None, Some(_), Some(clears)) if fails_for(Cause::Below) && less(clears) => {
                (Finding::Failing(Cause::Below), format!(", and it clears at {}", told(clears)))
            }
            _ => (Finding::Passing, String::new()),
        }
    }
}

/// Over how long a number is told, and how long its source may be silent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Span {
    /// The time that it looks back over.
    #[serde(serialize_with = "in_words")]
    pub over: Duration,
    /// After such a silence of the source nothing is known.
    #[serde(serialize_with = "in_words")]
    pub late: Duration,
}

impl Span {
    /// Default: a burst shows within it, and it is no chance: with ten seconds, a tenth fewer requests wait, for more changes.
    const OVER: Duration = Duration::from_secs(30);
    /// Default: dynos tell every twenty seconds, where `log-runtime-metrics` is enabled.
    const LATE: Duration = Duration::from_secs(60);

    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let bounds = Bounds { least: Duration::from_secs(10), most: Duration::from_secs(3600), words: "10s to 1h" };
        let over = fields.within("over", Self::OVER, "\"30s\"", &bounds, "the time that it looks back over");
        let late = late(fields, &bounds);
        Some(Self { over: over?, late: late? })
    }

    /// The same, told by adapters: they report every ten seconds, so that less than twenty may have nothing of what happened in it.
    pub(super) fn read_of_adapters(fields: &mut Fields<'_>) -> Option<Self> {
        let bounds = Bounds { least: Duration::from_secs(20), most: Duration::from_secs(3600), words: "20s to 1h" };
        let over = fields.within("over", Self::OVER, "\"30s\"", &bounds, "the time that it looks back over");
        let late = late(fields, &bounds);
        Some(Self { over: over?, late: late? })
    }

    /// How long a source may be silent alone, where what it told last counts.
    pub(super) fn late_of_adapters(fields: &mut Fields<'_>) -> Option<Duration> {
        late(fields, &Bounds { least: Duration::from_secs(20), most: Duration::from_secs(3600), words: "20s to 1h" })
    }
}

fn late(fields: &mut Fields<'_>, bounds: &Bounds<Duration>) -> Option<Duration> {
    let doc = "after such a silence of the source nothing is known";
    fields.within("late", Span::LATE, "\"1m\"", bounds, doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_judged_by_how_far_it_may_go() {
        let level = |number: f64| Some(Level(Amount::new(number, Unit::Things)));
        let levels = |above: Option<Level>, below: Option<Level>, clears_at| Levels { above, below, clears_at };
        let (above, below) = (Finding::Failing(Cause::Above), Finding::Failing(Cause::Below));
        let passing = Finding::Passing;
        let other = Some(Finding::Failing(Cause::Slow));
        for (case, levels, number, before, finding, words) in [
            ("no bound", levels(None, None, None), 99.0, None, passing, ""),
            ("as much as there may be", levels(level(5.0), None, None), 5.0, None, passing, ""),
            ("more", levels(level(5.0), None, None), 5.001, None, above, ", more than 5 a second"),
            ("as little", levels(None, level(5.0), None), 5.0, None, passing, ""),
            ("less", levels(None, level(5.0), None), 4.9, Some(passing), below, ", less than 5 a second"),
            ("between two", levels(level(5.0), level(1.0), None), 3.0, Some(above), passing, ""),
            (
                "not yet clear",
                levels(level(5.0), None, level(3.0)),
                4.0,
                Some(above),
                above,
                ", and it clears at 3 a second",
            ),
            ("clear", levels(level(5.0), None, level(3.0)), 3.0, Some(above), passing, ""),
            ("was not failing", levels(level(5.0), None, level(3.0)), 4.0, Some(passing), passing, ""),
            ("failed for something else", levels(level(5.0), None, level(3.0)), 4.0, other, passing, ""),
            (
                "not yet clear below",
                levels(None, level(1.0), level(2.0)),
                1.5,
                Some(below),
                below,
                ", and it clears at 2 a second",
            ),
        ] {
            let amount = Amount::new(number, Unit::PerSecond);
            let measured = Measured { amount, complete: true, few: false, dynos: None };
            assert_eq!(levels.judge(&measured, before), (finding, words.to_owned()), "{case}");
            let few = Measured { few: true, ..measured };
            let stays = before.filter(|before| matches!(*before, Finding::Failing(Cause::Above | Cause::Below)));
            assert_eq!(levels.judge(&few, before).0, stays.unwrap_or(passing), "{case}, of too few");
        }
    }
}

//! `heroku_metrics`: measures an app by what its dynos tell of themselves, where `log-runtime-metrics` is enabled.
//!
//! Each dyno tells about every twenty seconds. What is counted is the latest of each within the time that is looked back over.

use super::drained::{self, Judged};
use super::kind::MonitorKind;
use super::levels::{Levels, Span};
use crate::means::{Look, Means};
use crate::values::words;
use flyball_model::{Amount, AppName, Cause, Finding, Measured, ProcessType, Reading, Timestamp, Unit, duration};
use flyball_settings::{Fields, Settings};
use flyball_signals::{Narrow, Slot, Window, told_until};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `heroku_metrics` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HerokuMetrics {
    /// The app.
    pub app: AppName,
    /// Dynos of which process type.
    pub process_type: ProcessType,
    /// What they tell.
    pub measure: DynoMeasure,
    /// How far it may go.
    #[serde(flatten)]
    pub levels: Levels,
    /// Over how long it is told.
    #[serde(flatten)]
    pub span: Span,
}

/// What dynos tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DynoMeasure {
    /// Tasks that were ready to run over the last minute, of all dynos together.
    Load,
    /// The share of its memory quota that the dyno has which has the most.
    Memory,
}

words! {
    DynoMeasure {
        "load" => Self::Load,
        "memory" => Self::Memory,
    }
}

impl DynoMeasure {
    const fn unit(self) -> Unit {
        match self {
            Self::Load => Unit::Things,
            Self::Memory => Unit::Percent,
        }
    }
}

impl HerokuMetrics {
    /// The verdict on what the app told, and on what this monitor found last. Pure.
    fn judge(&self, slots: &[(Timestamp, Slot)], before: Option<Finding>, now: Timestamp) -> Judged {
        let late = duration::print(self.span.late);
        let silent = format!("no {} dyno of {} has told its {} for {late}", self.process_type, self.app, self.word());
        // Who told last is told by who told within `late`; who is silent for longer counts no more.
        let Some(window) = Window::of(slots, self.span.over.max(self.span.late), told_until(now)) else {
            return Err(silent);
        };
        let is_one = |name: &str| name.rsplit_once('.').is_some_and(|(of, _)| of == self.process_type.as_str());
        let told = window.slot.dynos.iter().filter(|(name, _)| is_one(name)).filter_map(|(name, dyno)| {
            let told = match self.measure {
                DynoMeasure::Load => dyno.load,
                DynoMeasure::Memory => dyno.memory.map(|share| share * 100.0),
            };
            Some((name.as_str(), told?))
        });
        let told: Vec<(&str, f64)> = told.collect();
        let Some((most, highest)) = told.iter().copied().max_by(|one, other| one.1.total_cmp(&other.1)) else {
            return Err(silent);
        };
        let number = match self.measure {
            DynoMeasure::Load => told.iter().map(|(_, load)| load).sum(),
            DynoMeasure::Memory => highest,
        };
        let dynos = u32::try_from(told.len()).ok();
        let amount = Amount::new(number, self.measure.unit());
        let measured = Measured { amount, complete: window.complete, few: false, dynos };
        let (finding, beyond) = self.levels.judge(&measured, before);
        let of = match (self.measure, told.len()) {
            (DynoMeasure::Memory, _) => format!("of its memory on {most}"),
            (DynoMeasure::Load, 1) => format!("of load on {most}"),
            (DynoMeasure::Load, count) => format!("of load on {count} dynos"),
        };
        Ok((finding, format!("{amount} {of}{beyond}"), measured))
    }

    const fn word(&self) -> &'static str {
        match self.measure {
            DynoMeasure::Load => "load",
            DynoMeasure::Memory => "memory",
        }
    }
}

impl MonitorKind for HerokuMetrics {
    fn watched(&self) -> String {
        let Self { app, process_type, measure, levels, .. } = self;
        format!("heroku_metrics {app} {process_type} {measure:?} {levels:?}")
    }

    fn subject(&self) -> String {
        format!("{} of {} dynos of {}", self.word(), self.process_type, self.app)
    }

    fn app(&self) -> Option<&AppName> {
        Some(&self.app)
    }

    fn levels(&self) -> Option<&Levels> {
        Some(&self.levels)
    }

    fn measures(&self) -> Option<Unit> {
        Some(self.measure.unit())
    }

    fn measures_over(&self) -> Option<Duration> {
        Some(self.span.over)
    }

    fn drained(&self) -> Option<(&AppName, Narrow)> {
        Some((&self.app, Narrow::default()))
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        self.levels.can_fail_for(cause)
    }

    async fn observe(&self, means: &Means, look: Look<'_>) -> Reading {
        let now = look.begun_at;
        let told = (&self.app, told_until(now) - self.span.over.max(self.span.late), &self.levels);
        drained::reading(means, look, told, |slots, before| self.judge(slots, before, now)).await
    }
}

impl Settings for HerokuMetrics {
    const KIND: &str = "heroku_metrics";
    const SUMMARY: &str =
        "measures an app by what its dynos tell of themselves by its log drain, once `log-runtime-metrics` is enabled";
    const EXAMPLE: &str = r#"{ app = "shop", measure = "memory", above = "90%" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let app = fields.required("app", "the app, which stands in `[receive.apps]`");
        let doc = "dynos of which process type";
        let process_type = fields.or("process_type", ProcessType::web(), "\"web\"", doc);
        let doc = "the load of all dynos together, or the memory of the dyno that has the largest share of its quota";
        let measure: Option<DynoMeasure> = fields.required("measure", doc);
        let levels = Levels::read(fields, measure.map(DynoMeasure::unit));
        let span = Span::read(fields);
        Some(Self { app: app?, process_type: process_type?, measure: measure?, levels: levels?, span: span? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Level;
    use flyball_model::Blind;
    use flyball_signals::OfDyno;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
    }

    fn slot(second: u64, told: &[(&str, f64, f64)]) -> (Timestamp, Slot) {
        let dyno = |(name, load, memory): &(&str, f64, f64)| {
            ((*name).to_owned(), OfDyno { load: Some(*load), memory: Some(*memory), ..OfDyno::default() })
        };
        (at(second), Slot { lines: 1, dynos: told.iter().map(dyno).collect(), ..Slot::default() })
    }

    #[test]
    fn what_dynos_tell_is_judged() {
        let most =
            |number, unit| Levels { above: Some(Level(Amount::new(number, unit))), below: None, clears_at: None };
        let monitor = |measure, levels| HerokuMetrics {
            app: "shop".parse().unwrap(),
            process_type: ProcessType::web(),
            measure,
            levels,
            span: Span { over: Duration::from_secs(30), late: Duration::from_secs(60) },
        };
        let load = || monitor(DynoMeasure::Load, most(5.0, Unit::Things));
        let memory = || monitor(DynoMeasure::Memory, most(90.0, Unit::Percent));
        let (passing, above) = (Finding::Passing, Finding::Failing(Cause::Above));
        let unknown = Finding::Unknown(Blind::NotTold);
        let both = || vec![slot(70, &[("web.1", 2.5, 0.8)]), slot(80, &[("web.2", 1.5, 0.95), ("worker.1", 9.0, 2.0)])];
        for (case, monitor, slots, finding, words) in [
            ("nobody tells", load(), vec![], unknown, "no web dyno of shop has told its load for 1m"),
            (
                "others tell",
                load(),
                vec![slot(80, &[("worker.1", 1.0, 0.1)])],
                unknown,
                "no web dyno of shop has told its load for 1m",
            ),
            (
                "too long ago",
                load(),
                vec![slot(20, &[("web.1", 1.0, 0.1)])],
                unknown,
                "no web dyno of shop has told its load for 1m",
            ),
            ("a sum", load(), both(), passing, "4 of load on 2 dynos"),
            (
                "the latest of each",
                load(),
                vec![slot(50, &[("web.1", 9.0, 0.1)]), slot(80, &[("web.1", 1.0, 0.1)])],
                passing,
                "1 of load on web.1",
            ),
            ("too much", load(), vec![slot(80, &[("web.1", 5.5, 0.1)])], above, "5.5 of load on web.1, more than 5"),
            ("the highest", memory(), both(), above, "95% of its memory on web.2, more than 90%"),
        ] {
            let judged = drained::found(monitor.judge(&slots, None, at(99)));
            assert_eq!((judged.0, judged.1.as_str()), (finding, words), "{case}");
        }
        let (_, _, measured) = load().judge(&both(), None, at(99)).unwrap();
        let amount = Amount::new(4.0, Unit::Things);
        assert_eq!(measured, Measured { amount, complete: true, few: false, dynos: Some(2) });
    }
}

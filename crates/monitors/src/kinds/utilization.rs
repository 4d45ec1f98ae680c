//! `utilization`: measures for which share of the time processes of an app have requests to do, as an adapter in the app tells.
//!
//! Each process tells of itself. A dyno has the mean of its processes, and what is measured is the mean of the dynos that told, with how
//! many they are: to what scales by it, one that is silent carries nothing where dynos are added, and is full where they are taken.

use super::drained::{self, Judged, told_by_adapters, told_lately};
use super::kind::MonitorKind;
use super::levels::{Levels, Span};
use crate::means::{Look, Means};
use flyball_model::{Amount, AppName, Cause, Finding, Measured, ProcessType, Reading, Timestamp, Unit, duration};
use flyball_settings::{Fields, Settings};
use flyball_signals::{Slot, told_until};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `utilization` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Utilization {
    /// The app.
    pub app: AppName,
    /// Dynos of which process type.
    pub process_type: ProcessType,
    /// How far it may go.
    #[serde(flatten)]
    pub levels: Levels,
    /// Over how long it is told.
    #[serde(flatten)]
    pub span: Span,
}

impl Utilization {
    /// The verdict on what the app told, and on what this monitor found last. Pure.
    fn judge(&self, slots: &[(Timestamp, Slot)], before: Option<Finding>, now: Timestamp) -> Judged {
        let of = self.process_type.as_str();
        let silent =
            |time| format!("no {of} dyno of {} has told how busy it is for {}", self.app, duration::print(time));
        if !told_lately(slots, self.span.late, now, |told| !told.utilization(of).is_empty()) {
            return Err(silent(self.span.late));
        }
        let window = told_by_adapters(&self.app, slots, self.span.over, now)?;
        let dynos = window.slot.adapters.map(|told| told.utilization(of)).unwrap_or_default();
        let Some(count) = u32::try_from(dynos.len()).ok().filter(|count| *count > 0) else {
            return Err(silent(self.span.over));
        };
        let amount = Amount::new(dynos.iter().sum::<f64>() / f64::from(count), Unit::Percent);
        let measured = Measured { amount, complete: window.complete_of_adapters, few: false, dynos: Some(count) };
        let (finding, beyond) = self.levels.judge(&measured, before);
        let dynos = if count == 1 { "1 dyno".to_owned() } else { format!("{count} dynos") };
        Ok((finding, format!("{amount} busy on {dynos}{beyond}"), measured))
    }
}

impl MonitorKind for Utilization {
    fn watched(&self) -> String {
        let Self { app, process_type, levels, .. } = self;
        format!("utilization {app} {process_type} {levels:?}")
    }

    fn subject(&self) -> String {
        format!("utilization of {} dynos of {}", self.process_type, self.app)
    }

    fn app(&self) -> Option<&AppName> {
        Some(&self.app)
    }

    fn levels(&self) -> Option<&Levels> {
        Some(&self.levels)
    }

    fn measures(&self) -> Option<Unit> {
        Some(Unit::Percent)
    }

    fn measures_over(&self) -> Option<Duration> {
        Some(self.span.over)
    }

    fn adapted(&self) -> Option<&AppName> {
        Some(&self.app)
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

impl Settings for Utilization {
    const KIND: &str = "utilization";
    const SUMMARY: &str =
        "measures for which share of the time processes have requests to do, as Judoscale's adapter in the app reports";
    const EXAMPLE: &str = r#"{ app = "shop", above = "90%" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let app = fields.required("app", "the app, which has `judoscale` in `[receive.apps]`");
        let doc = "dynos of which process type";
        let process_type = fields.or("process_type", ProcessType::web(), "\"web\"", doc);
        let levels = Levels::read(fields, Some(Unit::Percent));
        let span = Span::read_of_adapters(fields);
        Some(Self { app: app?, process_type: process_type?, levels: levels?, span: span? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue_time::tests::{at, slot};
    use super::*;
    use crate::values::Level;
    use flyball_model::{Blind, Evidence};
    use flyball_signals::{Adapters, Up};

    /// What processes told, by their dynos.
    fn told(dynos: &[(&str, &[u64])]) -> Adapters {
        let up = |(process, sum): (u32, &u64)| (process, Up { sum: *sum, count: 1 });
        let dyno = |(name, processes): &(&str, &[u64])| ((*name).to_owned(), (1..).zip(*processes).map(up).collect());
        Adapters { reports: 1, dynos: dynos.iter().map(dyno).collect(), ..Adapters::default() }
    }

    #[test]
    fn how_busy_dynos_are_is_judged_with_how_many_told() {
        let monitor = Utilization {
            app: "shop".parse().unwrap(),
            process_type: ProcessType::web(),
            levels: Levels { above: Some(Level(Amount::new(80.0, Unit::Percent))), below: None, clears_at: None },
            span: Span { over: Duration::from_secs(30), late: Duration::from_secs(60) },
        };
        let (passing, above) = (Finding::Passing, Finding::Failing(Cause::Above));
        let unknown = Finding::Unknown(Blind::NotTold);
        let silent = "no web dyno of shop has told how busy it is for 1m";
        for (case, slots, finding, words, dynos) in [
            ("nobody tells", vec![], unknown, silent, None),
            ("others tell", vec![slot(80, told(&[("worker.1", &[50])]))], unknown, silent, None),
            ("too long ago", vec![slot(20, told(&[("web.1", &[50])]))], unknown, silent, None),
            (
                "not within `over`",
                vec![slot(40, told(&[("web.1", &[50])]))],
                unknown,
                "no web dyno of shop has told how busy it is for 30s",
                None,
            ),
            ("one", vec![slot(80, told(&[("web.1", &[40, 60])]))], passing, "50% busy on 1 dyno", Some(1)),
            (
                "the mean of dynos, and of what each told",
                vec![slot(70, told(&[("web.1", &[20]), ("web.2", &[90])])), slot(80, told(&[("web.1", &[40])]))],
                passing,
                "60% busy on 2 dynos",
                Some(2),
            ),
            (
                "too busy",
                vec![slot(80, told(&[("web.1", &[88]), ("web.2", &[92]), ("web.3", &[90])]))],
                above,
                "90% busy on 3 dynos, more than 80%",
                Some(3),
            ),
        ] {
            let (found, said, evidence) = drained::found(monitor.judge(&slots, None, at(102)));
            assert_eq!((found, said.as_str()), (finding, words), "{case}");
            let told = match evidence {
                Evidence::Measured(measured) => measured.dynos,
                _ => None,
            };
            assert_eq!(told, dynos, "{case}");
        }
    }
}

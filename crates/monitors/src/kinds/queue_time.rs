//! `queue_time`: measures how long requests wait until a process of the app takes them, as an adapter in the app tells.
//!
//! An adapter tells each request, or a mean of those of a second, by the seconds in which they came, and gives a sign of life where none
//! came. So no request at all is a delay of 0, and silence is unknown.

use super::drained::{self, Judged, told_by_adapters, told_lately};
use super::kind::MonitorKind;
use super::levels::{Levels, Span};
use crate::means::{Look, Means};
use flyball_model::{Amount, AppName, Cause, Finding, Measured, ProcessType, Reading, Timestamp, Unit, duration};
use flyball_settings::{Bounds, Fields, Settings};
use flyball_signals::{Adapters, Slot, told_until};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `queue_time` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueueTime {
    /// The app.
    pub app: AppName,
    /// Which time: that which so many of a hundred requests do not exceed.
    pub percentile: u32,
    /// It is told from so many requests at least.
    pub at_least: u32,
    /// How far it may go.
    #[serde(flatten)]
    pub levels: Levels,
    /// Over how long it is told.
    #[serde(flatten)]
    pub span: Span,
}

impl QueueTime {
    /// Default: one of twenty may be slow.
    const PERCENTILE: u32 = 95;
    /// Default: fewer have no 95th of a hundred.
    const AT_LEAST: u32 = 20;

    /// The verdict on what the app told, and on what this monitor found last. Pure.
    fn judge(&self, slots: &[(Timestamp, Slot)], before: Option<Finding>, now: Timestamp) -> Judged {
        let web = ProcessType::web();
        let tells = |told: &Adapters| told.has(web.as_str()) || told.waited.count() > 0;
        if !told_lately(slots, self.span.late, now, tells) {
            let late = duration::print(self.span.late);
            return Err(format!("no web process of {} has told its adapter's report for {late}", self.app));
        }
        let window = told_by_adapters(&self.app, slots, self.span.over, now)?;
        let waited = window.slot.adapters.map(|told| told.waited).unwrap_or_default();
        let time = waited.percentile(self.percentile.into()).unwrap_or_default();
        let (amount, complete) = (Amount::time(time), window.complete_of_adapters);
        let few = (1..u64::from(self.at_least)).contains(&waited.count());
        let measured = Measured { amount, complete, few, dynos: None };
        let (finding, beyond) = self.levels.judge(&measured, before);
        let mut words = format!("{amount} in the queue{beyond}");
        if few {
            words.push_str(", of too few requests to go by");
        }
        Ok((finding, words, measured))
    }
}

impl MonitorKind for QueueTime {
    fn watched(&self) -> String {
        let Self { app, percentile, levels, .. } = self;
        format!("queue_time {app} {percentile} {levels:?}")
    }

    fn subject(&self) -> String {
        format!("time in the queue, {} of 100, of {}", self.percentile, self.app)
    }

    fn app(&self) -> Option<&AppName> {
        Some(&self.app)
    }

    fn levels(&self) -> Option<&Levels> {
        Some(&self.levels)
    }

    fn measures(&self) -> Option<Unit> {
        Some(Unit::Millis)
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

impl Settings for QueueTime {
    const KIND: &str = "queue_time";
    const SUMMARY: &str = "measures how long requests wait until a process takes them, as the adapter of another scaler in the app reports";
    const EXAMPLE: &str = r#"{ app = "shop", above = "200ms" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let app = fields.required("app", "the app, which has `judoscale` or `hirefire` in `[receive.apps]`");
        let bounds = Bounds { least: 1, most: 100, words: "1 to 100" };
        let doc = "the time that so many of a hundred requests do not exceed";
        let percentile = fields.within("percentile", Self::PERCENTILE, "95", &bounds, doc);
        let bounds = Bounds { least: 1, most: 1_000_000, words: "1 to 1000000" };
        let doc = "with fewer requests, though some, it fails nothing and scales nothing";
        let at_least = fields.within("at_least", Self::AT_LEAST, "20", &bounds, doc);
        let levels = Levels::read(fields, Some(Unit::Millis));
        let span = Span::read_of_adapters(fields);
        Some(Self { app: app?, percentile: percentile?, at_least: at_least?, levels: levels?, span: span? })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::values::Level;
    use flyball_model::Blind;

    pub(crate) fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
    }

    pub(crate) fn slot(second: u64, told: Adapters) -> (Timestamp, Slot) {
        (at(second), Slot { adapters: Some(Box::new(told)), ..Slot::default() })
    }

    /// So many requests that waited for so long.
    fn waited(count: u32, millis: u64) -> Adapters {
        let mut told = Adapters { reports: 1, ..Adapters::default() };
        told.waited.add_many(Duration::from_millis(millis), count);
        told
    }

    fn lives(process_type: &str) -> Adapters {
        Adapters { reports: 1, alive: [process_type.to_owned()].into(), ..Adapters::default() }
    }

    #[test]
    fn what_adapters_tell_of_requests_is_judged() {
        let monitor = QueueTime {
            app: "shop".parse().unwrap(),
            percentile: 95,
            at_least: 20,
            levels: Levels { above: Some(Level(Amount::new(200.0, Unit::Millis))), below: None, clears_at: None },
            span: Span { over: Duration::from_secs(30), late: Duration::from_secs(60) },
        };
        let (passing, above) = (Finding::Passing, Finding::Failing(Cause::Above));
        let unknown = Finding::Unknown(Blind::NotTold);
        let silent = "no web process of shop has told its adapter's report for 1m";
        let drained = || (at(90), Slot { lines: 100, ..Slot::default() });
        let began = || (at(90), Slot { began: true, ..slot(90, lives("web")).1 });
        for (case, slots, finding, words) in [
            ("never told", vec![], unknown, silent),
            ("a drain alone tells nothing of it", vec![drained()], unknown, silent),
            ("silent for too long", vec![slot(20, waited(100, 5))], unknown, silent),
            ("a worker that lives says nothing of requests", vec![slot(90, lives("worker"))], unknown, silent),
            ("alive, and nobody came", vec![slot(90, lives("web"))], passing, "0ms in the queue"),
            ("a sum", vec![slot(70, waited(50, 10)), slot(80, waited(50, 20))], passing, "20ms in the queue"),
            ("too long", vec![slot(80, waited(100, 500))], above, "501ms in the queue, more than 200ms"),
            (
                "too few to go by",
                vec![slot(80, waited(7, 900))],
                passing,
                "903ms in the queue, of too few requests to go by",
            ),
            ("what is longer ago than `over`", vec![slot(50, waited(100, 500))], passing, "0ms in the queue"),
            (
                "somebody just began to listen",
                vec![began()],
                unknown,
                "nobody has listened to the adapter of shop for long enough",
            ),
        ] {
            let judged = drained::found(monitor.judge(&slots, None, at(102)));
            assert_eq!((judged.0, judged.1.as_str()), (finding, words), "{case}");
        }
        let lost = Adapters { lost: 1, ..waited(100, 5) };
        for (told, complete) in [(waited(100, 5), true), (lost, false)] {
            let (_, _, measured) = monitor.judge(&[slot(80, told)], None, at(102)).unwrap();
            let amount = Amount::new(5.0, Unit::Millis);
            assert_eq!(measured, Measured { amount, complete, few: false, dynos: None });
        }
    }
}

//! `heroku_router`: measures an app by what Heroku's routers tell of its requests.
//!
//! Told from whole slots of ten seconds, two seconds after their end, so that the same look comes to the same number. Zero is only what
//! a living source says: a drain that is silent is unknown, however long it has been.

use super::drained::{self, Judged};
use super::kind::MonitorKind;
use super::levels::{Levels, Span};
use crate::means::{Look, Means};
use crate::values::{CodeList, words};
use flyball_model::{Amount, AppName, Blind, Cause, Finding, Measured, Reading, Timestamp, Unit, duration};
use flyball_settings::{Bounds, Fields, Settings};
use flyball_signals::{
    Class, Narrow, STEADY_OVER, Slot, Tally, TimedOut, USUAL_OVER, Window, foremost, is_one_dynos, only_time_out,
    told_until, usual_service, whose,
};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `heroku_router` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HerokuRouter {
    /// The app.
    pub app: AppName,
    /// What of its requests.
    pub measure: RouterMeasure,
    /// Only those whose path begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only those that ended with one of these codes.
    #[serde(skip_serializing_if = "CodeList::is_empty")]
    pub codes: CodeList,
    /// Of times: which.
    pub percentile: u32,
    /// A time or a share is told from so many requests at least.
    pub at_least: u32,
    /// How far it may go.
    #[serde(flatten)]
    pub levels: Levels,
    /// Over how long it is told.
    #[serde(flatten)]
    pub span: Span,
}

/// What of requests is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RouterMeasure {
    /// How many come in a second.
    Requests,
    /// How many are served at once: as many as come in a second, times how long one is usually served.
    Busy,
    /// How long they are served.
    Service,
    /// How long it takes to connect to a dyno.
    Connect,
    /// Which share of them fails, by the app or by Heroku.
    Errors,
}

words! {
    RouterMeasure {
        "requests" => Self::Requests,
        "busy" => Self::Busy,
        "service" => Self::Service,
        "connect" => Self::Connect,
        "errors" => Self::Errors,
    }
}

impl RouterMeasure {
    const fn unit(self) -> Unit {
        match self {
            Self::Requests => Unit::PerSecond,
            Self::Busy => Unit::Things,
            Self::Service | Self::Connect => Unit::Millis,
            Self::Errors => Unit::Percent,
        }
    }

    /// Of what the number is one, for a sentence behind it.
    const fn in_words(self) -> &'static str {
        match self {
            Self::Requests => "requests a second",
            Self::Busy => "requests at once",
            Self::Service => "of service",
            Self::Connect => "to connect",
            Self::Errors => "of requests fail",
        }
    }

    /// Whether it says little of few requests.
    const fn wants_many(self) -> bool {
        matches!(self, Self::Service | Self::Connect | Self::Errors)
    }
}

impl HerokuRouter {
    /// Default: one of twenty may be slow.
    const PERCENTILE: u32 = 95;
    /// Default: fewer have no 95th of a hundred.
    const AT_LEAST: u32 = 20;
    /// Codes that a sentence names.
    const NAMED_MAX: usize = 3;

    /// Which requests it counts.
    #[must_use]
    pub fn narrow(&self) -> Narrow {
        Narrow { path: self.path.clone(), codes: self.codes.0.clone() }
    }

    /// What it would have found at this time, after what it had found before: from what the app told since [`HerokuRouter::since`], in the
    /// order of time.
    #[must_use]
    pub fn found(
        &self,
        slots: &[(Timestamp, Slot)],
        before: Option<Finding>,
        now: Timestamp,
    ) -> (Finding, Option<Measured>) {
        match self.judge(slots, before, now) {
            Ok((finding, _, measured)) => (finding, Some(measured)),
            Err(_) => (Finding::Unknown(Blind::NotTold), None),
        }
    }

    /// Since when it must be known what the app told.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> Timestamp {
        let usual = match self.measure {
            RouterMeasure::Busy | RouterMeasure::Errors => USUAL_OVER,
            RouterMeasure::Requests | RouterMeasure::Service | RouterMeasure::Connect => Duration::ZERO,
        };
        self.recently(now).min(told_until(now) - usual)
    }

    /// The same, where nothing is held against what was before.
    fn recently(&self, now: Timestamp) -> Timestamp {
        // A silence that is not unknown yet may reach beyond what is looked back over, and what came before it is looked at.
        told_until(now) - (self.span.over + self.span.late + STEADY_OVER)
    }

    /// The verdict on what the app told, and on what this monitor found last. Pure.
    fn judge(&self, slots: &[(Timestamp, Slot)], before: Option<Finding>, now: Timestamp) -> Judged {
        let told_last = slots.iter().rev().find(|(_, slot)| slot.lines > 0).map(|(at, _)| *at + flyball_signals::SLOT);
        match told_last {
            Some(at) if now.since(at) <= self.span.late => {}
            Some(_) | None => {
                let late = duration::print(self.span.late);
                return Err(format!("the drain of {} has told nothing for {late}", self.app));
            }
        }
        let until = told_until(now);
        let Some(window) = Window::of(slots, self.span.over, until) else {
            return Err(format!("nobody has listened to the drain of {} for long enough", self.app));
        };
        let series = self.narrow().to_string();
        let tally = window.tally(&series);
        let Some(number) = self.number(&tally, &window, || usual_service(slots, &series, until)) else {
            return Err(format!("no request of {} was served within the last hour", self.app));
        };
        let amount = Amount::new(number, self.measure.unit());
        let few = self.measure.wants_many() && (1..u64::from(self.at_least)).contains(&tally.requests);
        let measured = Measured { amount, complete: window.complete, few, dynos: None };
        // Of failing requests the cause is whose doing they are: they fail for being too many all the same.
        let before = before.map(|before| match (self.measure, before) {
            (RouterMeasure::Errors, Finding::Failing(_)) => Finding::Failing(Cause::Above),
            (_, before) => before,
        });
        let (finding, beyond) = self.levels.judge(&measured, before);
        // "18 requests a second": what is counted stands before the second in which it comes.
        let shown = if amount.unit == Unit::PerSecond { Amount { unit: Unit::Things, ..amount } } else { amount };
        let mut words = format!("{shown} {}{beyond}", self.measure.in_words());
        let (finding, why) = match (self.measure, finding) {
            (RouterMeasure::Errors, Finding::Failing(Cause::Above)) => {
                let (cause, why) = cause_of(&tally, &window.slot, || TimedOut::of(slots, self.span.over, until));
                (Finding::Failing(cause), why)
            }
            (_, finding) => (finding, ""),
        };
        if self.measure == RouterMeasure::Errors && tally.errors > 0 {
            words.push_str(&in_codes(&tally));
            words.push_str(why);
        }
        if few {
            words.push_str(", of too few requests to go by");
        }
        if !window.complete {
            words.push_str("; not every line came in, so that it may be more");
        }
        Ok((finding, words, measured))
    }

    /// The number; none where it is not known how long a request is usually served.
    fn number(&self, tally: &Tally, window: &Window, usual: impl FnOnce() -> Option<Duration>) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "an hour has fewer requests than a float has whole numbers")]
        let (requests, errors) = (tally.requests as f64, tally.errors as f64);
        let a_second = requests / window.seconds();
        let millis = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64() * 1000.0;
        Some(match self.measure {
            RouterMeasure::Requests => a_second,
            RouterMeasure::Busy if tally.requests == 0 => 0.0,
            RouterMeasure::Busy => a_second * usual()?.as_secs_f64(),
            RouterMeasure::Service => millis(tally.service.percentile(self.percentile.into())),
            RouterMeasure::Connect => millis(tally.connect.percentile(self.percentile.into())),
            RouterMeasure::Errors if tally.requests == 0 => 0.0,
            RouterMeasure::Errors => errors / requests * 100.0,
        })
    }
}

/// Whose doing the failures are, and what more is to be said of it. What fails at one dyno of several is the app's, whatever its codes: more
/// dynos leave it there. What only times out may be anybody's, and is held against what dynos carried before.
fn cause_of(tally: &Tally, told: &Slot, timed_out: impl FnOnce() -> TimedOut) -> (Cause, &'static str) {
    match whose(tally) {
        Some(Class::Capacity) if is_one_dynos(told) => (Cause::App, ""),
        Some(Class::Capacity) if only_time_out(tally) => match timed_out() {
            TimedOut::TooMany => (Cause::Capacity, ""),
            TimedOut::CarriedBefore => (Cause::App, "; each dyno carried as many requests before"),
            TimedOut::OthersDoNotWait => (Cause::App, "; other requests do not wait"),
            TimedOut::NotKnown => (Cause::Above, "; what a dyno carries is not known, nor so whose doing it is"),
        },
        Some(Class::Capacity) => (Cause::Capacity, ""),
        Some(Class::Platform) => (Cause::Platform, ""),
        Some(Class::App | Class::Client | Class::SetSo) | None => (Cause::App, ""),
    }
}

/// `: most are H12`, and those after it.
fn in_codes(tally: &Tally) -> String {
    let named: Vec<String> = foremost(&tally.codes).iter().map(|(code, _)| code.to_string()).collect();
    match (named.is_empty(), tally.answered_5xx > 0) {
        (true, _) => ": the app answers 5xx".to_owned(),
        (false, is_5xx) => {
            let codes = named[..named.len().min(HerokuRouter::NAMED_MAX)].join(", ");
            format!(": {codes}{}", if is_5xx { ", and the app answers 5xx" } else { "" })
        }
    }
}

impl MonitorKind for HerokuRouter {
    fn watched(&self) -> String {
        let Self { app, measure, percentile, levels, .. } = self;
        format!("heroku_router {app} {measure:?} {} {percentile} {levels:?}", self.narrow())
    }

    fn subject(&self) -> String {
        let of = match self.measure {
            RouterMeasure::Requests => "requests".to_owned(),
            RouterMeasure::Busy => "requests at once".to_owned(),
            RouterMeasure::Service => format!("time of service, {} of 100", self.percentile),
            RouterMeasure::Connect => format!("time to connect, {} of 100", self.percentile),
            RouterMeasure::Errors => "failing requests".to_owned(),
        };
        let narrow = self.narrow().to_string();
        let narrow = if narrow.is_empty() { narrow } else { format!(" with {}", narrow.trim()) };
        format!("{of} of {}{narrow}", self.app)
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
        Some((&self.app, self.narrow()))
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        match (self.measure, cause) {
            (RouterMeasure::Errors, Cause::Capacity | Cause::App | Cause::Platform) => self.levels.above.is_some(),
            (_, cause) => self.levels.can_fail_for(cause),
        }
    }

    async fn observe(&self, means: &Means, look: Look<'_>) -> Reading {
        let now = look.begun_at;
        let read = async |since| {
            let told = (&self.app, since, &self.levels);
            drained::reading(means, look, told, |slots, before| self.judge(slots, before, now)).await
        };
        if self.measure == RouterMeasure::Errors {
            let reading = read(self.recently(now)).await;
            // Only what fails is held against the hour before, which is thirty times as much to read.
            if !matches!(reading.finding, Finding::Failing(_)) {
                return reading;
            }
        }
        read(self.since(now)).await
    }
}

impl Settings for HerokuRouter {
    const KIND: &str = "heroku_router";
    const SUMMARY: &str =
        "measures an app by what Heroku's routers tell of its requests, which come in by its log drain";
    const EXAMPLE: &str = r#"{ app = "shop", measure = "errors", above = "5%" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let app = fields.required("app", "the app, which stands in `[receive.apps]`");
        let doc = "what of its requests: how many come in a second, how many are served at once, how long they are served, how long it takes \
                   to connect to a dyno, or which share of them fails";
        let measure: Option<RouterMeasure> = fields.required("measure", doc);
        let path = fields.optional("path", "only requests whose path begins so");
        let codes = fields.or("codes", CodeList::default(), "all", "only requests that ended with one of these codes");
        let bounds = Bounds { least: 1, most: 100, words: "1 to 100" };
        let doc = "of times: that which so many of a hundred requests do not exceed";
        let percentile = fields.within("percentile", Self::PERCENTILE, "95", &bounds, doc);
        let bounds = Bounds { least: 1, most: 1_000_000, words: "1 to 1000000" };
        let doc = "with fewer requests, though some, a time or a share fails nothing and scales nothing";
        let at_least = fields.within("at_least", Self::AT_LEAST, "20", &bounds, doc);
        let levels = Levels::read(fields, measure.map(RouterMeasure::unit));
        let span = Span::read(fields);
        Some(Self {
            app: app?,
            measure: measure?,
            path: path?,
            codes: codes?,
            percentile: percentile?,
            at_least: at_least?,
            levels: levels?,
            span: span?,
        })
    }
}

#[cfg(test)]
mod stories;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Level;
    use flyball_signals::{Code, Times};

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
    }

    /// So many requests in ten seconds, each served for so long; so many of them were answered with 500.
    fn slot(second: u64, requests: u64, millis: u64, answered_5xx: u32, codes: &[(&str, u32)]) -> (Timestamp, Slot) {
        let mut service = Times::default();
        (0..requests).for_each(|_| service.add(Duration::from_millis(millis)));
        let code = |(text, count): &(&str, u32)| (Code::of(text.as_bytes()).unwrap(), *count);
        let failed: u32 = codes.iter().map(|(_, count)| count).sum();
        let tally = Tally {
            requests,
            errors: u64::from(answered_5xx + failed),
            service_ms: requests * millis,
            service,
            codes: codes.iter().map(code).collect(),
            answered_5xx,
            ..Tally::default()
        };
        (at(second), Slot { lines: requests, series: [(String::new(), tally)].into(), ..Slot::default() })
    }

    fn monitor(measure: RouterMeasure, above: Option<f64>) -> HerokuRouter {
        HerokuRouter {
            app: "shop".parse().unwrap(),
            measure,
            path: None,
            codes: CodeList::default(),
            percentile: 95,
            at_least: 20,
            levels: Levels {
                above: above.map(|above| Level(Amount::new(above, measure.unit()))),
                below: None,
                clears_at: None,
            },
            span: Span { over: Duration::from_secs(30), late: Duration::from_secs(60) },
        }
    }

    /// Three slots of this, the last of which is over at 100.
    fn three(of: impl Fn(u64) -> (Timestamp, Slot)) -> Vec<(Timestamp, Slot)> {
        [70, 80, 90].into_iter().map(of).collect()
    }

    #[test]
    fn what_routers_tell_is_judged() {
        use RouterMeasure::{Busy, Errors, Requests, Service};
        let steady = || three(|second| slot(second, 100, 200, 0, &[]));
        let quiet = || vec![(at(90), Slot { lines: 1, ..Slot::default() })];
        let few = || vec![slot(90, 7, 903, 3, &[])];
        let lost = || three(|second| (at(second), Slot { lost: 1, ..slot(second, 100, 200, 0, &[]).1 }));
        let began = || three(|second| (at(second), Slot { began: second == 80, ..slot(second, 100, 200, 0, &[]).1 }));
        let (passing, above) = (Finding::Passing, Finding::Failing(Cause::Above));
        let failing = Finding::Failing;
        let unknown = Finding::Unknown(Blind::NotTold);
        let silent = "the drain of shop has told nothing for 1m";
        for (case, monitor, slots, finding, words) in [
            ("never told", monitor(Requests, None), vec![], unknown, silent),
            ("silent", monitor(Requests, None), vec![slot(20, 9, 1, 0, &[])], unknown, silent),
            ("requests", monitor(Requests, None), steady(), passing, "10 requests a second"),
            ("too many", monitor(Requests, Some(8.0)), steady(), above, "10 requests a second, more than 8 a second"),
            ("zero of a living source", monitor(Requests, None), quiet(), passing, "0 requests a second"),
            ("busy", monitor(Busy, None), steady(), passing, "2 requests at once"),
            ("busy with nothing", monitor(Busy, None), quiet(), passing, "0 requests at once"),
            ("service", monitor(Service, Some(150.0)), steady(), above, "200ms of service, more than 150ms"),
            (
                "of too few",
                monitor(Service, Some(150.0)),
                few(),
                passing,
                "903ms of service, of too few requests to go by",
            ),
            ("none is no delay", monitor(Service, Some(150.0)), quiet(), passing, "0ms of service"),
            (
                "lost",
                monitor(Requests, None),
                lost(),
                passing,
                "10 requests a second; not every line came in, so that it may be more",
            ),
            (
                "began",
                monitor(Requests, None),
                began(),
                passing,
                "10 requests a second; not every line came in, so that it may be more",
            ),
            ("no failure", monitor(Errors, Some(5.0)), steady(), passing, "0% of requests fail"),
            (
                "the app's own",
                monitor(Errors, Some(5.0)),
                three(|second| slot(second, 100, 200, 10, &[("H13", 2)])),
                failing(Cause::App),
                "12% of requests fail, more than 5%: H13, and the app answers 5xx",
            ),
            (
                "too little room",
                monitor(Errors, Some(5.0)),
                three(|second| slot(second, 100, 200, 2, &[("H12", 20), ("H11", 4)])),
                failing(Cause::Capacity),
                "26% of requests fail, more than 5%: H12, H11, and the app answers 5xx",
            ),
            (
                "Heroku's own",
                monitor(Errors, Some(5.0)),
                three(|second| slot(second, 100, 200, 0, &[("H99", 50)])),
                failing(Cause::Platform),
                "50% of requests fail, more than 5%: H99",
            ),
            (
                "too few to go by",
                monitor(Errors, Some(5.0)),
                few(),
                passing,
                "42.9% of requests fail: the app answers 5xx, of too few requests to go by",
            ),
        ] {
            let (judged, said, _) = drained::found(monitor.judge(&slots, None, at(102)));
            assert_eq!((judged, said.as_str()), (finding, words), "{case}");
        }
    }

    #[test]
    fn what_fails_clears_where_it_is_said_to_whosever_doing_it_was() {
        let errors = monitor(RouterMeasure::Errors, Some(5.0));
        let clears_at = Some(Level(Amount::new(2.0, Unit::Percent)));
        let errors = HerokuRouter { levels: Levels { clears_at, ..errors.levels.clone() }, ..errors };
        let slots = |failing| three(|second| slot(second, 100, 200, failing, &[]));
        let before = Some(Finding::Failing(Cause::Capacity));
        for (failing, before, expected) in [
            (3, before, Finding::Failing(Cause::App)),
            (2, before, Finding::Passing),
            (3, Some(Finding::Passing), Finding::Passing),
            (3, None, Finding::Passing),
        ] {
            let (found, ..) = errors.judge(&slots(failing), before, at(102)).unwrap();
            assert_eq!(found, expected, "{failing} of 100, {before:?}");
        }
    }

    #[test]
    fn the_same_slots_come_to_the_same_number_whenever_they_are_looked_at() {
        let busy = monitor(RouterMeasure::Busy, None);
        let slots: Vec<_> = (0..60).map(|nth| slot(nth * 10, 90 + nth, 180 + nth % 7, 0, &[])).collect();
        let measured = |second| busy.judge(&slots, None, at(second)).unwrap().2;
        let told: Vec<_> = (482..492).map(measured).collect();
        assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
        assert_ne!(told[0], measured(492));
    }
}

//! `heartbeat`: something else gives signs of life, and silence fails.
//!
//! What is judged is what came in, and now. A sign that may have been lost, since nobody listened when it was to be expected, is no
//! silence: one is awaited anew then. Nor is the time outside of the monitor's hours: a sign that is due in it is awaited from their
//! beginning on.

use super::kind::MonitorKind;
use crate::ear::{Ear, quoted};
use crate::inbox::Deaf;
use crate::means::{Look, Means};
use crate::values::in_words;
use flyball_model::{
    Blind, Cause, Evidence, Excerpt, Finding, Hours, Reading, Signal, SignalKind, Timestamp, duration,
};
use flyball_settings::{Bounds, Fields, Settings};
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// The settings of a `heartbeat` monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heartbeat {
    /// How often a sign comes.
    #[serde(serialize_with = "in_words")]
    pub every: Duration,
    /// How late it may be, and how long a run may last.
    #[serde(serialize_with = "in_words")]
    pub grace: Duration,
}

/// What came in, as far as it matters.
#[derive(Debug, Default)]
struct Course<'a> {
    /// How the latest run ended, or that one is awaited anew.
    last: Option<&'a Signal>,
    /// How long that run lasted, where it told of its beginning.
    lasted: Option<Duration>,
    /// Since when a run has been going on that has not ended: the first start since the last end.
    open: Option<Timestamp>,
}

impl<'a> Course<'a> {
    fn of(signals: &'a [Signal]) -> Self {
        let (mut course, mut latest_start) = (Self::default(), None);
        for signal in signals {
            match signal.kind {
                SignalKind::Started => {
                    course.open.get_or_insert(signal.at);
                    latest_start = Some(signal.at);
                }
                SignalKind::Passing | SignalKind::Failing => {
                    let lasted = latest_start.take().map(|start| signal.at.since(start));
                    course = Self { last: Some(signal), lasted, open: None };
                }
                SignalKind::Awaited => course = Self { last: Some(signal), lasted: None, open: None },
                SignalKind::Neither => {}
            }
        }
        course
    }
}

impl Heartbeat {
    const EVERY: Duration = Duration::from_secs(3600);
    const GRACE: Duration = Duration::from_secs(600);
    const BODY_BYTES_MAX: usize = 10_000;

    /// The verdict on what came in, and the verdict in words. Pure.
    fn judge(&self, signals: &[Signal], during: Option<&Hours>, now: Timestamp) -> (Finding, String) {
        let Course { last, lasted, open } = Course::of(signals);
        if let Some(began) = open.filter(|began| now.since(*began) > self.grace) {
            let (since, grace) = (seconds(now.since(began)), duration::print(self.grace));
            let words = format!("a run began {since} ago and has not ended, expected within {grace}");
            return (Finding::Failing(Cause::Silent), words);
        }
        // A run that has begun is a sign as well, and is given its time.
        let is_silent = |since: Timestamp| open.is_none() && now > self.overdue_after(since, during);
        let expected = format!("expected every {}", duration::print(self.every));
        let lasted = lasted.map(|lasted| format!(" after a run of {}", duration::roughly(lasted))).unwrap_or_default();
        match last {
            None if open.is_some() => (Finding::Unknown(Blind::Nothing), "the first run has not ended yet".to_owned()),
            None => (Finding::Unknown(Blind::Nothing), format!("no sign yet, {expected}")),
            Some(signal) if signal.kind == SignalKind::Failing => {
                let words = format!("{}, at {}{lasted}", signal.words, to_the_second(signal.at));
                (Finding::Failing(Cause::Signal), words)
            }
            Some(signal) if is_silent(signal.at) => {
                let words = format!("no sign for {}, {expected}", seconds(now.since(signal.at)));
                (Finding::Failing(Cause::Silent), words)
            }
            Some(signal) if signal.kind == SignalKind::Awaited => {
                (Finding::Unknown(Blind::Nothing), format!("no sign since {}, {expected}", to_the_second(signal.at)))
            }
            Some(signal) => (Finding::Passing, format!("a sign at {}{lasted}, {expected}", to_the_second(signal.at))),
        }
    }

    /// Until when the sign behind one of this moment is awaited. Where that is outside of the hours, it is counted from their next beginning;
    /// once only, so that hours that are shorter than signs are apart do not put it off for ever.
    fn overdue_after(&self, since: Timestamp, during: Option<&Hours>) -> Timestamp {
        let overdue = since + self.every + self.grace;
        let opens = during.and_then(|hours| hours.closed_until(overdue));
        opens.map_or(overdue, |opens| opens + self.every + self.grace)
    }

    /// Whether a sign may have been lost: nothing could come in when one was to be expected. What was silent before stays silent.
    fn may_have_missed(&self, signals: &[Signal], during: Option<&Hours>, deaf: Option<Deaf>) -> bool {
        if signals.is_empty() {
            return true;
        }
        let Some(Deaf { from, until }) = deaf else { return false };
        let Course { last, open, .. } = Course::of(signals);
        let meets = |begin: Timestamp, end: Timestamp| from <= end && until >= begin;
        if let Some(began) = open {
            return meets(began, began + self.grace);
        }
        match last {
            // When the first one will come is not known. That it comes in the moment of a restart is not likely, and to begin anew each
            // time would mean to wait for ever.
            Some(signal) if signal.kind == SignalKind::Awaited => {
                until.since(from) > self.grace && meets(signal.at, self.overdue_after(signal.at, during))
            }
            Some(signal) => {
                let overdue = self.overdue_after(signal.at, during);
                meets(overdue - self.grace - self.grace.min(self.every), overdue)
            }
            None => false,
        }
    }
}

/// "1h 12m": a sentence that is said again and again counts no milliseconds.
fn seconds(length: Duration) -> String {
    duration::roughly(Duration::from_secs(length.as_secs()))
}

/// A time in a sentence.
pub(super) fn to_the_second(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millis() - at.as_millis().rem_euclid(1000))
}

/// A reading of what came in; or that it could not be seen.
pub(super) fn reading(judged: Result<(Finding, String), String>, began: Instant, begun_at: Timestamp) -> Reading {
    let (finding, words) = judged.unwrap_or_else(|why| (Finding::Unknown(Blind::Overload), why));
    Reading { begun_at, took: began.elapsed(), finding, words: Excerpt::of(&words), evidence: Evidence::None }
}

/// What is said where nothing can come in.
pub(super) const NOBODY_LISTENS: &str = "what came in is not known here";

impl MonitorKind for Heartbeat {
    fn watched(&self) -> String {
        "heartbeat".to_owned()
    }

    fn subject(&self) -> String {
        format!("signs of life, every {}", duration::print(self.every))
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        matches!(cause, Cause::Silent | Cause::Signal)
    }

    fn ear(&self) -> Option<&dyn Ear> {
        Some(self)
    }

    async fn observe(&self, means: &Means, look: Look<'_>) -> Reading {
        let began = Instant::now();
        let judged = match &means.listening {
            None => Err(NOBODY_LISTENS.to_owned()),
            Some(listening) => {
                let missed = |signals: &[Signal], deaf| self.may_have_missed(signals, look.during, deaf);
                let signals = listening.signals_or_silence(look, missed).await;
                signals.map(|signals| self.judge(&signals, look.during, look.begun_at))
            }
        };
        reading(judged, began, look.begun_at)
    }
}

impl Ear for Heartbeat {
    fn body_bytes_max(&self) -> usize {
        Self::BODY_BYTES_MAX
    }

    fn may_be_asked(&self) -> bool {
        true
    }

    fn signed_with(&self) -> Option<&str> {
        None
    }

    fn heard(&self, step: &str, body: &[u8]) -> Option<(SignalKind, Excerpt)> {
        match step {
            "" => Some((SignalKind::Passing, quoted("", body))),
            "start" => Some((SignalKind::Started, quoted("", body))),
            "fail" => Some((SignalKind::Failing, quoted("it says that it failed", body))),
            // As a shell has it: three digits at most, and nothing else.
            status if status.len() <= 3 && status.bytes().all(|byte| byte.is_ascii_digit()) => {
                match status.parse::<u8>().ok()? {
                    0 => Some((SignalKind::Passing, quoted("", body))),
                    status => Some((SignalKind::Failing, quoted(&format!("exit status {status}"), body))),
                }
            }
            _ => None,
        }
    }
}

impl Settings for Heartbeat {
    const KIND: &str = "heartbeat";
    const SUMMARY: &str =
        "something else gives signs of life, by asking for an address of this monitor's own: silence fails";
    const EXAMPLE: &str = r#"{ every = "1h", grace = "10m" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let most = Duration::from_secs(366 * 86_400);
        let bounds = Bounds { least: Duration::from_secs(1), most, words: "1s to 366d" };
        let every = fields.within("every", Self::EVERY, "\"1h\"", &bounds, "how often a sign comes");
        let doc = "how late a sign may be, and how long a run may last that tells of its beginning";
        let grace = fields.within("grace", Self::GRACE, "\"10m\"", &bounds, doc);
        Some(Self { every: every?, grace: grace? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SignalKind::{Awaited, Failing, Neither, Passing, Started};

    const HEARTBEAT: Heartbeat = Heartbeat { every: Duration::from_secs(3600), grace: Duration::from_secs(600) };

    /// So many minutes after noon.
    fn at(minute: i64) -> Timestamp {
        let noon: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        Timestamp::from_millis(noon.as_millis() + minute * 60_000)
    }

    fn signals(came: &[(SignalKind, i64)]) -> Vec<Signal> {
        let words = |kind| Excerpt::of(if kind == Failing { "exit status 3" } else { "" });
        came.iter().map(|(kind, minute)| Signal { at: at(*minute), kind: *kind, words: words(*kind) }).collect()
    }

    #[test]
    fn what_came_is_judged() {
        let (unknown, silent) = (Finding::Unknown(Blind::Nothing), Finding::Failing(Cause::Silent));
        let (passing, failing) = (Finding::Passing, Finding::Failing(Cause::Signal));
        for (came, now, finding, words) in [
            (&[][..], 0, unknown, "no sign yet, expected every 1h"),
            // Never yet: unknown until the first one is overdue.
            (&[(Awaited, 0)], 70, unknown, "no sign since 2026-11-29T12:00:00Z, expected every 1h"),
            (&[(Awaited, 0)], 71, silent, "no sign for 1h 11m, expected every 1h"),
            (&[(Awaited, 0), (Passing, 5)], 75, passing, "a sign at 2026-11-29T12:05:00Z, expected every 1h"),
            (&[(Awaited, 0), (Passing, 5)], 76, silent, "no sign for 1h 11m, expected every 1h"),
            (&[(Passing, 0), (Passing, 60)], 72, passing, "a sign at 2026-11-29T13:00:00Z, expected every 1h"),
            // The clock was set back: what came is in the future, and is new.
            (&[(Passing, 300)], 0, passing, "a sign at 2026-11-29T17:00:00Z, expected every 1h"),
            (&[(Passing, 300), (Passing, 0)], 71, silent, "no sign for 1h 11m, expected every 1h"),
            // One may have been lost over a restart, and another is awaited.
            (&[(Passing, 0), (Awaited, 65)], 80, unknown, "no sign since 2026-11-29T13:05:00Z, expected every 1h"),
            (&[(Passing, 0), (Awaited, 65)], 136, silent, "no sign for 1h 11m, expected every 1h"),
            // What it says itself holds until it says something else, in whatever silence.
            (&[(Passing, 0), (Failing, 10)], 20, failing, "exit status 3, at 2026-11-29T12:10:00Z"),
            (&[(Failing, 10)], 500, failing, "exit status 3, at 2026-11-29T12:10:00Z"),
            (&[(Failing, 10), (Passing, 11)], 20, passing, "a sign at 2026-11-29T12:11:00Z, expected every 1h"),
            // Runs that tell of their beginning.
            (&[(Started, 0)], 10, unknown, "the first run has not ended yet"),
            (&[(Started, 0)], 11, silent, "a run began 11m ago and has not ended, expected within 10m"),
            (
                &[(Started, 0), (Passing, 3)],
                5,
                passing,
                "a sign at 2026-11-29T12:03:00Z after a run of 3m, expected every 1h",
            ),
            (&[(Started, 0), (Failing, 4)], 5, failing, "exit status 3, at 2026-11-29T12:04:00Z after a run of 4m"),
            (&[(Passing, 0), (Started, 65)], 74, passing, "a sign at 2026-11-29T12:00:00Z, expected every 1h"),
            (&[(Passing, 0), (Started, 65)], 76, silent, "a run began 11m ago and has not ended, expected within 10m"),
            (&[(Failing, 0), (Started, 5)], 8, failing, "exit status 3, at 2026-11-29T12:00:00Z"),
            // Begun again and again, and never ended: it counts from the first.
            (
                &[(Passing, 0), (Started, 5), (Started, 10), (Started, 15)],
                16,
                silent,
                "a run began 11m ago and has not ended, expected within 10m",
            ),
            (&[(Passing, 0), (Neither, 60)], 71, silent, "no sign for 1h 11m, expected every 1h"),
        ] {
            let judged = HEARTBEAT.judge(&signals(came), None, at(now));
            assert_eq!((judged.0, judged.1.as_str()), (finding, words), "{came:?} at {now}");
        }
    }

    #[test]
    fn a_sign_that_may_have_been_lost_is_awaited_anew() {
        for (case, came, deaf, expected) in [
            ("never yet", &[][..], None, true),
            ("it was listened all along", &[(Passing, 0)], None, false),
            ("a restart in between", &[(Passing, 0)], Some((20, 21)), false),
            ("a restart when it was to come", &[(Passing, 0)], Some((60, 61)), true),
            ("a restart when it was late", &[(Passing, 0)], Some((70, 71)), true),
            ("nobody ran for long", &[(Passing, 0)], Some((10, 300)), true),
            ("it was silent before", &[(Passing, 0)], Some((80, 300)), false),
            ("it failed by its own word before", &[(Failing, 0)], Some((55, 56)), true),
            ("a run was going on", &[(Passing, 0), (Started, 30)], Some((33, 34)), true),
            ("a run was overdue", &[(Passing, 0), (Started, 30)], Some((45, 46)), false),
            ("a short restart before the first", &[(Awaited, 0)], Some((30, 31)), false),
            ("a long one", &[(Awaited, 0)], Some((30, 50)), true),
        ] {
            let deaf = deaf.map(|(from, until)| Deaf { from: at(from), until: at(until) });
            assert_eq!(HEARTBEAT.may_have_missed(&signals(came), None, deaf), expected, "{case}");
        }
    }

    #[test]
    fn what_is_due_outside_of_the_hours_is_awaited_from_their_beginning_on() {
        let (hour, day) = (3600, 86_400);
        for (case, every, during, last, overdue) in [
            ("within them", hour, "daily 08:00-20:00 UTC", "2026-11-30T12:00:00Z", "2026-11-30T13:10:00Z"),
            ("over night", hour, "daily 08:00-20:00 UTC", "2026-11-30T19:30:00Z", "2026-12-01T09:10:00Z"),
            ("a sign of the night", hour, "daily 08:00-20:00 UTC", "2026-12-01T03:00:00Z", "2026-12-01T09:10:00Z"),
            ("a sign short of them", hour, "daily 08:00-20:00 UTC", "2026-12-01T07:30:00Z", "2026-12-01T08:40:00Z"),
            ("over the weekend", hour, "Mon-Fri 08:00-20:00 UTC", "2026-11-27T19:30:00Z", "2026-11-30T09:10:00Z"),
            ("over midnight", hour, "daily 22:00-02:00 UTC", "2026-11-30T23:30:00Z", "2026-12-01T00:40:00Z"),
            ("once a day", day, "Mon-Fri 08:00-20:00 UTC", "2026-11-25T09:00:00Z", "2026-11-26T09:10:00Z"),
            (
                "hours shorter than signs are apart",
                hour,
                "daily 08:00-09:00 UTC",
                "2026-11-30T08:30:00Z",
                "2026-12-01T09:10:00Z",
            ),
            // At 3 the clock is put back to 2, and at 2 it is put forward to 3.
            (
                "clocks put back",
                hour,
                "daily 08:00-20:00 Europe/Berlin",
                "2026-10-24T17:30:00Z",
                "2026-10-25T08:10:00Z",
            ),
            (
                "clocks put forward",
                hour,
                "daily 08:00-20:00 Europe/Berlin",
                "2027-03-27T18:30:00Z",
                "2027-03-28T07:10:00Z",
            ),
        ] {
            let heartbeat = Heartbeat { every: Duration::from_secs(every), ..HEARTBEAT };
            let hours: Hours = during.parse().unwrap();
            let (last, overdue): (Timestamp, Timestamp) = (last.parse().unwrap(), overdue.parse().unwrap());
            let came = [Signal { at: last, kind: Passing, words: Excerpt::default() }];
            let later = overdue + Duration::from_secs(1);
            let judged = [overdue, later].map(|now| heartbeat.judge(&came, Some(&hours), now).0);
            assert_eq!(judged, [Finding::Passing, Finding::Failing(Cause::Silent)], "{case}");
            let missed = |from: Timestamp| {
                let deaf = Deaf { from, until: from + Duration::from_secs(1) };
                heartbeat.may_have_missed(&came, Some(&hours), Some(deaf))
            };
            assert_eq!([missed(overdue - heartbeat.grace), missed(later)], [true, false], "{case}");
        }
    }

    #[test]
    fn steps_are_those_of_healthchecks() {
        for (step, body, expected) in [
            ("", &b""[..], Some((Passing, ""))),
            ("", b"all 3 done\n", Some((Passing, "all 3 done"))),
            ("start", b"", Some((Started, ""))),
            ("fail", b"", Some((Failing, "it says that it failed"))),
            ("fail", b"disk\x1b[2J full\xff", Some((Failing, "it says that it failed: disk [2J full\u{fffd}"))),
            ("0", b"fine", Some((Passing, "fine"))),
            ("3", b"", Some((Failing, "exit status 3"))),
            ("255", b"no such file", Some((Failing, "exit status 255: no such file"))),
            ("256", b"", None),
            ("-1", b"", None),
            ("+1", b"", None),
            ("0255", b"", None),
            ("log", b"", None),
            ("Fail", b"", None),
        ] {
            let heard = HEARTBEAT.heard(step, body);
            assert_eq!(heard.as_ref().map(|(kind, words)| (*kind, words.as_str())), expected, "{step}");
        }
        let (_, long) = HEARTBEAT.heard("fail", &vec![b'x'; 10_000]).unwrap();
        assert_eq!(long.as_str().chars().count(), Excerpt::CHARS_MAX + 1);
    }
}

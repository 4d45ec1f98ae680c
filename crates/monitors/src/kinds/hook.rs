//! `hook`: somebody else's webhook says that it fails, or passes.
//!
//! What they said last holds until they say something else. What says neither changes nothing, as long as something was said before.

use super::heartbeat::{NOBODY_LISTENS, reading, to_the_second};
use super::http::{Json, JsonValue, read_at};
use super::kind::MonitorKind;
use crate::ear::{Ear, quoted};
use crate::means::{Look, Means};
use crate::values::{Pointer, Scalar, in_words_if_any};
use flyball_model::{Blind, Cause, Excerpt, Finding, Reading, Signal, SignalKind, Timestamp, duration};
use flyball_settings::{Bounds, Fields, Secret, Settings};
use serde::{Serialize, Serializer};
use std::time::Duration;
use tokio::time::Instant;

/// The settings of a `hook` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hook {
    /// Where in a body stands what it says; without it, the address does.
    pub at: Option<Pointer>,
    /// What stands there when it fails.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Scalar>,
    /// What stands there when it passes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passing: Vec<Scalar>,
    /// After so long nothing is known of what failed.
    #[serde(serialize_with = "in_words_if_any")]
    pub expires: Option<Duration>,
    /// With what bodies are signed, as Heroku signs its webhooks.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "asked")]
    pub signature: Option<Secret>,
}

fn asked<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.as_ref().map_or("", |Secret(asked)| asked))
}

const NEITHER: &str = "it says neither";

impl Hook {
    /// The vendors' webhooks have some kilobytes; Grafana's grow with the alerts in them.
    const BODY_BYTES_MAX: usize = 64 * 1024;

    /// The verdict on what came in, and the verdict in words. Pure.
    fn judge(&self, signals: &[Signal], now: Timestamp) -> (Finding, String) {
        let unknown = |words: String| (Finding::Unknown(Blind::Nothing), words);
        let says = |signal: &&Signal| matches!(signal.kind, SignalKind::Passing | SignalKind::Failing);
        let Some(signal) = signals.iter().rfind(says) else {
            return match signals.iter().rfind(|signal| signal.kind == SignalKind::Neither) {
                Some(signal) => unknown(signal.words.to_string()),
                None => unknown("nothing has come in yet".to_owned()),
            };
        };
        let words = format!("{}, at {}", signal.words, to_the_second(signal.at));
        match (signal.kind, self.expires) {
            (SignalKind::Failing, Some(expires)) if now.since(signal.at) > expires => {
                unknown(format!("{words}, and nothing within {}", duration::print(expires)))
            }
            (SignalKind::Failing, _) => (Finding::Failing(Cause::Signal), words),
            _ => (Finding::Passing, words),
        }
    }

    /// What a body says, by what stands in it.
    fn said(&self, at: &Pointer, body: &[u8]) -> (SignalKind, Excerpt) {
        let found = read_at(body, at);
        let words = match &found {
            Json::Not(why) => Some(format!("it is no JSON that is read: {why}")),
            Json::Nothing => Some(format!("nothing stands at {at}")),
            Json::Unread => None,
            Json::Value(JsonValue::Scalar(scalar)) => Some(format!("{at} is {scalar}")),
            Json::Value(JsonValue::Null) => Some(format!("{at} is null")),
            Json::Value(JsonValue::List) => Some(format!("{at} is a list")),
            Json::Value(JsonValue::Object) => Some(format!("{at} is an object")),
        };
        let is_among = |wanted: &[Scalar]| match &found {
            Json::Value(JsonValue::Scalar(scalar)) => wanted.contains(scalar),
            _ => false,
        };
        let words = words.unwrap_or_default();
        if is_among(&self.failing) {
            (SignalKind::Failing, Excerpt::of(&words))
        } else if is_among(&self.passing) {
            (SignalKind::Passing, Excerpt::of(&words))
        } else {
            (SignalKind::Neither, Excerpt::of(&format!("{NEITHER}: {words}")))
        }
    }
}

impl MonitorKind for Hook {
    fn watched(&self) -> String {
        let Self { at, failing, passing, expires: _, signature: _ } = self;
        format!("hook {at:?} {failing:?} {passing:?}")
    }

    fn subject(&self) -> String {
        match &self.at {
            Some(at) => format!("{at} of what its webhook is sent"),
            None => "what its webhook is sent".to_owned(),
        }
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        cause == Cause::Signal
    }

    fn variables(&self) -> Vec<&str> {
        self.signed_with().into_iter().collect()
    }

    fn ear(&self) -> Option<&dyn Ear> {
        Some(self)
    }

    async fn observe(&self, means: &Means, look: Look<'_>) -> Reading {
        let began = Instant::now();
        let judged = match &means.listening {
            None => Err(NOBODY_LISTENS.to_owned()),
            Some(listening) => listening.signals(look).await.map(|signals| self.judge(&signals, look.begun_at)),
        };
        reading(judged, began, look.begun_at)
    }
}

impl Ear for Hook {
    fn body_bytes_max(&self) -> usize {
        Self::BODY_BYTES_MAX
    }

    /// Whoever only looks at a link has not sent anything.
    fn may_be_asked(&self) -> bool {
        false
    }

    fn signed_with(&self) -> Option<&str> {
        self.signature.as_ref().map(|Secret(asked)| asked.as_str())
    }

    fn heard(&self, step: &str, body: &[u8]) -> Option<(SignalKind, Excerpt)> {
        match (step, &self.at) {
            ("fail", _) => Some((SignalKind::Failing, quoted("it says that it fails", body))),
            ("", None) => Some((SignalKind::Passing, quoted("it says that it passes", body))),
            ("", Some(at)) => Some(self.said(at, body)),
            _ => None,
        }
    }
}

impl Settings for Hook {
    const KIND: &str = "hook";
    const SUMMARY: &str = "somebody else's webhook says that it fails or passes, at an address of this monitor's own";
    const EXAMPLE: &str = r#"{ at = "/status", failing = ["firing"], passing = ["resolved"] }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let doc = "where in the JSON of a body stands what it says; without it, what is sent to the address passes, and what is sent to \
                   `/fail` behind it fails";
        let at: Option<Option<Pointer>> = fields.optional("at", doc);
        let failing: Option<Vec<Scalar>> = fields.or("failing", Vec::new(), "[]", "what stands there when it fails");
        let passing: Option<Vec<Scalar>> = fields.or("passing", Vec::new(), "[]", "what stands there when it passes");
        let bounds =
            Bounds { least: Duration::from_secs(1), most: Duration::from_secs(366 * 86_400), words: "1s to 366d" };
        let doc = "after so long nothing is known any more of what failed; without it, it fails until it passes";
        let expires = fields.within_if_any("expires", &bounds, doc);
        let doc = "the secret with which Heroku signs its webhooks: what is not signed so is refused";
        let signature = fields.optional("signature", doc);
        let (at, failing, passing) = (at?, failing?, passing?);
        let hint = || Some(format!("for example: {}", Self::EXAMPLE));
        if at.is_none() {
            for field in ["failing", "passing"] {
                if fields.has(field) {
                    fields.wrong(field, format!("`{field}` without `at`"), "nothing says where it stands", hint());
                }
            }
        } else if failing.is_empty() {
            fields.wrong("failing", "nothing fails it", "expected `failing`, with what stands at `at` then", hint());
        } else if passing.is_empty() && !fields.has("expires") {
            let hint = Some("or write `expires = \"1h\"`, after which nothing is known of it".to_owned());
            fields.wrong("passing", "what fails once fails for ever", "expected `passing`", hint);
        }
        if let Some(both) = failing.iter().find(|one| passing.contains(one)) {
            fields.wrong("passing", format!("{both} both fails and passes"), "expected in one of the two", None);
        }
        Some(Self { at, failing, passing, expires: expires?, signature: signature? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SignalKind::{Awaited, Failing, Neither, Passing};

    fn hook(at: Option<&str>, expires: Option<u64>) -> Hook {
        let texts = |texts: &[&str]| texts.iter().map(|text| Scalar::Text((*text).into())).collect();
        Hook {
            at: at.map(|at| Pointer::parse(at).unwrap()),
            failing: texts(&["firing", "critical"]),
            passing: texts(&["resolved"]),
            expires: expires.map(Duration::from_secs),
            signature: None,
        }
    }

    /// So many seconds after noon.
    fn at(second: i64) -> Timestamp {
        let noon: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        Timestamp::from_millis(noon.as_millis() + second * 1000)
    }

    #[test]
    fn what_was_said_last_holds() {
        let (passing, failing) = (Finding::Passing, Finding::Failing(Cause::Signal));
        let unknown = Finding::Unknown(Blind::Nothing);
        for (came, expires, now, finding, words) in [
            (&[][..], None, 0, unknown, "nothing has come in yet"),
            (&[(Awaited, 0)], None, 0, unknown, "nothing has come in yet"),
            (&[(Neither, 0)], None, 9, unknown, "neither 0"),
            (&[(Failing, 0)], None, 90_000, failing, "failing 0, at 2026-11-29T12:00:00Z"),
            (&[(Failing, 0), (Neither, 5)], None, 9, failing, "failing 0, at 2026-11-29T12:00:00Z"),
            (&[(Failing, 0), (Passing, 5)], None, 9, passing, "passing 5, at 2026-11-29T12:00:05Z"),
            (&[(Passing, 0), (Failing, 5)], Some(60), 65, failing, "failing 5, at 2026-11-29T12:00:05Z"),
            (
                &[(Passing, 0), (Failing, 5)],
                Some(60),
                66,
                unknown,
                "failing 5, at 2026-11-29T12:00:05Z, and nothing within 1m",
            ),
            (&[(Passing, 0)], Some(60), 9000, passing, "passing 0, at 2026-11-29T12:00:00Z"),
            // The clock was set back: it has just been said.
            (&[(Failing, 500)], Some(60), 0, failing, "failing 500, at 2026-11-29T12:08:20Z"),
        ] {
            let signal = |(kind, second): &(SignalKind, i64)| Signal {
                at: at(*second),
                kind: *kind,
                words: Excerpt::of(&format!("{kind} {second}")),
            };
            let signals: Vec<Signal> = came.iter().map(signal).collect();
            let judged = hook(None, expires).judge(&signals, at(now));
            assert_eq!((judged.0, judged.1.as_str()), (finding, words), "{came:?} at {now}");
        }
    }

    #[test]
    fn a_body_says_what_stands_in_it() {
        let status = Some("/status");
        for (pointer, step, body, expected) in [
            (None, "", "", Some((Passing, "it says that it passes"))),
            (None, "fail", "payload=x", Some((Failing, "it says that it fails: payload=x"))),
            (None, "start", "", None),
            (status, "", r#"{"status":"firing"}"#, Some((Failing, "/status is \"firing\""))),
            (status, "", r#"{"status":"resolved"}"#, Some((Passing, "/status is \"resolved\""))),
            (status, "", r#"{"status":"pending"}"#, Some((Neither, "it says neither: /status is \"pending\""))),
            (status, "", r#"{"status":["firing"]}"#, Some((Neither, "it says neither: /status is a list"))),
            (status, "", r#"{"state":"firing"}"#, Some((Neither, "it says neither: nothing stands at /status"))),
            (status, "", "", Some((Neither, "it says neither: it is no JSON that is read: it is empty"))),
            (status, "fail", "", Some((Failing, "it says that it fails"))),
        ] {
            let heard = hook(pointer, None).heard(step, body.as_bytes());
            let told = heard.as_ref().map(|(kind, words)| (*kind, words.as_str()));
            assert_eq!(told, expected, "{pointer:?} {step} {body}");
        }
    }
}

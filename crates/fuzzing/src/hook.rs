//! What others tell monitors.

use flyball_model::{Excerpt, SignalKind};
use flyball_monitors::{Ear, Heartbeat, Hook, Pointer, Scalar};
use serde_json::Value;
use std::time::Duration;

/// Hears a body: the first line is a JSON pointer, the second a step, and the body stands behind both.
///
/// # Panics
///
/// When something does not hold.
pub fn hook(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (pointer, step) = (text(), text());
    let body = parts.next().unwrap_or_default();

    let heartbeat = Heartbeat { every: Duration::from_secs(3600), grace: Duration::from_secs(600) };
    let heard = heartbeat.heard(&step, body);
    heard.iter().for_each(|(_, words)| can_be_shown(words));
    let is_step = ["", "start", "fail"].contains(&step.as_str())
        || (1..=3).contains(&step.len())
            && step.bytes().all(|byte| byte.is_ascii_digit())
            && step.parse::<u8>().is_ok();
    assert_eq!(heard.is_some(), is_step, "{step}");

    let Some(at) = Pointer::parse(&pointer) else { return };
    let texts = |texts: &[&str]| texts.iter().map(|text| Scalar::Text((*text).into())).collect();
    let hook = Hook {
        at: Some(at),
        failing: texts(&["firing", "critical"]),
        passing: texts(&["resolved", "ok"]),
        expires: None,
        signature: None,
    };
    let (kind, words) = hook.heard("", body).expect("whatever is sent to the key says something");
    can_be_shown(&words);
    // Another reader, which makes all of the body, finds the same.
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let expected = match value.as_ref().and_then(|value| value.pointer(&pointer)).and_then(Value::as_str) {
        Some("firing" | "critical") => SignalKind::Failing,
        Some("resolved" | "ok") => SignalKind::Passing,
        _ => SignalKind::Neither,
    };
    assert_eq!(kind, expected, "{words}");
}

/// Bounded, and nothing in it moves a cursor or hides.
fn can_be_shown(words: &Excerpt) {
    let chars = words.as_str().chars().count();
    assert!(chars <= Excerpt::CHARS_MAX + 1, "{chars} characters");
    assert!(words.as_str().chars().all(|c| c == ' ' || Excerpt::shows(c)), "{words:?}");
}

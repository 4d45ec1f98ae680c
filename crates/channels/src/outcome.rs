//! What came of a try, and what the statuses of HTTP mean where a service says nothing else.

use crate::{Answer, Lost};
use flyball_model::{Excerpt, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What came of telling somebody once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Sent {
        /// What must be kept, to edit or go on with what was sent; none where there is nothing to keep, or nothing new.
        handle: Option<Handle>,
    },
    /// It was not, or nobody knows: try again.
    Later {
        /// Not before so much time, where whoever answered said so.
        after: Option<Duration>,
        /// What happened, without secrets.
        why: String,
    },
    /// This notice will never be taken: a person must change something.
    Never {
        /// What happened, without secrets.
        why: String,
    },
    /// Nothing will be taken any more: the channel is to be left alone until the file says something else.
    Gone {
        /// What happened, without secrets.
        why: String,
    },
}

/// What must be kept of a notice that was sent, so that the next one edits it or goes on in its thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handle {
    /// A message in Slack: the id of its channel, and its time, by which Slack knows it.
    Slack {
        /// The channel's id: `C024BE91L`. Its name would not do.
        channel: String,
        /// `1503435956.000247`
        ts: String,
    },
    /// The e-mail that a thread began with.
    Email {
        /// Its Message-ID, with its angle brackets.
        message_id: String,
        /// Its subject: some mailboxes make a new thread for another one.
        subject: String,
    },
}

/// What a status means of a service whose answers mean nothing else.
pub(crate) fn of_status(answer: &Answer, now: Timestamp) -> Outcome {
    let after = answer.retry_after.as_deref().and_then(|text| retry_after(text, now));
    let why = answer.in_words();
    match answer.status {
        200..=299 => Outcome::Sent { handle: None },
        // Followed, it would lead where nobody in the file wanted to be, and a 301 or 302 would drop the body.
        300..=399 => {
            Outcome::Never { why: format!("{why}: a redirect, which is not followed; write its target into the file") }
        }
        410 => Outcome::Gone { why: format!("{why}: it is gone for good") },
        // It waited for us, it wants it later, or there are too many of us.
        408 | 425 | 429 => Outcome::Later { after, why },
        400..=499 => Outcome::Never { why },
        _ => Outcome::Later { after, why },
    }
}

/// What it means that there was no answer.
pub(crate) fn of_lost(lost: &Lost) -> Outcome {
    match lost {
        Lost::Forbidden(why) => Outcome::Never { why: format!("{why}: see [network] in the file") },
        Lost::NotSent(why) | Lost::Unanswered(why) => Outcome::Later { after: None, why: why.clone() },
    }
}

/// RFC 9110, section 10.2.3: seconds, or a date.
pub(crate) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    // HTTP's form is RFC 2822's, but for the name of the zone.
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.replace("GMT", "+0000")).ok()?;
    Some(Timestamp::from_millis(date.as_millisecond()).since(now))
}

impl Answer {
    /// The answer in words, as far as it says something to a person.
    pub(crate) fn in_words(&self) -> String {
        let said = Excerpt::of(&String::from_utf8_lossy(&self.body));
        let status = self.status;
        if said.as_str().is_empty() { format!("it answered {status}") } else { format!("it answered {status}: {said}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_means_one_thing() {
        let now: Timestamp = "2026-11-29T03:00:00Z".parse().unwrap();
        let kind = |outcome: Outcome| match outcome {
            Outcome::Sent { .. } => ("sent", None),
            Outcome::Later { after, .. } => ("later", after.map(|after| after.as_secs())),
            Outcome::Never { .. } => ("never", None),
            Outcome::Gone { .. } => ("gone", None),
        };
        for (status, wait, expected) in [
            (200, None, ("sent", None)),
            (204, None, ("sent", None)),
            (301, None, ("never", None)),
            (307, None, ("never", None)),
            (400, None, ("never", None)),
            (401, None, ("never", None)),
            (404, None, ("never", None)),
            (408, None, ("later", None)),
            (410, None, ("gone", None)),
            (413, None, ("never", None)),
            (429, Some("120"), ("later", Some(120))),
            (429, Some("Sun, 29 Nov 2026 03:01:30 GMT"), ("later", Some(90))),
            (429, Some("Sun, 29 Nov 2026 02:00:00 GMT"), ("later", Some(0))),
            (429, Some("soon"), ("later", None)),
            (429, None, ("later", None)),
            (500, None, ("later", None)),
            (502, None, ("later", None)),
            (503, Some("5"), ("later", Some(5))),
            (504, None, ("later", None)),
            (600, None, ("later", None)),
        ] {
            let answer = Answer { status, retry_after: wait.map(str::to_owned), body: Vec::new() };
            assert_eq!(kind(of_status(&answer, now)), expected, "{status} {wait:?}");
        }
    }

    #[test]
    fn no_answer_is_no_refusal_and_what_is_forbidden_is_one() {
        for (lost, is_later) in [
            (Lost::NotSent("no connection".to_owned()), true),
            (Lost::Unanswered("no answer within 15 s".to_owned()), true),
            (Lost::Forbidden("10.0.0.1 is private".to_owned()), false),
        ] {
            assert_eq!(matches!(of_lost(&lost), Outcome::Later { .. }), is_later, "{lost:?}");
        }
    }
}

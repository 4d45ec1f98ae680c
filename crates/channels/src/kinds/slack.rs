//! `slack`: a message in a channel of Slack.
//!
//! With a bot's token an outage is one message, which turns green once it is over, and everything else is said in its thread. With the
//! URL of an incoming webhook each notice is a message: Slack does not say which one it became, so that none can be changed.
//!
//! Source: docs.slack.dev, *chat.postMessage*, *chat.update*, *Sending messages using incoming webhooks*, *Rate limits*.

use super::{Exchange, Means, json, with_token};
use crate::outcome::of_status;
use crate::{About, Answer, Endpoint, Handle, Notice, Outcome, words};
use flyball_model::{Excerpt, Timestamp};
use flyball_settings::{Fields, Secret, Settings};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// Where Slack's API is.
const API: &str = "https://slack.com/api";

/// A channel of Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slack {
    /// As an app of yours, with its bot's token.
    Bot {
        /// The token: `xoxb-…`, with the scope `chat:write`.
        token: Secret,
        /// Where to: an id such as `C024BE91L`, or a name.
        channel: Excerpt,
        /// Where the API is.
        api: Endpoint,
    },
    /// By an incoming webhook, whose URL is the secret.
    Incoming {
        /// The URL.
        url: Secret,
    },
}

impl Settings for Slack {
    const KIND: &str = "slack";
    const SUMMARY: &str = "a message in Slack: by a bot's `token`, one for each outage, which turns green; or by the URL of an \
                           incoming webhook, one for each notice";
    const EXAMPLE: &str = r#"{ token = { env = "SLACK_TOKEN" }, channel = "C024BE91L" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let token = fields.optional("token", "the bot's token, with the scope `chat:write`");
        let channel = fields.optional::<String>("channel", "where to, beside `token`: the channel's id, or its name");
        let url = fields.optional("incoming_url", "the URL of an incoming webhook, instead of `token` and `channel`");
        let default = Endpoint::parse(API).expect("Slack's API is an address");
        let api = fields.or("api", default, "\"https://slack.com/api\"", "where the API is: GovSlack has another");
        match (token?, channel?, url?) {
            (Some(token), Some(channel), None) => {
                let channel = Excerpt::of(channel.trim());
                if channel.as_str().is_empty() {
                    fields.wrong("channel", "`channel`: it is empty", "expected an id such as \"C024BE91L\"", None);
                    return None;
                }
                Some(Self::Bot { token, channel, api: api? })
            }
            (None, None, Some(url)) => Some(Self::Incoming { url }),
            (Some(_), None, None) => {
                let hint =
                    "the channel's id stands at the end of its details in Slack; invite the bot there".to_owned();
                fields.wrong("channel", "`channel` is missing", "`channel` belongs here", Some(hint));
                None
            }
            (None, _, None) => {
                let hint =
                    "a bot's message turns green when all is well; an incoming webhook is quicker to set up".to_owned();
                fields.wrong(
                    "token",
                    "no way to Slack",
                    "expected `token` and `channel`, or `incoming_url`",
                    Some(hint),
                );
                None
            }
            (_, _, Some(_)) => {
                let hint = "leave `token` and `channel` out, or `incoming_url`".to_owned();
                fields.wrong("incoming_url", "two ways to Slack", "beside `token` or `channel`", Some(hint));
                None
            }
        }
    }
}

impl Slack {
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Bot { token, .. } => vec![token],
            Self::Incoming { url } => vec![url],
        }
    }

    pub(super) fn exchange(
        &self,
        notice: &Notice,
        handle: Option<&Handle>,
        means: &Means<'_>,
    ) -> Result<Exchange, Outcome> {
        let request = match self {
            Self::Incoming { url } => {
                let url = means.secret(url)?;
                let why = || "the URL of the incoming webhook is no https:// address".to_owned();
                let to = Endpoint::parse(url.expose_secret()).ok_or_else(|| Outcome::Never { why: why() })?;
                json(to, &message(notice))
            }
            Self::Bot { token, channel, api } => {
                let (method, body) = call(notice, channel, handle);
                with_token(json(api.at(method), &body), &means.secret(token)?)?
            }
        };
        Ok(Exchange::Http(vec![request]))
    }

    pub(super) fn outcome(&self, _: &Notice, handle: Option<&Handle>, answer: &Answer, now: Timestamp) -> Outcome {
        match self {
            Self::Incoming { .. } => of_status(answer, now),
            Self::Bot { .. } => of_api(handle, answer, now),
        }
    }
}

/// Which method is called, and with what.
fn call(notice: &Notice, channel: &Excerpt, handle: Option<&Handle>) -> (&'static str, Value) {
    let mut body = message(notice);
    match handle {
        // Whoever looks at the channel sees at once that it is over; nobody has to be called for that.
        Some(Handle::Slack { channel, ts }) if notice.about == About::Recovered => {
            body["channel"] = json!(channel);
            body["ts"] = json!(ts);
            return ("chat.update", body);
        }
        Some(Handle::Slack { channel, ts }) => {
            body["channel"] = json!(channel);
            body["thread_ts"] = json!(ts);
            // A thread is read by those who follow it; who is needed may not.
            body["reply_broadcast"] = json!(notice.about == About::NeedsPerson);
        }
        Some(Handle::Email { .. }) | None => body["channel"] = json!(channel),
    }
    ("chat.postMessage", body)
}

/// A message as both ways take it. Nothing in it is taken for markup, a mention or a link but by Slack's own rules for addresses.
fn message(notice: &Notice) -> Value {
    let colour = match notice.about {
        About::Trouble | About::Update | About::NeedsPerson => "danger",
        About::Recovered => "good",
        About::Effect | About::Would => "warning",
        About::Daily | About::Test => "#808080",
    };
    json!({
        "text": escaped(&words::headline(notice)),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "attachments": [{ "color": colour, "text": escaped(&words::body(notice)), "mrkdwn_in": [] }],
    })
}

/// Slack's three characters of its own. Source: *Formatting text for app surfaces*, *Escaping text*.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether the message that was to be changed, or gone on with, is not there any more, or cannot be changed.
pub(super) fn is_void(answer: &Answer) -> bool {
    const VOID: [&str; 5] =
        ["message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed", "invalid_ts"];
    said(answer).is_some_and(|said| said["error"].as_str().is_some_and(|error| VOID.contains(&error)))
}

fn said(answer: &Answer) -> Option<Value> {
    serde_json::from_slice(&answer.body).ok()
}

/// What the API's answer means: nearly all are 200, and say in `ok` and `error` what came of it.
fn of_api(handle: Option<&Handle>, answer: &Answer, now: Timestamp) -> Outcome {
    let by_status = of_status(answer, now);
    let Outcome::Sent { .. } = by_status else { return by_status };
    let Some(said) = said(answer) else {
        return Outcome::Later { after: None, why: format!("{}: not an answer of Slack's API", answer.in_words()) };
    };
    if said["ok"] == true {
        let text = |key: &str| said[key].as_str().map(str::to_owned);
        let new = || Some(Handle::Slack { channel: text("channel")?, ts: text("ts")? });
        // What is in a thread is not what goes on: its beginning is.
        return Outcome::Sent { handle: if handle.is_some() { None } else { new() } };
    }
    let error = Excerpt::of(said["error"].as_str().unwrap_or("no error named"));
    let why = format!("Slack answered \"{error}\"");
    match error.as_str() {
        "ratelimited"
        | "rate_limited"
        | "message_limit_exceeded"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org" => Outcome::Later { after: None, why },
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => {
            Outcome::Gone { why: format!("{why}: the token is good for nothing any more") }
        }
        "not_in_channel" => Outcome::Never { why: format!("{why}: invite the bot to the channel") },
        "missing_scope" => Outcome::Never { why: format!("{why}: give the bot the scope chat:write") },
        _ => Outcome::Never { why },
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer, body, means, requests, word};
    use super::*;
    use crate::Request;
    use crate::notice::testing::notice;

    fn bot() -> Slack {
        let (token, channel) = (Secret("TOKEN".to_owned()), Excerpt::of("C024BE91L"));
        Slack::Bot { token, channel, api: Endpoint::parse(API).unwrap() }
    }

    fn kept() -> Handle {
        Handle::Slack { channel: "C1".to_owned(), ts: "1503435956.000247".to_owned() }
    }

    fn one(slack: &Slack, about: About, handle: Option<&Handle>) -> Request {
        requests(slack.exchange(&notice(about), handle, &means())).remove(0)
    }

    #[test]
    fn an_outage_is_one_message_with_a_thread_that_turns_green() {
        for (about, has_handle, method, channel, ts, thread, broadcast) in [
            (About::Trouble, false, "chat.postMessage", "C024BE91L", None, None, None),
            (About::Recovered, false, "chat.postMessage", "C024BE91L", None, None, None),
            (About::Update, true, "chat.postMessage", "C1", None, Some("1503435956.000247"), Some(false)),
            (About::Effect, true, "chat.postMessage", "C1", None, Some("1503435956.000247"), Some(false)),
            (About::NeedsPerson, true, "chat.postMessage", "C1", None, Some("1503435956.000247"), Some(true)),
            (About::Recovered, true, "chat.update", "C1", Some("1503435956.000247"), None, None),
        ] {
            let kept = kept();
            let request = one(&bot(), about, has_handle.then_some(&kept));
            let sent = body(&request);
            assert_eq!(request.to.url().as_str(), format!("{API}/{method}"), "{about:?}");
            assert_eq!(sent["channel"], channel, "{about:?}");
            assert_eq!(sent["ts"].as_str(), ts, "{about:?}");
            assert_eq!(sent["thread_ts"].as_str(), thread, "{about:?}");
            assert_eq!(sent["reply_broadcast"].as_bool(), broadcast, "{about:?}");
            assert_eq!(request.headers["authorization"], "Bearer pl4nted-TOKEN");
            assert!(request.headers["authorization"].is_sensitive());
        }
    }

    #[test]
    fn a_page_s_own_words_call_nobody() {
        let sent = body(&one(&bot(), About::Trouble, None));
        let text = sent["attachments"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("it answers 503 &lt;b&gt;since&lt;/b&gt; 03:05 &amp; is slow"), "{text}");
        let incoming = Slack::Incoming { url: Secret("HOOK".to_owned()) };
        let request = one(&incoming, About::Trouble, Some(&kept()));
        assert_eq!(request.to.host(), "hooks.slack.com");
        insta::assert_snapshot!(serde_json::to_string_pretty(&body(&request)).unwrap());
    }

    #[test]
    fn each_answer_of_the_api_means_one_thing() {
        let taken = r#"{"ok":true,"channel":"C9","ts":"1.2"}"#;
        let error = |error: &str| format!(r#"{{"ok":false,"error":"{error}"}}"#);
        for (status, said, expected) in [
            (200, taken.to_owned(), "sent"),
            (200, error("ratelimited"), "later"),
            (200, error("internal_error"), "later"),
            (200, error("channel_not_found"), "never"),
            (200, error("not_in_channel"), "never"),
            (200, error("is_archived"), "never"),
            (200, error("something_new"), "never"),
            (200, error("token_revoked"), "gone"),
            (200, error("invalid_auth"), "gone"),
            (200, r#"{"ok":false}"#.to_owned(), "never"),
            (200, "<html>".to_owned(), "later"),
            (200, String::new(), "later"),
            (302, taken.to_owned(), "never"),
            (429, String::new(), "later"),
            (503, taken.to_owned(), "later"),
        ] {
            let outcome = bot().outcome(&notice(About::Trouble), None, &answer(status, &said), means().now);
            assert_eq!(word(&outcome), expected, "{status} {said}");
        }
        let first = bot().outcome(&notice(About::Trouble), None, &answer(200, taken), means().now);
        let handle = Handle::Slack { channel: "C9".to_owned(), ts: "1.2".to_owned() };
        assert_eq!(first, Outcome::Sent { handle: Some(handle) });
        let reply = bot().outcome(&notice(About::Update), Some(&kept()), &answer(200, taken), means().now);
        assert_eq!(reply, Outcome::Sent { handle: None });
    }

    #[test]
    fn each_answer_to_an_incoming_webhook_means_one_thing() {
        let incoming = Slack::Incoming { url: Secret("HOOK".to_owned()) };
        for (status, said, expected) in [
            (200, "ok", "sent"),
            (400, "invalid_payload", "never"),
            (403, "action_prohibited", "never"),
            (404, "channel_not_found", "never"),
            (410, "channel_is_archived", "gone"),
            (429, "", "later"),
            (500, "rollup_error", "later"),
        ] {
            let outcome = incoming.outcome(&notice(About::Trouble), None, &answer(status, said), means().now);
            assert_eq!(word(&outcome), expected, "{status} {said}");
        }
    }

    #[test]
    fn a_message_that_is_gone_is_told_from_one_that_is_refused() {
        for (error, expected) in [("message_not_found", true), ("edit_window_closed", true), ("not_in_channel", false)]
        {
            let said = answer(200, &format!(r#"{{"ok":false,"error":"{error}"}}"#));
            assert_eq!(is_void(&said), expected, "{error}");
        }
    }
}

//! `ntfy`: a push message to telephones that follow a topic, at ntfy.sh or a server of your own.
//!
//! Source: docs.ntfy.sh, *Publishing: Publish as JSON*, *Message priority*, *Limitations*.

use super::{Exchange, Means, json, with_token};
use crate::outcome::of_status;
use crate::{About, Answer, Endpoint, Handle, Notice, Outcome, words};
use flyball_model::Timestamp;
use flyball_settings::{Fields, Secret, Settings};
use secrecy::ExposeSecret as _;
use serde_json::json;

/// The public server.
const SERVER: &str = "https://ntfy.sh";
/// A longer message becomes a file that has to be opened: *Limitations*.
const MESSAGE_BYTES_MAX: usize = 4_096;

/// A topic at a server of ntfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ntfy {
    /// The server.
    pub server: Endpoint,
    /// The topic. Whoever knows it reads along where the server asks for no token, so that it is a secret too.
    pub topic: Secret,
    /// What the server asks for.
    pub token: Option<Secret>,
}

impl Settings for Ntfy {
    const KIND: &str = "ntfy";
    const SUMMARY: &str = "a push message to telephones, by ntfy";
    const EXAMPLE: &str = r#"{ topic = { env = "NTFY_TOPIC" } }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let doc = "the topic: whoever knows it reads along, unless the server asks for a token";
        let topic = fields.required("topic", doc);
        let default = Endpoint::parse(SERVER).expect("ntfy's server is an address");
        let server = fields.or("server", default, "\"https://ntfy.sh\"", "the server");
        let token = fields.optional("token", "an access token, where the server asks for one");
        Some(Self { server: server?, topic: topic?, token: token? })
    }
}

impl Ntfy {
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        std::iter::once(&self.topic).chain(&self.token).collect()
    }

    pub(super) fn exchange(&self, notice: &Notice, _: Option<&Handle>, means: &Means<'_>) -> Result<Exchange, Outcome> {
        let topic = means.secret(&self.topic)?;
        // 5 rings through a telephone that is set to be still, 3 is as usual, 2 makes no sound.
        let (priority, tag) = match notice.about {
            About::NeedsPerson => (5, "rotating_light"),
            About::Trouble => (4, "red_circle"),
            About::Update => (3, "red_circle"),
            About::Recovered => (3, "green_circle"),
            About::Effect | About::Would => (2, "wrench"),
            About::Daily => (2, "calendar"),
            About::Test => (3, "bell"),
        };
        let mut message = json!({
            "topic": topic.expose_secret().trim(),
            "title": words::headline(notice),
            "message": within(&words::body(notice), MESSAGE_BYTES_MAX),
            "priority": priority,
            "tags": [tag],
        });
        if let Some(link) = &notice.link {
            message["click"] = json!(link);
        }
        let request = json(self.server.clone(), &message);
        let request = match &self.token {
            Some(token) => with_token(request, &means.secret(token)?)?,
            None => request,
        };
        Ok(Exchange::Http(vec![request]))
    }

    pub(super) fn outcome(&self, _: &Notice, _: Option<&Handle>, answer: &Answer, now: Timestamp) -> Outcome {
        of_status(answer, now)
    }
}

/// The beginning of a text, at most so many bytes.
fn within(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer, body, means, requests, word};
    use super::*;
    use crate::notice::testing::notice;
    use crate::{Done, Text};

    fn ntfy() -> Ntfy {
        let server = Endpoint::parse(SERVER).unwrap();
        Ntfy { server, topic: Secret("TOPIC".to_owned()), token: Some(Secret("TOKEN".to_owned())) }
    }

    #[test]
    fn a_message_is_as_the_documentation_has_it() {
        let request = requests(ntfy().exchange(&notice(About::NeedsPerson), None, &means())).remove(0);
        assert_eq!(request.headers["authorization"], "Bearer pl4nted-TOKEN");
        insta::assert_snapshot!(serde_json::to_string_pretty(&body(&request)).unwrap());
    }

    #[test]
    fn a_message_stays_one() {
        let done = Done::of(vec![Text::of(&"ü".repeat(1_000)); 20]);
        let long = Notice { what_was_done: done, ..notice(About::Trouble) };
        let sent = body(&requests(ntfy().exchange(&long, None, &means())).remove(0));
        let bytes = sent["message"].as_str().unwrap().len();
        assert!((MESSAGE_BYTES_MAX - 1..=MESSAGE_BYTES_MAX).contains(&bytes), "{bytes}");
    }

    #[test]
    fn each_answer_means_one_thing() {
        for (status, expected) in [
            (200, "sent"),
            (400, "never"),
            (401, "never"),
            (403, "never"),
            (413, "never"),
            (429, "later"),
            (507, "later"),
        ] {
            let outcome = ntfy().outcome(&notice(About::Trouble), None, &answer(status, ""), means().now);
            assert_eq!(word(&outcome), expected, "{status}");
        }
    }
}

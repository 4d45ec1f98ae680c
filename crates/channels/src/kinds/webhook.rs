//! `webhook`: a request to a program of your own, signed in the form of Standard Webhooks, so that its libraries check it.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks>, `spec/standard-webhooks.md`.

use super::{Exchange, Means, json};
use crate::outcome::of_status;
use crate::{Answer, Endpoint, Handle, Notice, Outcome, Request, words};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flyball_model::Timestamp;
use flyball_settings::{Fields, Secret, Settings};
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

/// The specification recommends less than 20 KB, so that receivers need not take more; a notice at its bounds has 6.
#[cfg(test)]
const BODY_BYTES_MAX: usize = 20_000;
/// What a secret begins with, and how many bytes it has: *Signature scheme*.
const PREFIX: &str = "whsec_";
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A program of your own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where it listens.
    pub url: Endpoint,
    /// What signs.
    pub secret: Secret,
    /// What signs as well, while receivers go over from one secret to the next.
    pub secret_old: Option<Secret>,
}

impl Settings for Webhook {
    const KIND: &str = "webhook";
    const SUMMARY: &str = "a request to a program of yours, signed as Standard Webhooks has it";
    const EXAMPLE: &str = r#"{ url = "https://hooks.example.com/flyball", secret = { env = "WEBHOOK_SECRET" } }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url", "where it listens");
        let doc = "what signs: `whsec_` and 24 to 64 bytes in base64";
        let secret = fields.required("secret", doc);
        let secret_old =
            fields.optional("secret_old", "what signs as well, while a receiver goes over to a new secret");
        Some(Self { url: url?, secret: secret?, secret_old: secret_old? })
    }
}

impl Webhook {
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        std::iter::once(&self.secret).chain(&self.secret_old).collect()
    }

    pub(super) fn exchange(&self, notice: &Notice, _: Option<&Handle>, means: &Means<'_>) -> Result<Exchange, Outcome> {
        let Notice { key, sequence, about, title, what_is_wrong, what_was_done, next, link, stop_command, at } = notice;
        let body = json!({
            "type": format!("flyball.{}", about.word()),
            "timestamp": at,
            "data": {
                "key": key,
                "sequence": sequence,
                "headline": words::headline(notice),
                "title": title,
                "what_is_wrong": what_is_wrong,
                "what_was_done": what_was_done.told(),
                "more_was_done": what_was_done.more(),
                "next": next,
                "link": link,
                "stop_command": stop_command,
            },
        });
        // A receiver takes an id once: each notice has its own, which is the same in every try.
        let id = format!("{key}-{sequence}");
        Ok(Exchange::Http(vec![signed(&self.url, &body, id, &self.secrets(), means)?]))
    }

    pub(super) fn outcome(&self, _: &Notice, _: Option<&Handle>, answer: &Answer, now: Timestamp) -> Outcome {
        of_status(answer, now)
    }
}

/// A request whose body is JSON, signed with each of these secrets. The id is a text for a header: a key and a number.
///
/// # Errors
///
/// What keeps it from being signed.
pub(crate) fn signed(
    to: &Endpoint,
    body: &Value,
    id: String,
    secrets: &[&Secret],
    means: &Means<'_>,
) -> Result<Request, Outcome> {
    let mut request = json(to.clone(), body);
    let seconds = means.now.as_millis().div_euclid(1000);
    let mut signatures = Vec::new();
    for secret in secrets {
        signatures.push(signature(&means.secret(secret)?, &id, seconds, &request.body)?);
    }
    for (name, value) in
        [("webhook-id", id), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", signatures.join(" "))]
    {
        let value = HeaderValue::try_from(value).expect("keys, numbers and base64 are texts for headers");
        request.headers.insert(name, value);
    }
    Ok(request)
}

/// A signature as the header has it: HMAC-SHA256 over the id, the time and the body, with full stops between them.
fn signature(secret: &SecretString, id: &str, seconds: i64, body: &[u8]) -> Result<String, Outcome> {
    let text = secret.expose_secret().trim();
    let bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).ok();
    let Some(bytes) = bytes.filter(|bytes| SECRET_BYTES.contains(&bytes.len())) else {
        let why = "the secret of the webhook is none: expected `whsec_` and 24 to 64 bytes in base64, as \
                   `echo whsec_$(openssl rand -base64 32)` makes one";
        return Err(Outcome::Never { why: why.to_owned() });
    };
    let signed = [format!("{id}.{seconds}.").as_bytes(), body].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes), &signed);
    Ok(format!("v1,{}", STANDARD.encode(tag)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{body, means, requests};
    use super::*;
    use crate::notice::testing::notice;
    use crate::{About, Done, Text};
    use flyball_model::Excerpt;

    fn webhook() -> Webhook {
        let url = Endpoint::parse("https://hooks.example.com/flyball").unwrap();
        Webhook { url, secret: Secret("SIGNING".to_owned()), secret_old: Some(Secret("SIGNING_OLD".to_owned())) }
    }

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"test": 2432232314}"#;
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn the_id_stays_in_every_try_and_two_secrets_sign() {
        let first = requests(webhook().exchange(&notice(About::Trouble), None, &means())).remove(0);
        let later = Means { now: means().now + std::time::Duration::from_secs(300), ..means() };
        let second = requests(webhook().exchange(&notice(About::Trouble), None, &later)).remove(0);
        let of = |request: &crate::Request, name: &str| request.headers[name].to_str().unwrap().to_owned();
        assert_eq!(of(&first, "webhook-id"), "0b6e7d2a-on-call-2");
        assert_eq!(of(&first, "webhook-id"), of(&second, "webhook-id"));
        assert_eq!(first.body, second.body);
        assert_ne!(of(&first, "webhook-timestamp"), of(&second, "webhook-timestamp"));
        assert_eq!(of(&first, "webhook-signature").split(' ').filter(|one| one.starts_with("v1,")).count(), 2);
        insta::assert_snapshot!(serde_json::to_string_pretty(&body(&first)).unwrap());
    }

    #[test]
    fn a_notice_at_its_bounds_is_as_small_as_receivers_ask_for() {
        let wide = "𝄞".repeat(10_000);
        let largest = Notice {
            title: Excerpt::of(&wide),
            what_is_wrong: Text::of(&wide),
            what_was_done: Done::of(vec![Text::of(&wide); 100]),
            ..notice(About::Trouble)
        };
        let request = requests(webhook().exchange(&largest, None, &means())).remove(0);
        assert!(request.body.len() < BODY_BYTES_MAX, "{}", request.body.len());
    }

    #[test]
    fn what_is_no_secret_signs_nothing() {
        for text in ["whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all!!", &format!("whsec_{}", "A".repeat(88))] {
            assert!(signature(&text.into(), "id", 0, b"").is_err(), "{text}");
        }
        let unset = Webhook { secret: Secret("NONE".to_owned()), ..webhook() };
        let told = unset.exchange(&notice(About::Test), None, &means()).unwrap_err();
        assert_eq!(told, Outcome::Later { after: None, why: "the environment variable NONE is not set".to_owned() });
    }
}

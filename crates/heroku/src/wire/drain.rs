//! `GET` and `POST /apps/{app}/log-drains`.

use super::fields::{Fields, Items, Misread, parse};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// Where the drains lead.
pub(crate) fn drains(body: &[u8]) -> Result<Items<SecretString>, Misread> {
    parse(body)?.readable(url)
}

/// What makes a drain to an address.
pub(crate) fn add_drain(url: &SecretString) -> Value {
    json!({ "url": url.expose_secret() })
}

fn url(fields: &Fields) -> Result<SecretString, Misread> {
    fields.raw("url").map_or_else(|| fields.missing("url", "an address"), |url| Ok(SecretString::from(url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drains_are_read_by_their_addresses_which_nobody_is_shown() {
        let body = br#"[{"addon":null,"app":{"id":"a","name":"shop"},"created_at":"2026-01-02T03:04:05Z","id":"5d2c",
            "token":"d.5d2c","updated_at":"2026-01-02T03:04:05Z","url":"https://drain.example.com/s3cret"},
            {"id":"odd","url":null},{"addon":{"id":"b","name":"logs-1"},"id":"c","url":"syslog+tls://s3cret@logs:1"}]"#;
        let read = drains(body).unwrap();
        let urls: Vec<_> = read.understood.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!((urls, read.left_out), (vec!["https://drain.example.com/s3cret", "syslog+tls://s3cret@logs:1"], 1));
        assert!(!format!("{:?}", read.understood).contains("s3cret"));
        assert!(drains(b"[]").unwrap().understood.is_empty());
        assert_eq!(drains(b"[{}]").unwrap_err().to_string(), "expected an address at `[0].url`");
        assert_eq!(drains(b"{}").unwrap_err().to_string(), "expected a list");
    }

    #[test]
    fn a_drain_is_made_by_its_address() {
        let url = SecretString::from("https://drain.example.com/x");
        assert_eq!(add_drain(&url).to_string(), r#"{"url":"https://drain.example.com/x"}"#);
    }
}

//! Reasons are stored, so each must be read and written for ever as it was when it was first released.

use flyball_model::{Because, Timestamp};
use serde::Deserialize;

/// A reason as it was stored, and what was said of it then.
#[derive(Deserialize)]
struct Sample {
    stored: serde_json::Value,
    code: String,
    limit: bool,
    until: Option<Timestamp>,
    words: String,
}

#[test]
fn a_reason_that_was_stored_is_read_and_written_and_told_as_before() {
    let samples: Vec<Sample> = serde_json::from_str(include_str!("reasons.json")).unwrap();
    for Sample { stored, code, limit, until, words } in samples {
        let reason: Because = serde_json::from_value(stored.clone()).unwrap_or_else(|error| panic!("{code}: {error}"));
        assert_eq!(serde_json::to_value(&reason).unwrap(), stored);
        assert_eq!((reason.code(), stored["reason"].as_str()), (code.as_str(), Some(code.as_str())));
        assert_eq!((reason.is_limit(), reason.until()), (limit, until), "{code}");
        assert_eq!(reason.to_string(), words);
    }
}

#[test]
fn every_code_names_one_reason() {
    for (index, code) in Because::CODES.iter().enumerate() {
        assert!(!Because::CODES[..index].contains(code), "{code} stands twice");
    }
}

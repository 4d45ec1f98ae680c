//! Events are stored, with plans and outcomes in them, and each is told for ever as it was. Their stored forms are pinned
//! where they are stored: in `tests/stored` of the store.

use flyball_model::Event;
use serde::Deserialize;
use serde_json::Value;

/// An event as it was stored, and what was said of it then.
#[derive(Deserialize)]
struct Sample {
    stored: Value,
    words: String,
}

#[test]
fn what_was_stored_as_sentences_or_as_values_is_told_as_before() {
    for text in [include_str!("stored/earlier.json"), include_str!("stored/present.json")] {
        let samples: Vec<Sample> = serde_json::from_str(text).expect("a list of samples");
        for Sample { stored, words } in samples {
            let event: Event =
                serde_json::from_value(stored.clone()).unwrap_or_else(|error| panic!("{stored}: {error}"));
            assert_eq!(event.to_string(), words, "{stored}");
        }
    }
}

//! Events are stored, with plans and outcomes in them: each must be read for ever, and told as it was.

use flyball_model::{Event, Outcome};
use serde::Deserialize;
use serde_json::Value;

/// An event as it was stored, and what was said of it then.
#[derive(Deserialize)]
struct Sample {
    stored: Value,
    words: String,
}

fn samples(text: &str) -> Vec<(Event, Sample)> {
    let samples: Vec<Sample> = serde_json::from_str(text).expect("a list of samples");
    let read = |sample: Sample| match serde_json::from_value(sample.stored.clone()) {
        Ok(event) => (event, sample),
        Err(error) => panic!("{}: {error}", sample.stored),
    };
    samples.into_iter().map(read).collect()
}

#[test]
fn what_was_stored_as_sentences_is_read_and_told_as_before() {
    for (event, Sample { stored, words }) in samples(include_str!("stored/earlier.json")) {
        assert_eq!(event.to_string(), words, "{stored}");
        // What was once read is written so that it is read again.
        let again: Event = serde_json::from_value(serde_json::to_value(&event).unwrap()).unwrap();
        assert_eq!(again, event, "{stored}");
    }
}

#[test]
fn what_is_stored_as_values_is_read_and_written_and_told_as_before() {
    for (event, Sample { stored, words }) in samples(include_str!("stored/present.json")) {
        assert_eq!(serde_json::to_value(&event).unwrap(), stored);
        assert_eq!(event.to_string(), words, "{stored}");
        // Nothing that has fields of its own is taken for a sentence.
        assert!(!format!("{event:?}").contains("Told("), "{event:?}");
    }
}

#[test]
fn an_outcome_by_itself_is_read_in_both_forms() {
    for text in [include_str!("stored/earlier.json"), include_str!("stored/present.json")] {
        for (event, Sample { stored, .. }) in samples(text) {
            let Event::Ended { outcome, .. } = event else { continue };
            let alone: Outcome = serde_json::from_value(stored["outcome"].clone()).unwrap();
            assert_eq!(alone, outcome);
        }
    }
}

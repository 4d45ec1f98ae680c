//! What is told is stored until it is sent, and by what a service knows it for as long as more may be told: what an earlier version
//! stored is read, and what is stored now is written as these samples have it. None of them is removed or changed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use flyball_channels::{Handle, Notice};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

fn are_read_and_written_again<T: DeserializeOwned + Serialize>(samples: &str) {
    let samples: BTreeMap<String, Value> = serde_json::from_str(samples).unwrap();
    for (name, sample) in samples {
        let read: T = serde_json::from_value(sample.clone()).unwrap_or_else(|error| panic!("\"{name}\": {error}"));
        assert_eq!(serde_json::to_value(&read).unwrap(), sample, "{name}");
    }
}

#[test]
fn notices_are_stored_as_they_were() {
    are_read_and_written_again::<Notice>(include_str!("stored/notices.json"));
}

#[test]
fn handles_are_stored_as_they_were() {
    are_read_and_written_again::<Handle>(include_str!("stored/handles.json"));
}

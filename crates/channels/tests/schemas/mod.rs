//! What services document of the bodies that they take, as JSON Schema in our own words, and whether a body is as they say.

use flyball_model::Timestamp;
use serde_json::Value;
use url::Url;

/// What PagerDuty takes: `alert` and `change`.
pub(crate) const PAGERDUTY: &str = include_str!("pagerduty.json");
/// What Slack takes: `post`, `update` and `incoming`.
pub(crate) const SLACK: &str = include_str!("slack.json");

/// The words of JSON Schema that are understood here: what a schema says in another one would hold nothing.
const UNDERSTOOD: [&str; 12] = [
    "$ref",
    "additionalProperties",
    "anyOf",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "minLength",
    "properties",
    "required",
    "type",
];

/// Everything in which a body is not as a definition of a schema says, each at its place.
pub(crate) fn mistakes(schema: &str, definition: &str, body: &[u8]) -> Vec<String> {
    let root: Value = serde_json::from_str(schema).unwrap();
    assert!(root["$comment"].as_str().is_some_and(|from| from.contains("https://")), "a schema says where it is from");
    let mut found = Vec::new();
    judge(&root, &root["$defs"][definition], &serde_json::from_slice(body).unwrap(), "", &mut found);
    found
}

fn judge(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let words = schema.as_object().unwrap_or_else(|| panic!("nothing is said of {at}"));
    for word in words.keys() {
        assert!(UNDERSTOOD.contains(&word.as_str()), "{word} of {at} is not understood");
    }
    if let Some(elsewhere) = schema["$ref"].as_str() {
        let path = elsewhere.strip_prefix('#').expect("it is in the same schema");
        judge(root, root.pointer(path).expect("it is there"), value, at, found);
    }
    if schema["type"].as_str().is_some_and(|kind| !is_of(kind, value)) {
        found.push(format!("{at} is no {}", schema["type"]));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        found.push(format!("{at} is {value}"));
    }
    let text = value.as_str();
    if text.zip(schema["format"].as_str()).is_some_and(|(text, format)| !is_in(format, text)) {
        found.push(format!("{at} is no {}", schema["format"]));
    }
    let chars = text.map(|text| text.chars().count() as u64);
    if chars.zip(schema["maxLength"].as_u64()).is_some_and(|(chars, most)| chars > most)
        || chars.zip(schema["minLength"].as_u64()).is_some_and(|(chars, least)| chars < least)
    {
        found.push(format!("{at} has {} characters", chars.unwrap_or_default()));
    }
    let items = value.as_array();
    if items.zip(schema["maxItems"].as_u64()).is_some_and(|(items, most)| items.len() as u64 > most) {
        found.push(format!("{at} has {} items", items.map_or(0, Vec::len)));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            found.push(format!("{at}/{name} is missing"));
        }
    }
    for (name, below) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => judge(root, schema, below, &format!("{at}/{name}"), found),
            None if schema["additionalProperties"] == false => found.push(format!("{at}/{name} is not documented")),
            None => {}
        }
    }
    for (nth, below) in items.into_iter().flatten().enumerate().filter(|_| words.contains_key("items")) {
        judge(root, &schema["items"], below, &format!("{at}/{nth}"), found);
    }
    if let Some(ways) = schema["anyOf"].as_array() {
        let is_good = |way: &Value| {
            let mut found = Vec::new();
            judge(root, way, value, at, &mut found);
            found.is_empty()
        };
        if !ways.iter().any(is_good) {
            found.push(format!("{at} is in none of {} ways", ways.len()));
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        kind => panic!("the type {kind} is not understood"),
    }
}

fn is_in(format: &str, text: &str) -> bool {
    match format {
        "date-time" => text.parse::<Timestamp>().is_ok(),
        "uri" => Url::parse(text).is_ok(),
        format => panic!("the format {format} is not understood"),
    }
}

//! `GET /apps/{app}/releases/{version}/config-vars`.

use super::fields::{Misread, parse};
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};

/// The longest name of a config var that is told, in characters.
const NAME_CHARS_MAX: usize = 128;

/// Config vars: names, and values that nobody is shown.
pub(crate) type Config = BTreeMap<String, SecretString>;

pub(crate) fn config(body: &[u8]) -> Result<Config, Misread> {
    Ok(parse(body)?.object()?.texts().map(|(name, value)| (name.to_owned(), SecretString::from(value))).collect())
}

/// The names that have another value, or are missing on one side; in order, fit to be shown.
pub(crate) fn difference(one: &Config, other: &Config) -> Vec<String> {
    let value = |of: &Config, name: &str| of.get(name).map(|value| value.expose_secret().to_owned());
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differ = names.into_iter().filter(|name| value(one, name) != value(other, name));
    differ.map(|name| crate::text::clean(name, NAME_CHARS_MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_what_differs_are_told_and_never_a_value() {
        let read = |text: &str| config(text.as_bytes()).unwrap();
        let before = read(r#"{"A":"same","B":"s3cret-one","GONE":"s3cret-two","N":null}"#);
        let after = read(r#"{"A":"same","B":"s3cret-three","NEW\u001b[2J":"s3cret-four"}"#);
        assert_eq!(difference(&before, &after), ["B", "GONE", "NEW [2J"]);
        assert!(difference(&before, &before).is_empty());
        assert!(!format!("{before:?}").contains("s3cret"));
        assert_eq!(config(b"[]").unwrap_err().to_string(), "expected an object");
    }
}

//! How one value is taken from what was written.

use crate::{Mistake, Node, Shape, Value, did_you_mean};
use flyball_model::{
    AccountName, AppName, CallOn, Cause, ChannelName, DynoName, DynoSize, EnvValue, Hours, InvalidHours, Mode,
    MonitorName, ProcessType, Quantity, ReactionName, ReleaseVersion, Trigger, duration,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// A type that can be taken from a written value.
pub trait Take: Sized {
    /// What is expected, as a fragment that reads after "expected".
    fn expected() -> String;

    /// How it is written, so that a form can take it: most are texts.
    #[must_use]
    fn shape() -> Shape {
        Shape::Text
    }

    /// Takes the value, or leaves one mistake or more and gives nothing.
    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self>;
}

/// The mistake of a value that is not what it should be.
fn wrong<T: Take>(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<T> {
    mistakes.push(Mistake::new(
        node.span.clone(),
        format!("found {}", node.value.kind()),
        format!("expected {}", T::expected()),
    ));
    None
}

/// What was parsed from a text, or the mistake of a text that cannot be.
fn parsed<T: Take, E>(node: &Node, text: &str, result: Result<T, E>, mistakes: &mut Vec<Mistake>) -> Option<T> {
    if result.is_err() {
        mistakes.push(Mistake::new(
            node.span.clone(),
            format!("{} is not valid", quoted(text)),
            format!("expected {}", T::expected()),
        ));
    }
    result.ok()
}

/// A written text as a message shows it: in quotes, without control characters, and short.
fn quoted(text: &str) -> String {
    // What is longer is seen in the excerpt beside the message.
    const CHARS_MAX: usize = 40;
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS_MAX).collect();
    if text.chars().count() > CHARS_MAX { format!("\"{shown}…\"") } else { format!("\"{shown}\"") }
}

macro_rules! take_name {
    ($($name:ty),*) => {$(
        impl Take for $name {
            fn expected() -> String {
                <$name>::EXPECTED.to_owned()
            }

            fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
                match &node.value {
                    Value::Text(text) => parsed(node, text, text.parse::<$name>(), mistakes),
                    _ => wrong(node, mistakes),
                }
            }
        }
    )*};
}

take_name!(AppName, ProcessType, DynoName, MonitorName, ReactionName, AccountName, ChannelName);

impl Take for Hours {
    fn expected() -> String {
        Self::EXPECTED.to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong(node, mistakes) };
        let invalid = match text.parse::<Self>() {
            Ok(hours) => return Some(hours),
            Err(invalid) => invalid,
        };
        let hint = hint_of_hours(&invalid, text);
        let label = format!("expected {}", Self::EXPECTED);
        let message = match invalid {
            InvalidHours::Shape => format!("{} is not valid", quoted(text)),
            InvalidHours::Day(word) => format!("{} is no day of the week", quoted(&word)),
            InvalidHours::Span(word) => format!("{} is no span of the day", quoted(&word)),
            InvalidHours::NoZone => "hours without a time zone".to_owned(),
            InvalidHours::Zone(word) => format!("a time zone that the system does not know: {}", quoted(&word)),
            InvalidHours::Always => "these are all hours of the week".to_owned(),
        };
        let mistake = Mistake::new(node.span.clone(), message, label);
        mistakes.push(match hint {
            Some(hint) => mistake.hint(hint),
            None => mistake,
        });
        None
    }
}

/// What was probably meant.
fn hint_of_hours(invalid: &InvalidHours, text: &str) -> Option<String> {
    let meant = |meant: &str| format!("did you mean \"{meant}\"?");
    match invalid {
        InvalidHours::Shape => None,
        InvalidHours::Day(word) if word.is_empty() || word.contains(':') => {
            Some("days come first: Mon-Fri, \"Mon,Wed\", or daily; without blanks".to_owned())
        }
        InvalidHours::Day(word) => {
            let days = InvalidHours::DAYS.into_iter().chain(["daily"]);
            Some(did_you_mean(word, days).map_or_else(|| format!("days are {}", InvalidHours::DAYS.join(", ")), meant))
        }
        InvalidHours::Span(_) => {
            Some("write hours and minutes with two digits: 08:00-20:00, 08:00-24:00, or 22:00-06:00".to_owned())
        }
        InvalidHours::NoZone => {
            Some(format!("write {} or UTC behind it", quoted(&format!("{} Europe/Berlin", text.trim()))))
        }
        InvalidHours::Zone(word) => {
            let zones = Hours::zones();
            let folded = word.to_lowercase();
            let is_place = |zone: &&String| zone.rsplit('/').next().is_some_and(|place| place.to_lowercase() == folded);
            let zone = zones.iter().find(is_place).map(String::as_str);
            let zone = zone.or_else(|| did_you_mean(word, zones.iter().map(String::as_str)));
            Some(
                zone.map_or_else(
                    || "zones are named by place: Europe/Berlin, America/New_York, or UTC".to_owned(),
                    meant,
                ),
            )
        }
        InvalidHours::Always => Some("leave it out".to_owned()),
    }
}

impl Take for String {
    fn expected() -> String {
        "text".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            _ => wrong(node, mistakes),
        }
    }
}

impl Take for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn shape() -> Shape {
        Shape::Switch
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match node.value {
            Value::Boolean(value) => Some(value),
            _ => wrong(node, mistakes),
        }
    }
}

impl Take for Duration {
    fn expected() -> String {
        duration::EXPECTED.to_owned()
    }

    fn shape() -> Shape {
        Shape::Length
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) => parsed(node, text, duration::parse(text), mistakes),
            Value::Integer(number) => {
                mistakes.push(
                    Mistake::new(
                        node.span.clone(),
                        "a length of time without its unit",
                        format!("expected {}", duration::EXPECTED),
                    )
                    .hint(format!("write \"{number}s\" if seconds are meant")),
                );
                None
            }
            _ => wrong(node, mistakes),
        }
    }
}

impl Take for DynoSize {
    fn expected() -> String {
        Self::EXPECTED.to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if !text.trim().is_empty() && text.len() <= 64 => Some(Self::new(text.trim())),
            _ => wrong(node, mistakes),
        }
    }
}

/// A whole number within bounds, taken as `T`.
fn whole<T: Take>(node: &Node, bounds: (i64, i64), make: impl Fn(i64) -> T, mistakes: &mut Vec<Mistake>) -> Option<T> {
    match node.value {
        Value::Integer(number) if (bounds.0..=bounds.1).contains(&number) => Some(make(number)),
        Value::Integer(number) => {
            let (least, most) = bounds;
            mistakes.push(Mistake::new(
                node.span.clone(),
                format!("{number} is out of bounds"),
                format!("expected {least} to {most}"),
            ));
            None
        }
        // A number in quotes, or a release as Heroku prints it: "v120".
        Value::Text(ref text) => {
            let digits = text.trim().trim_start_matches('v');
            let mut mistake = Mistake::new(node.span.clone(), "found text", format!("expected {}", T::expected()));
            if !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit()) {
                mistake = mistake.hint(format!("write the number alone: {digits}"));
            }
            mistakes.push(mistake);
            None
        }
        _ => wrong(node, mistakes),
    }
}

macro_rules! take_number {
    ($($name:ty, $least:expr, $most:expr, $expected:literal, $make:expr;)*) => {$(
        impl Take for $name {
            fn expected() -> String {
                $expected.to_owned()
            }

            fn shape() -> Shape {
                Shape::Number
            }

            fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
                let make: fn(u32) -> $name = $make;
                let within = |number| make(u32::try_from(number).expect("the bounds are within u32"));
                whole(node, ($least, i64::from($most)), within, mistakes)
            }
        }
    )*};
}

take_number! {
    u32, 0, u32::MAX, "a whole number", |n| n;
    Quantity, 0, Quantity::MAX, "a number of dynos", Quantity::new;
    Trigger, 0, Trigger::MAX, "a number of readings in a row", Trigger::new;
    ReleaseVersion, 1, u32::MAX, "a release's version: 12 for v12", |n| ReleaseVersion::new(u64::from(n));
}

/// One of a few words.
fn word<T: Take + Copy>(node: &Node, words: &[(&str, T)], mistakes: &mut Vec<Mistake>) -> Option<T> {
    let Value::Text(text) = &node.value else { return wrong(node, mistakes) };
    if let Some((_, value)) = words.iter().find(|(word, _)| word == text) {
        return Some(*value);
    }
    let mut mistake = Mistake::new(
        node.span.clone(),
        format!("unknown word {}", quoted(text)),
        format!("expected {}", T::expected()),
    );
    // Words that are only understood for old times' sake are not offered.
    let expected = T::expected();
    let offered = words.iter().map(|(word, _)| *word).filter(|word| expected.contains(&format!("\"{word}\"")));
    if let Some(meant) = did_you_mean(text, offered) {
        mistake = mistake.hint(format!("did you mean \"{meant}\"?"));
    }
    mistakes.push(mistake);
    None
}

impl Take for CallOn {
    fn expected() -> String {
        "\"failing\" or \"passing\"".to_owned()
    }

    fn shape() -> Shape {
        Shape::Word(vec!["failing", "passing"])
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        // Runbook's own words were true and false: the result of the monitor.
        match node.value {
            Value::Boolean(false) => Some(Self::Failing),
            Value::Boolean(true) => Some(Self::Passing),
            _ => {
                let words = [
                    ("failing", Self::Failing),
                    ("passing", Self::Passing),
                    ("false", Self::Failing),
                    ("true", Self::Passing),
                ];
                word(node, &words, mistakes)
            }
        }
    }
}

impl Take for Mode {
    fn expected() -> String {
        "\"act\" or \"dry_run\"".to_owned()
    }

    fn shape() -> Shape {
        Shape::Word(vec!["act", "dry_run"])
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        word(node, &[("act", Self::Act), ("dry_run", Self::DryRun)], mistakes)
    }
}

impl Take for Cause {
    fn expected() -> String {
        let words: Vec<String> = Self::ALL.iter().map(|cause| format!("\"{cause}\"")).collect();
        format!("one of {}", words.join(", "))
    }

    fn shape() -> Shape {
        Shape::Word(Self::ALL.iter().map(|cause| cause.as_str()).collect())
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let words: Vec<_> = Self::ALL.iter().map(|cause| (cause.as_str(), *cause)).collect();
        word(node, &words, mistakes)
    }
}

impl Take for EnvValue {
    fn expected() -> String {
        "text, or { env = \"NAME\" } or { sealed = \"…\" } for a secret".to_owned()
    }

    fn shape() -> Shape {
        Shape::TextOrVariable
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) => Some(Self::Plain(text.clone())),
            Value::Table(table) => match table.entries.as_slice() {
                // Whether it is whole, and at its place, is told of the file as a whole.
                [(key, Node { value: Value::Text(sealed), .. })] if key.name == "sealed" => {
                    Some(Self::Sealed(sealed.clone()))
                }
                _ => Variable::take(node, mistakes).map(|variable| Self::Variable(variable.0)),
            },
            _ => wrong(node, mistakes),
        }
    }
}

/// `{ env = "NAME" }` or `{ sealed = "…" }`, where a secret may not be written out: what the environment is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl Take for Secret {
    fn expected() -> String {
        "{ env = \"NAME\" }, the name of an environment variable, or { sealed = \"…\" }".to_owned()
    }

    fn shape() -> Shape {
        Shape::Variable
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Table(_) => match EnvValue::take(node, mistakes)? {
                EnvValue::Variable(asked) | EnvValue::Sealed(asked) => Some(Self(asked)),
                EnvValue::Plain(_) => None,
            },
            _ => wrong(node, mistakes),
        }
    }
}

/// `{ env = "NAME" }`: the name of an environment variable, where a secret may not be written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable(pub String);

impl Take for Variable {
    fn expected() -> String {
        "{ env = \"NAME\" }, the name of an environment variable".to_owned()
    }

    fn shape() -> Shape {
        Shape::Variable
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Table(table) = &node.value else { return wrong(node, mistakes) };
        match table.entries.as_slice() {
            [(key, Node { value: Value::Text(name), .. })] if key.name == "env" && is_variable(name) => {
                Some(Self(name.clone()))
            }
            [(key, Node { value: Value::Text(name), span })] if key.name == "env" => {
                let label = "expected a variable's name: letters, digits and _, no digit first";
                mistakes.push(Mistake::new(span.clone(), format!("{} is not valid", quoted(name)), label));
                None
            }
            _ => wrong(node, mistakes),
        }
    }
}

/// Whether this can be the name of an environment variable.
fn is_variable(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.as_bytes()[0].is_ascii_digit()
}

impl<T: Take> Take for Vec<T> {
    fn expected() -> String {
        format!("a list, each {}", T::expected())
    }

    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            // Every member is taken before the first wrong one ends it.
            Value::List(list) => {
                let members: Vec<Option<T>> = list.iter().map(|member| T::take(member, mistakes)).collect();
                members.into_iter().collect()
            }
            Value::Text(text) => {
                let label = format!("expected {}", Self::expected());
                let hint = format!("write [{}]", quoted(text));
                mistakes.push(Mistake::new(node.span.clone(), "found text", label).hint(hint));
                None
            }
            _ => wrong(node, mistakes),
        }
    }
}

impl<T: Take> Take for BTreeMap<String, T> {
    fn expected() -> String {
        format!("a table, each value {}", T::expected())
    }

    fn shape() -> Shape {
        Shape::Table(Box::new(T::shape()))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Table(table) => {
                let members: Vec<Option<(String, T)>> = table
                    .entries
                    .iter()
                    .map(|(key, value)| T::take(value, mistakes).map(|value| (key.name.clone(), value)))
                    .collect();
                members.into_iter().collect()
            }
            _ => wrong(node, mistakes),
        }
    }
}

/// The least and the most that a field takes, checked after it was taken.
#[derive(Debug, Clone)]
pub struct Bounds<T> {
    /// The least.
    pub least: T,
    /// The most.
    pub most: T,
    /// Both in words: "1s to 24h".
    pub words: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Table};

    fn node(value: Value) -> Node {
        Node { value, span: 3..9 }
    }

    fn text(text: &str) -> Node {
        node(Value::Text(text.to_owned()))
    }

    fn env(key: &str, name: &str) -> Node {
        let key = Key { name: key.to_owned(), span: 4..5 };
        node(Value::Table(Table { entries: vec![(key, text(name))], span: 3..9 }))
    }

    /// The mistakes of a value that is not taken.
    fn refused<T: Take>(node: &Node) -> Vec<(String, Option<String>)> {
        let mut mistakes = Vec::new();
        assert!(T::take(node, &mut mistakes).is_none());
        assert!(mistakes.iter().all(|mistake| mistake.label.starts_with("expected ")), "{mistakes:?}");
        mistakes.into_iter().map(|mistake| (mistake.message, mistake.hint)).collect()
    }

    fn taken<T: Take>(node: &Node) -> T {
        let mut mistakes = Vec::new();
        T::take(node, &mut mistakes).unwrap_or_else(|| panic!("{mistakes:?}"))
    }

    #[test]
    fn a_bare_number_is_no_length_of_time_and_the_hint_gives_its_unit() {
        let mistakes = refused::<Duration>(&node(Value::Integer(30)));
        let hint = "write \"30s\" if seconds are meant";
        assert_eq!(mistakes, [("a length of time without its unit".to_owned(), Some(hint.to_owned()))]);
        assert_eq!(taken::<Duration>(&text("1h 30m")), Duration::from_secs(5400));
    }

    #[test]
    fn call_on_takes_the_words_and_runbooks_true_and_false() {
        assert_eq!(taken::<CallOn>(&text("passing")), CallOn::Passing);
        assert_eq!(taken::<CallOn>(&node(Value::Boolean(false))), CallOn::Failing);
        let mistakes = refused::<CallOn>(&text("failng"));
        assert_eq!(mistakes, [("unknown word \"failng\"".to_owned(), Some("did you mean \"failing\"?".to_owned()))]);
    }

    #[test]
    fn a_number_out_of_bounds_is_refused_and_the_bounds_are_taken() {
        assert_eq!(taken::<Quantity>(&node(Value::Integer(10_000))).get(), Quantity::MAX);
        for number in [-1, 10_001, i64::MAX, i64::MIN] {
            assert_eq!(refused::<Quantity>(&node(Value::Integer(number)))[0].0, format!("{number} is out of bounds"));
        }
        assert_eq!(refused::<ReleaseVersion>(&text("v120"))[0].1.as_deref(), Some("write the number alone: 120"));
        assert_eq!(refused::<ReleaseVersion>(&text("vue"))[0].1, None);
    }

    #[test]
    fn a_secret_is_named_by_its_variable() {
        assert_eq!(taken::<Variable>(&env("env", "TOKEN_2")), Variable("TOKEN_2".to_owned()));
        assert_eq!(taken::<EnvValue>(&env("env", "TOKEN_2")), EnvValue::Variable("TOKEN_2".to_owned()));
        assert_eq!(taken::<EnvValue>(&text("plain")), EnvValue::Plain("plain".to_owned()));
        assert_eq!(refused::<Variable>(&text("geheim"))[0].0, "found text", "and never the text itself");
        for bad in ["", "2TOKEN", "A-B", &"X".repeat(129)] {
            assert_eq!(refused::<Variable>(&env("env", bad)).len(), 1, "{bad}");
        }
        assert_eq!(refused::<EnvValue>(&env("var", "TOKEN")).len(), 1);
    }

    #[test]
    fn every_wrong_member_of_a_list_is_a_mistake_of_its_own() {
        let list = node(Value::List(vec![text("shop"), text("NO"), node(Value::Date), text("also-no-")]));
        assert_eq!(refused::<Vec<AppName>>(&list).len(), 3);
    }

    #[test]
    fn a_long_or_hostile_text_is_shown_short_and_clean() {
        let mistakes = refused::<AppName>(&text(&format!("\u{1b}[31m{}", "x".repeat(500))));
        assert!(mistakes[0].0.chars().count() < 70 && !mistakes[0].0.contains('\u{1b}'), "{mistakes:?}");
    }
}

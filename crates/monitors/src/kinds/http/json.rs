//! The JSON of a page: what stands at one place of it, and whether that is what is wanted.
//!
//! The page is walked, and only what stands at the place is kept: a value for all of it would take many times the page's own
//! memory. What is read is what `serde_json` reads, nested no deeper than its limit.

use crate::values::{Figure, Pointer, Scalar};
use flyball_settings::{Fields, Mistake, Node, Settings, Shape, Take, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::fmt;

/// What there was of JSON in a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// The page was not read as JSON.
    Unread,
    /// It is no JSON: why.
    Not(String),
    /// Nothing stands at the place.
    Nothing,
    /// This stands there.
    Value(JsonValue),
}

/// What stands at a place of a JSON page.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonValue {
    /// A text, a number, or true or false. A long text is cut, behind what any wanted one has.
    Scalar(Scalar),
    /// `null`.
    Null,
    /// A list.
    List,
    /// An object.
    Object,
}

/// What a JSON page should say.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonWanted {
    /// Where.
    pub at: Pointer,
    /// What should stand there.
    pub test: JsonTest,
}

/// What should stand at a place.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonTest {
    /// This.
    Is(Scalar),
    /// Anything but this.
    IsNot(Scalar),
    /// A number between the two, as far as they are said.
    Within {
        /// It is larger than this.
        above: Option<Figure>,
        /// It is smaller than this.
        below: Option<Figure>,
    },
}

impl JsonWanted {
    /// Whether what there was is what is wanted.
    ///
    /// # Errors
    ///
    /// With the words for a failing reading, when it is not.
    pub fn judge(&self, json: &Json) -> Result<(), String> {
        let told = self.in_words(json);
        let Json::Value(value) = json else { return Err(told) };
        let number = match value {
            JsonValue::Scalar(Scalar::Number(number)) => Some(*number),
            _ => None,
        };
        let is = |wanted: &Scalar| matches!(value, JsonValue::Scalar(found) if found == wanted);
        match (&self.test, number) {
            (JsonTest::Is(wanted), _) if !is(wanted) => Err(format!("{told}, wanted {wanted}")),
            (JsonTest::IsNot(unwanted), _) if is(unwanted) => Err(told),
            (JsonTest::Is(_) | JsonTest::IsNot(_), _) => Ok(()),
            (JsonTest::Within { .. }, None) => Err(format!("{told}, which is no number")),
            (JsonTest::Within { above, below }, Some(number)) => match (above, below) {
                (Some(bound), _) if number < *bound => Err(format!("{told}, below {bound}")),
                (Some(bound), _) if number == *bound => Err(format!("{told}, not above {bound}")),
                (_, Some(bound)) if number > *bound => Err(format!("{told}, above {bound}")),
                (_, Some(bound)) if number == *bound => Err(format!("{told}, not below {bound}")),
                _ => Ok(()),
            },
        }
    }

    /// What there was, for a sentence: `/queue/size is 143`.
    #[must_use]
    pub fn in_words(&self, json: &Json) -> String {
        json.in_words(&self.at)
    }
}

impl Json {
    /// What there was at this place, for a sentence: `/queue/size is 143`.
    pub(in crate::kinds) fn in_words(&self, at: &Pointer) -> String {
        match self {
            Self::Unread => "the page was not read as JSON".to_owned(),
            Self::Not(why) => format!("the page is no JSON that is read: {why}"),
            Self::Nothing => format!("nothing stands at {at} of the page"),
            Self::Value(JsonValue::Scalar(scalar)) => format!("{at} is {scalar}"),
            Self::Value(JsonValue::Null) => format!("{at} is null"),
            Self::Value(JsonValue::List) => format!("{at} is a list"),
            Self::Value(JsonValue::Object) => format!("{at} is an object"),
        }
    }
}

impl Serialize for JsonWanted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("at", &self.at)?;
        match &self.test {
            JsonTest::Is(wanted) => map.serialize_entry("is", wanted)?,
            JsonTest::IsNot(unwanted) => map.serialize_entry("is_not", unwanted)?,
            JsonTest::Within { above, below } => {
                for (key, bound) in [("above", above), ("below", below)] {
                    if let Some(bound) = bound {
                        map.serialize_entry(key, bound)?;
                    }
                }
            }
        }
        map.end()
    }
}

impl Settings for JsonWanted {
    const KIND: &str = "json";
    const SUMMARY: &str = "compares what stands at one place of a JSON page";
    const EXAMPLE: &str = r#"{ at = "/queue/size", below = 100 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let at = fields.required("at", "where in the page it stands");
        let above = fields.optional("above", "the number there is larger than this");
        let below = fields.optional("below", "the number there is smaller than this");
        let is = fields.optional("is", "this stands there");
        let is_not = fields.optional("is_not", "something stands there, and it is not this");
        let said: Vec<&str> = ["above", "below", "is", "is_not"].into_iter().filter(|test| fields.has(test)).collect();
        match said.as_slice() {
            [] => {
                let label = "expected `below`, `above`, `is` or `is_not` beside `at`";
                let hint = Some(format!("for example: {}", Self::EXAMPLE));
                fields.wrong("", "nothing is asked of what stands there", label, hint);
            }
            [_] | ["above", "below"] => {}
            [one, .., other] => {
                let hint = Some("`above` and `below` go together; for all else make two monitors".to_owned());
                fields.wrong(other, format!("both `{one}` and `{other}`"), "one of them is enough", hint);
            }
        }
        if let (Some(Some(above)), Some(Some(below))) = (above, below)
            && above >= below
        {
            let label = format!("expected less than `below`, which is {below}");
            fields.wrong("above", "no number is above the one and below the other", label, None);
        }
        let test = match (is?, is_not?) {
            (Some(wanted), _) => JsonTest::Is(wanted),
            (None, Some(unwanted)) => JsonTest::IsNot(unwanted),
            (None, None) => JsonTest::Within { above: above?, below: below? },
        };
        Some(Self { at: at?, test })
    }
}

impl Take for JsonWanted {
    fn expected() -> String {
        "a table such as { at = \"/queue/size\", below = 100 }: `at`, a JSON pointer (RFC 6901), and `below`, `above` or both, \
         with numbers, or `is` or `is_not`, with text, a number, or true or false"
            .to_owned()
    }

    fn shape() -> Shape {
        Shape::Table(Box::new(Shape::Scalar))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Table(table) => Self::from_table(table, node.span.clone(), mistakes),
            other => {
                let label = format!("expected a table such as {}", Self::EXAMPLE);
                mistakes.push(Mistake::new(node.span.clone(), format!("found {}", other.kind()), label));
                None
            }
        }
    }
}

/// What stands at a place of a page, in UTF-8.
pub(in crate::kinds) fn read_at(page: &[u8], at: &Pointer) -> Json {
    if page.trim_ascii().is_empty() {
        return Json::Not("it is empty".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_slice(page);
    let found = Walk::Towards(at.steps()).deserialize(&mut reader);
    match found.and_then(|found| reader.end().map(|()| found)) {
        Err(error) => Json::Not(error.to_string()),
        Ok(None) => Json::Nothing,
        Ok(Some(value)) => Json::Value(value),
    }
}

/// Where the walk through a page is.
#[derive(Clone, Copy)]
enum Walk<'p> {
    /// So many steps before the place, or at it.
    Towards(&'p [Box<str>]),
    /// Beside the way: what stands here is read, and forgotten.
    Aside,
}

impl<'p> Walk<'p> {
    /// What stands here, if this is the place.
    fn here(self, value: impl FnOnce() -> JsonValue) -> Option<JsonValue> {
        match self {
            Self::Towards([]) => Some(value()),
            Self::Towards(_) | Self::Aside => None,
        }
    }

    fn scalar<E>(self, scalar: impl FnOnce() -> Scalar) -> Result<Option<JsonValue>, E> {
        Ok(self.here(|| JsonValue::Scalar(scalar())))
    }

    /// The next step, and the walk behind it.
    fn step(self) -> Option<(&'p str, Self)> {
        match self {
            Self::Towards([step, rest @ ..]) => Some((step, Self::Towards(rest))),
            Self::Towards([]) | Self::Aside => None,
        }
    }
}

/// RFC 6901, section 4: a place in a list has no leading zero.
fn place(step: &str) -> Option<usize> {
    let is_plain = step.bytes().all(|byte| byte.is_ascii_digit()) && (step == "0" || !step.starts_with('0'));
    step.parse().ok().filter(|_| is_plain)
}

/// A text that is longer than any that is wanted is cut behind that.
fn cut(text: &str) -> Scalar {
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at > Scalar::BYTES_MAX);
    Scalar::Text(text[..end.unwrap_or(text.len())].into())
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Option<JsonValue>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Option<JsonValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(self.here(|| JsonValue::Null))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
        self.scalar(|| Scalar::Truth(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.scalar(|| Scalar::Number(Figure::Whole(number.into())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.scalar(|| Scalar::Number(Figure::Whole(number.into())))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        match Figure::of(number) {
            Some(number) => self.scalar(|| Scalar::Number(number)),
            None => Err(E::custom("number out of range")),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.scalar(|| cut(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let next = self.step().and_then(|(step, rest)| Some((place(step)?, rest)));
        let mut found = self.here(|| JsonValue::List);
        for nth in 0.. {
            let (is_next, walk) = match next {
                Some((wanted, rest)) if wanted == nth => (true, rest),
                _ => (false, Walk::Aside),
            };
            match list.next_element_seed(walk)? {
                None => break,
                Some(value) if is_next => found = value,
                Some(_) => {}
            }
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let next = self.step();
        let mut found = self.here(|| JsonValue::Object);
        while let Some(is_next) = object.next_key_seed(KeyIs(next.map(|(step, _)| step)))? {
            match next.filter(|_| is_next) {
                // Of a key that stands there twice the last one counts, as everywhere.
                Some((_, rest)) => found = object.next_value_seed(rest)?,
                None => drop(object.next_value_seed(Walk::Aside)?),
            }
        }
        Ok(found)
    }
}

/// Whether a key is this one.
#[derive(Clone, Copy)]
struct KeyIs<'p>(Option<&'p str>);

impl<'de> DeserializeSeed<'de> for KeyIs<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyIs<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(self.0 == Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Pointer {
        Pointer::parse(text).unwrap()
    }

    /// The same by a value of the whole page.
    fn by_value(page: &[u8], at: &Pointer) -> Option<Option<JsonValue>> {
        let page: serde_json::Value = serde_json::from_slice(page).ok()?;
        Some(page.pointer(at.as_str()).map(|value| match value {
            serde_json::Value::Null => JsonValue::Null,
            serde_json::Value::Bool(truth) => JsonValue::Scalar(Scalar::Truth(*truth)),
            serde_json::Value::Number(number) => {
                JsonValue::Scalar(Scalar::Number(match (number.as_i64(), number.as_u64()) {
                    (Some(number), _) => Figure::Whole(number.into()),
                    (None, Some(number)) => Figure::Whole(number.into()),
                    (None, None) => Figure::of(number.as_f64().unwrap()).unwrap(),
                }))
            }
            serde_json::Value::String(text) => JsonValue::Scalar(cut(text)),
            serde_json::Value::Array(_) => JsonValue::List,
            serde_json::Value::Object(_) => JsonValue::Object,
        }))
    }

    fn judge(page: &[u8], at: &Pointer) {
        let read = match read_at(page, at) {
            Json::Not(_) | Json::Unread => None,
            Json::Nothing => Some(None),
            Json::Value(value) => Some(Some(value)),
        };
        assert_eq!(read, by_value(page, at), "{} of {}", at.as_str(), String::from_utf8_lossy(page));
    }

    fn any_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|truth| truth.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<u64>().prop_map(|number| number.to_string()),
            (-1e9..1e9).prop_map(|number: f64| format!("{number:?}")),
            "[a-z~/é\"\\\\]{0,4}".prop_map(|text| serde_json::Value::from(text).to_string()),
        ];
        leaf.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(", "))),
                prop::collection::vec(("[ab01/~]{0,2}", inner), 0..4).prop_map(|members| {
                    let member = |(key, value): (String, String)| format!("{}: {value}", serde_json::Value::from(key));
                    format!("{{{}}}", members.into_iter().map(member).collect::<Vec<_>>().join(","))
                }),
            ]
        })
    }

    fn any_pointer() -> impl Strategy<Value = Pointer> {
        let step = prop_oneof!["[ab01]{0,2}", Just("~0".to_owned()), Just("~1".to_owned()), Just("+1".to_owned())];
        prop::collection::vec(step, 0..4)
            .prop_map(|steps| at(&steps.iter().map(|step| format!("/{step}")).collect::<String>()))
    }

    proptest! {
        #[test]
        fn what_stands_at_a_place_is_what_a_value_of_the_page_has_there(page in any_json(), at in any_pointer()) {
            judge(page.as_bytes(), &at);
        }

        #[test]
        fn no_page_is_too_odd(page in prop::collection::vec(any::<u8>(), 0..200), at in any_pointer()) {
            judge(&page, &at);
        }

        #[test]
        fn no_page_that_is_nearly_json_is_too_odd(page in any_json(), cut in any::<prop::sample::Index>(), at in any_pointer()) {
            judge(&page.as_bytes()[..cut.index(page.len())], &at);
            judge(page.replacen([':', ','], "", 1).as_bytes(), &at);
        }
    }

    #[test]
    fn a_page_is_nested_no_deeper_than_is_read_whether_on_the_way_or_beside_it() {
        for depth in [100, 127, 128, 129, 100_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                let on_the_way = at(&if open == "[" { "/0" } else { "/a" }.repeat(depth.min(400)));
                judge(nested.as_bytes(), &on_the_way);
                judge(format!("{{\"b\": {nested}, \"c\": 2}}").as_bytes(), &at("/c"));
                let endless = open.repeat(depth);
                assert!(matches!(read_at(endless.as_bytes(), &at("")), Json::Not(_)));
            }
        }
        let Json::Not(why) = read_at("[".repeat(1000).as_bytes(), &at("")) else { panic!("it is no JSON") };
        assert!(why.contains("recursion limit"), "{why}");
    }

    #[test]
    fn a_long_text_is_cut_and_is_still_another_than_any_that_is_wanted() {
        for length in [Scalar::BYTES_MAX - 1, Scalar::BYTES_MAX, Scalar::BYTES_MAX + 1, 100_000] {
            for letter in ["a", "é", "語", "🦀"] {
                let text = letter.repeat(length);
                let Scalar::Text(kept) = cut(&text) else { panic!("it is a text") };
                assert!(kept.len() <= Scalar::BYTES_MAX + 4 && text.starts_with(&*kept));
                assert!(*kept == *text || kept.len() > Scalar::BYTES_MAX);
            }
        }
    }
}

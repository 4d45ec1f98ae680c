//! One monitor or reaction as typed fields, and as the TOML that says the same: what forms are made of.
//!
//! What is typed is written as it is, also where it is wrong: the one reading of the text tells every mistake, and with which key.

use crate::monitor::MonitorFields;
use crate::reaction::ReactionFields;
use flyball_model::Family;
use flyball_settings::{FieldDescription, KindDescription, Shape, describe};
use std::fmt::Write as _;
use toml::{Table, Value};

/// The fields of a family: those that each of it has, and those of each kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What each has.
    pub common: Vec<FieldDescription>,
    /// The kinds, of which each has one.
    pub kinds: Vec<KindDescription>,
}

impl Form {
    /// The form of a family.
    #[must_use]
    pub fn of(family: Family) -> Self {
        match family {
            Family::Monitor => {
                Self { common: describe::<MonitorFields>(), kinds: flyball_monitors::Kind::descriptions() }
            }
            Family::Reaction => {
                Self { common: describe::<ReactionFields>(), kinds: flyball_reactions::Kind::descriptions() }
            }
        }
    }

    fn kind(&self, word: &str) -> Option<&KindDescription> {
        self.kinds.iter().find(|kind| kind.word == word)
    }
}

/// A monitor or reaction as somebody types it: keys, each with what stands in its field. Of an empty field nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// What it is.
    pub family: Family,
    /// What each of the family has.
    pub common: Vec<(String, String)>,
    /// The word of its kind.
    pub kind: String,
    /// What its kind has.
    pub of_kind: Vec<(String, String)>,
}

impl Typed {
    /// As TOML.
    #[must_use]
    pub fn document(&self) -> String {
        let Self { family, common, kind, of_kind } = self;
        let form = Form::of(*family);
        let fields = form.kind(kind).map(|kind| kind.fields.as_slice()).unwrap_or_default();
        let mut text = format!("[[{family}]]\n");
        lines(&mut text, &form.common, common);
        writeln!(text, "\n[{family}.{}]", key(kind)).expect("a String takes every text");
        lines(&mut text, fields, of_kind);
        text
    }

    /// The fields of a text, in the order of the form. `None` of one that forms cannot say: with keys that they do not know, with
    /// remarks, or with a value that cannot be typed.
    #[must_use]
    pub fn of(family: Family, text: &str) -> Option<Self> {
        let root: Table = text.parse().ok()?;
        let form = Form::of(family);
        let (Some(Value::Array(entries)), 1) = (root.get(family.word()), root.len()) else { return None };
        let [Value::Table(entry)] = entries.as_slice() else { return None };
        let is_common = |key: &str| form.common.iter().any(|field| field.name == key);
        let mut kinds = entry.iter().filter(|(key, _)| !is_common(key));
        let (Some((kind, Value::Table(settings))), None) = (kinds.next(), kinds.next()) else { return None };
        let typed = Self {
            family,
            common: fields(&form.common, entry.iter().filter(|(key, _)| is_common(key)))?,
            kind: kind.clone(),
            of_kind: fields(&form.kind(kind)?.fields, settings.iter())?,
        };
        // A remark is lost otherwise.
        let remarks = |text: &str| text.matches('#').count();
        (remarks(&typed.document()) == remarks(text)).then_some(typed)
    }
}

/// What the one monitor or reaction of a text is called; none where that cannot be read.
#[must_use]
pub fn name_of_piece(family: Family, text: &str) -> Option<String> {
    let root: Table = text.parse().ok()?;
    let entry = root.get(family.word())?.as_array()?.first()?;
    Some(entry.get("name")?.as_str()?.to_owned())
}

/// What is typed into a field of this shape, as TOML. What does not have the shape is written as a text.
#[must_use]
pub fn written(shape: &Shape, typed: &str) -> String {
    value(shape, typed).to_string()
}

fn lines(text: &mut String, described: &[FieldDescription], typed: &[(String, String)]) {
    for (name, typed) in typed.iter().filter(|(_, typed)| !typed.trim().is_empty()) {
        let field = described.iter().find(|field| field.name == name);
        let shape = field.map_or(&Shape::Text, |field| &field.shape);
        writeln!(text, "{} = {}", key(name), written(shape, typed)).expect("a String takes every text");
    }
}

/// A key, in quotes where it needs them.
fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let bare = !name.is_empty() && name.bytes().all(is_bare);
    if bare { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}

fn value(shape: &Shape, typed: &str) -> Value {
    let trimmed = typed.trim();
    let text = || Value::String(trimmed.to_owned());
    match shape {
        // Blanks may be what is sought.
        Shape::Text => Value::String(typed.to_owned()),
        Shape::Length | Shape::Word(_) => text(),
        Shape::Number | Shape::NumberOrText => trimmed.parse().map_or_else(|_| text(), Value::Integer),
        Shape::Switch => trimmed.parse().map_or_else(|_| text(), Value::Boolean),
        Shape::Scalar => read(trimmed).filter(is_scalar).unwrap_or_else(text),
        Shape::Variable => variable(trimmed),
        Shape::TextOrVariable => read(trimmed).filter(is_variable).unwrap_or_else(|| Value::String(typed.to_owned())),
        Shape::List(each) => Value::Array(members(trimmed).iter().map(|member| value(each, member)).collect()),
        Shape::OneOrList(each) => match members(trimmed).as_slice() {
            [one] => value(each, one),
            all => Value::Array(all.iter().map(|member| value(each, member)).collect()),
        },
        Shape::Table(each) => {
            let rows = trimmed.lines().filter(|row| !row.trim().is_empty());
            let row = |row: &str| {
                let (name, typed) = row.split_once(SEPARATOR).unwrap_or((row, ""));
                (name.trim().to_owned(), value(each, typed.trim()))
            };
            Value::Table(rows.map(row).collect())
        }
    }
}

/// What stands between a name and its value, one pair in each line.
const SEPARATOR: char = ':';

fn variable(name: &str) -> Value {
    Value::Table([("env".to_owned(), Value::String(name.to_owned()))].into_iter().collect())
}

/// Whether it is a text, a number, or true or false.
fn is_scalar(value: &Value) -> bool {
    value.is_str() || value.is_integer() || value.is_float() || value.is_bool()
}

fn is_variable(value: &Value) -> bool {
    value.as_table().is_some_and(|table| {
        table.len() == 1 && ["env", "sealed", "seal"].iter().any(|key| table.get(*key).is_some_and(Value::is_str))
    })
}

/// A value that is written as TOML.
fn read(text: &str) -> Option<Value> {
    format!("value = {text}").parse::<Table>().ok()?.remove("value")
}

/// What stands between commas. A member with a comma in it is in double quotes.
fn members(typed: &str) -> Vec<String> {
    let mut in_quotes = false;
    let between = typed.split(|c| {
        in_quotes ^= c == '"';
        c == ',' && !in_quotes
    });
    let member = |member: &str| match read(member.trim()) {
        Some(Value::String(text)) => text,
        _ => member.trim().to_owned(),
    };
    between.map(member).filter(|member| !member.is_empty()).collect()
}

/// The fields that have a value, in the order of the form; `None` where one of them cannot be typed.
fn fields<'v>(
    described: &[FieldDescription],
    values: impl Iterator<Item = (&'v String, &'v Value)>,
) -> Option<Vec<(String, String)>> {
    let place = |name: &str| described.iter().position(|field| field.name == name);
    let mut typed = values
        .map(|(name, value)| {
            let place = place(name)?;
            Some((place, (name.clone(), typed_of(&described[place].shape, value)?)))
        })
        .collect::<Option<Vec<_>>>()?;
    typed.sort_by_key(|(place, _)| *place);
    Some(typed.into_iter().map(|(_, field)| field).collect())
}

/// What is typed for a value; `None` where nothing that can be typed is written like it.
fn typed_of(shape: &Shape, wanted: &Value) -> Option<String> {
    let typed = match (shape, wanted) {
        (Shape::Variable, Value::Table(table)) => table.get("env")?.as_str()?.to_owned(),
        (Shape::List(each) | Shape::OneOrList(each), Value::Array(list)) => {
            let members = list.iter().map(|value| Some(quoted(typed_of(each, value)?)));
            members.collect::<Option<Vec<_>>>()?.join(", ")
        }
        (Shape::List(each) | Shape::OneOrList(each), one) => quoted(typed_of(each, one)?),
        (Shape::Table(each), Value::Table(table)) => {
            let rows = table.iter().map(|(name, value)| Some(format!("{name}{SEPARATOR} {}", typed_of(each, value)?)));
            rows.collect::<Option<Vec<_>>>()?.join("\n")
        }
        // A text that would be taken for something else keeps its quotes.
        (Shape::Scalar, Value::String(text)) if value(shape, text) != *wanted => wanted.to_string(),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    };
    let again = value(shape, &typed);
    let is_same = again == *wanted || matches!(wanted, Value::Array(list) if *list == [again]);
    (is_same && !typed.trim().is_empty()).then_some(typed)
}

/// A member of a list as it is typed.
fn quoted(member: String) -> String {
    if member.contains([',', '"']) { serde_json::Value::from(member).to_string() } else { member }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_written_in_its_shape_and_comes_back() {
        let (list, texts) = (Shape::List(Box::new(Shape::Text)), Shape::Table(Box::new(Shape::TextOrVariable)));
        let statuses = Shape::OneOrList(Box::new(Shape::NumberOrText));
        for (shape, typed, expected) in [
            (&Shape::Text, "shop answers", r#""shop answers""#),
            (&Shape::Text, r"a\b", r"'a\b'"),
            (&Shape::Length, "30s", r#""30s""#),
            (&Shape::Number, "5", "5"),
            (&Shape::Number, "five", r#""five""#),
            (&Shape::Switch, "true", "true"),
            (&Shape::Switch, "yes", r#""yes""#),
            (&Shape::Word(vec!["act"]), "act", r#""act""#),
            (&Shape::NumberOrText, "1MiB", r#""1MiB""#),
            (&Shape::NumberOrText, "65536", "65536"),
            (&Shape::Scalar, "ok", r#""ok""#),
            (&Shape::Scalar, r#""100""#, r#""100""#),
            (&Shape::Scalar, "0.5", "0.5"),
            (&Shape::Scalar, "true", "true"),
            (&list, "more web, roll back", r#"["more web", "roll back"]"#),
            (&list, r#""a, b", c"#, r#"["a, b", "c"]"#),
            (&statuses, "200", "200"),
            (&statuses, "200, 3xx", r#"[200, "3xx"]"#),
            (&Shape::Variable, "TOKEN", r#"{ env = "TOKEN" }"#),
            (&Shape::TextOrVariable, "plain", r#""plain""#),
            (&Shape::TextOrVariable, r#"{ env = "TOKEN" }"#, r#"{ env = "TOKEN" }"#),
            (&Shape::TextOrVariable, r#"{ sealed = "v1.a.b.c" }"#, r#"{ sealed = "v1.a.b.c" }"#),
            (&texts, "accept: text/html\nx-a: { env = \"A\" }", r#"{ accept = "text/html", x-a = { env = "A" } }"#),
        ] {
            assert_eq!(written(shape, typed), expected, "{typed}");
            assert_eq!(typed_of(shape, &value(shape, typed)).as_deref(), Some(typed), "{expected}");
        }
    }

    #[test]
    fn a_text_is_typed_fields_where_forms_can_say_it() {
        let text = "[[monitor]]\nname = \"page\"\nevery = \"30s\"\nreactions = [\"r\"]\n\n[monitor.http]\nurl = \"https://a.example/\"\n";
        let typed = Typed::of(Family::Monitor, text).expect("forms can say it");
        assert_eq!(typed.document(), text);
        assert_eq!(typed.common[0], ("name".to_owned(), "page".to_owned()));
        assert_eq!(typed.kind, "http");
        for (case, text) in [
            ("a key that is not known", text.replace("every", "evry")),
            ("a remark", format!("# ours\n{text}")),
            ("two", text.repeat(2)),
            ("more than one monitor", format!("mode = \"act\"\n{text}")),
            ("a value that cannot be typed", text.replace("\"30s\"", "2026-01-02")),
            ("no kind", "[[monitor]]\nname = \"page\"\n".to_owned()),
            ("no TOML", "[[monitor".to_owned()),
        ] {
            assert_eq!(Typed::of(Family::Monitor, &text), None, "{case}");
        }
    }

    #[test]
    fn the_example_of_each_kind_can_be_typed() {
        for family in [Family::Monitor, Family::Reaction] {
            for kind in Form::of(family).kinds {
                let text = format!("[[{family}]]\nname = \"one\"\n{} = {}\n", kind.word, kind.example);
                let typed = Typed::of(family, &text).unwrap_or_else(|| panic!("{text}"));
                let again: Table = typed.document().parse().expect("it is TOML");
                assert_eq!(again, text.parse::<Table>().expect("it is TOML"), "{text}");
                assert_eq!(crate::piece(family, "one", &typed.document()), Ok(()), "{text}");
            }
        }
    }
}

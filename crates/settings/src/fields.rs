//! The fields of a settings struct, read and described by the same lines.

use crate::{Bounds, Mistake, Node, Shape, Span, Table, Take, did_you_mean};

/// A settings struct: one kind of monitor, one kind of reaction, one section of the file.
pub trait Settings: Sized {
    /// The word for it in the file.
    const KIND: &str;
    /// What it is for, as a fragment: "restarts every dyno of the app".
    const SUMMARY: &str;
    /// A valid table of it, as it would be written in the file.
    const EXAMPLE: &str;

    /// Reads every field, then makes the value. When something was wrong, `None`, and the mistakes are noted.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;

    /// Reads itself from a written table; keys that it does not know are mistakes too.
    fn from_table(table: &Table, span: Span, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let before = mistakes.len();
        let mut fields = Fields { source: Some((table, span)), described: Vec::new(), mistakes, before };
        let value = Self::read(&mut fields);
        fields.refuse_unknown_keys();
        if mistakes.len() == before { value } else { None }
    }
}

/// Whether a field must be there, and what its default is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// It must be there.
    Required,
    /// It may be left out, and is then not there.
    Optional,
    /// It may be left out, and then has this default, in words.
    Default(String),
}

/// What the reference says of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDescription {
    /// Its key.
    pub name: &'static str,
    /// What it takes.
    pub takes: String,
    /// How it is written.
    pub shape: Shape,
    /// Whether it must be there.
    pub need: Need,
    /// What it is for.
    pub doc: &'static str,
}

/// The fields of a settings struct. `S::read` asks it for each; it reads them from a table, or only notes what they are.
pub struct Fields<'a> {
    source: Option<(&'a Table, Span)>,
    described: Vec<FieldDescription>,
    mistakes: &'a mut Vec<Mistake>,
    /// How many mistakes there were when the reading began: those of others.
    before: usize,
}

/// Forgets that a field is missing which was only misspelt: that is one mistake, and not two.
fn forget_missing(mistakes: &mut Vec<Mistake>, before: usize, table: &Span, field: &str) {
    let quoted = format!("`{field}`");
    let own = mistakes.split_off(before);
    let is_missing = |mistake: &Mistake| {
        mistake.span == *table && (mistake.message.contains(&quoted) || mistake.label.contains(&quoted))
    };
    mistakes.extend(own.into_iter().filter(|mistake| !is_missing(mistake)));
}

/// What the reference and the forms say of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindDescription {
    /// Its word in the file.
    pub word: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// A valid table of it.
    pub example: &'static str,
    /// Its fields.
    pub fields: Vec<FieldDescription>,
}

impl KindDescription {
    /// The description of the kind that these settings are of.
    #[must_use]
    pub fn of<S: Settings>() -> Self {
        Self { word: S::KIND, summary: S::SUMMARY, example: S::EXAMPLE, fields: describe::<S>() }
    }
}

/// The fields of a settings struct, in their order.
#[must_use]
pub fn describe<S: Settings>() -> Vec<FieldDescription> {
    let mut mistakes = Vec::new();
    let mut fields = Fields { source: None, described: Vec::new(), mistakes: &mut mistakes, before: 0 };
    let _ = S::read(&mut fields);
    fields.described
}

impl Fields<'_> {
    /// A field that must be there.
    pub fn required<T: Take>(&mut self, name: &'static str, doc: &'static str) -> Option<T> {
        self.note::<T>(name, Need::Required, doc);
        let (table, span) = self.source.clone()?;
        match table.get(name) {
            Some((_, node)) => self.take(name, node),
            None => {
                self.mistakes.push(
                    Mistake::new(span, format!("`{name}` is missing"), format!("`{name}` belongs here"))
                        .hint(format!("`{name}` is {doc}: {}", T::expected())),
                );
                None
            }
        }
    }

    /// A field that may be left out. The outer `None` is a mistake, the inner one a field that is not there.
    pub fn optional<T: Take>(&mut self, name: &'static str, doc: &'static str) -> Option<Option<T>> {
        self.note::<T>(name, Need::Optional, doc);
        self.present(name)
    }

    /// A field with a default; `in_words` is the default as it would be written.
    pub fn or<T: Take>(&mut self, name: &'static str, default: T, in_words: &str, doc: &'static str) -> Option<T> {
        self.note::<T>(name, Need::Default(in_words.to_owned()), doc);
        self.present(name).map(|value| value.unwrap_or(default))
    }

    /// The same, for a value that must be within bounds.
    pub fn within<T: Take + PartialOrd>(
        &mut self,
        name: &'static str,
        default: T,
        in_words: &str,
        bounds: &Bounds<T>,
        doc: &'static str,
    ) -> Option<T> {
        let value = self.or(name, default, in_words, doc);
        self.describe_bounds(bounds);
        value.filter(|value| self.is_within(name, value, bounds))
    }

    /// The same, for a field that may be left out. The outer `None` is a mistake, the inner one a field that is not there.
    pub fn within_if_any<T: Take + PartialOrd>(
        &mut self,
        name: &'static str,
        bounds: &Bounds<T>,
        doc: &'static str,
    ) -> Option<Option<T>> {
        let value = self.optional(name, doc);
        self.describe_bounds(bounds);
        value.filter(|value| value.as_ref().is_none_or(|value| self.is_within(name, value, bounds)))
    }

    fn describe_bounds<T>(&mut self, bounds: &Bounds<T>) {
        if let Some(field) = self.described.last_mut() {
            field.takes = format!("{}: {}", field.takes, bounds.words);
        }
    }

    fn is_within<T: PartialOrd>(&mut self, name: &'static str, value: &T, bounds: &Bounds<T>) -> bool {
        let is_within = *value >= bounds.least && *value <= bounds.most;
        if !is_within {
            self.wrong(name, format!("`{name}`: out of bounds"), format!("expected {}", bounds.words), None);
        }
        is_within
    }

    /// Whether the field was written.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.source.as_ref().is_some_and(|(table, _)| table.get(name).is_some())
    }

    /// Notes a mistake at the value of a field, or at the table when the field is not there.
    pub fn wrong(&mut self, name: &str, message: impl Into<String>, label: impl Into<String>, hint: Option<String>) {
        let Some((table, span)) = &self.source else { return };
        let span = table.get(name).map_or_else(|| span.clone(), |(_, node)| node.span.clone());
        self.mistakes.push(Mistake { span, message: message.into(), label: label.into(), hint });
    }

    fn present<T: Take>(&mut self, name: &str) -> Option<Option<T>> {
        let table: Option<&Table> = self.source.as_ref().map(|(table, _)| *table);
        match table.and_then(|table| table.get(name)) {
            Some((_, node)) => self.take(name, node).map(Some),
            None => Some(None),
        }
    }

    /// Takes the value of a field; each mistake in it says in which field it is.
    fn take<T: Take>(&mut self, name: &str, node: &Node) -> Option<T> {
        let before = self.mistakes.len();
        let value = T::take(node, self.mistakes);
        for mistake in &mut self.mistakes[before..] {
            mistake.message.insert_str(0, &format!("`{name}`: "));
        }
        value
    }

    fn note<T: Take>(&mut self, name: &'static str, need: Need, doc: &'static str) {
        self.described.push(FieldDescription { name, takes: T::expected(), shape: T::shape(), need, doc });
    }

    fn refuse_unknown_keys(&mut self) {
        let Some((table, span)) = &self.source else { return };
        let known: Vec<&str> = self.described.iter().map(|field| field.name).collect();
        for (key, _) in &table.entries {
            if known.contains(&key.name.as_str()) {
                continue;
            }
            let mistake = Mistake::new(key.span.clone(), format!("unknown key `{}`", key.name), "not known here");
            let hint = match did_you_mean(&key.name, known.iter().copied()) {
                Some(meant) => {
                    if table.get(meant).is_none() {
                        forget_missing(self.mistakes, self.before, span, meant);
                    }
                    format!("did you mean `{meant}`?")
                }
                None => format!("known here: {}", known.join(", ")),
            };
            self.mistakes.push(mistake.hint(hint));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Value};
    use std::time::Duration;

    #[derive(Debug, PartialEq)]
    struct Look {
        url: String,
        timeout: Duration,
        times: Option<u32>,
    }

    impl Settings for Look {
        const KIND: &str = "look";
        const SUMMARY: &str = "looks";
        const EXAMPLE: &str = r#"{ url = "x" }"#;

        fn read(fields: &mut Fields<'_>) -> Option<Self> {
            let url = fields.required("url", "what is looked at");
            let bounds =
                Bounds { least: Duration::from_secs(1), most: Duration::from_secs(60), words: "\"1s\" to \"1m\"" };
            let timeout = fields.within("timeout", Duration::from_secs(10), "10s", &bounds, "how long it may take");
            let times = fields.optional("times", "how often");
            Some(Self { url: url?, timeout: timeout?, times: times? })
        }
    }

    /// A table of one line, each entry ten bytes after the one before.
    fn table(entries: Vec<(&str, Value)>) -> Table {
        let place = |index: usize, (name, value): (&str, Value)| {
            let at = 10 * index;
            let key = Key { name: name.to_owned(), span: at..at + 4 };
            (key, Node { value, span: at + 6..at + 9 })
        };
        let entries = entries.into_iter().enumerate().map(|(index, entry)| place(index, entry)).collect();
        Table { entries, span: 0..100 }
    }

    fn read(entries: Vec<(&str, Value)>) -> Result<Look, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        Look::from_table(&table(entries), 0..100, &mut mistakes).ok_or(mistakes)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn what_is_not_written_is_what_the_field_says() {
        let look = read(vec![("url", text("here"))]).unwrap();
        assert_eq!(look, Look { url: "here".into(), timeout: Duration::from_secs(10), times: None });
    }

    #[test]
    fn every_mistake_is_found_at_once_each_at_its_place() {
        let mistakes = read(vec![("timeout", text("2h")), ("times", text("v7")), ("ulr", text("here"))]).unwrap_err();
        let told: Vec<_> = mistakes.iter().map(|m| (m.span.start, m.message.as_str(), m.hint.as_deref())).collect();
        assert_eq!(
            told,
            [
                (6, "`timeout`: out of bounds", None),
                (16, "`times`: found text", Some("write the number alone: 7")),
                (20, "unknown key `ulr`", Some("did you mean `url`?")),
            ]
        );
    }

    #[test]
    fn what_is_missing_is_told_at_the_table_and_says_what_it_is_for() {
        let mistakes = read(vec![("times", Value::Integer(2))]).unwrap_err();
        let hint = "`url` is what is looked at: text".to_owned();
        assert_eq!(mistakes, [Mistake::new(0..100, "`url` is missing", "`url` belongs here").hint(hint)]);
    }

    #[test]
    fn describing_reads_nothing_and_names_every_field() {
        let fields = describe::<Look>();
        let told: Vec<_> = fields.iter().map(|field| (field.name, field.need.clone())).collect();
        assert_eq!(
            told,
            [("url", Need::Required), ("timeout", Need::Default("10s".into())), ("times", Need::Optional)]
        );
        let shapes: Vec<_> = fields.into_iter().map(|field| field.shape).collect();
        assert_eq!(shapes, [Shape::Text, Shape::Length, Shape::Number]);
        let fields = describe::<Look>();
        assert!(fields[1].takes.ends_with(": \"1s\" to \"1m\""), "the bounds are told: {}", fields[1].takes);
    }
}

//! A table as it was written, with the place of everything in it. Whatever the language of the file is, it becomes this.

use std::ops::Range;

/// Where something stands: bytes of the text.
pub type Span = Range<usize>;

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
}

/// A value as it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(Table),
    /// A date, a time, or both: nothing here takes one.
    Date,
}

impl Value {
    /// What kind of value it is, as a fragment that reads after "found".
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Date => "a date",
        }
    }
}

/// A key, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// A table as it was written: keys in their order, each once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The entries.
    pub entries: Vec<(Key, Node)>,
    /// Where the table stands: of its header, or from brace to brace.
    pub span: Span,
}

impl Table {
    /// The entry of this key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(&Key, &Node)> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(key, node)| (key, node))
    }
}

//! How a value is written, whatever it means: what a form has to know of a field.

/// How a value is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A length of time in words: `30s`.
    Length,
    /// A whole number.
    Number,
    /// A whole number, or a text: `65536`, `1MiB`.
    NumberOrText,
    /// A text, a number, or true or false: `ok`, `0.5`, `true`.
    Scalar,
    /// True or false.
    Switch,
    /// One of these words.
    Word(Vec<&'static str>),
    /// A list, each of this shape.
    List(Box<Shape>),
    /// One of this shape, or a list of such.
    OneOrList(Box<Shape>),
    /// Names, each with a value of this shape.
    Table(Box<Shape>),
    /// The name of an environment variable, for a secret.
    Variable,
    /// A text, or the name of an environment variable.
    TextOrVariable,
}

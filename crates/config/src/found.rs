//! A mistake of the file as it is found, before its line and column are known.

use flyball_settings::{Mistake, Span};

/// A mistake, and the second place that belongs to it: where the name already stands, which kind came first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) mistake: Mistake,
    pub(crate) also: Option<(Span, String)>,
}

impl Found {
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also = Some((span, label.into()));
        self
    }
}

impl From<Mistake> for Found {
    fn from(mistake: Mistake) -> Self {
        Self { mistake, also: None }
    }
}

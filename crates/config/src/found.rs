//! A mistake of the file as it is found, before its line and column are known.

use flyball_settings::{Mistake, Span};

/// A mistake, and the second place that belongs to it: where the name already stands, which kind came first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) mistake: Mistake,
    pub(crate) also: Option<(Span, String)>,
    /// Which key it is about, where it is in what is made in pages.
    pub(crate) key: Option<String>,
}

/// The same place in a text that has `by` bytes more before it.
pub(crate) const fn moved(span: &Span, by: usize) -> Span {
    span.start + by..span.end + by
}

impl Found {
    /// Moves it, for a text that has `by` bytes more before it.
    pub(crate) fn move_by(&mut self, by: usize) {
        self.mistake.span = moved(&self.mistake.span, by);
        if let Some((span, _)) = &mut self.also {
            *span = moved(span, by);
        }
    }

    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also = Some((span, label.into()));
        self
    }
}

impl From<Mistake> for Found {
    fn from(mistake: Mistake) -> Self {
        Self { mistake, also: None, key: None }
    }
}

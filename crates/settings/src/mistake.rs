//! Mistakes: what is wrong, where, what was expected, and what to do.

use crate::Span;

/// One mistake, at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub span: Span,
    /// What is wrong: a lowercase fragment without a full stop.
    pub message: String,
    /// A word at the place itself: what was expected there.
    pub label: String,
    /// What to do, when there is something to say: "did you mean `every`?".
    pub hint: Option<String>,
}

impl Mistake {
    /// A mistake without a hint.
    pub fn new(span: Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: label.into(), hint: None }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The candidate that was probably meant, if one is near enough.
#[must_use]
pub fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Below this two words are not alike: "evry" and "every" are at 0.95, "app" and "url" at 0.
    const ALIKE: f64 = 0.75;
    // One slip of the finger, "ulr" for "url", which the likeness of short words does not see.
    const ONE_SLIP: f64 = 0.9;
    // No word of the file is this long; what is longer is a text that went astray.
    const BYTES_MAX: usize = 128;
    if written.len() > BYTES_MAX {
        return None;
    }
    let folded = written.to_lowercase();
    let likeness = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let slipped = folded.chars().count() >= 3 && strsim::osa_distance(&folded, &candidate) <= 1;
        strsim::jaro_winkler(&folded, &candidate).max(if slipped { ONE_SLIP } else { 0.0 })
    };
    candidates
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant_or_none() {
        let known = ["every", "name", "enabled", "reactions"];
        assert_eq!(did_you_mean("evry", known), Some("every"));
        assert_eq!(did_you_mean("Reaction", known), Some("reactions"));
        assert_eq!(did_you_mean("naem", known), Some("name"));
        assert_eq!(did_you_mean("url", known), None);
        assert_eq!(did_you_mean("ulr", ["app", "url"]), Some("url"));
        assert_eq!(did_you_mean(&"name".repeat(1000), known), None);
    }
}

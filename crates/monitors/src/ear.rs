//! What a kind makes of what comes in by its monitor's key. Values in, values out: who it comes from was seen to before.

use flyball_model::{Excerpt, SignalKind};

/// What a kind makes of what comes in.
pub trait Ear: Send + Sync {
    /// A longer body is refused.
    fn body_bytes_max(&self) -> usize;

    /// Whether it is enough to ask, without sending anything: what has only a browser can be a sign then.
    fn may_be_asked(&self) -> bool;

    /// What the environment is asked for, to verify with it that a body comes from Heroku, where that is wanted.
    fn signed_with(&self) -> Option<&str>;

    /// What a body says that was sent to the key, or to a step behind it: `fail`. `None` where there is no such step.
    fn heard(&self, step: &str, body: &[u8]) -> Option<(SignalKind, Excerpt)>;
}

/// A body, for a sentence behind other words: nothing where it is empty.
pub(crate) fn quoted(words: &str, body: &[u8]) -> Excerpt {
    // A character takes four bytes at most, and of blanks and of what is not shown eight times as many are looked at as are kept.
    let read = &body[..body.len().min(Excerpt::CHARS_MAX * 8 * 4)];
    let body = Excerpt::of(&String::from_utf8_lossy(read));
    match (words, body.as_str()) {
        (words, "") => Excerpt::of(words),
        ("", _) => body,
        (words, body) => Excerpt::of(&format!("{words}: {body}")),
    }
}

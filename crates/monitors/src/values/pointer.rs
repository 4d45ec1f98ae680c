//! A place in a JSON page.

use super::{Refusal, refused, shown, wrong_kind};
use flyball_settings::{Mistake, Node, Take, Value};
use serde::{Serialize, Serializer};
use std::fmt;

/// A place in a JSON page: a JSON pointer of RFC 6901, such as `/queue/size`. The empty one is the page as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    written: Box<str>,
    /// What stands between the slashes, with `~0` and `~1` undone.
    steps: Box<[Box<str>]>,
}

impl Pointer {
    /// Longer ones lead to nothing that a person looks at.
    const BYTES_MAX: usize = 1000;
    /// In words so much of it is shown.
    const SHOWN_MAX: usize = 50;

    /// The steps from the whole page to the place: keys, or places in a list.
    #[must_use]
    pub const fn steps(&self) -> &[Box<str>] {
        &self.steps
    }

    /// The pointer, as it was written.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.written
    }

    /// Reads a pointer, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::taken(text).ok()
    }

    fn taken(text: &str) -> Result<Self, Refusal> {
        if text.len() > Self::BYTES_MAX {
            return Err(format!("a pointer of more than {} bytes", Self::BYTES_MAX).into());
        }
        if !text.is_empty() && !text.starts_with('/') {
            let message = format!("\"{}\" does not begin with a slash", shown(text));
            return Err(Refusal { message, hint: Some(SLASHES) });
        }
        let is_odd = |after: &str| !after.starts_with(['0', '1']);
        if text.split('~').skip(1).any(is_odd) {
            let message = format!("\"{}\" has a `~` that means nothing", shown(text));
            return Err(Refusal { message, hint: Some("write `~0` for a ~ in a key, and `~1` for a / in it") });
        }
        let steps = text.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~").into()).collect();
        Ok(Self { written: text.into(), steps })
    }
}

/// What to do about a place that is written in another way.
const SLASHES: &str = "keys and places in lists stand behind a slash each, from the whole page on: \"/queue/size\" or \"/servers/0/state\"";

/// As a sentence has it: short enough to leave room for the rest.
impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.written.char_indices().nth(Self::SHOWN_MAX) {
            _ if self.written.is_empty() => f.write_str("the whole page"),
            Some((end, _)) => write!(f, "{}…", &self.written[..end]),
            None => f.write_str(&self.written),
        }
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

impl Take for Pointer {
    fn expected() -> String {
        "a JSON pointer, such as \"/queue/size\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        Self::taken(text).map_or_else(|refusal| refused(node, refusal, mistakes), Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_its_steps() {
        // RFC 6901, section 5.
        for (text, steps) in [
            ("", &[][..]),
            ("/", &[""]),
            ("/foo/0", &["foo", "0"]),
            ("/a~1b", &["a/b"]),
            ("/m~0n", &["m~n"]),
            ("/~01", &["~1"]),
            ("/ ", &[" "]),
        ] {
            let pointer = Pointer::parse(text).unwrap();
            let told: Vec<&str> = pointer.steps().iter().map(|step| &**step).collect();
            assert_eq!((pointer.as_str(), told.as_slice()), (text, steps));
        }
        for text in ["queue.size", "$.queue", "#/queue", "/a~", "/a~2", &"/x".repeat(501)] {
            assert!(Pointer::parse(text).is_none(), "{text}");
        }
    }
}

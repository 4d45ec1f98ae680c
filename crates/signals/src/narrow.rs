//! Which requests of an app are counted.

use crate::{Code, Request};
use std::fmt;

/// Requests whose path begins so, and that ended with one of these codes; all where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Narrow {
    /// What the path begins with.
    pub path: Option<String>,
    /// How they ended.
    pub codes: Vec<Code>,
}

impl Narrow {
    /// Whether this request is one of them.
    #[must_use]
    pub fn has(&self, request: &Request<'_>) -> bool {
        self.path.as_ref().is_none_or(|path| request.path.starts_with(path.as_bytes()))
            && (self.codes.is_empty() || request.code.is_some_and(|code| self.codes.contains(&code)))
    }
}

/// The same for the same requests, and another for others: by it they are stored.
impl fmt::Display for Narrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut codes = self.codes.clone();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            write!(f, "{code} ")?;
        }
        f.write_str(self.path.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_where_it_belongs() {
        let narrow = |path: &str, codes: &[&str]| Narrow {
            path: (!path.is_empty()).then(|| path.to_owned()),
            codes: codes.iter().map(|code| Code::of(code.as_bytes()).unwrap()).collect(),
        };
        let request = |path: &'static str, code: &str| Request {
            path: path.as_bytes(),
            code: Code::of(code.as_bytes()),
            ..Request::default()
        };
        for (narrow, request, is_one) in [
            (narrow("", &[]), request("/", ""), true),
            (narrow("/api/", &[]), request("/api/orders?page=2", ""), true),
            (narrow("/api/", &[]), request("/apish", ""), false),
            (narrow("", &["H12", "H13"]), request("/", "H13"), true),
            (narrow("", &["H12", "H13"]), request("/", "H10"), false),
            (narrow("", &["H12"]), request("/", ""), false),
            (narrow("/api", &["H12"]), request("/", "H12"), false),
        ] {
            assert_eq!(narrow.has(&request), is_one, "{narrow}: {request:?}");
        }
        assert_eq!(narrow("/api", &["H13", "H12", "H13"]).to_string(), "H12 H13 /api");
        assert_eq!(Narrow::default().to_string(), "");
    }
}

//! The headers of a request.

use super::{refused, shown, wrong_kind};
use flyball_model::EnvValue;
use flyball_settings::{Mistake, Node, Shape, Take, Value};
use http::{HeaderName, HeaderValue};
use serde::{Serialize, Serializer};

/// The headers that a check sends besides its own: names in lower case, values written or named variables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeaderList(Vec<(HeaderName, EnvValue)>);

/// Headers that say how a message is carried. They are made from the request, and a second opinion would break it.
const OURS: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl HeaderList {
    /// More than a request of a monitor has need of; servers take about a hundred.
    const HEADERS_MAX: usize = 32;

    /// The headers.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &EnvValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Whether this header is among them.
    #[must_use]
    pub fn has(&self, name: &HeaderName) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

impl Serialize for HeaderList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_str(), value)))
    }
}

impl Take for HeaderList {
    fn expected() -> String {
        format!("a table of at most {} headers, each value {}", Self::HEADERS_MAX, EnvValue::expected())
    }

    fn shape() -> Shape {
        Shape::Table(Box::new(EnvValue::shape()))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Table(table) = &node.value else { return wrong_kind(node, mistakes) };
        if table.entries.len() > Self::HEADERS_MAX {
            return refused(node, format!("more than {} headers", Self::HEADERS_MAX), mistakes);
        }
        let before = mistakes.len();
        let mut headers: Vec<(HeaderName, EnvValue)> = Vec::with_capacity(table.entries.len());
        for (key, node) in &table.entries {
            let name = match name_of(&key.name) {
                Ok(name) if headers.iter().any(|(known, _)| *known == name) => {
                    mistakes.push(Mistake::new(key.span.clone(), format!("header `{name}` twice"), "the second one"));
                    continue;
                }
                Ok(name) => name,
                Err((message, label)) => {
                    mistakes.push(Mistake::new(key.span.clone(), message, label));
                    continue;
                }
            };
            let Some(value) = EnvValue::take(node, mistakes) else { continue };
            if matches!(&value, EnvValue::Plain(text) if HeaderValue::from_str(text).is_err()) {
                mistakes.push(Mistake::new(
                    node.span.clone(),
                    format!("the value of header `{name}` has characters that a header cannot have"),
                    "expected one line of text",
                ));
                continue;
            }
            headers.push((name, value));
        }
        (mistakes.len() == before).then_some(Self(headers))
    }
}

/// The header of this name, or what is wrong with it and what was expected.
fn name_of(written: &str) -> Result<HeaderName, (String, &'static str)> {
    let name = HeaderName::from_bytes(written.as_bytes()).map_err(|_| {
        (format!("\"{}\" is no header's name", shown(written)), "expected a name such as `accept-language`")
    })?;
    match name.as_str() {
        "host" => Err(("the `Host` header has a setting of its own".to_owned(), "use `host` beside `url`")),
        ours if OURS.contains(&ours) => Err((format!("header `{ours}` is made by the check itself"), "leave it out")),
        _ => Ok(name),
    }
}

//! Heroku's codes of failed requests, as a list in the file.

use super::refused;
use flyball_settings::{Mistake, Node, Shape, Take, Value};
use flyball_signals::Code;
use serde::{Serialize, Serializer};

/// `["H12", "H13"]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeList(pub Vec<Code>);

/// Heroku documents some thirty of requests.
const CODES_MAX: usize = 40;

impl CodeList {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for CodeList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

struct OfRequests(Code);

impl Take for OfRequests {
    fn expected() -> String {
        "a code of Heroku's routers such as \"H12\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let text = String::take(node, mistakes)?;
        match Code::of(text.as_bytes()).filter(|_| text.starts_with('H')) {
            Some(code) => Some(Self(code)),
            None => refused(node, "no code of requests", mistakes),
        }
    }
}

impl Take for CodeList {
    fn expected() -> String {
        format!("a list of {}", OfRequests::expected())
    }

    fn shape() -> Shape {
        Shape::List(Box::new(Shape::Text))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        if let Value::List(nodes) = &node.value
            && !(1..=CODES_MAX).contains(&nodes.len())
        {
            return refused(node, format!("{} codes", nodes.len()), mistakes);
        }
        let codes = Vec::<OfRequests>::take(node, mistakes)?;
        Some(Self(codes.into_iter().map(|code| code.0).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_codes_is_read_and_each_wrong_one_told() {
        let list = |texts: &[&str]| {
            Value::List(texts.iter().map(|text| Node { value: Value::Text((*text).to_owned()), span: 0..0 }).collect())
        };
        for (value, expected, wrong) in [
            (list(&["H12"]), Some("H12"), 0),
            (list(&["H12", "H99"]), Some("H12 H99"), 0),
            (list(&["H12", "R14", "h13", "404"]), None, 3),
            (list(&[]), None, 1),
            (list(&["H12"; 41]), None, 1),
            (Value::Text("H12".to_owned()), None, 1),
        ] {
            let mut mistakes = Vec::new();
            let codes = CodeList::take(&Node { value, span: 0..0 }, &mut mistakes);
            let told = codes.map(|codes| codes.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
            assert_eq!((told.as_deref(), mistakes.len()), (expected, wrong), "{mistakes:?}");
        }
    }
}

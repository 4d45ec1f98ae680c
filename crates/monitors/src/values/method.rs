//! The method of a request.

use super::{refused, wrong_kind};
use flyball_settings::{Mistake, Node, Shape, Take, Value};
use serde::Serialize;
use std::fmt;

/// The method of a check's request. Others change what they meet, and have no place in a monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// The page.
    #[default]
    Get,
    /// The page's head alone.
    Head,
    /// For health checks that want a body.
    Post,
}

impl Method {
    /// The word on the wire and in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
        }
    }
}

impl Take for Method {
    fn expected() -> String {
        "\"GET\", \"HEAD\" or \"POST\"".to_owned()
    }

    fn shape() -> Shape {
        Shape::Word(vec!["GET", "HEAD", "POST"])
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        match [Self::Get, Self::Head, Self::Post].into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text))
        {
            Some(method) => Some(method),
            None => refused(node, format!("unknown method \"{}\"", super::shown(text)), mistakes),
        }
    }
}

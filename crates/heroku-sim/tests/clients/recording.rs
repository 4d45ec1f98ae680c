//! A recording: its text, read. `clients/recorder.py` writes it, and says there how it is laid out.

use flyball_heroku_sim::Request;
use serde_json::Value;
use std::collections::BTreeMap;

/// One request of a client and what it was answered. References such as `${id1}` are still in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exchange {
    /// Where it begins, from 1: for messages.
    pub(crate) line: usize,
    pub(crate) step: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) status: u16,
    /// The parts of the answer that are the same each time.
    pub(crate) told: Option<Value>,
    /// Names and JSON pointers: values of the answer that later requests refer to.
    pub(crate) keeps: Vec<(String, String)>,
}

impl Exchange {
    /// The request as it is sent, with what was kept in the place of the references.
    pub(crate) fn request(&self, kept: &BTreeMap<String, String>) -> Request {
        let whole = |text: &str| {
            let filled =
                kept.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value));
            assert!(!filled.contains("${"), "line {}: a reference to nothing in {filled}", self.line);
            filled
        };
        let request = Request::new(&self.method, &whole(&self.path)).body(whole(&self.body));
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The exchanges of a recording, in order.
pub(crate) fn read(text: &str) -> Vec<Exchange> {
    let (mut exchanges, mut step) = (Vec::<Exchange>::new(), String::new());
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.is_empty() && !text.starts_with('#')) {
        let (mark, rest) = text.split_once(' ').unwrap_or((text, ""));
        if mark == "==" {
            rest.clone_into(&mut step);
        } else if mark.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let (method, path, step) = (mark.to_owned(), rest.to_owned(), step.clone());
            exchanges.push(Exchange { line, step, method, path, ..Exchange::default() });
        } else {
            let exchange = exchanges.last_mut().expect("a request stands above its parts");
            match (mark, mark.strip_suffix(':')) {
                (">", _) => rest.clone_into(&mut exchange.body),
                ("<", _) => {
                    let (status, told) = rest.split_once(' ').unwrap_or((rest, ""));
                    exchange.status = status.parse().expect("a status");
                    exchange.told = (!told.is_empty()).then(|| serde_json::from_str(told).expect("an answer in JSON"));
                }
                ("keep", _) => {
                    let (name, pointer) = rest.split_once(" = ").expect("a name and a pointer");
                    exchange.keeps.push((name.to_owned(), pointer.to_owned()));
                }
                (_, Some(header)) => exchange.headers.push((header.to_owned(), rest.to_owned())),
                (_, None) => panic!("line {line} is no part of a recording: {text}"),
            }
        }
    }
    exchanges
}

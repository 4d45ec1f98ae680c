//! `include`: more files that are read as if they were one with the main file.

use crate::document::document;
use crate::found::Found;
use crate::lines::lines;
use crate::sections::{TOP, refuse_unknown};
use flyball_settings::{Mistake, Node, Span, Table, Value};

/// What an included file may have; everything else holds for the whole instance.
const INCLUDED: [&str; 4] = ["heroku", "receive", "monitor", "reaction"];

/// One pattern of an `include`, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Include {
    pub(crate) pattern: String,
    pub(crate) span: Span,
}

/// The patterns of a main file. They stand above its first section, so that a large file is not read for them.
pub(crate) fn includes(text: &str) -> Vec<Include> {
    let head = lines(text).take_while(|line| line.header().is_none()).last().map_or(0, |line| line.span.end);
    let head = document(&text[..head], 0);
    let Some((_, Node { value: Value::List(list), .. })) = head.root.get("include") else { return Vec::new() };
    let pattern = |node: &Node| match &node.value {
        Value::Text(pattern) if !pattern.is_empty() => {
            Some(Include { pattern: pattern.clone(), span: node.span.clone() })
        }
        _ => None,
    };
    list.iter().filter_map(pattern).collect()
}

/// Refuses what an included file must not have.
pub(crate) fn refuse_global(root: &Table, found: &mut Vec<Found>) {
    refuse_unknown(root, found);
    let is_global = |name: &str| TOP.contains(&name) && !INCLUDED.contains(&name);
    for (key, _) in root.entries.iter().filter(|(key, _)| is_global(&key.name)) {
        let mistake = match key.name.as_str() {
            "include" => Mistake::new(key.span.clone(), "an included file includes others", "not known here")
                .hint("`include` stands in the main file only; add the pattern there"),
            name => Mistake::new(key.span.clone(), format!("`{name}` in an included file"), "not known here")
                .hint("it holds for the whole instance, and stands in the main file only"),
        };
        found.push(mistake.into());
    }
}

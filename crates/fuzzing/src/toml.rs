//! Writing what was drawn into a file, so that it is read as a person's setting is.

use flyball_config::{Definitions, Mistakes};
use flyball_monitors::{Http, Kind};
use std::fmt::Write as _;

/// A text as a basic string of TOML.
pub(crate) fn text(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            c if c.is_control() => write!(written, "\\u{:04X}", u32::from(c)).expect("a String takes everything"),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

/// A file with one `http` monitor with these settings, read.
pub(crate) fn http(settings: &str) -> Result<Http, Mistakes> {
    let url = "https://shop.example.com/";
    let file = format!("[[monitor]]\nname = \"page\"\n[monitor.http]\nurl = \"{url}\"\n{settings}\n");
    flyball_config::read("fuzz.toml", &file).map(only)
}

fn only(definitions: Definitions) -> Http {
    let kinds = definitions.monitors.into_iter().map(|monitor| monitor.kind);
    let mut pages = kinds.filter_map(|kind| match kind {
        Kind::Http(http) => Some(*http),
        _ => None,
    });
    pages.next().expect("the file has one page")
}

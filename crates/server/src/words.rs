//! Sentences as HTML. They are the same as everywhere; here times can be read in the reader's own zone, and names are links.
//!
//! What comes in is hostile: it has pieces of strangers' pages in it. Everything is escaped first, and only what this module makes is
//! HTML.

use flyball_engine::InForce;
use flyball_model::Timestamp;
use std::collections::HashSet;
use std::fmt;

/// HTML that this module made, or a chart: it is not escaped again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Html(String);

impl Html {
    /// What is HTML already: a chart's.
    pub(crate) const fn of(html: String) -> Self {
        Self(html)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Html {}

/// A text as HTML shows it.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            char => html.push(char),
        }
    }
    html
}

/// A name as it stands in a path.
pub(crate) fn in_path(name: &str) -> String {
    let mut path = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => path.push(char::from(byte)),
            byte => path.push_str(&format!("%{byte:02X}")),
        }
    }
    // A name of dots alone would lead elsewhere.
    if path.bytes().all(|byte| byte == b'.') { path.replace('.', "%2E") } else { path }
}

/// Which names are links, and where to.
#[derive(Debug, Default)]
pub(crate) struct Names {
    monitors: HashSet<String>,
    reactions: HashSet<String>,
}

impl Names {
    /// Those that are in force.
    pub(crate) fn of(in_force: &InForce) -> Self {
        let definitions = &in_force.definitions;
        Self {
            monitors: definitions.monitors.iter().map(|monitor| monitor.name.to_string()).collect(),
            reactions: definitions.reactions.iter().map(|reaction| reaction.name.to_string()).collect(),
        }
    }

    fn link(&self, name: &str) -> Option<String> {
        let folder = if self.monitors.contains(name) {
            "monitors"
        } else if self.reactions.contains(name) {
            "reactions"
        } else {
            return None;
        };
        Some(format!("<a href=\"/{folder}/{}\">“{}”</a>", in_path(name), escaped(name)))
    }

    /// A sentence: names in quotes become links, `code` becomes code, and times can be read in the reader's zone.
    pub(crate) fn told(&self, words: &str) -> Html {
        let (mut html, mut rest) = (String::new(), words);
        while !rest.is_empty() {
            let (piece, left) = self.piece(rest);
            html.push_str(&piece);
            rest = left;
        }
        Html(html)
    }

    /// The HTML of what stands first, and the rest.
    fn piece<'t>(&self, text: &'t str) -> (String, &'t str) {
        if let Some((name, left)) = between(text, '"')
            && let Some(link) = self.link(name)
        {
            return (link, left);
        }
        if let Some((code, left)) = between(text, '`').filter(|(code, _)| !code.is_empty() && code.trim() == *code) {
            return (format!("<code>{}</code>", escaped(code)), left);
        }
        if let Some((at, left)) = time(text) {
            return (moment(at).0, left);
        }
        // Up to where one of these could begin.
        let first = text.chars().next().map_or(0, char::len_utf8);
        let end = text[first..].find(|char: char| matches!(char, '"' | '`') || char.is_ascii_digit());
        let end = end.map_or(text.len(), |end| first + end);
        (escaped(&text[..end]), &text[end..])
    }
}

/// What stands between two of these, where a text begins with one, and what comes after.
fn between(text: &str, mark: char) -> Option<(&str, &str)> {
    text.strip_prefix(mark)?.split_once(mark)
}

/// The time that a text begins with, as ours are written: 2026-01-02T03:04:05Z.
fn time(text: &str) -> Option<(Timestamp, &str)> {
    let is_of_time = |char: char| char.is_ascii_digit() || matches!(char, '-' | ':' | '.' | 'T' | 'Z');
    let end = text.find(|char: char| !is_of_time(char)).unwrap_or(text.len());
    let written = text[..end].trim_end_matches(['.', ':', '-']);
    if written.len() < "2026-01-02T03:04:05Z".len() || !written.ends_with('Z') {
        return None;
    }
    Some((written.parse().ok()?, &text[written.len()..]))
}

/// A moment: in UTC as it is sent, and in the reader's zone where scripts run.
pub(crate) fn moment(at: Timestamp) -> Html {
    let written = at.to_string();
    let short = written.get(..16).map_or_else(|| written.clone(), |day| day.replace('T', " "));
    Html(format!("<time datetime=\"{written}\">{short} UTC</time>"))
}

/// The time of a day.
pub(crate) fn time_of_day(at: Timestamp) -> Html {
    let written = at.to_string();
    let short = written.get(11..16).unwrap_or(&written);
    Html(format!("<time datetime=\"{written}\" data-short>{short}</time>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Names { monitors: set(&["page", "a/b <c>"]), reactions: set(&["more web"]) }
    }

    #[test]
    fn a_sentence_has_links_code_and_times_and_nothing_of_strangers() {
        let time = "<time datetime=\"2026-01-02T03:04:05Z\">2026-01-02 03:04 UTC</time>";
        for (words, html) in [
            ("\"page\" is failing", "<a href=\"/monitors/page\">“page”</a> is failing"),
            ("it is \"more web\".", "it is <a href=\"/reactions/more%20web\">“more web”</a>."),
            ("\"a/b <c>\"", "<a href=\"/monitors/a%2Fb%20%3Cc%3E\">“a/b &lt;c&gt;”</a>"),
            ("the page has \"<script>\"", "the page has &quot;&lt;script&gt;&quot;"),
            ("\"page", "&quot;page"),
            ("ask `flyball <doctor>`", "ask <code>flyball &lt;doctor&gt;</code>"),
            ("a ` alone and `` twice", "a ` alone and `` twice"),
            ("since 2026-01-02T03:04:05Z.", &format!("since {time}.")),
            ("(2026-01-02T03:04:05Z)", &format!("({time})")),
            ("2026-99-99T03:04:05Z", "2026-99-99T03:04:05Z"),
            ("web from 2 to 3, 2026", "web from 2 to 3, 2026"),
            ("it's & <b>", "it&#39;s &amp; &lt;b&gt;"),
            ("„€“ \"page\"", "„€“ <a href=\"/monitors/page\">“page”</a>"),
            ("", ""),
        ] {
            assert_eq!(names().told(words).to_string(), html, "{words}");
        }
    }

    #[test]
    fn whatever_comes_in_only_our_own_tags_come_out() {
        for words in ["<", "\"<img src=x onerror=1>\"", "`<x>`", "\"`<x>\"`", "2026<script>", "\"more web\"<b>\"page\""]
        {
            let html = names().told(words).to_string();
            let bare = html.replace("<code>", "").replace("</code>", "").replace("</a>", "");
            let tags = bare.matches('<').count();
            assert_eq!(tags, bare.matches("<a href=\"/").count(), "{html}");
        }
    }

    #[test]
    fn a_name_leads_to_one_place() {
        for (name, path) in [("page", "page"), ("..", "%2E%2E"), ("a/../b", "a%2F..%2Fb"), ("ä?#", "%C3%A4%3F%23")] {
            assert_eq!(in_path(name), path);
        }
    }
}

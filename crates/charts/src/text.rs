//! Text from outside, made safe to put into a picture, and measured.

/// Characters of a label that are shown: what is longer would not fit beside its mark.
pub(crate) const LABEL_CHARS: usize = 40;

/// Characters of an address. Pages have shorter ones; a longer one is a mistake, and is no link.
const HREF_CHARS: usize = 2_000;

/// Things of one sort that a picture's label names one by one; who listens wants the story, not the table.
const SAID_MAX: usize = 12;

/// The text as XML, in attributes and between tags, cut to `max` characters.
pub(crate) fn escaped(text: &str, max: usize) -> String {
    let cut = cut(text, max);
    let mut out = String::with_capacity(cut.len());
    for char in cut.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            char => out.push(char),
        }
    }
    out
}

/// The text with at most `max` characters, none of which steers a terminal, a parser or the direction of writing.
pub(crate) fn cut(text: &str, max: usize) -> String {
    let mut out: String = text.chars().take(max).map(|char| if steers(char) { '\u{fffd}' } else { char }).collect();
    if max > 0 && text.chars().nth(max).is_some() {
        out.pop();
        out.push('…');
    }
    out
}

/// Whether XML forbids the character, or it turns the text around it (and so could show another text than it is).
fn steers(char: char) -> bool {
    let turns = matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    char.is_control() || turns || matches!(char, '\u{fffe}' | '\u{ffff}')
}

/// The address as an attribute's value, if it is a way on this site or a plain web address.
///
/// `javascript:` and its like run in the page; `//host` and `/\host` leave it; browsers drop tabs and line ends first.
pub(crate) fn href(address: &str) -> Option<String> {
    let here = address.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    let known = ["./", "#", "https://", "http://"].iter().any(|start| address.starts_with(start));
    let sane = !address.chars().any(steers) && address.chars().nth(HREF_CHARS).is_none();
    ((here || known) && sane).then(|| escaped(address, HREF_CHARS))
}

/// A place in a picture: a tenth of a unit is less than can be seen.
pub(crate) fn at(value: f64) -> String {
    trimmed(&format!("{value:.1}"))
}

/// A number as people read it: at most three digits that count, ten thousand and more as `k`, `M`, `G`, `T`.
pub(crate) fn number(value: f64) -> String {
    let (value, suffix) = match value.abs() {
        size if size >= 1e12 => (value / 1e12, "T"),
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 1.0 => 1,
        _ => 2,
    };
    trimmed(&format!("{value:.digits$}")) + suffix
}

/// The share in percent; what is not all is never called 100, and what is not nothing is never called 0.
pub(crate) fn percent(share: f64) -> String {
    let rounded = (share * 10_000.0).round();
    let hundredths = if rounded < 1.0 && share > 0.0 {
        1.0
    } else if rounded > 9_999.0 && share < 1.0 - 1e-9 {
        9_999.0
    } else {
        rounded
    };
    trimmed(&format!("{:.2}", hundredths / 100.0)) + " %"
}

fn trimmed(text: &str) -> String {
    if !text.contains('.') {
        return text.to_owned();
    }
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        short => short.to_owned(),
    }
}

/// About how wide the text is at a font size of one unit, in the fonts that pages and badges use.
///
/// A picture cannot ask the browser, so labels keep apart by this table: wide rather than narrow.
pub(crate) fn width(text: &str) -> f64 {
    text.chars().map(glyph).sum()
}

fn glyph(char: char) -> f64 {
    match char {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.29,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '\\' | '-' | '"' | '“' | '”' => 0.4,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '→' | '←' | '…' => 0.95,
        'A'..='Z' | '×' | '=' | '+' | '<' | '>' => 0.7,
        ' '..='~' | '·' => 0.61,
        '\u{1100}'.. => 1.05,
        _ => 0.7,
    }
}

/// A text that begins at `x`; what is too long is cut.
pub(crate) fn text_from(x: f64, y: f64, text: &str) -> String {
    format!(r#"<text x="{}" y="{}">{}</text>"#, at(x), at(y), escaped(text, LABEL_CHARS))
}

/// A text that ends at `x`; what is too long is cut.
pub(crate) fn text_until(x: f64, y: f64, text: &str) -> String {
    format!(r#"<text x="{}" y="{}" text-anchor="end">{}</text>"#, at(x), at(y), escaped(text, LABEL_CHARS))
}

/// A text around `x`; what is too long is cut.
pub(crate) fn text_around(x: f64, y: f64, text: &str) -> String {
    format!(r#"<text x="{}" y="{}" text-anchor="middle">{}</text>"#, at(x), at(y), escaped(text, LABEL_CHARS))
}

/// A chart: what listeners hear first, then the picture, then what can be opened.
///
/// Links within a picture would be hidden from a listener, so they stand beside it.
pub(crate) fn framed(class: &str, wide: f64, height: f64, label: &str, picture: &str, links: &str) -> String {
    // A label is made of bounded parts that come to less; only a caller's unit could grow it.
    let label = escaped(label, 8_000);
    let open = format!(r#"<svg class="chart {class}" viewBox="0 0 {} {}""#, at(wide), at(height));
    if links.is_empty() {
        return format!(r#"{open} role="img" aria-label="{label}">{picture}</svg>"#);
    }
    format!(r#"{open} role="group" aria-label="A picture, and its links">"#)
        + &format!(r#"<g role="img" aria-label="{label}">{picture}</g>{links}</svg>"#)
}

/// "a; b; c", and how many more there were than are named.
pub(crate) fn listed(things: impl ExactSizeIterator<Item = String>) -> String {
    let more = things.len().saturating_sub(SAID_MAX);
    let mut said = things.take(SAID_MAX).collect::<Vec<_>>().join("; ");
    if more > 0 {
        said += &format!("; and {more} more");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_stays_text() {
        for (text, safe) in [
            ("web & worker", "web &amp; worker"),
            ("</text><script>", "&lt;/text&gt;&lt;script&gt;"),
            ("\" onload=\"x", "&quot; onload=&quot;x"),
            ("a\u{0}b\u{202e}c\n", "a\u{fffd}b\u{fffd}c\u{fffd}"),
        ] {
            assert_eq!(escaped(text, LABEL_CHARS), safe);
        }
        assert_eq!(escaped(&"ü".repeat(50), 5), "üüüü…");
        assert_eq!(escaped("", 0), "");
    }

    #[test]
    fn an_address_stays_on_the_site_or_is_a_plain_one() {
        for (address, ok) in [
            ("/runs/1", true),
            ("#top", true),
            ("./run.html", true),
            ("https://example.com/?a=1&b=2", true),
            ("/", true),
            ("", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("/\t/evil.example", false),
            ("javascript:alert(1)", false),
            (" javascript:alert(1)", false),
            ("data:text/html,x", false),
        ] {
            assert_eq!(href(address).is_some(), ok, "{address:?}");
        }
        assert_eq!(href(&format!("/{}", "a".repeat(3_000))), None);
    }

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (0.0, "0"),
            (-0.001, "0"),
            (0.25, "0.25"),
            (43.0, "43"),
            (1_500.0, "1500"),
            (12_500.0, "12.5k"),
            (2e6, "2M"),
            (1e12, "1T"),
            (-40.0, "-40"),
        ] {
            assert_eq!(number(value), text);
        }
        for (share, text) in
            [(1.0, "100 %"), (0.999_999, "99.99 %"), (0.914, "91.4 %"), (0.000_001, "0.01 %"), (0.0, "0 %")]
        {
            assert_eq!(percent(share), text);
        }
    }
}

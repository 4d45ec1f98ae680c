//! The text as lines and blocks, for files that are not quite TOML: what is broken is cut out, so that the rest can
//! still be read and every mistake in it be told at once.

use flyball_settings::Span;

/// One line: its bytes in the text, with its line break.
#[derive(Debug, Clone)]
pub(crate) struct Line<'t> {
    pub(crate) span: Span,
    pub(crate) text: &'t str,
}

impl Line<'_> {
    /// The table that this line opens: `monitor` for `[[monitor]]`, `monitor.http` for `[monitor.http]`, and also for
    /// one that was not closed. Lines of a list inside a list are not mistaken for it: they hold values.
    pub(crate) fn header(&self) -> Option<&str> {
        let inner = self.text.trim_start().strip_prefix('[')?;
        let inner = inner.strip_prefix('[').unwrap_or(inner).trim_start();
        let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name = &inner[..inner.find(|c| !is_key(c)).unwrap_or(inner.len())];
        let rest = inner[name.len()..].trim_start().trim_start_matches(']').trim_start();
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (begins && (rest.is_empty() || rest.starts_with('#'))).then_some(name)
    }

    /// What is given as `name` in this line, whatever quotes it has or lacks.
    pub(crate) fn name(&self) -> Option<String> {
        let value = self.text.trim_start().strip_prefix("name")?.trim_start().trim_start_matches(['=', ':']);
        let value = value.trim().trim_matches(['"', '\'']).trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(crate) fn is_empty(&self) -> bool {
        let text = self.text.trim();
        text.is_empty() || text.starts_with('#')
    }

    /// Whether the line says that its value goes on in the next.
    pub(crate) fn goes_on(&self) -> bool {
        let text = self.text.trim_end();
        text.ends_with(['{', '[', ',']) || ["\"\"\"", "'''"].iter().any(|quotes| text.matches(quotes).count() % 2 == 1)
    }

    /// Whether a value that began before may end here.
    pub(crate) fn closes(&self) -> bool {
        let text = self.text.trim();
        text.starts_with(['}', ']']) || text.ends_with(['}', ']']) || text.contains("\"\"\"") || text.contains("'''")
    }
}

/// The lines of a text.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let span = start..start + line.len();
        start = span.end;
        Line { span, text: line }
    })
}

/// From one header to the next.
#[derive(Debug, Clone)]
pub(crate) struct Block<'t> {
    /// The table's name; empty before the first header.
    pub(crate) header: &'t str,
    /// Its lines, the header's among them.
    pub(crate) lines: Vec<Line<'t>>,
}

impl Block<'_> {
    pub(crate) fn span(&self) -> Span {
        match (self.lines.first(), self.lines.last()) {
            (Some(first), Some(last)) => first.span.start..last.span.end,
            _ => 0..0,
        }
    }
}

/// The blocks of a text.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = vec![Block { header: "", lines: Vec::new() }];
    for line in lines(text) {
        if let Some(header) = line.header() {
            let start = line.text.find(header).unwrap_or(0);
            blocks.push(Block { header: &line.text[start..start + header.len()], lines: Vec::new() });
        }
        blocks.last_mut().expect("there is always a block").lines.push(line);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_also_when_it_is_not_closed() {
        let header = |text| Line { span: 0..0, text }.header().map(str::to_owned);
        assert_eq!(header("[[monitor]]\n").as_deref(), Some("monitor"));
        assert_eq!(header("  [ monitor.http ] # page").as_deref(), Some("monitor.http"));
        assert_eq!(header("[[monitor]\n").as_deref(), Some("monitor"));
        assert_eq!(header("[heroku").as_deref(), Some("heroku"));
        for other in ["[\"a\", \"b\"],", "[1, 2]", "name = 1", "[]", "", "[ \"shop\" ]"] {
            assert_eq!(header(other), None, "{other}");
        }
    }

    #[test]
    fn blocks_cover_the_text_without_gaps() {
        let text = "mode = \"act\"\n\n[heroku]\n[[monitor]]\nname = \"a\"\n[monitor.http]\nurl = \"b\"";
        let blocks = blocks(text);
        let headers: Vec<_> = blocks.iter().map(|block| block.header).collect();
        assert_eq!(headers, ["", "heroku", "monitor", "monitor.http"]);
        let spans: Vec<_> = blocks.iter().map(Block::span).collect();
        assert!(spans.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!(spans[3].end, text.len());
    }
}

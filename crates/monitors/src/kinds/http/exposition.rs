//! What a page exposes for Prometheus: the sum of the series that are sought, in the text format 0.0.4 or OpenMetrics 1.0.
//!
//! Only lines of the metric that is sought are read, and each of them whole: one that cannot be read may be what is missing from the
//! sum, so that nothing is known then. What else stands in the page costs a comparison a line. The page is bounded by `max_body`;
//! reading it takes time in proportion to that, and memory for one label's value at a time.
//!
//! Sources: <https://prometheus.io/docs/instrumenting/exposition_formats/>,
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>. Both have lines of `name{label="value"} number`, with a time behind it
//! that is not gone by: what a page says now is what there is. Names in quotes within the braces are those of UTF-8.

use crate::values::{refused, shown, wrong_kind};
use flyball_settings::{Mistake, Node, Shape, Take, Value};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Which series are sought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Series {
    /// Of this metric.
    pub metric: MetricName,
    /// With these labels, whatever others they have.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

impl Series {
    /// Whether it is written in ASCII alone, which is the same in nearly every charset.
    pub(super) fn is_plain(&self) -> bool {
        self.labels.0.values().all(|value| value.is_ascii())
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<String> = self.labels.0.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        if labels.is_empty() {
            return f.write_str(&self.metric.0);
        }
        write!(f, "{}{{{}}}", self.metric.0, labels.join(","))
    }
}

/// The name of a metric: letters, digits, `_`, `:` and `.`, and no digit first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MetricName(String);

impl MetricName {
    /// Longer than any that a person looks at.
    const BYTES_MAX: usize = 200;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Take for MetricName {
    fn expected() -> String {
        "a metric's name such as \"puma_backlog\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        if text.contains(['{', '}']) {
            let mistake =
                Mistake::new(node.span.clone(), "a name with braces", format!("expected {}", Self::expected()));
            mistakes.push(mistake.hint("write `labels = { queue = \"default\" }` beside it"));
            return None;
        }
        if !is_name(text, Self::BYTES_MAX) {
            return refused(node, format!("\"{}\" is no metric's name", shown(text)), mistakes);
        }
        Some(Self(text.clone()))
    }
}

/// Whether it is a name of a metric or label. The dot is allowed since Prometheus 3.
fn is_name(text: &str, bytes_max: usize) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.');
    let starts = text.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    starts && text.len() <= bytes_max && text.bytes().all(is_part)
}

/// The labels that a series is to have, each with its value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// A series hardly has more; and which of them were met is one word of bits.
    const COUNT_MAX: usize = 16;
    /// As long as a route that stands in a label.
    const VALUE_BYTES_MAX: usize = 500;

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.0)
    }
}

impl Take for Labels {
    fn expected() -> String {
        format!("a table of at most {} labels such as {{ queue = \"default\" }}", Self::COUNT_MAX)
    }

    fn shape() -> Shape {
        Shape::Table(Box::new(Shape::Text))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Table(table) = &node.value else { return wrong_kind(node, mistakes) };
        if table.entries.len() > Self::COUNT_MAX {
            return refused(node, format!("more than {} labels", Self::COUNT_MAX), mistakes);
        }
        let before = mistakes.len();
        let mut labels = BTreeMap::new();
        for (key, node) in &table.entries {
            if !is_name(&key.name, MetricName::BYTES_MAX) {
                let message = format!("\"{}\" is no label's name", shown(&key.name));
                mistakes.push(Mistake::new(key.span.clone(), message, "expected a name such as `queue`"));
                continue;
            }
            let Some(value) = String::take(node, mistakes) else { continue };
            if value.len() > Self::VALUE_BYTES_MAX {
                let message = format!("a value of more than {} bytes", Self::VALUE_BYTES_MAX);
                mistakes.push(Mistake::new(node.span.clone(), message, "expected a shorter one"));
                continue;
            }
            labels.insert(key.name.clone(), value);
        }
        (mistakes.len() == before).then_some(Self(labels))
    }
}

/// What a page exposes of the series that are sought.
#[derive(Debug, Clone, PartialEq)]
pub enum Exposed {
    /// A line of the metric cannot be read: why, as what follows "the page".
    Not(String),
    /// No series is there.
    Nothing,
    /// One is there, and says that it is no number: NaN or without bounds.
    NoNumber,
    /// So many are there, and their sum is this.
    Sum {
        /// Of all together.
        sum: f64,
        /// How many.
        series: u64,
    },
}

/// The sum of the series in a page, in UTF-8. Pure; takes any bytes.
pub(in crate::kinds) fn sum_of(page: &[u8], wanted: &Series) -> Exposed {
    let (mut sum, mut series) = (0.0, 0_u64);
    for (nth, line) in page.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        // In OpenMetrics nothing comes behind its end.
        if line == b"# EOF" {
            break;
        }
        match value_of(line, wanted) {
            Ok(None) => {}
            Ok(Some(value)) if !value.is_finite() => return Exposed::NoNumber,
            Ok(Some(value)) => {
                sum += value;
                series += 1;
            }
            Err(why) => return Exposed::Not(format!("cannot be read at line {}: {why}", nth + 1)),
        }
    }
    match series {
        0 => Exposed::Nothing,
        // Of finite numbers the sum may be beyond all of them.
        _ if !sum.is_finite() => Exposed::NoNumber,
        _ => Exposed::Sum { sum, series },
    }
}

/// The value of a line, where it is a series that is sought.
fn value_of(line: &[u8], wanted: &Series) -> Result<Option<f64>, &'static str> {
    let name = wanted.metric.0.as_bytes();
    let (mut rest, is_named) = match line {
        [b'{', ..] => (line, false),
        _ => match line.strip_prefix(name) {
            Some(rest) if matches!(rest.first(), Some(b'{' | b' ' | b'\t')) => (rest.trim_ascii_start(), true),
            Some(b"") => return Err("it has no value"),
            Some(_) | None => return Ok(None),
        },
    };
    let mut met = Met::of(wanted, is_named);
    if let Some(labels) = rest.strip_prefix(b"{") {
        rest = met.read(labels)?;
    }
    if !met.is_wanted() {
        return Ok(None);
    }
    value(rest).map(Some)
}

/// What of a series is as it is sought.
struct Met<'w> {
    wanted: &'w Series,
    is_named: bool,
    /// A bit for each label that is wanted.
    met: u16,
    /// The same for those that stand there with another value.
    other: u16,
}

impl<'w> Met<'w> {
    const fn of(wanted: &'w Series, is_named: bool) -> Self {
        Self { wanted, is_named, met: 0, other: 0 }
    }

    /// Reads what stands in braces, and gives what stands behind them.
    fn read<'l>(&mut self, labels: &'l [u8]) -> Result<&'l [u8], &'static str> {
        const OPEN: &str = "its labels do not end";
        let mut rest = labels.trim_ascii_start();
        loop {
            let name = match rest.first() {
                None => return Err(OPEN),
                Some(b'}') => return Ok(&rest[1..]),
                Some(b'"') => {
                    let (name, behind) = quoted(&rest[1..]).ok_or(OPEN)?;
                    rest = behind.trim_ascii_start();
                    name
                }
                Some(_) => {
                    let end = rest.iter().position(|byte| b"=,}\" \t".contains(byte)).ok_or(OPEN)?;
                    let (name, behind) = rest.split_at(end);
                    rest = behind.trim_ascii_start();
                    Cow::Borrowed(name)
                }
            };
            match rest.strip_prefix(b"=") {
                Some(behind) => {
                    let value =
                        behind.trim_ascii_start().strip_prefix(b"\"").ok_or("a label has no value in quotes")?;
                    let (value, behind) = quoted(value).ok_or(OPEN)?;
                    self.note(&name, &value);
                    rest = behind.trim_ascii_start();
                }
                // The metric's own name, where it has characters that need quotes.
                None if !self.is_named => self.is_named = *name == *self.wanted.metric.0.as_bytes(),
                None => return Err("a label has no value"),
            }
            match rest.first() {
                Some(b',') => rest = rest[1..].trim_ascii_start(),
                Some(b'}') => {}
                Some(_) => return Err("its labels are not apart"),
                None => return Err(OPEN),
            }
        }
    }

    fn note(&mut self, name: &[u8], value: &[u8]) {
        let Some(nth) = self.wanted.labels.0.keys().position(|wanted| wanted.as_bytes() == name) else { return };
        let is_it = self.wanted.labels.0.values().nth(nth).is_some_and(|wanted| wanted.as_bytes() == value);
        let bits = if is_it { &mut self.met } else { &mut self.other };
        *bits |= 1 << nth;
    }

    /// Whether it is of the metric, and each label is as it is wanted. An empty one is as good as none, as Prometheus has it.
    fn is_wanted(&self) -> bool {
        let labels = self.wanted.labels.0.values().enumerate();
        let mut all = labels.map(|(nth, value)| {
            let bit = 1 << nth;
            self.other & bit == 0 && (self.met & bit != 0 || value.is_empty())
        });
        self.is_named && all.all(|is_met| is_met)
    }
}

/// The text up to the closing quote, and what stands behind that; none where there is no quote.
fn quoted(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut is_escaped = false;
    let mut has_escapes = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        has_escapes |= is_escaped;
        ends
    })?;
    let (inside, behind) = (&text[..end], &text[end + 1..]);
    if !has_escapes {
        return Some((Cow::Borrowed(inside), behind));
    }
    let mut plain = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.as_slice().first()) {
            (b'\\', Some(next @ (b'\\' | b'"' | b'n'))) => {
                plain.push(if *next == b'n' { b'\n' } else { *next });
                bytes.next();
            }
            // Any other escape is none.
            _ => plain.push(*byte),
        }
    }
    Some((Cow::Owned(plain), behind))
}

/// The number that a line ends with: behind it a time, and in OpenMetrics an example, which are not gone by.
fn value(rest: &[u8]) -> Result<f64, &'static str> {
    let rest = std::str::from_utf8(rest).map_err(|_| "what follows its name is no text")?;
    let without_example = rest.split('#').next().unwrap_or_default();
    let mut words = without_example.split_ascii_whitespace();
    let value = words.next().ok_or("it has no value")?;
    let value: f64 = value.parse().map_err(|_| "its value is no number")?;
    match (words.next().map(str::parse::<f64>), words.next()) {
        (None | Some(Ok(_)), None) => Ok(value),
        _ => Err("more stands behind its value than a time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(metric: &str, labels: &[(&str, &str)]) -> Series {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Series { metric: MetricName(metric.to_owned()), labels: Labels(labels) }
    }

    const PAGE: &str = "# HELP puma_backlog Requests that wait\n# TYPE puma_backlog gauge\n\
        puma_backlog 7\n\
        puma_backlog_max 99\n\
        # TYPE jobs gauge\n\
        jobs{queue=\"default\",host=\"a\"} 12 1395066363000\n\
        jobs{queue=\"default\",host=\"b\",} 3.5\n\
        jobs { queue = \"mail\" , host=\"a\" } 1e2\r\n\
        jobs{queue=\"a \\\"b\\\" \\\\ c\\nd \\e\"} 4\n\
        \tjobs{queue=\"}#{\"}   5   \n\
        jobs{host=\"c\"} 40\n\
        odd NaN\nendless{le=\"1\"} +Inf\nendless{le=\"2\"} 1\n\
        gone{a=\"x\"\n\
        empty\n\
        words{a=\"x\"} many\nlate{a=\"x\"} 1 soon\nlong 1 2 3\n\
        {\"http.requests\",code=\"200\"} 8\n{code=\"500\",\"http.requests\"} 2\n\
        took_bucket{le=\"0.1\"} 8 # {trace_id=\"KOO5S4vxi0o\"} 0.67 1520879607.789\n\
        below -3\nlarge 1.7e308\nlarge{a=\"x\"} 1.7e308\n\
        # EOF\nputs_after_the_end 1\n";

    #[test]
    fn what_a_page_exposes_is_added_up() {
        let sum = |sum: f64, series: u64| Exposed::Sum { sum, series };
        let not = |why: &str| Exposed::Not(why.to_owned());
        for (metric, labels, expected) in [
            ("puma_backlog", &[][..], sum(7.0, 1)),
            ("puma", &[], Exposed::Nothing),
            ("jobs", &[], sum(164.5, 6)),
            ("jobs", &[("queue", "default")], sum(15.5, 2)),
            ("jobs", &[("queue", "default"), ("host", "b")], sum(3.5, 1)),
            ("jobs", &[("queue", "mail")], sum(100.0, 1)),
            ("jobs", &[("queue", "a \"b\" \\ c\nd \\e")], sum(4.0, 1)),
            ("jobs", &[("queue", "}#{")], sum(5.0, 1)),
            ("jobs", &[("queue", "")], sum(40.0, 1)),
            ("jobs", &[("queue", "none")], Exposed::Nothing),
            ("odd", &[], Exposed::NoNumber),
            ("endless", &[], Exposed::NoNumber),
            ("endless", &[("le", "2")], sum(1.0, 1)),
            ("large", &[], Exposed::NoNumber),
            ("gone", &[], not("cannot be read at line 15: its labels do not end")),
            ("empty", &[], not("cannot be read at line 16: it has no value")),
            ("words", &[], not("cannot be read at line 17: its value is no number")),
            ("words", &[("a", "y")], Exposed::Nothing),
            ("late", &[], not("cannot be read at line 18: more stands behind its value than a time")),
            ("long", &[], not("cannot be read at line 19: more stands behind its value than a time")),
            ("http.requests", &[], sum(10.0, 2)),
            ("http.requests", &[("code", "500")], sum(2.0, 1)),
            ("took_bucket", &[("le", "0.1")], sum(8.0, 1)),
            ("below", &[], sum(-3.0, 1)),
            ("puts_after_the_end", &[], Exposed::Nothing),
        ] {
            assert_eq!(sum_of(PAGE.as_bytes(), &series(metric, labels)), expected, "{metric} {labels:?}");
        }
        for page in ["", "\n\n", "<html>It works!</html>", "jobs_total 1", "{", "{}", "{} 1", "{\"jobs"] {
            let exposed = sum_of(page.as_bytes(), &series("jobs", &[]));
            assert!(matches!(exposed, Exposed::Nothing | Exposed::Not(_)), "{page}: {exposed:?}");
        }
    }

    /// A label's value as a page has it.
    fn escaped(value: &str) -> String {
        value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
    }

    proptest! {
        #[test]
        fn what_was_written_is_added_up(
            rows in prop::collection::vec(("[ab]", "[\\\\\"n\n{}#,= é]{0,5}", -1000_i32..1000, any::<bool>()), 0..12),
            sought in any::<prop::sample::Index>(),
        ) {
            let row = |(name, value, number, has_time): &(String, String, i32, bool)| {
                let time = if *has_time { " 1395066363000" } else { "" };
                format!("{name}{{x=\"1\",of=\"{}\"}} {number}{time}\n", escaped(value))
            };
            let page: String = rows.iter().map(row).collect();
            let value = rows.get(sought.index(12)).map_or("none", |(_, value, ..)| value.as_str());
            let met: Vec<f64> = rows.iter().filter(|(name, of, ..)| name == "a" && of == value).map(|row| row.2.into()).collect();
            let expected = match met.len() {
                0 => Exposed::Nothing,
                count => Exposed::Sum { sum: met.iter().sum(), series: count as u64 },
            };
            prop_assert_eq!(sum_of(page.as_bytes(), &series("a", &[("of", value)])), expected);
        }

        #[test]
        fn no_page_is_too_odd(page in prop::collection::vec(any::<u8>(), 0..300), name in "[ab]{1,2}") {
            let _ = sum_of(&page, &series(&name, &[("a", "b")]));
        }

        #[test]
        fn no_page_that_is_nearly_one_is_too_odd(page in "[ab{}=\",\\\\ \n1.e+#]{0,60}", empty: bool) {
            let labels = [("a", if empty { "" } else { "b" })];
            let exposed = sum_of(page.as_bytes(), &series("a", &labels));
            if let Exposed::Sum { sum, series } = exposed {
                prop_assert!(sum.is_finite() && series <= page.lines().count() as u64);
            }
        }
    }
}

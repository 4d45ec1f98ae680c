//! The text that Prometheus reads: format 0.0.4. A family is named once, with its kind and its help, and then come its samples.

use flyball_engine::live::Spread;
use std::fmt::{Display, Write as _};

/// The type of the text.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a family is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A text that grows by families.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

/// A family that takes samples.
pub(super) struct Family<'a> {
    name: &'static str,
    text: &'a mut String,
}

impl Exposition {
    /// What only grows. Its name ends in `_total`.
    pub(super) fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        debug_assert!(name.ends_with("_total"), "{name}");
        self.family(name, Kind::Counter, help)
    }

    /// What goes up and down.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, Kind::Gauge, help)
    }

    /// How lengths of time are spread, in seconds.
    pub(super) fn histogram(&mut self, name: &'static str, help: &str, spread: &Spread) {
        debug_assert!(name.ends_with("_seconds"), "{name}");
        let Family { text, .. } = self.family(name, Kind::Histogram, help);
        let mut line = |rest: String| writeln!(text, "{name}{rest}").expect("a String takes every text");
        for (bound, count) in spread.up_to() {
            line(format!("_bucket{{le=\"{}\"}} {count}", bound.as_secs_f64()));
        }
        line(format!("_bucket{{le=\"+Inf\"}} {}", spread.count));
        line(format!("_sum {}", spread.sum.as_secs_f64()));
        line(format!("_count {}", spread.count));
    }

    fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let Self(text) = self;
        let (help, kind) = (help.replace('\\', "\\\\").replace('\n', "\\n"), kind.word());
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a String takes every text");
        Family { name, text }
    }

    /// The text.
    pub(super) fn text(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// The one sample of a family without labels.
    pub(super) fn is(mut self, value: impl Display) {
        self.sample(&[], value);
    }

    /// A sample with these labels.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let Self { name, text } = self;
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(text, "{name}{labels} {value}").expect("a String takes every text");
    }
}

/// A label's value as it stands between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_family_is_named_once_and_its_labels_are_escaped() {
        let mut told = Exposition::default();
        told.counter("flyball_checks_total", "Checks: a\\b\nc.").is(7);
        let mut verdicts = told.gauge("flyball_monitor_verdict", "Verdicts.");
        verdicts.sample(&[("monitor", "the \"page\" \\ of\nday"), ("verdict", "failing")], 1);
        verdicts.sample(&[("monitor", "tür"), ("verdict", "failing")], 0);
        assert_eq!(
            told.text(),
            "# HELP flyball_checks_total Checks: a\\\\b\\nc.\n# TYPE flyball_checks_total counter\nflyball_checks_total 7\n\
             # HELP flyball_monitor_verdict Verdicts.\n# TYPE flyball_monitor_verdict gauge\n\
             flyball_monitor_verdict{monitor=\"the \\\"page\\\" \\\\ of\\nday\",verdict=\"failing\"} 1\n\
             flyball_monitor_verdict{monitor=\"tür\",verdict=\"failing\"} 0\n"
        );
    }

    #[test]
    fn a_histogram_has_each_bound_the_sum_and_the_count() {
        let (mut told, mut spread) = (Exposition::default(), Spread::default());
        for length in [Duration::from_millis(3), Duration::from_millis(300), Duration::from_secs(90)] {
            spread.record(length);
        }
        told.histogram("flyball_check_late_seconds", "Late.", &spread);
        let bounds = ["0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "1", "5", "15", "60", "+Inf"];
        let counts = [0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3];
        let mut expected =
            "# HELP flyball_check_late_seconds Late.\n# TYPE flyball_check_late_seconds histogram\n".to_owned();
        for (bound, count) in bounds.iter().zip(counts) {
            writeln!(expected, "flyball_check_late_seconds_bucket{{le=\"{bound}\"}} {count}").expect("a String");
        }
        expected.push_str("flyball_check_late_seconds_sum 90.303\nflyball_check_late_seconds_count 3\n");
        assert_eq!(told.text(), expected);
    }
}

//! What became of monitors, as a table.

use super::Clockface;
use comfy_table::{CellAlignment, Table, presets};
use flyball_engine::queries::{MonitorReport, Report};
use flyball_model::duration;
use std::time::Duration;

/// The report as text.
pub(crate) fn text(report: &Report, face: &Clockface) -> String {
    let (since, until) = (face.day_and_time(report.since), face.day_and_time(report.until));
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["MONITOR", "UP", "DOWN FOR", "UNKNOWN FOR", "NOT WATCHED", "READINGS", "P50", "P95", "P99"]);
    for monitor in &report.monitors {
        table.add_row(row(monitor));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let heading = format!("{since} to {until} {}", face.offset(report.until));
    let padded = table.to_string();
    let lines: Vec<&str> = padded.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    format!("{heading}\n\n{}", lines.join("\n"))
}

fn row(monitor: &MonitorReport) -> [String; 9] {
    let took = |of: fn(&flyball_engine::queries::Percentiles) -> f64| {
        monitor.took_ms.as_ref().map_or_else(|| "-".to_owned(), |took| milliseconds(of(took)))
    };
    [
        monitor.name.to_string(),
        monitor.uptime.map_or_else(|| "-".to_owned(), uptime),
        lasted(monitor.failing_s),
        lasted(monitor.unknown_s),
        lasted(monitor.unwatched_s),
        monitor.readings.to_string(),
        took(|took| took.p50),
        took(|took| took.p95),
        took(|took| took.p99),
    ]
}

/// A share in percent, never rounded up to what it was not.
fn uptime(share: f64) -> String {
    format!("{:.3}%", (share * 100_000.0).floor() / 1000.0)
}

fn lasted(seconds: f64) -> String {
    match Duration::from_secs_f64(seconds.max(0.0).round()) {
        Duration::ZERO => "-".to_owned(),
        lasted => duration::roughly(lasted),
    }
}

fn milliseconds(millis: f64) -> String {
    if millis < 10.0 { format!("{millis:.1}ms") } else { format!("{millis:.0}ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_down_for_a_moment_is_never_a_hundred_percent() {
        assert_eq!(uptime(1.0), "100.000%");
        assert_eq!(uptime(0.999_999_9), "99.999%");
        assert_eq!(uptime(0.0), "0.000%");
    }

    #[test]
    fn nothing_is_a_dash() {
        assert_eq!((lasted(0.2), lasted(90.0)), ("-".to_owned(), "1m 30s".to_owned()));
        assert_eq!((milliseconds(0.42), milliseconds(1234.5)), ("0.4ms".to_owned(), "1234ms".to_owned()));
    }
}

//! What became of monitors, as a table.

use super::Clockface;
use comfy_table::{CellAlignment, Table, presets};
use flyball_model::{Timestamp, Verdict, duration};
use flyball_views::{CureView, MonitorReport, Outage, Outages, Report};
use std::time::Duration;

/// The report as text.
pub(crate) fn text(report: &Report, face: &Clockface) -> String {
    let (since, until) = (face.day_and_time(report.since), face.day_and_time(report.until));
    let rows = report.monitors.iter().map(row).collect();
    let heading = format!("{since} to {until} {}", face.offset(report.until));
    let mut text = format!("{heading}\n\n{}", table(HEADER, rows, 1));
    if !report.cures.is_empty() {
        let rows = report.cures.iter().map(cure).collect();
        text.push_str(&format!("\n\n{}", table(["REACTION", "FIRST FAILED BY", "HELPED", "OF INCIDENTS"], rows, 2)));
    }
    for monitor in &report.monitors {
        if let Some(listed) = &monitor.outages.list {
            text.push_str(&format!("\n\n{}", outages(monitor, listed, report.since, face)));
        }
    }
    text
}

const HEADER: [&str; 11] =
    ["MONITOR", "UP", "DOWN FOR", "OUTAGES", "LONGEST", "UNKNOWN FOR", "NOT WATCHED", "READINGS", "P50", "P95", "P99"];

/// Rows below a header; all columns but the first `names` have numbers.
pub(crate) fn table<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
    names: usize,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(names) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let padded = table.to_string();
    let lines: Vec<&str> = padded.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n")
}

fn cure(CureView { reaction, cause, cured, of }: &CureView) -> [String; 4] {
    let cause = cause.map_or_else(|| "-".to_owned(), |cause| cause.to_string());
    [reaction.to_string(), cause, cured.to_string(), of.to_string()]
}

fn row(monitor: &MonitorReport) -> [String; 11] {
    let took = |of: fn(&flyball_views::Percentiles) -> f64| {
        monitor.took_ms.as_ref().map_or_else(|| "-".to_owned(), |took| milliseconds(of(took)))
    };
    [
        monitor.name.to_string(),
        monitor.uptime.map_or_else(|| "-".to_owned(), uptime),
        lasted(monitor.failing_s),
        if monitor.outages.count == 0 { "-".to_owned() } else { monitor.outages.count.to_string() },
        lasted(monitor.outages.longest_s),
        lasted(monitor.unknown_s),
        lasted(monitor.unwatched_s),
        monitor.readings.to_string(),
        took(|took| took.p50),
        took(|took| took.p95),
        took(|took| took.p99),
    ]
}

/// The outages of a monitor, one by one.
fn outages(monitor: &MonitorReport, listed: &[Outage], since: Timestamp, face: &Clockface) -> String {
    let Outages { count, total_s, .. } = monitor.outages;
    let name = &monitor.name;
    if listed.is_empty() {
        return format!("{name}: no outage");
    }
    let number = if count == 1 { "1 outage".to_owned() } else { format!("{count} outages") };
    let shown = match listed.len() {
        shown if u64::try_from(shown).is_ok_and(|shown| shown < count) => format!("; here are the latest {shown}"),
        _ => String::new(),
    };
    let rows = listed
        .iter()
        .map(|outage| {
            let before = if outage.began_at < since { "; it began before" } else { "" };
            [
                face.day_and_time(outage.began_at),
                shortly(outage.lasted_s),
                outage.cause.map_or("-", |cause| cause.as_str()).to_owned(),
                format!("{}{before}", ended(outage)),
            ]
        })
        .collect();
    let table = table(["BEGAN", "LASTED", "CAUSE", "ENDED"], rows, 4);
    format!("{name}: {number}, {} together{shown}\n\n{table}", shortly(total_s))
}

/// What ended an outage.
fn ended(outage: &Outage) -> &'static str {
    match (outage.ended_at, outage.then) {
        (None, _) => "it goes on",
        (Some(_), Some(Verdict::Passing)) => "it passed",
        (Some(_), Some(Verdict::Failing | Verdict::Unknown)) => "it could not be looked at",
        (Some(_), None) => "nobody looked any more",
    }
}

/// How long an outage was: also when that was a moment.
fn shortly(seconds: f64) -> String {
    duration::roughly(Duration::from_secs_f64(seconds.max(0.0)))
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

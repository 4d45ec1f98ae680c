//! A monitor: what it sees, what was done meanwhile, and why.

use super::frame::{Frame, class, shown, verdict_word};
use super::overview::{Does, does, percent};
use super::reaction::is_of_gates;
use crate::answer::Problem;
use crate::api::ask::{self, Asked, Of};
use crate::guard::Visitor;
use crate::house::House;
use crate::router::TellsSecret;
use crate::words::{Html, Names, in_path, moment};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use flyball_charts::{Band, Mark, Point, Spell, TimeChart};
use flyball_engine::queries::{ListOutages, UptimeOver, is_load};
use flyball_model::duration::roughly;
use flyball_model::{Timestamp, Verdict};
use flyball_views::{
    About, Checked, MarkKind, MonitorReport, MonitorView, Part, ReadingView, SeriesMark, SeriesNumber, SeriesPoint,
    SeriesUnit, SeriesView, SpellView, UptimeView,
};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

#[derive(Template)]
#[template(path = "monitor/page.html")]
struct MonitorPage {
    frame: Frame,
    name: String,
    link: String,
    apps: Vec<(String, String)>,
    class: &'static str,
    word: String,
    parts: Vec<Told>,
    readings: Vec<ReadingRow>,
    looks_at: String,
    kind: String,
    every: String,
    reactions: Vec<Does>,
    checked: Option<CheckedNow>,
    spans: Vec<SpanTab>,
    chart: Html,
    drawn: &'static str,
    facts: Vec<(&'static str, String)>,
    spells: Vec<SpellRow>,
    marks: Vec<MarkRow>,
    /// Where its badge is.
    badge: String,
    /// Whether it measures a load of which a dyno carries so much.
    is_load: bool,
    /// Where it is told something, for who may operate.
    hook: Option<String>,
}

/// A length of time that can be shown.
struct SpanTab {
    word: &'static str,
    asked: &'static str,
    is_shown: bool,
}

struct SpellRow {
    from: Html,
    lasted: String,
    class: &'static str,
    word: String,
    cause: String,
}

struct MarkRow {
    class: &'static str,
    at: Html,
    words: Html,
    run: Option<String>,
}

/// An explanation of one thing.
pub(super) struct Told {
    pub(super) name: String,
    pub(super) class: &'static str,
    pub(super) link: String,
    pub(super) sentences: Vec<Html>,
}

/// A reading in a table.
pub(super) struct ReadingRow {
    pub(super) at: Html,
    pub(super) class: &'static str,
    pub(super) word: String,
    pub(super) words: Html,
    pub(super) took: String,
}

struct CheckedNow {
    row: ReadingRow,
    hint: Option<String>,
    evidence: String,
}

/// Which time is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    span: String,
}

/// The lengths of time that can be shown; the first is where nobody asks.
const SPANS: [(&str, &str, u64); 4] =
    [("4 hours", "4h", 4), ("24 hours", "24h", 24), ("7 days", "7d", 7 * 24), ("90 days", "90d", 90 * 24)];

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
    Asked(span): Asked<Shown>,
) -> Result<Response, Problem> {
    house.monitor_page(&visitor, &name, &span.span, None).await
}

/// Look now: shown on the same page, and stored nowhere.
pub(super) async fn check(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
) -> Result<Response, Problem> {
    let checked = house.check(&name).await?;
    house.monitor_page(&visitor, &name, "", Some(checked)).await
}

impl House {
    async fn monitor_page(
        &self,
        visitor: &Visitor,
        name: &str,
        span: &str,
        checked: Option<Checked>,
    ) -> Result<Response, Problem> {
        let (status, in_force) = (self.status().await?, self.in_force());
        let names = Names::of(&in_force);
        let monitor = ask::monitor(&in_force, name)?;
        let reader = self.reader(&in_force);
        let why = reader.why(&[About::Monitor(monitor.name.clone())]).await?;
        let (_, asked, hours) = *SPANS.iter().find(|(_, asked, _)| *asked == span).unwrap_or(&SPANS[0]);
        let now = self.now();
        let since = now - Duration::from_secs(hours * 3600);
        let monitor = monitor.name.clone();
        let series = reader.series(&monitor, since, now).await?;
        let series = series.ok_or_else(|| Problem::no_such("monitor", name, []))?;
        let uptime = reader.uptimes(std::slice::from_ref(&monitor), UptimeOver::Quarter).await?.pop();
        let day = reader.report(Some(&monitor), now - Duration::from_secs(24 * 3600), now, ListOutages::Summed).await?;
        let own = why.parts.iter().find_map(|part| Some((part, part.monitor.as_ref()?)));
        let Some((part, view)) = own else { return Err(Problem::no_such("monitor", name, [])) };
        let called = status.reactions.iter().filter(|reaction| view.reactions.contains(&reaction.name));
        let frame = Frame::of(name, "apps", visitor, self, &status);
        let of_name = in_force.definitions.monitors.iter().find(|one| one.name == monitor);
        let hook = match of_name.filter(|_| frame.may_operate) {
            Some(monitor) => self.hook(&in_force, monitor).await?.map(|hook| hook.url),
            None => None,
        };
        let tells_secret = hook.is_some();
        let mut page = shown(&MonitorPage {
            frame,
            name: name.to_owned(),
            link: in_path(name),
            apps: view.apps.iter().map(|app| (app.to_string(), in_path(app.as_str()))).collect(),
            class: class(view.verdict),
            word: tag_word(view),
            parts: why.parts.iter().map(|part| told(part, &names)).collect(),
            readings: part.readings.iter().rev().map(|reading| reading_row(reading, &names)).collect(),
            looks_at: view.looks_at.clone(),
            kind: view.kind.to_string(),
            every: view.every.clone(),
            reactions: called.map(does).collect(),
            checked: checked.map(|checked| checked_now(checked, &names)),
            spans: SPANS.map(|(word, span, _)| SpanTab { word, asked: span, is_shown: span == asked }).into(),
            chart: Html::of(chart(&series)),
            drawn: drawn(&series),
            badge: format!("/badges/{}/monitors/{}.svg", self.badge_key().await?, in_path(name)),
            facts: facts(uptime.as_ref(), day.monitors.first()),
            spells: series.spells.iter().rev().take(SPELLS_LISTED).map(|spell| spell_row(spell, now)).collect(),
            marks: series.marks.iter().rev().take(MARKS_LISTED).map(|mark| mark_row(mark, &names)).collect(),
            is_load: of_name.is_some_and(is_load),
            hook,
        })?;
        if tells_secret {
            page.extensions_mut().insert(TellsSecret);
        }
        Ok(page)
    }
}

/// Spells and marks that are listed beside the chart.
const SPELLS_LISTED: usize = 20;
const MARKS_LISTED: usize = 20;

/// How it did, in figures.
fn facts(uptime: Option<&UptimeView>, day: Option<&MonitorReport>) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let shares = [
        ("24 hours", uptime.and_then(|uptime| uptime.day)),
        ("7 days", uptime.and_then(|uptime| uptime.week)),
        ("90 days", uptime.and_then(|uptime| uptime.quarter)),
    ];
    facts.extend(shares.into_iter().filter_map(|(word, share)| Some((word, format!("{} up", percent(share?))))));
    let Some(day) = day else { return facts };
    let down = roughly(Duration::from_secs_f64(day.outages.total_s.max(0.0)));
    let down = match day.outages.count {
        0 => "never".to_owned(),
        1 => format!("{down}, once"),
        count => format!("{down}, {count} spells"),
    };
    facts.push(("down in 24 hours", down));
    facts.extend(day.took_ms.map(|took| ("p50 and p95", format!("{:.0} and {:.0} ms", took.p50, took.p95))));
    facts
}

/// What is drawn above the axis, and what that is.
struct Plot {
    line: Vec<Point>,
    band: Vec<Band>,
    thresholds: Vec<(f64, String)>,
    incomplete: Vec<Point>,
    unit: String,
}

/// What was measured, where something is; else how long checks took.
fn plot(series: &SeriesView) -> Plot {
    let at = Timestamp::as_millis;
    let points = series.points.iter();
    let Some(SeriesUnit { unit, levels }) = &series.measures else {
        let threshold = series.threshold_ms.and_then(|ms| u32::try_from(ms).ok());
        let band = |point: &SeriesPoint| Some(Band { at: at(point.at), low: point.p50_ms?, high: point.p95_ms? });
        return Plot {
            line: points.clone().filter_map(|point| Some(Point { at: at(point.at), value: point.p50_ms? })).collect(),
            band: points.filter_map(band).collect(),
            thresholds: threshold.map(|ms| (f64::from(ms), format!("slower_than {ms} ms"))).into_iter().collect(),
            incomplete: Vec::new(),
            unit: "ms".to_owned(),
        };
    };
    let numbers: Vec<(i64, SeriesNumber)> = points.filter_map(|point| Some((at(point.at), point.number?))).collect();
    let mean = |(at, number): &(i64, SeriesNumber)| Point { at: *at, value: number.mean };
    Plot {
        line: numbers.iter().map(mean).collect(),
        band: numbers.iter().map(|(at, number)| Band { at: *at, low: number.least, high: number.most }).collect(),
        thresholds: levels.iter().map(|level| (level.value, level.words.clone())).collect(),
        incomplete: numbers.iter().filter(|(_, number)| number.incomplete > 0).map(mean).collect(),
        unit: unit.clone(),
    }
}

/// What the line and the band of a chart are, for the words below it.
const fn drawn(series: &SeriesView) -> &'static str {
    if series.measures.is_some() {
        "what was measured, the mean as the line, from the least to the most as the band; a diamond on the line was told from what \
         had gaps"
    } else {
        "response time, p50 as the line, up to p95 as the band"
    }
}

/// Readings above, what was done below, on one axis.
fn chart(series: &SeriesView) -> String {
    let at = Timestamp::as_millis;
    let verdict = |verdict| match verdict {
        Verdict::Passing => flyball_charts::Verdict::Passing,
        Verdict::Failing => flyball_charts::Verdict::Failing,
        Verdict::Unknown => flyball_charts::Verdict::Unknown,
    };
    let plot = plot(series);
    let spells = series.spells.iter().map(|spell| Spell {
        from: at(spell.spell.began_at),
        until: spell.spell.ended_at.map_or(at(series.until), at),
        verdict: verdict(spell.verdict),
        // The chart has the verdict's word in front of it.
        label: spell.spell.cause.map(|cause| cause.to_string()).unwrap_or_default(),
    });
    let marks = series.marks.iter().map(|mark| Mark {
        at: at(mark.at),
        kind: match mark.kind {
            MarkKind::Effect => flyball_charts::MarkKind::Effect,
            MarkKind::Release => flyball_charts::MarkKind::Release,
            MarkKind::Pause => flyball_charts::MarkKind::Pause,
            MarkKind::Foreign => flyball_charts::MarkKind::Foreign,
        },
        label: mark.words.clone(),
        href: mark.run.map(|run| format!("/runs/{run}")),
    });
    let chart = TimeChart {
        from: at(series.since),
        until: at(series.until),
        step: i64::try_from(series.step_s).unwrap_or(0) * 1000,
        utc_offset: 0,
        p50: plot.line,
        band: plot.band,
        spells: spells.collect(),
        thresholds: plot.thresholds,
        incomplete: plot.incomplete,
        marks: marks.collect(),
        unit: plot.unit,
    };
    let is_long = series.until.since(series.since) > Duration::from_secs(2 * 24 * 3600);
    chart.both(|at| tick(Timestamp::from_millis(at), is_long))
}

/// A time on the axis: of days the day, else the hour; in UTC, as the axis has it.
pub(super) fn tick(at: Timestamp, is_long: bool) -> String {
    let written = at.to_string();
    let part = if is_long { written.get(5..10) } else { written.get(11..16) };
    part.unwrap_or_default().to_owned()
}

fn spell_row(spell: &SpellView, now: Timestamp) -> SpellRow {
    let ended = spell.spell.ended_at.unwrap_or(now);
    let goes_on = if spell.spell.ended_at.is_none() { ", and goes on" } else { "" };
    SpellRow {
        from: moment(spell.spell.began_at),
        lasted: format!("{}{goes_on}", roughly(ended.since(spell.spell.began_at))),
        class: class(Some(spell.verdict)),
        word: verdict_word(Some(spell.verdict)),
        cause: spell.spell.cause.map(|cause| cause.to_string()).unwrap_or_default(),
    }
}

fn mark_row(mark: &SeriesMark, names: &Names) -> MarkRow {
    let class = match mark.kind {
        MarkKind::Effect => "act",
        MarkKind::Pause => "hold",
        MarkKind::Release | MarkKind::Foreign => "foreign",
    };
    let run = mark.run.map(|run| run.to_string());
    MarkRow { class, at: moment(mark.at), words: names.told(&mark.words), run }
}

fn checked_now(checked: Checked, names: &Names) -> CheckedNow {
    let evidence = serde_json::to_string_pretty(&checked.reading.evidence).unwrap_or_default();
    CheckedNow { row: reading_row(&checked.reading, names), hint: checked.hint, evidence }
}

fn tag_word(view: &MonitorView) -> String {
    view.why_not().map_or_else(|| verdict_word(view.verdict), str::to_owned)
}

pub(super) fn told(part: &Part, names: &Names) -> Told {
    let (class, folder) = match &part.about {
        About::Monitor(_) => (class(part.monitor.as_ref().and_then(|monitor| monitor.verdict)), "monitors"),
        About::Reaction(_) => (part.reaction.as_ref().map_or("none", |reaction| does(reaction).class), "reactions"),
        About::App(_) => ("none", "apps"),
    };
    Told {
        name: part.about.name().to_owned(),
        class,
        link: format!("/{folder}/{}", in_path(part.about.name())),
        sentences: part.sentences.iter().filter(|told| !is_of_gates(told)).map(|told| names.told(told)).collect(),
    }
}

pub(super) fn reading_row(reading: &ReadingView, names: &Names) -> ReadingRow {
    ReadingRow {
        at: moment(reading.at),
        class: class(Some(reading.verdict)),
        word: verdict_word(Some(reading.verdict)),
        words: names.told(reading.words.as_str()),
        took: format!("{} ms", reading.took_ms),
    }
}

//! `series`: a monitor over time, for a chart.

use super::Reader;
use super::report::outage;
use super::told::took_effect;
use flyball_model::{
    Amount, Event, Evidence, ForeignChange, Measured, MonitorId, MonitorName, Reading, Timestamp, Unit, Verdict,
};
use flyball_monitors::{Level, Levels, Monitor};
use flyball_store::{
    Amounts, Error, ReadingsPage, Rolled, Rollup, RollupsPage, Span, SpellsPage, TimelineLine, TimelinePage,
    holds_until,
};
use flyball_views::{
    HistoryLine, MarkKind, SeriesLevel, SeriesMark, SeriesNumber, SeriesPoint, SeriesUnit, SeriesView, SpellView,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::try_join;

const DAY: Duration = Duration::from_hours(24);
/// Roll-ups of five minutes are there for so long; 30 days less one.
const FIVE_MINUTES_KEPT: Duration = Duration::from_hours(24 * 29);
/// Roll-ups of hours are there for so long; thirteen months less a few days.
const HOURS_KEPT: Duration = Duration::from_hours(24 * 390);

impl Reader<'_> {
    /// A monitor of the file between two times; none where the file has none of this name.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn series(
        &self,
        name: &MonitorName,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Option<SeriesView>, Error> {
        self.series_by(name, since, until, Duration::ZERO).await
    }

    /// The same with a step that is at least so long, if that is not more than the whole.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn series_by(
        &self,
        name: &MonitorName,
        since: Timestamp,
        until: Timestamp,
        step: Duration,
    ) -> Result<Option<SeriesView>, Error> {
        let Some(monitor) = self.definitions.monitors.iter().find(|monitor| monitor.name == *name) else {
            return Ok(None);
        };
        let until = until.min(self.now);
        let since = since.min(until);
        let step = Step::of(since, until, self.now).at_least(step.min(until.since(since)));
        // An hour that is over is rolled up within minutes.
        let rolled_until = until.min(packed_until(self.now));
        let newest = ReadingsPage {
            monitor: monitor.id,
            since: Some(since.max(rolled_until)),
            until: Some(until),
            readings: ReadingsPage::READINGS_MAX,
        };
        let spells = SpellsPage {
            monitor: monitor.id,
            verdict: None,
            since: Some(since),
            until: Some(until),
            oldest_first: false,
            spells: SeriesView::SPELLS_MAX,
        };
        let (rolled, readings, spells, marks, has_earlier) = try_join!(
            self.rolled(monitor.id, step, step.start_of(since), rolled_until),
            self.store.readings(&newest),
            self.store.spells(&spells),
            self.marks(monitor, since, until),
            self.has_before(monitor.id, since)
        )?;
        let unit = monitor.kind.measures();
        let mut points = step.points(rolled, unit);
        points.extend(of_readings(&readings, monitor.every, until, unit));
        let spell = |spell: &flyball_store::Spell| SpellView {
            verdict: spell.finding.verdict(),
            spell: outage(spell, since, until, self.now),
        };
        Ok(Some(SeriesView {
            monitor: name.clone(),
            since,
            until,
            step_s: step.length.as_secs(),
            points,
            spells: spells.iter().rev().map(spell).collect(),
            marks,
            measures: monitor.kind.measures().map(|unit| measures(unit, monitor.kind.levels())),
            threshold_ms: monitor.kind.slower_than().map(|limit| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)),
            has_earlier,
        }))
    }

    /// The roll-ups of this step's span; of days also the hours of those that are not over.
    async fn rolled(
        &self,
        monitor: MonitorId,
        step: Step,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Rolled>, Error> {
        let mut rolled = self.store.rollups(&RollupsPage { monitor, span: step.span, since, until }).await?;
        if step.span == Span::Day {
            let last = rolled.last().map(|last| last.start + DAY);
            let since = last.unwrap_or_else(|| since.max(Span::Day.start_of(until) - DAY));
            rolled.extend(self.store.rollups(&RollupsPage { monitor, span: Span::Hour, since, until }).await?);
        }
        Ok(rolled)
    }

    /// Whether anything is rolled up of the time before: mostly the day before says so.
    async fn has_before(&self, monitor: MonitorId, until: Timestamp) -> Result<bool, Error> {
        for (span, since) in [(Span::Hour, until - DAY * 2), (Span::Day, Timestamp::EPOCH)] {
            if !self.store.rollups(&RollupsPage { monitor, span, since, until }).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What happened to the apps that a monitor is about.
    async fn marks(&self, monitor: &Monitor, since: Timestamp, until: Timestamp) -> Result<Vec<SeriesMark>, Error> {
        let attached = self.wiring.attached(monitor.id);
        let apps: BTreeSet<_> = attached.iter().map(|reaction| reaction.kind.app()).chain(monitor.kind.app()).collect();
        let any = || TimelinePage { until: Some(until), ..TimelinePage::default() };
        let of_apps = apps.into_iter().map(|app| TimelinePage { app: Some(app.clone()), ..any() });
        // A pause stands under what is paused.
        let of_reactions = attached.iter().map(|reaction| TimelinePage { reaction: Some(reaction.id), ..any() });
        let of_the_whole = TimelinePage { of_the_whole: true, ..any() };
        let mut marks = BTreeMap::new();
        for page in of_apps.chain(of_reactions).chain([of_the_whole]) {
            let told = self.told(since, page).await?;
            marks.extend(told.lines.into_iter().filter_map(|line| Some((line.number, mark(line)?))));
        }
        let too_many = marks.len().saturating_sub(SeriesView::MARKS_MAX);
        Ok(marks.into_values().skip(too_many).collect())
    }
}

/// Until when every hour is rolled up, whatever the engine does in this moment.
pub(super) fn packed_until(now: Timestamp) -> Timestamp {
    Span::Hour.start_of(now) - Span::Hour.length()
}

/// What one point of a chart stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    span: Span,
    length: Duration,
}

impl Step {
    /// The shortest that is still kept and makes few enough points.
    fn of(since: Timestamp, until: Timestamp, now: Timestamp) -> Self {
        let (whole, age) = (until.since(since), now.since(since));
        let points = |length: Duration| whole.as_secs().div_ceil(length.as_secs());
        for (span, kept) in [(Span::FiveMinutes, FIVE_MINUTES_KEPT), (Span::Hour, HOURS_KEPT)] {
            if age <= kept && points(span.length()) <= SeriesView::ROLLED_UP_MAX {
                return Self { span, length: span.length() };
            }
        }
        let days = points(DAY).div_ceil(SeriesView::ROLLED_UP_MAX).max(1);
        Self { span: Span::Day, length: DAY * u32::try_from(days).unwrap_or(u32::MAX) }
    }

    /// The shortest whole multiple of it that is at least so long.
    fn at_least(self, length: Duration) -> Self {
        let times = length.as_secs().div_ceil(self.length.as_secs()).max(1);
        Self { length: self.length * u32::try_from(times).unwrap_or(u32::MAX), ..self }
    }

    /// The start of the step that a moment is in.
    fn start_of(self, at: Timestamp) -> Timestamp {
        let length = i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(at.as_millis().div_euclid(length) * length)
    }

    /// Adds up what lies in the same step.
    fn points(self, rolled: Vec<Rolled>, unit: Option<Unit>) -> Vec<SeriesPoint> {
        let mut steps: BTreeMap<Timestamp, Rollup> = BTreeMap::new();
        for Rolled { start, rollup } in rolled {
            steps.entry(self.start_of(start)).or_default().add(&rollup);
        }
        steps.iter().map(|(at, rollup)| of_rollup(*at, rollup, unit)).collect()
    }
}

/// In what a monitor measures, and how far that may go.
fn measures(unit: Unit, levels: Option<&Levels>) -> SeriesUnit {
    let level = |word: &str, level: Option<Level>| {
        // Of things a second the file has the number alone.
        let amount = Amount { unit, ..level?.0 };
        Some(SeriesLevel { value: amount.number(), words: format!("{word} {amount}") })
    };
    let said = levels.map(|Levels { above, below, clears_at }| {
        [level("above", *above), level("below", *below), level("clears_at", *clears_at)]
    });
    let unit = match unit {
        Unit::Things => "",
        Unit::PerSecond => "/s",
        Unit::Millis => "ms",
        Unit::Percent => "%",
    };
    SeriesUnit { unit: unit.to_owned(), levels: said.into_iter().flatten().flatten().collect() }
}

/// What was measured in a step, where it was in the unit in which the monitor measures now.
fn number(amounts: &Amounts, unit: Option<Unit>) -> Option<SeriesNumber> {
    let number = || SeriesNumber {
        least: amounts.least().number(),
        mean: amounts.mean().number(),
        most: amounts.most().number(),
        incomplete: amounts.incomplete.into(),
    };
    (unit == Some(amounts.unit())).then(number)
}

/// The same of one reading.
fn number_of(reading: &Reading, unit: Option<Unit>) -> Option<SeriesNumber> {
    let Evidence::Measured(Measured { amount, complete, .. }) = &reading.evidence else { return None };
    let number = amount.number();
    let incomplete = u64::from(!complete);
    (unit == Some(amount.unit)).then_some(SeriesNumber { least: number, mean: number, most: number, incomplete })
}

fn of_rollup(at: Timestamp, rollup: &Rollup, unit: Option<Unit>) -> SeriesPoint {
    let seconds = |held_ms: u64| Duration::from_millis(held_ms).as_secs_f64();
    let took = |share| rollup.took.percentile(share).map(|took| took.as_secs_f64() * 1000.0);
    SeriesPoint {
        at,
        passing_s: seconds(rollup.passing.held_ms),
        failing_s: seconds(rollup.failing.held_ms),
        unknown_s: seconds(rollup.unknown.held_ms),
        readings: rollup.readings(),
        p50_ms: took(0.5),
        p95_ms: took(0.95),
        number: rollup.amounts.as_ref().and_then(|amounts| number(amounts, unit)),
    }
}

/// One point for each of these readings, which are sorted by when they began.
fn of_readings(
    readings: &[Reading],
    every: Duration,
    until: Timestamp,
    unit: Option<Unit>,
) -> impl Iterator<Item = SeriesPoint> {
    let nexts = readings.iter().skip(1).map(|next| Some(next.begun_at)).chain([None]);
    readings.iter().zip(nexts).map(move |(reading, next)| {
        let (at, verdict) = (reading.begun_at, reading.verdict());
        let held = holds_until(at, every, next).min(until).since(at).as_secs_f64();
        let of = |wanted| if verdict == wanted { held } else { 0.0 };
        let took = (verdict != Verdict::Unknown).then_some(reading.took.as_secs_f64() * 1000.0);
        SeriesPoint {
            at,
            passing_s: of(Verdict::Passing),
            failing_s: of(Verdict::Failing),
            unknown_s: of(Verdict::Unknown),
            readings: 1,
            p50_ms: took,
            p95_ms: took,
            number: number_of(reading, unit),
        }
    })
}

fn mark(line: TimelineLine) -> Option<SeriesMark> {
    let kind = match &line.entry.event {
        Event::Foreign { change: ForeignChange::Release { .. }, .. } => MarkKind::Release,
        Event::Foreign { change: ForeignChange::Quantity { .. } | ForeignChange::Size { .. }, .. } => MarkKind::Foreign,
        Event::Paused { .. } | Event::Resumed { .. } => MarkKind::Pause,
        _ => took_effect(&line).map(|_| MarkKind::Effect)?,
    };
    let HistoryLine { at, words, run, reaction, .. } = HistoryLine::of(line.number, line.entry);
    Some(SeriesMark { at, kind, words, run, reaction })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{START, Watched};
    use super::*;
    use flyball_model::{Blind, Cause, Excerpt, Finding};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn a_chart_has_all_of_its_time_by_whatever_step() {
        // A look each minute, of which the first ten of every hour fail.
        let end = START + Duration::from_hours(100);
        let watched = Watched::until(end).await;
        let page = "page".parse().unwrap();
        for (hours, step, has_earlier) in
            [(1, 300, true), (6, 300, true), (99, 3600, true), (24 * 60, 24 * 3600, false)]
        {
            let since = end - Duration::from_hours(hours);
            let series = watched.reader().series(&page, since, end + DAY).await.unwrap().unwrap();
            assert_eq!((series.step_s, series.until, series.has_earlier), (step, end, has_earlier), "{hours}");
            let watched_s = end.since(since.max(START)).as_secs_f64();
            let sum = |of: fn(&SeriesPoint) -> f64| series.points.iter().map(of).sum::<f64>();
            let (passing, failing) = (sum(|point| point.passing_s), sum(|point| point.failing_s));
            assert!((passing + failing - watched_s).abs() < 1.0, "{hours}: {passing} and {failing} of {watched_s}");
            assert!((failing / watched_s - 10.0 / 60.0).abs() < 0.01, "{hours}: {failing}");
            assert!(series.points.is_sorted_by_key(|point| point.at));
            assert!(series.points.last().unwrap().readings == 1, "the newest minutes come one by one");
            assert_eq!(series.spells.len(), usize::try_from(hours.min(100)).unwrap());
            assert_eq!(series.threshold_ms, Some(2000));
        }
        assert_eq!(watched.reader().series(&"nobody".parse().unwrap(), START, end).await.unwrap(), None);
    }

    #[test]
    fn a_step_is_made_longer_by_whole_multiples() {
        let step = |seconds| Step { span: Span::FiveMinutes, length: Duration::from_secs(seconds) };
        for (length, wanted, expected) in
            [(300, 0, 300), (300, 300, 300), (300, 301, 600), (300, 3600, 3600), (86_400, 3600, 86_400)]
        {
            assert_eq!(step(length).at_least(Duration::from_secs(wanted)), step(expected), "{length}, {wanted}");
        }
    }

    #[test]
    fn a_step_is_the_shortest_that_is_kept_and_makes_few_enough_points() {
        const HOUR: u64 = 3600;
        const DAY: u64 = 24 * HOUR;
        let now = at(3000 * DAY);
        for (age, whole, expected, points) in [
            (0, 0, 300, 0),
            (HOUR, HOUR, 300, 12),
            (DAY, DAY, 300, 288),
            (400 * 300, 400 * 300, 300, 400),
            (400 * 300 + 1, 400 * 300 + 1, HOUR, 34),
            (28 * DAY, DAY, 300, 288),
            (40 * DAY, DAY, HOUR, 24),
            (16 * DAY, 16 * DAY, HOUR, 384),
            (17 * DAY, 17 * DAY, DAY, 17),
            (395 * DAY, DAY, DAY, 1),
            (400 * DAY, 400 * DAY, DAY, 400),
            (401 * DAY, 401 * DAY, 2 * DAY, 201),
            (1826 * DAY, 1826 * DAY, 5 * DAY, 366),
        ] {
            let since = Timestamp::EPOCH + Duration::from_secs(3000 * DAY - age);
            let step = Step::of(since, since + Duration::from_secs(whole), now);
            assert_eq!(step.length.as_secs(), expected, "{age} {whole}");
            assert_eq!(whole.div_ceil(expected), points, "{age} {whole}");
        }
    }

    #[test]
    fn what_lies_in_one_step_is_added_up() {
        let passing = |seconds: u64| Rollup {
            passing: flyball_store::Share { held_ms: seconds * 1000, readings: 2 },
            ..Rollup::default()
        };
        let step = Step { span: Span::Day, length: DAY * 2 };
        let hour = |nth: u64| Rolled { start: at(nth * 3600), rollup: passing(nth) };
        let points = step.points(vec![hour(0), hour(47), hour(48), hour(100)], None);
        let told: Vec<_> = points.iter().map(|point| (point.at, point.passing_s, point.readings)).collect();
        assert_eq!(told, [(at(0), 47.0, 4), (at(48 * 3600), 48.0, 2), (at(96 * 3600), 100.0, 2)]);
        assert_eq!(points[0].p50_ms, None);
    }

    #[test]
    fn a_number_is_told_in_the_unit_in_which_it_is_measured_now() {
        let measured = |number, unit, complete| Reading {
            begun_at: at(0),
            took: Duration::ZERO,
            finding: Finding::Passing,
            words: Excerpt::default(),
            evidence: Evidence::Measured(Measured {
                amount: Amount::new(number, unit),
                complete,
                few: false,
                dynos: None,
            }),
        };
        let told = |number, incomplete| Some(SeriesNumber { least: number, mean: number, most: number, incomplete });
        for (reading, unit, expected) in [
            (measured(3.5, Unit::Things, true), Some(Unit::Things), told(3.5, 0)),
            (measured(3.5, Unit::Things, false), Some(Unit::Things), told(3.5, 1)),
            (measured(3.5, Unit::Things, true), Some(Unit::Millis), None),
            (measured(3.5, Unit::Things, true), None, None),
        ] {
            let point = of_readings(std::slice::from_ref(&reading), Duration::from_secs(30), at(30), unit).next();
            assert_eq!(point.unwrap().number, expected, "{reading:?} in {unit:?}");
        }
        let level = |number, unit| Some(Level(Amount::new(number, unit)));
        let levels = Levels { above: level(40.0, Unit::Things), below: None, clears_at: level(30.0, Unit::Things) };
        let told = measures(Unit::PerSecond, Some(&levels));
        let of_each: Vec<_> = told.levels.iter().map(|level| (level.value, level.words.as_str())).collect();
        assert_eq!(
            (told.unit.as_str(), of_each),
            ("/s", vec![(40.0, "above 40 a second"), (30.0, "clears_at 30 a second")])
        );
    }

    #[test]
    fn a_reading_holds_until_the_next_and_not_beyond_the_end() {
        let reading = |second: u64, finding| Reading {
            begun_at: at(second),
            took: Duration::from_millis(80),
            finding,
            words: Excerpt::default(),
            evidence: Evidence::None,
        };
        let blind = Finding::Unknown(Blind::Network);
        let readings = [
            reading(0, Finding::Passing),
            reading(40, Finding::Failing(Cause::Slow)),
            reading(60, blind),
            reading(2000, Finding::Passing),
        ];
        let points = of_readings(&readings, Duration::from_secs(30), at(2010), None);
        let told: Vec<_> =
            points.map(|point| (point.passing_s, point.failing_s, point.unknown_s, point.p95_ms)).collect();
        let took = Some(80.0);
        assert_eq!(
            told,
            [(40.0, 0.0, 0.0, took), (0.0, 20.0, 0.0, took), (0.0, 0.0, 30.0, None), (10.0, 0.0, 0.0, took)]
        );
        assert_eq!(of_readings(&[], Duration::from_secs(30), at(0), None).count(), 0);
    }
}

//! `report`: what became of monitors over days and months.

use super::Reader;
use flyball_model::{Cause, MonitorId, MonitorName, Timestamp, Verdict};
use flyball_monitors::Monitor;
use flyball_store::{Error, Rollup, Spell, SpellsPage, StepTimes};
use serde::Serialize;
use std::time::Duration;
use tokio::try_join;

/// Monitors that are asked for at once: enough that a report of thousands waits for few answers, and few enough that what is read
/// of five years fits into some 20 MiB.
const MONITORS_AT_ONCE: usize = 100;

/// What became of every monitor between two times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// From here.
    pub since: Timestamp,
    /// To here.
    pub until: Timestamp,
    /// Each monitor, in the order of the file.
    pub monitors: Vec<MonitorReport>,
}

/// What became of a monitor. Times are in seconds; together they are the whole of the report's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonitorReport {
    /// Its name.
    pub name: MonitorName,
    /// The share of the known time in which it was passing, 0 to 1; null where nothing is known.
    pub uptime: Option<f64>,
    /// It was as it should be.
    pub passing_s: f64,
    /// It was not.
    pub failing_s: f64,
    /// It could not be looked at.
    pub unknown_s: f64,
    /// Nobody looked: Flyball did not run, or the monitor was not there.
    pub unwatched_s: f64,
    /// How many readings there were.
    pub readings: u64,
    /// How long checks took, of those that were not unknown, in milliseconds, within 2 %.
    pub took_ms: Option<Percentiles>,
    /// The mean times of the steps of a check, in milliseconds.
    pub steps_ms: Steps,
    /// The times in which it was failing without a break. They are kept for two years.
    pub outages: Outages,
}

/// The times in which a monitor was failing without a break; a reading that could not look ends one. Times are in seconds, and
/// of one that began before the report or ends after it they are what lies within.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outages {
    /// How many there were.
    pub count: u64,
    /// How long the longest was; 0 where there was none.
    pub longest_s: f64,
    /// How long they were together.
    pub total_s: f64,
    /// Each of them, oldest first: the latest [`Outages::LISTED_MAX`]. Absent where nobody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Vec<Outage>>,
}

impl Outages {
    /// As many as a page of spells has: what a person can read.
    pub const LISTED_MAX: usize = SpellsPage::SPELLS_MAX as usize;
}

/// A time in which a monitor was failing without a break.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outage {
    /// When its first failing reading began, also where that is before the report.
    pub began_at: Timestamp,
    /// When the next reading began that was not failing, or when its last one no longer held; null while it goes on.
    pub ended_at: Option<Timestamp>,
    /// How much of it lies within the report.
    pub lasted_s: f64,
    /// Why its first reading failed.
    pub cause: Option<Cause>,
    /// How many failing readings there were.
    pub readings: u32,
    /// The longest time within it without a reading.
    pub longest_silence_s: f64,
    /// What ended it; null where nobody looked any more, or while it goes on.
    pub then: Option<Verdict>,
}

/// How long checks took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of them took at most this long.
    pub p50: f64,
    /// 95 % did.
    pub p95: f64,
    /// 99 % did.
    pub p99: f64,
}

/// The mean times of the steps of a check; null where no check took the step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Steps {
    /// Looking the name up.
    pub name: Option<f64>,
    /// Connecting.
    pub connect: Option<f64>,
    /// The TLS handshake.
    pub tls: Option<f64>,
    /// From the request to the first byte of the answer.
    pub first_byte: Option<f64>,
}

impl Reader<'_> {
    /// What became of the monitors of the file, or of one of them, between two times.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn report(
        &self,
        only: Option<&MonitorName>,
        since: Timestamp,
        until: Timestamp,
        listed: ListOutages,
    ) -> Result<Report, Error> {
        let until = until.min(self.now);
        let is_wanted = |monitor: &&Monitor| only.is_none_or(|only| *only == monitor.name);
        let wanted: Vec<&Monitor> = self.definitions.monitors.iter().filter(is_wanted).collect();
        let mut monitors = Vec::new();
        for some in wanted.chunks(MONITORS_AT_ONCE) {
            let ids: Vec<MonitorId> = some.iter().map(|monitor| monitor.id).collect();
            let (rollups, spells) = try_join!(
                self.store.rolled_up(&ids, since, until),
                self.store.latest_spells(&ids, Verdict::Failing, since, until)
            )?;
            for ((monitor, rollup), spells) in some.iter().zip(rollups).zip(spells) {
                let outages = self.outages(monitor.id, spells, since, until, listed).await?;
                monitors.push(of_monitor(monitor, &rollup, until.since(since), outages));
            }
        }
        Ok(Report { since, until, monitors })
    }

    /// Adds a monitor's outages up, of which these are the newest, page by page: a store keeps a bounded number of them.
    async fn outages(
        &self,
        monitor: MonitorId,
        mut spells: Vec<Spell>,
        since: Timestamp,
        until: Timestamp,
        listed: ListOutages,
    ) -> Result<Outages, Error> {
        let mut page = SpellsPage {
            monitor,
            verdict: Some(Verdict::Failing),
            since: Some(since),
            until: Some(until),
            oldest_first: false,
            spells: 0,
        };
        let (mut count, mut longest, mut total, mut list) = (0, Duration::ZERO, Duration::ZERO, Vec::new());
        while let Some(oldest) = spells.last() {
            page.until = Some(oldest.began_at);
            for spell in &spells {
                let lasted = spell.length_within(since, until);
                count += 1;
                longest = longest.max(lasted);
                total += lasted;
            }
            let room = Outages::LISTED_MAX - list.len();
            list.extend(spells.iter().take(room).map(|spell| outage(spell, since, until, self.now)));
            let may_be_more = spells.len() == Outages::LISTED_MAX;
            spells = if may_be_more { self.store.spells(&page).await? } else { Vec::new() };
        }
        list.reverse();
        Ok(Outages {
            count,
            longest_s: longest.as_secs_f64(),
            total_s: total.as_secs_f64(),
            list: (listed == ListOutages::Each).then_some(list),
        })
    }
}

/// Whether a report lists outages one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOutages {
    /// Each of them.
    Each,
    /// Only what they come to.
    Summed,
}

fn outage(spell: &Spell, since: Timestamp, until: Timestamp, now: Timestamp) -> Outage {
    Outage {
        began_at: spell.began_at,
        ended_at: (!spell.goes_on(now)).then_some(spell.ended_at),
        lasted_s: spell.length_within(since, until).as_secs_f64(),
        cause: spell.finding.cause(),
        readings: spell.readings,
        longest_silence_s: spell.longest_silence.as_secs_f64(),
        then: spell.then,
    }
}

fn of_monitor(monitor: &Monitor, rollup: &Rollup, whole: Duration, outages: Outages) -> MonitorReport {
    let seconds = |held_ms: u64| Duration::from_millis(held_ms).as_secs_f64();
    let known = [rollup.passing, rollup.failing, rollup.unknown].iter().map(|share| share.held_ms).sum();
    let took = |share| rollup.took.percentile(share).map(|took| took.as_secs_f64() * 1000.0);
    let took_ms = match (took(0.5), took(0.95), took(0.99)) {
        (Some(p50), Some(p95), Some(p99)) => Some(Percentiles { p50, p95, p99 }),
        _ => None,
    };
    MonitorReport {
        name: monitor.name.clone(),
        uptime: rollup.uptime(),
        passing_s: seconds(rollup.passing.held_ms),
        failing_s: seconds(rollup.failing.held_ms),
        unknown_s: seconds(rollup.unknown.held_ms),
        unwatched_s: whole.saturating_sub(Duration::from_millis(known)).as_secs_f64(),
        readings: rollup.readings(),
        took_ms,
        steps_ms: Steps {
            name: StepTimes::mean_ms(rollup.name),
            connect: StepTimes::mean_ms(rollup.connect),
            tls: StepTimes::mean_ms(rollup.tls),
            first_byte: StepTimes::mean_ms(rollup.first_byte),
        },
        outages,
    }
}

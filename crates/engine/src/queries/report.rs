//! `report`: what became of monitors over days and months.

use super::Reader;
use flyball_model::{MonitorId, MonitorName, Timestamp, Verdict};
use flyball_monitors::Monitor;
use flyball_store::{Error, Rollup, Spell, SpellsPage, StepTimes};
use flyball_views::{MonitorReport, Outage, Outages, Percentiles, Report, Steps};
use std::time::Duration;
use tokio::try_join;

/// Monitors that are asked for at once: enough that a report of thousands waits for few answers, and few enough that what is read
/// of five years fits into some 20 MiB.
pub(super) const MONITORS_AT_ONCE: usize = 100;

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
        let cures = self.cures(only.map(MonitorId::of), since, until).await?;
        Ok(Report { since, until, monitors, cures })
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

/// A spell as it is told of the time between these two.
pub(super) fn outage(spell: &Spell, since: Timestamp, until: Timestamp, now: Timestamp) -> Outage {
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

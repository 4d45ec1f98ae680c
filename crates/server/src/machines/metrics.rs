//! `/metrics`: figures of this process, and how what is in force stands, as Prometheus reads them.
//!
//! How many series there are is bounded: by words of ours, and by [`NAMED_MAX`] names of each family.

use super::exposition::{CONTENT_TYPE, Exposition};
use crate::answer::Problem;
use crate::house::House;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use flyball_engine::live::Counted;
use flyball_heroku::Standing;
use flyball_model::{Timestamp, Verdict};
use flyball_views::{NodeState, Status};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Monitors that have series of their own, in the order of the file, and accounts, by name: with three series each, a tenth of what a
/// small Prometheus holds with ease. Those beyond are in the sums, and are counted in `flyball_unnamed`.
const NAMED_MAX: usize = 1000;

/// What is told, read as of one moment.
struct Seen<'a> {
    version: &'a str,
    counted: &'a Counted,
    standings: &'a [Standing],
    status: &'a Status,
    oldest_due_run: Duration,
}

/// Everything that is counted.
pub(super) async fn metrics(State(house): State<Arc<House>>) -> Result<impl IntoResponse, Problem> {
    let (now, status) = (house.now(), house.status().await?);
    let due = house.store().due(now).await?;
    let text = told(&Seen {
        version: house.settings.version,
        counted: &house.engine.counted(),
        standings: &house.engine.ports().accounts.standings(),
        status: &status,
        oldest_due_run: oldest(due.iter().map(|run| run.queued_at), now),
    });
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text))
}

/// How long ago the earliest of these was; nothing where there is none.
fn oldest(times: impl Iterator<Item = Timestamp>, now: Timestamp) -> Duration {
    times.min().map_or(Duration::ZERO, |earliest| now.since(earliest))
}

fn told(seen: &Seen<'_>) -> String {
    let mut told = Exposition::default();
    told.gauge("flyball_info", "Which version this is; always 1.").sample(&[("version", seen.version)], 1);
    of_checks(&mut told, seen.counted);
    of_monitors(&mut told, seen.status);
    of_reactions(&mut told, seen);
    of_accounts(&mut told, seen.standings);
    told.histogram(
        "flyball_store_commit_seconds",
        "How long the store took for each commit of the loop.",
        &seen.counted.commits,
    );
    let help = "Commits of the loop that the store did not take; they are tried again.";
    told.counter("flyball_store_commits_failed_total", help).is(seen.counted.commits_failed);
    of_nodes(&mut told, seen.status);
    let beyond = |count: usize| count.saturating_sub(NAMED_MAX);
    let mut unnamed = told.gauge("flyball_unnamed", "Those that are too many to have series of their own.");
    let enabled = seen.status.monitors.iter().filter(|monitor| monitor.looks_now()).count();
    unnamed.sample(&[("of", "monitors")], beyond(enabled));
    unnamed.sample(&[("of", "accounts")], beyond(seen.standings.len()));
    told.text()
}

fn of_checks(told: &mut Exposition, counted: &Counted) {
    let checks = &counted.checks;
    for (name, help, count) in [
        ("flyball_checks_due_total", "Checks that were due.", checks.due),
        ("flyball_checks_total", "Checks that were made.", checks.made),
        (
            "flyball_checks_missed_total",
            "Checks that were not made: the one before was still under way, or the process stalled.",
            checks.missed,
        ),
        ("flyball_checks_waited_total", "Checks that found no place free, and waited for one.", checks.waited),
        (
            "flyball_readings_dropped_total",
            "Readings that could not be kept, because the store took nothing for too long.",
            checks.dropped,
        ),
    ] {
        told.counter(name, help).is(count);
    }
    told.histogram("flyball_check_late_seconds", "How late checks started.", &counted.late);
    let help = "For how long the check has been due that is under way, or waits for a place, for the longest.";
    told.gauge("flyball_oldest_check_seconds", help).is(counted.oldest_check.unwrap_or_default().as_secs_f64());
}

const VERDICTS: [(Verdict, &str); 3] =
    [(Verdict::Passing, "passing"), (Verdict::Failing, "failing"), (Verdict::Unknown, "unknown")];

fn of_monitors(told: &mut Exposition, status: &Status) {
    let enabled = || status.monitors.iter().filter(|monitor| monitor.looks_now());
    let mut sums = told.gauge("flyball_monitors", "Monitors that are switched on, by their present verdict.");
    for (verdict, word) in VERDICTS {
        sums.sample(&[("verdict", word)], enabled().filter(|monitor| monitor.verdict == Some(verdict)).count());
    }
    let not_looked = enabled().filter(|monitor| monitor.verdict.is_none()).count();
    sums.sample(&[("verdict", "not_looked")], not_looked);
    let help = "Whether a monitor that is switched on has this verdict: 1, or 0.";
    let mut verdicts = told.gauge("flyball_monitor_verdict", help);
    for monitor in enabled().take(NAMED_MAX) {
        for (verdict, word) in VERDICTS {
            let has = u8::from(monitor.verdict == Some(verdict));
            verdicts.sample(&[("monitor", monitor.name.as_str()), ("verdict", word)], has);
        }
    }
}

fn of_reactions(told: &mut Exposition, seen: &Seen<'_>) {
    let mut ended = told.counter("flyball_runs_ended_total", "Runs that ended, by their outcome.");
    for outcome in ["done", "not_done", "superseded", "refused", "in_doubt"] {
        ended.sample(&[("outcome", outcome)], seen.counted.ended.get(outcome).copied().unwrap_or_default());
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    let enabled = seen.status.reactions.iter().filter(|reaction| reaction.enabled);
    for holding in enabled.flat_map(|reaction| &reaction.holdings).filter(|holding| !holding.acted) {
        *reasons.entry(&holding.reason).or_default() += 1;
    }
    let help = "Reactions that hold still at the latest reading of a monitor, by the word of the reason.";
    let mut holds = told.gauge("flyball_holds", help);
    for (reason, count) in reasons {
        holds.sample(&[("reason", reason)], count);
    }
    let help = "How long ago the run was wanted that is due for the longest; 0 where none is due.";
    told.gauge("flyball_oldest_due_run_seconds", help).is(seen.oldest_due_run.as_secs_f64());
}

fn of_accounts(told: &mut Exposition, standings: &[Standing]) {
    let named = || standings.iter().take(NAMED_MAX);
    let help = "Calls left in the account's budget, as far as Heroku has said; none before its key was found.";
    let mut left = told.gauge("flyball_heroku_budget_left", help);
    for Standing { account, left: calls, .. } in named() {
        if let Some(calls) = calls {
            left.sample(&[("account", account.as_str())], calls);
        }
    }
    let counted = || named().filter_map(|standing| Some((standing.account.as_str(), standing.stats.as_ref()?)));
    let mut calls = told.counter("flyball_heroku_calls_total", "Calls of Heroku's API that were sent.");
    counted().for_each(|(account, stats)| calls.sample(&[("account", account)], stats.total()));
    let mut failed =
        told.counter("flyball_heroku_calls_failed_total", "Of these, those that failed, for whatever reason.");
    counted().for_each(|(account, stats)| failed.sample(&[("account", account)], stats.failed));
}

fn of_nodes(told: &mut Exposition, status: &Status) {
    let mut nodes = told.gauge("flyball_nodes", "Engines that share the work on one database, by what they are about.");
    for state in [NodeState::Working, NodeState::Draining, NodeState::Silent] {
        let count = status.nodes.iter().filter(|node| node.state == state).count();
        nodes.sample(&[("state", state.word())], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_as_old_as_the_earliest_time_and_never_younger_than_now() {
        let at = |seconds| Timestamp::EPOCH + Duration::from_secs(seconds);
        for (times, expected) in [(&[][..], 0), (&[at(90)], 10), (&[at(90), at(40), at(95)], 60), (&[at(101)], 0)] {
            assert_eq!(oldest(times.iter().copied(), at(100)), Duration::from_secs(expected), "{times:?}");
        }
    }
}

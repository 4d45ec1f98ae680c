//! What must have held, told from what the stand-in received and what the database remembers, and from nothing that Flyball says.

use flyball_heroku_sim::{ReceivedCall, Took};
use flyball_model::{Effect, Look, Outcome, Reading, Run, RunState, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often every monitor looks.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// Whatever is done to whoever watches a monitor, it is looked at again within this.
pub(super) const AGAIN_WITHIN: Duration = Duration::from_secs(15);
/// What a machine with much else to do may take.
const SLACK: Duration = Duration::from_secs(2);
/// How long the stand-in takes for a changing call: until then it is under way.
pub(super) const CALL_TAKES: Duration = Duration::from_millis(150);
/// The holder of a shard is looked at this often at least; before and after a deed it may have been another.
pub(super) const HOLDER_KNOWN_WITHIN: Duration = Duration::from_secs(1);

/// The effect of a changing call, as far as a run's plan tells it.
fn does(call: &ReceivedCall, effect: &Effect) -> bool {
    match effect {
        Effect::SetQuantity { to, .. } => {
            call.method == "PATCH" && call.body.contains(&format!("\"quantity\":{}", to.get()))
        }
        Effect::RestartAll { .. } => call.method == "DELETE" && call.path.ends_with("/dynos"),
        Effect::RunOneOff { command, .. } => call.method == "POST" && call.body.contains(command.as_str()),
        Effect::SetSize { .. } | Effect::RestartDyno { .. } | Effect::RollBack { .. } => false,
    }
}

const fn is_one_off(run: &Run) -> bool {
    matches!(run.plan.effect, Effect::RunOneOff { .. })
}

/// When a run was over; an open one never is.
fn over(run: &Run) -> Timestamp {
    match run.state {
        RunState::Ended { at, .. } => at,
        RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => Timestamp::FAR_FUTURE,
    }
}

/// What is wrong with the calls to an app and its runs.
pub(super) fn effects(app: &str, calls: &[ReceivedCall], runs: &[Run], scaled_back: &[Timestamp]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut runs: Vec<(&Run, Timestamp)> = runs.iter().filter_map(|run| Some((run, run.sent_at?))).collect();
    runs.sort_by_key(|(_, sent_at)| *sent_at);
    let mut made: BTreeMap<usize, &ReceivedCall> = BTreeMap::new();
    for call in calls {
        // The latest that may have made it and is not known to have made another.
        let of = runs.iter().enumerate().rev().find(|(index, (run, sent_at))| {
            *sent_at <= call.at && call.at <= over(run) && does(call, &run.plan.effect) && !made.contains_key(index)
        });
        match of {
            Some((index, _)) => {
                made.insert(index, call);
            }
            None => wrong.push(format!("{app}: a call of no run, or one more of a run: {call:?}")),
        }
    }
    for (index, (run, sent_at)) in runs.iter().enumerate() {
        let took = made.get(&index).is_some_and(|call| matches!(call.took, Took::Effect | Took::Nothing));
        let undone = scaled_back.iter().any(|at| sent_at <= at && *at <= over(run));
        match &run.state {
            RunState::Ended { outcome: Outcome::Done { seen: Look::Answered | Look::SeenAfterwards, .. }, .. }
                if !took =>
            {
                wrong.push(format!("{app}: told as done, and not done: {run:?}"));
            }
            RunState::Ended { outcome: Outcome::NotDone { .. } | Outcome::Superseded { .. }, .. }
                if took && !undone =>
            {
                wrong.push(format!("{app}: told as not done, and done: {run:?}"));
            }
            RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => {
                wrong.push(format!("{app}: still open: {run:?}"));
            }
            RunState::Ended { .. } => {}
        }
    }
    let in_turn: Vec<_> = runs.iter().filter(|(run, _)| !is_one_off(run)).collect();
    for pair in in_turn.windows(2) {
        if pair[1].1 < over(pair[0].0) {
            wrong.push(format!("{app}: two runs under way at once: {:?} and {:?}", pair[0].0, pair[1].0));
        }
    }
    let in_turn: Vec<_> = calls.iter().filter(|call| call.method != "POST").collect();
    for pair in in_turn.windows(2) {
        if pair[1].at < pair[0].at + CALL_TAKES {
            wrong.push(format!("{app}: two calls under way at once: {:?} and {:?}", pair[0], pair[1]));
        }
    }
    wrong
}

/// Something that was done.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    pub(super) what: String,
    pub(super) at: Timestamp,
    pub(super) over: Timestamp,
    /// To which process; to the database where it is none.
    pub(super) process: Option<u32>,
}

/// Which process held each shard, since when: only where something changed.
pub(super) type Holders = Vec<(Timestamp, BTreeMap<u8, u32>)>;

/// Whether a process held a shard at this time, or just before or after it.
fn held(holders: &Holders, shard: u8, process: u32, at: Timestamp) -> bool {
    let (from, until) = (at - HOLDER_KNOWN_WITHIN, at + HOLDER_KNOWN_WITHIN);
    let ends = holders.iter().skip(1).map(|(since, _)| *since).chain([Timestamp::FAR_FUTURE]);
    holders
        .iter()
        .zip(ends)
        .any(|((since, of), end)| *since <= until && from <= end && of.get(&shard) == Some(&process))
}

/// Who came to hold a shard within a time, and when.
pub(super) fn hands(holders: &Holders, shard: u8, from: Timestamp, until: Timestamp) -> Vec<(String, Option<u32>)> {
    let mut hands: Vec<_> = holders.iter().map(|(since, of)| (*since, of.get(&shard).copied())).collect();
    hands.dedup_by_key(|(_, holder)| *holder);
    let within = hands.into_iter().filter(|(since, _)| from <= *since && *since <= until);
    within.map(|(since, holder)| (since.to_string(), holder)).collect()
}

/// How long a monitor was not looked at for at most; and each time in which it was not for too long, and nothing was done to
/// whoever watched it, or to the database.
pub(super) fn gaps(
    monitor: &str,
    shard: u8,
    looks: &[Timestamp],
    deeds: &[Deed],
    holders: &Holders,
) -> (Duration, Vec<String>) {
    let mut wrong = Vec::new();
    let mut longest = Duration::ZERO;
    for pair in looks.windows(2) {
        let (from, until) = (pair[0], pair[1]);
        longest = longest.max(until.since(from));
        let within: Vec<&Deed> = deeds.iter().filter(|deed| deed.over >= from && deed.at <= until).collect();
        let hits = within.iter().filter_map(|deed| match deed.process {
            Some(process) => held(holders, shard, process, deed.at).then_some(deed.at),
            None => Some(deed.over),
        });
        let mut from_then_on: Vec<Timestamp> =
            hits.filter(|at| (from..until).contains(at)).chain([from, until]).collect();
        from_then_on.sort();
        let unexplained = from_then_on.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap_or_default();
        if unexplained > AGAIN_WITHIN + EVERY + SLACK {
            wrong.push(format!(
                "{monitor}: {:?} without a look from {from} on, {unexplained:?} of them with nothing done to explain it: {within:?}",
                until.since(from),
            ));
        }
    }
    (longest, wrong)
}

/// Looks that are closer together than half an interval.
pub(super) fn close(readings: &[Reading]) -> Vec<(Timestamp, Timestamp)> {
    let begun: Vec<Timestamp> = readings.iter().map(|reading| reading.begun_at).collect();
    begun.windows(2).filter(|pair| pair[1].since(pair[0]) * 2 < EVERY).map(|pair| (pair[0], pair[1])).collect()
}

//! One-off dynos: they start, run a command, end, and are gone. The world remembers them; the API does not.

use super::app::{App, Turn};
use super::behaviour::Cures;
use super::dyno::{CYCLE, CYCLE_SPREAD_MS, DynoKind, NewDyno};
use super::refusal::Refusal;
use super::sizes::SizeClass;
use flyball_model::{ProcessType, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// The longest `time_to_live`, in seconds. Source: platform-api 5.3 (S26).
pub(crate) const TIME_TO_LIVE_MAX: u64 = 86_400;

/// At most this many one-offs are remembered per app: more than any scenario starts, and a bound all the same.
const REMEMBERED: usize = 10_000;

/// How a one-off dyno ended, or will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its command ended by itself with this status.
    Exited(i32),
    /// Its `time_to_live`, or the daily cycle, ended it.
    TimeToLive,
    /// Somebody stopped or restarted it, which for a one-off is the same. Source: platform-api 5.3.
    Stopped,
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OneOffRequest {
    /// The command, or the name of a process type whose command is run.
    pub command: String,
    /// The size, in any case; `None`: the smallest of the app's tier.
    pub size: Option<String>,
    /// The process type; `None`: `run`.
    pub process_type: Option<String>,
    /// After how many seconds it is ended.
    pub time_to_live: Option<u64>,
    /// Added over the config vars for this dyno.
    pub env: BTreeMap<String, String>,
    /// Whether somebody is attached to it.
    pub attach: Attach,
}

/// Whether a one-off dyno's output goes to a person or to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attach {
    /// To the log: detached.
    #[default]
    No,
    /// To a person.
    Yes,
}

/// One one-off dyno that was started, remembered after it has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOff {
    /// Its dyno id.
    pub id: Uuid,
    /// `run.1234`.
    pub name: String,
    /// The command as it was asked for.
    pub command: String,
    /// Its size.
    pub size: &'static str,
    /// What was added over the config vars.
    pub env: BTreeMap<String, String>,
    /// In seconds, as it was asked for.
    pub time_to_live: Option<u64>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When and how it ended; `None` while it runs.
    pub ended: Option<(Timestamp, Ending)>,
}

impl App {
    /// Starts a one-off dyno; returns its place in the list of dynos.
    pub(crate) fn run_one_off(&mut self, request: &OneOffRequest, turn: &mut Turn<'_>) -> Result<usize, Refusal> {
        let size = self.one_off_size(request.size.as_deref())?;
        if request.command.trim().is_empty() {
            return Err(Refusal::invalid_params("Command can't be blank."));
        }
        if let Some(seconds) = request.time_to_live.filter(|seconds| !(1..=TIME_TO_LIVE_MAX).contains(seconds)) {
            let message = format!("Time to live must be between 1 and {TIME_TO_LIVE_MAX} seconds, not {seconds}.");
            return Err(Refusal::invalid_params(message));
        }
        let kind_name = request.process_type.as_deref().unwrap_or("run");
        let process_type: ProcessType =
            kind_name.parse().map_err(|_| Refusal::invalid_params("Type is not a process type."))?;
        let running = self.dynos.iter().filter(|dyno| matches!(dyno.kind, DynoKind::OneOff { .. })).count();
        if running >= size.one_offs_max as usize {
            return Err(Refusal::cannot_run_above(size.one_offs_max, running as u32 + 1, size.name));
        }
        let name = self.one_off_name(kind_name, turn);
        let (ends_at, ending) = self.end_of(request, turn);
        let new = NewDyno {
            name: name.clone(),
            process_type,
            ordinal: 0,
            size,
            command: request.command.clone(),
            kind: DynoKind::OneOff { ends_at, ending },
            crashes: 0,
            release: self.current,
            boots_in: self.spec.mechanics.one_off_boot,
        };
        let index = self.start_dyno(new, turn);
        if self.one_offs.len() == REMEMBERED {
            self.one_offs.pop_front();
        }
        self.one_offs_started += 1;
        self.one_offs.push_back(OneOff {
            id: self.dynos[index].id,
            name,
            command: request.command.clone(),
            size: size.name,
            env: request.env.clone(),
            time_to_live: request.time_to_live,
            created_at: turn.now,
            ended: None,
        });
        Ok(index)
    }

    /// Default: the smallest size of the app's tier. Source: platform-api 5.3 (UNCONFIRMED).
    fn one_off_size(&self, asked: Option<&str>) -> Result<&'static SizeClass, Refusal> {
        let tier = self.tier();
        match asked {
            Some(name) => {
                let size = self.spec.place.size(name)?;
                if size.tier == tier { Ok(size) } else { Err(self.cannot_mix(size)) }
            }
            None => Ok(self.spec.place.sizes().find(|size| size.tier == tier).expect("the app's own size has a tier")),
        }
    }

    /// `run.NNNN`, or on Fir `run-xxxxxxxxxx-xxxxx`. Source: platform-api 5.3 (S26, LOG).
    pub(crate) fn one_off_name(&self, kind: &str, turn: &mut Turn<'_>) -> String {
        loop {
            let name = if self.spec.place.is_fir() {
                format!("{kind}-{}-{}", turn.chance.names.letters(10), turn.chance.names.letters(5))
            } else {
                format!("{kind}.{}", 1000 + turn.chance.names.below(9000))
            };
            // Far fewer than 9000 may run at once, so this ends.
            if self.dynos.iter().all(|dyno| dyno.name != name) {
                return name;
            }
        }
    }

    fn end_of(&self, request: &OneOffRequest, turn: &mut Turn<'_>) -> (Timestamp, Ending) {
        let mechanics = &self.spec.mechanics;
        let command = self.resolved(&request.command);
        let known = mechanics.commands.iter().find(|known| command.contains(known.contains.as_str()));
        let (runs, exit) = known.map_or((mechanics.one_off_runs, 0), |known| (known.runs, known.exit));
        let by_itself = turn.now + mechanics.one_off_boot + runs;
        let spread = Duration::from_millis(turn.chance.cycles.below(CYCLE_SPREAD_MS));
        let killed = request.time_to_live.map_or(CYCLE + spread, Duration::from_secs);
        let killed_at = turn.now + killed;
        if killed_at < by_itself { (killed_at, Ending::TimeToLive) } else { (by_itself, Ending::Exited(exit)) }
    }

    /// A command that is the name of a process type runs that type's command.
    /// Source: platform-api 5.3 (DC one-off-dynos).
    fn resolved<'a>(&'a self, command: &'a str) -> &'a str {
        self.process_index(command).map_or(command, |index| self.formation[index].command.as_str())
    }

    /// The time of a one-off has come.
    pub(crate) fn one_off_has_ended(&mut self, index: usize, now: Timestamp) {
        let DynoKind::OneOff { ending, .. } = self.dynos[index].kind else { return };
        if ending == Ending::Exited(0) {
            let command = self.dynos[index].command.clone();
            let known = &self.spec.mechanics.commands;
            let command = self.resolved(&command);
            let cures = known.iter().find(|known| command.contains(known.contains.as_str())).map(|known| known.cures);
            if cures == Some(Cures::DatabaseError) {
                self.database_error = None;
            }
        }
        self.end_one_off(index, ending, now);
    }

    /// Ends a one-off for good; it leaves the list at once. Source: platform-api 5.3 (UNCONFIRMED how fast).
    pub(crate) fn end_one_off(&mut self, index: usize, ending: Ending, now: Timestamp) {
        let dyno = self.dynos.remove(index);
        if let Some(one_off) = self.one_offs.iter_mut().rev().find(|one_off| one_off.id == dyno.id) {
            one_off.ended = Some((now, ending));
        }
    }
}

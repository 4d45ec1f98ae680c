//! What a campaign came to, in figures.

use crate::campaign::Trial;
use crate::stage::Noted;
use crate::story::What;
use flyball_heroku_sim::Took;
use flyball_model::{Effect, RunState, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What a campaign came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Figures {
    /// Seeds that were played.
    pub seeds: u64,
    /// Seeds in which something did not hold.
    pub violated: u64,
    /// Simulated time, in minutes.
    pub minutes: u64,
    /// Readings that were taken in, unknown ones among them.
    pub readings: u64,
    /// Readings that were unknown.
    pub unknown: u64,
    /// Times at which a process of Flyball ended without warning.
    pub kills: u64,
    /// Times at which Flyball's clock was set.
    pub clock_steps: u64,
    /// Times at which the file was changed while Flyball ran.
    pub edits: u64,
    /// Pauses by a person.
    pub pauses: u64,
    /// Runs, by how they ended.
    pub runs: BTreeMap<String, u64>,
    /// Calls that had an effect, by kind.
    pub effects: BTreeMap<&'static str, u64>,
    /// Calls that went wrong, by how.
    pub faults: BTreeMap<&'static str, u64>,
    /// Times in which something was out of order, by what.
    pub spells: BTreeMap<String, u64>,
    /// What people and the weather did to the apps.
    pub deeds: u64,
}

impl Figures {
    /// Counts a seed in.
    pub fn add(&mut self, trial: &Trial) {
        self.seeds += 1;
        self.violated += u64::from(!trial.violations.is_empty());
        self.minutes += trial.record.lasted.as_secs() / 60;
        for run in &trial.record.runs {
            let ended = match &run.state {
                RunState::Ended { outcome, .. } => outcome.code(),
                open => open.code(),
            };
            *self.runs.entry(ended.replace('_', " ")).or_default() += 1;
        }
        for note in &trial.record.notes {
            self.add_note(trial, &note.what);
        }
    }

    fn add_note(&mut self, trial: &Trial, note: &Noted) {
        match note {
            Noted::TakenIn { finding, .. } => {
                self.readings += 1;
                self.unknown += u64::from(finding.verdict() == Verdict::Unknown);
            }
            Noted::Stopped => self.kills += 1,
            Noted::Faulted { met, .. } => *self.faults.entry(met.fate.code()).or_default() += 1,
            Noted::Happened(what) => self.add_happening(what),
            Noted::Ended(run) => {
                let run = trial.record.runs.iter().find(|of| of.id == *run);
                let took = |id: &str| {
                    let mut calls = trial.record.calls.iter();
                    calls.any(|call| call.request_id.as_deref() == Some(id) && call.took == Took::Effect)
                };
                let requests = trial.record.notes.iter().filter_map(|note| match &note.what {
                    Noted::Left { run: Some(of), request_id } if run.is_some_and(|run| run.id == *of) => {
                        Some(request_id)
                    }
                    _ => None,
                });
                if let Some(run) = run.filter(|run| run.sent_at.is_some() && requests.into_iter().any(|id| took(id))) {
                    *self.effects.entry(kind(&run.plan.effect)).or_default() += 1;
                }
            }
            Noted::Started
            | Noted::Applied(_)
            | Noted::Asked { .. }
            | Noted::Written { .. }
            | Noted::Remembered { .. }
            | Noted::Held { .. }
            | Noted::Trespassed(_)
            | Noted::Queued(_)
            | Noted::Claimed { .. }
            | Noted::Marked { .. }
            | Noted::Left { .. }
            | Noted::Arrived { .. }
            | Noted::Quiet => {}
        }
    }

    fn add_happening(&mut self, what: &What) {
        match what {
            What::App { .. } => self.deeds += 1,
            What::ClockStep { .. } => self.clock_steps += 1,
            What::Pause { .. } => self.pauses += 1,
            What::Edit(_) => self.edits += 1,
            What::Spell { of, .. } => *self.spells.entry(of.to_string()).or_default() += 1,
            // Counted when the process ends.
            What::Kill { .. } | What::Halt { .. } | What::Leave { .. } | What::Resume { .. } => {}
        }
    }

    /// Counts another campaign in.
    pub fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.violated += other.violated;
        self.minutes += other.minutes;
        self.readings += other.readings;
        self.unknown += other.unknown;
        self.kills += other.kills;
        self.clock_steps += other.clock_steps;
        self.edits += other.edits;
        self.pauses += other.pauses;
        self.deeds += other.deeds;
        let sum = |into: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>| {
            from.iter().for_each(|(what, count)| *into.entry(what.clone()).or_default() += count);
        };
        sum(&mut self.runs, &other.runs);
        sum(&mut self.spells, &other.spells);
        other.effects.iter().for_each(|(what, count)| *self.effects.entry(what).or_default() += count);
        other.faults.iter().for_each(|(what, count)| *self.faults.entry(what).or_default() += count);
    }
}

fn kind(effect: &Effect) -> &'static str {
    match effect {
        Effect::SetQuantity { from, to, .. } if to > from => "scale out",
        Effect::SetQuantity { .. } => "scale in",
        Effect::SetSize { .. } => "resize",
        Effect::RestartDyno { .. } => "restart one",
        Effect::RestartAll { .. } => "restart all",
        Effect::RollBack { .. } => "roll back",
        Effect::RunOneOff { .. } => "one-off dyno",
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |what: &str, count: u64| writeln!(f, "{what:<34}{count:>12}");
        line("seeds", self.seeds)?;
        line("seeds with a violation", self.violated)?;
        line("simulated hours", self.minutes / 60)?;
        line("readings", self.readings)?;
        line("  unknown", self.unknown)?;
        line("kills", self.kills)?;
        line("clock steps", self.clock_steps)?;
        line("changes of the file", self.edits)?;
        line("pauses", self.pauses)?;
        line("deeds of people and the weather", self.deeds)?;
        let total = |counts: Vec<&u64>| counts.into_iter().sum::<u64>();
        line("runs", total(self.runs.values().collect()))?;
        self.runs.iter().try_for_each(|(what, count)| line(&format!("  {what}"), *count))?;
        line("effects", total(self.effects.values().collect()))?;
        self.effects.iter().try_for_each(|(what, count)| line(&format!("  {what}"), *count))?;
        line("calls that went wrong", total(self.faults.values().collect()))?;
        self.faults.iter().try_for_each(|(what, count)| line(&format!("  {what}"), *count))?;
        line("spells", total(self.spells.values().collect()))?;
        self.spells.iter().try_for_each(|(what, count)| line(&format!("  {what}"), *count))
    }
}

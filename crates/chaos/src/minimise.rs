//! Makes a story as small as it gets while the same invariant is violated: what is left is what it takes.

use crate::campaign::{Trial, attempt};
use crate::stage::{Between, Noted, START, StageError};
use crate::story::{Faults, Met, Story, What};

/// At most this many times it is played again: a minute at most, and most stories are small long before.
const PLAYS_MAX: u32 = 300;

/// Makes a trial's story smaller, as long as its first violation's invariant is violated.
///
/// # Errors
///
/// When the stage cannot be set.
pub fn minimise(trial: Trial, between: &Between) -> Result<Trial, StageError> {
    let Some(violation) = trial.violations.first() else { return Ok(trial) };
    let mut search = Search { invariant: violation.invariant, between, plays: 0, smallest: trial };
    search.try_story(with_faults_listed(&search.smallest))?;
    let mut before = usize::MAX;
    // Once something is left out, something else may be left out too.
    while size(&search.smallest.story) < before {
        before = size(&search.smallest.story);
        search.end_sooner()?;
        search.leave_out_apps()?;
        search.leave_out(|story| story.file.reactions.len(), leave_out_reaction)?;
        search.leave_out(|story| story.file.monitors.len(), |story, index| drop(story.file.monitors.remove(index)))?;
        search.leave_out_many(|story| story.incidents.len(), |story, range| drop(story.incidents.drain(range)))?;
        search.leave_out_many(
            |story| listed(story).map_or(0, Vec::len),
            |story, range| {
                if let Faults::Listed(met) = &mut story.faults {
                    met.drain(range);
                }
            },
        )?;
        search.try_with(|story| story.ahead_ms = 0)?;
        search.try_with(|story| story.others_ahead_ms.truncate(story.others_ahead_ms.len().saturating_sub(1)))?;
        search.try_with(|story| story.slow_api = false)?;
        search.try_with(|story| story.file.limits = None)?;
        search.try_with(|story| story.file.own_app = None)?;
        search.shorten_pasts()?;
    }
    Ok(search.smallest)
}

/// How much a story has in it.
fn size(story: &Story) -> usize {
    let pasts: usize = story.apps.iter().map(|app| app.history.len()).sum();
    let calls: usize = story.file.monitors.iter().map(|monitor| monitor.reactions.len()).sum();
    story.apps.len()
        + pasts
        + story.file.monitors.len()
        + story.file.reactions.len()
        + calls
        + story.incidents.len()
        + listed(story).map_or(1000, Vec::len)
        + usize::from(story.ahead_ms != 0)
        + story.others_ahead_ms.len()
        + usize::from(story.slow_api)
        + usize::from(story.file.limits.is_some())
        + usize::from(story.file.own_app.is_some())
}

fn listed(story: &Story) -> Option<&Vec<Met>> {
    match &story.faults {
        Faults::Listed(met) => Some(met),
        Faults::Drawn(_) => None,
    }
}

/// The same story with exactly those faults that it met.
fn with_faults_listed(trial: &Trial) -> Story {
    let met = trial.record.notes.iter().filter_map(|note| match &note.what {
        Noted::Faulted { met, .. } => Some(met.clone()),
        _ => None,
    });
    Story { faults: Faults::Listed(met.collect()), ..trial.story.clone() }
}

fn leave_out_reaction(story: &mut Story, index: usize) {
    let gone = story.file.reactions.remove(index).name;
    story.file.monitors.iter_mut().for_each(|monitor| monitor.reactions.retain(|name| *name != gone));
}

/// A search for the smallest story.
struct Search<'a> {
    invariant: &'static str,
    between: &'a Between,
    plays: u32,
    smallest: Trial,
}

impl Search<'_> {
    /// Plays a story, and keeps it if it still violates the invariant.
    fn try_story(&mut self, story: Story) -> Result<bool, StageError> {
        if self.plays >= PLAYS_MAX || story == self.smallest.story {
            return Ok(false);
        }
        self.plays += 1;
        let mut trial = attempt(story, self.between)?;
        trial.violations.retain(|violation| violation.invariant == self.invariant);
        let still = !trial.violations.is_empty();
        if still {
            self.smallest = trial;
        }
        Ok(still)
    }

    fn try_with(&mut self, change: impl FnOnce(&mut Story)) -> Result<bool, StageError> {
        let mut story = self.smallest.story.clone();
        change(&mut story);
        self.try_story(story)
    }

    /// Nothing is needed after the violation. What is over then need not be told.
    fn end_sooner(&mut self) -> Result<(), StageError> {
        let Some(violation) = self.smallest.violations.first() else { return Ok(()) };
        let minutes = u32::try_from(violation.at.since(START).as_secs() / 60 + 2).unwrap_or(u32::MAX);
        if minutes < self.smallest.story.minutes {
            self.try_with(|story| {
                story.minutes = minutes;
                story.incidents.retain(|incident| incident.at.as_secs() < 60 * u64::from(minutes));
            })?;
        }
        Ok(())
    }

    fn leave_out_apps(&mut self) -> Result<(), StageError> {
        let names: Vec<String> = self.smallest.story.apps.iter().map(|app| app.name.to_string()).collect();
        for name in names {
            self.try_with(|story| leave_out_app(story, &name))?;
        }
        Ok(())
    }

    /// Leaves out one after the other.
    fn leave_out(&mut self, count: fn(&Story) -> usize, leave_out: fn(&mut Story, usize)) -> Result<(), StageError> {
        for index in (0..count(&self.smallest.story)).rev() {
            self.try_with(|story| leave_out(story, index))?;
        }
        Ok(())
    }

    /// Leaves out halves, then quarters, down to one after the other.
    fn leave_out_many(
        &mut self,
        count: fn(&Story) -> usize,
        leave_out: fn(&mut Story, std::ops::Range<usize>),
    ) -> Result<(), StageError> {
        let mut length = count(&self.smallest.story);
        while length > 0 {
            let mut start = 0;
            while start < count(&self.smallest.story) {
                let end = (start + length).min(count(&self.smallest.story));
                if !self.try_with(|story| leave_out(story, start..end))? {
                    start = end;
                }
            }
            length /= 2;
        }
        Ok(())
    }

    /// Leaves out what happened to the apps before. Versions move with it, so this seldom helps where rollbacks matter.
    fn shorten_pasts(&mut self) -> Result<(), StageError> {
        for app in 0..self.smallest.story.apps.len() {
            for step in (1..self.smallest.story.apps[app].history.len()).rev() {
                self.try_with(|story| drop(story.apps[app].history.remove(step)))?;
            }
        }
        Ok(())
    }
}

/// Leaves out an app and everything about it.
fn leave_out_app(story: &mut Story, name: &str) {
    story.apps.retain(|app| app.name.as_str() != name);
    let gone: Vec<String> = story.file.reactions.iter().filter(|of| of.app == name).map(|of| of.name.clone()).collect();
    story.file.reactions.retain(|reaction| reaction.app != name);
    story.file.monitors.retain(|monitor| monitor.app != name);
    story.file.monitors.iter_mut().for_each(|monitor| monitor.reactions.retain(|name| !gone.contains(name)));
    story.incidents.retain(|incident| !matches!(&incident.what, What::App { app, .. } if app == name));
}

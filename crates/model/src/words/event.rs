//! The lines of the timeline.

use super::list;
use crate::{
    Armed, Because, Deed, DynoName, EngineEvent, Event, FileEvent, Flip, Named, NotFollowed, OnlyTells, Passage,
    PauseScope, PlanSummary, StoreLoss, duration,
};
use std::fmt;
use std::time::Duration;

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine { happened } => happened.fmt(f),
            Self::File { happened } => happened.fmt(f),
            Self::Flipped { flip: Flip { from: None, to, .. }, words, .. } => write!(f, "is {to}: {words}"),
            Self::Flipped { flip: Flip { from: Some(from), to, .. }, words, .. } => {
                write!(f, "from {from} to {to}: {words}")
            }
            Self::Unknown { begins: true, words } => write!(f, "cannot look: {words}"),
            Self::Unknown { begins: false, words } => write!(f, "can look again: {words}"),
            Self::Held { because } => write!(f, "holds: {because}"),
            Self::Would { plan, because } => write!(f, "would {}{plan}, because {because}", verb(plan)),
            Self::Queued { plan, because, person: None } => write!(f, "decided: {plan}, because {because}"),
            Self::Queued { plan, because: Because::Undoes { run }, person: Some(person) } => {
                write!(f, "asked for by {person}, to undo run {run}: {plan}")
            }
            Self::Queued { plan, person: Some(person), .. } => write!(f, "asked for by {person}: {plan}"),
            Self::Lost { why, look_at } => write!(f, "answer lost ({why}); looked for at {look_at}"),
            Self::Ended { plan, outcome } => write!(f, "{plan}: {outcome}"),
            Self::OneOffEnded { dyno, plan, within } => one_off_ended(dyno.as_ref(), plan, *within, f),
            Self::Settled { plan, outcome, by } => write!(f, "settled by {by}: {plan}: {outcome}"),
            Self::Foreign { change, by, times } => {
                write!(f, "changed by others: {change}")?;
                if let Some(by) = by {
                    write!(f, ", by {by}")?;
                }
                match times {
                    Some(times) => write!(f, "; {times} times within an hour, which looks like another autoscaler"),
                    None => Ok(()),
                }
            }
            Self::Paused { scope, until: None, by } => write!(f, "{scope} paused by {by} until resumed"),
            Self::Paused { scope, until: Some(until), by } => write!(f, "{scope} paused by {by} until {until}"),
            Self::Resumed { scope, by } => write!(f, "{scope} resumed by {by}"),
            // Who it was is not known: that is why.
            Self::Administered { did: did @ Deed::SignInRefused { .. }, .. } => did.fmt(f),
            Self::Administered { did, by } => write!(f, "{by} {did}"),
        }
    }
}

/// Heroku's API tells no exit status, so it is told where to find it.
fn one_off_ended(
    dyno: Option<&DynoName>,
    plan: &PlanSummary,
    within: Duration,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let within = duration::roughly(within);
    let (PlanSummary::RunOneOff { app, command, .. }, Some(dyno)) = (plan, dyno) else {
        return write!(f, "{plan}: its dyno has ended, {within} after its start at most");
    };
    write!(
        f,
        "{dyno} has ended, {within} after its start at most: `{command}`; its exit status is only in the app's log "
    )?;
    write!(f, "(`heroku logs -a {app} -d {dyno}`)")
}

/// What a plan lacks to stand in a sentence.
const fn verb(plan: &PlanSummary) -> &'static str {
    match plan {
        PlanSummary::SetQuantity { .. } | PlanSummary::SetSize { .. } | PlanSummary::RollBack { .. } => "take ",
        PlanSummary::RestartDyno { .. }
        | PlanSummary::RestartAll { .. }
        | PlanSummary::RunOneOff { .. }
        | PlanSummary::Told(_) => "",
    }
}

impl fmt::Display for Deed {
    /// What follows the name of who did it; of a refusal all of the sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserAdded { name, right } => write!(f, "added the user \"{name}\" ({})", right.role()),
            Self::UserChanged { name, right } => {
                write!(f, "changed the role of the user \"{name}\" to {}", right.role())
            }
            Self::PasswordChanged { name } => write!(f, "changed the password of the user \"{name}\""),
            Self::UserRemoved { name } => write!(f, "removed the user \"{name}\""),
            Self::SessionEnded { name } => write!(f, "ended a session of the user \"{name}\""),
            Self::TokenMade { name, right } => write!(f, "made the API token \"{name}\" ({})", right.scope()),
            Self::TokenRevoked { name } => write!(f, "revoked the API token \"{name}\""),
            Self::MonitorMade { name } => write!(f, "made the monitor \"{name}\""),
            Self::MonitorChanged { name } => write!(f, "changed the monitor \"{name}\""),
            Self::MonitorRemoved { name } => write!(f, "removed the monitor \"{name}\""),
            Self::HookRenewed { name } => {
                write!(f, "gave the hook of the monitor \"{name}\" a new key: the one before is refused")
            }
            Self::ReactionMade { name } => write!(f, "made the reaction \"{name}\""),
            Self::ReactionChanged { name } => write!(f, "changed the reaction \"{name}\""),
            Self::ReactionRemoved { name } => write!(f, "removed the reaction \"{name}\""),
            Self::SignInRefused { name, address, times: 1 } => {
                write!(f, "a sign-in as \"{name}\" from {address} was refused")
            }
            Self::SignInRefused { name, address, times } => {
                write!(f, "{times} sign-ins as \"{name}\" were refused, the latest from {address}")
            }
        }
    }
}

impl fmt::Display for PauseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => write!(f, "everything"),
            Self::App(app) => write!(f, "app {app}"),
            Self::Reaction(reaction) => write!(f, "reaction \"{reaction}\""),
        }
    }
}

impl fmt::Display for EngineEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { version, file, counts, only_tells } => {
                write!(f, "Flyball {version} started with {file}: {counts}")?;
                only_tells.as_ref().map_or(Ok(()), |only_tells| write!(f, "; {only_tells}"))
            }
            Self::Armed { armed } => armed.fmt(f),
            Self::Stopped => write!(f, "Flyball stopped"),
            Self::Rounds { found } if found.is_empty() => write!(f, "what the last round found is mended"),
            Self::Rounds { found } => {
                let found: Vec<&str> = found.iter().map(Passage::as_str).collect();
                write!(f, "needs a person: {}", found.join("; "))
            }
            Self::StoreLost { loss } => {
                write!(f, "{loss}: nothing is done any more until `flyball up` is started again; looking goes on")
            }
            Self::RecordsAgain { lasted, error, unmade } => {
                let lasted = duration::roughly(*lasted);
                write!(f, "what is seen is recorded again, after {lasted} in which it was not ({error})")?;
                match unmade {
                    0 => Ok(()),
                    1 => write!(f, "; one effect was decided and not made"),
                    unmade => write!(f, "; {unmade} effects were decided and not made"),
                }
            }
            Self::Told(words) => words.fmt(f),
        }
    }
}

impl fmt::Display for Armed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { act, tell, off, paused } = self;
        match act.count {
            0 => write!(f, "no reaction is armed")?,
            1 => write!(f, "1 reaction is armed: {act}")?,
            count => write!(f, "{count} reactions are armed: {act}")?,
        }
        let others = [
            (tell, "only dry-runs", "only dry-run"),
            (off, "is switched off", "are switched off"),
            (paused, "is paused", "are paused"),
        ];
        for (named, one, several) in others {
            match named.count {
                0 => {}
                1 => write!(f, "; 1 {one}: {named}")?,
                count => write!(f, "; {count} {several}: {named}")?,
            }
        }
        let has_none = [act, tell, off, paused].iter().all(|named| named.count == 0);
        if has_none { write!(f, ": the file has none") } else { Ok(()) }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&list(&self.names))?;
        match self.count.saturating_sub(self.names.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl fmt::Display for StoreLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deleted => "Flyball's database was deleted while it ran",
            Self::Replaced => "Flyball's database was replaced by another file while it ran",
            Self::CutShort => "Flyball's database was emptied while it ran",
            Self::Unlocked => "the lock file beside Flyball's database was deleted or replaced while it ran",
            Self::Unsigned => "Flyball's database belongs to another engine, or is another's content, by now",
        })
    }
}

impl fmt::Display for OnlyTells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnDyno(dyno) => write!(
                f,
                "it only tells what it would do, because {dyno} is a dyno: its disk is lost at least once a day, and with \
                 it what must be remembered"
            ),
            Self::InFile => write!(f, "it only tells what it would do (`mode = \"dry_run\"`)"),
        }
    }
}

impl fmt::Display for NotFollowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every { in_force: 1 } => write!(f, "has no monitor any more, and one is in force")?,
            Self::Every { in_force } => write!(f, "has no monitor any more, and {in_force} are in force")?,
            Self::Most { left, in_force } => {
                write!(f, "has fewer than half of the {in_force} monitors that are in force ({left})")?;
            }
        }
        write!(f, ": it may be half written")
    }
}

/// Lines below a sentence, if there are any.
fn below(lines: &Passage) -> String {
    if lines.is_empty() { String::new() } else { format!("\n{lines}") }
}

impl fmt::Display for FileEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applied { counts, changes } => write!(f, "the changed file is applied: {counts}{}", below(changes)),
            Self::MadeApplied { counts, changes } => {
                write!(f, "what was changed in pages is in force: {counts}{}", below(changes))
            }
            Self::LeftOut { piece, report, .. } => write!(
                f,
                "the {piece}, which was made in pages, is not in force, since it does not go with the file: change it or remove it \
                 there, or change the file:\n{report}"
            ),
            Self::Refused { report, .. } => write!(f, "the file has mistakes, and the old one goes on:\n{report}"),
            Self::NotFollowed { why } => {
                write!(f, "the changed file {why}; the old one goes on. If that is meant, SIGHUP or a start takes it")
            }
            Self::Unreadable { file, error } => {
                write!(f, "the file {file} cannot be read ({error}); the old one goes on")
            }
            Self::Outdated { node, newer, since } => write!(
                f,
                "{node} goes by the file of {newer}, which is newer than its own (in force since {since}): bring the file on \
                 that machine up to date, or edit it to make it the newest"
            ),
            Self::CannotRead { node, newer, since, report, .. } => write!(
                f,
                "{node} cannot read the file of {newer}, which is the newest (in force since {since}), and works on nothing \
                 meanwhile: update Flyball there, or edit its own file to make that the newest:\n{report}"
            ),
            Self::OwnAgain { node } => {
                write!(f, "{node} goes by its own file again: no node that works has a newer one")
            }
            Self::Told(words) => words.fmt(f),
        }
    }
}

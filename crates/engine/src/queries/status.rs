//! `status`: every monitor and reaction at a glance.

use super::Reader;
use crate::made::LEFT_OUT_TOLD_MAX;
use flyball_config::LeftOut;
use flyball_model::{AppName, EngineEvent, Event, FileEvent, MonitorId, Passage, Verdict};
use flyball_monitors::Monitor;
use flyball_store::{Error, Of, Open, RunsPage, TimelineLine, TimelinePage};
use flyball_views::{Attention, EngineState, FileView, MonitorView, Need, NodeView, ReactionView, RunView, Status};
use tokio::try_join;

/// How many of the latest lines about the whole are looked through for what became of the file and what the last
/// round found: those between are pauses.
const LINES: u32 = 100;

/// What needs a person, of what is switched on.
fn attention(monitors: &[MonitorView], reactions: &[ReactionView], lines: &[TimelineLine]) -> Vec<Attention> {
    let found = found_on_rounds(lines).into_iter();
    let found = found.map(|found| Attention { need: Need::Found, of: "the file".to_owned(), words: found.to_string() });
    let mut told: Vec<Attention> = found.collect();
    let unknown = monitors.iter().filter(|monitor| monitor.looks_now() && monitor.verdict == Some(Verdict::Unknown));
    told.extend(unknown.map(|monitor| {
        let words = monitor.last.as_ref().map(|last| format!("cannot look: {}", last.words));
        let words = words.unwrap_or_else(|| "cannot look".to_owned());
        Attention { need: Need::CannotSee, of: monitor.name.to_string(), words }
    }));
    for reaction in reactions.iter().filter(|reaction| reaction.enabled) {
        let of = || reaction.name.to_string();
        if let Some(run) = reaction.last_run.as_ref().filter(|run| run.outcome.as_deref() == Some("in_doubt")) {
            let settle = format!("once you know, `flyball settle {} --done` or `--not-done`", run.id);
            told.push(Attention {
                need: Need::InDoubt,
                of: of(),
                words: format!("{}: {}; {settle}", run.plan, run.words),
            });
        }
        // Of several monitors, the one whose word is the latest.
        let latest = reaction.holdings.iter().max_by_key(|holding| holding.last_at);
        if let Some((holding, need)) = latest.and_then(|holding| Some((holding, need(&holding.reason)?))) {
            told.push(Attention { need, of: of(), words: holding.words.clone() });
        }
    }
    told.sort_by_key(|one| one.need);
    told
}

/// The nodes that cannot read the file that all go by.
fn works_on_nothing(nodes: &[NodeView]) -> impl Iterator<Item = Attention> {
    nodes.iter().filter_map(|node| {
        let newer = node.outdated_by.as_ref().filter(|newer| !newer.is_read)?;
        Some(Attention { need: Need::WorksOnNothing, of: node.name.clone(), words: newer.words() })
    })
}

/// What was made in pages and is not in force.
fn left_out(left_out: &[LeftOut]) -> impl Iterator<Item = Attention> {
    left_out.iter().take(LEFT_OUT_TOLD_MAX).map(|LeftOut { family, name, mistakes }| {
        let first = mistakes.iter().next();
        let first = first.map(|mistake| format!(": {}", mistake.message)).unwrap_or_default();
        let words = format!("made in pages, and not in force beside the file{first}; change it or remove it there");
        Attention { need: Need::LeftOut, of: format!("{family} \"{name}\""), words }
    })
}

/// Which reasons need a person, by their words.
fn need(reason: &str) -> Option<Need> {
    match reason {
        "given_up" => Some(Need::GaveUp),
        "backed_off" | "account_stopped" => Some(Need::Refused),
        "cannot_see" => Some(Need::CannotSee),
        _ => None,
    }
}

impl Reader<'_> {
    /// Where everything stands, or everything that concerns one app.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn status(&self, app: Option<&AppName>) -> Result<Status, Error> {
        let watching = self.concerning(app);
        let (recalled, known) = match app {
            None => try_join!(self.recalled(Of::All), self.known(self.apps()))?,
            Some(app) => {
                let ids: Vec<MonitorId> = watching.iter().map(|monitor| monitor.id).collect();
                try_join!(self.recalled(Of::These(&ids)), self.known([app]))?
            }
        };
        let reactions = self.definitions.reactions.iter();
        let concerned = reactions.filter(|reaction| app.is_none_or(|app| app == reaction.kind.app()));
        let reactions: Vec<ReactionView> =
            concerned.map(|reaction| self.reaction(reaction, &recalled, known.get(reaction.kind.app()))).collect();
        let mut monitors = Vec::with_capacity(watching.len());
        for monitor in watching {
            monitors.push(self.monitor(monitor, &recalled).await?);
        }
        let (lines, nodes) = (self.lines_of_the_whole().await?, self.nodes().await?);
        let mut attention = attention(&monitors, &reactions, &lines);
        attention.extend(left_out(&self.definitions.left_out));
        attention.extend(works_on_nothing(&nodes));
        let open = RunsPage { app: app.cloned(), open: Some(Open), ..RunsPage::default() };
        let open_runs = self.store.runs(&open).await?;
        Ok(Status {
            at: self.now,
            engine: self.engine,
            file_not_followed: not_followed(&lines),
            pauses: self.paused().await?,
            attention,
            apps: self.apps_seen(&known),
            monitors,
            reactions,
            open_runs: open_runs.iter().map(RunView::of).collect(),
            nodes,
        })
    }

    /// The monitors that concern an app, in the order of the file: those that look at it or call one of its reactions. All, where
    /// no app is named.
    pub(super) fn concerning(&self, app: Option<&AppName>) -> Vec<&Monitor> {
        let monitors = self.definitions.monitors.iter();
        let Some(app) = app else { return monitors.collect() };
        let callers = self.callers(self.definitions.reactions.iter().filter(|reaction| reaction.kind.app() == app));
        monitors.filter(|monitor| callers.contains(&monitor.id) || monitor.kind.app() == Some(app)).collect()
    }

    /// Whether the file as it is now is in force, by the engine's last word on it.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn file(&self) -> Result<FileView, Error> {
        Ok(FileView { not_followed: not_followed(&self.lines_of_the_whole().await?) })
    }

    /// The latest lines about the whole of a running engine, the oldest first.
    async fn lines_of_the_whole(&self) -> Result<Vec<TimelineLine>, Error> {
        if self.engine == EngineState::Stopped {
            return Ok(Vec::new());
        }
        let page = TimelinePage { of_the_whole: true, lines: LINES, ..TimelinePage::default() };
        self.store.timeline(&page).await
    }
}

/// What the engine's last round found; `lines` are the oldest first. A start forgets it, and looks anew.
fn found_on_rounds(lines: &[TimelineLine]) -> Vec<Passage> {
    let last = lines.iter().rev().find_map(|line| match &line.entry.event {
        Event::Engine { happened: EngineEvent::Rounds { found } } => Some(found.clone()),
        Event::Engine { happened: EngineEvent::Started { .. } } => Some(Vec::new()),
        _ => None,
    });
    last.unwrap_or_default()
}

/// What became of the file last, where it is not in force; `lines` are the oldest first. A start takes it as it is.
fn not_followed(lines: &[TimelineLine]) -> Option<FileEvent> {
    let last = lines.iter().rev().find_map(|line| match &line.entry.event {
        // Which file of several nodes is gone by stands beside the nodes; what was made in pages is no file.
        Event::File {
            happened:
                FileEvent::Outdated { .. }
                | FileEvent::CannotRead { .. }
                | FileEvent::OwnAgain { .. }
                | FileEvent::MadeApplied { .. }
                | FileEvent::LeftOut { .. },
        } => None,
        Event::File { happened } => Some(Some(happened.clone())),
        Event::Engine { happened: EngineEvent::Started { .. } } => Some(None),
        _ => None,
    });
    last.flatten().filter(|happened| match happened {
        FileEvent::NotFollowed { .. } | FileEvent::Refused { .. } | FileEvent::Unreadable { .. } => true,
        FileEvent::Applied { .. }
        | FileEvent::MadeApplied { .. }
        | FileEvent::LeftOut { .. }
        | FileEvent::Outdated { .. }
        | FileEvent::CannotRead { .. }
        | FileEvent::OwnAgain { .. }
        | FileEvent::Told(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Counts, Entry, Excerpt, NotFollowed, PauseScope, Timestamp};

    #[test]
    fn the_file_is_not_in_force_from_when_it_was_not_followed_until_it_is_or_until_a_start() {
        let counts = Counts { monitors: 1, reactions: 0 };
        let started = EngineEvent::Started {
            version: Excerpt::of("0.1.0"),
            file: "flyball.toml".into(),
            counts,
            only_tells: None,
        };
        let started = Event::Engine { happened: started };
        let applied = Event::File { happened: FileEvent::Applied { counts, changes: Passage::default() } };
        let lost = FileEvent::NotFollowed { why: NotFollowed::Every { in_force: 1 } };
        let not = Event::File { happened: lost.clone() };
        let paused = Event::Resumed { scope: PauseScope::Everything, by: "ops".into() };
        for (events, expected) in [
            (vec![], false),
            (vec![&started], false),
            (vec![&started, &not], true),
            (vec![&started, &not, &paused], true),
            (vec![&started, &not, &applied], false),
            (vec![&started, &applied, &not], true),
            (vec![&not, &started], false),
        ] {
            let line = |(number, event): (i64, &&Event)| TimelineLine {
                number,
                entry: Entry::new(Timestamp::EPOCH, (*event).clone()),
            };
            let told = not_followed(&(1..).zip(&events).map(line).collect::<Vec<_>>());
            assert_eq!(told, expected.then(|| lost.clone()), "{events:?}");
        }
    }
}

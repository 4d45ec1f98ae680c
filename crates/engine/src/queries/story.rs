//! The stories of a run and of a reaction: why it was done, by which calls, and whether it helped.

use super::{Reader, reaction};
use crate::commands::{calls, undone_by};
use flyball_decide::undoable;
use flyball_model::{Actor, Effect, MonitorId, Outcome, Plan, ReactionName, Run, RunId, RunState, Timestamp};
use flyball_store::{Error, Of, ReadingsPage, RunsPage, TimelinePage};
use flyball_views::{Helped, HistoryLine, ReactionStory, ReadingView, RunHelped, RunStory, RunView};
use tokio::try_join;

impl Reader<'_> {
    /// The story of a run; none where there is none with this id any more.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn run_story(&self, id: RunId) -> Result<Option<RunStory>, Error> {
        let Some(run) = self.store.run(id).await? else { return Ok(None) };
        let of_run = TimelinePage { reaction: Some(run.reaction), run: Some(id), ..TimelinePage::default() };
        let lines = self.told(run.queued_at, of_run).await?.lines;
        let helped = self.helped(std::slice::from_ref(&run)).await?.pop().flatten();
        let view = RunView::of(&run);
        let mut sentences = vec![format!("{}.", view.sentence())];
        sentences.extend(helped.map(|helped| format!("As far as the timeline tells, {helped}.")));
        let undone_by = undone_by(self.store, &run).await?;
        sentences.extend(undone_by.as_ref().map(undone));
        let undone_by = undone_by.map(|run| run.id);
        Ok(Some(RunStory {
            sentences,
            readings: self.readings_before(&run).await?,
            monitor: match &run.actor {
                Actor::Engine { monitor_name, .. } => Some(monitor_name.clone()),
                Actor::Person { .. } => None,
            },
            lines: lines.into_iter().map(|line| HistoryLine::of(line.number, line.entry)).collect(),
            undone_by,
            cannot_undo: undoable(&run, undone_by).err().map(|why| why.to_string()),
            basis: basis(&run.plan, view.undoes.is_some()),
            calls: calls(&run.plan).await,
            helped,
            run: view,
        }))
    }

    /// The readings that led to a run, the last of them the one at which it was decided.
    async fn readings_before(&self, run: &Run) -> Result<Vec<ReadingView>, Error> {
        let Actor::Engine { monitor, .. } = &run.actor else { return Ok(Vec::new()) };
        let (until, readings) = (Some(run.queued_at), RunStory::READINGS);
        let page = ReadingsPage { monitor: *monitor, since: None, until, readings };
        Ok(self.store.readings(&page).await?.iter().map(ReadingView::of).collect())
    }

    /// The story of a reaction of the file and of its runs since then; none where the file has none of this name.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn reaction_story(&self, name: &ReactionName, since: Timestamp) -> Result<Option<ReactionStory>, Error> {
        let Some(reaction) = self.definitions.reactions.iter().find(|reaction| reaction.name == *name) else {
            return Ok(None);
        };
        let callers: Vec<MonitorId> = self.callers([reaction]).into_iter().collect();
        let (recalled, known) = try_join!(self.recalled(Of::These(&callers)), self.known([reaction.kind.app()]))?;
        let view = self.reaction(reaction, &recalled, known.get(reaction.kind.app()));
        let page = RunsPage {
            reaction: Some(reaction.id),
            since: Some(since),
            runs: ReactionStory::RUNS,
            ..RunsPage::default()
        };
        let runs = self.store.runs(&page).await?;
        let helped = self.helped(&runs).await?;
        let cures = self.cures_by(reaction.kind.app(), &runs, since).await?;
        let count = |is_counted: fn(&Helped) -> bool| {
            u32::try_from(helped.iter().flatten().filter(|helped| is_counted(helped)).count()).unwrap_or(u32::MAX)
        };
        let cured = count(|helped| matches!(helped, Helped::Yes { .. }));
        let of = count(|helped| matches!(helped, Helped::Yes { .. } | Helped::No));
        let mut sentences = reaction::sentences(&view, reaction.policy.cooldown, self.now);
        sentences.extend(success(cured, of));
        let runs = runs.iter().zip(helped).map(|(run, helped)| RunHelped { run: RunView::of(run), helped });
        Ok(Some(ReactionStory { reaction: view, runs: runs.collect(), cured, of, cures, sentences }))
    }
}

/// How often a reaction helped, in a sentence; none where nobody knows.
fn success(cured: u32, of: u32) -> Option<String> {
    Some(match (cured, of) {
        (_, 0) => return None,
        (0, 1) => "The one time of which it is known, it did not help.".to_owned(),
        (1, 1) => "The one time of which it is known, it helped.".to_owned(),
        (cured, of) => format!("It helped {cured} of the {of} times of which it is known."),
    })
}

/// What undoes a run, in a sentence.
fn undone(by: &Run) -> String {
    let became = match &by.state {
        RunState::Ended { outcome: Outcome::Done { .. }, .. } => "undid it",
        RunState::Ended { .. } => "was to undo it, and nobody knows whether it did",
        RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => "is about to undo it",
    };
    format!("Run {} {became}: {}.", by.id, by.plan)
}

/// What a plan was based on, in sentences; whether it undoes another run.
fn basis(plan: &Plan, undoes: bool) -> Vec<String> {
    let mut told = vec![format!("{} was looked at {}.", plan.app().name, plan.seen_at)];
    match &plan.effect {
        Effect::SetQuantity { process_type, from, .. } => {
            told.push(format!("The quantity of {process_type} was {from}; had it changed, nothing would be sent."));
        }
        Effect::SetSize { process_type, from, .. } => {
            told.push(format!("The size of {process_type} was {from}; had it changed, nothing would be sent."));
        }
        Effect::RestartDyno { dyno, .. } => {
            told.push(format!("{dyno} was there; had it been restarted meanwhile, nothing would be sent."));
        }
        Effect::RestartAll { ids } => {
            let dynos = if ids.len() == 1 { "1 dyno".to_owned() } else { format!("{} dynos", ids.len()) };
            told.push(format!("The formation had {dynos}; had they been restarted meanwhile, nothing would be sent."));
        }
        Effect::RollBack { from, origin, to, .. } => {
            let content = if from == origin { String::new() } else { format!(", with the content of {origin}") };
            told.push(format!("{from} was current{content}; had that changed, nothing would be sent."));
            told.push(match undoes {
                true => format!("{to} has the content that the run had left which it undoes."),
                false => format!("{to} was the next older release to go back to."),
            });
            told.extend(match plan.restores.as_deref() {
                None => Some("The config vars could not be compared.".to_owned()),
                Some([]) => Some("Both have the same config vars.".to_owned()),
                Some(names) => {
                    let names: Vec<&str> = names.iter().map(flyball_model::Excerpt::as_str).collect();
                    Some(format!("These config vars differ: {}.", names.join(", ")))
                }
            });
        }
        Effect::RunOneOff { present, .. } => told.push(match present.len() {
            0 => "No other one-off dyno was there.".to_owned(),
            1 => "1 other one-off dyno was there, from which the new one is told by its id.".to_owned(),
            others => format!("{others} other one-off dynos were there, from which the new one is told by its id."),
        }),
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{DynoId, Excerpt, ProcessType, Quantity, ReleaseId, ReleaseVersion};

    #[test]
    fn a_plan_tells_what_it_was_based_on() {
        let quantity =
            Effect::SetQuantity { process_type: ProcessType::web(), from: Quantity::new(2), to: Quantity::new(3) };
        let version = ReleaseVersion::new;
        let back = |origin| Effect::RollBack {
            from: version(44),
            origin: version(origin),
            to: version(40),
            release: ReleaseId::new("r"),
        };
        let ids = |count: usize| vec![DynoId::new("id"); count];
        for (effect, restores, expected) in [
            (quantity, None, "The quantity of web was 2; had it changed, nothing would be sent."),
            (
                Effect::RestartAll { ids: ids(1) },
                None,
                "The formation had 1 dyno; had they been restarted meanwhile, nothing would be sent.",
            ),
            (
                back(44),
                Some(vec![]),
                "v44 was current; had that changed, nothing would be sent. v40 was the next older release to go back to. \
                 Both have the same config vars.",
            ),
            (
                back(42),
                Some(vec![Excerpt::of("KEY"), Excerpt::of("URL")]),
                "v44 was current, with the content of v42; had that changed, nothing would be sent. \
                 v40 was the next older release to go back to. These config vars differ: KEY, URL.",
            ),
            (
                back(44),
                None,
                "v44 was current; had that changed, nothing would be sent. v40 was the next older release to go back to. \
                 The config vars could not be compared.",
            ),
        ] {
            let subject = flyball_model::testing::subject();
            let plan = Plan { subject, effect, seen_at: Timestamp::EPOCH, gist: String::new(), restores };
            let told = basis(&plan, false);
            assert_eq!(told[0], "shop was looked at 1970-01-01T00:00:00Z.");
            assert_eq!(told[1..].join(" "), expected);
        }
    }

    #[test]
    fn how_often_it_helped_is_told_where_it_is_known() {
        for (cured, of, expected) in [
            (0, 0, None),
            (0, 1, Some("The one time of which it is known, it did not help.")),
            (1, 1, Some("The one time of which it is known, it helped.")),
            (3, 5, Some("It helped 3 of the 5 times of which it is known.")),
        ] {
            assert_eq!(success(cured, of).as_deref(), expected);
        }
    }
}

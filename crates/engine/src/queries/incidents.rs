//! Incidents: which there were, and the story of one. A story is read from the timeline between its two times, and is no copy.

use super::{Reader, times};
use flyball_model::{
    AppName, ChannelName, Event, Excerpt, FirstCause, Incident, IncidentOf, Mode, MonitorId, MonitorName, ReactionId,
    Run, RunId, Timestamp, Verdict,
};
use flyball_store::{Error, IncidentsPage, NumberedIncident, Of, RunsPage, TimelineLine, TimelinePage};
use flyball_views::{
    Helped, HistoryLine, IncidentFailure, IncidentStory, IncidentView, NoticeView, RunHelped, RunView,
};
use std::collections::{BTreeMap, BTreeSet};
use tokio::try_join;

/// At most so many monitors are read for one story: each is a question to the store.
const MONITORS_MAX: usize = 100;

impl Reader<'_> {
    /// Incidents, newest first.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn incidents(&self, page: &IncidentsPage) -> Result<Vec<IncidentView>, Error> {
        let found = self.store.incidents(page).await?;
        Ok(found.iter().map(|found| IncidentView::of(found.number, &found.incident, self.now)).collect())
    }

    /// The story of an incident; none where there is none of this number, or not any more.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn incident_story(&self, number: i64) -> Result<Option<IncidentStory>, Error> {
        let Some(NumberedIncident { incident, .. }) = self.store.incident(number).await? else { return Ok(None) };
        let lines = self.lines_of(&incident).await?;
        let runs = self.runs_of(&incident, &lines).await?;
        let helped = self.helped(&runs).await?;
        let failures = failures(&lines);
        let runs: Vec<RunHelped> =
            runs.iter().zip(helped).map(|(run, helped)| RunHelped { run: RunView::of(run), helped }).collect();
        let in_the_way = if incident.end.is_none() { self.in_the_way(&incident).await? } else { Vec::new() };
        let view = IncidentView::of(number, &incident, self.now);
        let mut sentences = vec![format!("{}.", view.words)];
        sentences.extend(failures.iter().map(failure_in_words));
        sentences.extend(done_in_words(&runs));
        let told = self.told_of(number, &incident).await?;
        sentences.extend(in_the_way.iter().cloned());
        sentences.extend(told_in_words(&told));
        let lines = lines.into_iter().take(IncidentStory::LINES_MAX);
        let lines = lines.map(|line| HistoryLine::of(line.number, line.entry)).collect();
        Ok(Some(IncidentStory { incident: view, sentences, failures, runs, in_the_way, told, lines }))
    }

    /// What the timeline tells of an incident: of its app, and of the monitors that belong to it, oldest first.
    async fn lines_of(&self, incident: &Incident) -> Result<Vec<TimelineLine>, Error> {
        let (since, until) = (incident.began_at, incident.end.map_or(self.now, |end| end.at));
        let any = || TimelinePage { until: Some(until), ..TimelinePage::default() };
        let mut lines: BTreeMap<i64, TimelineLine> = BTreeMap::new();
        if let IncidentOf::App(app) = &incident.of {
            let told = self.told(since, TimelinePage { app: Some(app.clone()), ..any() }).await?;
            lines.extend(told.lines.into_iter().map(|line| (line.number, line)));
        }
        // Those that were removed meanwhile have left their ids behind.
        let seen = lines.values().filter_map(|line| line.entry.monitor.as_ref()).map(|(id, _)| *id);
        let watching = self.wiring.watching(&incident.of).map(|monitor| monitor.id);
        let first = match &incident.first {
            FirstCause::Monitor { name, .. } => Some(MonitorId::of(name)),
            FirstCause::Run(_) => None,
        };
        let monitors: BTreeSet<MonitorId> = seen.chain(watching).chain(first).collect();
        for monitor in monitors.into_iter().take(MONITORS_MAX) {
            let told = self.told(since, TimelinePage { monitor: Some(monitor), ..any() }).await?;
            let is_here = |line: &TimelineLine| line.entry.app.as_ref().is_none_or(|app| is_of(app, &incident.of));
            lines.extend(told.lines.into_iter().filter(is_here).map(|line| (line.number, line)));
        }
        Ok(lines.into_values().collect())
    }

    /// The monitors that have failed in an incident, and the reaction whose run came to need a person.
    pub(crate) async fn failed_in(
        &self,
        incident: &Incident,
    ) -> Result<(BTreeSet<MonitorId>, Option<ReactionId>), Error> {
        let failed = |line: &TimelineLine| match (&line.entry.event, &line.entry.monitor) {
            (Event::Flipped { flip, .. }, Some((monitor, _))) if flip.to == Verdict::Failing => Some(*monitor),
            _ => None,
        };
        let mut monitors: BTreeSet<MonitorId> = self.lines_of(incident).await?.iter().filter_map(failed).collect();
        match &incident.first {
            FirstCause::Monitor { name, .. } => {
                monitors.insert(MonitorId::of(name));
                Ok((monitors, None))
            }
            FirstCause::Run(run) => Ok((monitors, self.store.run(*run).await?.map(|run| run.reaction))),
        }
    }

    /// What is done next about what fails, as far as that can be told beforehand.
    pub(crate) async fn next_of(&self, of: &IncidentOf) -> Result<Option<flyball_channels::Next>, Error> {
        let Some(app) = of.app() else { return Ok(None) };
        let attached = self.wiring.watching(of).flat_map(|monitor| self.wiring.attached(monitor.id));
        let on_app = attached.filter(|reaction| reaction.kind.app() == app).map(|reaction| &**reaction);
        let mut concerned = self.callers(on_app);
        concerned.extend(self.wiring.watching(of).map(|monitor| monitor.id));
        let concerned: Vec<MonitorId> = concerned.into_iter().collect();
        let (recalled, known) = try_join!(self.recalled(Of::These(&concerned)), self.known([app]))?;
        let failing = self.wiring.watching(of).filter(|monitor| {
            let standing = recalled.states.get(&monitor.id).and_then(|state| state.standing.as_ref());
            standing.is_some_and(|standing| standing.verdict == Verdict::Failing)
        });
        let called = failing.flat_map(|monitor| self.wiring.attached(monitor.id));
        let ours = called.filter(|reaction| reaction.kind.app() == app && self.wiring.mode(reaction) == Mode::Act);
        let nexts = ours.filter_map(|reaction| {
            let view = self.reaction(reaction, &recalled, known.get(app));
            let what = Excerpt::of(&format!("\"{}\" ({})", view.name, view.kind));
            Some(flyball_channels::Next { what, at: view.next.at? })
        });
        Ok(nexts.min_by_key(|next| next.at))
    }

    /// How many runs were decided between two times, at most as many as a page has.
    pub(crate) async fn runs_between(&self, since: Timestamp, until: Timestamp) -> Result<usize, Error> {
        let runs = self.store.runs(&RunsPage { since: Some(since), ..RunsPage::default() }).await?;
        Ok(runs.iter().filter(|run| run.queued_at < until).count())
    }

    /// The runs that were decided within an incident, oldest first, and the one that began it.
    async fn runs_of(&self, incident: &Incident, lines: &[TimelineLine]) -> Result<Vec<Run>, Error> {
        let first = match incident.first {
            FirstCause::Run(run) => Some(run),
            FirstCause::Monitor { .. } => None,
        };
        let queued = lines.iter().filter(|line| matches!(line.entry.event, Event::Queued { .. }));
        let ids: BTreeSet<RunId> = first.into_iter().chain(queued.filter_map(|line| line.entry.run)).collect();
        let mut runs = Vec::new();
        for id in ids.into_iter().take(IncidentStory::RUNS_MAX) {
            runs.extend(self.store.run(id).await?);
        }
        Ok(runs)
    }

    /// Why reactions hold still on the readings of what fails.
    async fn in_the_way(&self, incident: &Incident) -> Result<Vec<String>, Error> {
        let watching: Vec<MonitorId> = self.wiring.watching(&incident.of).map(|monitor| monitor.id).collect();
        let recalled = self.recalled(Of::These(&watching)).await?;
        let mut told = Vec::new();
        for monitor in self.wiring.watching(&incident.of) {
            let standing = recalled.states.get(&monitor.id).and_then(|state| state.standing.as_ref());
            if standing.is_none_or(|standing| standing.verdict != Verdict::Failing) {
                continue;
            }
            let attached = self.wiring.attached(monitor.id).iter();
            for reaction in attached.filter(|reaction| is_of(reaction.kind.app(), &incident.of)) {
                let holdings = recalled.holdings.get(&reaction.id).into_iter().flatten();
                let holds = holdings.filter(|holding| holding.key.monitor == monitor.id && !holding.because.acts());
                told.extend(holds.map(|holding| {
                    format!(
                        "\"{}\" holds still at readings of \"{}\": {}.",
                        reaction.name, monitor.name, holding.because
                    )
                }));
            }
        }
        told.sort();
        Ok(told)
    }
}

fn is_of(app: &AppName, of: &IncidentOf) -> bool {
    of.app() == Some(app)
}

/// What failed, from flip to flip.
fn failures(lines: &[TimelineLine]) -> Vec<IncidentFailure> {
    let mut failures: Vec<IncidentFailure> = Vec::new();
    for line in lines {
        let (Event::Flipped { flip, finding, words }, Some((_, monitor))) = (&line.entry.event, &line.entry.monitor)
        else {
            continue;
        };
        match flip.to {
            Verdict::Failing => failures.push(IncidentFailure {
                monitor: monitor.clone(),
                failed_at: flip.at,
                passed_at: None,
                cause: finding.cause(),
                words: words.to_string(),
            }),
            Verdict::Passing => passed(&mut failures, monitor, flip.at),
            Verdict::Unknown => {}
        }
    }
    failures.sort_by_key(|failure| failure.failed_at);
    failures.truncate(IncidentStory::FAILURES_MAX);
    failures
}

fn passed(failures: &mut [IncidentFailure], monitor: &MonitorName, at: Timestamp) {
    let open = failures.iter_mut().rev().find(|failure| failure.monitor == *monitor && failure.passed_at.is_none());
    if let Some(failure) = open {
        failure.passed_at = Some(at);
    }
}

fn failure_in_words(failure: &IncidentFailure) -> String {
    let IncidentFailure { monitor, failed_at, passed_at, words, .. } = failure;
    match passed_at {
        Some(passed_at) => format!("\"{monitor}\" failed from {failed_at} to {passed_at}: {words}."),
        None => format!("\"{monitor}\" failed from {failed_at} on: {words}."),
    }
}

/// Who was told, in a sentence for each channel: its latest notice, since it says how far telling is.
fn told_in_words(told: &[NoticeView]) -> Vec<String> {
    let latest: BTreeMap<&ChannelName, &NoticeView> = told.iter().map(|notice| (&notice.channel, notice)).collect();
    latest.into_values().map(|notice| format!("Flyball {} ({}).", notice.words, notice.at)).collect()
}

fn done_in_words(runs: &[RunHelped]) -> Vec<String> {
    if runs.is_empty() {
        return vec!["Nothing was done.".to_owned()];
    }
    let count = |is_counted: fn(&RunHelped) -> bool| {
        u64::try_from(runs.iter().filter(|run| is_counted(run)).count()).unwrap_or(u64::MAX)
    };
    let decided = times(count(|_| true));
    let mut told = vec![match count(|run| matches!(run.helped, Some(Helped::Yes { .. }))) {
        0 => format!("Something was decided {decided}; nothing of it is known to have helped."),
        helped => format!("Something was decided {decided}; it helped {}.", times(helped)),
    }];
    told.extend(runs.iter().map(|RunHelped { run, helped }| match helped {
        Some(helped) => format!("{}: {helped}.", run.sentence()),
        None => format!("{}.", run.sentence()),
    }));
    told
}

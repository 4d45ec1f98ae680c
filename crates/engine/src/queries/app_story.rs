//! `app_story`: what the store knows of an app, and how its formation came to be what it is.

use super::Reader;
use super::app::seen;
use flyball_decide::{Sighting, origin_of};
use flyball_model::{
    AppName, Effect, Event, Excerpt, Foreign, ForeignChange, Outcome, PlanSummary, ProcessFormation, ProcessType,
    Quantity, Release, ReleaseHistory, ReleaseVersion, Run, RunState, Timestamp,
};
use flyball_store::{Error, Open, RunsPage, TimelineLine, TimelinePage};
use flyball_views::{
    AppStory, DynoHours, DynoView, ForeignView, FormationStep, LimitView, ProcessView, ReleaseView, RunView, StepBy,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::try_join;

/// What people ask of cost: what it comes to in a week.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// So many runs are read for the rollbacks among them: more than an app has in a bad week.
const RUNS_READ: u32 = 200;

/// What a process type ran with.
pub(super) struct Ran {
    /// From each time on so many, oldest first.
    pub(super) quantities: Vec<(Timestamp, u32)>,
    /// Those of them that others set.
    pub(super) others: Vec<(Timestamp, u32)>,
    /// What was last seen of the app.
    pub(super) sighting: Option<Sighting>,
}

impl Reader<'_> {
    /// What is known of an app of the file; none where the file does not name it. Steps of its formation are those between two times.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn app_story(
        &self,
        app: &AppName,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Option<AppStory>, Error> {
        if !self.apps().any(|named| named == app) {
            return Ok(None);
        }
        let until = until.min(self.now);
        let open = RunsPage { app: Some(app.clone()), open: Some(Open), ..RunsPage::default() };
        let latest = RunsPage { app: Some(app.clone()), runs: RUNS_READ, ..RunsPage::default() };
        let lines = TimelinePage { app: Some(app.clone()), until: Some(until), ..TimelinePage::default() };
        let (mut known, open_runs, runs, told) =
            try_join!(self.known([app]), self.store.runs(&open), self.store.runs(&latest), self.told(since, lines))?;
        let known = known.remove(app).unwrap_or_default();
        let sighting = known.sighting.as_ref();
        let formation = sighting.map(|sighting| sighting.formation.as_slice()).unwrap_or_default();
        let formation_at = sighting.and_then(|sighting| sighting.formation_at);
        let last = formation_at.filter(|at| *at <= until).map(|at| (formation, at));
        let steps = steps(&told.lines, last, told.since);
        Ok(Some(AppStory {
            app: app.clone(),
            since,
            until,
            seen_at: sighting.map(|sighting| sighting.seen_at),
            formation_at,
            releases_at: sighting.and_then(|sighting| sighting.releases_at),
            formation: formation.iter().map(process).collect(),
            dynos: sighting.map(dynos).unwrap_or_default(),
            releases: sighting.map(|it| releases(&it.releases, &known.facts.our_rollbacks, &runs)).unwrap_or_default(),
            limits: self.limits(app),
            foreign: sighting.map(foreign).unwrap_or_default(),
            open_runs: open_runs.iter().map(RunView::of).collect(),
            runs: runs.iter().take(AppStory::RUNS).map(RunView::of).collect(),
            hours: hours(&steps, formation, told.since, until),
            steps,
            words: seen(sighting, self.now),
        }))
    }

    /// How many dyno-hours an app had in the last week, and what they cost, in a sentence; none where it was never looked at.
    pub(super) async fn cost_in_words(
        &self,
        app: &AppName,
        sighting: Option<&Sighting>,
    ) -> Result<Option<String>, Error> {
        let Some(sighting) = sighting.filter(|sighting| !sighting.formation.is_empty()) else { return Ok(None) };
        let lines = TimelinePage { app: Some(app.clone()), ..TimelinePage::default() };
        let told = self.told(self.now - WEEK, lines).await?;
        let last = sighting.formation_at.map(|at| (sighting.formation.as_slice(), at));
        let steps = steps(&told.lines, last, told.since);
        Ok(Some(cost_in_words(&hours(&steps, &sighting.formation, told.since, self.now))))
    }

    /// The quantities that a process type had since then, as far as that is known, and which of them others set.
    pub(super) async fn ran(&self, app: &AppName, process_type: &ProcessType, since: Timestamp) -> Result<Ran, Error> {
        let lines = TimelinePage { app: Some(app.clone()), ..TimelinePage::default() };
        let (mut known, told) = try_join!(self.known([app]), self.told(since, lines))?;
        let sighting = known.remove(app).unwrap_or_default().sighting;
        let last = sighting.as_ref().and_then(|of| Some((of.formation.as_slice(), of.formation_at?)));
        let mut steps = all_steps(&told.lines, last, told.since);
        steps.retain(|step| step.process_type == *process_type);
        let seen = last.and_then(|(formation, _)| formation.iter().find(|of| of.process_type == *process_type));
        let mut quantities: Vec<_> = steps.iter().map(|step| (step.at, step.quantity.get())).collect();
        if let Some(seen) = seen.filter(|_| quantities.is_empty()) {
            // What has never changed had what it has now.
            quantities.push((told.since, seen.quantity.get()));
        }
        let of_others = steps.iter().filter(|step| step.by == StepBy::Others);
        let others = of_others.map(|step| (step.at, step.quantity.get())).collect();
        Ok(Ran { quantities, others, sighting })
    }

    /// How far the reactions on an app go.
    fn limits(&self, app: &AppName) -> Vec<LimitView> {
        let on_app = self.definitions.reactions.iter().filter(|reaction| reaction.kind.app() == app);
        let limits = on_app.filter_map(|reaction| {
            let (process_type, limit) = (reaction.kind.process_type()?, reaction.kind.limit()?);
            Some(LimitView {
                reaction: reaction.name.clone(),
                process_type: process_type.clone(),
                setting: limit.setting().into(),
                value: limit.to_string(),
            })
        });
        limits.collect()
    }
}

fn process(process: &ProcessFormation) -> ProcessView {
    let ProcessFormation { process_type, quantity, size } = process.clone();
    ProcessView { process_type, quantity, size }
}

fn dynos(sighting: &Sighting) -> Vec<DynoView> {
    let view = |dyno: &flyball_model::Dyno| DynoView {
        name: dyno.name.clone(),
        process_type: dyno.process_type.clone(),
        state: dyno.state.to_string(),
        size: dyno.size.clone(),
        release: dyno.release,
        created_at: dyno.created_at,
        state_since: dyno.updated_at,
    };
    sighting.dynos.iter().map(view).collect()
}

/// Releases as a lineage: where the content of each came from, and which of them our rollbacks made and left.
fn releases(newest_first: &[Release], ours: &BTreeSet<ReleaseVersion>, runs: &[Run]) -> Vec<ReleaseView> {
    let history = ReleaseHistory { newest_first: newest_first.to_vec(), reaches_the_first: false };
    let left = runs.iter().filter_map(|run| match (&run.plan.effect, &run.state) {
        (Effect::RollBack { from, origin, .. }, RunState::Ended { outcome: Outcome::Done { .. }, .. }) => {
            Some([*from, *origin])
        }
        _ => None,
    });
    let left: BTreeSet<ReleaseVersion> = left.flatten().collect();
    let view = |release: &Release| ReleaseView {
        version: release.version,
        origin: origin_of(&history, release).ok().map(|origin| origin.version),
        content: release.content.clone(),
        description: release.description.clone(),
        by: release.user.clone(),
        at: release.created_at,
        current: release.current,
        ours: ours.contains(&release.version),
        left: left.contains(&release.version),
    };
    history.newest_first.iter().map(view).collect()
}

fn foreign(sighting: &Sighting) -> Vec<ForeignView> {
    let by = |change: &ForeignChange| match change {
        ForeignChange::Release { version, .. } => {
            let release = sighting.releases.iter().find(|release| release.version == *version)?;
            release.user.as_deref().map(Excerpt::of)
        }
        ForeignChange::Quantity { .. } | ForeignChange::Size { .. } => None,
    };
    let view = |Foreign { at, change }: &Foreign| ForeignView {
        at: *at,
        words: change.to_string(),
        by: by(change),
        change: change.clone(),
    };
    sighting.foreign.iter().map(view).collect()
}

/// The quantities of process types over time: from what each had at the beginning, over what we and others set, to what was seen
/// last, if that was in this time. The latest of them.
fn steps(
    lines: &[TimelineLine],
    last: Option<(&[ProcessFormation], Timestamp)>,
    since: Timestamp,
) -> Vec<FormationStep> {
    let mut all = all_steps(lines, last, since);
    all.split_off(all.len().saturating_sub(AppStory::STEPS_MAX))
}

/// All of them.
fn all_steps(
    lines: &[TimelineLine],
    last: Option<(&[ProcessFormation], Timestamp)>,
    since: Timestamp,
) -> Vec<FormationStep> {
    let mut before: BTreeMap<ProcessType, Quantity> = BTreeMap::new();
    let mut steps = Vec::new();
    for line in lines {
        let (process_type, from, to, by) = match &line.entry.event {
            Event::Ended {
                plan: PlanSummary::SetQuantity { process_type, from, to, .. },
                outcome: Outcome::Done { .. },
            } => (process_type, from, to, StepBy::Us),
            Event::Foreign { change: ForeignChange::Quantity { process_type, from, to }, .. } => {
                (process_type, from, to, StepBy::Others)
            }
            _ => continue,
        };
        before.entry(process_type.clone()).or_insert(*from);
        let (at, run) = (line.entry.at, line.entry.run.filter(|_| by == StepBy::Us));
        steps.push(FormationStep { at, process_type: process_type.clone(), quantity: *to, by, run });
    }
    if let Some((formation, at)) = last.filter(|(_, at)| *at >= since) {
        // Who changes a quantity looks before, and not again afterwards.
        let is_changed_since = |of: &ProcessType| steps.iter().any(|step| step.at >= at && step.process_type == *of);
        let seen: Vec<_> = formation.iter().filter(|process| !is_changed_since(&process.process_type)).collect();
        for process in seen {
            let (process_type, quantity) = (process.process_type.clone(), process.quantity);
            before.entry(process_type.clone()).or_insert(quantity);
            steps.push(FormationStep { at, process_type, quantity, by: StepBy::Seen, run: None });
        }
    }
    let first = before.into_iter().map(|(process_type, quantity)| FormationStep {
        at: since,
        process_type,
        quantity,
        by: StepBy::Before,
        run: None,
    });
    let mut all: Vec<FormationStep> = first.chain(steps).collect();
    all.sort_by_key(|step| step.at);
    all
}

/// What each process type of a formation had between two times: by its steps, and what has none had what it has now.
fn hours(
    steps: &[FormationStep],
    formation: &[ProcessFormation],
    since: Timestamp,
    until: Timestamp,
) -> Vec<DynoHours> {
    let had = |of: &ProcessFormation| {
        let of_it: Vec<&FormationStep> = steps.iter().filter(|step| step.process_type == of.process_type).collect();
        let Some(first) = of_it.first() else {
            return f64::from(of.quantity.get()) * until.since(since).as_secs_f64();
        };
        // Only the latest steps are kept: before them it had what the first of them says.
        let before = f64::from(first.quantity.get()) * first.at.since(since).as_secs_f64();
        let ends = of_it.iter().skip(1).map(|step| step.at).chain([until]);
        let parts = of_it.iter().zip(ends);
        before + parts.map(|(step, end)| f64::from(step.quantity.get()) * end.since(step.at).as_secs_f64()).sum::<f64>()
    };
    let view = |of: &ProcessFormation| {
        let dyno_hours = had(of) / 3600.0;
        let usd = of.size.usd_per_hour().map(|usd| usd * dyno_hours);
        DynoHours { process_type: of.process_type.clone(), dyno_hours, size: of.size.clone(), usd }
    };
    formation.iter().map(view).collect()
}

/// "In 7 days it had 336 dyno-hours of web and 168 of worker, about $17.50 by Heroku's list at their present sizes, as far as that was seen."
fn cost_in_words(hours: &[DynoHours]) -> String {
    let told: Vec<String> = hours
        .iter()
        .enumerate()
        .map(|(nth, of)| {
            let what = if nth == 0 { " dyno-hours" } else { "" };
            format!("{:.0}{what} of {}", of.dyno_hours, of.process_type)
        })
        .collect();
    let had = match told.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => told.concat(),
    };
    let usd: Option<f64> = hours.iter().map(|of| of.usd).sum();
    match usd {
        Some(usd) => format!(
            "In 7 days it had {had}, about ${usd:.2} by Heroku's list at their present sizes, as far as that was seen."
        ),
        None => format!("In 7 days it had {had}, as far as that was seen."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::testing::release;
    use flyball_model::{Content, DynoSize, Entry, Look, SlugId, WhyNotDone};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_formation_goes_from_what_it_had_over_what_was_set_to_what_was_seen() {
        let line = |second: u64, event| TimelineLine { number: 0, entry: Entry::new(at(second), event) };
        let (web, q) = (ProcessType::web, Quantity::new);
        let ours = |second, from, to, outcome| {
            let app = "shop".parse().unwrap();
            let plan = PlanSummary::SetQuantity { app, process_type: web(), from: q(from), to: q(to) };
            line(second, Event::Ended { plan, outcome })
        };
        let done = Outcome::Done { seen: Look::Answered, release: None, dyno: None, dyno_name: None };
        let change = ForeignChange::Quantity { process_type: web(), from: q(3), to: q(6) };
        let lines = [
            ours(20, 2, 3, done.clone()),
            ours(30, 3, 4, Outcome::NotDone { why: WhyNotDone::Stopped }),
            line(40, Event::Foreign { change, by: None, times: None }),
        ];
        let process = |process_type: ProcessType, quantity| {
            let size = DynoSize::new("Basic");
            ProcessFormation { process_type, quantity: q(quantity), size }
        };
        let formation = [process(web(), 6), process("worker".parse().unwrap(), 1)];
        let told = |lines: &[TimelineLine], last| {
            let step = |step: FormationStep| {
                let (at, by) = (step.at.as_millis() / 1000, step.by);
                format!("{at} {}={} {by:?}", step.process_type, step.quantity)
            };
            steps(lines, last, at(10)).into_iter().map(step).collect::<Vec<_>>()
        };
        let seen_last = Some((&formation[..], at(50)));
        assert_eq!(
            told(&lines, seen_last),
            [
                "10 web=2 Before",
                "10 worker=1 Before",
                "20 web=3 Us",
                "40 web=6 Others",
                "50 web=6 Seen",
                "50 worker=1 Seen"
            ]
        );
        let seen_before = Some((&formation[..1], at(20)));
        assert_eq!(told(&lines[..2], seen_before), ["10 web=2 Before", "20 web=3 Us"], "it was seen before it was set");
        assert_eq!(told(&lines, None), ["10 web=2 Before", "20 web=3 Us", "40 web=6 Others"]);
        assert_eq!(told(&[], Some((&formation[..1], at(50)))), ["10 web=6 Before", "50 web=6 Seen"]);
        assert_eq!(told(&[], None), [""; 0]);
        let many: Vec<TimelineLine> = (0..600).map(|second| ours(100 + second, 2, 3, done.clone())).collect();
        assert_eq!(steps(&many, seen_last, at(10)).len(), AppStory::STEPS_MAX);
    }

    #[test]
    fn dyno_hours_are_what_was_there_for_as_long_as_it_was() {
        let step = |second: u64, name: &str, quantity| FormationStep {
            at: at(second),
            process_type: name.parse().unwrap(),
            quantity: Quantity::new(quantity),
            by: StepBy::Us,
            run: None,
        };
        let process = |name: &str, quantity, size: &str| ProcessFormation {
            process_type: name.parse().unwrap(),
            quantity: Quantity::new(quantity),
            size: DynoSize::new(size),
        };
        let formation = [process("web", 4, "Standard-1X"), process("worker", 2, "Basic"), process("clock", 0, "Basic")];
        let hour = 3600;
        let steps = [step(hour, "web", 2), step(2 * hour, "web", 4)];
        let told = hours(&steps, &formation, at(0), at(10 * hour));
        let each: Vec<f64> = told.iter().map(|of| of.dyno_hours).collect();
        // Two for two hours and four for eight; two all the time; none.
        assert_eq!(each, [36.0, 20.0, 0.0]);
        let words = cost_in_words(&told);
        let expected = "In 7 days it had 36 dyno-hours of web, 20 of worker and 0 of clock, about $1.44 by Heroku's list at \
                        their present sizes, as far as that was seen.";
        assert_eq!(words, expected);
        let eco = hours(&[], &[process("web", 1, "Eco")], at(0), at(hour));
        assert_eq!(cost_in_words(&eco), "In 7 days it had 1 dyno-hours of web, as far as that was seen.");
    }

    #[test]
    fn a_release_that_went_back_has_the_content_of_the_one_before() {
        let with = |version: u64, slug: &str, description: &str| Release {
            content: Content::Slug(SlugId::new(slug)),
            description: description.to_owned(),
            ..release(version, at(version))
        };
        let current = Release { current: true, ..with(44, "a", "Rollback to v42") };
        let history = [current, with(43, "b", "Deploy b"), with(42, "a", "Deploy a"), with(41, "z", "Rollback to v9")];
        let views = releases(&history, &[ReleaseVersion::new(44)].into(), &[]);
        let told: Vec<_> = views
            .iter()
            .map(|it| (it.version.get(), it.origin.map(ReleaseVersion::get), it.current, it.ours))
            .collect();
        let expected = [
            (44, Some(42), true, true),
            (43, Some(43), false, false),
            (42, Some(42), false, false),
            (41, None, false, false),
        ];
        assert_eq!(told, expected);
    }
}

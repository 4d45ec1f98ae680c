//! Undoing: what gives back what a run of ours did, against what is seen of the app now.
//!
//! It is an effect like any other: planned, claimed, checked and told as every run is. A stand-in for the reaction plans it, so
//! that it goes through the same gates; what it was the reaction that bounded, it no longer does.

use crate::lineage::{NoStep, can_be_gone_back_to, origin_of, pending_above, was_current};
use crate::situation::Reacts;
use crate::{Known, Planned};
use flyball_model::{
    AccountName, AppName, Because, Effect, Needs, NoUndo, Outcome, Policy, ProcessType, Quantity, Rank, ReactionId,
    ReactionName, Release, ReleaseHistory, ReleaseVersion, Run, RunId, RunState, Sight,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whether there is anything to undo, and a way back, whatever the app is like now. `undone_by` is the run that undoes it
/// already.
///
/// # Errors
///
/// Why not.
pub fn undoable(run: &Run, undone_by: Option<RunId>) -> Result<(), NoUndo> {
    let outcome = match &run.state {
        RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => return Err(NoUndo::NotEnded),
        RunState::Ended { outcome, .. } => outcome,
    };
    match outcome {
        Outcome::Done { .. } => {}
        Outcome::NotDone { .. } => return Err(NoUndo::NotDone),
        Outcome::Superseded { .. } => return Err(NoUndo::Superseded),
        Outcome::Refused { .. } => return Err(NoUndo::Refused),
        Outcome::InDoubt { .. } => return Err(NoUndo::InDoubt { run: run.id }),
    }
    match &run.plan.effect {
        Effect::RestartDyno { .. } | Effect::RestartAll { .. } => return Err(NoUndo::Restarted),
        Effect::RunOneOff { .. } => {
            return Err(NoUndo::OneOff { app: run.plan.app().name.clone(), running: None });
        }
        Effect::SetQuantity { .. } | Effect::SetSize { .. } | Effect::RollBack { .. } => {}
    }
    if let Because::Undoes { run: of } = run.because {
        return Err(NoUndo::IsUndo { of });
    }
    match undone_by {
        Some(run) => Err(NoUndo::UndoneBy { run }),
        None => Ok(()),
    }
}

/// What gives back what a run did, on what is seen now. Pure: the same sight gives the same plan.
#[must_use]
pub fn way_back(run: &Run, sight: &Sight, known: &Known<'_>) -> Planned {
    if let Err(why) = undoable(run, None) {
        return cannot(why);
    }
    let planned_for = run.plan.app();
    if planned_for.id.as_ref().is_some_and(|id| *id != sight.app.id) {
        return Planned::Hold(Because::AnotherApp { app: planned_for.name.clone() });
    }
    match &run.plan.effect {
        Effect::SetQuantity { process_type, from, to } => quantity_back(process_type, *from, *to, sight),
        Effect::SetSize { process_type, from, to } => {
            let Some(process) = sight.process(process_type) else { return no_process(process_type) };
            let (process_type, app) = (process_type.clone(), sight.app.name.clone());
            let (now, made, before) = (process.size.clone(), to.clone(), from.clone());
            if now == made {
                return Planned::Do(Effect::SetSize { process_type, from: made, to: before });
            }
            cannot(NoUndo::Size { app, process_type, now, made, before })
        }
        Effect::RollBack { from, origin, to, .. } => {
            let left = Left { from: *from, origin: *origin, to: *to, made: made_by(run) };
            match content_back(left, &sight.releases, known) {
                Ok(effect) => Planned::Do(effect),
                Err(NoStep::Hold(because)) => Planned::Hold(because),
                Err(NoStep::LookFurther { below }) => Planned::LookFurther { below },
            }
        }
        // There is no way back from these, which was said above.
        Effect::RestartDyno { .. } | Effect::RestartAll { .. } | Effect::RunOneOff { .. } => cannot(NoUndo::Restarted),
    }
}

fn cannot(why: NoUndo) -> Planned {
    Planned::Hold(because(why))
}

fn because(why: NoUndo) -> Because {
    Because::CannotUndo { why: Box::new(why) }
}

fn no_process(process_type: &ProcessType) -> Planned {
    Planned::Hold(Because::NoSuchProcessType { process_type: process_type.clone() })
}

fn quantity_back(process_type: &ProcessType, before: Quantity, made: Quantity, sight: &Sight) -> Planned {
    let Some(process) = sight.process(process_type) else { return no_process(process_type) };
    let (app, process_type, now) = (sight.app.name.clone(), process_type.clone(), process.quantity);
    if now != made {
        return cannot(NoUndo::Quantity { app, process_type, now, made, before });
    }
    if !(1..=NoUndo::QUANTITY_MAX).contains(&before.get()) {
        return cannot(NoUndo::OutOfBounds { app, process_type, before });
    }
    Planned::Do(Effect::SetQuantity { process_type, from: made, to: before })
}

/// A rollback that was done.
#[derive(Clone, Copy)]
struct Left {
    /// What ran before it, which it left.
    from: ReleaseVersion,
    /// Where the content of that came from.
    origin: ReleaseVersion,
    /// What it went back to.
    to: ReleaseVersion,
    /// The release that it made, as far as Heroku told.
    made: Option<ReleaseVersion>,
}

const fn made_by(run: &Run) -> Option<ReleaseVersion> {
    match &run.state {
        RunState::Ended { outcome: Outcome::Done { release, .. }, .. } => *release,
        _ => None,
    }
}

/// Back to the content that a rollback left: while what it made is what runs, by content, and nobody else has released since.
fn content_back(left: Left, history: &ReleaseHistory, known: &Known<'_>) -> Result<Effect, NoStep> {
    let Some(current) = history.current() else { return Err(further_or(history, Because::NoCurrentRelease)) };
    if let Some(version) = pending_above(history, current.version, known.now) {
        return Err(Because::PendingRelease { version }.into());
    }
    let made = match left.made {
        Some(version) => version,
        None => made_after(left, history)?,
    };
    let since = history.newest_first.iter().filter(|release| release.version > made && was_current(release));
    if let Some(theirs) = since.clone().find(|release| !known.our_rollbacks.contains(&release.version)) {
        return Err(refused(NoUndo::ReleasedSince { version: theirs.version, made }));
    }
    let Some(release) = history.version(made) else {
        return Err(further_or(history, because(NoUndo::NotRunning { to: left.to })));
    };
    if current.version < made || !was_current(release) {
        return Err(refused(NoUndo::NotRunning { to: left.to }));
    }
    let origin = origin_of(history, current)?.version;
    if origin != origin_of(history, release)?.version {
        return Err(refused(NoUndo::LaterRollback { current: current.version, made }));
    }
    let before = released_before(left, history)?;
    Ok(Effect::RollBack { from: current.version, origin, to: before.version, release: before.id.clone() })
}

/// The release that a rollback made of which Heroku's answer was lost: the first after what it left that says so.
fn made_after(left: Left, history: &ReleaseHistory) -> Result<ReleaseVersion, NoStep> {
    let after = history.newest_first.iter().filter(|release| release.version > left.from);
    let made = after.filter(|release| release.says_rollback_to() == Some(left.to)).map(|release| release.version).min();
    match made {
        // An earlier one may say the same, as long as not all since then are known.
        Some(made) if history.version(left.from).is_some() || history.reaches_the_first => Ok(made),
        Some(_) | None => Err(further_or(history, because(NoUndo::NotRunning { to: left.to }))),
    }
}

/// What ran before, or else the newest other release that has the same content.
fn released_before(left: Left, history: &ReleaseHistory) -> Result<&Release, NoStep> {
    let between = |release: &&Release| (left.origin..=left.from).contains(&release.version);
    for candidate in history.newest_first.iter().filter(between).filter(|release| can_be_gone_back_to(release)) {
        if origin_of(history, candidate)?.version == left.origin {
            return Ok(candidate);
        }
    }
    let why = NoUndo::NotEligible { before: left.from };
    if history.version(left.origin).is_some() {
        return Err(refused(why));
    }
    Err(further_or(history, because(why)))
}

fn refused(why: NoUndo) -> NoStep {
    NoStep::Hold(because(why))
}

/// That older releases are needed, where there are any; and else the reason.
fn further_or(history: &ReleaseHistory, because: Because) -> NoStep {
    match history.newest_first.last().filter(|_| !history.reaches_the_first) {
        Some(oldest) => NoStep::LookFurther { below: oldest.version },
        None => NoStep::Hold(because),
    }
}

/// A reaction as it undoes one of its runs, because a person asks for it.
///
/// The gates that hold a person's `react` hold this. What bounds the reaction does not: it is switched off, or has had its
/// runs in the hour, often just because of what is to be undone.
#[derive(Debug, Clone, PartialEq)]
pub struct Undoing<R> {
    reaction: R,
    run: Arc<Run>,
    policy: Policy,
}

impl<R: Reacts> Undoing<R> {
    /// A reaction, as it undoes this run.
    #[must_use]
    pub fn new(reaction: R, run: Arc<Run>) -> Self {
        let policy = Policy { enabled: true, max_per_hour: None, max_per_day: None, ..reaction.policy().clone() };
        Self { reaction, run, policy }
    }

    /// Whether the run is one that the reaction makes, as it stands in the file. A run comes from the store, and so from
    /// whoever can write there: what is undone must be what the reaction does.
    #[must_use]
    pub fn is_of_its_reaction(&self) -> bool {
        self.run.reaction == self.reaction.id()
            && self.run.plan.app().name == *self.reaction.app()
            && self.reaction.may_have_planned(&self.run.plan.effect)
    }
}

impl<R: Reacts> Reacts for Undoing<R> {
    fn id(&self) -> ReactionId {
        self.reaction.id()
    }

    fn name(&self) -> &ReactionName {
        self.reaction.name()
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn app(&self) -> &AppName {
        self.reaction.app()
    }

    fn account(&self) -> &AccountName {
        self.reaction.account()
    }

    fn rank(&self) -> Rank {
        self.reaction.rank().inverse().unwrap_or(self.reaction.rank())
    }

    fn needs(&self) -> Needs {
        self.rank().effect().needs()
    }

    fn boots_anew(&self) -> bool {
        self.rank().effect().boots_anew()
    }

    fn process_type(&self) -> Option<&ProcessType> {
        self.reaction.process_type()
    }

    fn variables(&self) -> Vec<&str> {
        Vec::new()
    }

    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
        if !self.is_of_its_reaction() {
            return cannot(NoUndo::ReactionChanged { reaction: self.name().clone() });
        }
        way_back(&self.run, sight, known)
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        if undoable(&self.run, None).is_err() || !self.is_of_its_reaction() {
            return false;
        }
        match (&self.run.plan.effect, effect) {
            (
                Effect::SetQuantity { process_type, from, to },
                Effect::SetQuantity { process_type: of, from: made, to: before },
            ) => (of, made, before) == (process_type, to, from),
            (
                Effect::SetSize { process_type, from, to },
                Effect::SetSize { process_type: of, from: made, to: before },
            ) => (of, made, before) == (process_type, to, from),
            (Effect::RollBack { from, origin, .. }, Effect::RollBack { from: current, to, .. }) => {
                current > from && (origin..=from).contains(&to)
            }
            _ => false,
        }
    }
}

/// Whether there is a way back, as far as is seen: for telling people, who ask before they go it.
#[must_use]
pub fn is_way_back_open(run: &Run, sight: &Sight, our_rollbacks: &BTreeSet<ReleaseVersion>) -> bool {
    let now = sight.heroku_now.unwrap_or(sight.taken_at);
    let known = Known { now, episode: now, our_rollbacks, one_offs: &[], last_out: None, load: None };
    matches!(way_back(run, sight, &known), Planned::Do(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{
        Actor, Content, DynoId, DynoSize, Excerpt, Look, NodeId, Plan, ProcessFormation, ReleaseId, ReleaseStatus,
        SlugId, Timestamp, WhyInDoubt, WhyNotDone, WhySuperseded, testing,
    };
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    const fn version(version: u64) -> ReleaseVersion {
        ReleaseVersion::new(version)
    }

    fn id(of: u128) -> RunId {
        RunId(uuid::Uuid::from_u128(of))
    }

    fn done(release: Option<u64>) -> Outcome {
        Outcome::Done { seen: Look::Answered, release: release.map(version), dyno: None, dyno_name: None }
    }

    fn run(effect: Effect, state: RunState) -> Run {
        let name: ReactionName = "it".parse().unwrap();
        Run {
            id: id(1),
            reaction: ReactionId::of(&name),
            reaction_name: name,
            actor: Actor::Person { name: "ada".into() },
            because: Because::ByHand,
            plan: Plan { subject: testing::subject(), effect, seen_at: at(1), gist: String::new(), restores: None },
            rank: Rank::Out,
            queued_at: at(1),
            sent_at: Some(at(2)),
            request_ids: vec![Excerpt::of("r")],
            state,
        }
    }

    fn ended(effect: Effect, outcome: Outcome) -> Run {
        run(effect, RunState::Ended { at: at(3), outcome })
    }

    fn out(from: u32, to: u32) -> Effect {
        Effect::SetQuantity { process_type: ProcessType::web(), from: Quantity::new(from), to: Quantity::new(to) }
    }

    fn up(from: &str, to: &str) -> Effect {
        Effect::SetSize { process_type: ProcessType::web(), from: DynoSize::new(from), to: DynoSize::new(to) }
    }

    fn back(from: u64, origin: u64, to: u64) -> Effect {
        let release = ReleaseId::new(format!("id-of-v{to}"));
        Effect::RollBack { from: version(from), origin: version(origin), to: version(to), release }
    }

    /// What comes of undoing, in a few words.
    fn told(planned: &Planned) -> String {
        match planned {
            Planned::Do(Effect::SetQuantity { from, to, .. }) => format!("{from} to {to}"),
            Planned::Do(Effect::SetSize { from, to, .. }) => format!("{from} to {to}"),
            Planned::Do(Effect::RollBack { from, origin, to, .. }) => format!("{from} ({origin}) to {to}"),
            Planned::Do(other) => panic!("{other:?}"),
            Planned::Hold(Because::CannotUndo { why }) => {
                let words = format!("{why:?}");
                let variant = words.split([' ', '{']).next().unwrap_or_default().to_owned();
                let snake = variant
                    .chars()
                    .flat_map(|letter| letter.is_uppercase().then_some('_').into_iter().chain(letter.to_lowercase()));
                snake.collect::<String>().trim_start_matches('_').to_owned()
            }
            Planned::Hold(because) => because.code().to_owned(),
            Planned::LookFurther { below } => format!("look below {below}"),
        }
    }

    fn asked(run: &Run, sight: &Sight, ours: &[u64]) -> String {
        let ours = ours.iter().copied().map(version).collect();
        let known =
            Known { now: at(500), episode: at(0), our_rollbacks: &ours, one_offs: &[], last_out: None, load: None };
        told(&way_back(run, sight, &known))
    }

    fn web(quantity: u32, size: &str) -> Sight {
        let (quantity, size) = (Quantity::new(quantity), DynoSize::new(size));
        let formation = vec![ProcessFormation { process_type: ProcessType::web(), quantity, size }];
        Sight { formation, ..testing::sight(at(400)) }
    }

    #[test]
    fn what_was_not_done_and_what_has_no_way_back_is_refused_whatever_is_seen() {
        let restart = Effect::RestartAll { ids: vec![DynoId::new("a")] };
        let one_off = Effect::RunOneOff {
            command: "clean".into(),
            size: None,
            time_to_live: Duration::from_secs(60),
            env: BTreeMap::new(),
            present: Vec::new(),
        };
        let refused = Outcome::Refused { status: 422, id: "no".into(), why: "no".into() };
        let in_doubt = Outcome::InDoubt { why: WhyInDoubt::Told("unclear".into()) };
        let node = NodeId(uuid::Uuid::nil());
        let cases = [
            ("queued", run(out(2, 3), RunState::Queued), "not_ended"),
            ("claimed", run(out(2, 3), RunState::Claimed { node, at: at(2) }), "not_ended"),
            ("sent", run(out(2, 3), RunState::Sent { node, at: at(2), look_at: at(9) }), "not_ended"),
            ("not done", ended(out(2, 3), Outcome::NotDone { why: WhyNotDone::Stopped }), "not_done"),
            ("superseded", ended(out(2, 3), Outcome::Superseded { why: WhySuperseded::Restarted }), "superseded"),
            ("refused", ended(out(2, 3), refused), "refused"),
            ("in doubt", ended(out(2, 3), in_doubt), "in_doubt"),
            ("a restart", ended(restart, done(None)), "restarted"),
            ("a one-off dyno", ended(one_off, done(None)), "one_off"),
            ("an undo", Run { because: Because::Undoes { run: id(9) }, ..ended(out(3, 2), done(None)) }, "is_undo"),
        ];
        for (case, run, expected) in cases {
            assert_eq!(asked(&run, &web(3, "standard-1x"), &[]), expected, "{case}");
        }
        let run = ended(out(2, 3), done(None));
        assert_eq!(undoable(&run, Some(id(2))), Err(NoUndo::UndoneBy { run: id(2) }));
        assert_eq!(undoable(&run, None), Ok(()));
    }

    #[test]
    fn a_quantity_and_a_size_go_back_while_they_are_what_the_run_made_them() {
        let cases = [
            ("still what it made", out(2, 3), web(3, "standard-1x"), "3 to 2"),
            ("a step in", out(3, 2), web(2, "standard-1x"), "2 to 3"),
            ("another by now", out(2, 3), web(5, "standard-1x"), "quantity"),
            ("what it was before, already", out(2, 3), web(2, "standard-1x"), "quantity"),
            ("to none", out(0, 1), web(1, "standard-1x"), "out_of_bounds"),
            ("to a hundred", out(100, 99), web(99, "standard-1x"), "99 to 100"),
            ("to more", out(101, 100), web(100, "standard-1x"), "out_of_bounds"),
            ("no such process type", out(2, 3), testing::sight(at(400)), "no_such_process_type"),
            ("a size", up("standard-1x", "standard-2x"), web(1, "standard-2x"), "Standard-2X to Standard-1X"),
            ("another size by now", up("standard-1x", "standard-2x"), web(1, "performance-m"), "size"),
        ];
        for (case, effect, sight, expected) in cases {
            assert_eq!(asked(&ended(effect, done(None)), &sight, &[]), expected, "{case}");
        }
        let mut another = web(3, "standard-1x");
        another.app.id = flyball_model::AppId::new("another");
        assert_eq!(asked(&ended(out(2, 3), done(None)), &another, &[]), "another_app");
    }

    /// Releases, oldest first from v1: `d` a deploy, a digit the rollback to that version, `x` a deploy that failed, `p` one
    /// that is pending. The last that did not fail is current.
    fn released(releases: &str) -> Sight {
        let mut history: Vec<Release> = Vec::new();
        for (index, word) in releases.chars().enumerate() {
            let number = u64::try_from(index).unwrap() + 1;
            let made = testing::release(number, at(i64::try_from(index).unwrap()));
            let own = Content::Slug(SlugId::new(format!("slug {number}")));
            history.push(match word.to_digit(10) {
                Some(to) => Release {
                    content: history[usize::try_from(to).unwrap() - 1].content.clone(),
                    description: format!("Rollback to v{to}"),
                    ..made
                },
                None => Release {
                    content: own,
                    status: match word {
                        'x' => ReleaseStatus::Failed,
                        'p' => ReleaseStatus::Pending,
                        _ => ReleaseStatus::Succeeded,
                    },
                    ..made
                },
            });
        }
        let current = history.iter_mut().rev().find(|release| release.status == ReleaseStatus::Succeeded);
        current.expect("one runs").current = true;
        history.reverse();
        let releases = ReleaseHistory { newest_first: history, reaches_the_first: true };
        Sight { releases, ..testing::sight(at(400)) }
    }

    #[test]
    fn a_rollback_goes_back_to_the_content_that_it_left_while_what_it_made_runs() {
        // The rollback from v3 to v2 made v4, where nothing else is said.
        type Case = (&'static str, &'static str, Effect, Option<u64>, &'static [u64], &'static str);
        let cases: [Case; 10] = [
            ("nothing came since", "ddd2", back(3, 3, 2), Some(4), &[4], "v4 (v2) to v3"),
            ("the answer was lost", "ddd2", back(3, 3, 2), None, &[4], "v4 (v2) to v3"),
            ("a deploy came since", "ddd2d", back(3, 3, 2), Some(4), &[4], "released_since"),
            ("somebody's rollback to the same", "ddd24", back(3, 3, 2), Some(4), &[4], "released_since"),
            ("a deploy that failed", "ddd2x", back(3, 3, 2), Some(4), &[4], "v4 (v2) to v3"),
            ("a deploy that is pending", "ddd2p", back(3, 3, 2), Some(4), &[4], "pending_release"),
            ("a later one of ours", "ddd21", back(3, 3, 2), Some(4), &[4, 5], "later_rollback"),
            ("a later one that was undone", "ddd214", back(3, 3, 2), Some(4), &[4, 5, 6], "v6 (v2) to v3"),
            ("what was left had older content", "ddd212", back(5, 1, 2), Some(6), &[4, 5, 6], "v6 (v2) to v5"),
            ("no release says so", "ddd", back(3, 3, 2), None, &[], "not_running"),
        ];
        for (case, releases, effect, made, ours, expected) in cases {
            let run = ended(effect, done(made));
            assert_eq!(asked(&run, &released(releases), ours), expected, "{case}");
        }
    }

    #[test]
    fn a_release_that_heroku_will_not_go_back_to_gives_way_to_another_of_the_same_content() {
        let shut = |mut sight: Sight, versions: &[u64]| {
            for release in &mut sight.releases.newest_first {
                if versions.contains(&release.version.get()) {
                    release.eligible_for_rollback = Some(false);
                }
            }
            sight
        };
        let of_three = ended(back(3, 3, 2), done(Some(4)));
        assert_eq!(asked(&of_three, &shut(released("ddd2"), &[3]), &[4]), "not_eligible");
        let of_five = ended(back(5, 1, 2), done(Some(6)));
        assert_eq!(asked(&of_five, &shut(released("ddd212"), &[5]), &[4, 5, 6]), "v6 (v2) to v1");
        assert_eq!(asked(&of_five, &shut(released("ddd212"), &[5, 1]), &[4, 5, 6]), "not_eligible");
    }

    #[test]
    fn older_releases_are_looked_at_where_what_was_left_is_not_among_those_that_are_known() {
        let run = ended(back(3, 3, 2), done(Some(4)));
        let mut sight = released("ddd2");
        sight.releases.newest_first.truncate(1);
        sight.releases.reaches_the_first = false;
        assert_eq!(asked(&run, &sight, &[4]), "look below v4");
        sight.releases.newest_first[0].current = false;
        assert_eq!(asked(&run, &sight, &[4]), "look below v4", "which is current is not known either");
    }
}

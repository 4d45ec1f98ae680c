//! A situation: all that is known of an app in one turn, as one value.
//!
//! The engine gathers it, [`unseen`](fn@crate::unseen) says what must be looked at yet, and [`choose`](fn@crate::choose)
//! decides on it. Nothing else enters a decision, so a situation that was recorded is decided again in the same way.

use crate::facts::{AppFacts, Sighting};
use crate::seen::Seen;
use crate::{Adder, Home, Jobs, Known, LookedAt, Planned, StartedOneOff};
use flyball_model::{
    AccountName, AppLimits, AppName, Because, Cause, Changed, Effect, Finding, Foreign, Mode, MonitorId, MonitorName,
    Needs, Outcome, Policy, ProcessType, Rank, ReactionId, ReactionName, Reference, Run, RunState, Sight, Standing,
    StoreLoss, Subject, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What a choice asks of a reaction, whatever its kind is.
pub trait Reacts {
    /// Its id.
    fn id(&self) -> ReactionId;
    /// Its name.
    fn name(&self) -> &ReactionName;
    /// What every reaction has.
    fn policy(&self) -> &Policy;
    /// The app that it acts on.
    fn app(&self) -> &AppName;
    /// The account that it acts by.
    fn account(&self) -> &AccountName;
    /// Its place in the order among those that would act in the same moment.
    fn rank(&self) -> Rank;
    /// What it must see to plan.
    fn needs(&self) -> Needs;
    /// What its plan rests on: of that it is looked whether it changed. Less than what it must see where some of it only says whether it
    /// is the time.
    fn rests_on(&self) -> Needs {
        if self.rank() == Rank::To { self.rank().effect().needs() } else { self.needs() }
    }
    /// Whether it makes dynos of the formation boot anew, and so waits for the app to settle.
    fn boots_anew(&self) -> bool;
    /// The process type that it scales or resizes.
    fn process_type(&self) -> Option<&ProcessType>;
    /// The environment variables that it reads when it acts.
    fn variables(&self) -> Vec<&str>;
    /// How long it must be known what a load was, where it scales to one.
    fn looks_back(&self) -> Option<Duration> {
        None
    }
    /// How long it waits at most for jobs that run before it takes dynos away, where it waits for them.
    fn waits_for_jobs(&self) -> Option<Duration> {
        None
    }
    /// Why it does what it does about what is seen, where it knows more of it than whoever calls it.
    fn reason(&self, _sight: &Sight, _known: &Known<'_>) -> Option<Because> {
        None
    }
    /// What it does about what is seen. Pure: the same sight gives the same plan.
    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned;
    /// Whether this effect is one that it could have planned, whatever was seen.
    fn may_have_planned(&self, effect: &Effect) -> bool;
}

impl<R: Reacts + ?Sized> Reacts for Arc<R> {
    fn id(&self) -> ReactionId {
        (**self).id()
    }

    fn name(&self) -> &ReactionName {
        (**self).name()
    }

    fn policy(&self) -> &Policy {
        (**self).policy()
    }

    fn app(&self) -> &AppName {
        (**self).app()
    }

    fn account(&self) -> &AccountName {
        (**self).account()
    }

    fn rank(&self) -> Rank {
        (**self).rank()
    }

    fn needs(&self) -> Needs {
        (**self).needs()
    }

    fn boots_anew(&self) -> bool {
        (**self).boots_anew()
    }

    fn process_type(&self) -> Option<&ProcessType> {
        (**self).process_type()
    }

    fn variables(&self) -> Vec<&str> {
        (**self).variables()
    }

    fn looks_back(&self) -> Option<Duration> {
        (**self).looks_back()
    }

    fn waits_for_jobs(&self) -> Option<Duration> {
        (**self).waits_for_jobs()
    }

    fn reason(&self, sight: &Sight, known: &Known<'_>) -> Option<Because> {
        (**self).reason(sight, known)
    }

    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
        (**self).plan(sight, known)
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        (**self).may_have_planned(effect)
    }
}

/// All that is known of an app in one turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Situation<R> {
    /// Those who would act on it.
    pub wishes: Vec<Wish<R>>,
    /// The others that scale a process type of theirs to a load, as each of their monitors told last: they wish for nothing now, and are
    /// asked what they need.
    #[serde(default = "Vec::new")]
    pub beside: Vec<Wish<R>>,
    /// What is the same for all of them.
    pub scene: Scene,
}

impl<R> Situation<R> {
    /// The same with other words for the reactions: their ids where it is recorded, what they are where it is chosen again.
    #[must_use]
    pub fn with_reactions<S>(self, mut of: impl FnMut(R) -> S) -> Situation<S> {
        let mut with = |Wish { reaction, call }| Wish { reaction: of(reaction), call };
        let wishes = self.wishes.into_iter().map(&mut with).collect();
        let beside = self.beside.into_iter().map(with).collect();
        Situation { wishes, beside, scene: self.scene }
    }
}

/// A reaction that is called, and has not been asked further.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wish<R> {
    /// Which.
    pub reaction: R,
    /// Who calls it, and what belongs to that.
    pub call: Call,
}

/// Who calls a reaction, and what is known of this reaction alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Who.
    pub caller: Caller,
    /// Whether it acts, or only tells.
    pub mode: Mode,
    /// Since when it is as it is in the file: refusals from before are forgiven.
    pub since: Timestamp,
    /// The reactions of the same monitor that act on the same app and stand below it in the order of effects.
    pub rungs_below: Vec<ReactionId>,
    /// The reaction that it comes after, where the file names one.
    #[serde(default)]
    pub after: Option<After>,
    /// The shortest interval of its monitors, when there are several.
    pub shared_interval: Option<Duration>,
    /// When it would have acted last, in a dry run.
    pub would_have_acted: Option<Timestamp>,
    /// What the monitor has measured of late, oldest first, where the reaction scales to a load.
    #[serde(default)]
    pub looks: Option<Vec<LookedAt>>,
    /// What is known of the app's jobs, where the reaction waits for them.
    #[serde(default)]
    pub jobs: Jobs,
    /// How old a sight of the app may be that it is judged on. More than [`FRESH`] where it stood at its limit.
    pub patience: Duration,
}

/// The reaction that another comes after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// Which.
    pub reaction: ReactionId,
    /// Its name.
    pub name: ReactionName,
    /// Since when its acting counts: the beginning of the app's incident, or of the monitor's episode where that is earlier.
    pub since: Timestamp,
}

/// Who calls a reaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// A monitor, with its latest reading.
    Monitor {
        /// Which.
        id: MonitorId,
        /// Its name.
        name: MonitorName,
        /// What the reading found.
        finding: Finding,
        /// Where the monitor stands.
        standing: Option<Standing>,
        /// Of each other host that has nothing to do with the app: since when it cannot be reached, if it cannot.
        hosts: Vec<Option<Timestamp>>,
    },
    /// A person, who does not wait for a streak or a cooldown.
    Person {
        /// Since when the monitors of the reaction have been calling it; now if none does.
        episode: Timestamp,
    },
}

impl Caller {
    /// When the episode began: the flip of the monitor into the verdict that it has.
    #[must_use]
    pub fn episode(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Monitor { standing, .. } => standing.as_ref().map_or(now, |standing| standing.since),
            Self::Person { episode } => *episode,
        }
    }

    /// The monitor.
    #[must_use]
    pub const fn monitor(&self) -> Option<MonitorId> {
        match self {
            Self::Monitor { id, .. } => Some(*id),
            Self::Person { .. } => None,
        }
    }

    /// Why the reading fails, if it does.
    #[must_use]
    pub const fn cause(&self) -> Option<Cause> {
        match self {
            Self::Monitor { finding, .. } => finding.cause(),
            Self::Person { .. } => None,
        }
    }

    /// Why it calls.
    #[must_use]
    pub fn because(&self) -> Because {
        match self {
            Self::Monitor { finding, standing, .. } => Because::Matched {
                verdict: finding.verdict(),
                streak: standing.as_ref().map_or(0, |standing| standing.streak),
                cause: finding.cause(),
            },
            Self::Person { .. } => Because::ByHand,
        }
    }
}

/// What is known of an app and of us, the same for everybody who would act on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// When the turn began.
    pub now: Timestamp,
    /// The app, and by which account; before a look as the file names it, and when a run is about to be sent as it was
    /// planned.
    pub subject: Subject,
    /// How much is done to one app in an hour.
    pub limits: AppLimits,
    /// Where we run.
    pub home: Home,
    /// How the store was lost to us, once it is not our own any more: what it says may be old, and a pause not reach us.
    #[serde(default)]
    pub store_loss: Option<StoreLoss>,
    /// What only the store knows.
    pub facts: AppFacts,
    /// What was last seen of the app.
    pub before: Option<Sighting>,
    /// Reactions that add to a process type of the app and have their condition met.
    pub adders: Vec<Adder>,
    /// Environment variables that a setting names and that are not set.
    pub unset: BTreeSet<String>,
    /// What is seen of the app.
    pub view: View,
    /// What others changed of the app of late.
    pub foreign: Vec<Foreign>,
    /// The references, as they were found just now; none before they were asked.
    pub references: Option<Vec<Reference>>,
    /// The run that is about to be sent, when this is the last check before that.
    pub sending: Option<Sending>,
}

/// What is seen of an app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// It was not looked at yet.
    NotYet,
    /// It could not be looked at.
    Failed(Because),
    /// This.
    Seen {
        /// What was seen.
        sight: Box<Sight>,
        /// Which parts were looked at.
        parts: Needs,
        /// Why older releases could not be looked at, where somebody needs them.
        no_further: Option<Because>,
    },
}

/// A run that is about to be sent, and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sending {
    /// When it was decided.
    pub queued_at: Timestamp,
    /// Whether the reaction is still attached to the monitor that called it.
    pub attached: bool,
    /// What it would do.
    pub effect: Effect,
    /// What of its basis does not hold any more.
    pub gone: Option<Changed>,
    /// Whether it was decided though jobs ran: they were waited for as long as they may be.
    #[serde(default)]
    pub jobs_waited_for: bool,
}

/// A sight is shared by everybody who asks within this time: the run looks again before its call anyway.
pub const FRESH: Duration = Duration::from_secs(5);

/// A reaction that stands at its limit looks less and less often, down to this: the calls of an account are also those
/// of the people who type `heroku ps` in an outage.
pub const PATIENCE_MAX: Duration = Duration::from_secs(60);

impl Scene {
    /// What is seen, beside what was seen before.
    #[must_use]
    pub fn seen(&self) -> Option<Seen<'_>> {
        match &self.view {
            View::Seen { sight, .. } => Some(Seen::new(sight, self.before.as_ref())),
            View::NotYet | View::Failed(_) => None,
        }
    }

    /// What was seen.
    #[must_use]
    pub fn sight(&self) -> Option<&Sight> {
        match &self.view {
            View::Seen { sight, .. } => Some(sight),
            View::NotYet | View::Failed(_) => None,
        }
    }

    /// The one-off dynos that a reaction started, or may have, and which may still run. By Heroku's clock.
    pub(crate) fn one_offs(&self, reaction: ReactionId, seen: &Seen<'_>) -> Vec<StartedOneOff> {
        let of_this = self.facts.one_offs.iter().filter(|run| run.reaction == reaction);
        of_this.filter_map(|run| started_one_off(run, seen)).collect()
    }

    /// What of an app was looked at, and may be told and remembered: an old list of releases may not.
    #[must_use]
    pub fn up_to_date(&self) -> Needs {
        let (View::Seen { parts, .. }, Some(seen)) = (&self.view, self.seen()) else { return Needs::default() };
        let releases = parts.releases && seen.is_up_to_date(*parts, &self.facts.our_rollbacks).is_ok();
        Needs { releases, ..*parts }
    }

    /// What others changed since the app was last looked at; and with it everything of that sort that is remembered from
    /// now on, at most [`Foreign::REMEMBERED`].
    #[must_use]
    pub fn foreign_hands(&self) -> (Vec<Foreign>, Vec<Foreign>) {
        let Some(seen) = self.seen() else { return (Vec::new(), self.foreign.clone()) };
        let parts = self.up_to_date();
        let news = seen.foreign(parts, &self.facts.since_seen, &self.facts.our_rollbacks);
        let mut remembered = seen.foreign_remembered(parts, &self.facts.our_rollbacks);
        remembered.extend(news.iter().cloned());
        let surplus = remembered.len().saturating_sub(Foreign::REMEMBERED);
        remembered.drain(..surplus);
        (news, remembered)
    }
}

fn started_one_off(run: &Run, seen: &Seen<'_>) -> Option<StartedOneOff> {
    let flyball_model::Effect::RunOneOff { time_to_live, .. } = &run.plan.effect else { return None };
    let dyno = match &run.state {
        RunState::Ended { outcome: Outcome::Done { dyno, .. }, .. } => dyno.clone(),
        RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } | RunState::Ended { .. } => None,
    };
    let at = seen.to_heroku(run.took_effect_at()?);
    Some(StartedOneOff { at, dyno, time_to_live: *time_to_live, run: run.id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{
        Actor, ApiHost, DynoId, DynoSize, ForeignChange, Look, Plan, ProcessFormation, Quantity, Release,
        ReleaseHistory, RunId, testing,
    };
    use std::collections::BTreeMap;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn sight(quantity: u32, versions: &[u64]) -> Sight {
        let release = |version: &u64| -> Release { testing::release(*version, at(version.cast_signed())) };
        let (process_type, size) = (ProcessType::web(), DynoSize::new("standard-1x"));
        let newest_first = versions.iter().rev().map(release).collect();
        Sight {
            formation: vec![ProcessFormation { process_type, quantity: Quantity::new(quantity), size }],
            releases: ReleaseHistory { newest_first, reaches_the_first: true },
            ..testing::sight(at(1000))
        }
    }

    /// Three releases and one web dyno were seen before; this is seen now.
    fn scene(view: View) -> Scene {
        Scene {
            now: at(1000),
            subject: testing::subject(),
            limits: AppLimits::default(),
            home: Home::Elsewhere,
            store_loss: None,
            facts: AppFacts::default(),
            before: Some(Seen::new(&sight(1, &[1, 2, 3]), None).sighting(&ApiHost::default(), Needs::ALL)),
            adders: Vec::new(),
            unset: BTreeSet::new(),
            view,
            foreign: Vec::new(),
            references: None,
            sending: None,
        }
    }

    fn looked_at(sight: Sight, parts: Needs) -> View {
        View::Seen { sight: Box::new(sight), parts, no_further: None }
    }

    #[test]
    fn an_old_list_of_releases_is_neither_told_nor_remembered_and_everything_else_is() {
        let without_releases = Needs { releases: false, ..Needs::ALL };
        let only_releases = Needs { formation: false, dynos: false, releases: true };
        let current = || sight(1, &[1, 2, 3]);
        let cases = [
            ("it is as it was", looked_at(current(), Needs::ALL), Needs::ALL),
            ("the list is old", looked_at(sight(1, &[1, 2]), Needs::ALL), without_releases),
            ("releases were not looked at", looked_at(sight(1, &[]), without_releases), without_releases),
            ("nothing else was", looked_at(current(), only_releases), only_releases),
            ("nothing was yet", View::NotYet, Needs::default()),
        ];
        for (case, view, expected) in cases {
            assert_eq!(scene(view).up_to_date(), expected, "{case}");
        }
    }

    #[test]
    fn of_what_others_changed_the_latest_are_remembered_and_what_is_new_is_told() {
        let change = |to| {
            let (process_type, from, to) = (ProcessType::web(), Quantity::new(9), Quantity::new(to));
            ForeignChange::Quantity { process_type, from, to }
        };
        let known = |count: u32| (0..count).map(|n| Foreign { at: at(1), change: change(n) }).collect::<Vec<_>>();
        let most = u32::try_from(Foreign::REMEMBERED).unwrap();
        let (v4, web) = ("v4, a deploy", "web from 1 to 2 dynos");
        let cases = [
            ("nobody changed anything", 2, sight(1, &[1, 2, 3]), vec![], 2),
            ("somebody did", 0, sight(2, &[1, 2, 3, 4]), vec![web, v4], 2),
            ("beside what is known", 5, sight(2, &[1, 2, 3, 4]), vec![web, v4], 7),
            ("the oldest is forgotten", most, sight(2, &[1, 2, 3]), vec![web], most),
            ("an old list says nothing of releases", 0, sight(2, &[1]), vec![web], 1),
        ];
        for (case, before, sight, expected, count) in cases {
            let mut scene = scene(looked_at(sight, Needs::ALL));
            scene.before.as_mut().expect("it was seen").foreign = known(before);
            let (news, remembered) = scene.foreign_hands();
            let told: Vec<String> = news.iter().map(|foreign| foreign.change.to_string()).collect();
            assert_eq!(told, expected, "{case}");
            assert!(remembered.ends_with(&news), "{case}: what is new is remembered as the latest");
            assert_eq!(remembered.len(), usize::try_from(count).unwrap(), "{case}");
        }
        let unseen = Scene { foreign: known(3), ..scene(View::NotYet) };
        assert_eq!(unseen.foreign_hands(), (vec![], known(3)), "without a look what is known stays");
    }

    /// A run of a reaction, decided at second 99 and sent at this time.
    fn run(reaction: &str, effect: Effect, sent_at: Option<i64>, state: RunState) -> Run {
        let name: ReactionName = reaction.parse().unwrap();
        Run {
            id: RunId(uuid::Uuid::nil()),
            reaction: ReactionId::of(&name),
            reaction_name: name,
            actor: Actor::Person { name: "ada".into() },
            because: Because::ByHand,
            plan: Plan { subject: testing::subject(), effect, seen_at: at(99), gist: String::new(), restores: None },
            rank: Rank::OneOff,
            queued_at: at(99),
            sent_at: sent_at.map(at),
            request_ids: Vec::new(),
            state,
        }
    }

    #[test]
    fn a_reaction_s_own_one_off_dynos_are_told_with_their_times_by_heroku_s_clock() {
        let clean = || Effect::RunOneOff {
            command: "clean".into(),
            size: None,
            time_to_live: Duration::from_secs(600),
            env: BTreeMap::new(),
            present: Vec::new(),
        };
        let done = |dyno: Option<&str>| RunState::Ended {
            at: at(102),
            outcome: Outcome::Done {
                seen: Look::Answered,
                release: None,
                dyno: dyno.map(DynoId::new),
                dyno_name: None,
            },
        };
        let restart = Effect::RestartAll { ids: Vec::new() };
        // Which run, and what is told of it: when the call was sent, and the dyno.
        let cases = [
            ("its dyno is known", run("clean", clean(), Some(100), done(Some("run"))), Some((190, Some("run")))),
            ("its dyno is not", run("clean", clean(), Some(100), done(None)), Some((190, None))),
            ("another reaction's", run("report", clean(), Some(100), done(Some("run"))), None),
            ("no one-off dyno", run("clean", restart, Some(100), done(None)), None),
        ];
        for (case, run, expected) in cases {
            let heroku_now = Some(at(1090));
            let mut scene = scene(looked_at(Sight { heroku_now, ..sight(1, &[]) }, Needs::ALL));
            scene.facts.one_offs = vec![run];
            let one_offs = scene.one_offs(ReactionId::of(&"clean".parse().unwrap()), &scene.seen().unwrap());
            let expected = expected.map(|(sent_at, dyno)| StartedOneOff {
                at: at(sent_at),
                dyno: dyno.map(DynoId::new),
                time_to_live: Duration::from_secs(600),
                run: RunId(uuid::Uuid::nil()),
            });
            assert_eq!(one_offs, expected.into_iter().collect::<Vec<_>>(), "{case}");
        }
    }
}

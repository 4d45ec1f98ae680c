//! Foreign hands: what somebody else changed of an app since we last looked, and how long a reaction gives way to it.

use crate::lineage::origin_of;
use flyball_model::{
    Because, Brought, Content, Effect, Foreign, ForeignChange, Outcome, Policy, ProcessFormation, ProcessType, Rank,
    Release, ReleaseHistory, ReleaseVersion, Run, RunState, Sight, Timestamp,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// What was known of an app before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownBefore<'a> {
    /// Its process types, and when they were seen last.
    pub formation: Option<(&'a [ProcessFormation], Timestamp)>,
    /// The newest release that was seen, and when releases were seen last.
    pub newest: Option<(ReleaseVersion, Timestamp)>,
    /// Our runs on it since either, oldest first: those that took effect, may have, or still may.
    pub ours: &'a [Run],
    /// The releases that our rollbacks made.
    pub our_rollbacks: &'a BTreeSet<ReleaseVersion>,
}

/// What was changed by others. Process types that came or went did so with a release, which is told. `to_ours` turns a
/// time of Heroku's clock into one of ours.
#[must_use]
pub(crate) fn foreign_changes(
    before: &KnownBefore<'_>,
    sight: &Sight,
    to_ours: impl Fn(Timestamp) -> Timestamp,
) -> Vec<Foreign> {
    let mut changes = Vec::new();
    if let Some((formation, at)) = before.formation {
        let ours = since(before.ours, at);
        let both = formation.iter().filter_map(|old| Some((old, sight.process(&old.process_type)?)));
        let changed = both.flat_map(|(old, new)| [quantity(old, new, &ours), size(old, new, &ours)]).flatten();
        changes.extend(changed.map(|change| Foreign { at: sight.taken_at, change }));
    }
    if let Some((newest, at)) = before.newest {
        let releases = releases_by_others(sight, &since(before.ours, at), before.our_rollbacks, to_ours);
        changes.extend(releases.into_iter().filter(|(version, _)| *version > newest).map(|(_, foreign)| foreign));
    }
    changes
}

/// The releases that others made, as far back as is seen, oldest first.
fn releases_by_others(
    sight: &Sight,
    ours: &[&Run],
    our_rollbacks: &BTreeSet<ReleaseVersion>,
    to_ours: impl Fn(Timestamp) -> Timestamp,
) -> Vec<(ReleaseVersion, Foreign)> {
    let theirs = sight.releases.newest_first.iter().rev().filter(|release| !is_ours(release, ours, our_rollbacks));
    theirs
        .map(|release| {
            let (version, brought) = (release.version, brought(&sight.releases, release));
            let at = to_ours(release.created_at).min(sight.taken_at);
            (version, Foreign { at, change: ForeignChange::Release { version, brought } })
        })
        .collect()
}

/// What others released shortly before an app was looked at for the first time. It is no news, but to be given way to.
#[must_use]
pub(crate) fn released_before(
    sight: &Sight,
    our_rollbacks: &BTreeSet<ReleaseVersion>,
    to_ours: impl Fn(Timestamp) -> Timestamp,
) -> Vec<Foreign> {
    let theirs = releases_by_others(sight, &[], our_rollbacks, to_ours).into_iter().map(|(_, foreign)| foreign);
    theirs.filter(|foreign| foreign.at + GIVE_WAY_MAX > sight.taken_at).collect()
}

/// Nobody gives way for longer than a day.
const GIVE_WAY_MAX: Duration = Duration::from_hours(24);

/// Our runs whose effect may have come after a look at `at`.
fn since(ours: &[Run], at: Timestamp) -> Vec<&Run> {
    let may_be_later = |run: &&Run| match &run.state {
        RunState::Ended { at: ended_at, .. } => *ended_at >= at || run.sent_at.is_some_and(|sent_at| sent_at >= at),
        RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => true,
    };
    ours.iter().filter(may_be_later).collect()
}

/// Whether it is certain that a run took effect.
fn is_done(run: &Run) -> bool {
    matches!(&run.state, RunState::Ended { outcome: Outcome::Done { .. }, .. })
}

fn quantity(old: &ProcessFormation, new: &ProcessFormation, ours: &[&Run]) -> Option<ForeignChange> {
    let set = |run: &Run| match &run.plan.effect {
        Effect::SetQuantity { process_type, to, .. } if *process_type == old.process_type => Some(*to),
        _ => None,
    };
    let from = changed(old.quantity, &new.quantity, ours, set)?;
    Some(ForeignChange::Quantity { process_type: old.process_type.clone(), from, to: new.quantity })
}

fn size(old: &ProcessFormation, new: &ProcessFormation, ours: &[&Run]) -> Option<ForeignChange> {
    let set = |run: &Run| match &run.plan.effect {
        Effect::SetSize { process_type, to, .. } if *process_type == old.process_type => Some(to.clone()),
        _ => None,
    };
    let from = changed(old.size.clone(), &new.size, ours, set)?;
    Some(ForeignChange::Size { process_type: old.process_type.clone(), from, to: new.size.clone() })
}

/// The value that was left behind by others: neither what it was, as far as our runs go, nor what one of them may have
/// made of it.
fn changed<T: PartialEq + Clone>(old: T, new: &T, ours: &[&Run], set: impl Fn(&Run) -> Option<T>) -> Option<T> {
    let mut expected = old;
    let mut possible: Vec<T> = Vec::new();
    for (run, to) in ours.iter().filter_map(|run| Some((run, set(run)?))) {
        if is_done(run) {
            expected = to;
            possible.clear();
        } else {
            possible.push(to);
        }
    }
    (expected != *new && !possible.contains(new)).then_some(expected)
}

/// Whether a release is, or may be, that of one of our rollbacks.
fn is_ours(release: &Release, ours: &[&Run], our_rollbacks: &BTreeSet<ReleaseVersion>) -> bool {
    let may_be = |run: &&Run| match &run.plan.effect {
        Effect::RollBack { to, .. } => !is_done(run) && release.says_rollback_to() == Some(*to),
        _ => false,
    };
    our_rollbacks.contains(&release.version) || ours.iter().any(may_be)
}

/// What a release brought: its code, against that of the release before it, tells. One whose code is not known is taken for
/// a deploy: nothing says that it brought the same.
fn brought(releases: &ReleaseHistory, release: &Release) -> Brought {
    let goes_back = release.says_rollback_to().is_some()
        && !matches!(origin_of(releases, release), Ok(origin) if origin.version == release.version);
    if goes_back {
        return Brought::Rollback;
    }
    let older = releases.newest_first.iter().filter(|older| older.version < release.version);
    // A release that failed was never what the next one changed.
    let before = older.filter(|older| older.status != flyball_model::ReleaseStatus::Failed).max_by_key(|r| r.version);
    match before {
        Some(before) if release.content != Content::None && before.content == release.content => Brought::Config,
        Some(_) | None => Brought::Deploy,
    }
}

/// At most this many changes of one quantity within [`AUTOSCALER_WITHIN`] look like another autoscaler: a person who scales by
/// hand seldom does so three times.
const AUTOSCALER_CHANGES: usize = 3;
/// Within this time.
const AUTOSCALER_WITHIN: Duration = Duration::from_secs(3600);

/// How often others changed the quantity of a process type of late, if that looks like another autoscaler.
#[must_use]
pub fn looks_like_autoscaler(remembered: &[Foreign], of: &ProcessType, now: Timestamp) -> Option<u32> {
    let changes = remembered.iter().filter(|foreign| {
        matches!(&foreign.change, ForeignChange::Quantity { process_type, .. } if process_type == of)
            && foreign.at + AUTOSCALER_WITHIN > now
    });
    let changes = changes.count();
    (changes >= AUTOSCALER_CHANGES).then(|| u32::try_from(changes).unwrap_or(u32::MAX))
}

/// Whether a reaction gives way to what somebody else did of late. A rollback gives way to a person's own rollback and to
/// a change of configuration, and never to a deploy, which is what it is there for.
///
/// # Errors
///
/// The reason for holding still.
pub(crate) fn gives_way(rank: Rank, policy: &Policy, remembered: &[Foreign], now: Timestamp) -> Result<(), Because> {
    let by_default = match rank {
        Rank::RollBack => Policy::ROLLBACK_GIVES_WAY,
        Rank::To => Policy::LOAD_GIVES_WAY,
        _ => Duration::ZERO,
    };
    let length = policy.give_way.unwrap_or(by_default);
    let counts = |change: &ForeignChange| match (rank, change) {
        (Rank::RollBack, ForeignChange::Release { brought, .. }) => *brought != Brought::Deploy,
        (Rank::RollBack, ForeignChange::Quantity { .. } | ForeignChange::Size { .. }) => false,
        (Rank::To, change) => matches!(change, ForeignChange::Quantity { .. }),
        _ => true,
    };
    let latest = remembered.iter().filter(|foreign| counts(&foreign.change)).max_by_key(|foreign| foreign.at);
    match latest {
        Some(Foreign { at, change }) if *at + length > now => {
            Err(Because::GivingWay { change: change.clone(), until: *at + length })
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{
        Actor, DynoSize, Look, NodeId, Plan, Quantity, ReactionId, ReleaseId, RunId, SlugId, Unclear, WhyInDoubt,
        testing,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn web(quantity: u32, size: &str) -> ProcessFormation {
        let process_type = ProcessType::web();
        ProcessFormation { process_type, quantity: Quantity::new(quantity), size: DynoSize::new(size) }
    }

    /// A run of ours, in one of its states: `done`, `sent`, `in doubt`, `queued`.
    fn run(effect: Effect, state: &str) -> Run {
        let name = "more".parse().unwrap();
        let node = NodeId(uuid::Uuid::nil());
        let ended = |outcome| RunState::Ended { at: at(60), outcome };
        Run {
            id: RunId(uuid::Uuid::nil()),
            reaction: ReactionId::of(&name),
            reaction_name: name,
            actor: Actor::Person { name: "ops".into() },
            because: Because::ByHand,
            plan: Plan { subject: testing::subject(), effect, seen_at: at(0), gist: String::new(), restores: None },
            rank: Rank::Out,
            queued_at: at(50),
            sent_at: Some(at(50)),
            request_ids: Vec::new(),
            state: match state {
                "done" => ended(Outcome::Done { seen: Look::Answered, release: None, dyno: None, dyno_name: None }),
                "in doubt" => ended(Outcome::InDoubt { why: WhyInDoubt::Unclear { seen: Unclear::NoOneOff } }),
                "sent" => RunState::Sent { node, at: at(50), look_at: at(80) },
                _ => RunState::Queued,
            },
        }
    }

    fn to(quantity: u32) -> Effect {
        let (from, to) = (Quantity::new(1), Quantity::new(quantity));
        Effect::SetQuantity { process_type: ProcessType::web(), from, to }
    }

    fn back_to(version: u64) -> Effect {
        let (from, to) = (ReleaseVersion::new(3), ReleaseVersion::new(version));
        Effect::RollBack { from, origin: from, to, release: ReleaseId::new("r") }
    }

    /// What was changed by others, in words.
    fn told(before: &[ProcessFormation], ours: &[Run], our_rollbacks: &[u64], sight: &Sight) -> Vec<String> {
        let our_rollbacks = our_rollbacks.iter().copied().map(ReleaseVersion::new).collect();
        let newest = Some((ReleaseVersion::new(3), at(40)));
        let before = KnownBefore { formation: Some((before, at(40))), newest, ours, our_rollbacks: &our_rollbacks };
        foreign_changes(&before, sight, |at| at).into_iter().map(|foreign| foreign.change.to_string()).collect()
    }

    #[test]
    fn what_we_did_explains_one_value_of_one_process_type() {
        let both = |of_web: ProcessFormation, worker: ProcessFormation| {
            vec![of_web, ProcessFormation { process_type: "worker".parse().unwrap(), ..worker }]
        };
        let (small, large) = ("standard-1x", "standard-2x");
        let resize = |of: &str, to: &str| Effect::SetSize {
            process_type: of.parse().unwrap(),
            from: DynoSize::new("standard-1x"),
            to: DynoSize::new(to),
        };
        let workers = |quantity| Effect::SetQuantity {
            process_type: "worker".parse().unwrap(),
            from: Quantity::new(1),
            to: Quantity::new(quantity),
        };
        /// What was tried, what is seen now, what we did, and what is told.
        type Case<'a> = (&'a str, Vec<ProcessFormation>, Vec<Effect>, &'a [&'a str]);
        let cases: [Case<'_>; 6] = [
            ("we resized web", both(web(1, large), web(1, small)), vec![resize("web", large)], &[]),
            (
                "we resized the workers, and somebody web",
                both(web(1, large), web(1, large)),
                vec![resize("worker", large)],
                &["web from Standard-1X to Standard-2X"],
            ),
            ("we scaled both", both(web(3, small), web(2, small)), vec![to(3), workers(2)], &[]),
            ("in the other order", both(web(3, small), web(2, small)), vec![workers(2), to(3)], &[]),
            (
                "we scaled web, and somebody resized it",
                both(web(2, large), web(1, small)),
                vec![to(2)],
                &["web from Standard-1X to Standard-2X"],
            ),
            (
                "we scaled the workers, and somebody web",
                both(web(2, small), web(2, small)),
                vec![workers(2)],
                &["web from 1 to 2 dynos"],
            ),
        ];
        let before = both(web(1, small), web(1, small));
        for (case, formation, ours, expected) in cases {
            let ours: Vec<Run> = ours.into_iter().map(|effect| run(effect, "done")).collect();
            let sight = Sight { formation, ..testing::sight(at(100)) };
            assert_eq!(told(&before, &ours, &[], &sight), expected, "{case}");
        }
    }

    #[test]
    fn a_call_that_was_under_way_at_the_last_look_may_have_shown_only_after_it() {
        // The call was sent at second 50, and had its answer at second 60.
        for (looked_at, told) in [(50, 0), (55, 0), (60, 0), (61, 1)] {
            let one = web(1, "standard-1x");
            let before = KnownBefore {
                formation: Some((std::slice::from_ref(&one), at(looked_at))),
                newest: None,
                ours: &[run(to(2), "done")],
                our_rollbacks: &BTreeSet::new(),
            };
            let sight = Sight { formation: vec![web(2, "standard-1x")], ..testing::sight(at(100)) };
            assert_eq!(foreign_changes(&before, &sight, |at| at).len(), told, "looked at second {looked_at}");
        }
    }

    #[test]
    fn what_we_did_or_may_have_done_is_not_foreign() {
        let one = web(1, "standard-1x");
        /// What was tried, how many there are now, what we did or may have done, and what is told.
        type Case<'a> = (&'a str, u32, &'a [(u32, &'a str)], &'a [&'a str]);
        let cases: [Case<'_>; 10] = [
            ("nothing changed", 1, &[], &[]),
            ("somebody scaled", 3, &[], &["web from 1 to 3 dynos"]),
            ("we did", 2, &[(2, "done")], &[]),
            ("we may have", 2, &[(2, "in doubt")], &[]),
            ("or not", 1, &[(2, "in doubt")], &[]),
            ("we are about to", 2, &[(2, "sent")], &[]),
            ("we did, and then somebody else", 5, &[(2, "done")], &["web from 2 to 5 dynos"]),
            ("we did, and somebody took it back", 1, &[(2, "done")], &["web from 2 to 1 dynos"]),
            ("twice by us", 3, &[(2, "done"), (3, "done")], &[]),
            ("once for certain, then perhaps", 3, &[(2, "done"), (3, "queued")], &[]),
        ];
        for (case, now, ours, expected) in cases {
            let ours: Vec<Run> = ours.iter().map(|(quantity, state)| run(to(*quantity), state)).collect();
            let sight = Sight { formation: vec![web(now, "standard-1x")], ..testing::sight(at(100)) };
            assert_eq!(told(std::slice::from_ref(&one), &ours, &[], &sight), expected, "{case}");
        }
        let resized = Sight { formation: vec![web(1, "standard-2x")], ..testing::sight(at(100)) };
        assert_eq!(told(std::slice::from_ref(&one), &[], &[], &resized), ["web from Standard-1X to Standard-2X"]);
        let three = web(3, "standard-1x");
        let long_ago = KnownBefore {
            formation: Some((std::slice::from_ref(&three), at(70))),
            newest: None,
            ours: &[run(to(2), "done")],
            our_rollbacks: &BTreeSet::new(),
        };
        let same = Sight { formation: vec![web(3, "standard-1x")], ..testing::sight(at(100)) };
        assert!(foreign_changes(&long_ago, &same, |at| at).is_empty(), "ours was over before the last look");
        let gone = testing::sight(at(100));
        assert!(told(&[one], &[], &[], &gone).is_empty(), "it was not looked at, or went with a release");
    }

    fn release(version: u64, slug: &str, description: &str) -> Release {
        let content = Content::Slug(SlugId::new(slug));
        Release { content, description: description.into(), ..testing::release(version, at(90)) }
    }

    #[test]
    fn a_release_is_told_for_what_it_brought() {
        let history = |newest: Release| {
            let mut releases = vec![newest];
            releases.extend([release(3, "c", "Deploy c"), release(2, "b", "Deploy b"), release(1, "a", "Deploy a")]);
            let releases = ReleaseHistory { newest_first: releases, reaches_the_first: true };
            Sight { releases, ..testing::sight(at(100)) }
        };
        let deploy = history(release(4, "d", "Deploy d"));
        let config = history(release(4, "c", "Set A config vars"));
        let rollback = history(release(4, "b", "Rollback to v2"));
        let lies = history(release(4, "d", "Rollback to v2"));
        assert_eq!(told(&[], &[], &[], &deploy), ["v4, a deploy"]);
        assert_eq!(told(&[], &[], &[], &config), ["v4, a change of configuration"]);
        assert_eq!(told(&[], &[], &[], &rollback), ["v4, a rollback"]);
        assert_eq!(told(&[], &[], &[], &lies), ["v4, a deploy"]);
        let mut container = config;
        for release in &mut container.releases.newest_first {
            release.content = Content::None;
        }
        assert_eq!(told(&[], &[], &[], &container), ["v4, a deploy"], "nothing says that its code is the same");
        assert!(told(&[], &[], &[4], &rollback).is_empty(), "it was ours");
        assert!(told(&[], &[run(back_to(2), "in doubt")], &[], &rollback).is_empty(), "it may have been ours");
        assert_eq!(told(&[], &[run(back_to(1), "in doubt")], &[], &rollback), ["v4, a rollback"]);
        let before = |ours: &[u64]| {
            let ours = ours.iter().copied().map(ReleaseVersion::new).collect();
            let released = released_before(&rollback, &ours, |at| at);
            released.last().map(|foreign| (foreign.at, foreign.change.to_string()))
        };
        assert_eq!(before(&[]), Some((at(90), "v4, a rollback".to_owned())), "at its own time");
        assert_eq!(before(&[4]), Some((at(90), "v3, a deploy".to_owned())));
        let day = 86_400;
        for (taken_at, told) in [(90 + day - 1, 4), (90 + day, 0)] {
            let sight = Sight { taken_at: at(taken_at), ..rollback.clone() };
            let released = released_before(&sight, &BTreeSet::new(), |at| at);
            assert_eq!(released.len(), told, "a day later nobody gives way to it: seen at {taken_at}");
        }
    }

    fn quantity_at(seconds: i64) -> Foreign {
        let (from, to) = (Quantity::new(1), Quantity::new(2));
        Foreign { at: at(seconds), change: ForeignChange::Quantity { process_type: ProcessType::web(), from, to } }
    }

    fn release_at(seconds: i64, brought: Brought) -> Foreign {
        Foreign { at: at(seconds), change: ForeignChange::Release { version: ReleaseVersion::new(4), brought } }
    }

    #[test]
    fn a_reaction_gives_way_as_long_as_it_was_told_to() {
        let default = Policy::default;
        let quarter = || Policy { give_way: Some(Duration::from_secs(900)), ..default() };
        let never = || Policy { give_way: Some(Duration::ZERO), ..default() };
        /// What was tried, what is to act by which policy, what others did, and until when it gives way.
        type Case<'a> = (&'a str, Rank, Policy, Vec<Foreign>, Option<i64>);
        let cases: [Case<'_>; 11] = [
            ("nobody did anything", Rank::Out, quarter(), vec![], None),
            ("not by default", Rank::Out, default(), vec![quantity_at(999)], None),
            ("for a quarter of an hour", Rank::Out, quarter(), vec![quantity_at(101)], Some(1001)),
            ("and no longer", Rank::Out, quarter(), vec![quantity_at(100)], None),
            ("the latest counts", Rank::Up, quarter(), vec![quantity_at(500), quantity_at(300)], Some(1400)),
            (
                "a deploy counts for a restart",
                Rank::RestartAll,
                quarter(),
                vec![release_at(900, Brought::Deploy)],
                Some(1800),
            ),
            (
                "a rollback: to a rollback",
                Rank::RollBack,
                default(),
                vec![release_at(900, Brought::Rollback)],
                Some(1500),
            ),
            ("to configuration", Rank::RollBack, default(), vec![release_at(900, Brought::Config)], Some(1500)),
            ("never to a deploy", Rank::RollBack, quarter(), vec![release_at(900, Brought::Deploy)], None),
            ("nor to a quantity", Rank::RollBack, quarter(), vec![quantity_at(900)], None),
            ("unless it is told not to", Rank::RollBack, never(), vec![release_at(900, Brought::Config)], None),
        ];
        for (case, rank, policy, remembered, until) in cases {
            let answer = gives_way(rank, &policy, &remembered, at(1000));
            assert_eq!(answer.err().and_then(|because| because.until()), until.map(at), "{case}");
        }
    }

    #[test]
    fn three_changes_of_one_quantity_in_an_hour_look_like_another_autoscaler() {
        let seen = |times: &[i64]| {
            let remembered: Vec<Foreign> = times.iter().copied().map(quantity_at).collect();
            looks_like_autoscaler(&remembered, &ProcessType::web(), at(10_000))
        };
        assert_eq!(seen(&[9000, 9500]), None);
        assert_eq!(seen(&[9000, 9500, 9900]), Some(3));
        assert_eq!(seen(&[6400, 9500, 9900]), None, "one of them is an hour old");
        let worker = "worker".parse().unwrap();
        assert_eq!(looks_like_autoscaler(&[quantity_at(9000)], &worker, at(10_000)), None);
    }
}

//! Rungs: the reactions of one monitor make a ladder, from what does little to what does most. A higher rung is climbed
//! when the one below has had its chance, and not in the same moment: its readings count from the end of the latest effect
//! below it. Without that, clean-up and rollback would both fire once an hour in which nothing could be done is over.

use crate::facts::AppFacts;
use crate::seen::{OneOffSeen, Seen};
use flyball_model::{Effect, Outcome, ReactionId, Run, RunState, Timestamp};

/// When the latest effect of the rungs below ended, of those in this episode. In the future while a one-off dyno may still
/// run that nobody can see.
pub(crate) fn last_effect_below(
    below: &[ReactionId],
    facts: &AppFacts,
    seen: &Seen<'_>,
    episode: Timestamp,
) -> Option<Timestamp> {
    let effects = below.iter().filter_map(|reaction| facts.last_effect.get(reaction));
    let ended = effects.filter_map(|run| {
        let at = run.took_effect_at().filter(|at| *at >= episode)?;
        Some(ended(run, at, seen))
    });
    ended.max()
}

/// When an effect was over that took place at `at`: at once, but for a one-off dyno, which ends with its command or its
/// time, whichever is first.
fn ended(run: &Run, at: Timestamp, seen: &Seen<'_>) -> Timestamp {
    let Effect::RunOneOff { time_to_live, .. } = &run.plan.effect else { return at };
    let at_most = at + *time_to_live;
    let RunState::Ended { outcome: Outcome::Done { dyno: Some(dyno), .. }, .. } = &run.state else { return at_most };
    let gone_at = match seen.one_off(dyno) {
        OneOffSeen::Running => seen.sight.taken_at,
        OneOffSeen::GoneAt(gone_at) => gone_at,
        // It came and went between two looks.
        OneOffSeen::Never => at,
    };
    gone_at.min(at_most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{SeenOneOff, Sighting};
    use flyball_model::{
        Actor, ApiHost, Because, Dyno, DynoId, Look, Needs, Plan, ProcessType, Quantity, Rank, RunId, Sight,
        WhyInDoubt, testing,
    };
    use std::collections::BTreeMap;
    use std::time::Duration;

    /// What was done, the dynos that are there, what was seen before, when the episode began, and when the effect ended.
    type Case = (&'static str, AppFacts, Vec<Dyno>, Option<Sighting>, i64, Option<i64>);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn below() -> ReactionId {
        ReactionId::of(&"below".parse().unwrap())
    }

    /// The latest run of the rung below, which was sent at second 100.
    fn did(effect: Effect, outcome: Outcome) -> AppFacts {
        let plan = Plan { subject: testing::subject(), effect, seen_at: at(99), gist: String::new(), restores: None };
        let run = Run {
            id: RunId(uuid::Uuid::nil()),
            reaction: below(),
            reaction_name: "below".parse().unwrap(),
            actor: Actor::Person { name: "ada".into() },
            because: Because::ByHand,
            plan,
            rank: Rank::OneOff,
            queued_at: at(99),
            sent_at: Some(at(100)),
            request_ids: Vec::new(),
            state: RunState::Ended { at: at(101), outcome },
        };
        AppFacts { last_effect: [(below(), run)].into(), ..AppFacts::default() }
    }

    fn clean_up() -> Effect {
        let time_to_live = Duration::from_secs(600);
        Effect::RunOneOff {
            command: "clean".into(),
            size: None,
            time_to_live,
            env: BTreeMap::new(),
            present: Vec::new(),
        }
    }

    fn done(dyno: Option<&str>) -> Outcome {
        Outcome::Done { seen: Look::Answered, release: None, dyno: dyno.map(DynoId::new), dyno_name: None }
    }

    #[test]
    fn the_end_of_a_one_off_dyno_is_told_once_by_the_first_look_that_no_longer_shows_it() {
        let clean = DynoId::new("clean");
        let mut running = testing::dyno("run.1", at(100));
        (running.id, running.process_type) = (clean.clone(), "run".parse().unwrap());
        let seen = |gone_at| before(vec![SeenOneOff { id: clean.clone(), gone_at }]);
        let looked_at = |second| Sighting { seen_at: at(second), ..before(Vec::new()) };
        let told = Some(Duration::from_secs(200));
        let doubt = Outcome::InDoubt { why: WhyInDoubt::Told("who knows".into()) };
        #[rustfmt::skip]
        type Case<'a> = (&'a str, Outcome, Vec<Dyno>, Option<Sighting>, Option<Duration>);
        let cases: [Case<'_>; 8] = [
            ("it runs", done(Some("clean")), vec![running], Some(seen(None)), None),
            ("it ran when it was looked at before", done(Some("clean")), vec![], Some(seen(None)), told),
            ("it was gone by then", done(Some("clean")), vec![], Some(seen(Some(at(250)))), None),
            ("it came and went between two looks", done(Some("clean")), vec![], Some(looked_at(99)), told),
            ("and the look before had no sight of it either", done(Some("clean")), vec![], Some(looked_at(299)), None),
            ("this is the first look of all", done(Some("clean")), vec![], None, told),
            ("nobody knows which it is", done(None), vec![], Some(seen(None)), None),
            ("nobody knows whether it is", doubt, vec![], Some(seen(None)), None),
        ];
        for (case, outcome, dynos, before, expected) in cases {
            let sight = sight(dynos);
            let run = did(clean_up(), outcome).last_effect.remove(&below()).unwrap();
            let runs = [run];
            let ended = Seen::new(&sight, before.as_ref()).one_offs_ended(&runs);
            assert_eq!(ended.first().map(|(_, within)| *within), expected, "{case}");
        }
    }

    fn sight(dynos: Vec<Dyno>) -> Sight {
        Sight { dynos, ..testing::sight(at(300)) }
    }

    fn before(one_offs: Vec<SeenOneOff>) -> Sighting {
        let sighting = Seen::new(&sight(Vec::new()), None).sighting(&ApiHost::default(), Needs::ALL);
        Sighting { one_offs, ..sighting }
    }

    #[test]
    fn the_effect_below_ends_with_its_command_or_its_time_to_live() {
        let clean = DynoId::new("clean");
        let mut running = testing::dyno("run.1", at(100));
        (running.id, running.process_type) = (clean.clone(), "run".parse().unwrap());
        let seen = |gone_at| before(vec![SeenOneOff { id: clean.clone(), gone_at }]);
        let web = |quantity| Quantity::new(quantity);
        let more = Effect::SetQuantity { process_type: ProcessType::web(), from: web(1), to: web(2) };
        let doubt = Outcome::InDoubt { why: WhyInDoubt::Told("who knows".into()) };
        #[rustfmt::skip]
        let cases: [Case; 9] = [
            ("nothing was done", AppFacts::default(), vec![], None, 0, None),
            ("what changes at once ends at once", did(more, done(None)), vec![], None, 0, Some(100)),
            ("it was in an earlier episode", did(clean_up(), done(Some("clean"))), vec![], None, 101, None),
            ("it runs", did(clean_up(), done(Some("clean"))), vec![running], None, 0, Some(300)),
            ("it ran when it was looked at before", did(clean_up(), done(Some("clean"))), vec![], Some(seen(None)), 0, Some(300)),
            ("it was gone when it was looked at before", did(clean_up(), done(Some("clean"))), vec![], Some(seen(Some(at(250)))), 0, Some(250)),
            ("it was never seen", did(clean_up(), done(Some("clean"))), vec![], Some(before(vec![])), 0, Some(100)),
            ("nobody knows which it is", did(clean_up(), done(None)), vec![], None, 0, Some(700)),
            ("nobody knows whether it is", did(clean_up(), doubt), vec![], None, 0, Some(700)),
        ];
        for (case, facts, dynos, before, episode, expected) in cases {
            let sight = sight(dynos);
            let seen = Seen::new(&sight, before.as_ref());
            assert_eq!(last_effect_below(&[below()], &facts, &seen, at(episode)), expected.map(at), "{case}");
            assert_eq!(last_effect_below(&[], &facts, &seen, at(episode)), None, "{case}: of another monitor");
        }
    }

    #[test]
    fn a_one_off_dyno_is_remembered_until_it_is_gone_and_when_that_was_seen() {
        let mut dyno = testing::dyno("run.1", at(100));
        dyno.process_type = "run".parse().unwrap();
        let id = dyno.id.clone();
        let look = |dynos, taken_at, before: Option<&Sighting>, parts| {
            let sight = Sight { dynos, ..testing::sight(at(taken_at)) };
            Seen::new(&sight, before).sighting(&ApiHost::default(), parts)
        };
        let there = look(vec![dyno], 300, None, Needs::ALL);
        assert_eq!(there.one_offs, [SeenOneOff { id: id.clone(), gone_at: None }]);
        let gone = look(vec![], 330, Some(&there), Needs::ALL);
        assert_eq!(gone.one_offs, [SeenOneOff { id, gone_at: Some(at(330)) }]);
        let later = look(vec![], 360, Some(&gone), Needs::ALL);
        assert_eq!(later.one_offs, gone.one_offs);
        let not_looked_at = look(vec![], 360, Some(&there), Needs { dynos: false, ..Needs::ALL });
        assert_eq!(not_looked_at.one_offs, there.one_offs);
    }
}

//! Blast radius: how often an app, and a reaction, may be acted on before somebody should look.
//!
//! What was spent are times of effects that were made, or may have been, latest first.

use flyball_model::{AppLimits, Because, CallOn, Per, Policy, Rank, Spending, Timestamp};

/// Whether the app has patience left for an effect of this rank within the hour. `on_app` are the effects on it of the sort
/// that this one is.
///
/// # Errors
///
/// The reason for holding still.
pub(crate) fn app_has_left(rank: Rank, limits: AppLimits, on_app: &[Timestamp], now: Timestamp) -> Result<(), Because> {
    let Some(sort) = Spending::of(rank) else { return Ok(()) };
    let max = limits.of(sort);
    match frees_at(on_app, max, Per::Hour, now) {
        Some(until) => Err(Because::AppSpent { sort, effects: within(on_app, Per::Hour, now), max, until }),
        None => Ok(()),
    }
}

/// Whether the reaction has anything left of what it may do in an hour and in a day, on whatever app.
///
/// # Errors
///
/// The reason for holding still.
pub(crate) fn reaction_has_left(policy: &Policy, by_reaction: &[Timestamp], now: Timestamp) -> Result<(), Because> {
    for (max, per) in [(policy.max_per_hour, Per::Hour), (policy.max_per_day, Per::Day)] {
        let Some(max) = max else { continue };
        if let Some(until) = frees_at(by_reaction, max, per, now) {
            return Err(Because::ReactionSpent { effects: within(by_reaction, per, now), max, per, until });
        }
    }
    Ok(())
}

/// Whether the reaction still goes on in this episode. What boots dynos anew or starts one-off dynos, and did not help so
/// often in a row, is stopped until the monitor has recovered. What acts on passing readings acts on a recovery, and never
/// gives up. `episode` is when its monitor flipped into the verdict that calls it.
///
/// # Errors
///
/// The reason for holding still.
pub(crate) fn goes_on(
    rank: Rank,
    policy: &Policy,
    by_reaction: &[Timestamp],
    episode: Timestamp,
) -> Result<(), Because> {
    if Spending::of(rank).is_none() || policy.call_on != CallOn::Failing {
        return Ok(());
    }
    let effects = by_reaction.iter().filter(|at| **at >= episode).count();
    let effects = u32::try_from(effects).unwrap_or(u32::MAX);
    if effects >= policy.give_up_after { Err(Because::GivenUp { effects }) } else { Ok(()) }
}

/// When there will be room again under `max` in `per`; `None` when there is room now. Times of a clock that was set back
/// since count as now.
fn frees_at(latest_first: &[Timestamp], max: u32, per: Per, now: Timestamp) -> Option<Timestamp> {
    let Some(place) = max.checked_sub(1) else { return Some(now + per.length()) };
    let oldest_that_counts = *latest_first.get(usize::try_from(place).ok()?)?;
    let until = oldest_that_counts.min(now) + per.length();
    (until > now).then_some(until)
}

fn within(latest_first: &[Timestamp], per: Per, now: Timestamp) -> u32 {
    let count = latest_first.iter().filter(|at| **at + per.length() > now).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 100_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// Times this many seconds ago.
    fn ago(seconds: &[i64]) -> Vec<Timestamp> {
        seconds.iter().map(|ago| at(NOW - ago)).collect()
    }

    #[test]
    fn an_app_is_left_alone_until_the_oldest_that_counts_is_an_hour_old() {
        let limits = AppLimits { effects_per_hour: 3, rollbacks_per_hour: 1 };
        let cases: [(&str, Rank, &[i64], Option<i64>); 9] = [
            ("nothing was done", Rank::RestartAll, &[], None),
            ("one less than the limit", Rank::RestartAll, &[10, 20], None),
            ("at the limit", Rank::RestartAll, &[10, 20, 30], Some(NOW - 30 + 3600)),
            ("past it, however that came", Rank::OneOff, &[10, 20, 30, 40], Some(NOW - 30 + 3600)),
            ("the oldest is an hour old", Rank::Up, &[10, 20, 3600], None),
            ("a second less", Rank::Down, &[10, 20, 3599], Some(NOW + 1)),
            ("a quantity is not counted", Rank::Out, &[1, 2, 3, 4], None),
            ("rollbacks have their own", Rank::RollBack, &[100], Some(NOW - 100 + 3600)),
            ("a clock that was set back frees nothing", Rank::RestartDyno, &[-500, -400, -300], Some(NOW + 3600)),
        ];
        for (case, rank, spent, until) in cases {
            let on_app = ago(spent);
            let left = app_has_left(rank, limits, &on_app, at(NOW));
            assert_eq!(left.err().and_then(|because| because.until()), until.map(at), "{case}");
        }
        let nothing = AppLimits { effects_per_hour: 0, rollbacks_per_hour: 0 };
        let never = app_has_left(Rank::RestartAll, nothing, &[], at(NOW));
        assert_eq!(never.err().and_then(|because| because.until()), Some(at(NOW + 3600)), "nothing may be done at all");
    }

    #[test]
    fn the_reason_tells_how_many_effects_the_hour_has_had() {
        let limits = AppLimits { effects_per_hour: 2, rollbacks_per_hour: 1 };
        let cases: [(&str, &[i64], u32); 3] = [
            ("at the limit", &[10, 20], 2),
            ("past it, however that came", &[10, 20, 30], 3),
            ("an hour ago is no longer in it", &[10, 3599, 3600, 7200], 2),
        ];
        for (case, spent, expected) in cases {
            let left = app_has_left(Rank::RestartAll, limits, &ago(spent), at(NOW));
            let Err(Because::AppSpent { effects, max: 2, .. }) = left else { panic!("{case}: {left:?}") };
            assert_eq!(effects, expected, "{case}");
        }
    }

    #[test]
    fn a_reaction_stops_at_its_own_limits_and_gives_up_in_an_episode() {
        let policy = |change: fn(&mut Policy)| {
            let mut policy = Policy::default();
            change(&mut policy);
            policy
        };
        let twice = |policy: &mut Policy| policy.give_up_after = 2;
        let day = |policy: &mut Policy| policy.max_per_day = Some(2);
        let on_passing = |policy: &mut Policy| (policy.call_on, policy.give_up_after) = (CallOn::Passing, 2);
        // The episode began 1,000 s ago.
        let cases: [(&str, Rank, Policy, &[i64], &str); 10] = [
            ("by default nothing is bounded", Rank::Out, policy(|_| {}), &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "ok"),
            ("twice in an hour", Rank::Out, policy(|p| p.max_per_hour = Some(2)), &[10, 3599], "reaction_spent"),
            ("and once more later", Rank::Out, policy(|p| p.max_per_hour = Some(2)), &[10, 3600], "ok"),
            ("twice in a day", Rank::In, policy(day), &[10, 86_399], "reaction_spent"),
            ("and again the next", Rank::In, policy(day), &[10, 86_400], "ok"),
            ("twice without recovery", Rank::RestartAll, policy(twice), &[10, 1000], "given_up"),
            ("once before the episode", Rank::RestartAll, policy(twice), &[10, 1001], "ok"),
            ("a one-off gives up too", Rank::OneOff, policy(twice), &[10, 20], "given_up"),
            ("a quantity has its own limit", Rank::Out, policy(twice), &[10, 20], "ok"),
            ("on passing nobody gives up", Rank::Down, policy(on_passing), &[10, 20], "ok"),
        ];
        for (case, rank, policy, spent, code) in cases {
            let by_reaction = ago(spent);
            let left = goes_on(rank, &policy, &by_reaction, at(NOW - 1000))
                .and_then(|()| reaction_has_left(&policy, &by_reaction, at(NOW)));
            assert_eq!(left.as_ref().map_or_else(Because::code, |()| "ok"), code, "{case}");
        }
        let ten = ago(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        let left = goes_on(Rank::RestartAll, &Policy::default(), &ten, at(0));
        assert_eq!(left, Err(Because::GivenUp { effects: 10 }), "ten times by default");
    }
}

//! Whether a reaction that is called may act, before anything is asked of Heroku.

use flyball_model::{Because, Passage, PauseScope, Rank, ReactionName, Timestamp};
use std::time::Duration;

/// What is known of a reaction and its app without looking at Heroku.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Facts {
    /// A pause that covers it, and until when.
    pub paused: Option<(PauseScope, Option<Timestamp>)>,
    /// Whether a run of this reaction has not ended.
    pub run_open: bool,
    /// Whose run on the app has not ended, if there is one; runs of one-off dynos do not count.
    pub app_busy: Option<ReactionName>,
    /// When the call of its last run was sent that took effect, or may have.
    pub last_effect: Option<Timestamp>,
    /// When its last run that took effect, or may have, was decided.
    pub last_decided: Option<Timestamp>,
    /// The shortest interval of its monitors, when there are several.
    pub shared_interval: Option<Duration>,
}

/// Whether nobody has paused it.
///
/// # Errors
///
/// The reason for holding still; so it is with the others here.
pub(crate) fn is_not_paused(facts: &Facts) -> Result<(), Because> {
    match &facts.paused {
        Some((scope, until)) => Err(Because::Paused { scope: scope.clone(), until: *until }),
        None => Ok(()),
    }
}

/// Whether no run of the reaction is open.
pub(crate) fn its_own_run_has_ended(facts: &Facts) -> Result<(), Because> {
    if facts.run_open { Err(Because::RunOpen) } else { Ok(()) }
}

/// Whether no other run on the app is open. One-off dynos do not wait.
pub(crate) fn app_is_free(rank: Rank, facts: &Facts) -> Result<(), Because> {
    match facts.app_busy.as_ref().filter(|_| rank != Rank::OneOff) {
        Some(reaction) => Err(Because::AppBusy { reaction: reaction.clone() }),
        None => Ok(()),
    }
}

/// Whether the cooldown is over.
pub(crate) fn has_cooled_down(cooldown: Duration, facts: &Facts, now: Timestamp) -> Result<(), Because> {
    match facts.last_effect.map(|at| at + cooldown).filter(|until| *until > now) {
        Some(until) => Err(Because::CoolingDown { until }),
        None => Ok(()),
    }
}

/// Whether the reaction has not begun in this interval of its monitors already.
///
/// Counted in slots of the interval, so that a monitor whose readings are a little early is not held up by its own last
/// one; and half an interval apart, so that two do not act together around the end of a slot.
pub(crate) fn once_per_interval(facts: &Facts, now: Timestamp) -> Result<(), Because> {
    let (Some(interval), Some(last)) = (facts.shared_interval, facts.last_decided) else { return Ok(()) };
    let millis = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
    let slot = |at: Timestamp| at.as_millis().div_euclid(millis);
    let next_slot = Timestamp::from_millis((slot(last) + 1).saturating_mul(millis));
    let until = next_slot.max(last + interval / 2);
    if until > now { Err(Because::OncePerInterval { until }) } else { Ok(()) }
}

/// The last run of a reaction, which Heroku refused for a reason that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// When.
    pub at: Timestamp,
    /// How many refusals in a row, this one among them.
    pub in_a_row: u32,
    /// The gist of what was seen of the app then.
    pub gist: String,
    /// What Heroku said.
    pub why: Passage,
}

/// The first time that a refused plan is left alone.
const BACK_OFF: Duration = Duration::from_secs(30);
/// The longest time: short enough that a mended limit is noticed while somebody still watches.
const BACK_OFF_MAX: Duration = Duration::from_secs(900);

/// Whether a reaction backs off after a refusal: doubling to 15 minutes, until what is seen of the app changes.
#[must_use]
pub(crate) fn backed_off(refusal: &Refusal, gist: &str, now: Timestamp) -> Option<Because> {
    if refusal.gist != gist {
        return None;
    }
    let doublings = refusal.in_a_row.saturating_sub(1).min(10);
    let until = refusal.at + (BACK_OFF * 2u32.pow(doublings)).min(BACK_OFF_MAX);
    (until > now).then(|| Because::BackedOff { until, refusal: refusal.why.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_table() {
        let minute = Duration::from_secs(60);
        let name = || "other".parse::<ReactionName>().unwrap();
        let none = Facts::default;
        let cases: [(&str, Rank, Facts, &str); 12] = [
            ("nothing known", Rank::Out, none(), "ok"),
            ("paused", Rank::OneOff, Facts { paused: Some((PauseScope::Everything, None)), ..none() }, "paused"),
            ("its own run is open", Rank::OneOff, Facts { run_open: true, ..none() }, "run_open"),
            ("another's run is open", Rank::Out, Facts { app_busy: Some(name()), ..none() }, "app_busy"),
            ("a one-off does not wait", Rank::OneOff, Facts { app_busy: Some(name()), ..none() }, "ok"),
            ("cooling down", Rank::Out, Facts { last_effect: Some(at(941)), ..none() }, "cooling_down"),
            ("cooled down", Rank::Out, Facts { last_effect: Some(at(940)), ..none() }, "ok"),
            (
                "acted in this interval",
                Rank::Out,
                Facts { last_decided: Some(at(990)), shared_interval: Some(Duration::from_secs(30)), ..none() },
                "once_per_interval",
            ),
            (
                "acted in the one before",
                Rank::Out,
                Facts { last_decided: Some(at(985)), shared_interval: Some(Duration::from_secs(30)), ..none() },
                "ok",
            ),
            (
                "acted at the end of the one before",
                Rank::Out,
                Facts { last_decided: Some(at(989)), shared_interval: Some(Duration::from_secs(30)), ..none() },
                "once_per_interval",
            ),
            (
                "acted early in this interval, more than half of one ago",
                Rank::Out,
                Facts { last_decided: Some(at(965)), shared_interval: Some(minute), ..none() },
                "once_per_interval",
            ),
            ("one monitor alone", Rank::Out, Facts { last_decided: Some(at(1000)), ..none() }, "ok"),
        ];
        for (case, rank, facts, code) in cases {
            let answer = is_not_paused(&facts)
                .and_then(|()| its_own_run_has_ended(&facts))
                .and_then(|()| app_is_free(rank, &facts))
                .and_then(|()| has_cooled_down(minute, &facts, at(1000)))
                .and_then(|()| once_per_interval(&facts, at(1000)));
            assert_eq!(answer.as_ref().map_or_else(Because::code, |()| "ok"), code, "{case}");
        }
    }

    #[test]
    fn a_refusal_backs_off_doubling_to_a_quarter_of_an_hour_until_the_app_changes() {
        let refusal = |in_a_row| Refusal { at: at(0), in_a_row, gist: "web=1".into(), why: "no".into() };
        for (in_a_row, seconds) in [(1, 30), (2, 60), (3, 120), (6, 900), (60, 900)] {
            assert!(backed_off(&refusal(in_a_row), "web=1", at(seconds - 1)).is_some(), "{in_a_row}");
            assert!(backed_off(&refusal(in_a_row), "web=1", at(seconds)).is_none(), "{in_a_row}");
        }
        assert!(backed_off(&refusal(9), "web=2", at(1)).is_none());
    }
}

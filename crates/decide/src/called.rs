//! Whether a reading calls a reaction.

use flyball_model::{Because, CallOn, Finding, Policy, Standing, Timestamp};

/// Whether a reading calls a reaction: its verdict is the one, for one of the causes, and not too early in the streak.
/// Readings begun at `counted_from` or earlier are no evidence.
///
/// # Errors
///
/// The reason for holding still.
pub fn called(
    policy: &Policy,
    finding: Finding,
    standing: Option<&Standing>,
    counted_from: Option<Timestamp>,
) -> Result<Because, Because> {
    if !policy.enabled {
        return Err(Because::Disabled);
    }
    let verdict = finding.verdict();
    if policy.call_on == CallOn::Load && standing.is_none() {
        // Nothing was ever known: what is done then is decided all the same.
        return Ok(Because::Matched { verdict, streak: 0, cause: finding.cause() });
    }
    let Some(standing) = standing.filter(|_| policy.call_on.matches(verdict)) else {
        return Err(Because::NotCalledOn { verdict, call_on: policy.call_on });
    };
    if let Some(cause) = finding.cause().filter(|cause| !policy.causes.is_empty() && !policy.causes.contains(cause)) {
        return Err(Because::OtherCause { cause, wanted: policy.causes.clone() });
    }
    let trigger = policy.trigger.get();
    if standing.streak < trigger {
        return Err(Because::BelowTrigger { streak: standing.streak, trigger });
    }
    let streak = standing.streak_since(counted_from);
    match counted_from {
        Some(since) if streak < trigger => Err(Because::TooFewSince { streak, trigger, since }),
        _ => Ok(Because::Matched { verdict, streak: standing.streak, cause: finding.cause() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Blind, Cause, Trigger, Verdict};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn standing(verdict: Verdict, streak: u32) -> Standing {
        Standing {
            verdict,
            cause: None,
            streak,
            since: at(0),
            known_at: at(i64::from(streak)),
            begun: (1..=i64::from(streak)).map(at).collect(),
        }
    }

    #[test]
    fn the_table() {
        let failing = Finding::Failing(Cause::Text);
        let unknown = Finding::Unknown(Blind::Heroku);
        let policy = Policy::default;
        let on_passing = || Policy { call_on: CallOn::Passing, ..policy() };
        let on_text = |cause| Policy { causes: vec![cause], ..policy() };
        let third = || Policy { trigger: Trigger::new(3), ..policy() };
        type Case = (&'static str, Policy, Finding, u32, Option<i64>, &'static str);
        let cases: [Case; 12] = [
            ("failing calls by default", policy(), failing, 1, None, "matched"),
            ("and again on every reading", policy(), failing, 40, None, "matched"),
            ("passing does not", policy(), Finding::Passing, 1, None, "not_called_on"),
            ("unknown never does", policy(), unknown, 5, None, "not_called_on"),
            ("unknown does not even after passing", on_passing(), unknown, 5, None, "not_called_on"),
            ("passing calls when asked for", on_passing(), Finding::Passing, 1, None, "matched"),
            ("a listed cause calls", on_text(Cause::Text), failing, 1, None, "matched"),
            ("another cause does not", on_text(Cause::Status), failing, 1, None, "other_cause"),
            ("below the trigger", third(), failing, 2, None, "below_trigger"),
            ("at the trigger", third(), failing, 3, None, "matched"),
            ("evidence counts from a time", third(), failing, 5, Some(3), "too_few_since"),
            ("and is enough again later", third(), failing, 6, Some(3), "matched"),
        ];
        for (name, policy, finding, streak, from, code) in cases {
            let verdict = if finding == Finding::Passing { Verdict::Passing } else { Verdict::Failing };
            let answer = called(&policy, finding, Some(&standing(verdict, streak)), from.map(at));
            let (Ok(because) | Err(because)) = answer;
            assert_eq!(because.code(), code, "{name}");
        }
        // A reaction with a longer trigger was attached after the streak began: of its readings only the last is known.
        let mut short = standing(Verdict::Failing, 9);
        short.begun.drain(..8);
        assert!(called(&third(), failing, Some(&short), None).is_ok(), "all of them count");
        let since_the_eighth = called(&third(), failing, Some(&short), Some(at(8)));
        assert_eq!(since_the_eighth.unwrap_err().code(), "too_few_since", "what is not known to be after it does not");
        let disabled = Policy { enabled: false, ..policy() };
        assert_eq!(called(&disabled, failing, Some(&standing(Verdict::Failing, 1)), None), Err(Because::Disabled));
        assert!(called(&policy(), unknown, None, None).is_err());
        let load = Policy { call_on: CallOn::Load, ..policy() };
        assert!(called(&load, unknown, None, None).is_ok(), "at every reading, also before any is known");
    }

    #[test]
    fn trigger_zero_is_the_first_reading() {
        let policy = Policy { trigger: Trigger::new(0), ..Policy::default() };
        let finding = Finding::Failing(Cause::Slow);
        assert!(called(&policy, finding, Some(&standing(Verdict::Failing, 1)), None).is_ok());
    }
}

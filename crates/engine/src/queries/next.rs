//! When a reaction could act next, as far as that can be told beforehand.

use super::{EngineState, Recalled, readings};
use flyball_model::{Because, CallOn, Mode, MonitorId, Standing, Timestamp};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_views::Next;
use std::sync::Arc;

fn never(why: &str) -> Next {
    Next { at: None, waits_for: None, words: format!("It cannot act by itself: {why}.") }
}

fn at_the_earliest(at: Timestamp, words: String) -> Next {
    Next { at: Some(at), waits_for: None, words }
}

fn when(mode: Mode, what: String) -> Next {
    let acts = match mode {
        Mode::Act => "can act",
        Mode::DryRun => "would tell",
    };
    Next { at: None, words: format!("It {acts} again when {what}."), waits_for: Some(what) }
}

/// What stands between being called and acting, without a look at the app.
pub(super) struct Gate {
    pub(super) mode: Mode,
    pub(super) engine: EngineState,
    /// What it would wait for even if it were called, and the app as it must be.
    pub(super) waits_for: Option<Because>,
}

/// When a reaction could act next.
pub(super) fn next(
    reaction: &Reaction,
    watching: &[Arc<Monitor>],
    recalled: &Recalled,
    gate: &Gate,
    now: Timestamp,
) -> Next {
    if !reaction.policy.enabled {
        return never("it is switched off in the file (`enabled = false`)");
    }
    let watching: Vec<&Arc<Monitor>> = watching.iter().filter(|monitor| monitor.enabled).collect();
    if watching.is_empty() {
        return never("no monitor that is switched on calls it; `flyball react` does it by hand");
    }
    if gate.engine == EngineState::Stopped {
        return never("no engine runs; `flyball up` starts one");
    }
    if gate.engine == EngineState::Silent {
        return never("the engine that runs gives no sign of life here; `flyball doctor` says more");
    }
    let (mode, could) = (gate.mode, could(gate.mode));
    let gate = match &gate.waits_for {
        Some(because) => match because.until() {
            Some(until) => Some((until, because)),
            None => return when(mode, opening(because)),
        },
        None => None,
    };
    // Of several monitors, the one that could call it first.
    let chances = watching.iter().map(|monitor| chance(reaction, monitor, recalled, mode, now));
    let soonest = |chance: &Next| (chance.at.unwrap_or(Timestamp::FAR_FUTURE), chance.waits_for.is_none());
    let chance = chances.min_by_key(soonest).expect("there is at least one monitor");
    match (gate, chance.at) {
        (None, _) => chance,
        // Time alone opens the gate and calls nobody.
        (Some((until, because)), None) => {
            let words = format!("{} Not before {until}: {because}.", chance.words);
            Next { words, ..chance }
        }
        (Some((until, because)), Some(at)) => {
            let at = at.max(until);
            let exception = match because {
                Because::BackedOff { .. } => ", or as soon as the file or what is seen of the app changes",
                _ => "",
            };
            at_the_earliest(at, format!("It {could} at {at} at the earliest{exception}: {because}."))
        }
    }
}

/// What ends a reason that has no time of its own.
fn opening(because: &Because) -> String {
    match because {
        Because::Paused { scope, .. } => format!("somebody resumes {scope}: `flyball resume`"),
        Because::RunOpen => "its open run has ended".to_owned(),
        Because::AppBusy { reaction } => format!("the open run of \"{reaction}\" has ended"),
        other => format!("this no longer holds: {other}"),
    }
}

/// In dry run it only tells.
const fn could(mode: Mode) -> &'static str {
    match mode {
        Mode::Act => "could act",
        Mode::DryRun => "would tell",
    }
}

/// What one monitor could lead to.
fn chance(reaction: &Reaction, monitor: &Monitor, recalled: &Recalled, mode: Mode, now: Timestamp) -> Next {
    let trigger = reaction.policy.trigger.get();
    let (name, could) = (&monitor.name, could(mode));
    if let Some((because, until)) =
        monitor.rests_until(now).and_then(|because| because.until().map(|until| (because, until)))
    {
        let words = format!("It {could} at {until} at the earliest, when \"{name}\" looks again, which is {because}.");
        return at_the_earliest(until, words);
    }
    let state = recalled.states.get(&monitor.id);
    if let Some(unknown) = state.map(|state| state.unknown_in_a_row).filter(|unknown| *unknown > 0) {
        let words = format!(
            "It waits until \"{name}\" sees again, which could not look at its last {}.",
            readings(unknown.into())
        );
        return Next { at: None, waits_for: Some("the monitor sees again".to_owned()), words };
    }
    let standing = state.and_then(|state| state.standing.as_ref());
    if let Some(waits_for) = standing.and_then(|standing| uncalled(reaction, standing)) {
        let count = match trigger {
            1 => "at the first such reading".to_owned(),
            trigger => format!("after {trigger} such readings in a row"),
        };
        let words = format!("It {could} when \"{name}\" {}, {count}.", waits_for.trim_start_matches("it "));
        return Next { at: None, waits_for: Some(waits_for), words };
    }
    let (streak, known_at) = standing.map_or((0, now), |standing| (standing.streak, standing.known_at));
    let because = holding(recalled, reaction, monitor.id).filter(|_| streak >= trigger);
    let counted = match because {
        // What it sees now is no evidence: it counts from a later time than the streak.
        Some(Because::TooFewSince { streak, .. }) => *streak,
        _ => streak,
    };
    let missing = trigger.saturating_sub(counted).max(1);
    let at = (known_at + monitor.every * missing).max(now);
    match because {
        None | Some(Because::TooFewSince { .. }) => {}
        Some(because) => return held(because, at),
    }
    let call_on = reaction.policy.call_on;
    at_the_earliest(
        at,
        match missing {
            _ if call_on == CallOn::Load => {
                format!("It {could} at {at} at the earliest, at the next reading of \"{name}\".")
            }
            1 => format!("It {could} at {at} at the earliest, at the next reading of \"{name}\" if that is {call_on}."),
            _ => format!("It {could} at {at} at the earliest, after {missing} more {call_on} readings of \"{name}\"."),
        },
    )
}

/// What a reaction waits for that is not called by readings such as these.
fn uncalled(reaction: &Reaction, standing: &Standing) -> Option<String> {
    let (call_on, causes) = (reaction.policy.call_on, &reaction.policy.causes);
    let is_other = |cause| !causes.is_empty() && !causes.contains(&cause);
    let calls = call_on.matches(standing.verdict) && !standing.cause.is_some_and(is_other);
    let wanted = causes.iter().map(|cause| format!("`{cause}`")).collect::<Vec<_>>().join(" or ");
    match call_on {
        _ if calls => None,
        CallOn::Load => None,
        CallOn::Passing => Some("it passes".to_owned()),
        CallOn::Failing if causes.is_empty() => Some("it fails".to_owned()),
        CallOn::Failing => Some(format!("it fails for {wanted}")),
    }
}

/// The reason for which a reaction held still at the latest reading of a monitor that called it.
fn holding<'a>(recalled: &'a Recalled, reaction: &Reaction, monitor: MonitorId) -> Option<&'a Because> {
    let mut holdings = recalled.holdings.get(&reaction.id)?.iter();
    let because = &holdings.find(|holding| holding.key.monitor == monitor)?.because;
    (!because.acts() && !matches!(because, Because::NotCalledOn { .. })).then_some(because)
}

/// Called, and held still all the same: for how much longer, or until what.
fn held(because: &Because, next_reading: Timestamp) -> Next {
    if because.is_limit() {
        let words = "It can go no further: raise its limit in the file, or change the app by hand.".to_owned();
        return Next { at: None, waits_for: None, words };
    }
    if because.rests() {
        let words = format!("It asks again at each reading: {because}.");
        return Next { at: None, waits_for: None, words };
    }
    if let Because::GivenUp { .. } = because {
        let words =
            "It needs a person: it acts again in the next episode, or once `give_up_after` is raised.".to_owned();
        return Next { at: None, waits_for: None, words };
    }
    let until = match because {
        Because::OneOffRunning { doubted: Some(doubted), .. } => Some(doubted.until),
        because => because.until(),
    };
    match (until, ending(because)) {
        (None, Some(waits_for)) => {
            let words = format!("It waits until {waits_for}, and asks at each reading: {because}.");
            Next { at: None, waits_for: Some(waits_for), words }
        }
        (until, _) => {
            let at = until.map_or(next_reading, |until| until.max(next_reading));
            at_the_earliest(at, format!("It asks again at each reading, and could come further at {at}: {because}."))
        }
    }
}

/// What ends a hold that no time ends, where it is one thing that people can look for.
fn ending(because: &Because) -> Option<String> {
    Some(match because {
        Because::Maintenance => "maintenance mode is off".to_owned(),
        Because::CutOff { .. } => "it is sure not to be cut off".to_owned(),
        Because::CannotSee { .. } => "the app can be looked at".to_owned(),
        Because::AccountStopped { account } => format!("account \"{account}\" has a valid token"),
        Because::OneOffRunning { .. } => "a one-off dyno of it has ended".to_owned(),
        Because::RunOpen => "its open run has ended".to_owned(),
        Because::AppBusy { reaction } => format!("the open run of \"{reaction}\" has ended"),
        Because::PendingRelease { version } => format!("the release phase of {version} has ended"),
        Because::StandsBack { reaction } => format!("\"{reaction}\" is not called any more"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_config::{Definitions, read};
    use flyball_model::{Cause, Doubted, MonitorState, PauseScope, Quantity, ReactionId, RunId, Verdict};
    use flyball_store::{Holding, HoldingKey};
    use std::collections::{HashMap, VecDeque};
    use std::time::Duration;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(seconds)
    }

    fn definitions(extra: &str) -> Definitions {
        let text = format!(
            "[[monitor]]\nname = \"page\"\nevery = \"10s\"\nhttp = {{ url = \"http://127.0.0.1/\" }}\nreactions = [\"more\"]\n\
             [[reaction]]\nname = \"more\"\ntrigger = 3\ncooldown = \"1m\"\n{extra}\n\
             scale_out = {{ app = \"shop\", max_quantity = 3 }}\n"
        );
        read("flyball.toml", &text).unwrap()
    }

    /// A streak of readings, the latest at 100 s.
    fn state(case: &Case) -> MonitorState {
        let standing = Standing {
            verdict: case.verdict,
            cause: case.cause.filter(|_| case.verdict == Verdict::Failing),
            streak: case.streak,
            since: at(0),
            known_at: at(100),
            begun: VecDeque::new(),
        };
        MonitorState { standing: Some(standing), last_at: Some(at(100)), unknown_in_a_row: case.unknown }
    }

    struct Case {
        extra: &'static str,
        engine: EngineState,
        waits_for: Option<Because>,
        streak: u32,
        verdict: Verdict,
        cause: Option<Cause>,
        unknown: u32,
        holds: Option<Because>,
    }

    fn case() -> Case {
        let engine = EngineState::Running;
        let (verdict, cause) = (Verdict::Failing, Some(Cause::Status));
        Case { extra: "", engine, waits_for: None, streak: 3, verdict, cause, unknown: 0, holds: None }
    }

    /// The answer at 105 s: the second, or what it waits for, or `-`, and the words.
    fn told(case: Case) -> (String, String) {
        let definitions = definitions(case.extra);
        let (monitor, reaction) = (Arc::new(definitions.monitors[0].clone()), &definitions.reactions[0]);
        let holding = |because| Holding {
            key: HoldingKey { monitor: monitor.id, reaction: ReactionId::of(&reaction.name) },
            because,
            since: at(90),
            last_at: at(100),
            count: 2,
        };
        let recalled = Recalled {
            states: HashMap::from([(monitor.id, state(&case))]),
            holdings: case.holds.map(|because| (reaction.id, vec![holding(because)])).into_iter().collect(),
            latest: HashMap::new(),
        };
        let gate = Gate { mode: reaction.policy.mode, engine: case.engine, waits_for: case.waits_for };
        let next = next(reaction, &[monitor], &recalled, &gate, at(105));
        let second = next.at.map(|at| (at.as_millis() / 1000).to_string());
        let second = second.or(next.waits_for).unwrap_or_else(|| "-".to_owned());
        (second, next.words)
    }

    #[test]
    fn the_table() {
        let paused = |until| Some(Because::Paused { scope: PauseScope::Everything, until });
        let refused = || Some(Because::BackedOff { until: at(130), refusal: "no".into() });
        let cooling = |seconds| Some(Because::CoolingDown { until: at(seconds) });
        let process_type = flyball_model::ProcessType::web();
        let three = Quantity::new(3);
        let at_maximum = Because::AtMaximum { process_type, quantity: three, max: three };
        let in_doubt = || {
            let doubted = Some(Doubted { run: RunId(uuid::Uuid::from_u128(1)), until: at(600) });
            Some(Because::OneOffRunning { running: 1, at_once: 1, doubted })
        };
        let settling = Because::Settling { dyno: "web.1".parse().unwrap(), until: at(400) };
        let too_few = |streak| Some(Because::TooFewSince { streak, trigger: 3, since: at(60) });
        let cases = [
            (case(), "110", "at the next reading of \"page\" if that is failing"),
            (Case { extra: "mode = \"dry_run\"", ..case() }, "110", "It would tell at 1970-01-01T00:01:50Z"),
            (
                Case { streak: 1, ..case() },
                "120",
                "It could act at 1970-01-01T00:02:00Z at the earliest, after 2 more failing readings of \"page\"",
            ),
            (
                Case { extra: "call_on = \"passing\"", ..case() },
                "it passes",
                "when \"page\" passes, after 3 such readings",
            ),
            (Case { verdict: Verdict::Passing, ..case() }, "it fails", "when \"page\" fails, after 3 such readings"),
            (
                Case { verdict: Verdict::Passing, waits_for: cooling(160), ..case() },
                "it fails",
                "Not before 1970-01-01T00:02:40Z: cooling down",
            ),
            (
                Case { extra: "causes = [\"time_out\", \"refused\"]", ..case() },
                "it fails for `time_out` or `refused`",
                "when \"page\" fails for",
            ),
            (Case { extra: "causes = [\"status\"]", ..case() }, "110", "at the next reading"),
            (Case { unknown: 2, ..case() }, "the monitor sees again", "could not look at its last 2 readings"),
            (Case { unknown: 2, waits_for: cooling(160), ..case() }, "the monitor sees again", "Not before"),
            (Case { extra: "enabled = false", ..case() }, "-", "switched off in the file"),
            (Case { engine: EngineState::Stopped, ..case() }, "-", "no engine runs"),
            (
                Case { waits_for: paused(None), ..case() },
                "somebody resumes everything: `flyball resume`",
                "when somebody resumes everything",
            ),
            (
                Case { waits_for: paused(Some(at(300))), ..case() },
                "300",
                "everything is paused until 1970-01-01T00:05:00Z",
            ),
            (
                Case { extra: "mode = \"dry_run\"", waits_for: paused(Some(at(300))), ..case() },
                "300",
                "It would tell at 1970-01-01T00:05:00Z",
            ),
            (
                Case { waits_for: Some(Because::RunOpen), ..case() },
                "its open run has ended",
                "when its open run has ended",
            ),
            (Case { waits_for: cooling(160), ..case() }, "160", "cooling down until"),
            // What its trigger still needs takes longer than its cooldown.
            (Case { waits_for: cooling(110), streak: 1, ..case() }, "120", "cooling down"),
            (
                Case { waits_for: refused(), ..case() },
                "130",
                "or as soon as the file or what is seen of the app changes",
            ),
            (Case { holds: Some(at_maximum), ..case() }, "-", "It can go no further"),
            (Case { holds: Some(Because::GivenUp { effects: 10 }), ..case() }, "-", "It needs a person"),
            (
                Case { holds: Some(Because::Maintenance), ..case() },
                "maintenance mode is off",
                "It waits until maintenance mode is off",
            ),
            (Case { holds: Some(Because::NoDynos), ..case() }, "110", "asks again at each reading"),
            // A run in doubt fills its place until a time, and no reading before that changes it.
            (Case { holds: in_doubt(), ..case() }, "600", "could come further at 1970-01-01T00:10:00Z"),
            (Case { holds: Some(settling), ..case() }, "400", "is waited for until"),
            // Two of three readings came since it settled; another is missing, or two.
            (Case { holds: too_few(2), ..case() }, "110", "at the next reading"),
            (Case { holds: too_few(1), ..case() }, "120", "after 2 more failing readings"),
        ];
        for (case, second, words) in cases {
            let (told_second, told_words) = told(case);
            assert_eq!(told_second, second, "{told_words}");
            assert!(told_words.contains(words), "{told_words}");
        }
    }

    #[test]
    fn without_a_monitor_only_a_person_does_it() {
        let definitions = definitions("");
        let recalled = Recalled { states: HashMap::new(), holdings: HashMap::new(), latest: HashMap::new() };
        let gate = Gate { mode: Mode::Act, engine: EngineState::Running, waits_for: None };
        let next = next(&definitions.reactions[0], &[], &recalled, &gate, at(0));
        assert!(next.words.contains("`flyball react` does it by hand"), "{}", next.words);
    }
}

//! When a reaction could act next, as far as that can be told beforehand.

use super::{EngineState, Recalled};
use flyball_model::{Because, Mode, MonitorId, Timestamp};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use serde::Serialize;
use std::sync::Arc;

/// When a reaction could act next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    /// The earliest time; none where it does not hang on time alone.
    pub at: Option<Timestamp>,
    /// In a sentence.
    pub words: String,
}

impl Next {
    fn never(why: &str) -> Self {
        Self { at: None, words: format!("It cannot act by itself: {why}.") }
    }

    fn when(mode: Mode, what: &str) -> Self {
        let acts = match mode {
            Mode::Act => "can act",
            Mode::DryRun => "would tell",
        };
        Self { at: None, words: format!("It {acts} again when {what}.") }
    }
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
        return Next::never("it is switched off in the file (`enabled = false`)");
    }
    let watching: Vec<&Arc<Monitor>> = watching.iter().filter(|monitor| monitor.enabled).collect();
    if watching.is_empty() {
        return Next::never("no monitor that is switched on calls it; `flyball react` does it by hand");
    }
    if gate.engine == EngineState::Stopped {
        return Next::never("no engine runs; `flyball up` starts one");
    }
    if gate.engine == EngineState::Silent {
        return Next::never("the engine that runs gives no sign of life here; `flyball doctor` says more");
    }
    let (mode, could) = (gate.mode, could(gate.mode));
    let gate = match &gate.waits_for {
        Some(because) => match because.until() {
            Some(until) => Some((until, because)),
            None => return Next::when(mode, &opening(because)),
        },
        None => None,
    };
    // Of several monitors, the one that could call it first.
    let chances = watching.iter().map(|monitor| chance(reaction, monitor, recalled, mode, now));
    let chance = chances.min_by_key(|chance| chance.at.unwrap_or(Timestamp::FAR_FUTURE));
    let chance = chance.expect("there is at least one monitor");
    match (gate, chance.at) {
        (None, _) => chance,
        (Some((until, because)), at) => {
            let at = at.map_or(until, |at| at.max(until));
            let exception = match because {
                Because::BackedOff { .. } => ", or as soon as the file or what is seen of the app changes",
                _ => "",
            };
            Next { at: Some(at), words: format!("It {could} at {at} at the earliest{exception}: {because}.") }
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
    let call_on = reaction.policy.call_on;
    let trigger = reaction.policy.trigger.get();
    let standing = recalled.states.get(&monitor.id).and_then(|state| state.standing.as_ref());
    let (streak, known_at) = match standing {
        Some(standing) if call_on.matches(standing.verdict) => (standing.streak, standing.known_at),
        Some(standing) => (0, standing.known_at),
        None => (0, now),
    };
    let missing = trigger.saturating_sub(streak).max(1);
    let at = (known_at + monitor.every * missing).max(now);
    if streak >= trigger
        && let Some(because) = holding(recalled, reaction, monitor.id)
    {
        return held(because, at);
    }
    let (name, could) = (&monitor.name, could(mode));
    let words = match missing {
        1 => format!("It {could} at {at} at the earliest, at the next reading of \"{name}\" if that is {call_on}."),
        _ => format!("It {could} at {at} at the earliest, after {missing} more {call_on} readings of \"{name}\"."),
    };
    Next { at: Some(at), words }
}

/// The reason for which a reaction held still at the latest reading of a monitor that called it.
fn holding<'a>(recalled: &'a Recalled, reaction: &Reaction, monitor: MonitorId) -> Option<&'a Because> {
    let of = |holding: &&flyball_store::Holding| holding.key.reaction == reaction.id && holding.key.monitor == monitor;
    let because = &recalled.holdings.iter().find(of)?.because;
    (!because.acts() && !matches!(because, Because::NotCalledOn { .. })).then_some(because)
}

/// Called, and held still all the same: for how much longer.
fn held(because: &Because, next_reading: Timestamp) -> Next {
    if because.is_limit() {
        let words = "It can go no further: raise its limit in the file, or change the app by hand.".to_owned();
        return Next { at: None, words };
    }
    if let Because::GivenUp { .. } = because {
        let words =
            "It needs a person: it acts again in the next episode, or once `give_up_after` is raised.".to_owned();
        return Next { at: None, words };
    }
    let at = because.until().map_or(next_reading, |until| until.max(next_reading));
    let words = format!("It asks again at each reading, next at {at}: {because}.");
    Next { at: Some(at), words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_config::{Definitions, read};
    use flyball_model::{MonitorState, PauseScope, Quantity, ReactionId, Standing, Verdict};
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

    /// A streak of failing readings, the latest at 100 s.
    fn failing(streak: u32) -> MonitorState {
        let standing = Standing {
            verdict: Verdict::Failing,
            cause: None,
            streak,
            since: at(0),
            known_at: at(100),
            begun: VecDeque::new(),
        };
        MonitorState { standing: Some(standing), last_at: Some(at(100)), unknown_in_a_row: 0 }
    }

    struct Case {
        extra: &'static str,
        engine: EngineState,
        waits_for: Option<Because>,
        streak: u32,
        holds: Option<Because>,
    }

    fn case() -> Case {
        let engine = EngineState::Running;
        Case { extra: "", engine, waits_for: None, streak: 3, holds: None }
    }

    /// The answer at 105 s: the second, or `-`, and the words.
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
            states: HashMap::from([(monitor.id, failing(case.streak))]),
            holdings: case.holds.map(holding).into_iter().collect(),
        };
        let gate = Gate { mode: reaction.policy.mode, engine: case.engine, waits_for: case.waits_for };
        let next = next(reaction, &[monitor], &recalled, &gate, at(105));
        let second = next.at.map_or_else(|| "-".to_owned(), |at| (at.as_millis() / 1000).to_string());
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
        let cases = [
            (case(), "110", "at the next reading of \"page\" if that is failing"),
            (Case { extra: "mode = \"dry_run\"", ..case() }, "110", "It would tell at 1970-01-01T00:01:50Z"),
            (
                Case { streak: 1, ..case() },
                "120",
                "It could act at 1970-01-01T00:02:00Z at the earliest, after 2 more failing readings of \"page\"",
            ),
            (Case { extra: "call_on = \"passing\"", ..case() }, "130", "after 3 more passing readings"),
            (Case { extra: "enabled = false", ..case() }, "-", "switched off in the file"),
            (Case { engine: EngineState::Stopped, ..case() }, "-", "no engine runs"),
            (Case { waits_for: paused(None), ..case() }, "-", "when somebody resumes everything"),
            (Case { waits_for: paused(Some(at(300))), ..case() }, "300", "everything is paused until 1970-01-01T00:05:00Z"),
            (
                Case { extra: "mode = \"dry_run\"", waits_for: paused(Some(at(300))), ..case() },
                "300",
                "It would tell at 1970-01-01T00:05:00Z",
            ),
            (Case { waits_for: Some(Because::RunOpen), ..case() }, "-", "when its open run has ended"),
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
            (Case { holds: Some(Because::Maintenance), ..case() }, "110", "asks again at each reading"),
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
        let recalled = Recalled { states: HashMap::new(), holdings: Vec::new() };
        let gate = Gate { mode: Mode::Act, engine: EngineState::Running, waits_for: None };
        let next = next(&definitions.reactions[0], &[], &recalled, &gate, at(0));
        assert!(next.words.contains("`flyball react` does it by hand"), "{}", next.words);
    }
}

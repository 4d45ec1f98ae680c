//! `create_one_off_dyno`: a one-off dyno with any command.

use super::fields::app_and_account;
use super::kind::ReactionKind;
use flyball_decide::{Known, Planned, StartedOneOff};
use flyball_model::{
    AccountName, AppName, Because, Doubted, DynoSize, Effect, EnvValue, Generation, Rank, Sight, Timestamp,
};
use flyball_settings::{Bounds, Fields, Mistake, Node, Settings, Shape, Take, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest command that is taken: what fits into a line of a file.
const COMMAND_BYTES_MAX: usize = 4096;
/// Default: a one-off dyno lives for an hour at most.
const TIME_TO_LIVE: Duration = Duration::from_secs(3600);
/// Heroku's own bounds. Source: Platform API schema, `dyno.time_to_live`, at most 86400.
const TIME_TO_LIVE_BOUNDS: Bounds<Duration> =
    Bounds { least: Duration::from_secs(1), most: Duration::from_secs(86_400), words: "\"1s\" to \"24h\"" };
/// A dyno that was just started may be missing in the list for this long. Source: the official CLI retries its 404.
const NOT_LISTED_YET: Duration = Duration::from_secs(15);

/// What happens when nobody can know whether a one-off dyno was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InDoubt {
    /// It counts as running until its time to live is over.
    Hold,
    /// The command may run twice: the next reading starts it again.
    Repeat,
}

impl Take for InDoubt {
    fn expected() -> String {
        "\"hold\" or \"repeat\"".to_owned()
    }

    fn shape() -> Shape {
        Shape::Word(vec!["hold", "repeat"])
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == "hold" => Some(Self::Hold),
            Value::Text(text) if text == "repeat" => Some(Self::Repeat),
            _ => {
                let expected = format!("expected {}", Self::expected());
                mistakes.push(Mistake::new(node.span.clone(), "unknown word for `in_doubt`", expected));
                None
            }
        }
    }
}

/// Starts a one-off dyno each time it acts; by default not while the one that it started before is running.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CreateOneOffDyno {
    app: AppName,
    account: AccountName,
    command: String,
    size: Option<DynoSize>,
    time_to_live: Duration,
    env: BTreeMap<String, EnvValue>,
    at_once: u32,
    in_doubt: InDoubt,
}

/// On Fir a command needs it in front, or it finds neither its path nor its environment.
/// Source: the official CLI, src/lib/run/helpers.ts.
const LAUNCHER: &str = "launcher ";

impl Settings for CreateOneOffDyno {
    const KIND: &str = "create_one_off_dyno";
    const SUMMARY: &str = "starts a one-off dyno with any command";
    const EXAMPLE: &str = r#"{ app = "shop", command = "bin/rails db:cleanup", size = "standard-1x" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (app, account) = app_and_account(fields);
        let command: Option<String> = fields.required("command", "what the dyno runs");
        let size = fields.optional("size", "its dyno size; default: Heroku's own for the app");
        let time_to_live =
            fields.within("time_to_live", TIME_TO_LIVE, "\"1h\"", &TIME_TO_LIVE_BOUNDS, "after this, Heroku ends it");
        let env: Option<BTreeMap<String, EnvValue>> =
            fields.or("env", BTreeMap::new(), "{}", "variables for this dyno, over the config vars");
        let bounds = Bounds { least: 1, most: 50, words: "1 to 50" };
        let at_once = fields.within("at_once", 1, "1", &bounds, "how many of them may run at once");
        let in_doubt = fields.or(
            "in_doubt",
            InDoubt::Hold,
            "\"hold\"",
            "what happens when nobody can know whether it was started: \"repeat\" is for commands that may run twice",
        );
        if let Some(command) = &command
            && (command.trim().is_empty() || command.len() > COMMAND_BYTES_MAX || command.contains('\0'))
        {
            fields.wrong("command", "not a command", "expected 1 to 4096 bytes of text", None);
            return None;
        }
        if let Some(name) = env.iter().flat_map(BTreeMap::keys).find(|name| !is_variable(name)) {
            let message = format!("`{name}` is not the name of a variable");
            fields.wrong("env", message, "expected letters, digits and _", None);
            return None;
        }
        Some(Self {
            app: app?,
            account: account?,
            command: command?,
            size: size?,
            time_to_live: time_to_live?,
            env: env?,
            at_once: at_once?,
            in_doubt: in_doubt?,
        })
    }
}

/// Source: Platform API schema, `dyno.env`: keys `^\w+$`.
fn is_variable(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl ReactionKind for CreateOneOffDyno {
    const RANK: Rank = Rank::OneOff;

    fn app(&self) -> &AppName {
        &self.app
    }

    fn account(&self) -> &AccountName {
        &self.account
    }

    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
        let started = known.one_offs.iter();
        let running: Vec<_> = started.filter(|one_off| self.may_be_running(one_off, sight, known.now)).collect();
        if u32::try_from(running.len()).is_ok_and(|running| running >= self.at_once) {
            let doubted = running.iter().filter(|one_off| one_off.dyno.is_none());
            let doubted = doubted.map(|of| Doubted { run: of.run, until: of.at + of.time_to_live });
            return Planned::Hold(Because::OneOffRunning {
                running: u32::try_from(running.len()).unwrap_or(u32::MAX),
                at_once: self.at_once,
                doubted: doubted.min_by_key(|doubted| doubted.until),
            });
        }
        let command = match sight.app.generation {
            Generation::Cedar => self.command.clone(),
            Generation::Fir => format!("{LAUNCHER}{}", self.command),
        };
        Planned::Do(Effect::RunOneOff {
            command,
            size: self.size.clone(),
            time_to_live: self.time_to_live,
            env: self.env.clone(),
            present: sight.dynos.iter().filter(|dyno| !dyno.is_formation()).map(|dyno| dyno.id.clone()).collect(),
        })
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        let Effect::RunOneOff { command, size, time_to_live, env, .. } = effect else { return false };
        let command = command.strip_prefix(LAUNCHER).unwrap_or(command);
        *command == *self.command && (size, time_to_live, env) == (&self.size, &self.time_to_live, &self.env)
    }

    fn variables(&self) -> Vec<&str> {
        self.env.values().filter_map(EnvValue::asked).collect()
    }
}

impl CreateOneOffDyno {
    fn may_be_running(&self, one_off: &StartedOneOff, sight: &Sight, now: Timestamp) -> bool {
        match &one_off.dyno {
            // What is seen is there, also when Heroku is slow to end it.
            Some(id) => sight.dynos.iter().any(|dyno| dyno.id == *id) || now.since(one_off.at) < NOT_LISTED_YET,
            None => self.in_doubt == InDoubt::Hold && one_off.at + one_off.time_to_live > now,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::{NOW, mistakes, outcome, planned, shop};
    use flyball_decide::Planned;
    use flyball_model::{Because, DynoId, Effect};
    use std::time::Duration;

    const KIND: &str = r#"create_one_off_dyno = { app = "shop", command = "clean", time_to_live = "10m" }"#;
    const RUNS: &str = "run `clean` once on shop, for 10m at most";

    #[test]
    fn not_while_the_one_before_is_running() {
        let minutes = |minutes: u64| NOW - Duration::from_secs(minutes * 60);
        let base = || shop().web(1, "standard-1x");
        assert_eq!(outcome(KIND, &base()), RUNS);
        assert_eq!(outcome(KIND, &base().one_off("run.1").started("run.1", minutes(1))), "one_off_running");
        let late = base().one_off("run.1").started("run.1", minutes(11));
        assert_eq!(outcome(KIND, &late), "one_off_running", "Heroku has not ended it yet");
        assert_eq!(outcome(KIND, &base().started("run.1", minutes(1))), RUNS, "it has ended");
        let started = |seconds| base().started("run.1", NOW - Duration::from_secs(seconds));
        assert_eq!(outcome(KIND, &started(14)), "one_off_running", "it may not be listed yet");
        assert_eq!(outcome(KIND, &started(15)), RUNS, "it would be listed by now");
        assert_eq!(outcome(KIND, &base().one_off("run.9")), RUNS, "a person's own one-off is no reason");
    }

    #[test]
    fn in_doubt_fills_its_place_until_its_time_is_over() {
        let minutes = |minutes: u64| NOW - Duration::from_secs(minutes * 60);
        let doubt = |ago| shop().web(1, "standard-1x").in_doubt(minutes(ago));
        assert_eq!(outcome(KIND, &doubt(9)), "one_off_running");
        assert_eq!(outcome(KIND, &doubt(10)), RUNS);
        let written = |word| KIND.replace(" }", &format!(r#", in_doubt = "{word}" }}"#));
        assert_eq!(outcome(&written("hold"), &doubt(9)), "one_off_running");
        assert_eq!(outcome(&written("repeat"), &doubt(1)), RUNS);
        let Planned::Hold(Because::OneOffRunning { doubted, .. }) = planned(KIND, &doubt(1).in_doubt(minutes(9)))
        else {
            panic!("it holds")
        };
        let until = doubted.map(|doubted| doubted.until);
        assert_eq!(until, Some(NOW + Duration::from_secs(60)), "it tells when the first place is free again");
    }

    #[test]
    fn the_plan_tells_the_one_off_dynos_that_are_there_from_the_one_that_it_starts() {
        let there = shop().web(2, "standard-1x").one_off("run.7").one_off("run.8");
        let Planned::Do(Effect::RunOneOff { present, .. }) = planned(KIND, &there) else { panic!("it runs") };
        assert_eq!(present, ["id-of-run.7", "id-of-run.8"].map(DynoId::new));
    }

    #[test]
    fn more_at_once_when_asked_for() {
        let two = KIND.replace(" }", ", at_once = 2 }");
        let one = shop().web(1, "standard-1x").one_off("run.1").started("run.1", NOW);
        assert_eq!(outcome(&two, &one), RUNS);
        assert_eq!(outcome(&two, &one.in_doubt(NOW)), "one_off_running");
    }

    #[test]
    fn on_fir_the_launcher_goes_in_front() {
        assert_eq!(outcome(KIND, &shop().fir()), "run `launcher clean` once on shop, for 10m at most");
    }

    #[test]
    fn commands_and_variables_are_taken_up_to_their_bounds() {
        let written = |command: &str, name: &str| {
            mistakes(&format!(
                r#"create_one_off_dyno = {{ app = "shop", command = "{command}", env = {{ "{name}" = "c" }} }}"#
            ))
        };
        for (command, name) in [("x", "A_1b"), (&"x".repeat(4096), "_"), ("x", &"A".repeat(128))] {
            assert!(written(command, name).is_empty(), "{command} {name}");
        }
        for (command, name) in [
            (" ", "A"),
            (&"x".repeat(4097), "A"),
            ("x\\u0000", "A"),
            ("x", ""),
            ("x", "A-B"),
            ("x", "AÄ"),
            ("x", &"A".repeat(129)),
        ] {
            assert_eq!(written(command, name).len(), 1, "{command} {name}");
        }
    }

    #[test]
    fn wrong_settings_are_told() {
        for settings in [
            r#"{ app = "shop" }"#,
            r#"{ app = "shop", command = " " }"#,
            r#"{ app = "shop", command = "x", time_to_live = "25h" }"#,
            r#"{ app = "shop", command = "x", at_once = 0 }"#,
            r#"{ app = "shop", command = "x", env = { "A B" = "c" } }"#,
            r#"{ app = "shop", command = "x", in_doubt = "maybe" }"#,
        ] {
            assert_eq!(mistakes(&format!("create_one_off_dyno = {settings}")).len(), 1, "{settings}");
        }
    }
}

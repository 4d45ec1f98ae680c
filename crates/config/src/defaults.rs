//! `[defaults.monitor]` and `[defaults.reaction]`: said once what holds for all that do not say it themselves.

use crate::found::Found;
use crate::monitor::MonitorDefaults;
use crate::reaction::ReactionDefaults;
use crate::sections::table;
use flyball_settings::{Mistake, Settings, Table, did_you_mean};

/// The section's key at the top level.
pub(crate) const KEY: &str = "defaults";
/// What it has.
const FAMILIES: [&str; 2] = ["monitor", "reaction"];

/// What is said once, as it is written. Of a section with mistakes there is nothing: they are told at their place, and not once more
/// for each that would have it.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    pub(crate) monitor: Table,
    pub(crate) reaction: Table,
}

/// Reads the section of the main file.
pub(crate) fn defaults(root: &Table, found: &mut Vec<Found>) -> Defaults {
    let Some((_, node)) = root.get(KEY) else { return Defaults::default() };
    let mut mistakes = Vec::new();
    let read = table(node, "a table, `[defaults.monitor]` or `[defaults.reaction]`", &mut mistakes).map(|(both, _)| {
        for (key, _) in both.entries.iter().filter(|(key, _)| !FAMILIES.contains(&key.name.as_str())) {
            let hint = match did_you_mean(&key.name, FAMILIES) {
                Some(meant) => format!("did you mean `[defaults.{meant}]`?"),
                None => "known here: [defaults.monitor], [defaults.reaction]".to_owned(),
            };
            let message = format!("unknown key `{}`", key.name);
            mistakes.push(Mistake::new(key.span.clone(), message, "not known here").hint(hint));
        }
        Defaults {
            monitor: of::<MonitorDefaults>(both, FAMILIES[0], &mut mistakes),
            reaction: of::<ReactionDefaults>(both, FAMILIES[1], &mut mistakes),
        }
    });
    found.extend(mistakes.into_iter().map(Found::from));
    read.unwrap_or_default()
}

/// What is said of one family, where all of it is right.
fn of<S: Settings>(both: &Table, family: &str, mistakes: &mut Vec<Mistake>) -> Table {
    let Some((_, node)) = both.get(family) else { return Table::default() };
    let expected = format!("a table, `[{}]`", S::KIND);
    let Some((said, span)) = table(node, &expected, mistakes) else { return Table::default() };
    S::from_table(said, span, mistakes).map(|_| said.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::{Definitions, read};
    use flyball_model::{CallOn, Mode};
    use std::time::Duration;

    const DEFAULTS: &str = "[defaults.monitor]\nevery = \"2m\"\nreactions = [\"r\"]\n\
                            [defaults.reaction]\ncooldown = \"10m\"\ngive_up_after = 3\nmode = \"dry_run\"\n";
    const HTTP: &str = "http = { url = \"https://a.example/\" }\n";

    fn with(entries: &str) -> Definitions {
        read("flyball.toml", &format!("{DEFAULTS}{entries}")).expect("nothing is wrong")
    }

    #[test]
    fn what_is_said_once_holds_for_all_and_what_one_says_itself_is_stronger() {
        let both = with(&format!(
            "[[monitor]]\nname = \"a\"\n{HTTP}[[monitor]]\nname = \"b\"\nevery = \"5s\"\nreactions = []\n{HTTP}\
             [[reaction]]\nname = \"r\"\nrestart_all_dynos = {{ app = \"shop\" }}\n"
        ));
        let seconds: Vec<u64> = both.monitors.iter().map(|monitor| monitor.every.as_secs()).collect();
        assert_eq!(seconds, [120, 5]);
        let called: Vec<usize> = both.monitors.iter().map(|monitor| monitor.reactions.len()).collect();
        assert_eq!(called, [1, 0]);
        let policy = &both.reactions[0].policy;
        assert_eq!((policy.cooldown.as_secs(), policy.give_up_after, policy.mode), (600, 3, Mode::DryRun));
    }

    #[test]
    fn a_default_is_no_mistake_where_it_has_no_meaning_nor_beside_the_other_word_for_it() {
        for (case, own, cooldown, call_on) in [
            ("a quantity never gives up", "scale_out = { app = \"shop\", max_quantity = 3 }", 600, CallOn::Failing),
            ("nor what calls on passing", "scale_in = { app = \"shop\", min_quantity = 1 }", 600, CallOn::Passing),
            (
                "`frequency` is `cooldown`",
                "frequency = \"1m\"\nrestart_all_dynos = { app = \"shop\" }",
                60,
                CallOn::Failing,
            ),
        ] {
            let read = with(&format!("[[monitor]]\nname = \"a\"\n{HTTP}[[reaction]]\nname = \"r\"\n{own}\n"));
            let policy = &read.reactions[0].policy;
            assert_eq!((policy.cooldown, policy.call_on), (Duration::from_secs(cooldown), call_on), "{case}");
        }
    }
}

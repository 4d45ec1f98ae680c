//! What one set of definitions changes of another: what a file will do when it is applied.

use crate::{Cost, Definitions, cost};
use flyball_model::{AppName, Family, Mode, ReactionName};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// What will be different, and what it will cost then.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The sections that say something else: those that are there once.
    pub sections: Vec<&'static str>,
    /// The monitors and then the reactions that will be there, be gone, or be different: in the order of what is new, and then of what
    /// was.
    pub changes: Vec<Change>,
    /// The reactions that will act and have not so far, in the order of what is new.
    pub arms: Vec<Arming>,
    /// What Heroku will be asked.
    pub cost: Cost,
}

/// One monitor or reaction that will be different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `monitor` or `reaction`.
    pub family: &'static str,
    /// Which.
    pub name: String,
    /// What becomes of it.
    pub becomes: Becomes,
    /// The keys that will be different, where it was there before and still will be: `every`, `http.url`.
    pub keys: Vec<String>,
}

/// What becomes of a monitor or reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Becomes {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It is there as before, and says something else.
    Changed,
}

/// A reaction that will act from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arming {
    /// Which.
    pub reaction: ReactionName,
    /// The app that it acts on.
    pub app: AppName,
    /// Why it did not act before.
    pub before: Unarmed,
}

/// Why a reaction does not act, by what files say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unarmed {
    /// There is none of this name.
    Absent,
    /// `enabled = false`
    Off,
    /// It only tells, by what it says itself or by what holds for all.
    DryRun,
    /// No monitor that is enabled calls it.
    Uncalled,
}

impl Difference {
    /// What `to` changes of `from`.
    #[must_use]
    pub fn between(from: &Definitions, to: &Definitions) -> Self {
        let is_other = [
            ("mode", from.settings.mode != to.settings.mode),
            ("own_app", from.settings.own_app != to.settings.own_app),
            ("limits", from.settings.limits != to.settings.limits),
            ("network", from.network != to.network),
            ("server", from.server != to.server),
            ("heroku", from.accounts != to.accounts),
            ("channel", from.channels != to.channels),
            ("receive", from.receive != to.receive),
            ("notify", from.notify != to.notify),
        ];
        let mut changes = changes(Family::Monitor, &keyed(&from.monitors), &keyed(&to.monitors));
        changes.extend(self::changes(Family::Reaction, &keyed(&from.reactions), &keyed(&to.reactions)));
        let sections = is_other.into_iter().filter(|(_, is_other)| *is_other).map(|(section, _)| section).collect();
        Self { sections, changes, arms: arms(from, to), cost: cost(to) }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty() && self.changes.is_empty()
    }
}

/// The reactions that act by `to` and did not by `from`.
fn arms(from: &Definitions, to: &Definitions) -> Vec<Arming> {
    let (called_before, called) = (called(from), called(to));
    let before: HashMap<&ReactionName, &Reaction> = from.reactions.iter().map(|one| (&one.name, one)).collect();
    let arming = |reaction: &Reaction| {
        if unarmed(reaction, to.settings.mode, &called).is_some() {
            return None;
        }
        let before = match before.get(&reaction.name) {
            None => Some(Unarmed::Absent),
            Some(was) => unarmed(was, from.settings.mode, &called_before),
        };
        Some(Arming { reaction: reaction.name.clone(), app: reaction.kind.app().clone(), before: before? })
    };
    to.reactions.iter().filter_map(arming).collect()
}

/// The reactions that a monitor calls.
fn called(definitions: &Definitions) -> HashSet<&ReactionName> {
    definitions.monitors.iter().filter(|monitor| monitor.enabled).flat_map(|monitor| &monitor.reactions).collect()
}

/// Why a reaction does not act; `mode` is what holds for all.
fn unarmed(reaction: &Reaction, mode: Mode, called: &HashSet<&ReactionName>) -> Option<Unarmed> {
    match mode.and(reaction.policy.mode) {
        _ if !reaction.policy.enabled => Some(Unarmed::Off),
        Mode::DryRun => Some(Unarmed::DryRun),
        Mode::Act if !called.contains(&reaction.name) => Some(Unarmed::Uncalled),
        Mode::Act => None,
    }
}

/// `! reaction "more web" acts on shop from then on: it only told what it would do`
impl fmt::Display for Arming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = match self.before {
            Unarmed::Absent => "it is new",
            Unarmed::Off => "it was switched off",
            Unarmed::DryRun => "it only told what it would do",
            Unarmed::Uncalled => "no monitor called it",
        };
        write!(f, "! reaction \"{}\" acts on {} from then on: {before}", self.reaction, self.app)
    }
}

/// A line for each: `+ monitor "page"`, `~ reaction "more web": cooldown`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sections = self.sections.iter().map(|section| format!("~ {section}"));
        let lines: Vec<String> = sections.chain(self.changes.iter().map(Change::to_string)).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.becomes {
            Becomes::Added => '+',
            Becomes::Removed => '-',
            Becomes::Changed => '~',
        };
        write!(f, "{sign} {} \"{}\"", self.family, self.name)?;
        if self.keys.is_empty() { Ok(()) } else { write!(f, ": {}", self.keys.join(", ")) }
    }
}

/// What is compared: a name, and what is said under it.
trait Named: PartialEq {
    fn name(&self) -> &str;
    /// Its keys with their values, those of its kind in a table.
    fn said(&self) -> Map<String, Value>;
}

impl Named for Monitor {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn said(&self) -> Map<String, Value> {
        let common = json!({
            "every": self.every, "reactions": self.reactions, "during": self.during, "enabled": self.enabled,
        });
        joined(common, serde_json::to_value(&self.kind))
    }
}

impl Named for Reaction {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn said(&self) -> Map<String, Value> {
        let policy = serde_json::to_value(&self.policy).expect("settings are plain values");
        joined(policy, serde_json::to_value(&self.kind))
    }
}

fn joined(common: Value, kind: serde_json::Result<Value>) -> Map<String, Value> {
    let tables = [common, kind.expect("settings are plain values")].into_iter().filter_map(|value| match value {
        Value::Object(table) => Some(table),
        _ => None,
    });
    tables.flatten().collect()
}

fn keyed<T: Named>(all: &[T]) -> Vec<(&str, &T)> {
    all.iter().map(|one| (one.name(), one)).collect()
}

fn changes<T: Named>(family: Family, from: &[(&str, &T)], to: &[(&str, &T)]) -> Vec<Change> {
    let change = |name: &str, becomes, keys| Change { family: family.word(), name: name.to_owned(), becomes, keys };
    let (before, after): (HashMap<&str, &T>, HashMap<&str, &T>) =
        (from.iter().copied().collect(), to.iter().copied().collect());
    let new = to.iter().filter_map(|(name, one)| match before.get(name) {
        None => Some(change(name, Becomes::Added, Vec::new())),
        Some(was) if *was == *one => None,
        Some(was) => Some(change(name, Becomes::Changed, other_keys("", &was.said(), &one.said()))),
    });
    let gone = from.iter().filter(|(name, _)| !after.contains_key(name));
    new.chain(gone.map(|(name, _)| change(name, Becomes::Removed, Vec::new()))).collect()
}

/// The keys whose values differ; of two tables those within.
fn other_keys(within: &str, from: &Map<String, Value>, to: &Map<String, Value>) -> Vec<String> {
    let both = from.keys().chain(to.keys().filter(|key| !from.contains_key(*key)));
    both.filter(|key| from.get(*key) != to.get(*key))
        .flat_map(|key| match (from.get(key), to.get(key)) {
            // A length of time is one value, though it is kept in two parts.
            (Some(Value::Object(from)), Some(Value::Object(to))) if !from.contains_key("nanos") => {
                other_keys(&format!("{within}{key}."), from, to)
            }
            _ => vec![format!("{within}{key}")],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn what_a_file_changes_is_told_by_name_and_key() {
        let page = "[[monitor]]\nname = \"page\"\nhttp = { url = \"https://a.example/\" }\n";
        let more = "[[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 5 }\n";
        for (from, to, expected) in [
            (page.to_owned(), page.to_owned(), ""),
            (String::new(), page.to_owned(), "+ monitor \"page\""),
            (page.to_owned(), String::new(), "- monitor \"page\""),
            (
                page.to_owned(),
                page.replace("http", "every = \"10s\"\nhttp").replace("every = \"10s\"\nhttps", "https"),
                "~ monitor \"page\": every",
            ),
            (page.to_owned(), page.replace("a.example", "b.example"), "~ monitor \"page\": http.url"),
            (
                more.to_owned(),
                more.replace("max_quantity = 5", "max_quantity = 6"),
                "~ reaction \"more\": scale_out.max_quantity",
            ),
            (
                more.to_owned(),
                format!("mode = \"dry_run\"\n{}", more.replace("scale", "cooldown = \"5m\"\nscale")),
                "~ mode\n~ reaction \"more\": cooldown",
            ),
        ] {
            let read = |text: &str| read("", text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
            let difference = Difference::between(&read(&from), &read(&to));
            assert_eq!(difference.to_string(), expected, "{from} to {to}");
            assert_eq!(difference.is_empty(), expected.is_empty());
        }
    }

    #[test]
    fn a_reaction_that_acts_and_did_not_is_armed_whatever_kept_it() {
        let page = "[[monitor]]\nname = \"page\"\nhttp = { url = \"https://a.example/\" }\nreactions = [\"more\"]\n";
        let more = "[[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 5 }\n";
        let armed = format!("{page}{more}");
        let with = |line: &str| armed.replace("name = \"more\"\n", &format!("name = \"more\"\n{line}\n"));
        let telling = format!("mode = \"dry_run\"\n{armed}");
        for (case, from, to, expected) in [
            ("all as it was", armed.clone(), armed.clone(), None),
            ("a limit", armed.clone(), armed.replace('5', "6"), None),
            ("new", String::new(), armed.clone(), Some(Unarmed::Absent)),
            ("new, in dry run", String::new(), with("mode = \"dry_run\""), None),
            ("new, and called by nobody", String::new(), more.to_owned(), None),
            ("its own dry run ends", with("mode = \"dry_run\""), armed.clone(), Some(Unarmed::DryRun)),
            ("that of all ends", telling.clone(), armed.clone(), Some(Unarmed::DryRun)),
            ("that of all begins", armed.clone(), telling, None),
            ("switched on", with("enabled = false"), armed.clone(), Some(Unarmed::Off)),
            (
                "called by a monitor",
                format!("{}{more}", page.replace("\"more\"", "")),
                armed.clone(),
                Some(Unarmed::Uncalled),
            ),
            (
                "by one that is switched on",
                armed.replace("name = \"page\"", "name = \"page\"\nenabled = false"),
                armed.clone(),
                Some(Unarmed::Uncalled),
            ),
        ] {
            let read = |text: &str| read("", text).unwrap_or_else(|mistakes| panic!("{case}: {mistakes}"));
            let arms = Difference::between(&read(&from), &read(&to)).arms;
            assert_eq!(arms.first().map(|arming| arming.before), expected, "{case}");
        }
        let nothing = read("", "").unwrap();
        assert_eq!(
            Difference::between(&nothing, &read("", &armed).unwrap()).arms[0].to_string(),
            "! reaction \"more\" acts on shop from then on: it is new"
        );
    }
}

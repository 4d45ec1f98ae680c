//! The sections that are there once: the top level, `[heroku]`, and its accounts.

use crate::definitions::{Account, Instance};
use crate::found::Found;
use flyball_model::{AccountName, AppLimits, AppName, Mode};
use flyball_settings::{
    Bounds, Fields, Key, Mistake, Node, Settings, Span, Table, Take, Value, Variable, did_you_mean,
};
use std::collections::HashMap;

/// The keys of the top level.
pub(crate) const TOP: [&str; 13] = [
    "include", "mode", "own_app", "limits", "network", "server", "heroku", "receive", "notify", "channel", "defaults",
    "monitor", "reaction",
];

/// The keys of the top level that are no sections.
const INSTANCE: [&str; 3] = ["include", "mode", "own_app"];

/// The top level.
pub(crate) struct InstanceFields {
    mode: Mode,
    own_app: Option<AppName>,
}

impl Settings for InstanceFields {
    const KIND: &str = "";
    const SUMMARY: &str = "what holds for the whole instance";
    const EXAMPLE: &str = "mode = \"dry_run\"";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let doc = "more files, as patterns from this file's folder on; above the first section";
        fields.or("include", Vec::<Pattern>::new(), "[]", doc);
        let mode = fields.or("mode", Mode::Act, "\"act\"", "whether reactions act, or only tell what they would do");
        let doc = "the app that Flyball itself runs on, where HEROKU_APP_NAME does not tell: it is not acted on";
        let own_app = fields.optional("own_app", doc);
        Some(Self { mode: mode?, own_app: own_app? })
    }
}

/// A pattern of file names. Whether it finds any is known where files are read.
struct Pattern;

impl Take for Pattern {
    fn expected() -> String {
        "a pattern of file names such as \"monitors/*.toml\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let pattern = String::take(node, mistakes)?;
        if pattern.is_empty() {
            let label = format!("expected {}", Self::expected());
            mistakes.push(Mistake::new(node.span.clone(), "an empty pattern", label));
            return None;
        }
        Some(Self)
    }
}

/// `[limits]`
pub(crate) struct LimitFields(AppLimits);

impl Settings for LimitFields {
    const KIND: &str = "limits";
    const SUMMARY: &str = "how much is done to one app in an hour, whatever reactions it comes from";
    const EXAMPLE: &str = "effects_per_hour = 20\nrollbacks_per_hour = 10";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let AppLimits { effects_per_hour, rollbacks_per_hour } = AppLimits::default();
        let bounds = Bounds { least: 1, most: LIMIT_MAX, words: "1 to 1000" };
        let (words, doc) = (effects_per_hour.to_string(), "restarts, resizes and one-off dynos of one app");
        let effects = fields.within("effects_per_hour", effects_per_hour, &words, &bounds, doc);
        let (words, doc) = (rollbacks_per_hour.to_string(), "rollbacks of one app, beside those");
        let rollbacks = fields.within("rollbacks_per_hour", rollbacks_per_hour, &words, &bounds, doc);
        Some(Self(AppLimits { effects_per_hour: effects?, rollbacks_per_hour: rollbacks? }))
    }
}

/// More than one every four seconds is no limit.
const LIMIT_MAX: u32 = 1000;

/// `[heroku]`
pub(crate) struct HerokuFields {
    token: Option<Variable>,
}

impl Settings for HerokuFields {
    const KIND: &str = "heroku";
    const SUMMARY: &str = "the default account";
    const EXAMPLE: &str = "token = { env = \"HEROKU_API_KEY\" }";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let token = fields.optional("token", "the variable with the token; default: HEROKU_API_KEY or Heroku's CLI");
        Some(Self { token: token? })
    }
}

/// `[heroku.accounts.NAME]`
pub(crate) struct AccountFields {
    token: Variable,
}

impl Settings for AccountFields {
    const KIND: &str = "heroku.accounts.NAME";
    const SUMMARY: &str = "one more account, which monitors and reactions choose by `account = \"NAME\"`";
    const EXAMPLE: &str = "token = { env = \"HEROKU_API_KEY_NAME\" }";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let token = fields.required("token", "the variable with the account's token");
        Some(Self { token: token? })
    }
}

/// Refuses keys that are not known at the top.
pub(crate) fn refuse_unknown(root: &Table, found: &mut Vec<Found>) {
    for (key, _) in root.entries.iter().filter(|(key, _)| !TOP.contains(&key.name.as_str())) {
        let mistake =
            Mistake::new(key.span.clone(), format!("unknown key `{}`", key.name), "not known at the top level");
        let hint = match did_you_mean(&key.name, TOP) {
            Some(meant @ ("channel" | "monitor" | "reaction")) => format!("did you mean `[[{meant}]]`?"),
            Some("receive") => "did you mean `[receive.apps.NAME]`?".to_owned(),
            Some("defaults") => "did you mean `[defaults.monitor]` or `[defaults.reaction]`?".to_owned(),
            Some(meant @ ("limits" | "network" | "server" | "heroku" | "notify")) => {
                format!("did you mean `[{meant}]`?")
            }
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                "known here: include, mode, own_app, [limits], [network], [server], [heroku], [receive.apps.NAME], [notify], [[channel]], \
                 [defaults.monitor], [defaults.reaction], [[monitor]], [[reaction]]"
                    .to_owned()
            }
        };
        found.push(mistake.hint(hint).into());
    }
}

/// Reads the settings of the instance, and refuses keys that are not known at the top.
pub(crate) fn instance(root: &Table, found: &mut Vec<Found>) -> Instance {
    refuse_unknown(root, found);
    let mut mistakes = Vec::new();
    let instance = InstanceFields::from_table(&only(root, |key| INSTANCE.contains(&key)), 0..0, &mut mistakes);
    let limits = root.get("limits").and_then(|(_, node)| {
        let (limits, span) = table(node, "a table, `[limits]`", &mut mistakes)?;
        LimitFields::from_table(limits, span, &mut mistakes)
    });
    found.extend(mistakes.into_iter().map(Found::from));
    let (mode, own_app) = instance.map(|fields| (fields.mode, fields.own_app)).unwrap_or_default();
    Instance { mode, own_app, limits: limits.map(|fields| fields.0).unwrap_or_default() }
}

/// Reads the accounts, the default one first; those with mistakes are there all the same, so that they are known.
/// The first of the roots is the main file's.
pub(crate) fn accounts(roots: &[&Table], found: &mut Vec<Found>) -> Vec<Account> {
    let mut accounts = vec![Account { name: AccountName::default(), token: None }];
    let mut taken: HashMap<&str, &Span> = HashMap::new();
    for (index, root) in roots.iter().enumerate() {
        accounts_of(root, index == 0, &mut accounts, found);
        // Within one file, TOML itself has a name once.
        let heroku = root.get("heroku").and_then(|(_, node)| table(node, "", &mut Vec::new()));
        let named = heroku.and_then(|(heroku, _)| heroku.get("accounts"));
        let Some((named, _)) = named.and_then(|(_, node)| table(node, "", &mut Vec::new())) else { continue };
        for (key, _) in &named.entries {
            let Some(first) = taken.insert(&key.name, &key.span) else { continue };
            let message = format!("two accounts are called \"{}\"", key.name);
            let mistake = Mistake::new(key.span.clone(), message, "expected a name of its own")
                .hint("one account has one token; give this one another name, or leave it out");
            found.push(Found::from(mistake).also(first.clone(), "already here"));
            taken.insert(&key.name, first);
        }
    }
    accounts
}

/// Reads the accounts of one file.
fn accounts_of(root: &Table, is_main: bool, accounts: &mut Vec<Account>, found: &mut Vec<Found>) {
    let Some((_, node)) = root.get("heroku") else { return };
    let mut mistakes = Vec::new();
    if let Some((heroku, span)) = table(node, "a table, `[heroku]`", &mut mistakes) {
        if let Some((key, _)) = heroku.get("host") {
            mistakes.push(
                Mistake::new(key.span.clone(), "`host` does not stand in the file", "not known here")
                    .hint("which API is called is the environment's: HEROKU_HOST, as Heroku's CLI reads it"),
            );
        }
        if let Some((key, _)) = heroku.get("token").filter(|_| !is_main) {
            mistakes.push(
                Mistake::new(key.span.clone(), "the default account's `token` in an included file", "not known here")
                    .hint("it stands in the main file only; other accounts may stand here: [heroku.accounts.NAME]"),
            );
        }
        let own = only(heroku, |key| key != "accounts" && key != "host" && (is_main || key != "token"));
        let fields = HerokuFields::from_table(&own, span, &mut mistakes);
        if is_main {
            accounts[0].token = fields.and_then(|fields| fields.token).map(|variable| variable.0);
        }
        if let Some((_, node)) = heroku.get("accounts")
            && let Some((named, _)) = table(node, "a table, `[heroku.accounts.NAME]`", &mut mistakes)
        {
            accounts.extend(named.entries.iter().filter_map(|entry| account(entry, &mut mistakes)));
        }
    }
    found.extend(mistakes.into_iter().map(Found::from));
}

fn account((key, node): &(Key, Node), mistakes: &mut Vec<Mistake>) -> Option<Account> {
    let name = key.name.parse::<AccountName>().ok().filter(|name| *name != AccountName::default());
    if name.is_none() {
        let mistake =
            Mistake::new(key.span.clone(), "not a name for an account", format!("expected {}", AccountName::EXPECTED));
        mistakes.push(mistake.hint("`default` is the account of `[heroku]` itself"));
    }
    let (fields, span) = table(node, "a table, `[heroku.accounts.NAME]`", mistakes)?;
    let token = AccountFields::from_table(fields, span, mistakes).map(|fields| fields.token.0);
    Some(Account { name: name?, token })
}

/// The table that a value should be.
pub(crate) fn table<'t>(node: &'t Node, expected: &str, mistakes: &mut Vec<Mistake>) -> Option<(&'t Table, Span)> {
    if let Value::Table(table) = &node.value {
        return Some((table, node.span.clone()));
    }
    let message = format!("found {} instead of a table", node.value.kind());
    mistakes.push(Mistake::new(node.span.clone(), message, format!("expected {expected}")));
    None
}

/// The table with only some of its keys.
pub(crate) fn only(table: &Table, keep: impl Fn(&str) -> bool) -> Table {
    let entries = table.entries.iter().filter(|(key, _)| keep(&key.name)).cloned().collect();
    Table { entries, span: table.span.clone() }
}

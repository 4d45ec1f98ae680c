//! `[receive.apps.NAME]`: the apps that tell Flyball something by themselves, and by which key.

use crate::document::Damage;
use crate::entries::Entry;
use crate::found::Found;
use crate::sections::table;
use flyball_model::AppName;
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_settings::{Fields, Key, Mistake, Node, Settings, Shape, Span, Table, Take, Value, Variable};
use secrecy::{ExposeSecret as _, SecretString};

/// A key of somebody's own that is shorter could be guessed.
const KEY_CHARS_MIN: usize = 16;

/// An app that tells Flyball something by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Which.
    pub app: AppName,
    /// The key of its log drain.
    pub drain: OfKey,
    /// That of Judoscale's adapter in it, where its reports are taken.
    pub judoscale: Option<OfKey>,
    /// That of HireFire's adapter in it, where what it pushes is taken.
    pub hirefire: Option<OfKey>,
}

/// What an app tells by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Told {
    /// Heroku's log drain.
    Drain,
    /// Judoscale's adapter.
    Judoscale,
    /// HireFire's adapter.
    Hirefire,
}

/// Which key somebody has who tells something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfKey {
    /// One that is made from this installation's secret.
    Made,
    /// Somebody's own, in the environment variable of this name.
    Own(String),
}

impl Received {
    /// By which key the app tells so; none where what it tells so is not taken.
    #[must_use]
    pub const fn key(&self, told: Told) -> Option<&OfKey> {
        match told {
            Told::Drain => Some(&self.drain),
            Told::Judoscale => self.judoscale.as_ref(),
            Told::Hirefire => self.hirefire.as_ref(),
        }
    }

    /// Whether what an adapter in it tells is taken.
    #[must_use]
    pub const fn has_adapter(&self) -> bool {
        self.judoscale.is_some() || self.hirefire.is_some()
    }
}

impl Told {
    /// All.
    pub const ALL: [Self; 3] = [Self::Drain, Self::Judoscale, Self::Hirefire];
    /// Those that are adapters in the app.
    pub const ADAPTERS: [Self; 2] = [Self::Judoscale, Self::Hirefire];

    /// Its word in the file, and in addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Judoscale => "judoscale",
            Self::Hirefire => "hirefire",
        }
    }
}

impl OfKey {
    /// The key of somebody's own; `None` where it is made from this installation's secret.
    ///
    /// # Errors
    ///
    /// In words, when the variable is not there, or what it has is too short, or would not stand as it is in an address.
    pub fn own(&self, variable: impl Fn(&str) -> Option<SecretString>) -> Result<Option<SecretString>, String> {
        let Self::Own(name) = self else { return Ok(None) };
        let value = variable(name).ok_or_else(|| flyball_model::not_had(name))?;
        let key = value.expose_secret().trim();
        let is_word = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'));
        if key.len() < KEY_CHARS_MIN || !is_word {
            return Err(format!(
                "{name} has no key of at least {KEY_CHARS_MIN} letters, digits, `-` and `_`: `openssl rand -hex 16` makes one"
            ));
        }
        Ok(Some(key.into()))
    }
}

impl Take for OfKey {
    fn expected() -> String {
        "true, or { env = \"NAME\" }, the name of an environment variable".to_owned()
    }

    fn shape() -> Shape {
        Shape::Variable
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match node.value {
            Value::Boolean(true) => Some(Self::Made),
            Value::Table(_) => Variable::take(node, mistakes).map(|variable| Self::Own(variable.0)),
            _ => {
                let label = format!("expected {}", Self::expected());
                mistakes.push(
                    Mistake::new(node.span.clone(), "no key", label).hint("leave it out where nothing is to be taken"),
                );
                None
            }
        }
    }
}

/// `[receive.apps.NAME]`
pub(crate) struct ReceivedFields {
    drain: Option<Variable>,
    judoscale: Option<OfKey>,
    hirefire: Option<OfKey>,
}

impl Settings for ReceivedFields {
    const KIND: &str = "receive.apps.NAME";
    const SUMMARY: &str =
        "an app whose log drain, and whose adapters of other scalers, come in here, so that its numbers are known";
    const EXAMPLE: &str = "drain = { env = \"SHOP_DRAIN\" }";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let doc = "the variable with the last part of the drain's address; without it, one is made: `flyball drain NAME` tells it";
        let drain: Option<Option<Variable>> = fields.optional("drain", doc);
        let doc = "whether reports of Judoscale's adapter in it are taken, by a key that is made, or by that of a variable: \
                   `flyball drain NAME --adapter judoscale` tells what to set in the app";
        let judoscale: Option<Option<OfKey>> = fields.optional("judoscale", doc);
        let doc = "the same of HireFire's adapter: `flyball drain NAME --adapter hirefire`";
        let hirefire: Option<Option<OfKey>> = fields.optional("hirefire", doc);
        Some(Self { drain: drain?, judoscale: judoscale?, hirefire: hirefire? })
    }
}

/// Reads the apps of all files; an app is there once.
pub(crate) fn received(roots: &[&Table], found: &mut Vec<Found>) -> Vec<Received> {
    let mut received: Vec<(Received, Span)> = Vec::new();
    for root in roots {
        let mut mistakes = Vec::new();
        for (key, node) in apps(root, &mut mistakes) {
            let Some(one) = app(key, node, &mut mistakes) else { continue };
            match received.iter().find(|(known, _)| known.app == one.app) {
                Some((_, first)) => {
                    let message = format!("{} stands in `[receive.apps]` twice", one.app);
                    let mistake = Mistake::new(key.span.clone(), message, "expected it once");
                    found.push(Found::from(mistake).also(first.clone(), "already here"));
                }
                None => received.push((one, key.span.clone())),
            }
        }
        found.extend(mistakes.into_iter().map(Found::from));
    }
    received.into_iter().map(|(one, _)| one).collect()
}

fn apps<'t>(root: &'t Table, mistakes: &mut Vec<Mistake>) -> &'t [(Key, Node)] {
    let Some((_, node)) = root.get("receive") else { return &[] };
    let Some((receive, _)) = table(node, "a table, `[receive.apps.NAME]`", mistakes) else { return &[] };
    for (key, _) in receive.entries.iter().filter(|(key, _)| key.name != "apps") {
        let mistake = Mistake::new(key.span.clone(), format!("unknown key `{}`", key.name), "not known in `[receive]`");
        mistakes.push(mistake.hint("known here: apps, as in `[receive.apps.shop]`"));
    }
    let Some((_, node)) = receive.get("apps") else { return &[] };
    table(node, "a table, `[receive.apps.NAME]`", mistakes).map_or(&[], |(apps, _)| &apps.entries)
}

fn app(key: &Key, node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Received> {
    let app = key.name.parse::<AppName>().ok();
    if app.is_none() {
        let label = format!("expected {}", AppName::EXPECTED);
        mistakes.push(Mistake::new(key.span.clone(), "not a name of an app", label));
    }
    let (fields, span) = table(node, "a table, `[receive.apps.NAME]`", mistakes)?;
    let ReceivedFields { drain, judoscale, hirefire } = ReceivedFields::from_table(fields, span, mistakes)?;
    let drain = drain.map_or(OfKey::Made, |variable| OfKey::Own(variable.0));
    Some(Received { app: app?, drain, judoscale, hirefire })
}

/// Refuses monitors that are told by a drain, or by an adapter, which does not come in.
pub(crate) fn missing(
    monitors: &[(&Entry<'_>, &Option<Monitor>)],
    received: &[Received],
    damage: &Damage,
    found: &mut Vec<Found>,
) {
    if damage.touches("receive") {
        return;
    }
    for (entry, monitor) in monitors {
        let Some(monitor) = monitor else { continue };
        let drained = monitor.kind.drained().map(|(app, _)| app);
        let Some(app) = drained.or(monitor.kind.adapted()) else { continue };
        let received = received.iter().find(|received| received.app == *app);
        let is_adapted = drained.is_none();
        if received.is_some_and(|received| !is_adapted || received.has_adapter()) {
            continue;
        }
        let written = entry.kind.as_ref().and_then(|(_, settings, _)| settings.get("app"));
        let place = written.map_or_else(|| entry.span.clone(), |(_, app)| app.span.clone());
        let mistake = if is_adapted {
            let hint = "write `judoscale = true` or `hirefire = true` there, and then `flyball drain";
            let message = format!("no adapter of {app} reports here");
            Mistake::new(place, message, format!("told by one, in `[receive.apps.{app}]`"))
                .hint(format!("{hint} {app} --adapter judoscale`, or `hirefire`"))
        } else {
            Mistake::new(place, format!("the logs of {app} do not come in"), "told by its log drain")
                .hint(format!("write `[receive.apps.{app}]`, and then `flyball drain {app} --add`"))
        };
        found.push(mistake.into());
    }
}

/// Warns of reactions that wait for jobs of an app of which nobody tells whether any run, though something of it comes in here.
pub(crate) fn untold_jobs(
    reactions: &[(&Entry<'_>, &Option<Reaction>)],
    received: &[Received],
    damage: &Damage,
    warnings: &mut Vec<Found>,
) {
    if damage.touches("receive") {
        return;
    }
    for (entry, reaction) in reactions {
        let Some(reaction) = reaction else { continue };
        let app = reaction.kind.app();
        let Some(process_type) = reaction.kind.process_type().filter(|_| reaction.kind.waits_for_jobs().is_some())
        else {
            continue;
        };
        if !received.iter().any(|received| received.app == *app && !received.has_adapter()) {
            continue;
        }
        let written = entry.kind.as_ref().and_then(|(_, settings, _)| settings.get("process_type"));
        let place = written.map_or_else(|| entry.span.clone(), |(_, node)| node.span.clone());
        let message = format!("nothing tells whether jobs run on {process_type} of {app}");
        let hint = "where the app has such an adapter, write `judoscale = true` or `hirefire = true` in";
        let mistake = Mistake::new(place, message, "its dynos are taken away whatever they do")
            .hint(format!("{hint} `[receive.apps.{app}]`; `may_kill_jobs = true` says that it is meant so"));
        warnings.push(mistake.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_somebody_s_own_is_long_and_stands_in_an_address_as_it_is() {
        let own = OfKey::Own("SHOP_DRAIN".to_owned());
        let key = |value: Option<&str>| own.own(|_| value.map(SecretString::from));
        let good = key(Some("0123456789abcdef\n")).unwrap().unwrap();
        assert_eq!(good.expose_secret(), "0123456789abcdef");
        for value in [None, Some(""), Some("short"), Some("0123456789abcde/"), Some("0123456789abcdef ghi")] {
            let why = key(value).unwrap_err();
            assert!(why.contains("SHOP_DRAIN") && !why.contains("0123456789"), "{why}");
        }
        assert!(OfKey::Made.own(|_| Some("0123456789abcdef".into())).unwrap().is_none());
    }
}

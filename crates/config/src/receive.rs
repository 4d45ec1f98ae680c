//! `[receive.apps.NAME]`: the apps that tell Flyball something by themselves, and by which key.

use crate::document::Damage;
use crate::entries::Entry;
use crate::found::Found;
use crate::sections::table;
use flyball_model::AppName;
use flyball_monitors::Monitor;
use flyball_settings::{Fields, Key, Mistake, Node, Settings, Span, Table, Variable};
use secrecy::{ExposeSecret as _, SecretString};

/// A key of somebody's own that is shorter could be guessed.
const KEY_CHARS_MIN: usize = 16;

/// An app that tells Flyball something by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Which.
    pub app: AppName,
    /// The environment variable with the key of its log drain; none where the key is made from this installation's secret.
    pub drain: Option<String>,
}

impl Received {
    /// The key of somebody's own; `None` where it is made from this installation's secret.
    ///
    /// # Errors
    ///
    /// In words, when the variable is not there, or what it has is too short, or would not stand as it is in an address.
    pub fn own_key(&self, variable: impl Fn(&str) -> Option<SecretString>) -> Result<Option<SecretString>, String> {
        let Some(name) = &self.drain else { return Ok(None) };
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

/// `[receive.apps.NAME]`
pub(crate) struct ReceivedFields {
    drain: Option<Variable>,
}

impl Settings for ReceivedFields {
    const KIND: &str = "receive.apps.NAME";
    const SUMMARY: &str = "an app whose log drain comes in here, so that its numbers are known";
    const EXAMPLE: &str = "drain = { env = \"SHOP_DRAIN\" }";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let doc = "the variable with the last part of the drain's address; without it, one is made: `flyball drain NAME` tells it";
        Some(Self { drain: fields.optional("drain", doc)? })
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
    let ReceivedFields { drain } = ReceivedFields::from_table(fields, span, mistakes)?;
    Some(Received { app: app?, drain: drain.map(|variable| variable.0) })
}

/// Refuses monitors that are told by a drain which does not come in.
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
        let Some((app, _)) = monitor.as_ref().and_then(|monitor| monitor.kind.drained()) else { continue };
        if received.iter().any(|received| received.app == *app) {
            continue;
        }
        let written = entry.kind.as_ref().and_then(|(_, settings, _)| settings.get("app"));
        let place = written.map_or_else(|| entry.span.clone(), |(_, app)| app.span.clone());
        let mistake = Mistake::new(place, format!("the logs of {app} do not come in"), "told by its log drain")
            .hint(format!("write `[receive.apps.{app}]`, and then `flyball drain {app} --add`"));
        found.push(mistake.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_somebody_s_own_is_long_and_stands_in_an_address_as_it_is() {
        let own = Received { app: "shop".parse().unwrap(), drain: Some("SHOP_DRAIN".to_owned()) };
        let key = |value: Option<&str>| own.own_key(|_| value.map(SecretString::from));
        let good = key(Some("0123456789abcdef\n")).unwrap().unwrap();
        assert_eq!(good.expose_secret(), "0123456789abcdef");
        for value in [None, Some(""), Some("short"), Some("0123456789abcde/"), Some("0123456789abcdef ghi")] {
            let why = key(value).unwrap_err();
            assert!(why.contains("SHOP_DRAIN") && !why.contains("0123456789"), "{why}");
        }
        let made = Received { drain: None, ..own };
        assert!(made.own_key(|_| Some("0123456789abcdef".into())).unwrap().is_none());
    }
}

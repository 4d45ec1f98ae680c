//! `[[monitor]]`

use crate::entries::{Entry, Family};
use crate::found::Found;
use flyball_model::{ChannelName, Hours, MonitorId, MonitorName, ReactionName};
use flyball_monitors::{Doubt, Kind, Monitor};
use flyball_settings::{Bounds, Fields, Mistake, Settings, describe};
use std::time::Duration;

/// What every monitor has, whatever it watches.
pub(crate) struct MonitorFields {
    name: MonitorName,
    shared: MonitorDefaults,
}

/// What may be said once for all monitors.
pub(crate) struct MonitorDefaults {
    every: Duration,
    reactions: Vec<ReactionName>,
    during: Option<Hours>,
    enabled: bool,
}

impl Settings for MonitorFields {
    const KIND: &str = "monitor";
    const SUMMARY: &str = "what is watched, how often, and the reactions that it calls";
    const EXAMPLE: &str = "name = \"shop answers\"\nevery = \"30s\"\nhttp = { url = \"https://shop.example.com/\" }\nreactions = [\"more web\"]";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "what you call it, unique among monitors");
        let shared = MonitorDefaults::read(fields);
        Some(Self { name: name?, shared: shared? })
    }
}

impl Settings for MonitorDefaults {
    const KIND: &str = "defaults.monitor";
    const SUMMARY: &str = "what holds for every monitor that does not say it itself, in this file, in those that it includes, and in pages";
    const EXAMPLE: &str = "every = \"1m\"\nreactions = [\"more web\"]";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let bounds = Bounds { least: Monitor::EVERY_MIN, most: Monitor::EVERY_MAX, words: "\"1s\" to \"24h\"" };
        let every = fields.within("every", Monitor::EVERY, "\"30s\"", &bounds, "how often it looks");
        let reactions = fields.or("reactions", Vec::new(), "[]", "the reactions that it calls, by name, in this order");
        let doc = "the hours in which it looks; outside of them it neither passes nor fails, and calls nobody";
        let during: Option<Option<Hours>> = fields.optional("during", doc);
        let enabled = fields.or("enabled", true, "true", "`false` switches it off");
        // Taken with all that says who is told what.
        let notify: Option<Option<Vec<ChannelName>>> = fields.optional("notify", crate::notify::OWN_DOC);
        notify?;
        Some(Self { every: every?, reactions: reactions?, during: during?, enabled: enabled? })
    }
}

/// The family of monitors.
pub(crate) fn family() -> Family {
    let example = Kind::descriptions().into_iter().next().map(|kind| format!("{} = {}", kind.word, kind.example));
    Family {
        word: MonitorFields::KIND,
        purpose: "is watched here",
        kinds: Kind::words().to_vec(),
        fields: describe::<MonitorFields>().into_iter().map(|field| field.name).collect(),
        example: example.unwrap_or_default(),
    }
}

/// Reads a monitor whose keys are sorted out.
pub(crate) fn read(entry: &Entry<'_>, found: &mut Vec<Found>) -> Option<Monitor> {
    let mut mistakes = Vec::new();
    let fields = MonitorFields::from_table(&entry.common, entry.span.clone(), &mut mistakes);
    let kind = entry.kind.clone();
    let kind = kind.and_then(|(word, table, span)| Kind::read(word, table, span, &mut mistakes));
    found.extend(entry.own(mistakes));
    let MonitorFields { name, shared: MonitorDefaults { every, reactions, during, enabled } } = fields?;
    Some(Monitor { id: MonitorId::of(&name), name, every, during, enabled, reactions, kind: kind? })
}

/// What of a monitor's settings is allowed and probably not meant.
pub(crate) fn doubts(entry: &Entry<'_>, monitor: &Monitor) -> Vec<Found> {
    let at = |doubt: Doubt| {
        let Doubt { setting, message, label, hint } = doubt;
        let span = entry.setting(setting)?;
        Some(Mistake::new(span, format!("`{setting}`: {message}"), label).hint(hint).into())
    };
    monitor.kind.doubts().into_iter().filter_map(at).collect()
}

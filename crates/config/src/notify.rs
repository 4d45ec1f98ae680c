//! `[notify]`, and the `notify` of monitors and reactions: who is told what.

use crate::entries::{Entry, texts};
use crate::found::Found;
use crate::sections::table;
use crate::server::Server;
use flyball_channels::{On, Quiet, Rules};
use flyball_model::{ChannelName, MonitorId, ReactionId};
use flyball_monitors::PageUrl;
use flyball_settings::{Bounds, Fields, Settings, Span, Table, Value};
use std::time::Duration;
use url::Url;

/// What the `notify` of a monitor or a reaction is.
pub(crate) const OWN_DOC: &str =
    "the channels by which is told of it, instead of the default of `[notify]`; with none, nobody is told";

/// Oftener than a minute nobody reads, and who is reminded after a week is not.
const REMINDERS: Bounds<Duration> =
    Bounds { least: Duration::from_secs(60), most: Duration::from_secs(7 * 86_400), words: "\"1m\" to \"7d\"" };

/// What lasts for an hour is told by then.
const WAITS: Bounds<Duration> =
    Bounds { least: Duration::ZERO, most: Duration::from_secs(3600), words: "\"0s\" to \"1h\"" };

/// `[notify]`
#[derive(Default)]
pub(crate) struct NotifyFields(Rules);

impl Settings for NotifyFields {
    const KIND: &str = "notify";
    const SUMMARY: &str = "who is told what";
    const EXAMPLE: &str =
        "default = [\"on call\"]\nquiet = { from = \"22:00\", to = \"07:00\", zone = \"Europe/Berlin\" }";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let doc = "the channels by which is told of what has no `notify` of its own";
        let default: Option<Vec<ChannelName>> = fields.or("default", Vec::new(), "[]", doc);
        let words = "[\"incident\", \"needs_person\", \"recovered\"]";
        let on = fields.or("on", On::DEFAULT.to_vec(), words, "what is told");
        let doc = "how often it is told again that something still is in trouble; without it, once";
        let remind_every = fields.within_if_any("remind_every", &REMINDERS, doc);
        let doc = "how long something is in trouble before it is told; what is over sooner is not told";
        let wait = fields.within("wait", Rules::WAIT, "\"15s\"", &WAITS, doc);
        let doc = "where the pages are, for links; without it, `https://` and the first of `[server]`'s `hosts`, if there is one";
        let pages: Option<Option<PageUrl>> = fields.optional("pages", doc);
        let quiet: Option<Option<Quiet>> = fields.optional("quiet", "hours in which only what needs a person is told");
        Some(Self(Rules {
            default: default?,
            on: on?,
            wait: wait?,
            pages: pages?.map(|pages| pages.url().clone()),
            remind_every: remind_every?,
            quiet: quiet?,
            ..Rules::default()
        }))
    }
}

impl NotifyFields {
    /// With what monitors and reactions say themselves.
    pub(crate) fn of<'e>(
        self,
        monitors: impl Iterator<Item = (&'e Entry<'e>, MonitorId)>,
        reactions: impl Iterator<Item = (&'e Entry<'e>, ReactionId)>,
        server: &Server,
    ) -> Rules {
        let own = |entry: &Entry<'_>| {
            entry.common.get("notify")?;
            // Names that are none were told as that.
            Some(texts(&entry.common, "notify").into_iter().filter_map(|(name, _)| name.parse().ok()).collect())
        };
        Rules {
            monitors: monitors.filter_map(|(entry, id)| Some((id, own(entry)?))).collect(),
            reactions: reactions.filter_map(|(entry, id)| Some((id, own(entry)?))).collect(),
            pages: self.0.pages.or_else(|| served(server)),
            ..self.0
        }
    }
}

/// Where the pages are, as far as `[server]` says: whoever has a name for them has TLS in front of them.
fn served(server: &Server) -> Option<Url> {
    Url::parse(&format!("https://{}/", server.hosts.first()?)).ok()
}

/// Reads the section; its defaults where there is none.
pub(crate) fn rules(root: &Table, found: &mut Vec<Found>) -> NotifyFields {
    let Some((_, node)) = root.get(NotifyFields::KIND) else { return NotifyFields::default() };
    let mut mistakes = Vec::new();
    let fields = table(node, "a table, `[notify]`", &mut mistakes)
        .and_then(|(table, span)| NotifyFields::from_table(table, span, &mut mistakes));
    found.extend(mistakes.into_iter().map(Found::from));
    fields.unwrap_or_default()
}

/// Every list of channels that is written, with the places of the names.
pub(crate) fn named<'e>(root: &Table, entries: impl Iterator<Item = &'e Entry<'e>>) -> Vec<Vec<(String, Span)>> {
    let default = root.get(NotifyFields::KIND).and_then(|(_, node)| match &node.value {
        Value::Table(section) => Some(texts(section, "default")),
        _ => None,
    });
    default.into_iter().chain(entries.map(|entry| texts(&entry.common, "notify"))).collect()
}

/// What the reference says below the fields, in Markdown.
pub(crate) fn notes() -> &'static str {
    "`incident` is that a monitor is in trouble, and the reminders of it; `needs_person` that Flyball cannot go on by itself; `effect` \
     that it changed something, `would` that it would have, but for `dry_run`; `recovered` that a monitor passes again; `daily` what \
     the day was like, at nine in the morning where the quiet hours are. Of one outage each channel is told once: of the trouble, of what \
     needs a person, of the reminders, and of its end, if it was told of the beginning. Where nobody is disturbed by it (in a thread of \
     Slack, by a webhook) more is told as it goes on, once a minute. Three outages or more that begin together are one message. What is \
     in trouble while it is quiet is told afterwards, if it still is. A channel that takes nothing is told of on the others; what it \
     missed is tried again for a day. `quiet` never silences `needs_person`. `zone` is a name such as `Europe/Berlin`, as the system has them, or \
     `UTC`.\n\n\
     `flyball notify --test NAME` tells a channel something, and says what came of it. What is denied by `[network]` is denied to \
     channels as well.\n"
}

//! `[[reaction]]`

use crate::entries::{Entry, Family};
use crate::found::Found;
use flyball_model::{CallOn, ChannelName, Hours, Mode, Policy, ReactionId, ReactionName, Spending, Trigger};
use flyball_reactions::{Kind, Reaction};
use flyball_settings::{Bounds, Fields, Mistake, Settings, Table, Take as _, Value, describe};
use std::time::Duration;

/// A month: who waits longer does not want a cooldown but `enabled = false`.
const COOLDOWN_MAX: Duration = Duration::from_secs(30 * 86_400);
/// How many effects of one reaction are remembered; whoever wants more wants no limit.
const EFFECTS_MAX: u32 = 1000;
/// No dyno boots for a day.
const SETTLE_MAX: Duration = Duration::from_secs(86_400);

/// What every reaction has, whatever it does.
pub(crate) struct ReactionFields {
    name: ReactionName,
    /// Without `call_on`, whose default depends on the kind.
    policy: Policy,
}

/// What may be said once for all reactions: not at what each is called, which is its own matter.
pub(crate) struct ReactionDefaults(Policy);

impl Settings for ReactionFields {
    const KIND: &str = "reaction";
    const SUMMARY: &str = "what is done, to which app, within which limit, and when";
    const EXAMPLE: &str =
        "name = \"more web\"\ntrigger = 2\ncooldown = \"5m\"\nscale_out = { app = \"shop\", max_quantity = 5 }";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "what you call it, unique among reactions");
        let doc = "the verdict at which it runs (default \"failing\"; of `scale_in` and `scale_down` \"passing\")";
        let call_on: Option<Option<CallOn>> = fields.optional("call_on", doc);
        let causes = fields.or("causes", Vec::new(), "any", "runs only while the reading fails for one of these");
        let doc = "a reaction on the same app: this one runs only once that has acted in the incident, and the app still fails, \
                   `trigger` readings in a row, since it had time to show";
        let after: Option<Option<ReactionName>> = fields.optional("after", doc);
        let shared = ReactionDefaults::read(fields);
        let policy = Policy { call_on: call_on?.unwrap_or_default(), causes: causes?, after: after?, ..shared?.0 };
        Some(Self { name: name?, policy })
    }
}

impl Settings for ReactionDefaults {
    const KIND: &str = "defaults.reaction";
    const SUMMARY: &str = "what holds for every reaction that does not say it itself, in this file, in those that it includes, and in pages";
    const EXAMPLE: &str = "cooldown = \"10m\"\nmax_per_day = 20";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let zero = Duration::ZERO;
        let cooldowns = Bounds { least: zero, most: COOLDOWN_MAX, words: "\"0s\" to \"30d\"" };
        let settles = Bounds { least: zero, most: SETTLE_MAX, words: "\"0s\" to \"24h\"" };
        let trigger = fields.or("trigger", Trigger::default(), "1", "from which matching reading in a row on it runs");
        let cooldown =
            fields.within("cooldown", zero, "\"0s\"", &cooldowns, "the shortest time between two of its runs");
        let frequency =
            fields.within("frequency", zero, "that of `cooldown`", &cooldowns, "another word for `cooldown`");
        let settle =
            fields.within("settle", Policy::SETTLE, "\"5m\"", &settles, "how long a booting dyno is waited for");
        let mode = fields.or("mode", Mode::Act, "\"act\"", "whether it acts, or only tells what it would do");
        let in_maintenance =
            fields.or("in_maintenance", false, "false", "whether it runs while the app is in maintenance mode");
        let ways = Bounds { least: zero, most: SETTLE_MAX, words: "\"0s\" to \"24h\"" };
        let doc = "how long it holds after somebody else changed the app (default \"0s\"). A rollback gives way only to \
                   their rollbacks and config changes, never to a deploy (default \"10m\")";
        let give_way = fields.within_if_any("give_way", &ways, doc);
        let effects = Bounds { least: 1, most: EFFECTS_MAX, words: "1 to 1000" };
        let max_per_hour =
            fields.within_if_any("max_per_hour", &effects, "how many effects it may have in an hour, at most");
        let max_per_day =
            fields.within_if_any("max_per_day", &effects, "how many effects it may have in a day, at most");
        let doc = "after how many restarts, resizes, rollbacks or one-off dynos in one episode that did not help it \
                   stops, and says that it needs a person";
        let give_up_after = fields.within("give_up_after", Policy::GIVE_UP_AFTER, "10", &effects, doc);
        let doc = "whether it acts on the app that Flyball itself runs on";
        let allow_self = fields.or("allow_self", false, "false", doc);
        let doc = "the hours in which it acts; outside of them it holds, and only a person can ask for it";
        let during: Option<Option<Hours>> = fields.optional("during", doc);
        let enabled = fields.or("enabled", true, "true", "`false` switches it off");
        // Taken with all that says who is told what.
        let notify: Option<Option<Vec<ChannelName>>> = fields.optional("notify", crate::notify::OWN_DOC);
        let cooldown = if fields.has("cooldown") { cooldown } else { frequency };
        if fields.has("cooldown") && fields.has("frequency") {
            let hint = Some("leave one of them out".to_owned());
            fields.wrong("frequency", "`frequency` is another word for `cooldown`", "given twice", hint);
        }
        notify?;
        Some(Self(Policy {
            trigger: trigger?,
            cooldown: cooldown?,
            settle: settle?,
            mode: mode?,
            in_maintenance: in_maintenance?,
            give_way: give_way?,
            max_per_hour: max_per_hour?,
            max_per_day: max_per_day?,
            give_up_after: give_up_after?,
            allow_self: allow_self?,
            during: during?,
            enabled: enabled?,
            ..Policy::default()
        }))
    }
}

/// The family of reactions.
pub(crate) fn family() -> Family {
    let example = Kind::descriptions().into_iter().next().map(|kind| format!("{} = {}", kind.word, kind.example));
    Family {
        word: ReactionFields::KIND,
        purpose: "is done here",
        kinds: Kind::words().to_vec(),
        fields: describe::<ReactionFields>().into_iter().map(|field| field.name).collect(),
        example: example.unwrap_or_default(),
    }
}

/// Reads a reaction whose keys are sorted out.
pub(crate) fn read(entry: &Entry<'_>, found: &mut Vec<Found>) -> Option<Reaction> {
    let mut mistakes = Vec::new();
    let fields = ReactionFields::from_table(&entry.common, entry.span.clone(), &mut mistakes);
    let kind = entry.kind.clone();
    let kind = kind.and_then(|(word, table, span)| Kind::read(word, table, span, &mut mistakes));
    let call_on = kind.as_ref().and_then(|kind| called_on(&entry.common, kind));
    if let (Some(kind), Some(call_on)) = (&kind, call_on) {
        mistakes.extend(never_together(&entry.written(), kind, call_on));
    }
    found.extend(entry.own(mistakes));
    let ReactionFields { name, policy } = fields?;
    let policy = Policy { call_on: call_on?, ..policy };
    Some(Reaction { id: ReactionId::of(&name), name, policy, kind: kind? })
}

/// The verdict at which it runs: as it is written, or else that at which its kind can help. `None` if it is unreadable.
fn called_on(written: &Table, kind: &Kind) -> Option<CallOn> {
    let helps_on = kind.rank().helps_on();
    match written.get("call_on") {
        // What is written beside a kind that is asked at every reading is told as a mistake.
        _ if helps_on == Some(CallOn::Load) => helps_on,
        Some((_, node)) => CallOn::take(node, &mut Vec::new()),
        None => Some(helps_on.unwrap_or_default()),
    }
}

/// What is written beside a kind and this `call_on`, and has no meaning there.
fn never_together(written: &Table, kind: &Kind, call_on: CallOn) -> Vec<Mistake> {
    let at = |key: &str, message: &str, label: &str, hint: &str| {
        let (_, node) = written.get(key)?;
        let is_empty = matches!(&node.value, Value::List(list) if list.is_empty());
        (!is_empty).then(|| Mistake::new(node.span.clone(), message, label).hint(hint))
    };
    match call_on {
        CallOn::Load => {
            let at_every = |key| at(key, "it is asked at every reading", "never matters", "leave it out");
            vec![at_every("call_on"), at_every("causes"), at_every("trigger"), at_every("give_up_after")]
        }
        CallOn::Passing => vec![
            at(
                "give_up_after",
                "a passing monitor needs no help",
                "never counts",
                "it counts effects that did not help against a failure: leave it out",
            ),
            at(
                "causes",
                "a passing reading has no cause",
                "never matches",
                "leave `causes` out, or call on \"failing\"",
            ),
        ],
        CallOn::Failing if Spending::of(kind.rank()).is_none() => vec![at(
            "give_up_after",
            "a change of a quantity has a limit of its own",
            "never counts",
            "it counts restarts, resizes, rollbacks and one-off dynos: leave it out",
        )],
        CallOn::Failing => Vec::new(),
    }
    .into_iter()
    .flatten()
    .collect()
}

/// That it waits for no reading at all, which nothing can.
pub(crate) fn trigger_of_none(entry: &Entry<'_>) -> Option<Found> {
    let (_, node) = entry.common.get("trigger")?;
    let is_none = matches!(node.value, Value::Integer(0));
    let hint = "write 1, or leave `trigger` out; `enabled = false` switches the reaction off";
    is_none
        .then(|| Mistake::new(node.span.clone(), "`trigger` of 0 is read as 1", "acts at the first").hint(hint).into())
}

/// That it runs at a verdict at which its kind cannot help. Whoever writes so is taken at their word.
pub(crate) fn direction(entry: &Entry<'_>, reaction: &Reaction) -> Option<Found> {
    let word = reaction.kind.word();
    let (_, node) = entry.common.get("call_on")?;
    let (message, hint) = match (reaction.policy.call_on, reaction.kind.rank().helps_on()?) {
        (CallOn::Failing, CallOn::Passing) => (
            format!("`{word}` on \"failing\" takes from an app while it is down"),
            format!("leave `call_on` out: the default of `{word}` is \"passing\""),
        ),
        (CallOn::Passing, CallOn::Failing) => (
            format!("`{word}` on \"passing\" acts while all is well"),
            "leave `call_on` out: the default is \"failing\"".to_owned(),
        ),
        _ => return None,
    };
    Some(Mistake::new(node.span.clone(), message, "is this meant?").hint(hint).into())
}

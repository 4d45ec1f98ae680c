//! Whom an event concerns: a plain function of what the file says, the event and the time.

use crate::About;
use flyball_model::{ChannelName, MonitorId, ReactionId, Timestamp};
use flyball_settings::{Fields, Mistake, Node, Settings, Shape, Span, Take, Value, did_you_mean};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// What somebody wants to be told, as `on` in the file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// That something is in trouble, and still is.
    Incident,
    /// That Flyball cannot go on by itself.
    NeedsPerson,
    /// That Flyball changed something.
    Effect,
    /// That it would have.
    Would,
    /// That something works again.
    Recovered,
    /// What the day was like.
    Daily,
}

impl On {
    /// Each with its word.
    pub const WORDS: [(&str, Self); 6] = [
        ("incident", Self::Incident),
        ("needs_person", Self::NeedsPerson),
        ("effect", Self::Effect),
        ("would", Self::Would),
        ("recovered", Self::Recovered),
        ("daily", Self::Daily),
    ];
    /// What is told where the file does not say: what somebody would be sorry not to have heard.
    pub const DEFAULT: [Self; 3] = [Self::Incident, Self::NeedsPerson, Self::Recovered];

    /// Under what a kind of news falls; none for a test, which whoever tries a channel has asked for.
    #[must_use]
    pub const fn of(about: About) -> Option<Self> {
        match about {
            About::Trouble | About::Update => Some(Self::Incident),
            About::Recovered => Some(Self::Recovered),
            About::NeedsPerson => Some(Self::NeedsPerson),
            About::Effect => Some(Self::Effect),
            About::Would => Some(Self::Would),
            About::Daily => Some(Self::Daily),
            About::Test => None,
        }
    }
}

impl Take for On {
    fn expected() -> String {
        let words: Vec<String> = Self::WORDS.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        format!("one of {}", words.join(", "))
    }

    fn shape() -> Shape {
        Shape::Word(Self::WORDS.iter().map(|(word, _)| *word).collect())
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let text = String::take(node, mistakes)?;
        let on = Self::WORDS.iter().find(|(word, _)| *word == text).map(|(_, on)| *on);
        if on.is_none() {
            let mistake = Mistake::new(node.span.clone(), "unknown word", format!("expected {}", Self::expected()));
            mistakes.push(match did_you_mean(&text, Self::WORDS.iter().map(|(word, _)| *word)) {
                Some(meant) => mistake.hint(format!("did you mean \"{meant}\"?")),
                None => mistake,
            });
        }
        on
    }
}

/// Hours in which only what needs a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// From this time of the day on.
    pub from: Time,
    /// To this one, which may be on the next day.
    pub to: Time,
    /// Where that is the time.
    pub zone: TimeZone,
}

impl Quiet {
    /// When the quiet hours end that it is in; `None` if it is in none.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let local = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?.to_zoned(self.zone.clone());
        let time = local.time();
        let is_over_midnight = self.from > self.to;
        let is_in =
            if is_over_midnight { time >= self.from || time < self.to } else { (self.from..self.to).contains(&time) };
        if !is_in {
            return None;
        }
        let ends_tomorrow = is_over_midnight && time >= self.from;
        let day = if ends_tomorrow { local.date().tomorrow().ok()? } else { local.date() };
        let end = self.zone.to_zoned(day.to_datetime(self.to)).ok()?;
        // Where a clock is set back within the hours, they begin again: then they end at their next end.
        Some(Timestamp::from_millis(end.timestamp().as_millisecond()).max(now))
    }
}

impl Settings for Quiet {
    const KIND: &str = "quiet";
    const SUMMARY: &str = "hours in which only what needs a person is told";
    const EXAMPLE: &str = r#"{ from = "22:00", to = "07:00", zone = "Europe/Berlin" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let from: Option<OfDay> = fields.required("from", "when they begin");
        let to: Option<OfDay> = fields.required("to", "when they end");
        let zone: Option<Zone> = fields.required("zone", "where that is the time");
        let (OfDay(from), OfDay(to), Zone(zone)) = (from?, to?, zone?);
        if from == to {
            fields.wrong("to", "hours that end when they begin", "expected another time than `from`", None);
            return None;
        }
        Some(Self { from, to, zone })
    }
}

impl Take for Quiet {
    fn expected() -> String {
        format!("a table, {}", <Self as Settings>::EXAMPLE)
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        if let Value::Table(table) = &node.value {
            return Self::from_table(table, node.span.clone(), mistakes);
        }
        refuse::<Self>(node.span.clone(), format!("found {}", node.value.kind()), mistakes)
    }
}

/// A time of the day.
struct OfDay(Time);

impl Take for OfDay {
    fn expected() -> String {
        "a time of the day such as \"22:00\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let text = String::take(node, mistakes)?;
        let time = Time::strptime("%H:%M", text.trim()).ok().map(Self);
        time.or_else(|| refuse(node.span.clone(), "not a time of the day".to_owned(), mistakes))
    }
}

/// A time zone.
struct Zone(TimeZone);

impl Take for Zone {
    fn expected() -> String {
        "a time zone such as \"Europe/Berlin\", or \"UTC\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let text = String::take(node, mistakes)?;
        let zone = TimeZone::get(text.trim()).ok().map(Self);
        zone.or_else(|| refuse(node.span.clone(), "a time zone that the system does not know".to_owned(), mistakes))
    }
}

fn refuse<T: Take>(span: Span, message: String, mistakes: &mut Vec<Mistake>) -> Option<T> {
    mistakes.push(Mistake::new(span, message, format!("expected {}", T::expected())));
    None
}

/// What the file says of who is told what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Who is told of what names nobody itself.
    pub default: Vec<ChannelName>,
    /// What is told.
    pub on: Vec<On>,
    /// How long something is in trouble before it is told: what is over sooner is not.
    pub wait: Duration,
    /// Where the pages are, for links.
    pub pages: Option<Url>,
    /// How often it is told again that something still is in trouble; not at all where it is `None`.
    pub remind_every: Option<Duration>,
    /// When only what needs a person is told.
    pub quiet: Option<Quiet>,
    /// Who is told of these monitors, instead of the default.
    pub monitors: BTreeMap<MonitorId, Vec<ChannelName>>,
    /// Who is told of these reactions, instead of the default.
    pub reactions: BTreeMap<ReactionId, Vec<ChannelName>>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            default: Vec::new(),
            on: On::DEFAULT.to_vec(),
            wait: Self::WAIT,
            pages: None,
            remind_every: None,
            quiet: None,
            monitors: BTreeMap::new(),
            reactions: BTreeMap::new(),
        }
    }
}

/// What came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What kind of news it is.
    pub about: About,
    /// Whose monitor.
    pub monitor: Option<MonitorId>,
    /// Whose reaction.
    pub reaction: Option<ReactionId>,
}

impl Rules {
    /// How long it is waited unless the file says otherwise: a check that failed once is made again in that time, or in twice that.
    pub const WAIT: Duration = Duration::from_secs(15);

    /// Who is told of an event now: those of its monitor and its reaction, each once, in the file's order.
    ///
    /// Within quiet hours nobody is told of anything but what needs a person; [`Quiet::until`] says when the rest can be, if it still is
    /// so then. That somebody who was not told of the trouble is not told of its end is for whoever remembers what was told.
    #[must_use]
    pub fn channels(&self, event: Event, now: Timestamp) -> Vec<&ChannelName> {
        let Event { about, monitor, reaction } = event;
        let is_wanted = On::of(about).is_some_and(|on| self.on.contains(&on));
        let is_quiet =
            about != About::NeedsPerson && self.quiet.as_ref().is_some_and(|quiet| quiet.until(now).is_some());
        if !is_wanted || is_quiet {
            return Vec::new();
        }
        let of_monitor = monitor.map(|id| self.monitors.get(&id).unwrap_or(&self.default));
        let of_reaction = reaction.map(|id| self.reactions.get(&id).unwrap_or(&self.default));
        let nobody_s = (of_monitor.is_none() && of_reaction.is_none()).then_some(&self.default);
        let mut told: Vec<&ChannelName> = Vec::new();
        for channel in [of_monitor, of_reaction, nobody_s].into_iter().flatten().flatten() {
            if !told.contains(&channel) {
                told.push(channel);
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{MonitorName, ReactionName};

    fn names(names: &[&str]) -> Vec<ChannelName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn monitor(name: &str) -> MonitorId {
        MonitorId::of(&name.parse::<MonitorName>().unwrap())
    }

    fn reaction(name: &str) -> ReactionId {
        ReactionId::of(&name.parse::<ReactionName>().unwrap())
    }

    fn quiet(from: &str, to: &str, zone: &str) -> Quiet {
        Quiet { from: from.parse().unwrap(), to: to.parse().unwrap(), zone: TimeZone::get(zone).unwrap() }
    }

    #[test]
    fn an_event_goes_to_whom_it_concerns() {
        let rules = Rules {
            default: names(&["all"]),
            on: vec![On::Incident, On::NeedsPerson, On::Recovered, On::Effect],
            quiet: Some(quiet("22:00", "07:00", "UTC")),
            monitors: BTreeMap::from([(monitor("page"), names(&["web", "all"])), (monitor("silent"), Vec::new())]),
            reactions: BTreeMap::from([(reaction("more"), names(&["ops", "web"]))]),
            ..Rules::default()
        };
        let (noon, night) = ("12:00", "23:30");
        for (about, of, by, time, expected) in [
            (About::Trouble, Some("page"), None, noon, &["web", "all"][..]),
            (About::Trouble, Some("other"), None, noon, &["all"]),
            (About::Trouble, Some("silent"), None, noon, &[]),
            (About::Effect, None, Some("more"), noon, &["ops", "web"]),
            (About::Effect, Some("page"), Some("more"), noon, &["web", "all", "ops"]),
            (About::Effect, Some("silent"), Some("more"), noon, &["ops", "web"]),
            (About::Effect, Some("other"), Some("other"), noon, &["all"]),
            (About::NeedsPerson, None, None, noon, &["all"]),
            // What nobody wants to hear.
            (About::Would, Some("page"), None, noon, &[]),
            (About::Daily, None, None, noon, &[]),
            (About::Test, None, None, noon, &[]),
            // Quiet hours.
            (About::Trouble, Some("page"), None, night, &[]),
            (About::Update, Some("page"), None, night, &[]),
            (About::Recovered, Some("page"), None, night, &[]),
            (About::NeedsPerson, Some("page"), None, night, &["web", "all"]),
        ] {
            let now: Timestamp = format!("2026-11-29T{time}:00Z").parse().unwrap();
            let event = Event { about, monitor: of.map(monitor), reaction: by.map(reaction) };
            let told: Vec<&str> = rules.channels(event, now).into_iter().map(ChannelName::as_str).collect();
            assert_eq!(told, expected, "{about:?} {of:?} {by:?} {time}");
        }
    }

    #[test]
    fn quiet_hours_end_when_their_clock_says_so() {
        for (from, to, zone, now, until) in [
            ("22:00", "07:00", "UTC", "2026-11-29T21:59:00Z", None),
            ("22:00", "07:00", "UTC", "2026-11-29T22:00:00Z", Some("2026-11-30T07:00:00Z")),
            ("22:00", "07:00", "UTC", "2026-11-30T06:59:00Z", Some("2026-11-30T07:00:00Z")),
            ("22:00", "07:00", "UTC", "2026-11-30T07:00:00Z", None),
            ("12:00", "13:00", "UTC", "2026-11-30T12:30:00Z", Some("2026-11-30T13:00:00Z")),
            ("12:00", "13:00", "UTC", "2026-11-30T13:30:00Z", None),
            ("22:00", "07:00", "Europe/Berlin", "2026-07-01T20:30:00Z", Some("2026-07-02T05:00:00Z")),
            ("22:00", "07:00", "Europe/Berlin", "2026-12-01T20:30:00Z", None),
            // The night in which the clock goes on: it ends an hour earlier by the world's.
            ("22:00", "07:00", "Europe/Berlin", "2026-03-28T22:00:00Z", Some("2026-03-29T05:00:00Z")),
            // An end that the clock leaves out is as much later as it leaves out.
            ("22:00", "02:30", "Europe/Berlin", "2026-03-28T23:00:00Z", Some("2026-03-29T01:30:00Z")),
        ] {
            let until = until.map(|until| until.parse::<Timestamp>().unwrap());
            assert_eq!(quiet(from, to, zone).until(now.parse().unwrap()), until, "{from} {to} {zone} {now}");
        }
    }
}

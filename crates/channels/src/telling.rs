//! What is told to whom now: a plain function of what goes on, of what was told, and of the time.
//!
//! It is asked again and again. Whatever is to be told comes out of it until somebody has stored that it is told, so that a process
//! that dies in between tells it later, and none that lives tells it twice.

mod threads;

use crate::rules::Event;
use crate::{About, On, Rules};
use flyball_model::{
    ChannelName, FirstCause, Incident, IncidentTold, MonitorId, ReactionId, RunId, Thread, ThreadKey, ThreadOf,
    Timestamp, Untold,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use threads::Threads;

/// So many that begin together are a storm, and one message. Two are read as two.
const STORM: usize = 3;
/// Who was told something is told more of it after this time: one message a minute is what somebody reads, and what Slack takes.
const PACE: Duration = Duration::from_secs(60);
/// A run that needs a person begins an incident with the next reading of its app, if anything reads it.
const RUN_OPEN_MAX: Duration = Duration::from_secs(3600);

/// A channel of the file.
#[derive(Debug, Clone, Copy)]
pub struct Listener<'a> {
    /// Which.
    pub name: &'a ChannelName,
    /// Whether more can be told there without disturbing anybody.
    pub follows: bool,
}

/// An incident of which there may be something to tell.
#[derive(Debug, Clone)]
pub struct Outage {
    /// Its number.
    pub number: i64,
    /// The incident.
    pub incident: Incident,
    /// What was told of it.
    pub told: IncidentTold,
    /// The monitors that have failed in it.
    pub monitors: BTreeSet<MonitorId>,
    /// The reaction whose run came to need a person.
    pub reaction: Option<ReactionId>,
}

/// A line of the timeline that somebody may want to hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The line's number.
    pub line: i64,
    /// What kind of news it is. [`About::Update`] is told with the incident that it belongs to, and not by itself.
    pub about: About,
    /// Whose monitor.
    pub monitor: Option<MonitorId>,
    /// Whose reaction.
    pub reaction: Option<ReactionId>,
    /// Which run.
    pub run: Option<RunId>,
    /// The incident that it belongs to, while that goes on.
    pub incident: Option<i64>,
}

/// All that is known where it is asked what is to be told.
#[derive(Debug)]
pub struct Known<'a> {
    /// What the file says.
    pub rules: &'a Rules,
    /// The channels of the file, in its order.
    pub channels: Vec<Listener<'a>>,
    /// The incidents of which not all is told, and those of the open threads.
    pub outages: Vec<Outage>,
    /// The open threads.
    pub threads: Vec<Thread>,
    /// The lines of the timeline since it was asked last, oldest first.
    pub news: Vec<News>,
    /// The channels that take nothing.
    pub failing: Vec<ChannelName>,
    /// The day that is over and can be told, where it is time for that.
    pub day: Option<String>,
}

/// What is to be stored, and told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Telling {
    /// Threads as they are from now on: new ones, and those that changed.
    pub threads: Vec<Thread>,
    /// The notices to be made, each as its thread and the number in it. Those of a thread come in their order.
    pub notices: Vec<(ThreadKey, u32, About)>,
    /// What is told of these incidents now.
    pub incidents: Vec<(i64, IncidentTold)>,
}

/// What is to be told now.
#[must_use]
pub fn telling(known: &Known<'_>, now: Timestamp) -> Telling {
    let mut teller = Teller::new(known, now);
    teller.leave_channels_that_are_gone();
    teller.who_is_needed();
    teller.troubles();
    teller.single_news();
    teller.updates();
    teller.recoveries();
    teller.channels_that_fail();
    teller.day();
    teller.mark_incidents();
    teller.done()
}

struct Teller<'a> {
    known: &'a Known<'a>,
    now: Timestamp,
    quiet_until: Option<Timestamp>,
    outages: BTreeMap<i64, &'a Outage>,
    threads: Threads,
    incidents: Vec<(i64, IncidentTold)>,
}

impl<'a> Teller<'a> {
    fn new(known: &'a Known<'a>, now: Timestamp) -> Self {
        Self {
            known,
            now,
            quiet_until: known.rules.quiet.as_ref().and_then(|quiet| quiet.until(now)),
            outages: known.outages.iter().map(|outage| (outage.number, outage)).collect(),
            threads: Threads::new(&known.threads, now),
            incidents: Vec::new(),
        }
    }

    fn done(self) -> Telling {
        let (threads, notices) = self.threads.done();
        Telling { threads, notices, incidents: self.incidents }
    }

    // What the steps below are made of.

    fn names(&self) -> impl Iterator<Item = &'a ChannelName> + use<'a> {
        let known = self.known;
        known.channels.iter().map(|channel| channel.name)
    }

    fn goes_on(&self, incident: i64) -> bool {
        self.outages.get(&incident).is_some_and(|outage| outage.incident.end.is_none())
    }

    fn hears(&self, channel: &ChannelName, event: Event) -> bool {
        self.known.rules.channels(event, self.now).contains(&channel)
    }

    /// Whether a channel is told of an outage, as this kind of news.
    fn hears_of(&self, channel: &ChannelName, outage: &Outage, about: About) -> bool {
        let events = outage.monitors.iter().map(|monitor| Event { about, monitor: Some(*monitor), reaction: None });
        let by_run = outage.reaction.map(|reaction| Event { about, monitor: None, reaction: Some(reaction) });
        let mut events: Vec<Event> = events.chain(by_run).collect();
        if events.is_empty() {
            events.push(Event { about, monitor: None, reaction: None });
        }
        events.into_iter().any(|event| self.hears(channel, event))
    }

    // The steps.

    /// What is owed to a channel that the file has no more is told by nobody.
    fn leave_channels_that_are_gone(&mut self) {
        let is_there = |name: &ChannelName| self.known.channels.iter().any(|channel| channel.name == name);
        for thread in self.threads.open_threads(|thread| !is_there(&thread.channel)) {
            self.threads.close(&thread.key);
        }
        for thread in self.threads.open_threads(|thread| matches!(thread.of, ThreadOf::Run(_))) {
            if self.now.since(thread.opened_at) > RUN_OPEN_MAX {
                self.threads.close(&thread.key);
            }
        }
    }

    /// What needs a person is told at once, at any hour: in the thread of its incident where there is one.
    fn who_is_needed(&mut self) {
        let about = About::NeedsPerson;
        for name in self.names() {
            let known = self.known;
            let (mut incidents, mut runs, mut lines) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
            for news in known.news.iter().filter(|news| news.about == about) {
                if !self.hears(name, Event { about, monitor: news.monitor, reaction: news.reaction }) {
                    continue;
                }
                match (news.incident, news.run) {
                    (Some(incident), _) => {
                        incidents.insert(incident);
                    }
                    (None, Some(run)) => {
                        runs.insert(run);
                    }
                    (None, None) => lines.push(news.line),
                }
            }
            let there: BTreeSet<ThreadKey> =
                incidents.iter().filter_map(|number| self.threads.with(name, *number)).collect();
            incidents.retain(|number| self.threads.with(name, *number).is_none());
            there.iter().for_each(|key| self.threads.go_on(key, about));
            self.open_for(name, incidents.into_iter().collect(), about);
            for run in runs {
                self.threads.open(name, ThreadOf::Run(run), about);
            }
            if !lines.is_empty() {
                self.threads.tell_once(name, ThreadOf::Lines(lines), about);
            }
        }
    }

    /// A thread for each of these incidents, or one for all where they are many.
    fn open_for(&mut self, channel: &ChannelName, incidents: Vec<i64>, about: About) {
        if incidents.len() >= STORM {
            self.threads.open(channel, ThreadOf::Incidents(incidents), about);
            return;
        }
        for incident in incidents {
            self.threads.open(channel, ThreadOf::Incidents(vec![incident]), about);
        }
    }

    /// Outages of which a channel knows nothing yet. Each is told once it has lasted for its time; where many begin together, all
    /// are told with the first of them, and those that come soon after join those.
    fn troubles(&mut self) {
        for name in self.names() {
            self.adopt_runs(name);
            let known = self.known;
            let unknown: Vec<&Outage> = known.outages.iter().filter(|outage| self.is_untold(name, outage)).collect();
            let needs = |outage: &&Outage| matches!(outage.incident.first, FirstCause::Run(_));
            let (needing, failing): (Vec<&Outage>, Vec<&Outage>) = unknown.into_iter().partition(needs);
            let numbers = |outages: &[&Outage]| outages.iter().map(|outage| outage.number).collect::<Vec<i64>>();
            self.open_for(name, numbers(&needing), About::NeedsPerson);
            let ripe: Vec<&Outage> = failing.iter().copied().filter(|outage| self.is_ripe(outage)).collect();
            if let Some(storm) = self.storm(name) {
                self.join(&storm, &numbers(&failing));
            } else if failing.len() >= STORM && !ripe.is_empty() {
                self.open_for(name, numbers(&failing), About::Trouble);
            } else {
                let room = STORM.saturating_sub(1 + self.opened_of_late(name));
                // The others wait for a minute that has room, and may be a storm by then.
                self.open_for(name, numbers(&ripe[..ripe.len().min(room)]), About::Trouble);
            }
        }
    }

    /// A run that needs a person was told as that before its incident was known: the incident goes on with what was told.
    fn adopt_runs(&mut self, channel: &ChannelName) {
        let known = self.known;
        for outage in known.outages.iter().filter(|outage| outage.told != IncidentTold::End) {
            let FirstCause::Run(run) = outage.incident.first else { continue };
            let of_run = |thread: &Thread| thread.channel == *channel && thread.of == ThreadOf::Run(run);
            for thread in self.threads.open_threads(of_run) {
                self.threads.change(&thread.key, |thread| thread.of = ThreadOf::Incidents(vec![outage.number]));
            }
        }
    }

    /// Whether a channel is to hear of an outage, and has not.
    fn is_untold(&self, channel: &ChannelName, outage: &Outage) -> bool {
        let about = match outage.incident.first {
            FirstCause::Run(_) => About::NeedsPerson,
            FirstCause::Monitor { .. } => About::Trouble,
        };
        // Of what was told once, others that fail in it later are told to those who have not heard of it.
        let is_open = match outage.told {
            IncidentTold::Nothing => outage.incident.end.is_none() || self.is_ripe(outage),
            IncidentTold::Beginning => outage.incident.end.is_none(),
            IncidentTold::End => false,
        };
        // Also one that has just been closed: what was over while nobody looked is told from its beginning to its end at once.
        let is_of = |thread: &Thread| thread.channel == *channel && thread.of.incidents().contains(&outage.number);
        is_open && !self.threads.all().any(is_of) && self.hears_of(channel, outage, about)
    }

    fn is_ripe(&self, outage: &Outage) -> bool {
        let until = outage.incident.end.map_or(self.now, |end| end.at);
        until.since(outage.incident.began_at) >= self.known.rules.wait
    }

    /// The storm that a channel was told of in the last minute.
    fn storm(&self, channel: &ChannelName) -> Option<ThreadKey> {
        let is_storm = |thread: &Thread| {
            thread.channel == *channel
                && thread.of.incidents().len() >= STORM
                && self.now.since(thread.latest_at) < PACE
        };
        self.threads.open_threads(is_storm).into_iter().next().map(|thread| thread.key)
    }

    fn join(&mut self, storm: &ThreadKey, numbers: &[i64]) {
        if numbers.is_empty() {
            return;
        }
        self.threads.change(storm, |thread| {
            if let ThreadOf::Incidents(incidents) = &mut thread.of {
                incidents.extend(numbers);
            }
            thread.untold = Untold::Trouble;
        });
    }

    /// How many threads of outages a channel was given within the last minute.
    fn opened_of_late(&self, channel: &ChannelName) -> usize {
        let is_new = |thread: &&Thread| {
            thread.channel == *channel && !thread.of.incidents().is_empty() && self.now.since(thread.opened_at) < PACE
        };
        self.threads.all().filter(is_new).count()
    }

    /// What was done, or would have been: one message for all that came together. The incident that it belongs to has more to tell.
    fn single_news(&mut self) {
        for name in self.names() {
            for about in [About::Effect, About::Would] {
                let heard = self.known.news.iter().filter(|news| news.about == about);
                let heard = heard
                    .filter(|news| self.hears(name, Event { about, monitor: news.monitor, reaction: news.reaction }));
                let lines: Vec<i64> = heard.map(|news| news.line).collect();
                if !lines.is_empty() {
                    self.threads.tell_once(name, ThreadOf::Lines(lines), about);
                }
            }
            let of_incidents: BTreeSet<i64> = self.known.news.iter().filter_map(|news| news.incident).collect();
            let threads: BTreeSet<ThreadKey> =
                of_incidents.into_iter().filter_map(|incident| self.threads.with(name, incident)).collect();
            for key in threads {
                // What has just been told says it.
                let now = self.now;
                self.threads.change(&key, |thread| {
                    if thread.latest_at < now {
                        thread.untold = thread.untold.max(Untold::More);
                    }
                });
            }
        }
    }

    /// What more there is to tell of outages that go on, and that they still do.
    fn updates(&mut self) {
        let (known, rules) = (self.known, self.known.rules);
        for Listener { name, follows } in &known.channels {
            if !rules.on.contains(&On::Incident) {
                return;
            }
            let of_this = |thread: &Thread| thread.channel == **name && !thread.of.incidents().is_empty();
            for thread in self.threads.open_threads(of_this) {
                if !thread.of.incidents().iter().any(|number| self.goes_on(*number)) {
                    continue;
                }
                let more = match thread.untold {
                    Untold::Trouble => Some(PACE),
                    Untold::More if *follows => Some(PACE),
                    Untold::More | Untold::Nothing => None,
                };
                let Some(after) = more.into_iter().chain(rules.remind_every).min() else { continue };
                let at = (thread.latest_at + after).max(self.quiet_until.unwrap_or(thread.latest_at));
                if at <= self.now {
                    self.threads.go_on(&thread.key, About::Update);
                }
            }
        }
    }

    /// Whoever was told of trouble is told that it is over.
    fn recoveries(&mut self) {
        if self.quiet_until.is_some() {
            return;
        }
        let is_over = |thread: &Thread| {
            let incidents = thread.of.incidents();
            !incidents.is_empty() && !incidents.iter().any(|number| self.goes_on(*number))
        };
        for thread in self.threads.open_threads(is_over) {
            if self.known.rules.on.contains(&On::Recovered) {
                self.threads.go_on(&thread.key, About::Recovered);
            }
            self.threads.close(&thread.key);
        }
    }

    /// A channel that takes nothing is told of on others.
    fn channels_that_fail(&mut self) {
        let (rules, failing) = (self.known.rules, &self.known.failing);
        for of in failing {
            let others = |channel: &&ChannelName| *channel != of && !failing.contains(channel);
            let there: Vec<&ChannelName> =
                self.known.channels.iter().map(|channel| channel.name).filter(others).collect();
            let default: Vec<&ChannelName> =
                there.iter().copied().filter(|name| rules.default.contains(name)).collect();
            let told = if default.is_empty() { there } else { default };
            let is_of = |thread: &Thread| thread.of == ThreadOf::Channel(of.clone());
            if self.threads.open_threads(is_of).is_empty() {
                for name in told {
                    self.threads.open(name, ThreadOf::Channel(of.clone()), About::NeedsPerson);
                }
            }
        }
        let is_well = |thread: &Thread| matches!(&thread.of, ThreadOf::Channel(of) if !failing.contains(of));
        for thread in self.threads.open_threads(is_well) {
            self.threads.go_on(&thread.key, About::Recovered);
            self.threads.close(&thread.key);
        }
    }

    fn day(&mut self) {
        let known = self.known;
        let Some(day) = &known.day else { return };
        for name in self.names() {
            if self.hears(name, Event { about: About::Daily, monitor: None, reaction: None }) {
                self.threads.tell_once(name, ThreadOf::Day(day.clone()), About::Daily);
            }
        }
    }

    /// How far each incident is told from now on.
    fn mark_incidents(&mut self) {
        let known = self.known;
        for outage in &known.outages {
            let (number, has_ended) = (outage.number, outage.incident.end.is_some());
            let is_known = || self.threads.all().any(|thread| thread.of.incidents().contains(&number));
            let told = match outage.told {
                told if self.waits(outage) => told,
                _ if has_ended => IncidentTold::End,
                IncidentTold::Nothing if is_known() => IncidentTold::Beginning,
                // Nobody wants to hear of it.
                IncidentTold::Nothing if self.quiet_until.is_none() && self.is_ripe(outage) => IncidentTold::Beginning,
                told => told,
            };
            if told != outage.told {
                self.incidents.push((number, told));
            }
        }
    }

    /// Whether somebody is to hear of an outage who was told too much in this minute.
    fn waits(&self, outage: &Outage) -> bool {
        let mut channels = self.known.channels.iter();
        self.is_ripe(outage) && channels.any(|channel| self.is_untold(channel.name, outage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quiet;
    use flyball_model::{Cause, EndedBy, IncidentEnd, IncidentOf, MonitorName, ReactionName};
    use uuid::Uuid;

    /// A play of what goes on, in which what is told is stored at once and noted.
    struct Play {
        rules: Rules,
        channels: Vec<(ChannelName, bool)>,
        outages: Vec<Outage>,
        threads: Vec<Thread>,
        failing: Vec<ChannelName>,
        told: Vec<String>,
    }

    fn channel(name: &str) -> ChannelName {
        name.parse().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_000 * second)
    }

    fn page(app: &str) -> MonitorId {
        MonitorId::of(&format!("page of {app}").parse::<MonitorName>().unwrap())
    }

    fn more() -> ReactionId {
        ReactionId::of(&"more".parse::<ReactionName>().unwrap())
    }

    fn of_app(about: About, incident: Option<i64>) -> News {
        News { line: 7, about, monitor: None, reaction: Some(more()), run: Some(RunId(Uuid::from_u128(1))), incident }
    }

    impl Play {
        /// One channel, `all`, which follows, and what the default says.
        fn new() -> Self {
            let rules = Rules { default: vec![channel("all")], ..Rules::default() };
            let channels = vec![(channel("all"), true)];
            Self { rules, channels, outages: Vec::new(), threads: Vec::new(), failing: Vec::new(), told: Vec::new() }
        }

        fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
            change(&mut self);
            self
        }

        fn begins(&mut self, number: i64, app: &str, second: i64) {
            let first =
                FirstCause::Monitor { name: format!("page of {app}").parse().unwrap(), cause: Some(Cause::Status) };
            self.begins_with(number, app, second, first, BTreeSet::from([page(app)]));
        }

        fn begins_with(
            &mut self,
            number: i64,
            app: &str,
            second: i64,
            first: FirstCause,
            monitors: BTreeSet<MonitorId>,
        ) {
            let of = IncidentOf::App(app.parse().unwrap());
            let incident = Incident { of, began_at: at(second), first, end: None };
            self.outages.push(Outage { number, incident, told: IncidentTold::Nothing, monitors, reaction: None });
        }

        fn ends(&mut self, number: i64, second: i64) {
            let ended = self.outages.iter_mut().find(|outage| outage.number == number).unwrap();
            ended.incident.end = Some(IncidentEnd { at: at(second), by: EndedBy::Passing });
        }

        /// Asks what is to be told, and stores it.
        fn ask(&mut self, second: i64, news: &[News]) {
            let is_wanted = |outage: &&Outage, threads: &[Thread]| {
                let is_in = |thread: &Thread| thread.of.incidents().contains(&outage.number);
                outage.told != IncidentTold::End || threads.iter().any(is_in)
            };
            let outages = self.outages.iter().filter(|outage| is_wanted(outage, &self.threads)).cloned().collect();
            let known = Known {
                rules: &self.rules,
                channels: self.channels.iter().map(|(name, follows)| Listener { name, follows: *follows }).collect(),
                outages,
                threads: self.threads.clone(),
                news: news.to_vec(),
                failing: self.failing.clone(),
                day: None,
            };
            let telling = telling(&known, at(second));
            for thread in telling.threads {
                self.threads.retain(|known| known.key != thread.key);
                self.threads.push(thread);
            }
            for (key, sequence, about) in telling.notices {
                let thread = self.threads.iter().find(|thread| thread.key == key).unwrap();
                let of = match &thread.of {
                    ThreadOf::Incidents(numbers) => format!("{numbers:?}"),
                    ThreadOf::Lines(lines) => format!("lines {lines:?}"),
                    ThreadOf::Run(_) => "a run".to_owned(),
                    ThreadOf::Channel(name) => format!("channel {name}"),
                    ThreadOf::Day(day) => day.clone(),
                };
                self.told.push(format!("{second} {}: {} {of} #{sequence}", thread.channel, about.word()));
            }
            self.threads.retain(|thread| thread.closed_at.is_none());
            for (number, told) in telling.incidents {
                self.outages.iter_mut().find(|outage| outage.number == number).unwrap().told = told;
            }
        }

        fn told(&mut self) -> Vec<String> {
            std::mem::take(&mut self.told)
        }
    }

    fn quiet_at_night(rules: &mut Rules) {
        // 1970-01-01T00:00:00Z is in it, until 07:00.
        let (from, to) = ("22:00".parse().unwrap(), "07:00".parse().unwrap());
        rules.quiet = Some(Quiet { from, to, zone: jiff::tz::TimeZone::UTC });
    }

    const MORNING: i64 = 7 * 3600;

    #[test]
    fn an_outage_is_told_once_when_it_has_lasted_and_so_is_its_end() {
        let mut play = Play::new();
        play.begins(1, "shop", 0);
        play.ask(1, &[]);
        assert!(play.told().is_empty());
        play.ask(15, &[]);
        play.ask(16, &[]);
        play.ends(1, 300);
        play.ask(301, &[]);
        play.ask(302, &[]);
        assert_eq!(play.told(), ["15 all: trouble [1] #0", "301 all: recovered [1] #1"]);
        assert!(play.threads.is_empty());
        assert_eq!(play.outages[0].told, IncidentTold::End);
    }

    #[test]
    fn what_is_over_before_its_time_is_not_told_and_what_was_over_while_nobody_looked_is_told_in_order() {
        let mut play = Play::new();
        play.begins(1, "shop", 0);
        play.ask(5, &[]);
        play.ends(1, 14);
        play.ask(20, &[]);
        assert_eq!((play.told(), play.outages[0].told), (vec![], IncidentTold::End));
        play.begins(2, "shop", 100);
        play.ends(2, 400);
        play.ask(500, &[]);
        play.ask(501, &[]);
        assert_eq!(play.told(), ["500 all: trouble [2] #0", "500 all: recovered [2] #1"]);
        assert!(play.threads.is_empty());
    }

    #[test]
    fn many_that_begin_together_are_one_message_and_those_that_come_soon_after_join_it() {
        let mut play = Play::new();
        (0..6).for_each(|nth| play.begins(nth + 1, &format!("app{nth}"), 3 * nth));
        play.ask(15, &[]);
        (6..10).for_each(|nth| play.begins(nth + 1, &format!("app{nth}"), 3 * nth));
        play.ask(30, &[]);
        play.ask(40, &[]);
        play.ask(75, &[]);
        assert_eq!(
            play.told(),
            ["15 all: trouble [1, 2, 3, 4, 5, 6] #0", "75 all: update [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] #1"]
        );
        (1..10).for_each(|number| play.ends(number, 100));
        play.ask(101, &[]);
        assert!(play.told().is_empty());
        play.ends(10, 200);
        play.ask(201, &[]);
        assert_eq!(play.told(), ["201 all: recovered [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] #2"]);
    }

    #[test]
    fn no_more_than_two_single_outages_are_told_in_a_minute_and_none_is_lost() {
        let mut play = Play::new();
        for nth in 0..5 {
            play.begins(nth + 1, &format!("app{nth}"), 20 * nth);
            play.ask(20 * nth + 15, &[]);
            play.ask(20 * nth + 19, &[]);
        }
        play.ask(160, &[]);
        let told = play.told();
        assert_eq!(told[..2], ["15 all: trouble [1] #0", "35 all: trouble [2] #0"]);
        let all: Vec<i64> = play.threads.iter().flat_map(|thread| thread.of.incidents().to_vec()).collect();
        assert_eq!(BTreeSet::from_iter(all.iter().copied()), BTreeSet::from_iter(1..=5), "{told:?}");
        assert_eq!(all.len(), 5);
    }

    #[test]
    fn at_night_only_who_is_needed_is_told_and_the_rest_in_the_morning_if_it_still_is_so() {
        let mut play = Play::new().with(|play| quiet_at_night(&mut play.rules));
        play.begins(1, "shop", 0);
        play.begins(2, "blog", 0);
        play.begins(3, "mill", 0);
        play.ask(20, &[]);
        play.ask(60, &[of_app(About::NeedsPerson, Some(2)), of_app(About::Effect, Some(1))]);
        play.ends(1, 3_600);
        play.ends(2, 3_600);
        play.ask(3_601, &[]);
        assert_eq!(play.told(), ["60 all: needs_person [2] #0"]);
        play.ask(MORNING, &[]);
        assert_eq!(play.told(), [format!("{MORNING} all: trouble [3] #0"), format!("{MORNING} all: recovered [2] #1")]);
    }

    #[test]
    fn who_was_told_of_no_trouble_is_told_of_no_end() {
        let mut play = Play::new().with(|play| play.rules.on = vec![On::NeedsPerson, On::Recovered]);
        play.begins(1, "shop", 0);
        play.ask(20, &[]);
        play.ends(1, 60);
        play.ask(61, &[]);
        assert!(play.told().is_empty());
        let mut play = Play::new().with(|play| play.rules.on = vec![On::Incident]);
        play.begins(1, "shop", 0);
        play.ask(20, &[]);
        play.ends(1, 60);
        play.ask(61, &[]);
        assert_eq!(play.told(), ["20 all: trouble [1] #0"]);
        assert!(play.threads.is_empty(), "nobody wants to hear more of it");
    }

    #[test]
    fn more_is_told_once_a_minute_and_only_where_it_disturbs_nobody() {
        for (follows, expected) in [(true, vec!["80 all: update [1] #1"]), (false, vec![])] {
            let mut play = Play::new().with(|play| play.channels[0].1 = follows);
            play.begins(1, "shop", 0);
            play.ask(20, &[]);
            play.told();
            play.ask(30, &[of_app(About::Effect, Some(1))]);
            play.ask(50, &[of_app(About::Update, Some(1))]);
            play.ask(80, &[]);
            play.ask(200, &[]);
            assert_eq!(play.told(), expected, "{follows}");
        }
    }

    #[test]
    fn it_is_told_again_as_often_as_the_file_says() {
        let mut play = Play::new().with(|play| play.rules.remind_every = Some(Duration::from_secs(600)));
        play.begins(1, "shop", 0);
        play.ask(15, &[]);
        play.ask(614, &[]);
        play.ask(615, &[]);
        play.ask(1_300, &[]);
        play.ends(1, 1_310);
        play.ask(1_320, &[]);
        let expected = [
            "15 all: trouble [1] #0",
            "615 all: update [1] #1",
            "1300 all: update [1] #2",
            "1320 all: recovered [1] #3",
        ];
        assert_eq!(play.told(), expected);
    }

    #[test]
    fn who_is_needed_for_a_run_is_told_once_and_the_incident_goes_on_with_that() {
        let mut play = Play::new();
        play.ask(1, &[of_app(About::NeedsPerson, None)]);
        let first = FirstCause::Run(RunId(Uuid::from_u128(1)));
        play.begins_with(1, "shop", 2, first, BTreeSet::new());
        play.ask(30, &[]);
        play.ends(1, 60);
        play.ask(61, &[]);
        assert_eq!(play.told(), ["1 all: needs_person a run #0", "61 all: recovered [1] #1"]);
        // Where nothing reads the app no incident comes.
        play.ask(100, &[of_app(About::NeedsPerson, None)]);
        play.ask(100 + 3_601, &[]);
        assert!(play.threads.is_empty());
    }

    #[test]
    fn a_channel_of_a_monitor_that_fails_later_is_told_then() {
        let mut play = Play::new().with(|play| {
            play.channels.push((channel("web"), false));
            play.rules.monitors.insert(page("api"), vec![channel("web")]);
        });
        play.begins(1, "shop", 0);
        play.ask(20, &[]);
        play.outages[0].monitors.insert(page("api"));
        play.ask(40, &[]);
        play.ask(41, &[]);
        play.ends(1, 60);
        play.ask(61, &[]);
        let mut told = play.told();
        told.sort();
        let expected = [
            "20 all: trouble [1] #0",
            "40 web: trouble [1] #0",
            "61 all: recovered [1] #1",
            "61 web: recovered [1] #1",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_was_done_is_one_message_for_all_that_came_together() {
        let mut play = Play::new().with(|play| play.rules.on = vec![On::Effect]);
        let (first, second) = (of_app(About::Effect, None), News { line: 8, ..of_app(About::Effect, None) });
        play.ask(10, &[first, second, of_app(About::Would, None)]);
        assert_eq!(play.told(), ["10 all: effect lines [7, 8] #0"]);
        assert!(play.threads.is_empty());
    }

    #[test]
    fn a_channel_that_takes_nothing_is_told_of_on_the_others() {
        let mut play = Play::new().with(|play| {
            play.channels.extend([(channel("ops"), false), (channel("web"), false)]);
            play.failing = vec![channel("all")];
        });
        play.ask(10, &[]);
        play.ask(11, &[]);
        assert_eq!(play.told(), ["10 ops: needs_person channel all #0", "10 web: needs_person channel all #0"]);
        play.failing.clear();
        play.ask(20, &[]);
        assert_eq!(play.told().len(), 2, "that it is well again");
        assert!(play.threads.is_empty());
        // Where there is no other, nobody is told.
        let mut alone = Play::new().with(|play| play.failing = vec![channel("all")]);
        alone.ask(10, &[]);
        assert!(alone.told().is_empty());
    }

    #[test]
    fn what_was_begun_by_a_channel_that_is_gone_ends_in_silence() {
        let mut play = Play::new();
        play.begins(1, "shop", 0);
        play.ask(20, &[]);
        play.channels.clear();
        play.ask(30, &[]);
        play.ends(1, 60);
        play.ask(61, &[]);
        assert_eq!(play.told(), ["20 all: trouble [1] #0"]);
        assert!(play.threads.is_empty());
    }
}

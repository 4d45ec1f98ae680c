//! Telling people: what is to be told is decided, written down, and sent, beside the loop and never in its way.
//!
//! Nothing here is asked by a choice, and nothing waits for it. What is told comes from what is stored (incidents, and the lines of the
//! timeline), so that telling needs no word from the loop: whatever was on disk before a kill is told after it.

mod compose;
mod send;
mod sight;

use crate::engine::{Engine, InForce};
use crate::queries::Reader;
pub(crate) use compose::Composer;
use flyball_channels::{Channel, Known, Listener, telling};
use flyball_model::{IncidentTold, Timestamp};
use flyball_store::{Error, NewNotice, Tell, TimelineLine, TimelinePage, ToldSoFar};
pub(crate) use send::{Gone, Sending};
use sight::Sight;
use std::sync::Arc;
use std::time::Duration;

/// How far the timeline was read is written down at least this often: what is read again after a kill is bounded by it.
const NOTE_EVERY: Duration = Duration::from_secs(60);
/// And whenever so many lines have been read.
const NOTE_LINES: i64 = 5_000;

/// What is remembered between two looks. Everything in it is found again after a restart.
#[derive(Default)]
pub(crate) struct Teller {
    sight: Sight,
    /// Up to which line the timeline was read, and when that was written down.
    read: Option<(i64, Timestamp)>,
    /// The day that was told last: it is told once, however long it is time for that.
    day: Option<String>,
}

impl Engine {
    /// What is in force, where anybody is to be told of anything by this engine: of several one does it.
    fn tells(&self) -> Option<Arc<InForce>> {
        let in_force = self.in_force().filter(|in_force| !in_force.definitions.channels.is_empty())?;
        self.is_first().then_some(in_force)
    }

    /// Decides what is to be told now, and writes it down.
    pub(crate) async fn decide_what_is_told(&self, teller: &mut Teller) -> Result<(), Error> {
        let Some(in_force) = self.tells() else { return Ok(()) };
        let (store, now) = (&self.ports.store, self.ports.clock.now());
        let so_far = store.told_so_far(now).await?;
        let Some(until) = so_far.until else {
            // Who starts to be told is not told of the past.
            let until = self.last_line().await?;
            store.tell(so_far.version, &Tell { until, begins: true, ..Tell::default() }).await?;
            return Ok(());
        };
        let read = teller.read.map_or(until, |(read, _)| read.max(until));
        let page = TimelinePage { after: Some(read), first: true, ..TimelinePage::default() };
        let lines = store.timeline(&page).await?;
        let read_until = lines.last().map_or(read, |line| line.number);
        let reader = Reader::of(&**store, &in_force, now);
        teller.sight.look(&reader, &so_far.incidents, &lines).await?;
        let rules = &in_force.definitions.notify;
        let day = sight::day_to_tell(rules, now).filter(|day| teller.day.as_ref() != Some(day));
        let known = Known {
            rules,
            channels: in_force.definitions.channels.iter().map(listener).collect(),
            outages: teller.sight.outages(&so_far.incidents),
            news: lines.iter().filter_map(|line| teller.sight.news(line, &reader, &so_far.incidents)).collect(),
            threads: so_far.threads.clone(),
            failing: so_far.failing.clone(),
            day,
        };
        let told = telling(&known, now);
        let noted_at = teller.read.map_or(now, |(_, noted_at)| noted_at);
        let is_news = !(told.threads.is_empty() && told.notices.is_empty() && told.incidents.is_empty());
        let is_to_be_noted =
            read_until > until && (now.since(noted_at) >= NOTE_EVERY || read_until - until >= NOTE_LINES);
        if !is_news && !is_to_be_noted {
            teller.read = Some((read_until, noted_at));
            return Ok(());
        }
        let notices = self.compose(&reader, &known, &told, &so_far, &lines).await?;
        let incidents: Vec<(i64, IncidentTold)> = told.incidents;
        let tell = Tell { until: read_until, threads: told.threads, notices, incidents, begins: false };
        // Where somebody else decided meanwhile, it is decided anew from what they did.
        if store.tell(so_far.version, &tell).await? {
            teller.read = Some((read_until, now));
            teller.day = known.day.or(teller.day.take());
        }
        Ok(())
    }

    async fn last_line(&self) -> Result<i64, Error> {
        let page = TimelinePage { lines: 1, ..TimelinePage::default() };
        Ok(self.ports.store.timeline(&page).await?.last().map_or(0, |line| line.number))
    }

    async fn compose(
        &self,
        reader: &Reader<'_>,
        known: &Known<'_>,
        told: &flyball_channels::Telling,
        so_far: &ToldSoFar,
        lines: &[TimelineLine],
    ) -> Result<Vec<NewNotice>, Error> {
        let mut composer = Composer::new(reader, known, &so_far.incidents, lines);
        let mut notices = Vec::new();
        for (key, sequence, about) in &told.notices {
            let Some(thread) = told.threads.iter().find(|thread| thread.key == *key) else { continue };
            let notice = composer.notice(thread, *sequence, *about).await?;
            notices.push(NewNotice {
                thread: key.clone(),
                sequence: *sequence,
                channel: thread.channel.clone(),
                about: about.word().to_owned(),
                notice: serde_json::to_value(&notice).expect("a notice is made of plain values"),
                made_at: notice.at,
            });
        }
        Ok(notices)
    }
}

fn listener(channel: &Channel) -> Listener<'_> {
    Listener { name: &channel.name, follows: channel.follows() }
}

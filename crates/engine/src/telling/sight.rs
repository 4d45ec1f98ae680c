//! What there may be to tell of: outages with what has failed in them, and the lines of the timeline that are news.

use crate::queries::Reader;
use flyball_channels::{About, News, On, Outage, Rules};
use flyball_model::{Because, EngineEvent, Event, IncidentOf, MonitorId, Outcome, ReactionId, Timestamp, Verdict};
use flyball_store::{Error, NumberedIncident, TimelineLine};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// When the day before is told: whoever is told by then has slept, and begins to work.
const DAY_TOLD_AT: Time = Time::constant(9, 0, 0, 0);
/// Who starts later than this does not tell the day any more.
const DAY_TOLD_FOR_H: i8 = 3;

/// What has failed in the incidents that go on. It is read from the timeline once for each, and then kept up.
#[derive(Default)]
pub(super) struct Sight(HashMap<i64, Seen>);

#[derive(Default, Clone)]
struct Seen {
    monitors: BTreeSet<MonitorId>,
    reaction: Option<ReactionId>,
}

impl Sight {
    /// Takes up what is new.
    pub(super) async fn look(
        &mut self,
        reader: &Reader<'_>,
        incidents: &[NumberedIncident],
        lines: &[TimelineLine],
    ) -> Result<(), Error> {
        let open: BTreeSet<i64> = incidents.iter().map(|found| found.number).collect();
        self.0.retain(|number, _| open.contains(number));
        for found in incidents {
            if let Entry::Vacant(unseen) = self.0.entry(found.number) {
                let (monitors, reaction) = reader.failed_in(&found.incident).await?;
                unseen.insert(Seen { monitors, reaction });
            }
        }
        for line in lines {
            let (Event::Flipped { flip, .. }, Some((monitor, _))) = (&line.entry.event, &line.entry.monitor) else {
                continue;
            };
            if flip.to != Verdict::Failing {
                continue;
            }
            for found in open_of(reader, *monitor, incidents) {
                self.0.entry(found.number).or_default().monitors.insert(*monitor);
            }
        }
        Ok(())
    }

    /// The incidents, with what has failed in them.
    pub(super) fn outages(&self, incidents: &[NumberedIncident]) -> Vec<Outage> {
        let outage = |found: &NumberedIncident| {
            let Seen { monitors, reaction } = self.0.get(&found.number).cloned().unwrap_or_default();
            Outage { number: found.number, incident: found.incident.clone(), told: found.told, monitors, reaction }
        };
        incidents.iter().map(outage).collect()
    }

    /// What a line of the timeline is to people; nothing where nobody is told of such lines.
    pub(super) fn news(
        &self,
        line: &TimelineLine,
        reader: &Reader<'_>,
        incidents: &[NumberedIncident],
    ) -> Option<News> {
        let about = about(&line.entry.event)?;
        let monitor = line.entry.monitor.as_ref().map(|(id, _)| *id);
        let of_app = line.entry.app.as_ref().map(|app| IncidentOf::App(app.clone()));
        let by_app =
            incidents.iter().find(|found| found.incident.end.is_none() && Some(&found.incident.of) == of_app.as_ref());
        let by_monitor = || open_of(reader, monitor?, incidents).next();
        let incident = by_app.or_else(by_monitor).map(|found| found.number);
        if about == About::Update && incident.is_none() {
            return None;
        }
        let reaction = line.entry.reaction.as_ref().map(|(id, _)| *id);
        // What a reaction did concerns those who are told of it, and not those of the monitor that called it.
        let monitor = monitor.filter(|_| reaction.is_none());
        Some(News { line: line.number, about, monitor, reaction, run: line.entry.run, incident })
    }
}

/// The incidents that go on and to which a monitor belongs.
fn open_of<'i>(
    reader: &Reader<'_>,
    monitor: MonitorId,
    incidents: &'i [NumberedIncident],
) -> impl Iterator<Item = &'i NumberedIncident> + use<'i> {
    let of: Vec<IncidentOf> = reader.wiring().incidents_of(monitor).cloned().collect();
    incidents.iter().filter(move |found| found.incident.end.is_none() && of.contains(&found.incident.of))
}

/// As what an event is told.
fn about(event: &Event) -> Option<About> {
    match event {
        Event::Ended { outcome, .. } => match outcome {
            Outcome::Done { .. } => Some(About::Effect),
            Outcome::InDoubt { .. } | Outcome::Refused { .. } => Some(About::NeedsPerson),
            Outcome::NotDone { .. } => Some(About::Update),
            Outcome::Superseded { .. } => None,
        },
        Event::Held { because: Because::GivenUp { .. } } => Some(About::NeedsPerson),
        Event::Engine { happened: EngineEvent::Rounds { found } } if !found.is_empty() => Some(About::NeedsPerson),
        Event::Would { .. } => Some(About::Would),
        Event::Flipped { .. }
        | Event::Lost { .. }
        | Event::Settled { .. }
        | Event::OneOffEnded { .. }
        | Event::Foreign { .. }
        | Event::Paused { .. }
        | Event::Resumed { .. } => Some(About::Update),
        Event::Held { .. }
        | Event::Engine { .. }
        | Event::File { .. }
        | Event::Unknown { .. }
        | Event::Queued { .. }
        | Event::Administered { .. } => None,
    }
}

/// The day that is over and is told now, where somebody wants that.
pub(super) fn day_to_tell(rules: &Rules, now: Timestamp) -> Option<String> {
    if !rules.on.contains(&On::Daily) {
        return None;
    }
    let zone = rules.quiet.as_ref().map_or(TimeZone::UTC, |quiet| quiet.zone.clone());
    let local = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?.to_zoned(zone);
    let is_time = local.time() >= DAY_TOLD_AT && local.hour() < DAY_TOLD_AT.hour() + DAY_TOLD_FOR_H;
    is_time.then(|| local.date().yesterday().ok().map(|day| day.to_string())).flatten()
}

/// Between which times a day is, where people are told.
pub(super) fn day_span(rules: &Rules, day: &str) -> Option<(Timestamp, Timestamp)> {
    let zone = rules.quiet.as_ref().map_or(TimeZone::UTC, |quiet| quiet.zone.clone());
    let date: jiff::civil::Date = day.parse().ok()?;
    let begins = |date: jiff::civil::Date| {
        let at = date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
        Some(Timestamp::from_millis(at))
    };
    Some((begins(date)?, begins(date.tomorrow().ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_channels::Quiet;

    #[test]
    fn a_day_is_told_in_the_morning_after_it_where_people_are() {
        let berlin = Quiet {
            from: "22:00".parse().unwrap(),
            to: "07:00".parse().unwrap(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
        };
        let rules = |quiet: Option<Quiet>| Rules { on: vec![On::Daily], quiet, ..Rules::default() };
        for (quiet, now, expected) in [
            (None, "2026-11-29T08:59:59Z", None),
            (None, "2026-11-29T09:00:00Z", Some("2026-11-28")),
            (None, "2026-11-29T11:59:00Z", Some("2026-11-28")),
            (None, "2026-11-29T12:00:00Z", None),
            (Some(berlin.clone()), "2026-11-29T08:00:00Z", Some("2026-11-28")),
            (Some(berlin.clone()), "2026-11-29T07:59:00Z", None),
        ] {
            let day = day_to_tell(&rules(quiet), now.parse().unwrap());
            assert_eq!(day.as_deref(), expected, "{now}");
        }
        assert_eq!(day_to_tell(&Rules::default(), "2026-11-29T09:00:00Z".parse().unwrap()), None);
        // The day on which the clock goes back is an hour longer.
        let (from, to) = day_span(&rules(Some(berlin)), "2026-10-25").unwrap();
        assert_eq!(to.since(from), std::time::Duration::from_secs(25 * 3600));
    }
}

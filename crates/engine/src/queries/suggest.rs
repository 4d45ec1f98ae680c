//! `suggest`: what the recorded load of an app says that a dyno carries, and what scaling to it would have been.

use super::Reader;
use super::replay::{PIECE, cost, outlay, since_then, size_of, stage};
use crate::inbox::told;
use flyball_decide::dynos_for;
use flyball_model::{AppName, MonitorName, ProcessType, Timestamp, duration};
use flyball_monitors::{HerokuRouter, Kind, Monitor, RouterMeasure};
use flyball_replay::{Carries, LoadBy, Minutes, Track, carries, play, weigh};
use flyball_store::Error;
use flyball_views::{CarriesView, LoadBin, Outlay, Suggestion};
use std::time::Duration;

/// Why there is no suggestion by a monitor.
#[derive(Debug)]
pub enum NoSuggestion {
    /// There is no such monitor.
    NoMonitor,
    /// It measures no load that routers tell.
    NoLoad {
        /// What it needs, in words.
        needs: String,
    },
    /// The store does not answer.
    Store(Error),
}

impl From<Error> for NoSuggestion {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl Reader<'_> {
    /// What the load that a monitor measures says since then, or for [`PLAYED`](super::PLAYED).
    ///
    /// # Errors
    ///
    /// Where there is no such monitor, where it measures no load, and when the store does not answer.
    pub async fn suggest(&self, name: &MonitorName, since: Option<Timestamp>) -> Result<Suggestion, NoSuggestion> {
        let since = self.played_since(since);
        let Some(monitor) = self.definitions.monitors.iter().find(|monitor| monitor.name == *name) else {
            return Err(NoSuggestion::NoMonitor);
        };
        let (router, by) = load_of(monitor).map_err(|needs| NoSuggestion::NoLoad { needs })?;
        let (app, web) = (&router.app, ProcessType::web());
        // Nothing else is given requests by a router.
        let ran = self.ran(app, &web, since).await?;
        let mut minutes = Minutes::new(by, &router.narrow().to_string());
        let mut begins = since;
        while begins < self.now {
            let ends = (begins + PIECE).min(self.now);
            for (at, slot) in told(self.store, app, begins, ends).await? {
                minutes.add(at, &slot);
            }
            begins = ends;
        }
        let minutes = minutes.finish(self.now);
        let mut suggestion = Suggestion {
            monitor: name.clone(),
            app: app.clone(),
            process_type: web.clone(),
            since: minutes.first().map_or(since, |first| first.at),
            until: self.now,
            minutes: u64::try_from(minutes.len()).unwrap_or(u64::MAX),
            says_nothing: None,
            carries: None,
            would: None,
            did: None,
            snippet: None,
            sentences: Vec::new(),
        };
        let carried = match carries(&minutes, &ran.quantities) {
            Ok(carried) => carried,
            Err(why) => {
                suggestion.sentences.push(format!("It says nothing yet: {why}."));
                if ran.quantities.is_empty() {
                    suggestion.sentences.push(format!("How many dynos {app} had was never seen."));
                }
                suggestion.says_nothing = Some(why.to_string());
                return Ok(suggestion);
            }
        };
        suggestion.sentences = found(&carried, router.measure, app);

        let recorded = self.recorded(monitor, since).await?;
        let quantities: Vec<u32> = ran.quantities.iter().map(|(_, quantity)| *quantity).filter(|of| *of > 0).collect();
        let loads = recorded.found.iter().filter_map(|found| Some(found.told?.amount.number()));
        let needed = dynos_for(loads.fold(0.0, f64::max), carried.per_dyno);
        let min = quantities.iter().min().copied().unwrap_or(1);
        let max = quantities.iter().max().copied().unwrap_or(1).max(needed.min(DYNOS_MAX)).max(min);
        let snippet = snippet(name, app, carried.per_dyno, min, max);
        if let (Some(first), Ok(read)) = (recorded.found.first(), flyball_config::read("", &snippet)) {
            let (begins, found) = (first.at, recorded.found.as_slice());
            for reaction in &read.reactions {
                let stage = stage(self, reaction, &ran, begins, &[]);
                let track = Track { id: monitor.id, name: name.clone(), every: monitor.every, found };
                let played = play(reaction, &stage, &[track], begins);
                let size = size_of(ran.sighting.as_ref(), &web);
                let outlay_of = |acted, quantities: &[(Timestamp, u32)]| -> Outlay {
                    let weighed = weigh(quantities, found, monitor.every, Some(carried.per_dyno), self.now);
                    outlay(acted, quantities, weighed, true, size.as_ref())
                };
                let had = since_then(&ran.quantities, begins);
                let changes = u64::try_from(had.len().saturating_sub(1)).unwrap_or(u64::MAX);
                let (would, did) = (outlay_of(played.acted, &played.quantities), outlay_of(changes, &had));
                suggestion.sentences.extend(cost(&would, &did, Some(&web)));
                (suggestion.would, suggestion.did) = (Some(would), Some(did));
            }
        }
        suggestion.snippet = Some(snippet);
        suggestion.carries = Some(view(&carried));
        Ok(suggestion)
    }
}

/// Heroku allows so many of a process type unless asked.
const DYNOS_MAX: u32 = 100;

/// Whether a monitor measures a load that a dyno can carry so much of.
#[must_use]
pub fn is_load(monitor: &Monitor) -> bool {
    load_of(monitor).is_ok()
}

/// The load that a monitor measures, or what it needs for one.
fn load_of(monitor: &Monitor) -> Result<(&HerokuRouter, LoadBy), String> {
    let Kind::HerokuRouter(router) = &monitor.kind else {
        return Err(format!(
            "it is told from what routers say: a monitor with `heroku_router = {{ app = \"…\", measure = \"busy\" }}`; this is a {}",
            monitor.kind.word()
        ));
    };
    let router: &HerokuRouter = router;
    match router.measure {
        RouterMeasure::Requests => Ok((router, LoadBy::Requests)),
        RouterMeasure::Busy => Ok((router, LoadBy::Busy)),
        RouterMeasure::Service | RouterMeasure::Connect | RouterMeasure::Errors => Err(
            "a time or a share does not halve when dynos double, so that no dyno carries so much of it: `measure = \"busy\"` or \
             `\"requests\"` is a load"
                .to_owned(),
        ),
    }
}

/// What was found, in sentences.
fn found(carried: &Carries, measure: RouterMeasure, app: &AppName) -> Vec<String> {
    let Carries { per_dyno, most, is_bounded, minutes, near, service_ms, .. } = carried;
    let unit = match measure {
        RouterMeasure::Requests => "requests a second",
        _ => "requests at once",
    };
    let known = duration::roughly(Duration::from_secs(u64::try_from(*minutes).unwrap_or_default() * 60));
    let first = format!(
        "Up to {most:.2} {unit} on each dyno of {app}, requests did not wait: they were served within {service_ms:.0}ms, all but the \
         slowest twentieth. With a tenth to spare, per_dyno is {per_dyno}."
    );
    let second = match is_bounded {
        true => format!("Beyond that they waited. It is told from {known}, of which {near} minutes came close to it."),
        false => format!(
            "They never waited, so that a dyno may carry more. It is told from {known}, of which {near} minutes came close to it."
        ),
    };
    let mut told = vec![first, second];
    if *near < FEW_NEAR {
        told.push("That is little: look again once there was more to do for longer.".to_owned());
    }
    told
}

/// Fewer minutes than this near the bound are a single burst.
const FEW_NEAR: usize = 15;

/// The reaction, as it can stand in the file.
fn snippet(monitor: &MonitorName, app: &AppName, per_dyno: f64, min: u32, max: u32) -> String {
    format!(
        "# Name it in the `reactions` of \"{monitor}\"; without `mode` it acts.\n[[reaction]]\nname = \"enough web for {app}\"\n\
         mode = \"dry_run\"\nscale_to = {{ app = \"{app}\", per_dyno = {per_dyno}, min_quantity = {min}, max_quantity = {max} }}\n"
    )
}

fn view(carried: &Carries) -> CarriesView {
    let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
    let bin = |bin: &flyball_replay::Bin| LoadBin {
        from: bin.from,
        to: bin.to,
        minutes: count(bin.minutes),
        waiting: count(bin.waiting),
        waits: bin.waits(),
        service_ms: bin.service_ms,
        connect_ms: bin.connect_ms,
    };
    CarriesView {
        per_dyno: carried.per_dyno,
        most: carried.most,
        bounded: carried.is_bounded,
        minutes: count(carried.minutes),
        near: count(carried.near),
        quiet_service_ms: carried.service_ms,
        quiet_connect_ms: carried.connect_ms,
        bins: carried.bins.iter().map(bin).collect(),
    }
}

//! `flyball report`: uptime, outages and times, over days and months.

use super::check::nothing_named;
use super::reading::{Desk, Source};
use crate::arguments::Report;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::Remote;
use crate::render;
use crate::wiring::Wiring;
use flyball_engine::queries::ListOutages;
use flyball_model::Timestamp;
use flyball_views::Report as View;
use std::time::Duration;

/// What is reported unless said otherwise.
const SINCE: Duration = Duration::from_hours(30 * 24);

pub(super) async fn report(wiring: &Wiring, asked: &Report) -> Result<Exit, Failure> {
    let source = Source::open(wiring, Exit::NO).await?;
    let (now, zone) = (wiring.now(), wiring.face.zone());
    let since = asked.since.map_or_else(|| now - SINCE, |since| since.begins(now, zone));
    let until = asked.until.map(|until| until.is_over(now, zone));
    let report = match source {
        Source::Here(desk) => here(wiring, &desk, asked, since, until).await?,
        Source::Afar(server) => afar(&server, asked, since, until).await?,
    };
    match wiring.format {
        Format::Json => output::json(&report)?,
        Format::Text => output::data(&render::report::text(&report, &wiring.face))?,
    }
    Ok(Exit::GOOD)
}

async fn here(
    wiring: &Wiring,
    desk: &Desk,
    asked: &Report,
    since: Timestamp,
    until: Option<Timestamp>,
) -> Result<View, Failure> {
    let listed = if asked.outages { ListOutages::Each } else { ListOutages::Summed };
    let until = until.unwrap_or(Timestamp::FAR_FUTURE);
    let report = desk.reader(wiring).await?.report(asked.monitor.as_ref(), since, until, listed).await?;
    if let (Some(name), true) = (&asked.monitor, report.monitors.is_empty()) {
        let known = desk.definitions.monitors.iter().map(|monitor| monitor.name.as_str());
        let because = format!("{} has no monitor of this name", wiring.config().display());
        return Err(nothing_named("monitor", name.as_str(), because, known));
    }
    Ok(report)
}

async fn afar(server: &Remote, asked: &Report, since: Timestamp, until: Option<Timestamp>) -> Result<View, Failure> {
    let mut query = vec![("since", since.to_string()), ("outages", asked.outages.to_string())];
    query.extend(until.map(|until| ("until", until.to_string())));
    query.extend(asked.monitor.as_ref().map(|monitor| ("monitor", monitor.to_string())));
    Ok(server.get(&["report"], &query).await?)
}

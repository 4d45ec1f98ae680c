//! How often a reaction cured what had failed: of each incident in which it did something, whether that helped.

use super::Reader;
use flyball_model::{Actor, AppName, Cause, FirstCause, MonitorId, ReactionName, Run, Timestamp};
use flyball_store::{Error, IncidentsPage, NumberedIncident, RunsPage};
use flyball_views::{CureView, Helped};
use std::collections::BTreeMap;

/// A run, as far as it is counted: of which reaction, when it was decided, and whether it helped.
type Counted<'a> = (&'a ReactionName, Timestamp, Option<Helped>);

impl Reader<'_> {
    /// How often each reaction cured incidents between two times, by what had failed first; of one monitor's runs alone where it
    /// is named. Of the latest [`RunsPage::RUNS_MAX`] runs.
    pub(super) async fn cures(
        &self,
        only: Option<MonitorId>,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<CureView>, Error> {
        let runs = self.store.runs(&RunsPage { since: Some(since), ..RunsPage::default() }).await?;
        let is_wanted = |run: &Run| {
            run.queued_at <= until
                && match &run.actor {
                    Actor::Engine { monitor, .. } => only.is_none_or(|only| only == *monitor),
                    Actor::Person { .. } => false,
                }
        };
        let mut of_apps: BTreeMap<AppName, Vec<Run>> = BTreeMap::new();
        for run in runs.into_iter().filter(is_wanted) {
            of_apps.entry(run.plan.app().name.clone()).or_default().push(run);
        }
        let mut cures = Vec::new();
        for (app, runs) in of_apps {
            cures.extend(self.cures_by(&app, &runs, since).await?);
        }
        cures.sort_by(|one, other| {
            (&one.reaction, one.cause.map(Cause::as_str)).cmp(&(&other.reaction, other.cause.map(Cause::as_str)))
        });
        Ok(cures)
    }

    /// How often these runs on one app cured its incidents.
    pub(super) async fn cures_by(&self, app: &AppName, runs: &[Run], since: Timestamp) -> Result<Vec<CureView>, Error> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let helped = self.helped(runs).await?;
        let page = IncidentsPage { app: Some(app.clone()), since: Some(since), ..IncidentsPage::default() };
        let incidents = self.store.incidents(&page).await?;
        let runs = runs.iter().zip(helped).map(|(run, helped)| (&run.reaction_name, run.queued_at, helped));
        Ok(counted(&incidents, runs))
    }
}

/// Counts each incident once for each reaction that did something in it. One of which nobody knows whether it helped is none.
fn counted<'a>(incidents: &[NumberedIncident], runs: impl Iterator<Item = Counted<'a>>) -> Vec<CureView> {
    let mut of_incidents: BTreeMap<(&ReactionName, i64), bool> = BTreeMap::new();
    for (reaction, queued_at, helped) in runs {
        let is_within = |found: &&NumberedIncident| {
            let end = found.incident.end.map_or(Timestamp::FAR_FUTURE, |end| end.at);
            found.incident.began_at <= queued_at && queued_at <= end
        };
        let cured = match helped {
            Some(Helped::Yes { .. }) => true,
            Some(Helped::No) => false,
            Some(Helped::Shared | Helped::NotYet) | None => continue,
        };
        let Some(found) = incidents.iter().find(is_within) else { continue };
        *of_incidents.entry((reaction, found.number)).or_default() |= cured;
    }
    let cause = |number: i64| match incidents.iter().find(|found| found.number == number)?.incident.first {
        FirstCause::Monitor { cause, .. } => cause,
        FirstCause::Run(_) => None,
    };
    let mut cures: BTreeMap<(&ReactionName, Option<&str>), CureView> = BTreeMap::new();
    for ((reaction, number), cured) in of_incidents {
        let cause = cause(number);
        let key = (reaction, cause.map(Cause::as_str));
        let cure = cures.entry(key).or_insert_with(|| CureView { reaction: reaction.clone(), cause, cured: 0, of: 0 });
        cure.cured += u32::from(cured);
        cure.of += 1;
    }
    cures.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::IncidentTold;
    use flyball_model::{EndedBy, Incident, IncidentEnd, IncidentOf};
    use std::time::Duration;

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(second)
    }

    fn incident(number: i64, began: u64, ended: Option<u64>, cause: Cause) -> NumberedIncident {
        let first = FirstCause::Monitor { name: "page".parse().unwrap(), cause: Some(cause) };
        let end = ended.map(|second| IncidentEnd { at: at(second), by: EndedBy::Passing });
        let of = IncidentOf::App("shop".parse().unwrap());
        NumberedIncident {
            number,
            incident: Incident { of, began_at: at(began), first, end },
            told: IncidentTold::Nothing,
        }
    }

    #[test]
    fn each_incident_is_counted_once_for_each_reaction_by_what_had_failed_first() {
        let incidents = [
            incident(3, 500, None, Cause::Status),
            incident(2, 300, Some(400), Cause::Slow),
            incident(1, 100, Some(200), Cause::Status),
        ];
        let names: [ReactionName; 2] = ["back".parse().unwrap(), "more".parse().unwrap()];
        let [back, more] = &names;
        let (yes, no) = (Some(Helped::Yes { after_s: 1 }), Some(Helped::No));
        let runs = [
            (more, at(110), no),
            (more, at(150), yes),
            (back, at(120), no),
            (more, at(250), yes),
            (more, at(350), no),
            (more, at(360), Some(Helped::Shared)),
            (more, at(600), no),
            (back, at(610), None),
            (back, at(620), Some(Helped::NotYet)),
        ];
        let told: Vec<_> = counted(&incidents, runs.into_iter())
            .into_iter()
            .map(|cure| (cure.reaction.to_string(), cure.cause, cure.cured, cure.of))
            .collect();
        let expected = [
            ("back".to_owned(), Some(Cause::Status), 0, 1),
            ("more".to_owned(), Some(Cause::Slow), 0, 1),
            ("more".to_owned(), Some(Cause::Status), 1, 2),
        ];
        assert_eq!(told, expected);
    }
}

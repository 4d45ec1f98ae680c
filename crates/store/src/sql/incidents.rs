//! Incidents: which one a row is, what it is of and its beginning say. So a beginning and an end may be written in any order, and
//! again.

use super::dialect::{Connection, Db, each, stays_prepared};
use super::{Database, query, query_as};
use crate::error::Fault;
use crate::read::{at, bounded, from_json, from_text, readable, to_json};
use crate::{Error, Incidents, IncidentsPage, NumberedIncident};
use async_trait::async_trait;
use flyball_model::{EndedBy, FirstCause, Incident, IncidentEnd, IncidentOf, IncidentTold, Timestamp};
use serde::Serialize;
use sqlx::QueryBuilder;
use std::collections::BTreeMap;

/// What an incident is read from.
macro_rules! incidents {
    () => {
        "SELECT number, subject, began_at, monitor_name, cause, run_id, ended_at, ended_by, told FROM incidents"
    };
}
pub(super) use incidents;

#[async_trait]
impl Incidents for Database {
    async fn incidents(&self, page: &IncidentsPage) -> Result<Vec<NumberedIncident>, Error> {
        let read = async {
            let mut query = QueryBuilder::<Db>::new(concat!(incidents!(), " WHERE 1 = 1"));
            if let Some(app) = &page.app {
                query.push(" AND app = ").push_bind(app.as_str());
            }
            if let Some(since) = page.since {
                query.push(" AND (ended_at IS NULL OR ended_at >= ").push_bind(since.as_millis()).push(")");
            }
            if let Some(until) = page.until {
                query.push(" AND began_at <= ").push_bind(until.as_millis());
            }
            if page.open.is_some() {
                query.push(" AND ended_at IS NULL");
            }
            if let Some(before) = page.before {
                query.push(" AND number < ").push_bind(before);
            }
            query.push(" ORDER BY number DESC LIMIT ");
            query.push_bind(bounded(page.incidents, IncidentsPage::INCIDENTS_MAX));
            let rows: Vec<IncidentRow> =
                query.build_query_as().persistent(stays_prepared()).fetch_all(&mut *self.reading().await?).await?;
            readable(rows, IncidentRow::read)
        };
        read.await.map_err(self.told("read incidents"))
    }

    async fn incident(&self, number: i64) -> Result<Option<NumberedIncident>, Error> {
        let read = async {
            let row: Option<IncidentRow> = query_as(concat!(incidents!(), " WHERE number = $1"))
                .bind(number)
                .fetch_optional(&mut *self.reading().await?)
                .await?;
            row.map(IncidentRow::read).transpose()
        };
        read.await.map_err(self.told(&format!("read incident {number}")))
    }
}

#[derive(Serialize)]
struct Written<'a> {
    subject: String,
    app: Option<&'a str>,
    began_at: i64,
    monitor_name: Option<&'a str>,
    cause: Option<&'static str>,
    run_id: Option<String>,
    ended_at: Option<i64>,
    ended_by: Option<&'static str>,
}

impl<'a> Written<'a> {
    fn of(incident: &'a Incident) -> Self {
        let (monitor_name, cause, run_id) = match &incident.first {
            FirstCause::Monitor { name, cause } => (Some(name.as_str()), cause.map(flyball_model::Cause::as_str), None),
            FirstCause::Run(run) => (None, None, Some(run.to_string())),
        };
        Self {
            subject: subject(&incident.of),
            app: incident.of.app().map(flyball_model::AppName::as_str),
            began_at: incident.began_at.as_millis(),
            monitor_name,
            cause,
            run_id,
            ended_at: incident.end.map(|end| end.at.as_millis()),
            ended_by: incident.end.map(|end| end.by.as_str()),
        }
    }
}

/// Writes beginnings and ends, in the transaction that the caller holds. What has ended stays ended.
pub(crate) async fn write(tx: &mut Connection, incidents: &[Incident]) -> Result<(), Fault> {
    if incidents.is_empty() {
        return Ok(());
    }
    let mut rows: BTreeMap<(i64, String), Written<'_>> = BTreeMap::new();
    for row in incidents.iter().map(Written::of) {
        let key = (row.began_at, row.subject.clone());
        // Of a beginning and an end in one batch the end says all.
        if row.ended_at.is_some() || !rows.contains_key(&key) {
            rows.insert(key, row);
        }
    }
    let rows = to_json(&rows.into_values().collect::<Vec<_>>());
    query(concat!(
        "UPDATE incidents SET ended_at = CAST(value ->> 'ended_at' AS BIGINT), ended_by = value ->> 'ended_by' FROM ",
        each!("$1"),
        " WHERE subject = value ->> 'subject' AND began_at = CAST(value ->> 'began_at' AS BIGINT) \
          AND ended_at IS NULL AND value ->> 'ended_at' IS NOT NULL"
    ))
    .bind(&rows)
    .execute(&mut *tx)
    .await?;
    let added = query(concat!(
        "INSERT INTO incidents (number, subject, app, began_at, monitor_name, cause, run_id, ended_at, ended_by, told) \
         SELECT (SELECT counters.value FROM counters WHERE counters.name = 'incidents') \
                  + ROW_NUMBER() OVER (ORDER BY given.began_at, given.subject), \
                given.subject, given.app, given.began_at, given.monitor_name, given.cause, given.run_id, given.ended_at, given.ended_by, 0 \
         FROM (SELECT value ->> 'subject' AS subject, value ->> 'app' AS app, \
                      CAST(value ->> 'began_at' AS BIGINT) AS began_at, value ->> 'monitor_name' AS monitor_name, \
                      value ->> 'cause' AS cause, value ->> 'run_id' AS run_id, \
                      CAST(value ->> 'ended_at' AS BIGINT) AS ended_at, value ->> 'ended_by' AS ended_by FROM ",
        each!("$1"),
        ") AS given \
         WHERE NOT EXISTS (SELECT 1 FROM incidents AS there \
                           WHERE there.subject = given.subject AND there.began_at = given.began_at)"
    ))
    .bind(&rows)
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if added > 0 {
        query("UPDATE counters SET value = value + $1 WHERE name = 'incidents'")
            .bind(i64::try_from(added).unwrap_or(i64::MAX))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// What an incident is of, as one text.
fn subject(of: &IncidentOf) -> String {
    match of {
        IncidentOf::App(app) => format!("app:{app}"),
        IncidentOf::Monitor(monitor) => format!("monitor:{monitor}"),
    }
}

row! {
    pub(super) struct IncidentRow {
        number: i64,
        subject: String,
        began_at: i64,
        monitor_name: Option<String>,
        cause: Option<String>,
        run_id: Option<String>,
        ended_at: Option<i64>,
        ended_by: Option<String>,
        told: i64,
    }
}

impl IncidentRow {
    pub(super) fn read(self) -> Result<NumberedIncident, Fault> {
        let row = || format!("incident {}", self.number);
        let of = match self.subject.split_once(':') {
            Some(("monitor", name)) => IncidentOf::Monitor(from_text(name, row)?),
            Some((_, name)) => IncidentOf::App(from_text(name, row)?),
            None => IncidentOf::App(from_text(&self.subject, row)?),
        };
        let first = match (&self.monitor_name, &self.run_id) {
            (Some(name), _) => FirstCause::Monitor {
                name: from_text(name, row)?,
                cause: self.cause.as_ref().map(|cause| from_json(&to_json(cause), row)).transpose()?,
            },
            (None, run) => FirstCause::Run(from_text(run.as_deref().unwrap_or_default(), row)?),
        };
        let by = |by: &str| from_json::<EndedBy>(&to_json(by), row);
        let end = match (self.ended_at, &self.ended_by) {
            (Some(ended_at), Some(ended_by)) => Some(IncidentEnd { at: at(ended_at), by: by(ended_by)? }),
            (Some(ended_at), None) => Some(IncidentEnd { at: at(ended_at), by: EndedBy::NotWatched }),
            (None, _) => None,
        };
        let began_at: Timestamp = at(self.began_at);
        let incident = Incident { of, began_at, first, end };
        Ok(NumberedIncident { number: self.number, incident, told: IncidentTold::numbered(self.told) })
    }
}

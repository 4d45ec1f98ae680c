//! A run as its row, read back.

use crate::error::Fault;
use crate::read::{at, from_json, from_text};
use flyball_model::{Actor, Plan, Run, RunState, Timestamp};
use serde::de::DeserializeOwned;

/// The columns that a run is read from.
macro_rules! run_columns {
    () => {
        "id, host, reaction_id, reaction_name, actor, monitor_id, monitor_name, episode, person, rank, plan, because, \
         state, queued_at, claimed_at, sent_at, look_at, ended_at, outcome, refusals, request_ids, node, fence"
    };
}
pub(crate) use run_columns;

row! {
    pub(crate) struct RunRow {
        id: String,
        host: String,
        reaction_id: String,
        reaction_name: String,
        actor: String,
        monitor_id: Option<String>,
        monitor_name: Option<String>,
        episode: Option<i64>,
        person: Option<String>,
        rank: String,
        plan: String,
        because: String,
        state: String,
        queued_at: i64,
        claimed_at: Option<i64>,
        sent_at: Option<i64>,
        look_at: Option<i64>,
        ended_at: Option<i64>,
        outcome: Option<String>,
        pub(crate) refusals: i64,
        request_ids: String,
        node: Option<String>,
        pub(crate) fence: i64,
    }
}

impl RunRow {
    /// The run.
    pub(crate) fn read(self) -> Result<Run, Fault> {
        Ok(Run {
            id: from_text(&self.id, || self.cell("id"))?,
            reaction: from_text(&self.reaction_id, || self.cell("reaction_id"))?,
            reaction_name: from_text(&self.reaction_name, || self.cell("reaction_name"))?,
            actor: self.actor()?,
            because: self.json(&self.because, "because")?,
            plan: self.plan()?,
            rank: self.json(&format!("\"{}\"", self.rank), "rank")?,
            queued_at: at(self.queued_at),
            sent_at: self.sent_at.map(at),
            request_ids: self.json(&self.request_ids, "request_ids")?,
            state: self.state()?,
        })
    }

    /// The plan, which is on the API host of its row: plans of earlier versions do not name it.
    fn plan(&self) -> Result<Plan, Fault> {
        let mut plan: serde_json::Map<String, serde_json::Value> = self.json(&self.plan, "plan")?;
        plan.insert("host".to_owned(), self.host.as_str().into());
        serde_json::from_value(plan.into()).map_err(|error| Fault::unreadable(self.cell("plan"), error))
    }

    fn actor(&self) -> Result<Actor, Fault> {
        if self.actor == "person" {
            return Ok(Actor::Person { name: self.person.clone().unwrap_or_default() });
        }
        Ok(Actor::Engine {
            monitor: from_text(self.monitor_id.as_deref().unwrap_or_default(), || self.cell("monitor_id"))?,
            monitor_name: from_text(self.monitor_name.as_deref().unwrap_or_default(), || self.cell("monitor_name"))?,
            episode: self.instant(self.episode, "episode")?,
        })
    }

    fn state(&self) -> Result<RunState, Fault> {
        let node = || from_text(self.node.as_deref().unwrap_or_default(), || self.cell("node"));
        Ok(match self.state.as_str() {
            "queued" => RunState::Queued,
            "claimed" => RunState::Claimed { node: node()?, at: self.instant(self.claimed_at, "claimed_at")? },
            "sent" => RunState::Sent {
                node: node()?,
                at: self.instant(self.sent_at, "sent_at")?,
                look_at: self.instant(self.look_at, "look_at")?,
            },
            "ended" => RunState::Ended {
                at: self.instant(self.ended_at, "ended_at")?,
                outcome: self.json(self.outcome.as_deref().unwrap_or_default(), "outcome")?,
            },
            other => return Err(Fault::unreadable(self.cell("state"), format!("`{other}` is no state of a run"))),
        })
    }

    fn json<T: DeserializeOwned>(&self, text: &str, column: &str) -> Result<T, Fault> {
        from_json(text, || self.cell(column))
    }

    fn instant(&self, millis: Option<i64>, column: &str) -> Result<Timestamp, Fault> {
        millis.map(at).ok_or_else(|| Fault::unreadable(self.cell(column), "it is missing"))
    }

    /// What an error calls a value of this row.
    fn cell(&self, column: &str) -> String {
        format!("column `{column}` of run {}", self.id)
    }
}

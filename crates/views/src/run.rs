//! Runs: one plan each, from queued to its end.

use crate::Word;
use flyball_model::{Actor, AppName, Because, Excerpt, Outcome, ReactionName, Run, RunId, RunState, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A run: one plan from queued to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Which.
    #[schema(value_type = String)]
    pub id: RunId,
    /// Of which reaction.
    #[schema(value_type = String)]
    pub reaction: ReactionName,
    /// On which app.
    #[schema(value_type = String)]
    pub app: AppName,
    /// What is to be done, in words.
    pub plan: String,
    /// Why, in words.
    pub because: String,
    /// The run that it undoes, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub undoes: Option<RunId>,
    /// Who wanted it: a monitor's name, or a person's.
    pub wanted_by: WantedBy,
    /// When it was saved.
    #[schema(value_type = String, format = DateTime)]
    pub queued_at: Timestamp,
    /// When its call was about to be sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// `queued`, `claimed`, `sent` or `ended`.
    #[schema(value_type = String, example = "ended")]
    pub state: Word,
    /// `done`, `not_done`, `superseded`, `refused` or `in_doubt`, once it has ended.
    #[schema(value_type = Option<String>, example = "done")]
    pub outcome: Option<Word>,
    /// How it stands, or how it ended, in words.
    pub words: String,
    /// The status of Heroku's answer, where that was a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 422)]
    pub refused_with: Option<u16>,
    /// Heroku's request ids, which its support asks for.
    #[schema(value_type = Vec<String>)]
    pub request_ids: Vec<Excerpt>,
}

/// Who wanted a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedBy {
    /// A monitor's readings.
    Monitor(String),
    /// A person.
    Person(String),
}

impl RunView {
    /// The view of a run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let (ended_at, outcome) = match &run.state {
            RunState::Ended { at, outcome } => (Some(*at), Some(outcome)),
            RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => (None, None),
        };
        let words = match &run.state {
            RunState::Queued => "waits to be performed".to_owned(),
            RunState::Claimed { .. } => "the app is looked at before the call is sent".to_owned(),
            RunState::Sent { look_at, .. } => {
                format!("the call was sent; without an answer it is looked for at {look_at}")
            }
            RunState::Ended { outcome, .. } => outcome.to_string(),
        };
        Self {
            id: run.id,
            reaction: run.reaction_name.clone(),
            app: run.plan.app().name.clone(),
            plan: run.plan.to_string(),
            because: run.because.to_string(),
            undoes: match run.because {
                Because::Undoes { run } => Some(run),
                _ => None,
            },
            wanted_by: match &run.actor {
                Actor::Engine { monitor_name, .. } => WantedBy::Monitor(monitor_name.to_string()),
                Actor::Person { name } => WantedBy::Person(name.clone()),
            },
            queued_at: run.queued_at,
            sent_at: run.sent_at,
            ended_at,
            state: run.state.code().into(),
            outcome: outcome.map(|outcome| outcome.code().into()),
            words,
            refused_with: match outcome {
                Some(Outcome::Refused { status, .. }) => Some(*status),
                _ => None,
            },
            request_ids: run.request_ids.clone(),
        }
    }

    /// The run in one sentence, without a full stop: what, who wanted it, what became of it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let wanted = match (&self.wanted_by, self.undoes) {
            (WantedBy::Monitor(monitor), _) => format!("\"{monitor}\" was {}", self.because),
            (WantedBy::Person(person), None) => format!("{person} asked for it"),
            (WantedBy::Person(person), Some(run)) => format!("{person} asked for undoing run {run}"),
        };
        format!("{} ({wanted}): {}", self.plan, self.words)
    }

    /// The requests of which its words do not tell, for whoever asks Heroku's support; none where there are none.
    #[must_use]
    pub fn requests(&self) -> Option<String> {
        // What failed carries its request's id in its words.
        let told = |id: &&Excerpt| !self.words.contains(id.as_str());
        let ids: Vec<&str> = self.request_ids.iter().filter(told).map(Excerpt::as_str).collect();
        (!ids.is_empty()).then(|| format!("[request {}]", ids.join("; ")))
    }
}

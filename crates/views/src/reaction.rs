//! Reactions: why they hold still, and when they could act next.

use crate::{RunView, Word};
use flyball_model::{AccountName, AppName, Because, CallOn, Mode, MonitorName, ReactionName, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reaction, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReactionView {
    /// Its name.
    #[schema(value_type = String)]
    pub name: ReactionName,
    /// The word of its kind.
    #[schema(value_type = String, example = "scale_out")]
    pub kind: Word,
    /// The app that it acts on.
    #[schema(value_type = String)]
    pub app: AppName,
    /// The account that it acts by.
    #[schema(value_type = String)]
    pub account: AccountName,
    /// Whether it acts, or only tells.
    #[schema(value_type = String, example = "act")]
    pub mode: Mode,
    /// Whether the file has it switched on.
    pub enabled: bool,
    /// The verdict that it is called on.
    #[schema(value_type = String, example = "failing")]
    pub call_on: CallOn,
    /// From which reading in a row on.
    pub trigger: u32,
    /// Its cooldown, in words.
    #[schema(example = "5m")]
    pub cooldown: String,
    /// The monitors that call it.
    #[schema(value_type = Vec<String>)]
    pub called_by: Vec<MonitorName>,
    /// What it decided at the latest readings of each monitor.
    pub holdings: Vec<HoldingView>,
    /// Its latest run.
    pub last_run: Option<RunView>,
    /// When it could act next.
    pub next: Next,
    /// What each gate on the way to an act answers at its first monitor's readings, as far as that is known without
    /// looking at the app.
    pub gates: Vec<GateView>,
}

/// What a reaction decided at the latest readings of a monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HoldingView {
    /// Which monitor.
    #[schema(value_type = String)]
    pub monitor: MonitorName,
    /// Whether it acted, or held still.
    pub acted: bool,
    /// The reason's word.
    #[schema(value_type = String, example = "cooling_down")]
    pub reason: Word,
    /// The reason in words.
    pub words: String,
    /// Since when it is this reason.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The latest reading for which it was.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// For how many readings; none where that is not counted, since the monitor just does not call for it.
    pub count: Option<u64>,
}

/// When a reaction could act next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Next {
    /// The earliest time; none where it does not hang on time alone.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// What it waits for where that is no time: "it fails", "the monitor sees again".
    pub waits_for: Option<String>,
    /// In a sentence.
    pub words: String,
}

/// A gate between being called and acting, and what it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateView {
    /// The gate's word.
    #[schema(value_type = String, example = "cooldown")]
    pub gate: Word,
    /// What it asks for.
    #[schema(value_type = String)]
    pub asks: Word,
    /// What it answers.
    #[schema(value_type = Value)]
    pub answered: Answered,
}

/// What a gate answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// Nothing stands in the way.
    Open,
    /// This does.
    Closed(Because),
    /// It is asked only when the app was looked at.
    NotAsked,
}

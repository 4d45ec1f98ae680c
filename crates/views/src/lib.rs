//! What is told, as values. A query of the engine makes a view; text, JSON, the HTTP interface and pages are renderings of it, and a
//! program gets from afar what the command line has beside the engine. So a view is owned, is read back from its JSON, and has a schema.
//!
//! Sentences in a view are made by whoever makes the view: two renderings never say the same thing in different words.

mod acts;
mod app;
mod definition;
mod drift;
mod history;
mod incident;
mod monitor;
mod node;
mod notice;
mod page;
mod people;
mod reaction;
mod replay;
mod report;
mod run;
mod series;
mod status;
mod store;
mod story;
mod uptime;
mod why;

pub use acts::{Call, Held, PauseTold, Paused, Reacted, ResumeTold, Resumed, Taken};
pub use app::{AppView, RunningRelease};
pub use definition::{DefinitionOrigin, DefinitionView};
pub use drift::{Drift, DriftRun, OneOffView, ProcessDrift, ReleaseDrift};
pub use history::{HistoryLine, Tone};
pub use incident::{CureView, IncidentFailure, IncidentStory, IncidentView};
pub use monitor::{Checked, DrainView, HookView, MonitorView, ReadingView};
pub use node::{NewerFile, NodeState, NodeView};
pub use notice::NoticeView;
pub use page::Page;
pub use people::{Me, SessionView, TokenMade, TokenView, UserView};
pub use reaction::{Answered, GateView, HoldingView, Next, ReactionView};
pub use replay::{CarriesView, LoadBin, Outlay, Replay, ReplayAct, ReplayDifference, ReplayHold, Suggestion};
pub use report::{MonitorReport, Outage, Outages, Percentiles, Report, Steps};
pub use run::{RunView, WantedBy};
pub use series::{MarkKind, SeriesLevel, SeriesMark, SeriesNumber, SeriesPoint, SeriesUnit, SeriesView, SpellView};
pub use status::{Attention, EngineState, FileView, Headline, Need, PauseView, Status};
pub use store::{KeptView, StoreView};
pub use story::{
    AppStory, DynoHours, DynoView, ForeignView, FormationStep, Helped, LimitView, ProcessView, ReactionStory,
    ReleaseView, RunHelped, RunStory, StepBy,
};
pub use uptime::{UptimeSlot, UptimeView};
pub use why::{About, Part, Why};

/// A word of ours: most are known when Flyball is built, and those that came from afar are owned.
pub type Word = std::borrow::Cow<'static, str>;

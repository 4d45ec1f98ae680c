//! The kinds of monitors: one file or folder each, and listed once. What a kind does is in its file; what every kind
//! must say of itself is in `kind`.

mod certificate;
mod dns;
mod drained;
mod heartbeat;
mod heroku_dynos;
mod heroku_metrics;
mod heroku_router;
mod hook;
mod http;
mod jobs;
mod kind;
mod levels;
mod number;
mod paged;
mod prometheus;
mod queue_time;
mod release;
mod tcp;
mod utilization;

pub use certificate::Certificate;
pub use dns::Dns;
pub use heartbeat::Heartbeat;
pub use heroku_dynos::{HerokuDynos, Idle};
pub use heroku_metrics::{DynoMeasure, HerokuMetrics};
pub use heroku_router::{HerokuRouter, RouterMeasure};
pub use hook::Hook;
pub use http::{
    Exchange, Exposed, Http, Json, JsonTest, JsonValue, JsonWanted, Labels, MetricName, Page, Series, Sought,
    SoughtText, Text,
};
pub use jobs::{Jobs, JobsMeasure};
pub use kind::Doubt;
pub use levels::{Levels, Span as ToldSpan};
pub use number::Number;
pub use paged::{Ask, CountedIn};
pub use prometheus::Prometheus;
pub use queue_time::QueueTime;
pub use release::{Release, ReleaseMeasure};
pub use tcp::Tcp;
pub use utilization::Utilization;

use crate::ear::Ear;
use crate::means::{Look, Means};
use flyball_model::{AccountName, AppName, Cause, Reading, Unit};
use flyball_settings::{KindDescription, Mistake, Settings, Span, Table};
use flyball_signals::Narrow;
use kind::{MonitorKind, kinds};
use serde::Serialize;
use std::time::Duration;

kinds! {
    /// A page.
    Http,
    /// A port.
    Tcp,
    /// Until when a certificate is valid.
    Certificate,
    /// What a name stands for.
    Dns,
    /// A number that a page says.
    Number,
    /// A number that a page says for Prometheus.
    Prometheus,
    /// The dynos of an app.
    HerokuDynos,
    /// What routers tell of an app's requests.
    HerokuRouter,
    /// What dynos tell of themselves.
    HerokuMetrics,
    /// Whether requests fare worse since a release.
    Release,
    /// How long requests wait, as an adapter in the app tells.
    QueueTime,
    /// How busy processes are, as an adapter in the app tells.
    Utilization,
    /// Queues of jobs, as an adapter in the app tells.
    Jobs,
    /// Signs of life that something else gives.
    Heartbeat,
    /// What somebody else's webhook says.
    Hook,
}

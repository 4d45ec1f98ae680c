//! A world file as it is written: words for times and names, not yet checked. The checks are next door.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) account: Vec<Account>,
    #[serde(default)]
    pub(super) app: Vec<App>,
    #[serde(default)]
    pub(super) event: Vec<Event>,
    #[serde(default)]
    pub(super) fault: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub(super) email: String,
    pub(super) token: Option<String>,
    pub(super) bucket: Option<u32>,
    pub(super) refill_per_minute: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct App {
    pub(super) name: String,
    #[serde(default)]
    pub(super) place: Place,
    pub(super) container: Option<Container>,
    #[serde(default)]
    pub(super) preboot: bool,
    #[serde(default)]
    pub(super) maintenance: bool,
    pub(super) owner: Option<String>,
    #[serde(default)]
    pub(super) collaborators: Vec<String>,
    #[serde(default)]
    pub(super) process: Vec<Process>,
    #[serde(default)]
    pub(super) release: Vec<Release>,
    #[serde(default)]
    pub(super) load: Vec<(String, f64)>,
    #[serde(default)]
    pub(super) config_fault: Vec<ConfigFault>,
    #[serde(default)]
    pub(super) limits: BTreeMap<String, u32>,
    #[serde(default)]
    pub(super) mechanics: Mechanics,
    #[serde(default)]
    pub(super) drain: Vec<Drain>,
    #[serde(default)]
    pub(super) runtime_metrics: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drain {
    pub(super) url: String,
    #[serde(default)]
    pub(super) form: DrainForm,
    #[serde(default)]
    pub(super) faults: DrainFaults,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DrainForm {
    #[default]
    Common,
    Private,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DrainFaults {
    #[serde(default)]
    pub(super) loss: f64,
    pub(super) late: Option<String>,
    #[serde(default)]
    pub(super) doubled: f64,
    #[serde(default)]
    pub(super) reordered: f64,
    #[serde(default)]
    pub(super) silent: bool,
    #[serde(default)]
    pub(super) skew_ms: i64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    #[default]
    Common,
    Private,
    Shield,
    Fir,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Container {
    Eligible,
    Ineligible,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Process {
    #[serde(rename = "type")]
    pub(super) process_type: String,
    pub(super) quantity: u32,
    pub(super) size: Option<String>,
    pub(super) command: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    pub(super) ago: Option<String>,
    pub(super) deploy: Option<Deploy>,
    pub(super) config: Option<Config>,
    pub(super) rollback: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deploy {
    pub(super) slug: String,
    pub(super) description: Option<String>,
    pub(super) release_phase: Option<String>,
    #[serde(default)]
    pub(super) outcome: Outcome,
    #[serde(default)]
    pub(super) outcome_of_rollback: Outcome,
    #[serde(default)]
    pub(super) behaviour: Behaviour,
    #[serde(default)]
    pub(super) process_types: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) set: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) remove: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    #[default]
    Succeeds,
    Fails,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Behaviour {
    #[default]
    Healthy,
    ErrorPage(ErrorPage),
    CrashesOnBoot,
    /// A share, 0 to 1.
    SomeErrors(f64),
    Slow(String),
    /// MiB a minute.
    Leaks(f64),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorPage {
    pub(super) status: Option<u16>,
    pub(super) text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFault {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) behaviour: Behaviour,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mechanics {
    pub(super) boot: Option<String>,
    pub(super) one_off_boot: Option<String>,
    pub(super) one_off_runs: Option<String>,
    pub(super) command: Option<Vec<Command>>,
    pub(super) requests_per_compute: Option<f64>,
    #[serde(default)]
    pub(super) capacity: BTreeMap<String, f64>,
    pub(super) latency: Option<String>,
    pub(super) slowdown: Option<f64>,
    pub(super) overload: Option<f64>,
    pub(super) backlog: Option<f64>,
    pub(super) router_timeout: Option<String>,
    pub(super) memory_mib: Option<f64>,
    pub(super) serving: Option<Serving>,
    pub(super) router_lines: Option<RouterLines>,
    pub(super) routing: Option<Routing>,
    pub(super) cycling: Option<Cycling>,
    pub(super) preboot_overlap: Option<String>,
    #[serde(default)]
    pub(super) texts: Texts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Serving {
    pub(super) threads: u32,
    pub(super) service: String,
    #[serde(default)]
    pub(super) broken_off: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RouterLines {
    Quoted,
    Bare,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    pub(super) contains: String,
    pub(super) runs: Option<String>,
    #[serde(default)]
    pub(super) exit: i32,
    pub(super) cures: Option<Cures>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cures {
    Nothing,
    DatabaseError,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Routing {
    Unluckiest,
    Spread,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cycling {
    Daily,
    Never,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    pub(super) welcome: Option<String>,
    pub(super) bad_release: Option<String>,
    pub(super) database_error: Option<String>,
    pub(super) hiccup: Option<String>,
    pub(super) out_of_memory: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) at: String,
    pub(super) app: Option<String>,
    pub(super) what: What,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Deploy(Deploy),
    Config(Config),
    Rollback(u64),
    Scale(Scale),
    Resize(Resize),
    Restart(String),
    RestartAll,
    MaintenanceOn,
    MaintenanceOff,
    Crash(String),
    Leak(Leak),
    LeakEnds,
    DatabaseError(DatabaseError),
    DatabaseSlow(DatabaseSlow),
    DatabaseHeals,
    /// The share of requests.
    PlatformError(f64),
    /// Of one app, or without `app` of all.
    Hiccup,
    /// Requests a second.
    Load(f64),
    Surge(Surge),
    Drains(DrainFaults),
    NoFaults,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scale {
    pub(super) process: String,
    pub(super) quantity: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resize {
    pub(super) process: String,
    pub(super) size: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leak {
    pub(super) dyno: Option<String>,
    pub(super) mib_per_minute: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseError {
    pub(super) status: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseSlow {
    pub(super) share: f64,
    pub(super) by: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Surge {
    pub(super) extra: f64,
    pub(super) lasts: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) probability: Option<f64>,
    pub(super) times: Option<u32>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FaultKind {
    Slow(String),
    TooMany,
    Status(u16),
    Html,
    CutBefore,
    CutAfter,
    Truncated,
    Stale(String),
    UnknownFields,
    UnknownStates,
    UnknownSizes,
    UnknownError,
}

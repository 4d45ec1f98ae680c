//! What the commands take that are about apps, their monitors and reactions, and what became of them.

use super::length;
use crate::moment::Moment;
use clap::{Args, ValueEnum};
use flyball_config::Alteration;
use flyball_model::{AccountName, AppName, MonitorName, ReactionName, RunId};
use std::time::Duration;

/// `flyball status`
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Only what concerns this app.
    #[arg(short, long)]
    pub(crate) app: Option<AppName>,
    /// Go on showing, once a second, until Ctrl-C.
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// Exit with 1 unless all is well: for scripts and alarms. A pause alone is no reason for it.
    #[arg(long, conflicts_with = "watch")]
    pub(crate) check: bool,
}

/// `flyball check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The monitor's name.
    pub(crate) monitor: MonitorName,
}

/// `flyball hook`
#[derive(Debug, Args)]
pub(crate) struct Hook {
    /// The monitor's name.
    pub(crate) monitor: MonitorName,
    /// Give the monitor a new address: the one before is refused from then on.
    #[arg(long)]
    pub(crate) new: bool,
}

/// `flyball drain`
#[derive(Debug, Args)]
pub(crate) struct Drain {
    /// The app.
    pub(crate) app: AppName,
    /// Have Heroku send them there.
    #[arg(long)]
    pub(crate) add: bool,
    /// The Heroku account that does so; without it, that of a reaction or monitor on the app, or else the default one.
    #[arg(long, requires = "add")]
    pub(crate) account: Option<AccountName>,
    /// Show what to set in the app so that this adapter in it reports here.
    #[arg(long, value_enum, conflicts_with = "add")]
    pub(crate) adapter: Option<Adapter>,
}

/// An adapter of another scaler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Adapter {
    /// Judoscale's.
    Judoscale,
    /// HireFire's.
    Hirefire,
}

/// `flyball react`
#[derive(Debug, Args)]
pub(crate) struct React {
    /// The reaction's name.
    pub(crate) reaction: ReactionName,
    /// Only show which calls would be made.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask.
    #[arg(short, long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Show Heroku's request ids too, which its support asks for; JSON always has them.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// `flyball undo`
#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The run, as `why` and `history` name it.
    pub(crate) run: RunId,
    /// Only show which calls would be made.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask.
    #[arg(short, long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Show Heroku's request ids too, which its support asks for; JSON always has them.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// `flyball drift`
#[derive(Debug, Args)]
pub(crate) struct Drift {
    /// The app.
    #[arg(short, long)]
    pub(crate) app: AppName,
}

/// `flyball why`
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// A monitor's, a reaction's or an app's name, a run's id, or `incident` with its number.
    #[arg(value_name = "MONITOR|REACTION|APP|RUN", required_unless_present = "app", conflicts_with = "app")]
    pub(crate) name: Option<String>,
    /// After `incident`, its number.
    #[arg(requires = "name")]
    pub(crate) number: Option<i64>,
    /// An app.
    #[arg(short, long)]
    pub(crate) app: Option<AppName>,
    /// Show Heroku's request ids too, which its support asks for; JSON always has them.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// `flyball incidents`
#[derive(Debug, Args)]
pub(crate) struct Incidents {
    /// Only of this app.
    #[arg(short, long)]
    pub(crate) app: Option<AppName>,
    /// Only those that went on then, or began later: 2h, 03:04, 2026-01-02; in the zone that is shown.
    #[arg(short, long, value_name = "AGO|TIME")]
    pub(crate) since: Option<Moment>,
    /// At most this many, the latest.
    #[arg(short = 'n', long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) lines: u32,
}

/// `flyball incident`
#[derive(Debug, Args)]
pub(crate) struct Incident {
    /// Its number, as `flyball incidents` shows it.
    pub(crate) number: i64,
    /// As an HTML file that needs nothing from elsewhere, on stdout.
    #[arg(long)]
    pub(crate) html: bool,
}

/// `flyball report`
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Only of this monitor.
    #[arg(short, long)]
    pub(crate) monitor: Option<MonitorName>,
    /// Only since then: 30d, 2026-01-02, "2026-01-02 03:04"; in the zone that is shown. The default is 30d.
    #[arg(short, long, value_name = "AGO|TIME")]
    pub(crate) since: Option<Moment>,
    /// Only until then, and all of that day, minute or second.
    #[arg(short, long, value_name = "AGO|TIME")]
    pub(crate) until: Option<Moment>,
    /// Also list each outage: when it began, how long it lasted, and why its first reading failed.
    #[arg(short, long)]
    pub(crate) outages: bool,
}

/// `flyball suggest`
#[derive(Debug, Args)]
pub(crate) struct Suggest {
    /// The monitor's name.
    pub(crate) monitor: MonitorName,
    /// From what was recorded since then: 3d, 2026-01-02, "2026-01-02 03:04"; in the zone that is shown. The default is 30d.
    #[arg(short, long, value_name = "AGO|TIME")]
    pub(crate) since: Option<Moment>,
}

/// `flyball replay`
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The reaction's name.
    pub(crate) reaction: ReactionName,
    /// Over what was recorded since then: 3d, 2026-01-02, "2026-01-02 03:04"; in the zone that is shown. The default is 30d.
    #[arg(short, long, value_name = "AGO|TIME")]
    pub(crate) since: Option<Moment>,
    /// With other settings than it has, as they stand in the file: max_quantity=6 stabilize=10m
    #[arg(short, long, value_name = "FIELD=VALUE", num_args = 1..)]
    pub(crate) with: Vec<Alteration>,
}

/// `flyball history`
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Only on this app.
    #[arg(short, long)]
    pub(crate) app: Option<AppName>,
    /// Only of this monitor.
    #[arg(short, long)]
    pub(crate) monitor: Option<MonitorName>,
    /// Only of this reaction.
    #[arg(short, long)]
    pub(crate) reaction: Option<ReactionName>,
    /// Only since then: 2h, 03:04, 2026-01-02, "2026-01-02 03:04:05"; in the zone that is shown.
    #[arg(short, long, value_name = "AGO|TIME")]
    pub(crate) since: Option<Moment>,
    /// Only until then, and all of that day, minute or second.
    #[arg(short, long, value_name = "AGO|TIME")]
    pub(crate) until: Option<Moment>,
    /// Without the lines that only say why a reaction holds still.
    #[arg(long)]
    pub(crate) no_holds: bool,
    /// At most this many lines, the latest; where there are more, that is said.
    #[arg(short = 'n', long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) lines: u32,
}

/// `flyball pause`
#[derive(Debug, Args)]
pub(crate) struct Pause {
    /// Only effects on this app.
    #[arg(short, long, conflicts_with = "reaction")]
    pub(crate) app: Option<AppName>,
    /// Only effects of this reaction.
    #[arg(short, long)]
    pub(crate) reaction: Option<ReactionName>,
    /// How long, such as 2h; without it, until it is resumed.
    #[arg(long = "for", value_name = "LENGTH", value_parser = length)]
    pub(crate) lasts: Option<Duration>,
}

/// `flyball resume`
#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The pause of this app.
    #[arg(short, long, conflicts_with = "reaction")]
    pub(crate) app: Option<AppName>,
    /// The pause of this reaction.
    #[arg(short, long)]
    pub(crate) reaction: Option<ReactionName>,
}

/// `flyball settle`
#[derive(Debug, Args)]
pub(crate) struct Settle {
    /// The run, as `why` and `history` name it.
    pub(crate) run: RunId,
    /// It took effect.
    #[arg(long, required_unless_present = "not_done", conflicts_with = "not_done")]
    pub(crate) done: bool,
    /// It did not.
    #[arg(long)]
    pub(crate) not_done: bool,
}

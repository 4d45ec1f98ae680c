//! `flyball bench`: what observation and its history cost on this machine, and whether anybody starves, measured on the real
//! loop and the real store.
//!
//! The targets are processes of their own, so that their work is not counted as ours. Nothing leaves the machine. `control` alone measures
//! nothing: it plays laws of scaling over a simulated app.

mod control;
mod course;
mod drain;
mod effects;
#[cfg(unix)]
mod failover;
mod floor;
mod listeners;
mod machine;
mod monitors;
mod outage;
mod pages;
mod past;
mod place;
mod process;
mod store;
mod target;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, data, json};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use control::Control;
use effects::Effects;
use flyball_config::Definitions;
use flyball_engine::{Clock, Ids};
use flyball_heroku::Heroku;
use flyball_model::{AccountName, duration};
use flyball_monitors::{Observer, Trust};
use machine::Machine;
use monitors::{Many, Monitors};
use outage::Outage;
use secrecy::SecretString;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::Duration;

/// A bench ends by itself.
const FOR_MAX: Duration = Duration::from_secs(3600);
/// A file is bounded, and a bench may want more monitors than one holds.
const MONITORS_A_FILE: usize = 2000;

/// What is measured.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Many HTTP monitors against a page on this machine
    Monitors(Monitors),
    /// The same checks with nothing behind them: no store, no state, no reactions. What nobody who looks can save
    Floor(Many),
    /// Many apps whose pages fail, one after another: how long from an answer to the call that it leads to?
    Effects(Effects),
    /// Router lines that an app's log drain sends: how many are taken, counted and written in a second of a core?
    Drain(drain::Drain),
    /// Many pages that take the connection and never answer, beside a healthy one: is it still looked at?
    Outage(Outage),
    /// A store that days of readings go through in fast time: its size, and how long it lets others wait
    Store(store::Store),
    /// The pages of many monitors, asked for beside their checks: how long do they take, and how large are they?
    Pages(pages::Pages),
    /// Two engines on one PostgreSQL, of which one is killed, again and again: when is its part looked at again?
    #[cfg(unix)]
    Failover(failover::Failover),
    /// Laws of scaling side by side, over loads and a simulated app: ours, and stand-ins for others'
    Control(Control),
    /// Those who listen while it is measured
    #[command(hide = true)]
    Listen {
        /// To whom
        address: std::net::SocketAddr,
        #[command(flatten)]
        wanted: listeners::Listening,
    },
    /// Who sends lines while it is measured
    #[command(hide = true)]
    Pour(drain::Pouring),
    /// What they look at
    #[command(hide = true)]
    Target {
        /// On this many addresses of this machine, and without a word; otherwise a page
        #[arg(long)]
        mute: Option<u32>,
    },
}

/// Runs a bench. The answer is no when checks that were due were not made, when the healthy page was not looked
/// at, when an effect was not made, when a line was neither counted nor told as lost, when a page was late or large, when what an engine
/// left was not looked at in time, and when our law of scaling is not the best over every load.
///
/// # Errors
///
/// When the target or the store cannot be started, or the output cannot be written.
pub(crate) async fn run(
    arguments: Arguments,
    format: Format,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
) -> Result<Exit, Failure> {
    let machine = Machine::now(clock.now());
    match arguments.what {
        What::Target { mute } => {
            let served = match mute {
                None => target::serve_page().await,
                Some(hosts) => target::serve_nothing(hosts).await,
            };
            served.map(|()| Exit::GOOD).map_err(cannot("serve the bench's page"))
        }
        What::Listen { address, wanted } => {
            listeners::listen(address, &wanted).await.map(|()| Exit::GOOD).map_err(cannot("listen to the timeline"))
        }
        What::Pour(wanted) => drain::pour(&wanted, &clock).await.map(|()| Exit::GOOD).map_err(cannot("send lines")),
        What::Drain(wanted) => {
            let report = wanted.on.measured(async |place| drain::measure(place, &wanted, clock, ids).await).await?;
            told(format, &machine, &report, drain::table, report.is_good())
        }
        What::Monitors(wanted) => {
            let report = monitors::measured(&wanted, &clock, &ids).await?;
            told(format, &machine, &report, monitors::table, report.is_good())
        }
        What::Floor(wanted) => {
            let report = floor::measure(&wanted, clock).await?;
            told(format, &machine, &report, monitors::table, report.is_good())
        }
        What::Effects(wanted) => {
            let report = wanted.on.measured(async |place| effects::measure(place, &wanted, clock, ids).await).await?;
            told(format, &machine, &report, effects::table, report.is_good())
        }
        What::Pages(wanted) => {
            let report = pages::measured(&wanted, clock, ids).await?;
            told(format, &machine, &report, pages::table, report.is_good())
        }
        What::Control(wanted) => {
            let report = control::play(&wanted)?;
            told(format, &machine, &report, control::table, report.is_good())
        }
        What::Store(wanted) => told(format, &machine, &store::measured(&wanted).await?, store::table, true),
        #[cfg(unix)]
        What::Failover(wanted) => {
            let report = failover::measure(&wanted, clock).await?;
            told(format, &machine, &report, failover::table, report.is_good())
        }
        What::Outage(wanted) => {
            let report = wanted.on.measured(async |place| outage::measure(place, &wanted, clock, ids).await).await?;
            told(format, &machine, &report, outage::table, report.is_good())
        }
    }
}

/// What a program reads of a bench.
#[derive(Serialize)]
struct Document<'a, R> {
    machine: &'a Machine,
    #[serde(flatten)]
    report: &'a R,
}

/// Tells a report, and what it was measured on; the exit code says whether it is good.
fn told<R: Serialize>(
    format: Format,
    machine: &Machine,
    report: &R,
    table: fn(&R) -> Table,
    is_good: bool,
) -> Result<Exit, Failure> {
    match format {
        Format::Json => json(&Document { machine, report })?,
        Format::Text => {
            let mut table = table(report);
            table.add_row(["machine", &machine.words()]);
            table.add_row(["measured", &machine.measured()]);
            data(&table.to_string())?;
        }
    }
    Ok(if is_good { Exit::GOOD } else { Exit::NO })
}

/// What could not be done, and why.
fn cannot<E: Display>(what: &'static str) -> impl FnOnce(E) -> Failure {
    move |error| Failure::new(Exit::NO, format!("cannot {what}")).because(error)
}

/// The real observer, which knows no secrets and no accounts.
fn observer() -> Arc<Observer> {
    let secrets = Arc::new(|_: &str| None::<SecretString>);
    let accounts = Arc::new(|_: &AccountName| None::<Arc<dyn Heroku>>);
    Arc::new(Observer::new(secrets, accounts, Trust::System))
}

/// A monitor of the bench's page, as a file has it.
fn page_monitor(name: &str, every: Duration, url: &str) -> String {
    let every = duration::print(every);
    format!("[[monitor]]\nname = \"{name}\"\nevery = \"{every}\"\nhttp = {{ url = \"{url}\", keyword = \"well\" }}\n")
}

fn definitions(monitors: impl IntoIterator<Item = String>) -> Definitions {
    let monitors: Vec<String> = monitors.into_iter().collect();
    definitions_of(monitors.chunks(MONITORS_A_FILE).map(<[String]>::concat))
}

/// What stands in several files, each of which is whole by itself.
fn definitions_of(files: impl IntoIterator<Item = String>) -> Definitions {
    let mut all: Option<Definitions> = None;
    for file in files {
        let read = flyball_config::read("bench", &file).expect("the bench writes a valid file");
        match &mut all {
            Some(all) => {
                all.monitors.extend(read.monitors);
                all.reactions.extend(read.reactions);
            }
            None => all = Some(read),
        }
    }
    all.expect("there is one monitor at least")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Microseconds in milliseconds.
fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// How long something took, in milliseconds, of all the times that it was done.
#[derive(Debug, Serialize)]
struct Spread {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Spread {
    /// None of no times.
    fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        let at = |share: f64| ms(micros(times[(share * last as f64) as usize]));
        Some(Self { p50: at(0.5), p99: at(0.99), max: at(1.0) })
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms p50, {:.1} ms p99, {:.1} ms at most", self.p50, self.p99, self.max)
    }
}

fn words(millis: u64) -> String {
    duration::roughly(Duration::from_millis(millis))
}

fn report_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn unknown() -> String {
    "not known on this system".to_owned()
}

fn optional(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(unknown, |value| format!("{value:.1} {unit}"))
}

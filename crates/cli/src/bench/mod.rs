//! `flyball bench`: what observation and its history cost on this machine, and whether anybody starves, measured on the real
//! loop and the real store.
//!
//! The targets are processes of their own, so that their work is not counted as ours. Nothing leaves the machine.

mod course;
mod monitors;
mod outage;
mod process;
mod store;
mod target;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, data, json};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use flyball_config::Definitions;
use flyball_engine::{Clock, Ids};
use flyball_heroku::Heroku;
use flyball_model::{AccountName, duration};
use flyball_monitors::{Observer, Trust};
use monitors::Monitors;
use outage::Outage;
use secrecy::SecretString;
use serde::Serialize;
use std::fmt::Display;
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
    /// Many pages that take the connection and never answer, beside a healthy one: is it still looked at?
    Outage(Outage),
    /// A store that days of readings go through in fast time: its size, and how long it lets others wait
    Store(store::Store),
    /// What they look at
    #[command(hide = true)]
    Target {
        /// On this many addresses of this machine, and without a word; otherwise a page
        #[arg(long)]
        mute: Option<u32>,
    },
}

/// Runs a bench. The answer is no when checks that were due were not made, and when the healthy page was not looked at.
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
    match arguments.what {
        What::Target { mute } => {
            let served = match mute {
                None => target::serve_page().await,
                Some(hosts) => target::serve_nothing(hosts).await,
            };
            served.map(|()| Exit::GOOD).map_err(cannot("serve the bench's page"))
        }
        What::Monitors(wanted) => {
            let report = monitors::measure(&wanted, clock, ids).await?;
            told(format, &report, monitors::table, report.is_good())
        }
        What::Store(wanted) => told(format, &store::measure(&wanted).await?, store::table, true),
        What::Outage(wanted) => {
            let report = outage::measure(&wanted, clock, ids).await?;
            told(format, &report, outage::table, report.is_good())
        }
    }
}

/// Tells a report; the exit code says whether it is good.
fn told<R: Serialize>(format: Format, report: &R, table: fn(&R) -> Table, is_good: bool) -> Result<Exit, Failure> {
    match format {
        Format::Json => json(report)?,
        Format::Text => data(&table(report).to_string())?,
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
    let mut all: Option<Definitions> = None;
    for chunk in monitors.into_iter().collect::<Vec<_>>().chunks(MONITORS_A_FILE) {
        let read = flyball_config::read("bench", &chunk.concat()).expect("the bench writes a valid file");
        match &mut all {
            Some(all) => all.monitors.extend(read.monitors),
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

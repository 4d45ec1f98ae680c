//! Laws of scaling side by side over simulated apps: ours, and stand-ins for others', on loads that are made or read from a file.
//!
//! Nothing is measured on this machine: whoever plays the same loads gets the same figures.

mod stand_in;

use super::report_table;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::{Args, ValueEnum};
use comfy_table::Table;
use flyball_control::{
    Contest, Judged, Load, Played, PlayedJobs, Settings, WorkersContest, World, contest, made, made_jobs,
    workers_contest,
};
use flyball_model::duration;
use serde::Serialize;
use stand_in::StandIn;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A month of minutes takes 1.5 MB; what is larger is no trace of requests.
const TRACE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Forty dynos serve 400 requests a second, and more than twice that is lost whatever one does.
const PEAK_MAX: f64 = 1000.0;
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug, Args)]
pub(super) struct Control {
    /// A load from this file: `timestamp,count` by line, in UTC, minutes or five minutes apart; five made ones otherwise
    #[arg(long)]
    trace: Option<PathBuf>,
    /// Only this day of the file, such as 2026-05-04
    #[arg(long, requires = "trace")]
    day: Option<String>,
    /// Scales the file's load to so many requests a second at its peak
    #[arg(long, default_value_t = 100.0, requires = "trace", value_parser = peak)]
    peak: f64,
    /// In which world: the stand-in for Heroku, in which each dyno is a queue of its own, or a fluid over all dynos
    #[arg(long, value_enum, default_value = "heroku-sim")]
    world: Where,
    /// Workers, whose jobs a scaler can kill: four days that are made
    #[arg(long, conflicts_with_all = ["trace", "world", "per_dyno", "slack", "stabilize", "cooldown"])]
    workers: bool,
    /// Ours on workers: `drain_max`
    #[arg(long, default_value = "30m", requires = "workers", value_parser = no_longer)]
    drain_max: Duration,
    /// Makes other loads of the same forms
    #[arg(long, default_value_t = 1, conflicts_with = "trace")]
    seed: u64,
    /// Ours: `per_dyno`, of the five requests that a dyno serves at once; 2.5 unless said, and 3.5 in the fluid
    #[arg(long, value_parser = per_dyno)]
    per_dyno: Option<f64>,
    /// Ours: `slack`, in percent
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=50))]
    slack: u8,
    /// Ours: `stabilize`
    #[arg(long, default_value = "5m", value_parser = no_longer)]
    stabilize: Duration,
    /// Ours: the guard's `cooldown`
    #[arg(long, default_value = "0s", value_parser = no_longer)]
    cooldown: Duration,
}

/// Where it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Where {
    HerokuSim,
    Fluid,
}

impl Where {
    /// Ours, unless said: where routers pick a dyno without asking how busy it is, threads of one are idle while requests wait at another,
    /// so that half of them are to be busy, and not seven of ten.
    const fn per_dyno(self) -> f64 {
        match self {
            Self::HerokuSim => 2.5,
            Self::Fluid => 3.5,
        }
    }
}

fn peak(text: &str) -> Result<f64, String> {
    within(text, 1.0, PEAK_MAX)
}

fn per_dyno(text: &str) -> Result<f64, String> {
    within(text, 0.1, 5.0)
}

/// A file takes no longer `stabilize` either, and looks that far back are all gone through at each.
fn no_longer(text: &str) -> Result<Duration, String> {
    let length = duration::parse(text).map_err(|error| error.to_string())?;
    if length <= HOUR { Ok(length) } else { Err("expected an hour at most".to_owned()) }
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("expected a number from {least} to {most}"))
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    world: Where,
    settings: Settings,
    contests: Vec<Contest>,
    /// Loads that this world cannot play.
    left_out: Vec<String>,
    /// Instead of them, where workers were asked for.
    workers: Vec<WorkersContest>,
}

impl Report {
    /// Whether ours is the best over every load. On workers nobody is, since each has what another has not.
    pub(super) fn is_good(&self) -> bool {
        self.contests.iter().all(|contest| contest.judged.is_best())
    }
}

/// Plays them.
///
/// # Errors
///
/// When the file cannot be read, or is no load.
pub(super) fn play(wanted: &Control) -> Result<Report, Failure> {
    let settings = Settings {
        per_dyno: wanted.per_dyno.unwrap_or(wanted.world.per_dyno()),
        slack: f64::from(wanted.slack) / 100.0,
        stabilize: wanted.stabilize,
        cooldown: wanted.cooldown,
        ..Settings::default()
    };
    let world = wanted.world;
    if wanted.workers {
        let played = |load| workers_contest(load, wanted.seed, wanted.drain_max);
        let workers = made_jobs(wanted.seed).iter().map(played).collect();
        return Ok(Report { world, settings, contests: Vec::new(), left_out: Vec::new(), workers });
    }
    let loads = match &wanted.trace {
        None => made(wanted.seed),
        Some(file) => vec![read(file, wanted.day.as_deref())?.scaled_to(wanted.peak)],
    };
    let (loads, left_out): (Vec<Load>, Vec<Load>) =
        loads.into_iter().partition(|load| world == Where::Fluid || !load.gets_heavier());
    let played = |load: &Load| match world {
        Where::Fluid => contest(load, &settings, World::new),
        Where::HerokuSim => contest(load, &settings, StandIn::new),
    };
    let contests = loads.iter().map(played).collect();
    let left_out = left_out.iter().map(|load| load.name().to_owned()).collect();
    Ok(Report { world, settings, contests, left_out, workers: Vec::new() })
}

fn read(file: &Path, day: Option<&str>) -> Result<Load, Failure> {
    let unread =
        |error: io::Error| Failure::new(Exit::NO, format!("cannot read the trace {}", file.display())).because(error);
    let text = text_of(file).map_err(unread)?;
    let name = file.file_name().map_or_else(|| "trace".into(), |name| name.to_string_lossy());
    let load = Load::read(&name, &text, day);
    load.map_err(|error| {
        let what = format!("cannot play {}", file.display());
        let failure = Failure::new(Exit::NO, what).because(error);
        if day.is_none() { failure.hint("--day plays one day of it") } else { failure }
    })
}

fn text_of(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(TRACE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > TRACE_BYTES_MAX {
        return Err(io::Error::other(format!("it has more than {} MiB", TRACE_BYTES_MAX / 1024 / 1024)));
    }
    Ok(text)
}

pub(super) fn table(report: &Report) -> Table {
    let mut table = report_table();
    for contest in &report.workers {
        let WorkersContest { load, jobs, clairvoyant_hours, played } = contest;
        table.add_row([load, &*format!("{jobs} jobs, {clairvoyant_hours:.0} dyno-hours of who is clairvoyant")]);
        for PlayedJobs { law, late, killed, lost_hours, cost, changes, .. } in played {
            let late = late * 100.0;
            let words = format!(
                "{late:>5.2} % late  × {cost:>5.2} dyno-hours  {killed:>4} killed, {lost_hours:>4.1} h of work  {changes:>4} changes"
            );
            table.add_row([&format!("  {law}"), &words]);
        }
    }
    for contest in &report.contests {
        let Contest { load, seconds, peak, requests, played, judged } = contest;
        let lasts = duration::roughly(Duration::from_secs(*seconds));
        table.add_row([load, &format!("{lasts}, {requests:.0} requests, {peak:.0} a second at most")]);
        for Played { law, slow, lost, cost, changes, .. } in played {
            let slow = slow * 100.0;
            let words = format!("{slow:>5.2} % slow  × {cost:.2} dyno-hours  {lost:>6.0} lost  {changes:>4} changes");
            table.add_row([&format!("  {law}"), &words]);
        }
        table.add_row(["  judged", &words(judged)]);
    }
    for load in &report.left_out {
        table.add_row([load, "not played: the requests of this world do not get heavier"]);
    }
    if report.workers.is_empty() {
        table.add_row(["slow", "waited for longer than 100 ms"]);
    } else {
        table.add_row(["late", "waited for longer than a minute"]);
        table.add_row(["killed", "by a dyno that went; it starts anew"]);
    }
    table.add_row(["dyno-hours", "by those of who is clairvoyant"]);
    table.add_row(["like …", "a stand-in, written from what its maker documents, at settings of our choice"]);
    table
}

/// How ours stands, in words.
fn words(judged: &Judged) -> String {
    let behind = judged.behind.as_ref().map(|behind| {
        let (by, cost) = (behind.by * 100.0, behind.at_cost);
        format!("{} has {by:.2} % fewer of all requests wait, at {cost:.2} times the dyno-hours of ours", behind.law)
    });
    let dearer = judged.dearer.as_ref().map(|dearer| {
        format!("{} does about as well, and ours takes {:.1} % more dyno-hours", dearer.law, dearer.by * 100.0)
    });
    let told: Vec<String> = behind.into_iter().chain(dearer).collect();
    if told.is_empty() {
        "ours has the fewest requests wait, and nothing that does about as well is cheaper".to_owned()
    } else {
        told.join("; ")
    }
}

//! A story in words: what was set up, and what happens in order.

use super::{Deed, Edit, Fate, Faults, Incident, Met, Spell, Story, What};
use flyball_heroku_sim::{AppEvent, AppSpec, Behaviour, DeploySpec, Maintenance, Outcome, Step};
use flyball_model::duration;
use std::fmt;
use std::time::Duration;

/// A length of time in words.
pub(crate) fn length(time: Duration) -> String {
    duration::print(time)
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for app in &self.apps {
            writeln!(f, "{}", set_up(app))?;
        }
        if self.ahead_ms != 0 {
            writeln!(f, "Flyball's clock is {}", apart(self.ahead_ms))?;
        }
        for (ahead_ms, machine) in self.others_ahead_ms.iter().zip(2..) {
            writeln!(f, "machine {machine} runs Flyball on the same store; its clock is {}", apart(*ahead_ms))?;
        }
        writeln!(f, "\n{}", self.file.text().trim_end())?;
        if !self.incidents.is_empty() {
            writeln!(f)?;
        }
        for incident in &self.incidents {
            writeln!(f, "{incident}")?;
        }
        match &self.faults {
            Faults::Drawn(rates) => writeln!(
                f,
                "calls go wrong: {:.1}% of looks, {:.1}% of changes, {:.1}% of the store's, {:.1}% of pages; {:.2}% kill",
                rates.looks * 100.0,
                rates.changes * 100.0,
                rates.store * 100.0,
                rates.pages * 100.0,
                rates.kills * 100.0
            ),
            Faults::Listed(met) => met.iter().try_for_each(|met| writeln!(f, "{met}")),
        }
    }
}

fn apart(millis: i64) -> String {
    let by = length(Duration::from_millis(millis.unsigned_abs()));
    if millis > 0 { format!("{by} ahead") } else { format!("{by} behind") }
}

/// On which machine, where it is not the first.
fn on(machine: usize) -> String {
    if machine == 0 { String::new() } else { format!(" on machine {}", machine + 1) }
}

/// An app and its past in one line.
fn set_up(app: &AppSpec) -> String {
    let processes = app.processes.iter().map(|process| {
        let size = process.size.as_deref().unwrap_or("its default size");
        format!("{}={}:{size}", process.process_type, process.quantity)
    });
    let processes: Vec<String> = processes.collect();
    // v1 and v2 are the releases that every app begins with.
    let steps = app.history.iter().zip(3..).map(|((_, step), version)| format!("v{version} {}", past(step)));
    let steps: Vec<String> = steps.collect();
    let load = app.load.first().map(|(_, load)| format!("; {load} requests a second")).unwrap_or_default();
    let preboot = if app.preboot { "; preboot" } else { "" };
    format!("app {}  {}{load}{preboot}; {}", app.name, processes.join(" "), steps.join(", "))
}

fn past(step: &Step) -> String {
    match step {
        Step::Deploy(spec) => deploy(spec),
        Step::Config(_) => "a config change".to_owned(),
        Step::Rollback(version) => format!("a rollback to v{version}"),
    }
}

fn deploy(spec: &DeploySpec) -> String {
    let code = match &spec.behaviour {
        Behaviour::Healthy => "good code".to_owned(),
        Behaviour::ErrorPage { status, .. } => format!("code that answers {status}"),
        Behaviour::CrashesOnBoot => "code that crashes on boot".to_owned(),
        Behaviour::SomeErrors(share) => format!("code of which {share} of the answers are 500"),
        Behaviour::Slow(by) => format!("code that is {} slower", length(*by)),
        Behaviour::Leaks { mib_per_minute } => format!("code that leaks {mib_per_minute} MiB a minute"),
    };
    let phase = spec.release_phase.map(|runs| format!(", release phase of {}", length(runs))).unwrap_or_default();
    let fails = if spec.outcome == Outcome::Fails { ", which fails" } else { "" };
    format!("a deploy of {code}{phase}{fails}")
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", length(self.at), self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App { app, what } => write!(f, "{app}: {}", happens(what)),
            Self::Kill { machine, down } => {
                write!(f, "Flyball{} is killed, and starts again after {}", on(*machine), length(*down))
            }
            Self::Halt { machine, lasts } => {
                write!(f, "Flyball{} stands still for {}", on(*machine), length(*lasts))
            }
            Self::Leave { machine, away } => {
                write!(f, "Flyball{} is stopped, and started again after {}", on(*machine), length(*away))
            }
            Self::ClockStep { machine, millis } => {
                let by = length(Duration::from_millis(millis.unsigned_abs()));
                write!(f, "Flyball's clock{} is set {by} {}", on(*machine), if *millis > 0 { "ahead" } else { "back" })
            }
            Self::Pause { scope, lasts: Some(lasts) } => write!(f, "{scope} is paused for {}", length(*lasts)),
            Self::Pause { scope, lasts: None } => write!(f, "{scope} is paused"),
            Self::Resume { scope } => write!(f, "{scope} is resumed"),
            Self::Edit(edit) => write!(f, "the file is changed: {edit}"),
            Self::Spell { of, lasts } => write!(f, "for {} {of}", length(*lasts)),
        }
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy { reaction, policy } => write!(
                f,
                "\"{reaction}\" has trigger {}, cooldown {}{}{}",
                policy.trigger,
                length(policy.cooldown),
                if policy.dry_run { ", dry run" } else { "" },
                if policy.enabled { "" } else { ", and is switched off" },
            ),
            Self::Detach { monitor, reaction } => write!(f, "\"{monitor}\" does not call \"{reaction}\" any more"),
            Self::Attach { monitor, reaction } => write!(f, "\"{monitor}\" calls \"{reaction}\""),
        }
    }
}

impl fmt::Display for Spell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiDown => "the Platform API is down",
            Self::StaleLists => "the Platform API answers with old lists",
            Self::DiskFull => "the disk is full",
            Self::DatabaseBusy => "the database is busy",
            Self::SlowDisk => "the disk is slow",
            Self::NoNetwork => "Flyball has no network",
        })
    }
}

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` number {}: {}", self.line, self.nth, self.fate)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ArrivesLate(by) => write!(f, "arrives {} after it was given up", length(*by)),
            Self::Status(status) => write!(f, "answered {status}, no effect"),
            Self::StatusAfter(status) => write!(f, "takes effect, and is answered {status}"),
            Self::Stale(age) => write!(f, "answered as it was {} ago", length(*age)),
            Self::KilledBefore(down) => write!(f, "Flyball is killed before it, for {}", length(*down)),
            Self::Meanwhile(deed) => write!(f, "meanwhile {deed}"),
            Self::KilledAfter(down) => write!(f, "Flyball is killed after it, for {}", length(*down)),
            other => f.write_str(other.code()),
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deploys => f.write_str("somebody deploys"),
            Self::Configures => f.write_str("somebody changes a config var"),
            Self::Scales(quantity) => write!(f, "somebody sets web={quantity}"),
            Self::RestartsAll => f.write_str("somebody restarts every dyno"),
            Self::Crashes => f.write_str("web.1 crashes"),
            Self::Maintains => f.write_str("somebody switches maintenance mode on"),
            Self::EndsMaintenance => f.write_str("somebody switches maintenance mode off"),
            Self::Pauses(time) => write!(f, "somebody pauses the app for {}", length(*time)),
            Self::SetsClock(millis) => write!(f, "{}", What::ClockStep { machine: 0, millis: *millis }),
        }
    }
}

fn happens(what: &AppEvent) -> String {
    match what {
        AppEvent::Deploy(spec) => format!("somebody makes {}", deploy(spec)),
        AppEvent::Config(_) => "somebody changes a config var".to_owned(),
        AppEvent::Rollback(version) => format!("somebody rolls back to v{version}"),
        AppEvent::Scale { process, quantity } => format!("somebody sets {process}={quantity}"),
        AppEvent::Resize { process, size } => format!("somebody sets {process}:{size}"),
        AppEvent::RestartAll => "somebody restarts every dyno".to_owned(),
        AppEvent::Restart(dyno) => format!("somebody restarts {dyno}"),
        AppEvent::Maintenance(Maintenance::On) => "somebody switches maintenance mode on".to_owned(),
        AppEvent::Maintenance(Maintenance::Off) => "somebody switches maintenance mode off".to_owned(),
        AppEvent::Crash(dyno) => format!("{dyno} crashes"),
        AppEvent::Leak { dyno, mib_per_minute } => {
            format!("{} leaks {mib_per_minute} MiB a minute", dyno.as_deref().unwrap_or("every web dyno"))
        }
        AppEvent::LeakEnds => "the leak ends".to_owned(),
        AppEvent::DatabaseError(status) => format!("the database is in trouble, and pages answer {status}"),
        AppEvent::DatabaseSlow { share, by } => format!("the database takes {} more for {share} of pages", length(*by)),
        AppEvent::DatabaseHeals => "the database heals".to_owned(),
        AppEvent::PlatformError(share) => format!("routers answer {share} of requests with H99"),
        AppEvent::Hiccup => "every dyno is wedged".to_owned(),
        AppEvent::Load(load) => format!("{load} requests a second"),
        AppEvent::Drains(_) => "what goes wrong with log drains changes".to_owned(),
        AppEvent::Surge { extra, lasts } => format!("{extra} more requests a second for {}", length(*lasts)),
    }
}

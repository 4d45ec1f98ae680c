//! From what a world file says to what it means, with every mistake collected.

use super::raw;
use crate::world::{
    AccountSpec, AppEvent, AppSpec, Behaviour, CommandSpec, ConfigFault, Container, Cures, Cycling, DRAINS_MAX,
    DeploySpec, DrainFaults, DrainForm, DrainSpec, Event, Fault, FaultKind, Maintenance, Mechanics, Outcome, Place,
    ProcessSpec, RouterLines, Routing, ScriptedEvent, Serving, Step, Texts, WorldFile, find_size, is_drain_url,
};
use flyball_model::{ProcessType, duration};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Requests a second, capacities and rates stay below this, so that sums of them stay numbers.
pub(super) const RATE_MAX: f64 = 1e9;

/// Clocks that are further apart than a day are no clocks.
const SKEW_MAX_MS: u64 = 24 * 3600 * 1000;

/// Every app has v1 and v2 before anything that the file says. Source: platform-api 6.
const FIRST_RELEASES: u64 = 2;

/// What the file means, or everything that is wrong with it.
pub(super) fn check(raw: raw::File) -> Result<WorldFile, Vec<String>> {
    let mut mistakes = Mistakes::default();
    let accounts = accounts(raw.account, &mut mistakes);
    let emails: BTreeSet<&str> = accounts.iter().map(|account| account.email.as_str()).collect();
    let mut names = BTreeSet::new();
    let mut apps = Vec::new();
    for app in raw.app {
        if !names.insert(app.name.clone()) {
            mistakes.add(&format!("app `{}`", app.name), "there is another app of this name");
        }
        apps.extend(self::app(app, &emails, &mut mistakes));
    }
    let mut events = Vec::new();
    for (number, event) in raw.event.into_iter().enumerate() {
        events.extend(self::event(&format!("event {}", number + 1), event, &apps, &names, &mut mistakes));
    }
    let faults = raw.fault.into_iter().enumerate();
    let faults = faults.map(|(number, raw)| fault(&format!("fault {}", number + 1), raw, &mut mistakes)).collect();
    if mistakes.0.is_empty() { Ok(WorldFile { accounts, apps, events, faults }) } else { Err(mistakes.0) }
}

/// What was found so far; each sentence begins with the place.
#[derive(Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    fn add(&mut self, place: &str, what: impl std::fmt::Display) {
        self.0.push(format!("{place}: {what}"));
    }

    /// A length of time in words.
    fn time(&mut self, place: &str, text: &str) -> Duration {
        duration::parse(text).unwrap_or_else(|error| {
            self.add(place, format!("`{text}`: {error}"));
            Duration::ZERO
        })
    }

    fn process_type(&mut self, place: &str, text: &str) -> Option<ProcessType> {
        text.parse().inspect_err(|error| self.add(place, format!("`{text}`: {error}"))).ok()
    }

    fn rate(&mut self, place: &str, rate: f64) -> f64 {
        if !(0.0..=RATE_MAX).contains(&rate) {
            self.add(place, format!("{rate} is not a number from 0 to {RATE_MAX}"));
        }
        rate
    }

    fn size(&mut self, place: &str, name: &str) {
        if find_size(name).is_none() {
            self.add(place, format!("there is no dyno size `{name}`"));
        }
    }

    fn share(&mut self, place: &str, share: f64) -> f64 {
        if !(0.0..=1.0).contains(&share) {
            self.add(place, format!("{share} is not from 0 to 1"));
        }
        share
    }

    fn status(&mut self, place: &str, status: u16) -> u16 {
        if !(200..=599).contains(&status) {
            self.add(place, format!("{status} is not an HTTP status from 200 to 599"));
        }
        status
    }
}

fn accounts(raw: Vec<raw::Account>, mistakes: &mut Mistakes) -> Vec<AccountSpec> {
    let mut accounts: Vec<AccountSpec> = Vec::new();
    for account in raw {
        let place = format!("account `{}`", account.email);
        if accounts.iter().any(|other| other.email == account.email) {
            mistakes.add(&place, "there is another account of this address");
        }
        if account.token.as_deref() == Some("") {
            mistakes.add(&place, "its token is empty; leave it out to take any token");
        }
        let any = AccountSpec::new(account.email);
        accounts.push(AccountSpec {
            token: account.token,
            bucket_capacity: account.bucket.unwrap_or(any.bucket_capacity),
            bucket_refill_per_minute: account.refill_per_minute.unwrap_or(any.bucket_refill_per_minute),
            ..any
        });
    }
    accounts
}

fn app(raw: raw::App, emails: &BTreeSet<&str>, mistakes: &mut Mistakes) -> Option<AppSpec> {
    let place = format!("app `{}`", raw.name);
    let name = raw.name.parse().inspect_err(|error| mistakes.add(&place, error));
    for email in raw.owner.iter().chain(&raw.collaborators) {
        if !emails.contains(email.as_str()) {
            mistakes.add(&place, format!("there is no account `{email}`"));
        }
    }
    let runs_on = match raw.place {
        raw::Place::Common => Place::Common,
        raw::Place::Private => Place::PrivateSpace,
        raw::Place::Shield => Place::ShieldSpace,
        raw::Place::Fir => Place::Fir,
    };
    for size in raw.limits.keys() {
        mistakes.size(&format!("{place}: limits"), size);
    }
    let processes = processes(&place, runs_on, raw.process, mistakes);
    let history = history(&place, raw.release, mistakes);
    let mut load = Vec::new();
    for (at, rate) in &raw.load {
        let place = format!("{place}: load");
        load.push((mistakes.time(&place, at), mistakes.rate(&place, *rate)));
    }
    let mechanics = mechanics(&format!("{place}: mechanics"), raw.mechanics, mistakes);
    let drains = drains(&place, raw.drain, mistakes);
    let mut config_faults = Vec::new();
    for fault in raw.config_fault {
        let place = format!("{place}: config_fault `{}`", fault.key);
        let behaviour = behaviour(&place, fault.behaviour, &mechanics.texts, mistakes);
        config_faults.push(ConfigFault { key: fault.key, value: fault.value, behaviour });
    }
    let mut spec = AppSpec::named(name.ok()?);
    (spec.drains, spec.runtime_metrics) = (drains, raw.runtime_metrics);
    (spec.place, spec.preboot, spec.maintenance) = (runs_on, raw.preboot, raw.maintenance);
    spec.container = raw.container.map(|releases| match releases {
        raw::Container::Eligible => Container::Eligible,
        raw::Container::Ineligible => Container::Ineligible,
    });
    (spec.owner, spec.collaborators) = (raw.owner, raw.collaborators);
    (spec.processes, spec.history, spec.load) = (processes, history, load);
    (spec.config_faults, spec.limits, spec.mechanics) = (config_faults, raw.limits, Arc::new(mechanics));
    spec.word_bad_releases();
    Some(spec)
}

fn drains(place: &str, raw: Vec<raw::Drain>, mistakes: &mut Mistakes) -> Vec<DrainSpec> {
    if raw.len() > DRAINS_MAX {
        mistakes.add(place, format!("an app has at most {DRAINS_MAX} drains"));
    }
    let mut drains: Vec<DrainSpec> = Vec::new();
    for drain in raw {
        // A URL may have a password in it: the drain is told by its number.
        let place = format!("{place}: drain {}", drains.len() + 1);
        if !is_drain_url(&drain.url) {
            mistakes.add(&place, "its URL is none that Heroku takes: https, syslog or syslog+tls; here http as well");
        }
        if drains.iter().any(|other| other.url == drain.url) {
            mistakes.add(&place, "there is another drain of this URL");
        }
        let form = match drain.form {
            raw::DrainForm::Common => DrainForm::Common,
            raw::DrainForm::Private => DrainForm::Private,
        };
        drains.push(DrainSpec { faults: drain_faults(&place, &drain.faults, mistakes), form, url: drain.url });
    }
    drains
}

fn drain_faults(place: &str, raw: &raw::DrainFaults, mistakes: &mut Mistakes) -> DrainFaults {
    if raw.skew_ms.unsigned_abs() > SKEW_MAX_MS {
        mistakes.add(place, format!("skew_ms: {} is more than a day", raw.skew_ms));
    }
    DrainFaults {
        loss: mistakes.share(&format!("{place}: loss"), raw.loss),
        late: raw.late.as_ref().map_or(Duration::ZERO, |late| mistakes.time(&format!("{place}: late"), late)),
        doubled: mistakes.share(&format!("{place}: doubled"), raw.doubled),
        reordered: mistakes.share(&format!("{place}: reordered"), raw.reordered),
        silent: raw.silent,
        skew_ms: raw.skew_ms,
    }
}

fn serving(place: &str, raw: &raw::Serving, mistakes: &mut Mistakes) -> Serving {
    if raw.threads == 0 {
        mistakes.add(place, "a dyno without threads serves nobody");
    }
    let service = mistakes.time(place, &raw.service);
    if service == Duration::ZERO {
        mistakes.add(place, "`service` is no time at all");
    }
    Serving {
        threads: raw.threads,
        service,
        broken_off: mistakes.share(&format!("{place}: broken_off"), raw.broken_off),
    }
}

impl AppSpec {
    /// Error pages of deploys that name no text say what the app's texts say; those are known only now.
    fn word_bad_releases(&mut self) {
        let text = self.mechanics.texts.bad_release.clone();
        for (_, step) in &mut self.history {
            if let Step::Deploy(deploy) = step {
                word(&mut deploy.behaviour, &text);
            }
        }
    }
}

/// Fills in the text of an error page that names none.
fn word(behaviour: &mut Behaviour, with: &str) {
    if let Behaviour::ErrorPage { text, .. } = behaviour
        && text.is_empty()
    {
        with.clone_into(text);
    }
}

fn processes(place: &str, runs_on: Place, raw: Vec<raw::Process>, mistakes: &mut Mistakes) -> Vec<ProcessSpec> {
    let mut processes: Vec<ProcessSpec> = Vec::new();
    let mut tiers = Vec::new();
    for process in raw {
        let place = format!("{place}: process `{}`", process.process_type);
        let Some(process_type) = mistakes.process_type(&place, &process.process_type) else { continue };
        if processes.iter().any(|other| other.process_type == process_type) {
            mistakes.add(&place, "there is another process of this type");
        }
        let size = process.size.as_deref().map_or_else(|| Ok(runs_on.size_by_default()), |name| runs_on.size(name));
        match size {
            Ok(size) => tiers.push((size.tier, size.name)),
            Err(refusal) => mistakes.add(&place, refusal.message),
        }
        if process.quantity > runs_on.per_app_max() {
            mistakes.add(&place, format!("{} dynos are more than an app may have", process.quantity));
        }
        let (quantity, size, command) = (process.quantity, process.size, process.command);
        processes.push(ProcessSpec { process_type, quantity, size, command });
    }
    if let Some((first, others)) = tiers.split_first()
        && let Some(other) = others.iter().find(|other| other.0 != first.0)
    {
        mistakes.add(place, format!("{} and {} cannot be used in the same app", first.1, other.1));
    }
    processes
}

fn history(place: &str, raw: Vec<raw::Release>, mistakes: &mut Mistakes) -> Vec<(Option<Duration>, Step)> {
    let mut history = Vec::new();
    // Versions that can be gone back to: with code, and not failed.
    let (mut eligible, mut has_code) = (BTreeSet::new(), false);
    for (index, release) in raw.into_iter().enumerate() {
        let version = index as u64 + FIRST_RELEASES + 1;
        let place = format!("{place}: release v{version}");
        let ago = release.ago.map(|ago| mistakes.time(&place, &ago));
        let step = match (release.deploy, release.config, release.rollback) {
            (Some(deploy), None, None) => Step::Deploy(self::deploy(&place, deploy, mistakes)),
            (None, Some(config), None) => Step::Config(self::config(&place, config, mistakes)),
            (None, None, Some(target)) => {
                if !eligible.contains(&target) {
                    mistakes
                        .add(&place, format!("cannot roll back to v{target}: it has no code, failed, or comes later"));
                }
                Step::Rollback(target)
            }
            _ => {
                mistakes.add(&place, "expected exactly one of `deploy`, `config` and `rollback`");
                continue;
            }
        };
        let fails = matches!(&step, Step::Deploy(deploy) if deploy.outcome == Outcome::Fails);
        has_code |= matches!(&step, Step::Deploy(_)) && !fails;
        if has_code && !fails {
            eligible.insert(version);
        }
        history.push((ago, step));
    }
    history
}

fn deploy(place: &str, raw: raw::Deploy, mistakes: &mut Mistakes) -> DeploySpec {
    let outcome = |raw| match raw {
        raw::Outcome::Succeeds => Outcome::Succeeds,
        raw::Outcome::Fails => Outcome::Fails,
    };
    if raw.slug.is_empty() {
        mistakes.add(place, "its slug has no name");
    }
    let mut process_types = Vec::new();
    for (name, command) in raw.process_types {
        process_types.extend(mistakes.process_type(place, &name).map(|process_type| (process_type, command)));
    }
    let no_text = Texts { bad_release: String::new(), ..Texts::default() };
    DeploySpec {
        slug: raw.slug,
        description: raw.description,
        release_phase: raw.release_phase.map(|phase| mistakes.time(place, &phase)),
        outcome: outcome(raw.outcome),
        outcome_of_rollback: outcome(raw.outcome_of_rollback),
        behaviour: behaviour(place, raw.behaviour, &no_text, mistakes),
        process_types,
    }
}

fn config(place: &str, raw: raw::Config, mistakes: &mut Mistakes) -> BTreeMap<String, Option<String>> {
    let mut vars: BTreeMap<String, Option<String>> =
        raw.set.into_iter().map(|(key, value)| (key, Some(value))).collect();
    for key in raw.remove {
        if vars.insert(key.clone(), None).is_some() {
            mistakes.add(place, format!("config var `{key}` is both set and removed"));
        }
    }
    if vars.is_empty() {
        mistakes.add(place, "a config change that changes nothing");
    }
    let word = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    for key in vars.keys().filter(|key| !word(key)) {
        mistakes.add(place, format!("`{key}` is not a config var: expected letters, digits and _"));
    }
    vars
}

fn behaviour(place: &str, raw: raw::Behaviour, texts: &Texts, mistakes: &mut Mistakes) -> Behaviour {
    match raw {
        raw::Behaviour::Healthy => Behaviour::Healthy,
        raw::Behaviour::ErrorPage(page) => Behaviour::ErrorPage {
            status: mistakes.status(place, page.status.unwrap_or(500)),
            text: page.text.unwrap_or_else(|| texts.bad_release.clone()),
        },
        raw::Behaviour::CrashesOnBoot => Behaviour::CrashesOnBoot,
        raw::Behaviour::SomeErrors(share) => Behaviour::SomeErrors(mistakes.share(place, share)),
        raw::Behaviour::Slow(by) => Behaviour::Slow(mistakes.time(place, &by)),
        raw::Behaviour::Leaks(rate) => Behaviour::Leaks { mib_per_minute: mistakes.rate(place, rate) },
    }
}

fn mechanics(place: &str, raw: raw::Mechanics, mistakes: &mut Mistakes) -> Mechanics {
    let usual = Mechanics::default();
    for (size, capacity) in &raw.capacity {
        mistakes.size(&format!("{place}: capacity"), size);
        mistakes.rate(&format!("{place}: capacity"), *capacity);
    }
    let mut time = |field: &str, text: Option<String>, usual: Duration| {
        text.map_or(usual, |text| mistakes.time(&format!("{place}: {field}"), &text))
    };
    let one_off_runs = time("one_off_runs", raw.one_off_runs, usual.one_off_runs);
    let commands = raw.command.map(|commands| {
        let command = |command: raw::Command| CommandSpec {
            runs: time("command", command.runs, one_off_runs),
            contains: command.contains,
            exit: command.exit,
            cures: match command.cures {
                Some(raw::Cures::DatabaseError) => Cures::DatabaseError,
                Some(raw::Cures::Nothing) | None => Cures::Nothing,
            },
        };
        commands.into_iter().map(command).collect()
    });
    let mechanics = Mechanics {
        boot: time("boot", raw.boot, usual.boot),
        one_off_boot: time("one_off_boot", raw.one_off_boot, usual.one_off_boot),
        one_off_runs,
        commands: commands.unwrap_or(usual.commands),
        latency: time("latency", raw.latency, usual.latency),
        router_timeout: time("router_timeout", raw.router_timeout, usual.router_timeout),
        preboot_overlap: time("preboot_overlap", raw.preboot_overlap, usual.preboot_overlap),
        requests_per_compute: raw.requests_per_compute.unwrap_or(usual.requests_per_compute),
        capacity: raw.capacity,
        slowdown: raw.slowdown.unwrap_or(usual.slowdown),
        overload: raw.overload.unwrap_or(usual.overload),
        backlog: raw.backlog.unwrap_or(usual.backlog),
        memory_mib: raw.memory_mib.unwrap_or(usual.memory_mib),
        serving: None,
        router_lines: match raw.router_lines {
            Some(raw::RouterLines::Bare) => RouterLines::Bare,
            Some(raw::RouterLines::Quoted) | None => RouterLines::Quoted,
        },
        routing: match raw.routing {
            Some(raw::Routing::Spread) => Routing::Spread,
            Some(raw::Routing::Unluckiest) | None => Routing::Unluckiest,
        },
        cycling: match raw.cycling {
            Some(raw::Cycling::Never) => Cycling::Never,
            Some(raw::Cycling::Daily) | None => Cycling::Daily,
        },
        texts: Texts {
            welcome: raw.texts.welcome.unwrap_or(usual.texts.welcome),
            bad_release: raw.texts.bad_release.unwrap_or(usual.texts.bad_release),
            database_error: raw.texts.database_error.unwrap_or(usual.texts.database_error),
            hiccup: raw.texts.hiccup.unwrap_or(usual.texts.hiccup),
            out_of_memory: raw.texts.out_of_memory.unwrap_or(usual.texts.out_of_memory),
        },
    };
    let serving = raw.serving.map(|raw| self::serving(&format!("{place}: serving"), &raw, mistakes));
    for (field, value) in [
        ("requests_per_compute", mechanics.requests_per_compute),
        ("slowdown", mechanics.slowdown),
        ("overload", mechanics.overload),
        ("backlog", mechanics.backlog),
        ("memory_mib", mechanics.memory_mib),
    ] {
        mistakes.rate(&format!("{place}: {field}"), value);
    }
    Mechanics { serving, ..mechanics }
}

fn event(
    place: &str,
    raw: raw::Event,
    apps: &[AppSpec],
    names: &BTreeSet<String>,
    mistakes: &mut Mistakes,
) -> Option<ScriptedEvent> {
    let at = mistakes.time(place, &raw.at);
    let what = match (raw.what, raw.app) {
        (raw::What::NoFaults, None) => Event::NoFaults,
        (raw::What::Hiccup, None) => Event::HiccupEverywhere,
        (raw::What::NoFaults, Some(_)) => {
            mistakes.add(place, "`no_faults` concerns the platform, not an app");
            return None;
        }
        (_, None) => {
            mistakes.add(place, "expected `app`: to which app it happens");
            return None;
        }
        (what, Some(app)) => {
            if !names.contains(&app) {
                mistakes.add(place, format!("there is no app `{app}`"));
            }
            let text = apps.iter().find(|spec| spec.name.as_str() == app).map(|spec| &spec.mechanics.texts.bad_release);
            let what = app_event(place, what, text.map_or("", String::as_str), mistakes);
            Event::App { app, what }
        }
    };
    Some(ScriptedEvent { at, event: what })
}

fn app_event(place: &str, raw: raw::What, bad_release: &str, mistakes: &mut Mistakes) -> AppEvent {
    match raw {
        raw::What::Deploy(deploy) => {
            let mut deploy = self::deploy(place, deploy, mistakes);
            word(&mut deploy.behaviour, bad_release);
            AppEvent::Deploy(deploy)
        }
        raw::What::Config(config) => AppEvent::Config(self::config(place, config, mistakes)),
        raw::What::Rollback(version) => AppEvent::Rollback(version),
        raw::What::Scale(scale) => AppEvent::Scale { process: scale.process, quantity: scale.quantity },
        raw::What::Resize(resize) => {
            mistakes.size(place, &resize.size);
            AppEvent::Resize { process: resize.process, size: resize.size }
        }
        raw::What::Restart(dyno) => AppEvent::Restart(dyno),
        raw::What::RestartAll => AppEvent::RestartAll,
        raw::What::MaintenanceOn => AppEvent::Maintenance(Maintenance::On),
        raw::What::MaintenanceOff => AppEvent::Maintenance(Maintenance::Off),
        raw::What::Crash(dyno) => AppEvent::Crash(dyno),
        raw::What::Leak(leak) => {
            AppEvent::Leak { dyno: leak.dyno, mib_per_minute: mistakes.rate(place, leak.mib_per_minute) }
        }
        raw::What::LeakEnds => AppEvent::LeakEnds,
        raw::What::DatabaseError(error) => AppEvent::DatabaseError(mistakes.status(place, error.status.unwrap_or(500))),
        raw::What::DatabaseSlow(slow) => {
            AppEvent::DatabaseSlow { share: mistakes.share(place, slow.share), by: mistakes.time(place, &slow.by) }
        }
        raw::What::DatabaseHeals => AppEvent::DatabaseHeals,
        raw::What::PlatformError(share) => AppEvent::PlatformError(mistakes.share(place, share)),
        raw::What::Hiccup | raw::What::NoFaults => AppEvent::Hiccup,
        raw::What::Load(rate) => AppEvent::Load(mistakes.rate(place, rate)),
        raw::What::Drains(faults) => AppEvent::Drains(drain_faults(place, &faults, mistakes)),
        raw::What::Surge(surge) => {
            AppEvent::Surge { extra: mistakes.rate(place, surge.extra), lasts: mistakes.time(place, &surge.lasts) }
        }
    }
}

fn fault(place: &str, raw: raw::Fault, mistakes: &mut Mistakes) -> (Duration, Option<Duration>, Fault) {
    let kind = match raw.kind {
        raw::FaultKind::Slow(by) => FaultKind::Slow(mistakes.time(place, &by)),
        raw::FaultKind::TooMany => FaultKind::TooMany,
        raw::FaultKind::Status(status) => FaultKind::Status(mistakes.status(place, status)),
        raw::FaultKind::Html => FaultKind::Html,
        raw::FaultKind::CutBefore => FaultKind::CutBefore,
        raw::FaultKind::CutAfter => FaultKind::CutAfter,
        raw::FaultKind::Truncated => FaultKind::Truncated,
        raw::FaultKind::Stale(age) => FaultKind::Stale(mistakes.time(place, &age)),
        raw::FaultKind::UnknownFields => FaultKind::UnknownFields,
        raw::FaultKind::UnknownStates => FaultKind::UnknownStates,
        raw::FaultKind::UnknownSizes => FaultKind::UnknownSizes,
        raw::FaultKind::UnknownError => FaultKind::UnknownError,
    };
    let probability = raw.probability.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&probability) {
        mistakes.add(place, format!("probability {probability} is not from 0 to 1"));
    }
    let from = raw.from.map_or(Duration::ZERO, |from| mistakes.time(place, &from));
    let until = raw.until.map(|until| mistakes.time(place, &until));
    if until.is_some_and(|until| until <= from) {
        mistakes.add(place, "`until` is not after `from`");
    }
    let fault = Fault { method: raw.method, path: raw.path, probability, times: raw.times, ..Fault::new(kind) };
    (from, until, fault)
}

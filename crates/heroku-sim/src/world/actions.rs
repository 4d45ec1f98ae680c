//! What can be done to a world: by the API, by people, and by the weather. Everything fails as the platform would.

use super::app::Turn;
use super::drains::{DRAINS_MAX, Drain, DrainSpec, is_drain_url};
use super::dyno::{DynoKind, Leak};
use super::event::{AppEvent, Event, Maintenance};
use super::formation::{Changed, FormationUpdate};
use super::one_off::{Ending, OneOffRequest};
use super::refusal::Refusal;
use super::release::ReleaseStatus;
use super::spec::DeploySpec;
use super::{App, Dyno, World};
use flyball_model::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// A time that stands for an end nobody has set.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

impl World {
    /// Changes the formation: all of it, or nothing.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app or process type; 422 for a size that does not exist or cannot be mixed, a negative
    /// quantity, a limit, an app that was never deployed.
    pub fn patch_formation(&mut self, app: &str, updates: &[FormationUpdate]) -> Result<Changed, Refusal> {
        self.act(app, |app, turn| app.patch_formation(updates, turn))
    }

    /// Sets the quantity of one process type.
    ///
    /// # Errors
    ///
    /// As [`World::patch_formation`].
    pub fn scale(&mut self, app: &str, process: &str, quantity: u32) -> Result<Changed, Refusal> {
        self.patch_formation(app, &[FormationUpdate::quantity(process, quantity)])
    }

    /// Sets the size of one process type.
    ///
    /// # Errors
    ///
    /// As [`World::patch_formation`].
    pub fn resize(&mut self, app: &str, process: &str, size: &str) -> Result<Changed, Refusal> {
        self.patch_formation(app, &[FormationUpdate::size(process, size)])
    }

    /// Restarts one dyno, by name or id. A one-off ends for good. Source: platform-api 5.3.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app or dyno.
    pub fn restart_dyno(&mut self, app: &str, dyno: &str) -> Result<(), Refusal> {
        self.act(app, |app, turn| {
            let index = app.dyno_index(dyno).ok_or_else(|| Refusal::not_found("dyno"))?;
            match app.dynos[index].kind {
                DynoKind::Formation => {
                    let id = app.dynos[index].id;
                    app.restart_where(|dyno| dyno.id == id, turn);
                }
                DynoKind::OneOff { .. } => app.end_one_off(index, Ending::Stopped, turn.now),
                // A stopped release phase is a failed one.
                DynoKind::ReleasePhase => app.fail_release_phase(index, turn),
            }
            Ok(())
        })
    }

    /// Restarts every formation dyno; one-offs are not touched. Returns how many. Source: platform-api 5.3 (DC).
    ///
    /// # Errors
    ///
    /// 404 for an unknown app.
    pub fn restart_all(&mut self, app: &str) -> Result<usize, Refusal> {
        self.act(app, |app, turn| Ok(app.restart_where(|_| true, turn)))
    }

    /// Restarts every dyno of one process type. Returns how many.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app or process type.
    pub fn restart_type(&mut self, app: &str, process_type: &str) -> Result<usize, Refusal> {
        self.act(app, |app, turn| {
            let process = app.process(process_type).ok_or_else(|| Refusal::no_such_process_type(process_type))?;
            let process_type = process.process_type.clone();
            Ok(app.restart_where(|dyno| dyno.process_type == process_type, turn))
        })
    }

    /// Starts a one-off dyno.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app; 422 for a bad size, command or `time_to_live`, and for too many at once.
    pub fn run_one_off(&mut self, app: &str, request: &OneOffRequest) -> Result<Dyno, Refusal> {
        self.act(app, |app, turn| {
            let index = app.run_one_off(request, turn)?;
            Ok(app.dynos[index].clone())
        })
    }

    /// Somebody rolls back to a version. Returns the new version.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app or release; 422 for one that is not eligible.
    pub fn roll_back(&mut self, app: &str, version: u64) -> Result<u64, Refusal> {
        self.act(app, |app, turn| {
            let id = app.release(version).ok_or_else(|| Refusal::not_found("release"))?.id;
            app.roll_back(id, app.owner, turn)
        })
    }

    pub(crate) fn roll_back_to(&mut self, app: &str, release: Uuid, user: usize) -> Result<u64, Refusal> {
        self.act(app, |app, turn| app.roll_back(release, user, turn))
    }

    pub(crate) fn release_slug(
        &mut self,
        app: &str,
        slug: Uuid,
        description: Option<String>,
        user: usize,
    ) -> Result<u64, Refusal> {
        self.act(app, |app, turn| app.release_slug(slug, description, user, turn))
    }

    /// Somebody deploys. Returns the new version.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app.
    pub fn deploy(&mut self, app: &str, deploy: &DeploySpec) -> Result<u64, Refusal> {
        self.act(app, |app, turn| Ok(app.deploy(deploy, app.owner, turn)))
    }

    /// Somebody sets (`Some`) or removes (`None`) config vars. Returns the new version.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app; 422 for a name that is not a config var's.
    pub fn set_config(&mut self, app: &str, vars: &BTreeMap<String, Option<String>>) -> Result<u64, Refusal> {
        self.act(app, |app, turn| app.set_config(vars, app.owner, turn))
    }

    pub(crate) fn set_config_as(
        &mut self,
        app: &str,
        vars: &BTreeMap<String, Option<String>>,
        user: usize,
    ) -> Result<u64, Refusal> {
        self.act(app, |app, turn| app.set_config(vars, user, turn))
    }

    /// Switches maintenance mode. No release is made, dynos go on running. Source: platform-api 5.1.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app.
    pub fn set_maintenance(&mut self, app: &str, maintenance: Maintenance) -> Result<Changed, Refusal> {
        self.act(app, |app, turn| {
            let wanted = maintenance == Maintenance::On;
            if app.maintenance == wanted {
                return Ok(Changed::No);
            }
            (app.maintenance, app.updated_at) = (wanted, turn.now);
            Ok(Changed::Yes)
        })
    }

    /// Renames an app. Source: platform-api 5.1.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app; 422 for a name that is not one, or is taken.
    pub fn rename(&mut self, app: &str, name: &str) -> Result<(), Refusal> {
        let invalid = |_| {
            Refusal::invalid_params(
                "Name must start with a letter, end with a letter or digit and can only contain lowercase letters, digits, and dashes.",
            )
        };
        let parsed: flyball_model::AppName = name.parse().map_err(invalid)?;
        if self.app(name).is_some_and(|other| self.app(app).is_some_and(|app| app.id != other.id)) {
            return Err(Refusal::invalid_params(format!("Name {parsed} is already taken")));
        }
        self.act(app, |app, turn| {
            (app.name, app.updated_at) = (parsed, turn.now);
            Ok(())
        })
    }

    /// A dyno of the formation exits.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app or formation dyno.
    pub fn crash(&mut self, app: &str, dyno: &str) -> Result<(), Refusal> {
        self.act(app, |app, turn| {
            let index = app.dyno_index(dyno).filter(|index| app.dynos[*index].is_formation());
            let index = index.ok_or_else(|| Refusal::not_found("dyno"))?;
            app.crash_dyno(index, turn.now);
            Ok(())
        })
    }

    /// Adds a log drain.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app; 422 for a scheme that is not taken, a drain that is there already, and too many.
    pub fn add_drain(&mut self, app: &str, url: &str) -> Result<Drain, Refusal> {
        self.add_drain_with(app, &DrainSpec::new(url))
    }

    /// The same with a form and with faults.
    ///
    /// # Errors
    ///
    /// As [`World::add_drain`].
    pub fn add_drain_with(&mut self, app: &str, spec: &DrainSpec) -> Result<Drain, Refusal> {
        let url = spec.url.as_str();
        let drain = self.act(app, |app, turn| {
            if !is_drain_url(url) {
                return Err(Refusal::invalid_params("Url is invalid."));
            }
            if app.drains.iter().any(|drain| drain.url == url) {
                return Err(Refusal::invalid_params("Url has already been taken."));
            }
            if app.drains.len() >= DRAINS_MAX {
                return Err(Refusal::invalid_params(format!("You can have at most {DRAINS_MAX} log drains.")));
            }
            let (id, token) = (turn.chance.ids.uuid(), format!("d.{}", turn.chance.ids.uuid()));
            let drain = Drain { id, url: url.to_owned(), token, created_at: turn.now };
            app.drains.push(drain.clone());
            Ok(drain)
        })?;
        self.add_outlet(app, &drain, spec);
        Ok(drain)
    }

    /// Removes a log drain, named by id, URL or token.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app or drain.
    pub fn remove_drain(&mut self, app: &str, drain: &str) -> Result<Drain, Refusal> {
        let gone = self.act(app, |app, _| {
            let index = app.drains.iter().position(|known| known.is_named(drain));
            Ok(app.drains.remove(index.ok_or_else(|| Refusal::not_found("log_drain"))?))
        })?;
        self.remove_outlet(gone.id);
        Ok(gone)
    }

    /// Lets something happen now.
    ///
    /// # Errors
    ///
    /// As the platform would refuse it; 404 for an unknown app.
    pub fn apply(&mut self, event: Event) -> Result<(), Refusal> {
        match event {
            Event::App { app, what } => self.apply_to_app(&app, what)?,
            Event::HiccupEverywhere => {
                for index in 0..self.apps.len() {
                    self.change(index, |app, _| app.hiccup());
                }
            }
            Event::Fault(fault) => self.add_fault(fault),
            Event::NoFaults => self.clear_faults(),
        }
        Ok(())
    }

    fn apply_to_app(&mut self, name: &str, what: AppEvent) -> Result<(), Refusal> {
        match what {
            AppEvent::Deploy(deploy) => self.deploy(name, &deploy).map(drop),
            AppEvent::Config(vars) => self.set_config(name, &vars).map(drop),
            AppEvent::Rollback(version) => self.roll_back(name, version).map(drop),
            AppEvent::Scale { process, quantity } => self.scale(name, &process, quantity).map(drop),
            AppEvent::Resize { process, size } => self.resize(name, &process, &size).map(drop),
            AppEvent::RestartAll => self.restart_all(name).map(drop),
            AppEvent::Restart(dyno) => self.restart_dyno(name, &dyno),
            AppEvent::Maintenance(maintenance) => self.set_maintenance(name, maintenance).map(drop),
            AppEvent::Crash(dyno) => self.crash(name, &dyno),
            AppEvent::Leak { dyno, mib_per_minute } => {
                self.act(name, |app, turn| app.begin_leak(dyno.as_deref(), Leak { since: turn.now, mib_per_minute }))
            }
            AppEvent::LeakEnds => self.trouble(name, |app, _| app.leak = None),
            AppEvent::DatabaseError(status) => self.trouble(name, |app, _| app.database_error = Some(status)),
            AppEvent::DatabaseSlow { share, by } => {
                self.trouble(name, |app, _| app.database_slow = Some((share, by.min(FOREVER))))
            }
            AppEvent::DatabaseHeals => {
                self.trouble(name, |app, _| (app.database_error, app.database_slow) = (None, None))
            }
            AppEvent::PlatformError(share) => self.trouble(name, |app, _| app.platform_error = share),
            AppEvent::Hiccup => self.trouble(name, |app, _| app.hiccup()),
            AppEvent::Load(requests) => self.trouble(name, |app, _| app.steady_load = Some(requests)),
            AppEvent::Drains(faults) => self.set_all_drain_faults(name, faults),
            AppEvent::Surge { extra, lasts } => {
                self.trouble(name, |app, now| app.surge(extra, now, lasts.min(FOREVER)))
            }
        }
    }

    fn trouble(&mut self, app: &str, change: impl FnOnce(&mut App, Timestamp)) -> Result<(), Refusal> {
        self.act(app, |app, turn| {
            change(app, turn.now);
            Ok(())
        })
    }

    fn act<T>(
        &mut self,
        app: &str,
        action: impl FnOnce(&mut App, &mut Turn<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let index = self.app_index(app).ok_or_else(|| Refusal::not_found("app"))?;
        let done = self.change(index, action);
        self.remember_state();
        done
    }
}

impl App {
    /// Every formation dyno is wedged until it has been restarted.
    fn hiccup(&mut self) {
        for dyno in self.dynos.iter_mut().filter(|dyno| dyno.is_formation()) {
            dyno.wedged = true;
        }
    }

    fn surge(&mut self, extra: f64, now: Timestamp, lasts: Duration) {
        self.surges.retain(|surge| surge.until > now);
        self.surges.push(super::app::Surge { from: now, until: now + lasts, extra });
    }

    fn begin_leak(&mut self, dyno: Option<&str>, leak: Leak) -> Result<(), Refusal> {
        match dyno {
            None => self.leak = Some(leak),
            Some(name) => {
                let index = self.dyno_index(name).ok_or_else(|| Refusal::not_found("dyno"))?;
                self.dynos[index].leak = Some(leak);
            }
        }
        Ok(())
    }

    /// Somebody stopped the dyno of a release phase.
    fn fail_release_phase(&mut self, index: usize, turn: &mut Turn<'_>) {
        let release_id = self.dynos.remove(index).release_id;
        let Some(place) = self.pending.iter().position(|index| self.releases[*index].id == release_id) else { return };
        let release = std::sync::Arc::make_mut(&mut self.releases[self.pending.remove(place)]);
        (release.status, release.updated_at, release.phase_ends) = (ReleaseStatus::Failed, turn.now, None);
        self.config = std::sync::Arc::clone(&self.current_content().config);
    }
}

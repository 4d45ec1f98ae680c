//! People at work: on the apps, on Flyball's file, and with its pause.

use super::apps::{deploy, dyno, flag};
use super::file::policy;
use super::times;
use crate::chance::Stream;
use crate::story::{Edit, File, Incident, What};
use flyball_heroku_sim::{AppEvent, AppSpec, Maintenance};
use flyball_model::PauseScope;
use std::time::Duration;

/// Maintenance is over after so long, or half an hour at most: an app that nobody may touch shows nothing.
const MAINTENANCE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(900));

pub(super) fn people(draws: &mut Stream, apps: &[AppSpec], file: &File, minutes: u32) -> Vec<Incident> {
    let mut deeds = Vec::new();
    for app in apps {
        for at in times(draws, minutes, Duration::from_secs(6 * 60)) {
            on_app(draws, app, at, &mut deeds);
        }
    }
    for at in times(draws, minutes, Duration::from_secs(12 * 60)) {
        on_flyball(draws, apps, file, at, &mut deeds);
    }
    deeds
}

fn on_app(draws: &mut Stream, app: &AppSpec, at: Duration, deeds: &mut Vec<Incident>) {
    let name = app.name.to_string();
    let process = app.processes[usize::try_from(draws.below(app.processes.len() as u64)).expect("a few")]
        .process_type
        .to_string();
    let mut happens = |at, what| deeds.push(Incident { at, what: What::App { app: name.clone(), what } });
    match draws.below(14) {
        0..=4 => happens(at, AppEvent::Deploy(deploy(draws))),
        5 | 6 => happens(at, AppEvent::Config(flag(draws))),
        7 => happens(at, AppEvent::Rollback(u64::from(draws.between(3, 12)))),
        8 | 9 => happens(at, AppEvent::Scale { process, quantity: draws.between(0, 5) }),
        10 => {
            let size = draws.one_of(&["standard-1x", "standard-2x", "performance-m"]).to_owned();
            happens(at, AppEvent::Resize { process, size });
        }
        11 => happens(at, AppEvent::RestartAll),
        12 => happens(at, AppEvent::Restart(dyno(draws))),
        _ => {
            happens(at, AppEvent::Maintenance(Maintenance::On));
            happens(at + draws.time(MAINTENANCE.0, MAINTENANCE.1), AppEvent::Maintenance(Maintenance::Off));
        }
    }
}

fn on_flyball(draws: &mut Stream, apps: &[AppSpec], file: &File, at: Duration, deeds: &mut Vec<Incident>) {
    let (Some(app), Some(reaction)) = (one(draws, apps), one(draws, &file.reactions)) else { return };
    let Some(monitor) = one(draws, &file.monitors) else { return };
    let (monitor, name) = (monitor.name.clone(), reaction.name.clone());
    let mut happens = |at, what| deeds.push(Incident { at, what });
    match draws.below(6) {
        0..=2 => {
            let scope = match draws.below(3) {
                0 => PauseScope::Everything,
                1 => PauseScope::App(app.name.clone()),
                _ => PauseScope::Reaction(name.parse().expect("a reaction's name")),
            };
            let time = draws.time(Duration::from_secs(10), Duration::from_secs(600));
            // Half of them end by themselves.
            let lasts = (draws.below(2) == 0).then_some(time);
            happens(at, What::Pause { scope: scope.clone(), lasts });
            if lasts.is_none() {
                happens(at + time, What::Resume { scope });
            }
        }
        3 => happens(at, What::Edit(Edit::Policy { policy: policy(draws, &reaction.kind), reaction: name })),
        4 => {
            happens(at, What::Edit(Edit::Detach { monitor: monitor.clone(), reaction: name.clone() }));
            let later = draws.time(Duration::from_secs(5), Duration::from_secs(300));
            happens(at + later, What::Edit(Edit::Attach { monitor, reaction: name }));
        }
        _ => happens(at, What::Edit(Edit::Attach { monitor, reaction: name })),
    }
}

fn one<'a, T>(draws: &mut Stream, of: &'a [T]) -> Option<&'a T> {
    of.get(usize::try_from(draws.below(of.len() as u64)).expect("a few"))
}

//! Flyball's file: monitors and reactions of every kind, with every policy.

use super::apps::BROKEN;
use crate::chance::{Purpose, Stream};
use crate::story::{File, KindStory, Looks, MonitorStory, PolicyStory, ReactionStory};
use flyball_heroku_sim::AppSpec;
use std::time::Duration;

pub(super) fn file(seed: u64, apps: &[AppSpec]) -> File {
    let (mut of_reactions, mut of_monitors) =
        (Stream::new(seed, Purpose::Reactions), Stream::new(seed, Purpose::Monitors));
    let mut of_instance = Stream::new(seed, Purpose::Instance);
    let own_app = apps.iter().find(|_| of_instance.below(12) == 0).map(|app| app.name.to_string());
    let limits = of_instance.one_of(&[None, None, None, Some((3, 2)), Some((1, 1)), Some((200, 100))]);
    let mut file = File { own_app, limits, ..File::default() };
    for app in apps {
        let reactions = reactions(&mut of_reactions, app);
        let mut names: Vec<String> = reactions.iter().map(|reaction| reaction.name.clone()).collect();
        // Now and then a monitor of one app calls a reaction on another.
        if let Some(other) = file.reactions.first().filter(|_| of_monitors.below(6) == 0) {
            names.push(other.name.clone());
        }
        file.monitors.extend(monitors(&mut of_monitors, app, &names));
        file.reactions.extend(reactions);
    }
    file
}

fn monitors(draws: &mut Stream, app: &AppSpec, reactions: &[String]) -> Vec<MonitorStory> {
    let count = draws.one_of(&[1, 1, 2, 2, 3, 4]);
    let mut monitors: Vec<MonitorStory> = (1..=count).map(|number| monitor(draws, app, number)).collect();
    for reaction in reactions {
        // Each is called by one at least, and sometimes by several.
        let first = usize::try_from(draws.below(u64::from(count))).expect("a few monitors");
        for (index, monitor) in monitors.iter_mut().enumerate() {
            if index == first || draws.below(6) == 0 {
                monitor.reactions.push(reaction.clone());
            }
        }
    }
    monitors
}

fn monitor(draws: &mut Stream, app: &AppSpec, number: u32) -> MonitorStory {
    let looks = match draws.below(6) {
        0 | 1 => Looks::Page,
        2 => Looks::Keyword(draws.one_of(&[BROKEN, "database error"]).to_owned()),
        3 => Looks::SlowerThan(draws.time(Duration::from_millis(150), Duration::from_secs(2))),
        4 => Looks::Dynos,
        _ => Looks::Page,
    };
    let every = Duration::from_secs(draws.one_of(&[10, 20, 30, 30, 30, 60, 60, 120]));
    let app = app.name.to_string();
    MonitorStory { name: format!("{app} monitor {number}"), app, every, looks, reactions: Vec::new() }
}

fn reactions(draws: &mut Stream, app: &AppSpec) -> Vec<ReactionStory> {
    let count = draws.between(1, 5);
    (1..=count)
        .map(|number| {
            let kind = kind(draws, app);
            let name = format!("{} {} {number}", app.name, kind.word().replace('_', " "));
            ReactionStory { name, app: app.name.to_string(), policy: policy(draws, &kind), kind }
        })
        .collect()
}

fn kind(draws: &mut Stream, app: &AppSpec) -> KindStory {
    let others = if draws.below(4) == 0 { app.processes.len() as u64 } else { 1 };
    let process = &app.processes[usize::try_from(draws.below(others)).expect("a few")];
    let process_type = process.process_type.to_string();
    match draws.below(8) {
        0 => KindStory::ScaleOut { process_type, max_quantity: draws.between(1, 7) },
        1 => KindStory::ScaleIn { process_type, min_quantity: draws.between(0, 2) },
        2 => KindStory::ScaleUp { process_type, max_size: draws.one_of(&UP) },
        3 => KindStory::ScaleDown { process_type, min_size: draws.one_of(&DOWN) },
        4 => KindStory::RestartDyno { dyno: super::apps::dyno(draws) },
        5 => KindStory::RestartAll,
        6 => {
            let min_release = (draws.below(2) == 0).then(|| u64::from(draws.between(1, 7)));
            let max_steps = (min_release.is_none() || draws.below(2) == 0).then(|| draws.between(1, 4));
            KindStory::RollBack { min_release, max_steps }
        }
        _ => KindStory::OneOff {
            command: draws.one_of(&["db:cleanup", "bin/report", "bin/rails db:cleanup --all"]).to_owned(),
            at_once: draws.one_of(&[1, 1, 1, 2]),
            time_to_live: draws.time(Duration::from_secs(30), Duration::from_secs(1800)),
            repeat: draws.below(4) == 0,
        },
    }
}

const UP: [&str; 4] = ["standard-2x", "performance-m", "performance-l", "performance-xl"];
const DOWN: [&str; 3] = ["standard-1x", "standard-2x", "performance-m"];

/// Any policy that makes some sense for the kind: what takes away is called on passing, mostly.
pub(super) fn policy(draws: &mut Stream, kind: &KindStory) -> PolicyStory {
    let scales = matches!(kind, KindStory::ScaleOut { .. } | KindStory::ScaleIn { .. });
    let takes_away = matches!(kind, KindStory::ScaleIn { .. } | KindStory::ScaleDown { .. });
    let passing = if takes_away { draws.below(5) > 0 } else { draws.below(12) == 0 };
    let causes: &[&'static str] = if passing {
        &[]
    } else {
        draws.one_of(&[&[][..], &[], &[], &["status"], &["text", "status"], &["slow"], &["time_out", "dyno"]])
    };
    PolicyStory {
        call_on: if passing { "passing" } else { "failing" },
        causes: causes.to_vec(),
        trigger: draws.one_of(&[1, 1, 2, 2, 3, 5]),
        cooldown: Duration::from_secs(draws.one_of(&[0, 0, 30, 120, 300, 900])),
        settle: Duration::from_secs(draws.one_of(&[300, 300, 300, 60, 20, 0])),
        dry_run: draws.below(15) == 0,
        in_maintenance: draws.below(6) == 0,
        enabled: draws.below(20) > 0,
        give_way: draws.one_of(&[None, None, None, Some(Duration::ZERO), Some(Duration::from_secs(120))]),
        max_per_hour: draws.one_of(&[None, None, None, Some(1), Some(3)]),
        // What acts on passing readings, or only changes a quantity, never gives up.
        give_up_after: if passing || scales { 10 } else { draws.one_of(&[10, 10, 10, 3, 50]) },
        allow_self: draws.below(4) == 0,
    }
}

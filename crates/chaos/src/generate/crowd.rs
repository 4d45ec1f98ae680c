//! A crowd: many monitors of one app, each with a reaction of its own, that fail together and are asked all the time while
//! looks take long. Whoever can be overlooked is.

use crate::chance::Stream;
use crate::story::{File, KindStory, Looks, MonitorStory, PolicyStory, ReactionStory};
use flyball_heroku_sim::AppSpec;
use std::time::Duration;

/// Adds a crowd to a file. Most of it stands at its limit, and looks at every reading; the last has something to do.
pub(super) fn crowd(draws: &mut Stream, apps: &[AppSpec], file: &mut File) {
    let Some(app) = apps.first().map(|app| app.name.to_string()) else { return };
    let every = Duration::from_secs(draws.one_of(&[10, 10, 15, 30]));
    let count = draws.between(6, 12);
    for number in 1..=count {
        let kind = match (number == count, draws.below(3)) {
            (true, 0) => KindStory::RollBack { min_release: None, max_steps: Some(2) },
            (true, 1) => KindStory::RestartAll,
            (true, _) => KindStory::OneOff {
                command: "bin/report".to_owned(),
                at_once: 1,
                time_to_live: Duration::from_secs(60),
                repeat: false,
            },
            (false, 0) => KindStory::ScaleUp { process_type: "web".to_owned(), max_size: "standard-2x" },
            (false, _) => KindStory::ScaleOut { process_type: "web".to_owned(), max_quantity: 1 },
        };
        let name = format!("{app} of a crowd {number}");
        let policy = PolicyStory {
            call_on: "failing",
            causes: Vec::new(),
            trigger: 1,
            cooldown: Duration::ZERO,
            settle: Duration::from_secs(20),
            dry_run: false,
            in_maintenance: false,
            enabled: true,
            give_way: None,
            max_per_hour: None,
            give_up_after: 10,
            allow_self: false,
        };
        file.reactions.push(ReactionStory { name: name.clone(), app: app.clone(), policy, kind });
        let name = format!("{app} watched by a crowd {number}");
        let reactions = vec![format!("{app} of a crowd {number}")];
        file.monitors.push(MonitorStory { name, app: app.clone(), every, looks: Looks::Page, reactions });
    }
}

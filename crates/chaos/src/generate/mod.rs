//! From a seed to a story: apps with a past, a file, people at work, and everything that goes wrong.

mod apps;
mod crowd;
mod file;
mod machines;
mod people;

use crate::chance::{Purpose, Stream};
use crate::story::{Faults, Incident, Rates, Spell, Story, What};
use std::time::Duration;

/// What the stories of a campaign are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Everything that may go wrong.
    Everything,
    /// That an effect is never there twice: most calls that change something lose their answer, or take the process with
    /// them, and little else goes wrong, so that reactions get to their calls.
    LostCalls,
    /// That several machines on one store share the work: two to five of them, with clocks minutes apart, that are killed, stand
    /// still, and are stopped in good order, beside everything else that may go wrong.
    Nodes,
    /// That people are told once, in order and of everything: their channels fail and hang, and Flyball is killed while it tells.
    /// Every third story has several machines.
    Telling,
}

/// Makes the story of a seed.
#[must_use]
pub fn generate(seed: u64, minutes: u32, aim: Aim) -> Story {
    let apps = apps::apps(&mut Stream::new(seed, Purpose::Apps));
    let mut file = file::file(seed, &apps);
    let mut of_crowd = Stream::new(seed, Purpose::Crowd);
    let is_crowded = of_crowd.below(4) == 0;
    if is_crowded {
        crowd::crowd(&mut of_crowd, &apps, &mut file);
    }
    let mut incidents = apps::troubles(&mut Stream::new(seed, Purpose::Troubles), &apps, minutes);
    incidents.extend(people::people(&mut Stream::new(seed, Purpose::People), &apps, &file, minutes));
    let mut process = Stream::new(seed, Purpose::Process);
    incidents.extend(process_troubles(&mut process, minutes));
    let mut of_machines = Stream::new(seed, Purpose::Machines);
    let is_shared = aim == Aim::Nodes || (aim == Aim::Telling && seed.is_multiple_of(3));
    let others_ahead_ms = if is_shared { machines::others(&mut of_machines) } else { Vec::new() };
    file.tells = aim == Aim::Telling;
    incidents.extend(machines::troubles(&mut of_machines, others_ahead_ms.len(), minutes));
    // Stable: what happens at one moment keeps the order above.
    incidents.sort_by_key(|incident| incident.at);
    let ahead_ms = if process.below(3) == 0 { i64::from(process.between(0, 180_000)) - 90_000 } else { 0 };
    let faults = Faults::Drawn(match aim {
        Aim::Everything | Aim::Nodes | Aim::Telling => rates(&mut Stream::new(seed, Purpose::Rates)),
        Aim::LostCalls => LOST_CALLS,
    });
    Story { seed, minutes, apps, file, ahead_ms, others_ahead_ms, slow_api: is_crowded, incidents, faults }
}

/// Of six calls that change something one is killed at, and three of the others go wrong; what looks for them afterwards is
/// killed now and then as well.
const LOST_CALLS: Rates = Rates { looks: 0.01, changes: 0.6, store: 0.0, pages: 0.0, kills: 0.008, meanwhile: 0.02 };

/// Some stories are calm, so that reactions get far; in some, hardly a call succeeds.
fn rates(draws: &mut Stream) -> Rates {
    let mut rate = |choices: &[f64]| draws.one_of(choices);
    Rates {
        looks: rate(&[0.0, 0.005, 0.02, 0.08]),
        changes: rate(&[0.0, 0.1, 0.3, 0.6]),
        store: rate(&[0.0, 0.001, 0.01, 0.04]),
        pages: rate(&[0.0, 0.01, 0.05]),
        kills: rate(&[0.0, 0.0, 0.0005, 0.002]),
        meanwhile: rate(&[0.0, 0.02, 0.1]),
    }
}

/// What befalls the process: kills, clocks that are set, and spells in which something is out of order.
fn process_troubles(draws: &mut Stream, minutes: u32) -> Vec<Incident> {
    let seconds =
        |from: u64, to: u64, draws: &mut Stream| draws.time(Duration::from_secs(from), Duration::from_secs(to));
    let mut troubles = Vec::new();
    for at in times(draws, minutes, Duration::from_secs(15 * 60)) {
        let what = match draws.below(10) {
            0..=2 => What::Kill { machine: 0, down: seconds(1, 120, draws) },
            3 => {
                let by = i64::from(draws.between(1_000, 240_000));
                What::ClockStep { machine: 0, millis: if draws.below(2) == 0 { by } else { -by } }
            }
            _ => What::Spell { of: draws.one_of(&Spell::ALL), lasts: seconds(5, 150, draws) },
        };
        troubles.push(Incident { at, what });
    }
    troubles
}

/// Times at which something happens, so far apart on average.
fn times(draws: &mut Stream, minutes: u32, apart: Duration) -> Vec<Duration> {
    let end = Duration::from_secs(60 * u64::from(minutes));
    let mut times = Vec::new();
    let mut at = Duration::ZERO;
    loop {
        at += draws.time(Duration::from_secs(1), apart * 2);
        if at >= end {
            return times;
        }
        times.push(at);
    }
}

//! Lines: what is told of the day, from what happens in the world and from Flyball's own timeline.

use super::play::Told;
use flyball_model::{Because, Event, Outcome, ReactionId, Timestamp, Verdict};
use flyball_store::TimelineLine;
use serde::Serialize;
use std::collections::HashMap;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// A scene begins.
    Scene,
    /// Something happened to the shop.
    World,
    /// A person did what no reaction did.
    Person,
    /// A monitor saw a change.
    Seen(Verdict),
    /// A reaction decided.
    Decided,
    /// It was done.
    Done,
    /// It was not done.
    NotDone,
    /// A reaction holds still.
    Held,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// The time of the shop's day.
    pub(super) time: String,
    /// When, by our clock.
    pub(super) at: Timestamp,
    /// What it is about.
    pub(super) what: What,
    /// The monitor or reaction, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) who: Option<String>,
    /// The rest, in words.
    pub(super) words: String,
}

/// Makes lines, and leaves out what a spectator has heard already.
#[derive(Debug, Default)]
pub(super) struct Teller {
    /// Why each reaction held still when that was last told; forgotten when it acts.
    held: HashMap<ReactionId, String>,
}

impl Teller {
    /// A line about the play itself.
    pub(super) fn play(told: Told, at: Timestamp, time: String) -> Line {
        let (what, words) = match told {
            Told::Scene(words) => (What::Scene, words),
            Told::World(words) => (What::World, words),
            Told::Person(words) => (What::Person, words),
        };
        Line { time, at, what, who: None, words }
    }

    /// A line about what Flyball saw, decided or did; `None` for what is not worth one.
    pub(super) fn engine(&mut self, line: &TimelineLine, time: String) -> Option<Line> {
        let entry = &line.entry;
        let monitor = entry.monitor.as_ref().map(|(_, name)| name.to_string());
        let reaction = entry.reaction.as_ref().map(|(_, name)| name.to_string());
        let (what, who, words) = match &entry.event {
            // That all is well at the beginning is no news.
            Event::Flipped { flip, .. } if flip.from.is_none() && flip.to == Verdict::Passing => return None,
            Event::Flipped { flip, words, .. } => (What::Seen(flip.to), monitor, words.to_string()),
            Event::Unknown { begins: true, words } => (What::Seen(Verdict::Unknown), monitor, words.to_string()),
            Event::Held { because } => {
                let words = held_words(because, entry.at)?;
                let (id, _) = entry.reaction.as_ref()?;
                if self.held.get(id) == Some(&words) {
                    return None;
                }
                self.held.insert(*id, words.clone());
                (What::Held, reaction, words)
            }
            Event::Queued { plan, because, .. } => {
                if let Some((id, _)) = &entry.reaction {
                    self.held.remove(id);
                }
                (What::Decided, reaction, format!("{plan}, because {because}"))
            }
            Event::Ended { plan, outcome: Outcome::Done { release: Some(release), .. } } => {
                (What::Done, reaction, format!("{plan}, as {release}"))
            }
            Event::Ended { plan, outcome: Outcome::Done { .. } } => (What::Done, reaction, plan.to_string()),
            Event::Ended { plan, outcome } => (What::NotDone, reaction, format!("{plan}: {outcome}")),
            Event::Lost { .. } => (What::NotDone, reaction, entry.event.to_string()),
            Event::Engine { .. }
            | Event::File { .. }
            | Event::Unknown { begins: false, .. }
            | Event::Would { .. }
            | Event::Settled { .. }
            // The people of the shop tell what they do by themselves.
            | Event::OneOffEnded { .. }
            | Event::Foreign { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::Administered { .. } => return None,
        };
        Some(Line { time, at: entry.at, what, who, words })
    }
}

/// A reason for holding still that a spectator wants to hear, without times of the clock on the wall: the shop has its
/// own. Reasons that pass with the next reading are left out; `flyball history` has them all.
fn held_words(because: &Because, at: Timestamp) -> Option<String> {
    match because {
        Because::CoolingDown { until } => Some(format!("cools down, {:.1} s more", until.since(at).as_secs_f64())),
        Because::Stabilizing { .. } => Some("dynos were added a short time ago".to_owned()),
        Because::Settling { dyno, .. } => Some(format!("{dyno} is booting, and is waited for")),
        Because::RollingOut { dyno, release, .. } => {
            Some(format!("{dyno} does not run {release} yet, and is waited for"))
        }
        Because::Preboot { dyno, .. } => Some(format!("the old {dyno} still answers, and is waited out")),
        // These have a number in them that changes with every reading.
        Because::Enough { .. }
        | Because::LoadUnknown
        | Because::NotCalledOn { .. }
        | Because::BelowTrigger { .. }
        | Because::TooFewSince { .. }
        | Because::OtherCause { .. }
        | Because::AppBusy { .. }
        | Because::RunOpen
        | Because::StillLooking
        | Because::OncePerInterval { .. }
        | Because::ComesAfter { .. }
        | Because::Outranked { .. } => None,
        because => Some(because.to_string()),
    }
}

//! What a change of the file would do at once: the reactions whose trigger is met by what was read already.

use super::{Reader, Recalled};
use crate::wiring::Wiring;
use flyball_config::Definitions;
use flyball_decide::called;
use flyball_model::{AppName, CallOn, Mode, MonitorName, ReactionName};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_store::{Error, Of};
use serde::Serialize;
use std::collections::HashSet;
use std::fmt;

/// A reaction that acts at the next reading of a monitor, if that is as the last ones were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AtOnce {
    /// Which.
    pub reaction: ReactionName,
    /// The app that it acts on.
    pub app: AppName,
    /// The monitor that calls it.
    pub monitor: MonitorName,
    /// At which verdict.
    pub call_on: CallOn,
    /// How many readings in a row had it.
    pub streak: u32,
}

/// `!! reaction "more web" acts on shop at the next failing reading of "page", which was failing 4 times in a row`
impl fmt::Display for AtOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reaction, app, monitor, call_on, streak } = self;
        if *call_on == CallOn::Load {
            let acts = format!("acts on {app} at the next reading of \"{monitor}\"");
            return write!(
                f,
                "!! reaction \"{reaction}\" {acts}, as far as the load needs it, unless something holds it"
            );
        }
        let s = if *streak == 1 { "" } else { "s" };
        write!(
            f,
            "!! reaction \"{reaction}\" acts on {app} at the next {call_on} reading of \"{monitor}\", after {streak} such \
             reading{s} in a row, unless something holds it"
        )
    }
}

impl Reader<'_> {
    /// What of these definitions would act at once, and does not by those of `before`: what is called already is no matter of the
    /// change. A monitor that looks elsewhere from then on has read nothing yet.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn at_once(&self, before: &Definitions) -> Result<Vec<AtOnce>, Error> {
        let recalled = self.recalled(Of::All).await?;
        let host = self.wiring.host().clone();
        let before = Wiring::new(before, host, Mode::Act, &Wiring::default(), self.now);
        let already: HashSet<(ReactionName, MonitorName)> =
            met(&before, &recalled).into_iter().map(|one| (one.reaction, one.monitor)).collect();
        let mut at_once = met(&self.wiring, &recalled);
        at_once.retain(|one| !already.contains(&(one.reaction.clone(), one.monitor.clone())));
        at_once.sort_by(|one, other| (&one.reaction, &one.monitor).cmp(&(&other.reaction, &other.monitor)));
        Ok(at_once)
    }
}

/// Which reactions act, by what is remembered of their monitors.
fn met(wiring: &Wiring, recalled: &Recalled) -> Vec<AtOnce> {
    let acting = wiring.reactions().filter(|reaction| wiring.mode(reaction) == Mode::Act);
    let called_by = acting.flat_map(|reaction| {
        wiring.watched_by(reaction.id).iter().filter_map(|monitor| of(reaction, monitor, recalled))
    });
    called_by.collect()
}

fn of(reaction: &Reaction, monitor: &Monitor, recalled: &Recalled) -> Option<AtOnce> {
    let state = recalled.states.get(&monitor.id).filter(|state| monitor.enabled && state.unknown_in_a_row == 0)?;
    let standing = state.standing.as_ref()?;
    called(&reaction.policy, standing.finding(), Some(standing), None).ok()?;
    Some(AtOnce {
        reaction: reaction.name.clone(),
        app: reaction.kind.app().clone(),
        monitor: monitor.name.clone(),
        call_on: reaction.policy.call_on,
        streak: standing.streak,
    })
}

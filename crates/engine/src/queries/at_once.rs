//! What a change of the file would do at once: the reactions whose trigger is met by what was read already.

use super::{Reader, Recalled};
use crate::wiring::Wiring;
use flyball_config::Definitions;
use flyball_decide::called;
use flyball_model::{AppName, Because, CallOn, Mode, MonitorName, ReactionName, Timestamp};
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
    /// That the reaction is outside its hours now, and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_hours: Option<String>,
    /// The same of the monitor: it does not look before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor_outside_hours: Option<String>,
}

/// `!! reaction "more web" acts on shop at the next failing reading of "page", which was failing 4 times in a row`
impl fmt::Display for AtOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reaction, app, monitor, call_on, streak, outside_hours, monitor_outside_hours } = self;
        if *call_on == CallOn::Load {
            let acts = format!("acts on {app} at the next reading of \"{monitor}\"");
            write!(f, "!! reaction \"{reaction}\" {acts}, as far as the load needs it, unless something holds it")?;
        } else {
            let s = if *streak == 1 { "" } else { "s" };
            write!(
                f,
                "!! reaction \"{reaction}\" acts on {app} at the next {call_on} reading of \"{monitor}\", after {streak} such \
                 reading{s} in a row, unless something holds it"
            )?;
        }
        for (what, outside) in [("reaction", outside_hours), ("monitor", monitor_outside_hours)] {
            if let Some(outside) = outside {
                write!(f, "; not at once: the {what} is {outside}")?;
            }
        }
        Ok(())
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
            met(&before, &recalled, self.now).into_iter().map(|one| (one.reaction, one.monitor)).collect();
        let mut at_once = met(&self.wiring, &recalled, self.now);
        at_once.retain(|one| !already.contains(&(one.reaction.clone(), one.monitor.clone())));
        at_once.sort_by(|one, other| (&one.reaction, &one.monitor).cmp(&(&other.reaction, &other.monitor)));
        Ok(at_once)
    }
}

/// Which reactions act, by what is remembered of their monitors.
fn met(wiring: &Wiring, recalled: &Recalled, now: Timestamp) -> Vec<AtOnce> {
    let acting = wiring.reactions().filter(|reaction| wiring.mode(reaction) == Mode::Act);
    let called_by = acting.flat_map(|reaction| {
        wiring.watched_by(reaction.id).iter().filter_map(|monitor| of(reaction, monitor, recalled, now))
    });
    called_by.collect()
}

fn of(reaction: &Reaction, monitor: &Monitor, recalled: &Recalled, now: Timestamp) -> Option<AtOnce> {
    let state = recalled.states.get(&monitor.id).filter(|state| monitor.enabled && state.unknown_in_a_row == 0)?;
    let standing = state.standing.as_ref()?;
    called(&reaction.policy, standing.finding(), Some(standing), None).ok()?;
    let rests = |because: Option<Because>| because.map(|because| because.to_string());
    Some(AtOnce {
        reaction: reaction.name.clone(),
        app: reaction.kind.app().clone(),
        monitor: monitor.name.clone(),
        call_on: reaction.policy.call_on,
        streak: standing.streak,
        outside_hours: rests(reaction.policy.during.as_ref().and_then(|hours| hours.rests_until(now))),
        monitor_outside_hours: rests(monitor.rests_until(now)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_outside_its_hours_does_not_act_at_once() {
        let at_once = |reaction: Option<&str>, monitor: Option<&str>| AtOnce {
            reaction: "back".parse().unwrap(),
            app: "shop".parse().unwrap(),
            monitor: "page".parse().unwrap(),
            call_on: CallOn::Failing,
            streak: 4,
            outside_hours: reaction.map(str::to_owned),
            monitor_outside_hours: monitor.map(str::to_owned),
        };
        let acts = "!! reaction \"back\" acts on shop at the next failing reading of \"page\", after 4 such readings in a row, unless \
                    something holds it";
        let (outside, later) = ("outside its hours until Mon 08:00 UTC", "outside its hours until Mon 09:00 UTC");
        for (at_once, behind) in [
            (at_once(None, None), String::new()),
            (at_once(Some(outside), None), format!("; not at once: the reaction is {outside}")),
            (at_once(None, Some(later)), format!("; not at once: the monitor is {later}")),
            (
                at_once(Some(outside), Some(later)),
                format!("; not at once: the reaction is {outside}; not at once: the monitor is {later}"),
            ),
        ] {
            assert_eq!(at_once.to_string(), format!("{acts}{behind}"));
        }
    }
}

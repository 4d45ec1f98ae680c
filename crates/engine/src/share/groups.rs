//! Groups: what decides together is done by one node. Monitors, reactions and apps that are tied to one another by the file are
//! one group, and a group is in one shard. Pure.

use flyball_config::Definitions;
use flyball_model::{AppName, IncidentOf, MonitorId, ReactionId};
use flyball_store::Shard;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// In which shard each monitor and each reaction of a file is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    monitors: HashMap<MonitorId, Shard>,
    reactions: HashMap<ReactionId, Shard>,
    apps: HashMap<AppName, Shard>,
    /// How many monitors are in each shard.
    weights: BTreeMap<Shard, u32>,
}

/// What may be tied to something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Tied {
    /// First in the order: a group is known by its first app where it has one, so that a new monitor moves nothing.
    App(Uuid),
    Monitor(Uuid),
    Reaction(Uuid),
}

impl Tied {
    fn app(name: &AppName) -> Self {
        Self::App(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_str().as_bytes()))
    }

    const fn key(self) -> u128 {
        match self {
            Self::App(id) | Self::Monitor(id) | Self::Reaction(id) => id.as_u128(),
        }
    }
}

impl Groups {
    /// The groups of a file.
    #[must_use]
    pub fn of(definitions: &Definitions) -> Self {
        let mut ties = Ties::default();
        for reaction in &definitions.reactions {
            ties.tie(Tied::Reaction(reaction.id.0), Tied::app(reaction.kind.app()));
        }
        for monitor in &definitions.monitors {
            let own = Tied::Monitor(monitor.id.0);
            ties.tie(own, own);
            if let Some(app) = monitor.kind.app() {
                ties.tie(own, Tied::app(app));
            }
            for reaction in &monitor.reactions {
                ties.tie(own, Tied::Reaction(ReactionId::of(reaction).0));
            }
        }
        let mut groups = Self::default();
        for monitor in &definitions.monitors {
            let shard = ties.shard(Tied::Monitor(monitor.id.0));
            groups.monitors.insert(monitor.id, shard);
            groups.apps.extend(monitor.kind.app().map(|app| (app.clone(), shard)));
            *groups.weights.entry(shard).or_default() += 1;
        }
        for reaction in &definitions.reactions {
            let shard = ties.shard(Tied::Reaction(reaction.id.0));
            groups.reactions.insert(reaction.id, shard);
            groups.apps.insert(reaction.kind.app().clone(), shard);
        }
        groups
    }

    /// In which shard a monitor is. One that is in no file is somewhere as well, and everywhere in the same.
    #[must_use]
    pub fn of_monitor(&self, monitor: MonitorId) -> Shard {
        self.monitors.get(&monitor).copied().unwrap_or_else(|| Shard::of(monitor.0.as_u128()))
    }

    /// In which shard a reaction is. One that is in no file is somewhere as well: it may have open runs.
    pub(crate) fn of_reaction(&self, reaction: ReactionId) -> Shard {
        self.reactions.get(&reaction).copied().unwrap_or_else(|| Shard::of(reaction.0.as_u128()))
    }

    /// In which shard it is decided about an incident; none where no file has what it is of.
    pub(crate) fn of_incident(&self, of: &IncidentOf) -> Option<Shard> {
        match of {
            IncidentOf::App(app) => self.apps.get(app).copied(),
            IncidentOf::Monitor(monitor) => self.monitors.get(&MonitorId::of(monitor)).copied(),
        }
    }

    /// How many monitors are in a shard.
    pub(crate) fn weight(&self, shard: Shard) -> u32 {
        self.weights.get(&shard).copied().unwrap_or(0)
    }
}

/// Which are tied to one another, directly or by others: disjoint sets, each a tree under its first member.
#[derive(Default)]
struct Ties(HashMap<Tied, Tied>);

impl Ties {
    /// The first of those that are tied to this one.
    fn first(&mut self, one: Tied) -> Tied {
        let mut first = one;
        while let Some(above) = self.0.get(&first).copied().filter(|above| *above != first) {
            first = above;
        }
        let mut below = one;
        while below != first {
            below = self.0.insert(below, first).unwrap_or(first);
        }
        first
    }

    fn tie(&mut self, one: Tied, other: Tied) {
        let (one, other) = (self.first(one), self.first(other));
        self.0.insert(one.max(other), one.min(other));
        self.0.insert(one.min(other), one.min(other));
    }

    fn shard(&mut self, one: Tied) -> Shard {
        Shard::of(self.first(one).key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn groups(text: &str) -> (Definitions, Groups) {
        let definitions = flyball_config::read("flyball.toml", text).unwrap();
        let groups = Groups::of(&definitions);
        (definitions, groups)
    }

    /// A file with these monitors, each with the reactions that are attached to it, and these reactions, each on an app.
    fn file(monitors: &[(usize, Vec<usize>)], reactions: &[(usize, usize)]) -> String {
        let mut text = String::new();
        for (number, attached) in monitors {
            let attached: Vec<String> = attached.iter().map(|reaction| format!("\"r{reaction}\"")).collect();
            text += &format!("[[monitor]]\nname = \"m{number}\"\ntcp = {{ address = \"127.0.0.1:1\" }}\n");
            if !attached.is_empty() {
                text += &format!("reactions = [{}]\n", attached.join(", "));
            }
        }
        for (number, app) in reactions {
            text += &format!("[[reaction]]\nname = \"r{number}\"\nrestart_all_dynos = {{ app = \"app{app}\" }}\n");
        }
        text
    }

    #[test]
    fn what_acts_on_one_app_is_in_one_shard_and_a_new_monitor_moves_nothing() {
        let reactions = [(1, 1), (2, 1), (3, 2)];
        let (_, before) = groups(&file(&[(1, vec![1]), (2, vec![2])], &reactions));
        let (_, after) = groups(&file(&[(1, vec![1]), (2, vec![2]), (3, vec![1]), (4, vec![])], &reactions));
        let monitor = |number: u8| MonitorId::of(&format!("m{number}").parse().unwrap());
        let reaction = |number: u8| ReactionId::of(&format!("r{number}").parse().unwrap());
        assert_eq!(before.of_monitor(monitor(1)), before.of_monitor(monitor(2)));
        assert_eq!(before.of_monitor(monitor(1)), before.of_reaction(reaction(2)));
        for number in [1, 2] {
            assert_eq!(before.of_monitor(monitor(number)), after.of_monitor(monitor(number)));
        }
        assert_eq!(after.of_monitor(monitor(3)), after.of_monitor(monitor(1)));
        assert_eq!(Shard::all().map(|shard| after.weight(shard)).sum::<u32>(), 4);
    }

    proptest! {
        #[test]
        fn a_tie_is_never_cut(
            reactions in prop::collection::vec(0..6_usize, 1..10),
            attached in prop::collection::vec(prop::collection::btree_set(0..10_usize, 0..4), 1..12),
        ) {
            let reactions: Vec<_> = reactions.into_iter().enumerate().collect();
            let monitors: Vec<_> = attached
                .into_iter()
                .enumerate()
                .map(|(number, attached)| (number, attached.into_iter().filter(|one| *one < reactions.len()).collect()))
                .collect();
            let (definitions, groups) = groups(&file(&monitors, &reactions));
            for monitor in &definitions.monitors {
                for reaction in &monitor.reactions {
                    prop_assert_eq!(groups.of_monitor(monitor.id), groups.of_reaction(ReactionId::of(reaction)));
                }
            }
            for one in &definitions.reactions {
                for other in &definitions.reactions {
                    if one.kind.app() == other.kind.app() {
                        prop_assert_eq!(groups.of_reaction(one.id), groups.of_reaction(other.id));
                    }
                }
            }
        }
    }
}

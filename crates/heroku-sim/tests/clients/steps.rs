//! `steps.toml`: what every client does, and what the world must be afterwards.

use flyball_heroku_sim::{App, World};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    start: State,
    #[serde(rename = "step")]
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) name: String,
    #[serde(default)]
    then: Then,
    #[serde(default)]
    restarts: Vec<String>,
    #[serde(default)]
    starts: Vec<String>,
}

/// What lasts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// Quantity and size of each process type.
    formation: BTreeMap<String, String>,
    /// Version and description of the current release.
    current: String,
    config: BTreeMap<String, String>,
    maintenance: bool,
    /// Where the log would go.
    drains: Vec<String>,
}

/// What is different after a step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Then {
    #[serde(default)]
    formation: BTreeMap<String, String>,
    current: Option<String>,
    config: Option<BTreeMap<String, String>>,
    maintenance: Option<bool>,
    drains: Option<Vec<String>>,
}

impl Plan {
    pub(crate) fn read(text: &str) -> Self {
        toml::from_str(text).expect("steps.toml says what a plan needs")
    }
}

/// What the world should be, and what of it changes its identity.
pub(crate) struct Watch {
    expected: State,
    /// The formation's dynos by name.
    dynos: BTreeMap<String, Uuid>,
    one_offs: usize,
}

impl Watch {
    pub(crate) fn begin(plan: &Plan, world: &World) -> Self {
        let shop = shop(world);
        assert_eq!(state(shop), plan.start, "the small shop is not what the clients were recorded on");
        Self { expected: plan.start.clone(), dynos: dynos(shop), one_offs: shop.one_offs().len() }
    }

    /// Panics where the world is not what it should be after the step.
    pub(crate) fn check(&mut self, step: &Step, world: &World, client: &str) {
        let (shop, after) = (shop(world), format!("{client}, after {:?}", step.name));
        step.then.apply_to(&mut self.expected);
        assert_eq!(state(shop), self.expected, "{after}");

        let before = std::mem::replace(&mut self.dynos, dynos(shop));
        let restarted: Vec<&String> = before
            .iter()
            .filter(|(name, id)| self.dynos.get(*name).is_some_and(|now| now != *id))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(restarted, step.restarts.iter().collect::<Vec<_>>(), "restarted, {after}");

        let started: Vec<&String> = shop.one_offs().skip(self.one_offs).map(|one_off| &one_off.command).collect();
        assert_eq!(started, step.starts.iter().collect::<Vec<_>>(), "one-off dynos, {after}");
        self.one_offs = shop.one_offs().len();
    }
}

impl Then {
    fn apply_to(&self, state: &mut State) {
        state.formation.extend(self.formation.clone());
        if let Some(current) = &self.current {
            state.current.clone_from(current);
        }
        if let Some(config) = &self.config {
            state.config.clone_from(config);
        }
        if let Some(maintenance) = self.maintenance {
            state.maintenance = maintenance;
        }
        if let Some(drains) = &self.drains {
            state.drains.clone_from(drains);
        }
    }
}

fn shop(world: &World) -> &App {
    world.app("shop").expect("the small shop has one app")
}

fn state(app: &App) -> State {
    let current = app.current_release();
    let entry = |process: &flyball_heroku_sim::Process| {
        (process.process_type.to_string(), format!("{} {}", process.quantity, process.size.name))
    };
    State {
        formation: app.formation().iter().map(entry).collect(),
        current: format!("v{} {}", current.version, current.description),
        config: app.config().iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        maintenance: app.in_maintenance(),
        drains: app.drains().iter().map(|drain| drain.url.clone()).collect(),
    }
}

fn dynos(app: &App) -> BTreeMap<String, Uuid> {
    app.formation_dynos().map(|dyno| (dyno.name.clone(), dyno.id)).collect()
}

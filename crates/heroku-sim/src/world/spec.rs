//! What a world is made from: apps with their history, accounts. Builders for tests, and what world files become.

use super::behaviour::{Behaviour, Mechanics, Outcome};
use super::drains::DrainSpec;
use super::sizes::{Place, SizeClass};
use flyball_model::{AppName, ProcessType};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The namespace of slug ids that are made from names; any constant will do, as long as it never changes.
const SLUGS: Uuid = Uuid::from_u128(0x736c_7567_7300_4000_8000_0000_0000_0001);

/// The id of the slug (or image) of this name: the name itself where it is a UUID, otherwise made from it.
#[must_use]
pub fn slug_id(name: &str) -> Uuid {
    Uuid::parse_str(name).unwrap_or_else(|_| Uuid::new_v5(&SLUGS, name.as_bytes()))
}

/// Who may call, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSpec {
    /// The e-mail address, which names the account.
    pub email: String,
    /// Its token; `None` takes any token that is not empty.
    pub token: Option<String>,
    /// How many calls the bucket holds: 4500. Source: platform-api 3 (DC limits 2025-01-09).
    pub bucket_capacity: u32,
    /// How many come back a minute: 75.
    pub bucket_refill_per_minute: u32,
}

impl AccountSpec {
    /// An account that takes any token, with Heroku's own rate limit.
    #[must_use]
    pub fn new(email: impl Into<String>) -> Self {
        Self { email: email.into(), token: None, bucket_capacity: 4500, bucket_refill_per_minute: 75 }
    }

    /// The only token that is taken.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Another rate limit: how many calls the bucket holds, and how many come back a minute.
    #[must_use]
    pub fn bucket(mut self, capacity: u32, refill_per_minute: u32) -> Self {
        (self.bucket_capacity, self.bucket_refill_per_minute) = (capacity, refill_per_minute);
        self
    }
}

/// One deploy of code.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeploySpec {
    /// The slug or image: a name, from which an id is made, or a UUID. A slug behaves in one way: what a later deploy
    /// of the same slug says of it holds for every release of it.
    pub slug: String,
    /// The release's description; the default is `Deploy` and eight digits of the slug's id.
    pub description: Option<String>,
    /// How long the release phase runs, at every release of this slug; `None`: the slug has none.
    pub release_phase: Option<Duration>,
    /// How the release phase of the deploy ends. Without a phase, a deploy that fails has a failed release at once.
    pub outcome: Outcome,
    /// How the release phase ends when somebody rolls back to this slug.
    pub outcome_of_rollback: Outcome,
    /// How the code behaves.
    pub behaviour: Behaviour,
    /// The slug's process types with their commands; empty: those that the app's formation has.
    pub process_types: Vec<(ProcessType, String)>,
}

impl DeploySpec {
    /// A healthy deploy of this slug, without a release phase.
    #[must_use]
    pub fn new(slug: impl Into<String>) -> Self {
        Self { slug: slug.into(), ..Self::default() }
    }

    /// How the code behaves.
    #[must_use]
    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    /// With a release phase: how long it runs, and how it ends.
    #[must_use]
    pub fn release_phase(mut self, runs: Duration, outcome: Outcome) -> Self {
        (self.release_phase, self.outcome) = (Some(runs), outcome);
        self
    }

    /// A release that fails.
    #[must_use]
    pub fn fails(mut self) -> Self {
        self.outcome = Outcome::Fails;
        self
    }

    /// How the release phase ends when somebody rolls back to this slug.
    #[must_use]
    pub fn rollbacks(mut self, outcome: Outcome) -> Self {
        self.outcome_of_rollback = outcome;
        self
    }

    /// Another description than `Deploy 1a2b3c4d`.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The slug's own process types with their commands.
    ///
    /// # Panics
    ///
    /// When a name is not a process type.
    #[must_use]
    pub fn process_types(mut self, types: &[(&str, &str)]) -> Self {
        let parsed = |name: &str| name.parse::<ProcessType>().expect("a process type");
        self.process_types = types.iter().map(|(name, command)| (parsed(name), (*command).to_owned())).collect();
        self
    }
}

/// One step of an app's history before the world begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Code was deployed.
    Deploy(DeploySpec),
    /// Config vars were set (`Some`) or removed (`None`).
    Config(BTreeMap<String, Option<String>>),
    /// Somebody rolled back to this version.
    Rollback(u64),
}

/// One process type of an app.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessSpec {
    /// `web`, `worker`, …
    pub process_type: ProcessType,
    /// How many dynos.
    pub quantity: u32,
    /// Their size, in any case; `None`: the place's default.
    pub size: Option<String>,
    /// What they run.
    pub command: Option<String>,
}

/// A config var that, at this value, makes the app misbehave: content is code *and* config.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigFault {
    /// The config var.
    pub key: String,
    /// The value at which it misbehaves.
    pub value: String,
    /// How.
    pub behaviour: Behaviour,
}

/// What Heroku says of the releases of an app that is built as a container.
///
/// Such releases have neither slug nor image in any answer. Whether they may be rolled back to is the word of
/// `eligible_for_rollback` alone. // platform-api 6 [UNCONFIRMED which]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// A release that succeeded may be rolled back to.
    Eligible,
    /// None may.
    Ineligible,
}

/// One app of a world.
#[derive(Debug, Clone, PartialEq)]
pub struct AppSpec {
    /// Its name.
    pub name: AppName,
    /// Where it runs.
    pub place: Place,
    /// Whether it is a container app, whose releases show no slug, and what Heroku says of them then.
    pub container: Option<Container>,
    /// Whether new dynos start beside the old ones at a release.
    pub preboot: bool,
    /// Whether it begins in maintenance mode.
    pub maintenance: bool,
    /// The e-mail address of its owner; `None`: the first account.
    pub owner: Option<String>,
    /// Who else may use it.
    pub collaborators: Vec<String>,
    /// The formation. Where it is empty, the first deploy brings a `web` with one dyno.
    pub processes: Vec<ProcessSpec>,
    /// What happened before the world begins, oldest first, each with its age at the beginning. v1 and v2, the slugless
    /// releases that every app begins with, are not listed.
    pub history: Vec<(Option<Duration>, Step)>,
    /// Requests a second over time since the beginning: straight lines between the points, level outside of them.
    pub load: Vec<(Duration, f64)>,
    /// Config vars that make it misbehave.
    pub config_faults: Vec<ConfigFault>,
    /// Limits of dynos per process type that Heroku has changed on request, by size.
    pub limits: BTreeMap<String, u32>,
    /// How it works.
    pub mechanics: Arc<Mechanics>,
    /// The log drains that it has from the beginning.
    pub drains: Vec<DrainSpec>,
    /// Whether its dynos tell their load and memory in the log (`labs:enable log-runtime-metrics`).
    pub runtime_metrics: bool,
}

impl AppSpec {
    /// An app on the Common Runtime that has not been deployed.
    ///
    /// # Panics
    ///
    /// When the name is not an app's name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::named(name.parse().expect("an app's name"))
    }

    /// The same from a name that was checked before.
    #[must_use]
    pub fn named(name: AppName) -> Self {
        Self {
            name,
            place: Place::Common,
            container: None,
            preboot: false,
            maintenance: false,
            owner: None,
            collaborators: Vec::new(),
            processes: Vec::new(),
            history: Vec::new(),
            load: Vec::new(),
            config_faults: Vec::new(),
            limits: BTreeMap::new(),
            mechanics: Arc::new(Mechanics::default()),
            drains: Vec::new(),
            runtime_metrics: false,
        }
    }

    /// One more process type: `("web", 2, "Standard-1X")`.
    ///
    /// # Panics
    ///
    /// When the name is not a process type.
    #[must_use]
    pub fn process(mut self, process_type: &str, quantity: u32, size: &str) -> Self {
        let process_type = process_type.parse().expect("a process type");
        self.processes.push(ProcessSpec { process_type, quantity, size: Some(size.to_owned()), command: None });
        self
    }

    /// A healthy deploy in the history.
    #[must_use]
    pub fn deploy(self, slug: &str) -> Self {
        self.deploy_with(DeploySpec::new(slug))
    }

    /// Any deploy in the history.
    #[must_use]
    pub fn deploy_with(mut self, deploy: DeploySpec) -> Self {
        self.history.push((None, Step::Deploy(deploy)));
        self
    }

    /// This many healthy deploys of different slugs.
    #[must_use]
    pub fn deploys(mut self, count: usize) -> Self {
        self.history.extend((0..count).map(|n| (None, Step::Deploy(DeploySpec::new(format!("slug-{n}"))))));
        self
    }

    /// A config var set in the history.
    #[must_use]
    pub fn config(mut self, key: &str, value: &str) -> Self {
        let vars = BTreeMap::from([(key.to_owned(), Some(value.to_owned()))]);
        self.history.push((None, Step::Config(vars)));
        self
    }

    /// A rollback in the history.
    #[must_use]
    pub fn rollback(mut self, version: u64) -> Self {
        self.history.push((None, Step::Rollback(version)));
        self
    }

    /// How long before the beginning the last step was. Steps without an age are an hour apart, the last one an hour
    /// before the beginning.
    #[must_use]
    pub fn ago(mut self, age: Duration) -> Self {
        if let Some(step) = self.history.last_mut() {
            step.0 = Some(age);
        }
        self
    }

    /// Where it runs.
    #[must_use]
    pub fn place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Built as a container.
    #[must_use]
    pub fn container(mut self, releases: Container) -> Self {
        self.container = Some(releases);
        self
    }

    /// With preboot.
    #[must_use]
    pub fn preboot(mut self) -> Self {
        self.preboot = true;
        self
    }

    /// In maintenance mode from the beginning.
    #[must_use]
    pub fn in_maintenance(mut self) -> Self {
        self.maintenance = true;
        self
    }

    /// Owned by this account.
    #[must_use]
    pub fn owner(mut self, email: &str) -> Self {
        self.owner = Some(email.to_owned());
        self
    }

    /// Requests a second at a time since the beginning. Points may come in any order.
    #[must_use]
    pub fn load(mut self, at: Duration, requests_per_second: f64) -> Self {
        self.load.push((at, requests_per_second));
        self
    }

    /// A config var that makes the app misbehave at this value.
    #[must_use]
    pub fn config_fault(mut self, key: &str, value: &str, behaviour: Behaviour) -> Self {
        self.config_faults.push(ConfigFault { key: key.to_owned(), value: value.to_owned(), behaviour });
        self
    }

    /// Another limit of dynos per process type at this size.
    #[must_use]
    pub fn limit(mut self, size: &str, per_type: u32) -> Self {
        self.limits.insert(size.to_owned(), per_type);
        self
    }

    /// How it works.
    #[must_use]
    pub fn mechanics(mut self, change: impl FnOnce(&mut Mechanics)) -> Self {
        change(Arc::make_mut(&mut self.mechanics));
        self
    }

    /// A log drain from the beginning.
    #[must_use]
    pub fn drain(mut self, drain: DrainSpec) -> Self {
        self.drains.push(drain);
        self
    }

    /// Dynos tell their load and memory in the log.
    #[must_use]
    pub fn runtime_metrics(mut self) -> Self {
        self.runtime_metrics = true;
        self
    }

    pub(crate) fn per_type_max(&self, size: &SizeClass) -> u32 {
        let raised = self.limits.iter().find(|(name, _)| name.eq_ignore_ascii_case(size.name));
        raised.map_or(size.per_type_max, |(_, limit)| *limit)
    }
}

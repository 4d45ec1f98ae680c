//! Releases: what an app consists of, what makes a new one, and which of them can be gone back to.

use super::app::{App, Turn};
use super::behaviour::{Behaviour, Outcome};
use super::dyno::DynoKind;
use super::refusal::Refusal;
use super::spec::{Container, DeploySpec, slug_id};
use flyball_model::{ProcessType, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Config vars by name.
pub type Config = BTreeMap<String, String>;

/// A slug's or an image's age at which it may be destroyed. Source: platform-api 6 (CL 3395).
const RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

/// At most this many of an app's newest releases keep their slugs whatever their age. Source: platform-api 6 (CL 3395).
const RETAINED: usize = 20;

/// What an app consists of: its code and its config vars. The truth that a rollback restores; never taken from a
/// description. Two releases have the same content if and only if these are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content {
    /// The slug (or image); `None` before the first deploy.
    pub slug: Option<Uuid>,
    /// The config vars.
    pub config: Arc<Config>,
}

impl fmt::Debug for Content {
    /// Shows which config vars there are, never their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&String> = self.config.keys().collect();
        f.debug_struct("Content").field("slug", &self.slug).field("config", &keys).finish()
    }
}

/// Where a release stands. Source: platform-api 6 (S26).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseStatus {
    /// Its release phase is running.
    Pending,
    /// It was released.
    Succeeded,
    /// Its release phase failed: never current, dynos untouched.
    Failed,
    /// Its slug was destroyed.
    Expired,
}

impl ReleaseStatus {
    /// The status as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// One release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its id, which a rollback names.
    pub id: Uuid,
    /// `v12` is 12.
    pub version: u64,
    /// Where it stands.
    pub status: ReleaseStatus,
    /// What it consists of.
    pub content: Content,
    /// The version that first brought this content: its own, or for a rollback that of the release gone back to.
    pub origin: u64,
    /// Free text.
    pub description: String,
    /// Which account made it.
    pub(crate) user: usize,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
    /// When and how its release phase ends, while that is running.
    pub(crate) phase_ends: Option<(Timestamp, Outcome)>,
    /// Whether a release phase ran, so that it has an output stream.
    pub(crate) has_output: bool,
}

impl Release {
    /// Whether its code is there to be rolled back to; [`App::would_roll_back_to`] has the last word.
    /// Source: platform-api 6: false for failed, pending (UNCONFIRMED), expired, slugless.
    #[must_use]
    pub fn is_eligible_for_rollback(&self) -> bool {
        self.status == ReleaseStatus::Succeeded && self.content.slug.is_some()
    }
}

/// What a world knows of a slug.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slug {
    pub(crate) behaviour: Behaviour,
    pub(crate) release_phase: Option<Duration>,
    pub(crate) outcome_of_rollback: Outcome,
    pub(crate) process_types: Vec<(ProcessType, String)>,
}

/// A release about to be made.
struct NewRelease {
    content: Content,
    origin: Option<u64>,
    description: String,
    user: usize,
    outcome: Outcome,
}

impl App {
    /// Whether Heroku would roll back to this release of the app.
    #[must_use]
    pub fn would_roll_back_to(&self, release: &Release) -> bool {
        release.is_eligible_for_rollback() && self.spec.container != Some(Container::Ineligible)
    }

    /// v1 and v2, which every app begins with, without a slug. Source: platform-api 6 (LOG 2017-2021).
    pub(crate) fn first_releases(&mut self, turn: &mut Turn<'_>) {
        for description in ["Initial release", "Enable Logplex"] {
            let content = Content { slug: None, config: Arc::clone(&self.config) };
            let new = NewRelease {
                content,
                origin: None,
                description: description.to_owned(),
                user: self.owner,
                outcome: Outcome::Succeeds,
            };
            self.add_release(new, turn);
        }
    }

    /// Releases new code.
    pub(crate) fn deploy(&mut self, deploy: &DeploySpec, user: usize, turn: &mut Turn<'_>) -> u64 {
        let id = slug_id(&deploy.slug);
        let slug = Slug {
            behaviour: deploy.behaviour.clone(),
            release_phase: deploy.release_phase,
            outcome_of_rollback: deploy.outcome_of_rollback,
            process_types: deploy.process_types.clone(),
        };
        Arc::make_mut(&mut self.slugs).insert(id, slug);
        let description =
            deploy.description.clone().unwrap_or_else(|| format!("Deploy {}", &id.simple().to_string()[..8]));
        let content = Content { slug: Some(id), config: Arc::clone(&self.config) };
        self.add_release(NewRelease { content, origin: None, description, user, outcome: deploy.outcome }, turn)
    }

    /// Releases a slug that the app has had before (`POST /releases` with `slug`).
    pub(crate) fn release_slug(
        &mut self,
        id: Uuid,
        description: Option<String>,
        user: usize,
        turn: &mut Turn<'_>,
    ) -> Result<u64, Refusal> {
        let noun = if self.spec.place.is_fir() { "oci_image" } else { "slug" };
        let slug = self.slugs.get(&id).ok_or_else(|| Refusal::not_found(noun))?;
        let outcome = slug.outcome_of_rollback;
        let description = description.unwrap_or_else(|| format!("Deploy {}", &id.simple().to_string()[..8]));
        let content = Content { slug: Some(id), config: Arc::clone(&self.config) };
        Ok(self.add_release(NewRelease { content, origin: None, description, user, outcome }, turn))
    }

    /// Sets (`Some`) and removes (`None`) config vars, which makes a release. Source: platform-api 5.7 (S26, LOG).
    pub(crate) fn set_config(
        &mut self,
        vars: &BTreeMap<String, Option<String>>,
        user: usize,
        turn: &mut Turn<'_>,
    ) -> Result<u64, Refusal> {
        let word = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if let Some(key) = vars.keys().find(|key| !word(key)) {
            let shown: String = key.chars().filter(|c| !c.is_control()).take(60).collect();
            return Err(Refusal::invalid_params(format!("Config var name {shown} is invalid.")));
        }
        let mut config = Config::clone(&self.config);
        for (key, value) in vars {
            match value {
                Some(value) => config.insert(key.clone(), value.clone()),
                None => config.remove(key),
            };
        }
        let named = |wanted: bool| {
            let keys: Vec<&str> = vars.iter().filter(|(_, v)| v.is_some() == wanted).map(|(k, _)| k.as_str()).collect();
            keys.join(", ")
        };
        let (set, removed) = (named(true), named(false));
        let description =
            if set.is_empty() { format!("Remove {removed} config vars") } else { format!("Set {set} config vars") };
        let content = Content { slug: self.current_content().slug, config: Arc::new(config) };
        let outcome = self.slug_of(&content).map_or(Outcome::Succeeds, |slug| slug.outcome_of_rollback);
        Ok(self.add_release(NewRelease { content, origin: None, description, user, outcome }, turn))
    }

    /// Goes back to an older release: a *new* one with its slug and its config vars.
    /// Source: platform-api 6 (DC releases).
    pub(crate) fn roll_back(&mut self, id: Uuid, user: usize, turn: &mut Turn<'_>) -> Result<u64, Refusal> {
        let target = self.releases.iter().find(|release| release.id == id);
        let target = Arc::clone(target.ok_or_else(|| Refusal::not_found("release"))?);
        if !self.would_roll_back_to(&target) {
            // The text for an ineligible one is not known. // platform-api 2 [UNCONFIRMED]
            return Err(Refusal::invalid_params(format!("Release v{} is not eligible for rollback.", target.version)));
        }
        // Release phase runs on a rollback too. // platform-api 6 [Trailhead; DC release-phase 2024-04]
        let outcome = self.slug_of(&target.content).map_or(Outcome::Succeeds, |slug| slug.outcome_of_rollback);
        let description = format!("Rollback to v{}", target.version);
        let (content, origin) = (target.content.clone(), Some(target.origin));
        Ok(self.add_release(NewRelease { content, origin, description, user, outcome }, turn))
    }

    fn add_release(&mut self, new: NewRelease, turn: &mut Turn<'_>) -> u64 {
        let version = self.releases.len() as u64 + 1;
        let phase = self.slug_of(&new.content).and_then(|slug| slug.release_phase);
        let status = match (phase, new.outcome) {
            (Some(_), _) => ReleaseStatus::Pending,
            (None, Outcome::Succeeds) => ReleaseStatus::Succeeded,
            (None, Outcome::Fails) => ReleaseStatus::Failed,
        };
        if new.outcome == Outcome::Succeeds {
            self.config = Arc::clone(&new.content.config);
        }
        let release = Release {
            id: turn.chance.ids.uuid(),
            version,
            status,
            content: new.content,
            origin: new.origin.unwrap_or(version),
            description: new.description,
            user: new.user,
            created_at: turn.now,
            updated_at: turn.now,
            phase_ends: phase.map(|runs| (turn.now + runs, new.outcome)),
            has_output: phase.is_some(),
        };
        self.releases.push(Arc::new(release));
        self.updated_at = turn.now;
        let index = self.releases.len() - 1;
        match status {
            ReleaseStatus::Pending => {
                self.pending.push(index);
                self.start_release_phase(index, turn);
            }
            ReleaseStatus::Succeeded => self.make_current(index, turn),
            ReleaseStatus::Failed | ReleaseStatus::Expired => {}
        }
        version
    }

    /// Ends the release phases whose time has come.
    pub(crate) fn end_release_phases(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        let due = |app: &Self| {
            app.pending.iter().position(|index| app.releases[*index].phase_ends.is_some_and(|(at, _)| at <= now))
        };
        while let Some(place) = due(self) {
            let index = self.pending.remove(place);
            let release = Arc::make_mut(&mut self.releases[index]);
            let (_, outcome) = release.phase_ends.take().expect("only a release with a phase is pending");
            release.updated_at = turn.now;
            release.status = match outcome {
                Outcome::Succeeds => ReleaseStatus::Succeeded,
                Outcome::Fails => ReleaseStatus::Failed,
            };
            let id = release.id;
            self.dynos.retain(|dyno| dyno.kind != DynoKind::ReleasePhase || dyno.release_id != id);
            // A release that was overtaken by a newer one while its phase ran does not become current.
            if outcome == Outcome::Succeeds && index > self.current {
                self.make_current(index, turn);
            }
        }
    }

    /// When the next release phase ends, or the next slug is destroyed.
    pub(crate) fn releases_due(&self) -> Option<Timestamp> {
        let phase = self.pending.iter().filter_map(|index| self.releases[*index].phase_ends).map(|(at, _)| at).min();
        let expiry = self.next_to_expire().map(|index| self.releases[index].created_at + RETENTION);
        phase.into_iter().chain(expiry).min()
    }

    /// The oldest release that may be destroyed once it is old enough: the current one never is.
    fn next_to_expire(&self) -> Option<usize> {
        let end = self.releases.len().saturating_sub(RETAINED);
        (self.expiry_cursor..end)
            .find(|index| *index != self.current && self.releases[*index].is_eligible_for_rollback())
    }

    /// Destroys slugs that are older than 30 days *and* beyond the newest 20 releases.
    /// Source: platform-api 6 (CL 3395).
    pub(crate) fn expire_releases(&mut self, now: Timestamp) {
        while let Some(index) = self.next_to_expire() {
            if now < self.releases[index].created_at + RETENTION {
                return;
            }
            let release = Arc::make_mut(&mut self.releases[index]);
            (release.status, release.updated_at) = (ReleaseStatus::Expired, now);
            // Everything before it is settled, but for a current release that may lose its place later.
            self.expiry_cursor = if self.current < index { self.current } else { index + 1 };
        }
    }

    pub(crate) fn slug_of(&self, content: &Content) -> Option<&Slug> {
        content.slug.as_ref().and_then(|id| self.slugs.get(id))
    }

    /// How an app of this content behaves: as its code does, or where that is healthy, as its config makes it.
    pub(crate) fn behaviour_of(&self, content: &Content) -> &Behaviour {
        let code = self.slug_of(content).map_or(&Behaviour::Healthy, |slug| &slug.behaviour);
        if *code != Behaviour::Healthy {
            return code;
        }
        let faults = &self.spec.config_faults;
        faults.iter().find(|fault| content.config.get(&fault.key) == Some(&fault.value)).map_or(code, |f| &f.behaviour)
    }
}

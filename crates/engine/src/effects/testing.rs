//! What the tests of the effects share: a sight in a few words.

use super::{Found, check, find};
use flyball_model::{
    App, AppId, Content, Dyno, DynoId, DynoSize, DynoState, Effect, Generation, ProcessFormation, ProcessType,
    Quantity, Release, ReleaseHistory, ReleaseId, ReleaseStatus, ReleaseVersion, Sight, SlugId, Timestamp,
};

/// When the call was sent.
pub(super) const SENT_AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// What is seen of an app, written down in a few words.
#[derive(Clone)]
pub(super) struct Written(Sight);

/// An app of which nothing is seen.
pub(super) fn sight() -> Written {
    Written(Sight {
        app: App {
            id: AppId::new("id-of-shop"),
            name: "shop".parse().unwrap(),
            maintenance: false,
            generation: Generation::Cedar,
            shield: false,
            web_url: None,
        },
        formation: Vec::new(),
        dynos: Vec::new(),
        releases: ReleaseHistory { newest_first: Vec::new(), reaches_the_first: true },
        taken_at: SENT_AT,
        heroku_now: None,
    })
}

impl Written {
    pub(super) fn web(mut self, quantity: u32, size: &str) -> Self {
        let (process_type, size) = (ProcessType::web(), DynoSize::new(size));
        self.0.formation.push(ProcessFormation { process_type, quantity: Quantity::new(quantity), size });
        self
    }

    pub(super) fn dyno(self, name: &str, id: &str) -> Self {
        self.one_off(name, id, "serve", SENT_AT)
    }

    pub(super) fn one_off(mut self, name: &str, id: &str, command: &str, created_at: Timestamp) -> Self {
        self.0.dynos.push(Dyno {
            id: DynoId::new(id),
            name: name.parse().unwrap(),
            process_type: name.split('.').next().unwrap().parse().unwrap(),
            state: DynoState::Up,
            size: DynoSize::new("standard-1x"),
            command: command.to_owned(),
            release: ReleaseVersion::new(1),
            created_at,
            updated_at: created_at,
        });
        self
    }

    pub(super) fn release(mut self, version: u64, slug: &str, description: &str, status: ReleaseStatus) -> Self {
        let release = Release {
            id: ReleaseId::new(format!("r{version}")),
            version: ReleaseVersion::new(version),
            eligible_for_rollback: Some(status == ReleaseStatus::Succeeded),
            status,
            current: false,
            content: Content::Slug(SlugId::new(slug)),
            description: description.to_owned(),
            user: None,
            created_at: SENT_AT,
        };
        self.0.releases.newest_first.insert(0, release);
        self
    }

    pub(super) fn current(mut self, version: u64) -> Self {
        for release in &mut self.0.releases.newest_first {
            release.current = release.version == ReleaseVersion::new(version);
        }
        self
    }
}

/// Whether an effect's basis holds.
pub(super) fn checked(effect: &Effect, sight: &Written) -> &'static str {
    if check(effect, &sight.0).is_ok() { "holds" } else { "gone" }
}

/// What is found of an effect.
pub(super) fn found(effect: &Effect, sight: &Written) -> &'static str {
    match find(effect, &sight.0, SENT_AT) {
        Found::Done { .. } => "done",
        Found::NotDone(_) => "not done",
        Found::InDoubt(_) => "in doubt",
    }
}

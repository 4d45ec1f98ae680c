//! Plain examples of the larger nouns, for tests: change what a test is about with `..`.

use crate::{
    AccountName, ApiHost, App, AppId, Content, Dyno, DynoId, DynoSize, DynoState, Generation, HerokuApp, Release,
    ReleaseHistory, ReleaseId, ReleaseStatus, ReleaseVersion, Sight, Subject, Timestamp,
};

/// The app `shop`: on Cedar, in service.
#[must_use]
pub fn app() -> App {
    App {
        id: AppId::new("id-of-shop"),
        name: "shop".parse().expect("a valid name"),
        maintenance: false,
        generation: Generation::Cedar,
        shield: false,
        web_url: None,
    }
}

/// The app [`app`] as a subject that was looked at: at Heroku itself, by the account of `[heroku]`.
#[must_use]
pub fn subject() -> Subject {
    let App { id, name, .. } = app();
    Subject::HerokuApp(HerokuApp { host: ApiHost::default(), account: AccountName::default(), name, id: Some(id) })
}

/// A dyno of this name that is up on v1 and came up when it was made. Its id is `id-of-` and its name.
///
/// # Panics
///
/// When the name is not one of Cedar's.
#[must_use]
pub fn dyno(name: &str, created_at: Timestamp) -> Dyno {
    Dyno {
        id: DynoId::new(format!("id-of-{name}")),
        name: name.parse().expect("a valid name"),
        process_type: name.split('.').next().and_then(|of| of.parse().ok()).expect("a name of Cedar's"),
        state: DynoState::Up,
        size: DynoSize::new("standard-1x"),
        command: String::new(),
        release: ReleaseVersion::new(1),
        created_at,
        updated_at: created_at,
    }
}

/// A release that succeeded, can be gone back to, is not current and has no code. Its id is `id-of-v` and its version.
#[must_use]
pub fn release(version: u64, created_at: Timestamp) -> Release {
    Release {
        id: ReleaseId::new(format!("id-of-v{version}")),
        version: ReleaseVersion::new(version),
        status: ReleaseStatus::Succeeded,
        current: false,
        eligible_for_rollback: Some(true),
        content: Content::None,
        description: String::new(),
        user: None,
        created_at,
    }
}

/// A sight of [`app`] in which nothing else is seen.
#[must_use]
pub fn sight(taken_at: Timestamp) -> Sight {
    Sight {
        app: app(),
        formation: Vec::new(),
        dynos: Vec::new(),
        releases: ReleaseHistory { newest_first: Vec::new(), reaches_the_first: true },
        taken_at,
        heroku_now: None,
    }
}

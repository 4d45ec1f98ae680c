//! The kinds of reactions: a closed set, so that the compiler lists what is missing.

mod create_one_off_dyno;
mod restart_all_dynos;
mod restart_dyno;
mod rollback_release;
mod scale_down;
mod scale_in;
mod scale_out;
mod scale_up;
mod size_limit;

pub use create_one_off_dyno::{CreateOneOffDyno, InDoubt};
pub use restart_all_dynos::RestartAllDynos;
pub use restart_dyno::RestartDyno;
pub use rollback_release::RollbackRelease;
pub use scale_down::ScaleDown;
pub use scale_in::ScaleIn;
pub use scale_out::ScaleOut;
pub use scale_up::ScaleUp;

use flyball_decide::{Known, Planned};
use flyball_model::{AccountName, AppName, Needs, ProcessType, Rank, Sight};
use flyball_settings::{Fields, KindDescription, Mistake, Settings, Span, Table};
use serde::Serialize;

/// What a reaction does: one of the eight.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One dyno more.
    ScaleOut(ScaleOut),
    /// One dyno fewer.
    ScaleIn(ScaleIn),
    /// A size up.
    ScaleUp(ScaleUp),
    /// A size down.
    ScaleDown(ScaleDown),
    /// One dyno restarted.
    RestartDyno(RestartDyno),
    /// All dynos restarted.
    RestartAllDynos(RestartAllDynos),
    /// One release back.
    RollbackRelease(RollbackRelease),
    /// A one-off dyno started.
    CreateOneOffDyno(CreateOneOffDyno),
}

/// Runs the same lines for whichever kind it is.
macro_rules! each {
    ($kind:expr, $settings:ident => $body:expr) => {
        match $kind {
            Kind::ScaleOut($settings) => $body,
            Kind::ScaleIn($settings) => $body,
            Kind::ScaleUp($settings) => $body,
            Kind::ScaleDown($settings) => $body,
            Kind::RestartDyno($settings) => $body,
            Kind::RestartAllDynos($settings) => $body,
            Kind::RollbackRelease($settings) => $body,
            Kind::CreateOneOffDyno($settings) => $body,
        }
    };
}

type Read = fn(&Table, Span, &mut Vec<Mistake>) -> Option<Kind>;

fn entry<S: Settings>(read: Read) -> (KindDescription, Read) {
    (KindDescription::of::<S>(), read)
}

/// Every kind, in the order of the reference.
fn all() -> [(KindDescription, Read); 8] {
    [
        entry::<ScaleOut>(|table, span, mistakes| ScaleOut::from_table(table, span, mistakes).map(Kind::ScaleOut)),
        entry::<ScaleIn>(|table, span, mistakes| ScaleIn::from_table(table, span, mistakes).map(Kind::ScaleIn)),
        entry::<ScaleUp>(|table, span, mistakes| ScaleUp::from_table(table, span, mistakes).map(Kind::ScaleUp)),
        entry::<ScaleDown>(|table, span, mistakes| ScaleDown::from_table(table, span, mistakes).map(Kind::ScaleDown)),
        entry::<RestartDyno>(|table, span, mistakes| {
            RestartDyno::from_table(table, span, mistakes).map(Kind::RestartDyno)
        }),
        entry::<RestartAllDynos>(|table, span, mistakes| {
            RestartAllDynos::from_table(table, span, mistakes).map(Kind::RestartAllDynos)
        }),
        entry::<RollbackRelease>(|table, span, mistakes| {
            RollbackRelease::from_table(table, span, mistakes).map(Kind::RollbackRelease)
        }),
        entry::<CreateOneOffDyno>(|table, span, mistakes| {
            CreateOneOffDyno::from_table(table, span, mistakes).map(Kind::CreateOneOffDyno)
        }),
    ]
}

impl Kind {
    /// The word of every kind.
    #[must_use]
    pub const fn words() -> [&'static str; 8] {
        [
            ScaleOut::KIND,
            ScaleIn::KIND,
            ScaleUp::KIND,
            ScaleDown::KIND,
            RestartDyno::KIND,
            RestartAllDynos::KIND,
            RollbackRelease::KIND,
            CreateOneOffDyno::KIND,
        ]
    }

    /// What the reference says of every kind.
    #[must_use]
    pub fn descriptions() -> Vec<KindDescription> {
        all().into_iter().map(|(description, _)| description).collect()
    }

    /// Reads the settings of the kind that this word names; `None` when there is no such kind, or when mistakes were
    /// noted.
    pub fn read(word: &str, table: &Table, span: Span, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let (_, read) = all().into_iter().find(|(description, _)| description.word == word)?;
        read(table, span, mistakes)
    }

    /// The word of this kind.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::ScaleOut(_) => ScaleOut::KIND,
            Self::ScaleIn(_) => ScaleIn::KIND,
            Self::ScaleUp(_) => ScaleUp::KIND,
            Self::ScaleDown(_) => ScaleDown::KIND,
            Self::RestartDyno(_) => RestartDyno::KIND,
            Self::RestartAllDynos(_) => RestartAllDynos::KIND,
            Self::RollbackRelease(_) => RollbackRelease::KIND,
            Self::CreateOneOffDyno(_) => CreateOneOffDyno::KIND,
        }
    }

    /// The app that it acts on.
    #[must_use]
    pub const fn app(&self) -> &AppName {
        each!(self, settings => &settings.app)
    }

    /// The account that it acts by.
    #[must_use]
    pub const fn account(&self) -> &AccountName {
        each!(self, settings => &settings.account)
    }

    /// Its place in the order among those that would act in the same moment.
    #[must_use]
    pub const fn rank(&self) -> Rank {
        match self {
            Self::ScaleOut(_) => Rank::Out,
            Self::ScaleIn(_) => Rank::In,
            Self::ScaleUp(_) => Rank::Up,
            Self::ScaleDown(_) => Rank::Down,
            Self::RestartDyno(_) => Rank::RestartDyno,
            Self::RestartAllDynos(_) => Rank::RestartAll,
            Self::RollbackRelease(_) => Rank::RollBack,
            Self::CreateOneOffDyno(_) => Rank::OneOff,
        }
    }

    /// The process type that it scales or resizes.
    #[must_use]
    pub const fn process_type(&self) -> Option<&ProcessType> {
        match self {
            Self::ScaleOut(settings) => Some(&settings.process_type),
            Self::ScaleIn(settings) => Some(&settings.process_type),
            Self::ScaleUp(settings) => Some(&settings.process_type),
            Self::ScaleDown(settings) => Some(&settings.process_type),
            Self::RestartDyno(_) | Self::RestartAllDynos(_) | Self::RollbackRelease(_) | Self::CreateOneOffDyno(_) => {
                None
            }
        }
    }

    /// The environment variables that it reads when it acts.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Self::CreateOneOffDyno(settings) => settings.variables(),
            Self::ScaleOut(_)
            | Self::ScaleIn(_)
            | Self::ScaleUp(_)
            | Self::ScaleDown(_)
            | Self::RestartDyno(_)
            | Self::RestartAllDynos(_)
            | Self::RollbackRelease(_) => Vec::new(),
        }
    }

    /// Whether it makes dynos of the formation boot anew, and so waits for the app to settle.
    #[must_use]
    pub const fn boots_anew(&self) -> bool {
        match self {
            Self::ScaleUp(_)
            | Self::ScaleDown(_)
            | Self::RestartDyno(_)
            | Self::RestartAllDynos(_)
            | Self::RollbackRelease(_) => true,
            Self::ScaleOut(_) | Self::ScaleIn(_) | Self::CreateOneOffDyno(_) => false,
        }
    }

    /// What it must see to plan. What boots dynos anew must see whether the app has settled: its dynos, and whether they
    /// run the current release.
    #[must_use]
    pub const fn needs(&self) -> Needs {
        match self {
            Self::ScaleOut(_) | Self::ScaleIn(_) => Needs { formation: true, dynos: false, releases: false },
            Self::ScaleUp(_) | Self::ScaleDown(_) => Needs::ALL,
            Self::RestartDyno(_) | Self::RestartAllDynos(_) | Self::RollbackRelease(_) => {
                Needs { formation: false, dynos: true, releases: true }
            }
            Self::CreateOneOffDyno(_) => Needs { formation: false, dynos: true, releases: false },
        }
    }

    /// What this kind does about what is seen. Pure: the same sight gives the same plan.
    #[must_use]
    pub fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
        each!(self, settings => settings.plan(sight, known))
    }
}

/// The two fields that every kind begins with.
fn app_and_account(fields: &mut Fields<'_>) -> (Option<AppName>, Option<AccountName>) {
    let app = fields.required("app", "the app that it acts on");
    let account =
        fields.or("account", AccountName::default(), "the account of `[heroku]`", "the account that it acts by");
    (app, account)
}

/// The process type that a kind scales or resizes.
fn process_type(fields: &mut Fields<'_>) -> Option<ProcessType> {
    fields.or("process_type", ProcessType::web(), "\"web\"", "which of the app's process types")
}

#[cfg(test)]
mod testing;

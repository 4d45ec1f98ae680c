//! Effects: the handful of calls that change Heroku, each with nothing left to decide.

use crate::{
    CallOn, DynoId, DynoName, DynoSize, EnvValue, Excerpt, HerokuApp, Needs, ProcessType, Quantity, ReleaseId,
    ReleaseVersion, Subject, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// One exact change of an app, with what it was based on, so that it can be checked against the world before it is
/// made and looked for after its answer was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// Gives a process type another quantity.
    SetQuantity {
        /// Of which process type.
        process_type: ProcessType,
        /// The quantity that it must still have.
        from: Quantity,
        /// The quantity that is set.
        to: Quantity,
    },
    /// Gives a process type another dyno size.
    SetSize {
        /// Of which process type.
        process_type: ProcessType,
        /// The size that it must still have.
        from: DynoSize,
        /// The size that is set.
        to: DynoSize,
    },
    /// Restarts one dyno.
    RestartDyno {
        /// Its name.
        dyno: DynoName,
        /// The id that it must still have: a restart gives a new one.
        id: DynoId,
    },
    /// Restarts every dyno of the formation.
    RestartAll {
        /// The ids of the dynos that are to go.
        ids: Vec<DynoId>,
    },
    /// Rolls back to a release.
    RollBack {
        /// The release that must still be current.
        from: ReleaseVersion,
        /// The release that `from`'s content came from.
        origin: ReleaseVersion,
        /// The release whose content is wanted again.
        to: ReleaseVersion,
        /// Its id, which is what the call names.
        release: ReleaseId,
    },
    /// Starts a one-off dyno.
    RunOneOff {
        /// Exactly this command.
        command: String,
        /// Its size; Heroku's default for the app if none is given.
        size: Option<DynoSize>,
        /// After this, Heroku ends it.
        time_to_live: Duration,
        /// Added over the config vars; secrets by name.
        env: BTreeMap<String, EnvValue>,
        /// The one-off dynos that were there before, so that the new one can be told from them.
        present: Vec<DynoId>,
    },
}

/// Which effect, without its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// [`Effect::SetQuantity`]
    SetQuantity,
    /// [`Effect::SetSize`]
    SetSize,
    /// [`Effect::RestartDyno`]
    RestartDyno,
    /// [`Effect::RestartAll`]
    RestartAll,
    /// [`Effect::RollBack`]
    RollBack,
    /// [`Effect::RunOneOff`]
    RunOneOff,
}

/// The order among effects that would happen to one app in the same moment: the least goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Old content may be all that is needed.
    RollBack,
    /// Every dyno anew.
    RestartAll,
    /// One dyno anew.
    RestartDyno,
    /// Larger dynos.
    Up,
    /// More dynos.
    Out,
    /// As many dynos as a load needs, be they more or fewer.
    To,
    /// Smaller dynos.
    Down,
    /// Fewer dynos.
    In,
    /// Outside the order: it neither waits for others nor makes them wait.
    OneOff,
}

impl EffectKind {
    /// Whether it makes dynos of the formation boot anew. Such an effect waits until the app has settled, and the
    /// trigger of its reaction counts from then. Changing a quantity neither settles nor waits.
    #[must_use]
    pub const fn boots_anew(self) -> bool {
        match self {
            Self::SetSize | Self::RestartDyno | Self::RestartAll | Self::RollBack => true,
            Self::SetQuantity | Self::RunOneOff => false,
        }
    }

    /// What must be seen of the app to plan it, to check it, and to look for it after its answer was lost. What boots
    /// dynos anew must see whether the app has settled: its dynos, and whether they run the current release.
    #[must_use]
    pub const fn needs(self) -> Needs {
        match self {
            Self::SetQuantity => Needs { formation: true, dynos: false, releases: false },
            Self::SetSize => Needs::ALL,
            Self::RestartDyno | Self::RestartAll | Self::RollBack => {
                Needs { formation: false, dynos: true, releases: true }
            }
            Self::RunOneOff => Needs { formation: false, dynos: true, releases: false },
        }
    }
}

impl Rank {
    /// The effect that stands at this place. What it needs and whether it boots dynos anew follow from it.
    #[must_use]
    pub const fn effect(self) -> EffectKind {
        match self {
            Self::RollBack => EffectKind::RollBack,
            Self::RestartAll => EffectKind::RestartAll,
            Self::RestartDyno => EffectKind::RestartDyno,
            Self::Up | Self::Down => EffectKind::SetSize,
            Self::Out | Self::To | Self::In => EffectKind::SetQuantity,
            Self::OneOff => EffectKind::RunOneOff,
        }
    }

    /// The rank whose effects give back what this one takes; none if it takes nothing.
    #[must_use]
    pub const fn undone_by(self) -> Option<Self> {
        match self {
            Self::In => Some(Self::Out),
            Self::Down => Some(Self::Up),
            Self::RollBack | Self::RestartAll | Self::RestartDyno | Self::Up | Self::Out | Self::To | Self::OneOff => {
                None
            }
        }
    }

    /// What must be seen of the app to plan its effect. None is taken away while others come up, which is told from the dynos.
    #[must_use]
    pub const fn needs(self) -> Needs {
        match self {
            Self::To => Needs::ALL,
            other => other.effect().needs(),
        }
    }

    /// The rank of what goes back the way that this one went; none where there is no way back.
    #[must_use]
    pub const fn inverse(self) -> Option<Self> {
        match self {
            Self::RollBack => Some(Self::RollBack),
            Self::Up => Some(Self::Down),
            Self::Down => Some(Self::Up),
            Self::Out => Some(Self::In),
            Self::In => Some(Self::Out),
            Self::To => Some(Self::To),
            Self::RestartAll | Self::RestartDyno | Self::OneOff => None,
        }
    }

    /// The verdict at which such an effect can help: what is given, renewed or put back helps against a failure, and what
    /// is taken away is spared while all is well. A one-off dyno may be for either.
    #[must_use]
    pub const fn helps_on(self) -> Option<CallOn> {
        match self {
            Self::RollBack | Self::RestartAll | Self::RestartDyno | Self::Up | Self::Out => Some(CallOn::Failing),
            Self::Down | Self::In => Some(CallOn::Passing),
            Self::To => Some(CallOn::Load),
            Self::OneOff => None,
        }
    }
}

impl Effect {
    /// Which effect it is.
    #[must_use]
    pub fn kind(&self) -> EffectKind {
        match self {
            Self::SetQuantity { .. } => EffectKind::SetQuantity,
            Self::SetSize { .. } => EffectKind::SetSize,
            Self::RestartDyno { .. } => EffectKind::RestartDyno,
            Self::RestartAll { .. } => EffectKind::RestartAll,
            Self::RollBack { .. } => EffectKind::RollBack,
            Self::RunOneOff { .. } => EffectKind::RunOneOff,
        }
    }

    /// The process type that it scales or resizes.
    #[must_use]
    pub const fn process_type(&self) -> Option<&ProcessType> {
        match self {
            Self::SetQuantity { process_type, .. } | Self::SetSize { process_type, .. } => Some(process_type),
            Self::RestartDyno { .. } | Self::RestartAll { .. } | Self::RollBack { .. } | Self::RunOneOff { .. } => None,
        }
    }

    /// Whether it makes dynos of the formation boot anew: see [`EffectKind::boots_anew`].
    #[must_use]
    pub fn boots_anew(&self) -> bool {
        self.kind().boots_anew()
    }

    /// What must be seen of the app to plan it, to check it, and to look for it: see [`EffectKind::needs`].
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.kind().needs()
    }
}

/// An effect on a subject: what a run will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// On what, as it was seen when the plan was made. Written among the plan's own fields.
    #[serde(flatten)]
    pub subject: Subject,
    /// What is done.
    pub effect: Effect,
    /// When the sight was taken that it is based on.
    pub seen_at: Timestamp,
    /// The gist of that sight: a plan that was refused is tried again when it changes.
    pub gist: String,
    /// The names of the config vars that a rollback puts back as they were, or takes away: at most
    /// [`Plan::RESTORED_MAX`]. Missing for other effects, and where they could not be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<Vec<Excerpt>>,
}

impl Plan {
    /// At most this many names of config vars are told: an app has a few dozen.
    pub const RESTORED_MAX: usize = 40;

    /// The Heroku app that it is on.
    #[must_use]
    pub const fn app(&self) -> &HerokuApp {
        self.subject.app()
    }
}

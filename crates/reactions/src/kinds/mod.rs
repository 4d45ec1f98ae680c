//! The kinds of reactions: one file each, and listed once. What a kind does is in its file; what every kind must say of
//! itself is in `kind`.

mod create_one_off_dyno;
mod drain;
mod fields;
mod kind;
mod limit;
mod percent;
mod restart_all_dynos;
mod restart_dyno;
mod rollback_release;
mod scale_down;
mod scale_in;
mod scale_out;
mod scale_to;
mod scale_up;
mod size_limit;
#[cfg(test)]
mod testing;

pub use create_one_off_dyno::{CreateOneOffDyno, InDoubt};
pub use drain::Quiet;
pub use limit::Limit;
pub use restart_all_dynos::RestartAllDynos;
pub use restart_dyno::RestartDyno;
pub use rollback_release::RollbackRelease;
pub use scale_down::ScaleDown;
pub use scale_in::ScaleIn;
pub use scale_out::ScaleOut;
pub use scale_to::ScaleTo;
pub use scale_up::ScaleUp;

use flyball_decide::{Known, Planned};
use flyball_model::{AccountName, AppName, Because, Effect, Needs, ProcessType, Rank, Sight};
use flyball_settings::{KindDescription, Mistake, Settings, Span, Table};
use kind::{ReactionKind, kinds};
use serde::Serialize;
use std::time::Duration;

kinds! {
    /// One dyno more.
    ScaleOut,
    /// One dyno fewer.
    ScaleIn,
    /// As many dynos as a load needs.
    ScaleTo,
    /// A size up.
    ScaleUp,
    /// A size down.
    ScaleDown,
    /// One dyno restarted.
    RestartDyno,
    /// All dynos restarted.
    RestartAllDynos,
    /// One release back.
    RollbackRelease,
    /// A one-off dyno started.
    CreateOneOffDyno,
}

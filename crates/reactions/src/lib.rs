//! What Flyball can do: one file per kind under `kinds/`. Pure: from what is seen of an app to a plan, or a reason.

mod kinds;
mod reaction;

pub use kinds::{
    CreateOneOffDyno, InDoubt, Kind, RestartAllDynos, RestartDyno, RollbackRelease, ScaleDown, ScaleIn, ScaleOut,
    ScaleUp,
};
pub use reaction::Reaction;

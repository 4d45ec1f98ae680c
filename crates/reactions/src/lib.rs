//! What Flyball can do: one file per kind under `kinds/`. Pure: from what is seen of an app to a plan, or a reason.

mod kinds;
mod reaction;

pub use kinds::*;
pub use reaction::Reaction;

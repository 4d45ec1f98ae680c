//! Why runs end as they do, as values. Their sentences stand in `words`.
//!
//! Each is stored with a code. What an earlier version stored is a sentence, and stays one: the variant `Told`.

use crate::{AccountName, Because, DynoName, DynoSize, Passage, PauseScope, ProcessType, Quantity, ReleaseVersion};
use serde::{Deserialize, Serialize};

/// Why a run did not take effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum WhyNotDone {
    /// The store did not answer in time, so nothing was sent.
    StoreTooLate,
    /// Flyball was stopped before the call was sent.
    Stopped,
    /// Nobody could know, and a person said so.
    SaidSo {
        /// Who.
        by: Passage,
    },
    /// The app could not be looked at, so nothing was sent.
    CannotLook {
        /// The look that failed.
        error: Passage,
    },
    /// The store failed, so nothing was sent.
    StoreFailed {
        /// What it said.
        error: Passage,
    },
    /// A setting names an environment variable that is not set, so nothing was sent.
    NoVariable {
        /// Its name.
        name: String,
    },
    /// The call failed, and had no effect.
    CallFailed {
        /// The call that failed.
        error: Passage,
    },
    /// The answer was lost, and it is seen that it did not happen.
    DidNotHappen {
        /// What is seen.
        seen: Unchanged,
    },
    /// A reason of an earlier version, as it was told then.
    #[serde(untagged)]
    Told(Passage),
}

/// Why a run was superseded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum WhySuperseded {
    /// A gate that is asked before the call is closed.
    Held {
        /// The gate's reason.
        because: Because,
    },
    /// A person paused it.
    Paused {
        /// What is paused.
        scope: PauseScope,
        /// Who.
        by: String,
    },
    /// It waited too long behind another run on the app.
    WaitedTooLong,
    /// Its account is not in the file any more.
    NoAccount {
        /// Which account.
        account: AccountName,
    },
    /// Its reaction is not in the file any more.
    NoReaction,
    /// Flyball was restarted before it began.
    Restarted,
    /// A reason of an earlier version, as it was told then.
    #[serde(untagged)]
    Told(Passage),
}

/// Why nobody can know whether a run took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum WhyInDoubt {
    /// What is seen says nothing of it.
    Unclear {
        /// What is seen.
        seen: Unclear,
    },
    /// For as long as it was looked for, nothing could be seen.
    NotSeen {
        /// Why, at the last look.
        why: NotSeen,
    },
    /// A reason of an earlier version, as it was told then.
    #[serde(untagged)]
    Told(Passage),
}

/// Why an answer is taken for lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum WhyLost {
    /// None came, or none that was understood.
    CallFailed {
        /// The call that failed.
        error: Passage,
    },
    /// Heroku answered with another quantity than was asked for.
    OtherQuantity {
        /// Of which process type.
        process_type: ProcessType,
        /// The quantity in the answer.
        quantity: Quantity,
    },
    /// Heroku answered with another size than was asked for.
    OtherSize {
        /// Of which process type.
        process_type: ProcessType,
        /// The size in the answer.
        size: DynoSize,
    },
    /// A reason of an earlier version, as it was told then.
    #[serde(untagged)]
    Told(Passage),
}

/// What has changed of that which a plan is based on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Changed {
    /// The quantity is another one.
    Quantity {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// The one that the plan is based on.
        from: Quantity,
    },
    /// The size is another one.
    Size {
        /// Of which process type.
        process_type: ProcessType,
        /// The present size.
        size: DynoSize,
        /// The one that the plan is based on.
        from: DynoSize,
    },
    /// The process type is gone.
    NoProcessType {
        /// Which.
        process_type: ProcessType,
    },
    /// The dyno has been restarted.
    DynoRestarted {
        /// Which.
        dyno: DynoName,
    },
    /// The dyno is gone.
    NoDyno {
        /// Which.
        dyno: DynoName,
    },
    /// Dynos have been restarted, or stopped.
    DynosGone {
        /// How many.
        gone: usize,
    },
    /// No release is current.
    NoCurrentRelease,
    /// Another release is current.
    Current {
        /// Which.
        current: ReleaseVersion,
        /// The one that the plan is based on.
        from: ReleaseVersion,
    },
    /// A newer release is in its release phase.
    Pending {
        /// Which.
        pending: ReleaseVersion,
    },
    /// The release cannot be gone back to any more.
    NotEligible {
        /// Which.
        to: ReleaseVersion,
    },
    /// A change of an earlier version, as it was told then.
    #[serde(untagged)]
    Told(Passage),
}

/// What is seen where an effect did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Unchanged {
    /// The quantity is not the one that was to be set.
    Quantity {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
    },
    /// The size is not the one that was to be set.
    Size {
        /// Of which process type.
        process_type: ProcessType,
        /// The present size.
        size: DynoSize,
    },
    /// The process type is not there.
    NoProcessType {
        /// Which.
        process_type: ProcessType,
    },
    /// The dyno is still the same.
    SameDyno {
        /// Which.
        dyno: DynoName,
    },
    /// Every dyno is still the same.
    AllSameDynos,
    /// Some dynos are still the same.
    SomeSameDynos {
        /// How many.
        same: usize,
        /// Of how many.
        of: usize,
    },
    /// No release has been made that goes back.
    NoRollback {
        /// The release that was current.
        from: ReleaseVersion,
        /// The release that was to be gone back to.
        to: ReleaseVersion,
    },
}

/// What is seen where nobody can know whether an effect happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Unclear {
    /// The app has no dynos.
    NoDynos,
    /// The dyno is gone, and none has come under its name.
    DynoGone {
        /// Which.
        dyno: DynoName,
    },
    /// The one-off dyno is not there, and may have come and gone.
    NoOneOff,
    /// Such a one-off dyno is there, and another run may have started it.
    OneOffOfAnother,
}

/// Why nothing could be seen of an effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum NotSeen {
    /// The app could not be looked at.
    CannotLook {
        /// The look that failed.
        error: Passage,
    },
    /// The account is not in the file any more.
    NoAccount {
        /// Which account.
        account: AccountName,
    },
    /// What is seen is older than what is known.
    OutOfDate {
        /// What shows it.
        because: Because,
    },
    /// The list of releases is older than the call.
    OldReleases {
        /// The release that it ends before.
        before: ReleaseVersion,
    },
}

//! What comes of claiming a run, and of marking it sent.

use flyball_decide::Pause;
use flyball_model::Run;

/// Proof of a claim. A later claim of the same run has a higher one, and the earlier no longer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub i64);

/// What came of claiming a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// It is ours.
    Claimed(Box<Run>, Fence),
    /// It is paused; it stays queued.
    Paused(Pause),
    /// Another run on the app is under way; it stays queued.
    AppBusy,
    /// It is not queued any more.
    Taken,
}

/// What came of marking a run sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkSent {
    /// Committed: the call may be sent, once.
    Go,
    /// A pause came in between: no call.
    Paused(Pause),
    /// The fence no longer holds, or it was marked before: no call.
    Lost,
}

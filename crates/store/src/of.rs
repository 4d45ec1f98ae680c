//! Of which monitors something is read.

use flyball_model::MonitorId;

/// Of which monitors something is read: whoever asks about one of thousands does not wait for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of<'a> {
    /// Of all that there are.
    All,
    /// Of these, where they are known. One that is named twice is told once.
    These(&'a [MonitorId]),
}

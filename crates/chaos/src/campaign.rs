//! Many seeds, one after the other or side by side.

use crate::judge::{Violation, judge};
use crate::play::{Record, play};
use crate::stage::{Between, StageError};
use crate::story::Story;

/// What came of one seed.
#[derive(Debug)]
pub struct Trial {
    /// Its story.
    pub story: Story,
    /// Its play.
    pub record: Record,
    /// What did not hold.
    pub violations: Vec<Violation>,
}

/// Plays and judges a story.
///
/// # Errors
///
/// When the stage cannot be set.
pub fn attempt(story: Story, between: &Between) -> Result<Trial, StageError> {
    let record = play(&story, between)?;
    let violations = judge(&story, &record);
    Ok(Trial { story, record, violations })
}

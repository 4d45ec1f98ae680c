//! Rollback follows content, not numbers.
//!
//! On Heroku a rollback makes a new release that copies an old one: after going from v12 back to v11 the newest is v13,
//! whose content is v11's. "One further back" from v13 is therefore v10, and never v12, which is what was left.

use flyball_model::{Because, Content, Release, ReleaseHistory, ReleaseId, ReleaseStatus, ReleaseVersion, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// A release phase runs for an hour at most; one that is pending for longer is not waited for.
/// Source: Dev Center, release-phase.
const RELEASE_PHASE_MAX: Duration = Duration::from_secs(3600);

/// How far back a reaction may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackLimits {
    /// The oldest release whose content may run.
    pub min_release: Option<ReleaseVersion>,
    /// The most steps in one descent.
    pub max_steps: Option<u32>,
}

/// One step back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepBack {
    /// What is current.
    pub from: ReleaseVersion,
    /// Where its content came from.
    pub origin: ReleaseVersion,
    /// What is wanted instead.
    pub to: ReleaseVersion,
    /// Its id.
    pub release: ReleaseId,
}

/// Why there is no step back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoStep {
    /// For this reason.
    Hold(Because),
    /// It cannot be told yet: releases below this one are needed too.
    LookFurther {
        /// The oldest release that is known.
        below: ReleaseVersion,
    },
}

impl From<Because> for NoStep {
    fn from(because: Because) -> Self {
        Self::Hold(because)
    }
}

/// The release that a release's content came from: "Rollback to vN" is followed to its end. Descriptions are free text,
/// so a link counts only where the code agrees; where one of the two was destroyed, or neither tells its code, as those of
/// a container app, nothing contradicts it.
///
/// # Errors
///
/// [`NoStep::LookFurther`] when the link leads out of what is known.
pub fn origin_of<'a>(history: &'a ReleaseHistory, release: &'a Release) -> Result<&'a Release, NoStep> {
    let mut release = release;
    // Each link leads to a lower version, so this ends.
    while let Some(version) = release.says_rollback_to() {
        match history.version(version) {
            Some(older) if agree(release, older) => release = older,
            Some(_) => break,
            None => match look_further(history) {
                Some(further) => return Err(further),
                None => break,
            },
        }
    }
    Ok(release)
}

fn agree(newer: &Release, older: &Release) -> bool {
    newer.content == older.content
        || (older.content == Content::None && older.status == ReleaseStatus::Expired)
        || (newer.content == Content::None && newer.status == ReleaseStatus::Expired)
}

fn look_further(history: &ReleaseHistory) -> Option<NoStep> {
    let oldest = history.newest_first.last()?;
    (!history.reaches_the_first).then_some(NoStep::LookFurther { below: oldest.version })
}

/// One step back from what runs now.
///
/// `ours` are the releases that our own rollbacks made: a release made by anyone else ends the descent, and the next
/// begins from it. `episode` is when the episode began: what was left since then is never gone back to.
///
/// # Errors
///
/// The reason for holding still, or that older releases are needed to tell.
pub fn step_back(
    history: &ReleaseHistory,
    limits: BackLimits,
    ours: &BTreeSet<ReleaseVersion>,
    episode: Timestamp,
    now: Timestamp,
) -> Result<StepBack, NoStep> {
    let Some(current) = history.current() else {
        return Err(look_further(history).unwrap_or(NoStep::Hold(Because::NoCurrentRelease)));
    };
    if let Some(version) = pending_above(history, current.version, now) {
        return Err(Because::PendingRelease { version }.into());
    }
    let origin = origin_of(history, current)?.version;
    if let Some(min) = limits.min_release.filter(|min| origin <= *min) {
        return Err(Because::AtMinimumRelease { origin, min }.into());
    }
    if let Some(max) = limits.max_steps {
        let steps = steps_taken(history, current, ours);
        if steps >= max {
            return Err(Because::AtMaximumSteps { steps, max }.into());
        }
    }

    let mut avoided = left_since(history, current, episode)?;
    avoided.extend(tried_from(history, current)?);
    let mut passed_over_by_minimum = false;
    for candidate in
        history.newest_first.iter().filter(|release| release.version < origin && can_be_gone_back_to(release))
    {
        let content = origin_of(history, candidate)?.version;
        if limits.min_release.is_some_and(|min| content < min) {
            passed_over_by_minimum = true;
        } else if !avoided.contains(&content) {
            return Ok(StepBack {
                from: current.version,
                origin,
                to: candidate.version,
                release: candidate.id.clone(),
            });
        }
    }

    let oldest = history.newest_first.last().map(|release| release.version);
    match (limits.min_release, look_further(history)) {
        (Some(min), _) if passed_over_by_minimum => Err(Because::AtMinimumRelease { origin, min }.into()),
        // Everything that is not known yet is older than may run.
        (Some(min), Some(_)) if oldest.is_some_and(|oldest| oldest <= min) => {
            Err(Because::AtMinimumRelease { origin, min }.into())
        }
        (_, Some(further)) => Err(further),
        (_, None) => Err(Because::NothingOlder { origin }.into()),
    }
}

/// A release newer than this version whose release phase is running, and has not been for too long. `now` is by Heroku's
/// clock.
#[must_use]
pub fn pending_above(history: &ReleaseHistory, version: ReleaseVersion, now: Timestamp) -> Option<ReleaseVersion> {
    history
        .newest_first
        .iter()
        .filter(|release| release.version > version && release.status == ReleaseStatus::Pending)
        .find(|release| now.since(release.created_at) < RELEASE_PHASE_MAX)
        .map(|release| release.version)
}

/// How many steps of this descent were taken: the unbroken chain of our rollbacks that ends in what is current.
fn steps_taken(history: &ReleaseHistory, current: &Release, ours: &BTreeSet<ReleaseVersion>) -> u32 {
    let chain = history
        .newest_first
        .iter()
        .filter(|release| release.version <= current.version && was_current(release))
        .take_while(|release| ours.contains(&release.version) && release.says_rollback_to().is_some())
        .count();
    u32::try_from(chain).unwrap_or(u32::MAX)
}

/// Whether a release took over from the one before it. A failed release never did.
pub(crate) fn was_current(release: &Release) -> bool {
    matches!(release.status, ReleaseStatus::Succeeded | ReleaseStatus::Expired)
}

/// Whether Heroku will still roll back to a release: its own word decides, also of a container's, which shows no code.
/// Only where it says nothing is the code asked for, without which there is nothing to go back to.
pub(crate) fn can_be_gone_back_to(release: &Release) -> bool {
    let eligible = release.eligible_for_rollback.unwrap_or(release.content != Content::None);
    eligible && release.status == ReleaseStatus::Succeeded && !release.current
}

/// Where the contents came from that a rollback, anybody's, left in this episode: known to be bad.
fn left_since(
    history: &ReleaseHistory,
    current: &Release,
    episode: Timestamp,
) -> Result<BTreeSet<ReleaseVersion>, NoStep> {
    let mut left = BTreeSet::new();
    let mut took_over =
        history.newest_first.iter().filter(|release| release.version <= current.version && was_current(release));
    let mut newer = took_over.next();
    while let Some(release) = newer.filter(|release| release.created_at >= episode) {
        let Some(older) = took_over.next() else {
            return look_further(history).map_or(Ok(left), Err);
        };
        if release.says_rollback_to().is_some() {
            left.insert(origin_of(history, older)?.version);
        }
        newer = Some(older);
    }
    Ok(left)
}

/// Where the contents came from to which a rollback was tried from what is current, and failed.
fn tried_from(history: &ReleaseHistory, current: &Release) -> Result<BTreeSet<ReleaseVersion>, NoStep> {
    let mut tried = BTreeSet::new();
    for release in &history.newest_first {
        let failed_rollback = release.version > current.version
            && release.status == ReleaseStatus::Failed
            && release.says_rollback_to().is_some();
        if failed_rollback {
            tried.insert(origin_of(history, release)?.version);
        }
    }
    Ok(tried)
}

#[cfg(test)]
mod tests;

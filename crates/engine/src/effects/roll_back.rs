//! Rolling back: recognised by the release that it made.
//!
//! Seen counts also while the call may still be on its way: the release says where it goes back to, and another one to the
//! same content is no step.

use super::{Made, NotMade, Trace};
use flyball_decide::{origin_of, pending_above};
use flyball_heroku::Heroku;
use flyball_model::{
    AppName, Changed, Effect, NotSeen, Release, ReleaseId, ReleaseStatus, ReleaseVersion, Run, Sight, Unchanged,
};

pub(super) fn check(from: ReleaseVersion, to: ReleaseVersion, sight: &Sight) -> Result<(), Changed> {
    let current = sight.releases.current().ok_or(Changed::NoCurrentRelease)?;
    if current.version != from {
        return Err(Changed::Current { current: current.version, from });
    }
    if let Some(pending) = pending_above(&sight.releases, from, sight.heroku_now.unwrap_or(sight.taken_at)) {
        return Err(Changed::Pending { pending });
    }
    // A target further back than what was looked at has been there long enough that it will not have gone just now.
    match sight.releases.version(to) {
        Some(release) if release.status != ReleaseStatus::Succeeded || release.eligible_for_rollback == Some(false) => {
            Err(Changed::NotEligible { to })
        }
        Some(_) | None => Ok(()),
    }
}

pub(super) async fn perform(release: &ReleaseId, app: &AppName, heroku: &dyn Heroku) -> Result<Made, NotMade> {
    let answer = heroku.roll_back(app, release).await?;
    Ok(Made { request_id: answer.request_id, release: Some(answer.value.version), dyno: None, dyno_name: None })
}

pub(super) fn find(from: ReleaseVersion, to: ReleaseVersion, sight: &Sight) -> Trace {
    let newest = sight.releases.newest_first.iter().map(|release| release.version).max();
    if newest < Some(from) {
        return Trace::NotYet(NotSeen::OldReleases { before: from });
    }
    let newer = sight.releases.newest_first.iter().filter(|release| release.version > from);
    // Oldest first: of several rollbacks to the same release, ours came right after what it was based on.
    let made = newer.filter(|release| goes_back_to(release, to, sight)).min_by_key(|release| release.version);
    match made {
        Some(release) => Trace::Done { release: Some(release.version), dyno: None, dyno_name: None },
        None => Trace::NotDone(Unchanged::NoRollback { from, to }),
    }
}

/// The releases that runs of ours made of which nobody could see at the time whether they took effect.
pub(crate) fn made_by(doubted: &[Run], sight: &Sight) -> impl Iterator<Item = ReleaseVersion> {
    doubted.iter().filter_map(|run| match &run.plan.effect {
        Effect::RollBack { from, to, .. } => match find(*from, *to, sight) {
            Trace::Done { release, .. } => release,
            Trace::NotDone(_) | Trace::NotYet(_) | Trace::InDoubt(_) => None,
        },
        _ => None,
    })
}

/// Whether a release says that it goes back to `to`, and what is known of their contents does not contradict it.
fn goes_back_to(release: &Release, to: ReleaseVersion, sight: &Sight) -> bool {
    if release.says_rollback_to() != Some(to) {
        return false;
    }
    match (origin_of(&sight.releases, release), sight.releases.version(to)) {
        (Ok(origin), Some(_)) => origin.version < release.version,
        // The target is further back than what was looked at.
        (Ok(_) | Err(_), _) => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::effects::testing::{checked, found, sight};
    use flyball_model::{Effect, ReleaseId, ReleaseStatus, ReleaseVersion};

    #[test]
    fn the_table() {
        use ReleaseStatus::{Expired, Failed, Pending, Succeeded};
        let (from, to) = (ReleaseVersion::new(3), ReleaseVersion::new(2));
        let effect = Effect::RollBack { from, origin: from, to, release: ReleaseId::new("r2") };
        let base = || sight().release(2, "b", "Deploy", Succeeded).release(3, "c", "Deploy", Succeeded);
        let cases = [
            ("a list from before it", sight().release(2, "b", "Deploy", Succeeded).current(2), "gone", "not yet"),
            ("an empty list", sight(), "gone", "not yet"),
            ("nothing newer", base().current(3), "holds", "not done"),
            ("ours", base().release(4, "b", "Rollback to v2", Succeeded).current(4), "gone", "done"),
            (
                "ours, in its release phase",
                base().release(4, "b", "Rollback to v2", Pending).current(3),
                "gone",
                "done",
            ),
            ("ours, and it failed", base().release(4, "b", "Rollback to v2", Failed).current(3), "holds", "done"),
            (
                "a deploy in its release phase behind a failed one",
                base().release(4, "d", "Deploy", Pending).release(5, "e", "Deploy", Failed).current(3),
                "gone",
                "not done",
            ),
            ("a deploy", base().release(4, "d", "Deploy", Succeeded).current(4), "gone", "not done"),
            ("a deploy that lies", base().release(4, "d", "Rollback to v2", Succeeded).current(4), "gone", "not done"),
            (
                "ours, and a deploy after it",
                base().release(4, "b", "Rollback to v2", Succeeded).release(5, "e", "Deploy", Succeeded).current(5),
                "gone",
                "done",
            ),
            (
                "the target expired",
                sight().release(2, "b", "Deploy", Expired).release(3, "c", "Deploy", Succeeded).current(3),
                "gone",
                "not done",
            ),
        ];
        for (case, sight, check, find) in cases {
            assert_eq!((checked(&effect, &sight), found(&effect, &sight)), (check, find), "{case}");
        }
    }
}

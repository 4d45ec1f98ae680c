//! What is seen of an app, held against what was remembered of it.

use crate::facts::{SeenOneOff, Sighting, Unsettled};
use crate::foreign::{KnownBefore, foreign_changes, released_before};
use crate::settle::{evidence_from, settling, unsettled_from};
use flyball_model::{
    ApiHost, Because, Dyno, DynoId, DynoState, Foreign, Needs, Outcome, Release, ReleaseVersion, Run, RunState, Sight,
    Timestamp,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// Heroku's `Date` has whole seconds: clocks that differ by less than this are taken to agree.
const SKEW_MIN_MS: i64 = 2000;

/// What is known of a one-off dyno.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OneOffSeen {
    /// It is there.
    Running,
    /// It was first seen to be gone at this time.
    GoneAt(Timestamp),
    /// No look showed it.
    Never,
}

/// What was seen of an app, beside what was remembered of it.
pub struct Seen<'a> {
    /// What was seen.
    pub sight: &'a Sight,
    before: Option<&'a Sighting>,
    been_up: BTreeSet<DynoId>,
}

impl<'a> Seen<'a> {
    /// A sight beside what was remembered, if that is of the same app.
    #[must_use]
    pub fn new(sight: &'a Sight, before: Option<&'a Sighting>) -> Self {
        // An app of the same name may be another one by now.
        let before = before.filter(|before| before.app.id == sight.app.id);
        let up_before = before.map(|before| before.been_up.as_slice()).unwrap_or_default();
        let was_up = |id: &DynoId| up_before.contains(id);
        let is_up = |dyno: &Dyno| matches!(dyno.state, DynoState::Up | DynoState::Idle);
        let dynos = sight.formation_dynos();
        let been_up = dynos.filter(|dyno| is_up(dyno) || was_up(&dyno.id)).map(|dyno| dyno.id.clone()).collect();
        Self { sight, before, been_up }
    }

    /// Whether what was seen is not older than what was known. Releases only ever become more: a list that ends before
    /// one that was seen, or that a rollback of ours made, is an old one, and nothing may rest on it.
    ///
    /// # Errors
    ///
    /// The reason for holding still.
    pub fn is_up_to_date(&self, needs: Needs, our_rollbacks: &BTreeSet<ReleaseVersion>) -> Result<(), Because> {
        let Some(before) = self.before.filter(|_| needs.releases) else { return Ok(()) };
        let newest = |releases: &[Release]| releases.iter().map(|release| release.version).max();
        let known = newest(&before.releases).max(our_rollbacks.last().copied());
        let seen = newest(&self.sight.releases.newest_first);
        match known {
            Some(known) if seen < Some(known) => {
                let ends = seen.map_or_else(|| "is empty".to_owned(), |seen| format!("ends with {seen}"));
                let error =
                    format!("Heroku answers with an old list of releases, which {ends}, and {known} was there before");
                Err(Because::CannotSee { error })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Now, by Heroku's clock.
    #[must_use]
    pub fn heroku_now(&self) -> Timestamp {
        self.to_heroku(self.sight.taken_at)
    }

    /// A time of ours by Heroku's clock.
    #[must_use]
    pub fn to_heroku(&self, ours: Timestamp) -> Timestamp {
        Timestamp::from_millis(ours.as_millis() + self.skew())
    }

    fn to_ours(&self, herokus: Timestamp) -> Timestamp {
        Timestamp::from_millis(herokus.as_millis() - self.skew())
    }

    /// How far Heroku's clock is ahead of ours, in milliseconds.
    fn skew(&self) -> i64 {
        let ahead = self.sight.heroku_now.map_or(0, |theirs| theirs.as_millis() - self.sight.taken_at.as_millis());
        if ahead.abs() < SKEW_MIN_MS { 0 } else { ahead }
    }

    /// Whether the app is settling.
    #[must_use]
    pub fn settling(&self, settle: Duration) -> Option<Because> {
        settling(self.sight, &self.been_up, settle, self.heroku_now())
    }

    /// From when on readings are evidence for making dynos boot anew, by our clock: since the last dyno came up, and
    /// since we last saw the app settling, as long as it is given time for that.
    #[must_use]
    pub fn evidence_from(&self, settle: Duration) -> Option<Timestamp> {
        let seen = evidence_from(self.sight, &self.been_up, settle).map(|at| self.to_ours(at));
        let unsettled = self.before.and_then(|before| before.unsettled);
        seen.max(unsettled.map(|before| before.at.min(before.from + settle)))
    }

    /// What is known of a one-off dyno, where dynos were looked at.
    pub(crate) fn one_off(&self, id: &DynoId) -> OneOffSeen {
        if self.sight.dynos.iter().any(|dyno| dyno.id == *id) {
            return OneOffSeen::Running;
        }
        let before = self.before.into_iter().flat_map(|before| &before.one_offs).find(|one_off| one_off.id == *id);
        before.map_or(OneOffSeen::Never, |before| OneOffSeen::GoneAt(before.gone_at.unwrap_or(self.sight.taken_at)))
    }

    /// The one-off dynos that are remembered from now on.
    fn one_offs(&self) -> Vec<SeenOneOff> {
        let there = self.sight.dynos.iter().filter(|dyno| !dyno.is_formation()).map(|dyno| &dyno.id);
        let remembered = self.before.map(|before| before.one_offs.as_slice()).unwrap_or_default();
        let gone = remembered.iter().filter_map(|one_off| match self.one_off(&one_off.id) {
            OneOffSeen::GoneAt(gone_at) => Some(SeenOneOff { id: one_off.id.clone(), gone_at: Some(gone_at) }),
            OneOffSeen::Running | OneOffSeen::Never => None,
        });
        let mut one_offs: Vec<SeenOneOff> =
            gone.chain(there.map(|id| SeenOneOff { id: id.clone(), gone_at: None })).collect();
        one_offs.drain(..one_offs.len().saturating_sub(Sighting::ONE_OFFS_MAX));
        one_offs
    }

    /// Those of our runs whose one-off dynos this look, which was for dynos, no longer shows, for the first time: each
    /// with how long it ran at most. One that came and went between two looks is among them.
    #[must_use]
    pub fn one_offs_ended<'r>(&self, runs: &'r [Run]) -> Vec<(&'r Run, Duration)> {
        let taken_at = self.sight.taken_at;
        let ended = runs.iter().filter_map(|run| {
            let RunState::Ended { at, outcome: Outcome::Done { dyno: Some(dyno), .. } } = &run.state else {
                return None;
            };
            let told_by_now = |before: &Sighting| match before.one_offs.iter().find(|one_off| one_off.id == *dyno) {
                Some(one_off) => one_off.gone_at.is_some(),
                None => before.seen_at > *at,
            };
            let is_news =
                self.one_off(dyno) != OneOffSeen::Running && *at < taken_at && !self.before.is_some_and(told_by_now);
            is_news.then(|| (run, taken_at.since(run.sent_at.unwrap_or(*at))))
        });
        ended.collect()
    }

    /// What others changed since it was seen before, where it was and as far as is looked now.
    #[must_use]
    pub fn foreign(&self, needs: Needs, ours: &[Run], our_rollbacks: &BTreeSet<ReleaseVersion>) -> Vec<Foreign> {
        let Some(before) = self.before else { return Vec::new() };
        let newest = before.releases.iter().map(|release| release.version).max();
        let known = KnownBefore {
            formation: before.formation_at.filter(|_| needs.formation).map(|at| (before.formation.as_slice(), at)),
            newest: newest.zip(before.releases_at).filter(|_| needs.releases),
            ours,
            our_rollbacks,
        };
        foreign_changes(&known, self.sight, |at| self.to_ours(at))
    }

    /// What is remembered of others' changes; of releases that are looked at for the first time, what was released of
    /// late.
    #[must_use]
    pub fn foreign_remembered(&self, needs: Needs, our_rollbacks: &BTreeSet<ReleaseVersion>) -> Vec<Foreign> {
        let mut remembered = self.before.map(|before| before.foreign.clone()).unwrap_or_default();
        if needs.releases && self.before.is_none_or(|before| before.releases_at.is_none()) {
            remembered.extend(released_before(self.sight, our_rollbacks, |at| self.to_ours(at)));
        }
        remembered
    }

    /// What is remembered of the app from now on. What was not looked at stays as it was.
    #[must_use]
    pub fn sighting(&self, host: &ApiHost, needs: Needs) -> Sighting {
        let old = self.before;
        let dynos = if needs.dynos {
            self.sight.formation_dynos().take(Sighting::DYNOS_MAX).cloned().collect()
        } else {
            old.map(|old| old.dynos.clone()).unwrap_or_default()
        };
        let formation = if needs.formation {
            self.sight.formation.clone()
        } else {
            old.map(|old| old.formation.clone()).unwrap_or_default()
        };
        let releases = if needs.releases {
            self.sight.releases.newest_first.iter().take(Sighting::RELEASES_MAX).cloned().collect()
        } else {
            old.map(|old| old.releases.clone()).unwrap_or_default()
        };
        let been_up = if needs.dynos {
            self.been_up.iter().take(Sighting::DYNOS_MAX).cloned().collect()
        } else {
            old.map(|old| old.been_up.clone()).unwrap_or_default()
        };
        let one_offs =
            if needs.dynos { self.one_offs() } else { old.map(|old| old.one_offs.clone()).unwrap_or_default() };
        let taken_at = |looked: bool| looked.then_some(self.sight.taken_at);
        let from = unsettled_from(self.sight, &self.been_up).filter(|_| needs.dynos);
        let unsettled = from.map(|from| Unsettled { at: self.sight.taken_at, from: self.to_ours(from) });
        Sighting {
            host: host.clone(),
            app: self.sight.app.clone(),
            formation,
            dynos,
            releases,
            been_up,
            one_offs,
            unsettled: unsettled.or_else(|| old?.unsettled),
            foreign: old.map(|old| old.foreign.clone()).unwrap_or_default(),
            seen_at: self.sight.taken_at,
            formation_at: taken_at(needs.formation).or_else(|| old?.formation_at),
            releases_at: taken_at(needs.releases).or_else(|| old?.releases_at),
        }
    }
}

//! Looking at an app: what is seen of it in one go, and what is remembered of that.

use crate::ports::Clock;
use crate::wiring::Subject;
use flyball_decide::{KnownBefore, evidence_from, foreign_changes, released_before, settling, unsettled_from};
use flyball_heroku::{Error, Heroku, RELEASES_A_PAGE};
use flyball_model::{
    Because, DynoId, Excerpt, Foreign, Needs, Release, ReleaseHistory, ReleaseVersion, Run, Sight, Timestamp,
};
use flyball_store::{Sighting, Unsettled};
use std::collections::BTreeSet;
use std::time::Duration;

/// Pages of releases that one choice reads at most: 5,000 releases back is further than any slug is kept.
const RELEASE_PAGES_MAX: usize = 25;

/// Heroku's `Date` has whole seconds: clocks that differ by less than this are taken to agree.
const SKEW_MIN_MS: i64 = 2000;

/// Looks at an app, as far as is needed.
///
/// # Errors
///
/// The first call that failed.
pub(crate) async fn look(
    heroku: &dyn Heroku,
    subject: &Subject,
    needs: Needs,
    clock: &dyn Clock,
) -> Result<Sight, Error> {
    let asked_at = clock.now();
    let app = heroku.app(&subject.app).await?;
    let heroku_now = app.date.map(|date| heroku_clock(date, asked_at, clock.now()));
    let formation = if needs.formation { heroku.formation(&subject.app).await?.value } else { Vec::new() };
    let dynos = if needs.dynos { heroku.dynos(&subject.app).await?.value } else { Vec::new() };
    let releases = if needs.releases { page(heroku, subject, None).await? } else { ReleaseHistory::default() };
    Ok(Sight { app: app.value, formation, dynos, releases, taken_at: asked_at, heroku_now })
}

/// What Heroku's clock showed when it was asked, from the `Date` of an answer. How long the answer took says nothing
/// about clocks: only a date outside the time between question and answer does, and by how much.
fn heroku_clock(date: Timestamp, asked_at: Timestamp, answered_at: Timestamp) -> Timestamp {
    if date > answered_at { asked_at + date.since(answered_at) } else { asked_at - asked_at.since(date) }
}

async fn page(heroku: &dyn Heroku, subject: &Subject, below: Option<ReleaseVersion>) -> Result<ReleaseHistory, Error> {
    let newest_first: Vec<Release> = heroku.releases(&subject.app, below).await?.value;
    let reaches_the_first = newest_first.len() < RELEASES_A_PAGE;
    Ok(ReleaseHistory { newest_first, reaches_the_first })
}

/// Looks a page of releases further back. At the bound nothing older is taken to exist.
///
/// # Errors
///
/// The call that failed.
pub(crate) async fn look_further(
    heroku: &dyn Heroku,
    subject: &Subject,
    sight: &mut Sight,
    below: ReleaseVersion,
) -> Result<(), Error> {
    let older = page(heroku, subject, Some(below)).await?;
    let known = &mut sight.releases;
    known.reaches_the_first =
        older.reaches_the_first || known.newest_first.len() >= RELEASE_PAGES_MAX * RELEASES_A_PAGE;
    known.newest_first.extend(older.newest_first.into_iter().filter(|release| release.version < below));
    Ok(())
}

/// What was seen of an app, beside what was remembered of it.
pub(crate) struct Seen<'a> {
    pub(crate) sight: &'a Sight,
    before: Option<&'a Sighting>,
    been_up: BTreeSet<DynoId>,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(sight: &'a Sight, before: Option<&'a Sighting>) -> Self {
        // An app of the same name may be another one by now.
        let before = before.filter(|before| before.app.id == sight.app.id);
        let up_before = before.map(|before| before.been_up.as_slice()).unwrap_or_default();
        let was_up = |id: &DynoId| up_before.contains(id);
        let is_up = |dyno: &flyball_model::Dyno| {
            matches!(dyno.state, flyball_model::DynoState::Up | flyball_model::DynoState::Idle)
        };
        let dynos = sight.formation_dynos();
        let been_up = dynos.filter(|dyno| is_up(dyno) || was_up(&dyno.id)).map(|dyno| dyno.id.clone()).collect();
        Self { sight, before, been_up }
    }

    /// Whether what was seen is not older than what was known. Releases only ever become more: a list that ends before
    /// one that was seen, or that a rollback of ours made, is an old one, and nothing may rest on it.
    pub(crate) fn is_up_to_date(&self, needs: Needs, our_rollbacks: &BTreeSet<ReleaseVersion>) -> Result<(), Because> {
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
    pub(crate) fn heroku_now(&self) -> Timestamp {
        self.to_heroku(self.sight.taken_at)
    }

    /// A time of ours by Heroku's clock.
    pub(crate) fn to_heroku(&self, ours: Timestamp) -> Timestamp {
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
    pub(crate) fn settling(&self, settle: Duration) -> Option<Because> {
        settling(self.sight, &self.been_up, settle, self.heroku_now())
    }

    /// From when on readings are evidence for making dynos boot anew, by our clock: since the last dyno came up, and
    /// since we last saw the app settling, as long as it is given time for that.
    pub(crate) fn evidence_from(&self, settle: Duration) -> Option<Timestamp> {
        let seen = evidence_from(self.sight, &self.been_up, settle).map(|at| self.to_ours(at));
        let unsettled = self.before.and_then(|before| before.unsettled);
        seen.max(unsettled.map(|before| before.at.min(before.from + settle)))
    }

    /// What others changed since it was seen before, where it was and as far as is looked now.
    pub(crate) fn foreign(&self, needs: Needs, ours: &[Run], our_rollbacks: &BTreeSet<ReleaseVersion>) -> Vec<Foreign> {
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
    pub(crate) fn foreign_remembered(&self, needs: Needs, our_rollbacks: &BTreeSet<ReleaseVersion>) -> Vec<Foreign> {
        let mut remembered = self.before.map(|before| before.foreign.clone()).unwrap_or_default();
        if needs.releases && self.before.is_none_or(|before| before.releases_at.is_none()) {
            remembered.extend(released_before(self.sight, our_rollbacks, |at| self.to_ours(at)));
        }
        remembered
    }

    /// What is remembered of the app from now on. What was not looked at stays as it was.
    pub(crate) fn sighting(&self, host: &str, needs: Needs) -> Sighting {
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
        let taken_at = |looked: bool| looked.then_some(self.sight.taken_at);
        let from = unsettled_from(self.sight, &self.been_up).filter(|_| needs.dynos);
        let unsettled = from.map(|from| Unsettled { at: self.sight.taken_at, from: self.to_ours(from) });
        Sighting {
            host: host.to_owned(),
            app: self.sight.app.clone(),
            formation,
            dynos,
            releases,
            been_up,
            unsettled: unsettled.or_else(|| old?.unsettled),
            foreign: old.map(|old| old.foreign.clone()).unwrap_or_default(),
            seen_at: self.sight.taken_at,
            formation_at: taken_at(needs.formation).or_else(|| old?.formation_at),
            releases_at: taken_at(needs.releases).or_else(|| old?.releases_at),
        }
    }
}

/// A failed call in words: what happened, and what to do.
pub(crate) fn in_words(error: &Error) -> String {
    match error.hint() {
        Some(hint) => format!("cannot {error}; {hint}"),
        None => format!("cannot {error}"),
    }
}

/// A failed look in words. Without the request's id, so that the same trouble reads the same each time.
pub(crate) fn trouble(error: &Error) -> String {
    let message = error.message().map(|message| format!(": {}", message.trim_end_matches('.'))).unwrap_or_default();
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("cannot {}: {}{message}{hint}", error.call(), error.kind())
}

/// A request id, bounded for the record.
pub(crate) fn request_id(id: Option<&str>) -> Vec<Excerpt> {
    id.map(Excerpt::of).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_answer_is_no_skew() {
        let at = |second: i64| Timestamp::from_millis(second * 1000);
        let cases = [
            ("in between", 12, 10, 14, 10),
            ("at once", 10, 10, 10, 10),
            ("ahead by a minute", 74, 10, 14, 70),
            ("behind by a minute", -50, 10, 14, -50),
        ];
        for (case, date, asked, answered, shown) in cases {
            assert_eq!(heroku_clock(at(date), at(asked), at(answered)), at(shown), "{case}");
        }
    }
}

//! Looking at an app: what is seen of it in one go.

use crate::ports::Clock;
use flyball_heroku::{Error, Heroku, RELEASES_A_PAGE};
use flyball_model::{AppName, Excerpt, Needs, Passage, Release, ReleaseHistory, ReleaseVersion, Sight, Timestamp};

/// Pages of releases that one choice reads at most: 5,000 releases back is further than any slug is kept.
const RELEASE_PAGES_MAX: usize = 25;
/// An app's first release: versions count up by 1 and are never reused. Source: platform-api 6.
const FIRST: ReleaseVersion = ReleaseVersion::new(1);

/// Looks at an app, as far as is needed.
///
/// # Errors
///
/// The first call that failed.
pub(crate) async fn look(heroku: &dyn Heroku, app: &AppName, needs: Needs, clock: &dyn Clock) -> Result<Sight, Error> {
    let asked_at = clock.now();
    let seen = heroku.app(app).await?;
    let heroku_now = seen.date.map(|date| heroku_clock(date, asked_at, clock.now()));
    let formation = if needs.formation { heroku.formation(app).await?.value } else { Vec::new() };
    let dynos = if needs.dynos { heroku.dynos(app).await?.value } else { Vec::new() };
    let releases = if needs.releases { page(heroku, app, None).await? } else { ReleaseHistory::default() };
    Ok(Sight { app: seen.value, formation, dynos, releases, taken_at: asked_at, heroku_now })
}

/// What Heroku's clock showed when it was asked, from the `Date` of an answer. How long the answer took says nothing
/// about clocks: only a date outside the time between question and answer does, and by how much.
fn heroku_clock(date: Timestamp, asked_at: Timestamp, answered_at: Timestamp) -> Timestamp {
    if date > answered_at { asked_at + date.since(answered_at) } else { asked_at - asked_at.since(date) }
}

async fn page(heroku: &dyn Heroku, app: &AppName, below: Option<ReleaseVersion>) -> Result<ReleaseHistory, Error> {
    let newest_first: Vec<Release> = heroku.releases(app, below).await?.value;
    // Not by how many came alone: one that was not understood is left out of a page that was full.
    let reaches_the_first =
        newest_first.last().is_none_or(|oldest| newest_first.len() < RELEASES_A_PAGE && oldest.version <= FIRST);
    Ok(ReleaseHistory { newest_first, reaches_the_first })
}

/// Looks a page of releases further back. At the bound nothing older is taken to exist.
///
/// # Errors
///
/// The call that failed.
pub(crate) async fn look_further(
    heroku: &dyn Heroku,
    app: &AppName,
    sight: &mut Sight,
    below: ReleaseVersion,
) -> Result<(), Error> {
    let older = page(heroku, app, Some(below)).await?;
    let known = &mut sight.releases;
    known.reaches_the_first =
        older.reaches_the_first || known.newest_first.len() >= RELEASE_PAGES_MAX * RELEASES_A_PAGE;
    known.newest_first.extend(older.newest_first.into_iter().filter(|release| release.version < below));
    Ok(())
}

/// A failed call in words: what happened, and what to do.
pub(crate) fn in_words(error: &Error) -> Passage {
    let words = match error.hint() {
        Some(hint) => format!("cannot {error}; {hint}"),
        None => format!("cannot {error}"),
    };
    Passage::of(&words)
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

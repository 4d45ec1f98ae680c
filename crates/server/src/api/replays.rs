//! What would have been: a reaction played anew over what was recorded, and what that says a dyno carries. Nothing is called, and nothing
//! is changed. It takes seconds of a core and reads a month, and so goes on beside everything else, one at a time.

use super::ask::{self, Asked, Of};
use crate::answer::{FieldMistake, Problem, Problems};
use crate::house::House;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use flyball_config::{Alteration, Located, NotAltered};
use flyball_engine::InForce;
use flyball_engine::made::Joined;
use flyball_engine::queries::{NoSuggestion, Reader};
use flyball_model::ReactionName;
use flyball_views::{Replay, Suggestion};
use serde::Deserialize;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::JoinError;
use utoipa::IntoParams;

/// Replays at once: each has up to 700,000 readings of a monitor at hand, some 50 MB, and a core for seconds.
pub(crate) const PLAYS_MAX: usize = 1;
/// After so long whoever comes meanwhile may try again: a month of readings takes one to five seconds.
const PLAY_S: u32 = 5;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuggestedFrom {
    /// A time, or how long ago, at most 92d; the default is 30d.
    pub(crate) since: Option<String>,
}

/// What each dyno carries without requests waiting, by the load that a monitor measured; what `scale_to` with that would have cost, and
/// the reaction for the file. It takes some seconds; one is made at a time, and who comes meanwhile is told to come again.
#[utoipa::path(get, path = "/monitors/{name}/suggestion", tag = "monitors", params(("name" = String, Path), SuggestedFrom), responses((status = 200, body = Suggestion), Problems))]
pub(crate) async fn suggestion(
    State(house): State<Arc<House>>,
    Of(name): Of<String>,
    Asked(asked): Asked<SuggestedFrom>,
) -> Result<Json<Suggestion>, Problem> {
    Ok(Json(house.suggestion(&name, asked.since.as_deref()).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Played {
    /// A time, or how long ago, at most 92d; the default is 30d.
    pub(crate) since: Option<String>,
    /// Settings in place of those that it has, as they stand in the file, one a line: `max_quantity=6`.
    #[serde(default)]
    pub(crate) with: String,
}

/// What a reaction would have done over what was recorded, as it is or with other settings, beside what it did. It takes some seconds; one
/// is played at a time, and who comes meanwhile is told to come again.
#[utoipa::path(get, path = "/reactions/{name}/replay", tag = "reactions", params(("name" = String, Path), Played), responses((status = 200, body = Replay), Problems))]
pub(crate) async fn replay(
    State(house): State<Arc<House>>,
    Of(name): Of<String>,
    Asked(asked): Asked<Played>,
) -> Result<Json<Replay>, Problem> {
    Ok(Json(house.replay(&name, &asked).await?))
}

impl House {
    /// What the load that a monitor measures says.
    pub(crate) async fn suggestion(&self, name: &str, since: Option<&str>) -> Result<Suggestion, Problem> {
        let in_force = self.in_force();
        let monitor = ask::monitor(&in_force, name)?.name.clone();
        let since = ask::moment("since", since, self.now())?;
        let suggested = self.played(in_force, async move |reader| reader.suggest(&monitor, since).await).await?;
        suggested.map_err(|why| match why {
            NoSuggestion::NoMonitor => Problem::no_such("monitor", name, []),
            NoSuggestion::NoLoad { needs } => {
                Problem::new(StatusCode::NOT_FOUND, format!("cannot suggest anything by \"{name}\"")).because(needs)
            }
            NoSuggestion::Store(error) => error.into(),
        })
    }

    /// What a reaction would have done.
    pub(crate) async fn replay(&self, name: &str, asked: &Played) -> Result<Replay, Problem> {
        let in_force = self.in_force();
        let reaction = ask::reaction(&in_force, name)?.name.clone();
        let since = ask::moment("since", asked.since.as_deref(), self.now())?;
        let with = alterations(&asked.with)?;
        let in_force = if with.is_empty() { in_force } else { self.altered(&reaction, &with).await? };
        let replayed = self.played(in_force, async move |reader| reader.replay(&reaction, since).await).await?;
        replayed?.ok_or_else(|| Problem::no_such("reaction", name, []))
    }

    /// What would be in force if a reaction had these settings.
    async fn altered(&self, reaction: &ReactionName, with: &[Alteration]) -> Result<Arc<InForce>, Problem> {
        let files = Joined::of(&self.files().await?, self.store()).await?.files;
        let definitions = files.altered(reaction, with).map_err(|not| match not {
            NotAltered::Given(what) => mistaken(vec![FieldMistake::of(WITH, what)]),
            NotAltered::Mistakes(mistakes) => mistaken(mistakes.iter().map(mistake).collect()),
        })?;
        Ok(Arc::new(InForce::of(definitions, self.engine.ports().accounts.host(), self.now())))
    }

    /// Reads and plays on a thread of its own, so that nothing else waits for it, and only for as long as somebody waits for it.
    async fn played<T: Send + 'static>(
        &self,
        in_force: Arc<InForce>,
        play: impl AsyncFnOnce(&Reader<'_>) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        // Taken along: who goes away early leaves no room before the thread has come to its end.
        let place = Arc::clone(&self.plays).try_acquire_owned().map_err(|_| Problem {
            retry_after_s: Some(PLAY_S),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "a replay is under way already")
                .because("one at a time is played, so that the engine has the rest of the machine")
                .hint("ask again in a few seconds")
        })?;
        let stop = self.stop.child_token();
        let _goes_away = stop.clone().drop_guard();
        let (engine, now, runtime) = (Arc::clone(&self.engine), self.now(), Handle::current());
        let playing = tokio::task::spawn_blocking(move || {
            let _place = place;
            let reader = Reader::of(&*engine.ports().store, &in_force, now);
            runtime.block_on(stop.run_until_cancelled(play(&reader)))
        });
        let played = match playing.await.map_err(JoinError::try_into_panic) {
            Ok(played) => played,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Err(Err(_)) => None,
        };
        played.ok_or_else(|| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server is being stopped"))
    }
}

/// Where settings in place of others are given.
pub(crate) const WITH: &str = "with";

/// Settings, one a line; or all that are none.
fn alterations(with: &str) -> Result<Vec<Alteration>, Problem> {
    let lines = with.lines().map(str::trim).filter(|line| !line.is_empty());
    let (mut good, mut mistakes) = (Vec::new(), Vec::new());
    for line in lines {
        match line.parse::<Alteration>() {
            Ok(alteration) => good.push(alteration),
            Err(words) => {
                let line = flyball_model::Excerpt::of(line);
                mistakes.push(FieldMistake::of(WITH, format!("\"{line}\": {words}")));
            }
        }
    }
    if mistakes.is_empty() { Ok(good) } else { Err(mistaken(mistakes)) }
}

fn mistaken(mistakes: Vec<FieldMistake>) -> Problem {
    Problem { mistakes, ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "what was sent has mistakes") }
}

/// What is wrong with one of them, by its own name: in which line of what was sent it stands says less.
fn mistake(Located { key, message, hint, .. }: &Located) -> FieldMistake {
    let hint = hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    FieldMistake::of(key.as_deref().unwrap_or(WITH), format!("{message}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_one_a_line_and_all_that_are_none_are_told() {
        for (with, expected) in [
            ("", Ok(0)),
            ("max_quantity=6", Ok(1)),
            ("  max_quantity = 6\r\n\r\nstabilize=10m\r\n", Ok(2)),
            (
                "six\nmax_in=1\nname=x",
                Err(vec![
                    "\"six\": expected FIELD=VALUE, such as max_quantity=6",
                    "\"name=x\": a reaction of another name is another reaction",
                ]),
            ),
        ] {
            let taken = alterations(with);
            let taken = taken.as_ref().map(Vec::len).map_err(|problem| {
                assert_eq!((problem.status, problem.mistakes[0].field.as_str()), (422, "with"));
                problem.mistakes.iter().map(|mistake| mistake.words.as_str()).collect::<Vec<_>>()
            });
            assert_eq!(taken, expected, "{with:?}");
        }
    }
}

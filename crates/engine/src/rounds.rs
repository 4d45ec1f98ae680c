//! Rounds: what a person would find at night is looked for by day. At a start and each hour every token is tried, and
//! every app that the file names; what would keep the file from being carried out is told, once, and again when it changes.

use crate::doctor::{Finding, Health, accounts_and_apps};
use crate::engine::Engine;
use crate::made::Joined;
use flyball_config::{Definitions, Files};
use flyball_heroku::Pool;
use flyball_model::{ApiHost, AppName, EngineEvent, Event, Passage, Reference, Sight};
use flyball_store::Glimpse;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often. A round costs a few calls an app, out of the 4,500 that an account has in an hour.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// At most this many findings are told: whoever has mended them sees the others at the next round.
const TOLD_MAX: usize = 50;

/// What the rounds told last.
#[derive(Debug, Default)]
struct Rounds {
    told: Vec<Passage>,
}

impl Rounds {
    /// What is new since the last round; `None` if it found the same.
    fn news(&mut self, findings: &[Finding]) -> Option<EngineEvent> {
        let bad = findings.iter().filter(|finding| finding.health == Health::Bad);
        let found: Vec<Passage> = bad.take(TOLD_MAX).map(|finding| Passage::of(&in_words(finding))).collect();
        if found == self.told {
            return None;
        }
        self.told.clone_from(&found);
        Some(EngineEvent::Rounds { found })
    }
}

fn in_words(finding: &Finding) -> String {
    let Finding { about, words, hint, .. } = finding;
    let hint = hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{about}: {words}{hint}")
}

impl Engine {
    /// Goes its rounds until `stop` is cancelled: by the file in force, where several nodes go by one. Else `files` are what there
    /// is at a round, and are read with what is made in pages; a file that is broken then is told by whoever follows it.
    pub async fn go_rounds(&self, pool: &Pool, files: impl Fn() -> Option<Files>, stop: CancellationToken) {
        let mut rounds = Rounds::default();
        loop {
            let in_force = match (self.whole(), files()) {
                (Some(whole), _) => Some(self.own(&whole)),
                (None, Some(files)) => self.joined(&files).await.ok().and_then(|Joined { read, .. }| read.ok()),
                (None, None) => None,
            };
            if let Some(definitions) = in_force {
                let round = self.round(pool, &definitions);
                let findings = tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    findings = round => findings,
                };
                if let Some(happened) = rounds.news(&findings)
                    && let Err(error) = self.tell(Event::Engine { happened }).await
                {
                    tracing::warn!(%error, "what the round found could not be recorded; it is looked for again in an hour");
                    rounds = Rounds::default();
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.ports.time.wait(EVERY) => {}
            }
        }
    }

    async fn round(&self, pool: &Pool, definitions: &Definitions) -> Vec<Finding> {
        let (mut findings, sights) = accounts_and_apps(pool, definitions, &*self.ports.clock).await;
        let seen: Vec<Glimpse> =
            sights.iter().map(|(app, sight)| glimpse(self.ports.accounts.host(), app, sight)).collect();
        if let Err(error) = self.ports.store.glimpsed(&seen).await {
            tracing::warn!(%error, "what the round saw of apps could not be noted; `flyball status` shows it after the next");
        }
        // Beside a stand-in for Heroku nothing outside of this machine is of interest.
        if self.ports.accounts.host() == ApiHost::default() {
            let reached = self.reached.or_ask(&*self.ports.references, &*self.ports.clock).await;
            findings.extend(references(&reached));
        }
        findings
    }
}

/// What is kept of an app for people who ask.
fn glimpse(host: ApiHost, app: &AppName, sight: &Sight) -> Glimpse {
    let current = sight.releases.newest_first.iter().find(|release| release.current);
    Glimpse {
        host,
        app: app.clone(),
        maintenance: sight.app.maintenance,
        release: current.map(|release| (release.version, release.created_at)),
        seen_at: sight.taken_at,
    }
}

/// The references that cannot be reached. With none that can, a failure to reach the app is always doubted.
fn references(found: &[Reference]) -> Option<Finding> {
    let missed = found.iter().filter(|reference| !reference.reached);
    let missed: Vec<&str> = missed.map(|reference| reference.address.as_str()).collect();
    let words = format!("{} cannot be reached from here", missed.join(", "));
    let hint = "what boots dynos anew holds while none is reached: name places that are, in `references` of [network]";
    (!missed.is_empty()).then(|| Finding::bad("references", words).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Excerpt;

    fn told(event: Option<EngineEvent>) -> Option<String> {
        event.map(|happened| Event::Engine { happened }.to_string())
    }

    #[test]
    fn what_is_in_the_way_is_told_once_and_that_it_is_not_any_more() {
        let mut rounds = Rounds::default();
        let bad = Finding::bad("app", "Heroku knows no app shpo").hint("see `heroku apps`");
        let good = Finding::good("token", "of the account \"default\"");
        assert_eq!(told(rounds.news(std::slice::from_ref(&good))), None, "all is well, and was never otherwise");
        let expected = "needs a person: app: Heroku knows no app shpo (see `heroku apps`)";
        assert_eq!(told(rounds.news(&[good.clone(), bad.clone()])).as_deref(), Some(expected));
        assert_eq!(told(rounds.news(&[good.clone(), bad])), None, "it was told");
        assert_eq!(told(rounds.news(&[good])).as_deref(), Some("what the last round found is mended"));
    }

    #[test]
    fn references_that_cannot_be_reached_are_named() {
        let found = |reached| vec![Reference { address: Excerpt::of("a.example:443"), reached }];
        assert_eq!(references(&found(true)), None);
        let missed = references(&found(false)).unwrap();
        assert_eq!(missed.words, "a.example:443 cannot be reached from here");
    }
}

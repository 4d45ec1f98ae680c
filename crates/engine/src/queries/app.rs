//! Apps as people read them: what the engine saw of them when it looked last. What it has not looked at is not there.

use super::{Reader, ago};
use flyball_model::{AppName, Timestamp};
use flyball_store::{Glimpse, Overview, Sighting};
use flyball_views::{AppView, RunningRelease};
use std::collections::HashMap;

impl Reader<'_> {
    /// The apps of the file of which something was seen, in its order; of those that are known.
    pub(super) fn apps_seen(&self, known: &HashMap<AppName, Overview>) -> Vec<AppView> {
        let apps = self.apps().filter_map(|app| {
            let Overview { sighting, glimpse, .. } = known.get(app)?;
            view(app.clone(), sighting.as_ref(), glimpse.as_ref(), self.now)
        });
        apps.collect()
    }
}

/// From what choices looked at and what the last round saw: of each part, what was seen last.
fn view(name: AppName, sighting: Option<&Sighting>, glimpse: Option<&Glimpse>, now: Timestamp) -> Option<AppView> {
    let looked = sighting.map(|sighting| (sighting.seen_at, sighting.app.maintenance));
    let (seen_at, maintenance) = looked.max(glimpse.map(|glimpse| (glimpse.seen_at, glimpse.maintenance)))?;
    let of_look = sighting.and_then(|sighting| {
        let current = sighting.releases.iter().find(|release| release.current)?;
        let seen_at = sighting.releases_at.unwrap_or(sighting.seen_at);
        Some(RunningRelease { version: current.version, since: current.created_at, seen_at })
    });
    let of_round = glimpse.and_then(|glimpse| {
        let (version, since) = glimpse.release?;
        Some(RunningRelease { version, since, seen_at: glimpse.seen_at })
    });
    let release = of_look.into_iter().chain(of_round).max_by_key(|release| release.seen_at);
    let is_on = if maintenance { "in maintenance mode, in which reactions hold" } else { "not in maintenance mode" };
    let mut words = format!("{is_on} ({})", ago(seen_at, now));
    if let Some(RunningRelease { version, since, seen_at }) = &release {
        words.push_str(&format!("; {version} runs, made at {since} ({})", ago(*seen_at, now)));
    }
    Some(AppView { name, maintenance, seen_at, release, words })
}

/// What was last seen of an app, in a sentence: each part with its own moment, since a look does not always need all.
pub(super) fn seen(sighting: Option<&Sighting>, now: Timestamp) -> String {
    let Some(sighting) = sighting else {
        return "It has not been looked at yet: that is done when a reaction is called.".to_owned();
    };
    let seen_at = sighting.seen_at;
    let part_of = |words: String, at: Option<Timestamp>| match at.filter(|at| *at != seen_at) {
        Some(at) => format!("{words} ({at}, {})", ago(at, now)),
        None => words,
    };
    let mut facts: Vec<String> = Vec::new();
    let process = |p: &flyball_model::ProcessFormation| format!("{}={}:{}", p.process_type, p.quantity, p.size);
    if !sighting.formation.is_empty() {
        let formation = sighting.formation.iter().map(process).collect::<Vec<_>>().join(" ");
        facts.push(part_of(formation, sighting.formation_at));
    }
    let current = sighting.releases.iter().find(|release| release.current);
    facts.extend(current.map(|release| part_of(format!("release {}", release.version), sighting.releases_at)));
    if sighting.app.maintenance {
        facts.push("in maintenance mode, in which reactions hold".to_owned());
    }
    let facts = if facts.is_empty() { "it was there".to_owned() } else { facts.join(", ") };
    format!("It was last looked at {seen_at} ({}): {facts}.", ago(seen_at, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::testing::{app, release};
    use flyball_model::{ApiHost, Quantity};
    use std::time::Duration;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(seconds)
    }

    /// An app that was seen at 100 s, its process types at 40 s, and its releases when it is said.
    fn sighting(maintenance: bool, releases_at: Option<u64>) -> Sighting {
        let web = flyball_model::ProcessFormation {
            process_type: flyball_model::ProcessType::web(),
            quantity: Quantity::new(2),
            size: flyball_model::DynoSize::new("Basic"),
        };
        let current = flyball_model::Release { current: true, ..release(43, at(10)) };
        Sighting {
            host: ApiHost::default(),
            app: flyball_model::App { maintenance, ..app() },
            formation: vec![web],
            dynos: Vec::new(),
            releases: releases_at.map(|_| vec![current]).unwrap_or_default(),
            been_up: Vec::new(),
            one_offs: Vec::new(),
            unsettled: None,
            foreign: Vec::new(),
            seen_at: at(100),
            formation_at: Some(at(40)),
            releases_at: releases_at.map(at),
        }
    }

    #[test]
    fn maintenance_mode_and_the_release_that_runs_are_shown_with_when_they_were_seen_and_nothing_else_is() {
        let shown = |sighting: Option<&Sighting>, glimpse: Option<&Glimpse>| {
            view("shop".parse().unwrap(), sighting, glimpse, at(160))
        };
        let told = shown(Some(&sighting(true, Some(70))), None).unwrap();
        assert_eq!(
            told.words,
            "in maintenance mode, in which reactions hold (1m ago); v43 runs, made at 1970-01-01T00:00:10Z (1m 30s ago)"
        );
        let told = shown(Some(&sighting(false, None)), None).unwrap();
        assert_eq!((told.words.as_str(), told.release), ("not in maintenance mode (1m ago)", None));

        let release = Some((flyball_model::ReleaseVersion::new(44), at(80)));
        let (host, app) = (ApiHost::default(), "shop".parse().unwrap());
        let round = Glimpse { host, app, maintenance: true, release, seen_at: at(130) };
        let later = shown(Some(&sighting(false, Some(70))), Some(&round)).unwrap();
        assert_eq!(
            later.words,
            "in maintenance mode, in which reactions hold (30s ago); v44 runs, made at 1970-01-01T00:01:20Z (30s ago)"
        );
        let earlier = Glimpse { seen_at: at(60), ..round };
        let told = shown(Some(&sighting(false, Some(70))), Some(&earlier)).unwrap();
        assert!(!told.maintenance && told.release.is_some_and(|release| release.seen_at == at(70)));
        assert_eq!(shown(None, None), None);
    }

    #[test]
    fn each_part_of_an_app_has_the_moment_at_which_it_was_looked_at() {
        for (releases_at, expected) in [
            (None, "web=2:Basic (1970-01-01T00:00:40Z, 1m ago)."),
            (Some(100), "web=2:Basic (1970-01-01T00:00:40Z, 1m ago), release v43."),
            (Some(90), "web=2:Basic (1970-01-01T00:00:40Z, 1m ago), release v43 (1970-01-01T00:01:30Z, 10s ago)."),
        ] {
            let told = seen(Some(&sighting(false, releases_at)), at(100));
            assert_eq!(told, format!("It was last looked at 1970-01-01T00:01:40Z (just now): {expected}"));
        }
        assert!(seen(None, at(100)).contains("not been looked at yet"));
    }
}

//! `release`: whether requests fare worse since an app's last release than before it.
//!
//! Looks from when the release's last web dyno is up, and for as long as is watched. What it compares with ends when the release was
//! made; what lies between belongs to neither. When that dyno was up is remembered in the process, since a later restart moves what
//! Heroku tells of it. After a restart of ours it is what Heroku tells then: the same, or later, so that fewer requests count and no
//! wrong ones. What lines are missing of is left out; where too few requests are left, it is unknown.

use super::heartbeat::NOBODY_LISTENS;
use super::heroku_dynos::not_told_by_heroku;
use super::kind::MonitorKind;
use super::levels::Levels;
use crate::means::{Look, Means};
use crate::values::words;
use flyball_heroku::Heroku;
use flyball_model::{
    AccountName, Amount, AppName, Blind, Cause, Dyno, DynoState, Evidence, Excerpt, Finding, ProcessFormation,
    ProcessType, Reading, Release as Released, Timestamp, Unit, duration,
};
use flyball_settings::{Bounds, Fields, Settings};
use flyball_signals::{Compared, Compares, Comparison, Moments, Narrow, Share, Slot, compare, told_until};
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// The settings of a `release` monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// The app.
    pub app: AppName,
    /// What of its requests.
    pub measure: ReleaseMeasure,
    /// How long before the release is compared with.
    #[serde(serialize_with = "crate::values::in_words")]
    pub compared_with: Duration,
    /// How long a release is watched.
    #[serde(serialize_with = "crate::values::in_words")]
    pub watch: Duration,
    /// From so many requests on, before and since, it is compared.
    pub at_least: u32,
    /// The Heroku account that looks.
    pub account: AccountName,
}

/// What of requests is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseMeasure {
    /// Which share of them fails.
    Errors,
    /// Which share of them takes longer than 95 of a hundred did before.
    Service,
}

words! {
    ReleaseMeasure {
        "errors" => Self::Errors,
        "service" => Self::Service,
    }
}

/// A verdict, in words.
type Found = (Finding, String);

fn unknown(blind: Blind, words: impl Into<String>) -> Found {
    (Finding::Unknown(blind), words.into())
}

impl Release {
    /// Default: an hour has most of what comes and goes by itself in it.
    const COMPARED_WITH: Duration = Duration::from_secs(3600);
    /// Default: twice the failures of one in fifty are found within three minutes where ten requests come in a second.
    const WATCH: Duration = Duration::from_secs(15 * 60);
    /// Default: fewer say nothing of one failure in a hundred.
    const AT_LEAST: u32 = 100;
    /// A drain that tells nothing for so long is silent, as for `heroku_router` unless the file says otherwise.
    const LATE: Duration = Duration::from_secs(60);
    /// Dynos that are up later than this after a release were restarted for another reason.
    const ROLLOUT_MAX: Duration = Duration::from_secs(3600);
    /// Nothing fails for being beyond a level here.
    const LEVELS: Levels = Levels { above: None, below: None, clears_at: None };

    /// Looks. An error is a verdict too: that which ends the looking early.
    async fn found(&self, means: &Means, look: Look<'_>) -> Result<Found, Found> {
        let (app, now) = (&self.app, look.begun_at);
        let heroku = (means.accounts)(&self.account)
            .ok_or_else(|| unknown(Blind::Heroku, format!("no Heroku account \"{}\" is set up", self.account)))?;
        let releases = heroku.releases(app, None).await;
        let releases = releases.map_err(|error| unknown(Blind::Heroku, not_told_by_heroku(&error)))?.value;
        let Some(release) = releases.iter().find(|release| release.current) else {
            return Err(unknown(Blind::Heroku, format!("Heroku does not say which release of {app} is current")));
        };
        let is_over =
            || (Finding::Passing, format!("{}, the last release of {app}, is watched no longer", release.version));
        let up_at = match means.releases_up.of(look.monitor, &release.id) {
            Some(at) => at,
            None if now.since(release.created_at) > Self::ROLLOUT_MAX + self.watch => return Ok(is_over()),
            None => self.up_at(&*heroku, release).await?,
        };
        means.releases_up.remember(look.monitor, &release.id, up_at);
        if up_at.since(release.created_at) > Self::ROLLOUT_MAX || now >= up_at + self.watch {
            return Ok(is_over());
        }
        let listening = means.listening.as_ref().ok_or_else(|| unknown(Blind::Overload, NOBODY_LISTENS))?;
        let since = self.moments(release, up_at, now).compared_from;
        let told = listening.told(app, since, look, &Self::LEVELS).await;
        let (slots, _) = told.map_err(|why| unknown(Blind::Overload, why))?;
        Ok(self.judge(&slots, release, up_at, now))
    }

    /// Asks Heroku when the last web dyno of this release was up.
    async fn up_at(&self, heroku: &dyn Heroku, release: &Released) -> Result<Timestamp, Found> {
        let (formation, dynos) = tokio::join!(heroku.formation(&self.app), heroku.dynos(&self.app));
        match (formation, dynos) {
            (Ok(formation), Ok(dynos)) => self.last_up(&formation.value, &dynos.value, release),
            (Err(error), _) | (_, Err(error)) => Err(unknown(Blind::Heroku, not_told_by_heroku(&error))),
        }
    }

    /// When the last web dyno of this release was up, once all run it. One that has crashed has come up for what it is: what
    /// requests then come to is the release's doing. Pure.
    fn last_up(&self, formation: &[ProcessFormation], dynos: &[Dyno], release: &Released) -> Result<Timestamp, Found> {
        let is_web = |of: &ProcessType| of.as_str() == "web";
        let wanted = formation.iter().find(|process| is_web(&process.process_type));
        let wanted = wanted.map_or(0, |process| process.quantity.get() as usize);
        if wanted == 0 {
            return Err(unknown(Blind::Nothing, format!("{} has no web dynos", self.app)));
        }
        let web: Vec<&Dyno> = dynos.iter().filter(|dyno| is_web(&dyno.process_type)).collect();
        let is_there = |dyno: &&&Dyno| {
            let has_come_up = matches!(dyno.state, DynoState::Up | DynoState::Idle | DynoState::Crashed);
            dyno.release == release.version && has_come_up
        };
        let there = web.iter().filter(is_there).count();
        // While there are others, or fewer than there should be, it is being rolled out.
        if there < web.len() || there < wanted {
            let words = format!("{} is on its way: {there} of {wanted} web dynos run it", release.version);
            return Err(unknown(Blind::Booting, words));
        }
        Ok(web.iter().map(|dyno| dyno.updated_at).fold(release.created_at, Timestamp::max))
    }

    fn moments(&self, release: &Released, up_at: Timestamp, now: Timestamp) -> Moments {
        let released_at = Slot::start_of(release.created_at);
        let compared_from = Slot::start_of(released_at - self.compared_with);
        Moments { compared_from, released_at, up_at, watched_until: up_at + self.watch, told_until: told_until(now) }
    }

    /// The verdict on a release that is up and watched, by what the app told. Pure.
    fn judge(&self, slots: &[(Timestamp, Slot)], release: &Released, up_at: Timestamp, now: Timestamp) -> Found {
        let (app, version) = (&self.app, release.version);
        let moments = self.moments(release, up_at, now);
        let of = match self.measure {
            ReleaseMeasure::Errors => Compared::Errors,
            ReleaseMeasure::Service => Compared::Service,
        };
        let compared = compare(slots, &moments, of, self.at_least.into());
        let Comparison { comes_to, before, since, left_out_before, left_out_since, .. } = compared;
        let at_least = u64::from(self.at_least);
        let last_line = slots.iter().rev().find(|(at, slot)| *at < moments.told_until && slot.lines > 0);
        let is_silent = last_line.is_none_or(|(at, _)| *at + Self::LATE < moments.told_until);
        match comes_to {
            Compares::TooFew if before.requests < at_least && !left_out_before.is_zero() => {
                unknown(Blind::NotTold, format!("too few lines of {app} from before {version} came in whole"))
            }
            Compares::TooFew if since.requests < at_least && !left_out_since.is_zero() => {
                unknown(Blind::NotTold, format!("too few lines of {app} since {version} came in whole"))
            }
            Compares::TooFew => {
                let when = if before.requests < at_least {
                    format!("from before {version}")
                } else {
                    format!("since {version} is up")
                };
                unknown(Blind::Nothing, format!("too few requests to compare by: fewer than {at_least} {when}"))
            }
            Compares::NotWorse if is_silent => unknown(Blind::NotTold, format!("the drain of {app} is silent")),
            Compares::NotWorse => (Finding::Passing, in_words(release, &compared)),
            Compares::Worse => {
                (Finding::Failing(Cause::Worse), format!("it is worse: {}", in_words(release, &compared)))
            }
        }
    }
}

/// `4% of 900 requests fail since v12 is up, 2% of 36000 before`.
fn in_words(release: &Released, compared: &Comparison) -> String {
    let percent = |share: Share| Amount::new(share.percent(), Unit::Percent);
    let what = match compared.usual {
        None => "fail".to_owned(),
        Some(usual) => format!("take longer than {}", Amount::new(usual.as_secs_f64() * 1000.0, Unit::Millis)),
    };
    let (since, before) = (compared.since, compared.before);
    let is = format!("{} of {} requests {what} since {} is up", percent(since), since.requests, release.version);
    let left_out = match compared.left_out_before + compared.left_out_since {
        Duration::ZERO => String::new(),
        time => format!("; {} in which lines were lost are left out", duration::print(time)),
    };
    format!("{is}, {} of {} before{left_out}", percent(before), before.requests)
}

impl MonitorKind for Release {
    /// Releases, formation and dynos; once a release is up, or is old, releases alone.
    const HEROKU_CALLS_PER_READING: u32 = 3;
    fn watched(&self) -> String {
        format!("release {} {:?}", self.app, self.measure)
    }

    fn subject(&self) -> String {
        let of = match self.measure {
            ReleaseMeasure::Errors => "failing requests",
            ReleaseMeasure::Service => "time of service",
        };
        format!("{of} of {} since its last release", self.app)
    }

    fn account(&self) -> Option<&AccountName> {
        Some(&self.account)
    }

    fn app(&self) -> Option<&AppName> {
        Some(&self.app)
    }

    fn drained(&self) -> Option<(&AppName, Narrow)> {
        Some((&self.app, Narrow::default()))
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        cause == Cause::Worse
    }

    async fn observe(&self, means: &Means, look: Look<'_>) -> Reading {
        let began = Instant::now();
        let (finding, words) = self.found(means, look).await.unwrap_or_else(|verdict| verdict);
        let words = Excerpt::of(&words);
        Reading { begun_at: look.begun_at, took: began.elapsed(), finding, words, evidence: Evidence::None }
    }
}

impl Settings for Release {
    const KIND: &str = "release";
    const SUMMARY: &str = "compares an app's requests since its last release with those before it, by its log drain";
    const EXAMPLE: &str = r#"{ app = "shop", measure = "errors" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let app = fields.required("app", "the app, which stands in `[receive.apps]`");
        let doc = "what of its requests: which share of them fails, or takes longer than 95 of a hundred did before";
        let measure = fields.required("measure", doc);
        // Six hours are two thousand slots, which each look reads.
        let hours = Duration::from_secs(6 * 3600);
        let bounds = Bounds { least: Duration::from_secs(600), most: hours, words: "10m to 6h" };
        let doc = "how long before the release is compared with";
        let compared_with = fields.within("compared_with", Self::COMPARED_WITH, "\"1h\"", &bounds, doc);
        let bounds = Bounds { least: Duration::from_secs(60), most: hours, words: "1m to 6h" };
        let doc = "how long it is watched, from when its last web dyno is up; then it passes";
        let watch = fields.within("watch", Self::WATCH, "\"15m\"", &bounds, doc);
        let bounds = Bounds { least: 1, most: 1_000_000, words: "1 to 1000000" };
        let doc = "with fewer requests, before or since, it is unknown";
        let at_least = fields.within("at_least", Self::AT_LEAST, "100", &bounds, doc);
        let account =
            fields.or("account", AccountName::default(), "the one of `[heroku]`", "the Heroku account that looks");
        Some(Self {
            app: app?,
            measure: measure?,
            compared_with: compared_with?,
            watch: watch?,
            at_least: at_least?,
            account: account?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Content, DynoId, DynoSize, Quantity, ReleaseId, ReleaseStatus, ReleaseVersion};
    use flyball_signals::Tally;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
    }

    fn monitor(measure: ReleaseMeasure) -> Release {
        Release {
            app: "shop".parse().unwrap(),
            measure,
            compared_with: Duration::from_secs(600),
            watch: Release::WATCH,
            at_least: 100,
            account: AccountName::default(),
        }
    }

    /// Made at 605.
    fn release() -> Released {
        Released {
            id: ReleaseId::new("r"),
            version: ReleaseVersion::new(12),
            status: ReleaseStatus::Succeeded,
            current: true,
            eligible_for_rollback: None,
            content: Content::None,
            description: String::new(),
            user: None,
            created_at: at(605),
        }
    }

    /// A hundred requests in each ten seconds: one of them fails until 600, all of them until 640, and so many from then on.
    fn slots(failing: u64, millis: u64) -> Vec<(Timestamp, Slot)> {
        let slot = |nth: u64| {
            let (errors, millis) = match nth {
                ..60 => (1, 50),
                60..64 => (100, 9000),
                _ => (failing, millis),
            };
            let mut tally = Tally { requests: 100, errors, ..Tally::default() };
            tally.service.add_many(Duration::from_millis(millis), 100);
            (at(nth * 10), Slot { lines: 100, series: [(String::new(), tally)].into(), ..Slot::default() })
        };
        (0..160).map(slot).collect()
    }

    #[test]
    fn a_release_is_compared_from_its_last_dyno_on_with_the_time_before_it() {
        let judged = |failing, millis, now, measure| {
            monitor(measure).judge(&slots(failing, millis), &release(), at(640), at(now))
        };
        let (errors, service) = (ReleaseMeasure::Errors, ReleaseMeasure::Service);
        let (passing, worse) = (Finding::Passing, Finding::Failing(Cause::Worse));
        let few = Finding::Unknown(Blind::Nothing);
        for (failing, millis, now, measure, expected, words) in [
            (1, 50, 641, errors, few, "too few requests to compare by: fewer than 100 since v12 is up"),
            (1, 50, 700, errors, passing, "1% of 500 requests fail since v12 is up, 1% of 6000 before"),
            (1, 50, 1539, errors, passing, "1% of 6200 requests fail since v12 is up, 1% of 6000 before"),
            (9, 50, 652, errors, worse, "it is worse: 9% of 100 requests fail since v12 is up, 1% of 6000 before"),
            (9, 50, 1539, errors, worse, "it is worse: 9% of 100 requests fail since v12 is up, 1% of 6000 before"),
            (9, 50, 700, service, passing, "0% of 500 requests take longer than"),
            (1, 400, 700, service, worse, "it is worse: 100% of 100 requests take longer than"),
        ] {
            let (finding, said) = judged(failing, millis, now, measure);
            assert_eq!(finding, expected, "{failing} {millis} {now}: {said}");
            assert!(said.starts_with(words) && said.len() <= Excerpt::CHARS_MAX, "{said}");
        }
    }

    #[test]
    fn where_lines_are_missing_that_time_is_left_out_and_where_too_much_is_it_is_unknown() {
        let errors = monitor(ReleaseMeasure::Errors);
        let spoils: [fn(&mut Slot); 3] = [|slot| slot.lost = 1, |slot| slot.began = true, |slot| slot.late = 6];
        let judged = |failing, spoilt: std::ops::Range<usize>, spoil: fn(&mut Slot), now| {
            let mut slots = slots(failing, 50);
            slots[spoilt].iter_mut().for_each(|(_, slot)| spoil(slot));
            errors.judge(&slots, &release(), at(640), at(now))
        };
        let (worse, unknown) = (Finding::Failing(Cause::Worse), Finding::Unknown(Blind::NotTold));
        for (which, spoil) in spoils.into_iter().enumerate() {
            // Of lines that are told as lost, some may have been in the ten seconds before.
            let before_too = if which == 0 { 10 } else { 0 };
            let (finding, said) = judged(9, 30..31, spoil, 702);
            assert_eq!(finding, worse, "{said}");
            let left_out = format!("; {}s in which lines were lost are left out", 10 + before_too);
            assert!(said.ends_with(&left_out) && said.len() <= Excerpt::CHARS_MAX, "{said}");
            assert!(!judged(9, 62..63, spoil, 702).1.contains("left out"), "neither before nor since");
            let (finding, said) = judged(9, 0..60, spoil, 702);
            assert_eq!((finding, said.as_str()), (unknown, "too few lines of shop from before v12 came in whole"));
            let (finding, said) = judged(9, 64..80, spoil, 702);
            assert_eq!((finding, said.as_str()), (unknown, "too few lines of shop since v12 came in whole"));
        }
        // A drain that falls silent says nothing of what comes, and takes nothing back.
        for (failing, expected) in [(1, unknown), (9, worse)] {
            let mut slots = slots(failing, 50);
            slots.retain(|(slot, _)| *slot < at(700));
            let (finding, said) = errors.judge(&slots, &release(), at(640), at(900));
            assert_eq!(finding, expected, "{said}");
        }
        // What fails in the time that is left out is not counted.
        assert_eq!(judged(100, 64..65, |slot| slot.lost = 1, 672).0, worse);
        let (finding, said) = judged(1, 64..70, |slot| slot.lost = 1, 900);
        assert_eq!(finding, Finding::Passing, "{said}");
    }

    #[test]
    fn it_is_up_when_all_web_dynos_that_should_be_there_run_it() {
        let dyno = |name: &str, state: DynoState, version: u64, updated: u64| Dyno {
            id: DynoId::new(name),
            name: name.parse().unwrap(),
            process_type: name.split('.').next().unwrap().parse().unwrap(),
            state,
            size: DynoSize::new("Standard-1X"),
            command: String::new(),
            release: ReleaseVersion::new(version),
            created_at: at(606),
            updated_at: at(updated),
        };
        let (first, worker) = (dyno("web.1", DynoState::Up, 12, 620), dyno("worker.1", DynoState::Starting, 11, 900));
        let second = |state, version| dyno("web.2", state, version, 640);
        let booting = Err(Blind::Booting);
        for (case, quantity, second, expected) in [
            ("all are up", 2, Some(second(DynoState::Up, 12)), Ok(at(640))),
            ("one has crashed", 2, Some(second(DynoState::Crashed, 12)), Ok(at(640))),
            ("one boots", 2, Some(second(DynoState::Starting, 12)), booting),
            ("one runs the release before", 2, Some(second(DynoState::Up, 11)), booting),
            ("with preboot the old ones are there as well", 1, Some(second(DynoState::Up, 11)), booting),
            ("one is not there yet", 2, None, booting),
            ("there is one", 1, None, Ok(at(620))),
            ("there should be none", 0, None, Err(Blind::Nothing)),
        ] {
            let formation = [ProcessFormation {
                process_type: "web".parse().unwrap(),
                quantity: Quantity::new(quantity),
                size: DynoSize::new("Standard-1X"),
            }];
            let dynos: Vec<Dyno> = [Some(first.clone()), Some(worker.clone()), second].into_iter().flatten().collect();
            let found = monitor(ReleaseMeasure::Errors).last_up(&formation, &dynos, &release());
            let found = found.map_err(|(finding, _)| match finding {
                Finding::Unknown(blind) => blind,
                other => panic!("{other:?}"),
            });
            assert_eq!(found, expected, "{case}");
        }
    }
}

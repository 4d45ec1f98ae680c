//! The ruling on dynos, as a table, and what Heroku's own troubles count as.

use crate::support::{BEGUN_AT, monitor, read};
use async_trait::async_trait;
use flyball_heroku::{Account, Answer, Call, Error, ErrorKind, Heroku, OneOff};
use flyball_model::{
    App, AppName, Blind, Cause, Dyno, DynoId, DynoName, DynoSize, DynoState, Evidence, Finding, ProcessFormation,
    ProcessType, Quantity, Release, ReleaseId, ReleaseVersion, Timestamp,
};
use flyball_monitors::{HerokuDynos, Kind, Observer, Trust};
use rustls::RootCertStore;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

fn settings(settings: &str) -> HerokuDynos {
    match read("heroku_dynos", settings).unwrap() {
        Kind::HerokuDynos(dynos) => *dynos,
        other => panic!("{other:?}"),
    }
}

/// `web=2 worker=0`
fn formation(text: &str) -> Vec<ProcessFormation> {
    let process = |text: &str| {
        let (process_type, quantity) = text.split_once('=').unwrap();
        ProcessFormation {
            process_type: process_type.parse().unwrap(),
            quantity: Quantity::new(quantity.parse().unwrap()),
            size: DynoSize::new("standard-1x"),
        }
    };
    text.split_whitespace().map(process).collect()
}

/// `web.1:up:3600 web.2:starting:5`: name, state, seconds in it.
fn dynos(text: &str) -> Vec<Dyno> {
    let dyno = |text: &str| {
        let parts: Vec<&str> = text.split(':').collect();
        let since = BEGUN_AT - Duration::from_secs(parts[2].parse().unwrap());
        Dyno {
            id: DynoId::new(parts[0]),
            name: parts[0].parse().unwrap(),
            process_type: parts[0].split(['.', '-']).next().unwrap().parse().unwrap(),
            state: match parts[1] {
                "starting" => DynoState::Starting,
                "up" => DynoState::Up,
                "idle" => DynoState::Idle,
                "crashed" => DynoState::Crashed,
                "down" => DynoState::Down,
                other => DynoState::Other(other.to_owned()),
            },
            size: DynoSize::new("standard-1x"),
            command: "bin/web".to_owned(),
            release: ReleaseVersion::new(12),
            created_at: since,
            updated_at: since,
        }
    };
    text.split_whitespace().map(dyno).collect()
}

#[test]
fn dynos_are_judged_by_the_ruling() {
    let passing = Finding::Passing;
    let failing = Finding::Failing(Cause::Dyno);
    let nothing = Finding::Unknown(Blind::Nothing);
    let booting = Finding::Unknown(Blind::Booting);
    let all = r#"{ app = "shop" }"#;
    let web = r#"{ app = "shop", process_type = "web" }"#;
    let web_2 = r#"{ app = "shop", dyno = "web.2" }"#;
    let cases = [
        (all, "web=2", "web.1:up:9 web.2:up:9", passing, "2 dynos are up"),
        (all, "web=2", "web.1:up:9 web.2:crashed:130", failing, "web.2 is crashed for 2m 10s"),
        (all, "web=1 worker=1", "web.1:up:9 worker.1:down:9", failing, "worker.1 is down for 9s"),
        (web, "web=1 worker=1", "web.1:up:9 worker.1:down:9", passing, "1 dyno is up"),
        // One-off dynos, and dynos on their way out, do not count.
        (all, "web=1", "web.1:up:9 run.1234:crashed:9 release.5:crashed:9 scheduler.7:down:9", passing, "1 dyno is up"),
        (all, "web=1", "web.1:up:9 web.2:down:1", passing, "1 dyno is up"),
        (all, "web=1 worker=0", "web.1:up:9 worker.1:down:9", passing, "1 dyno is up"),
        // Booting counts neither way, until it takes too long.
        (all, "web=2", "web.1:up:9 web.2:starting:59", passing, "1 dyno is up, 1 more booting"),
        (all, "web=2", "web.1:crashed:9 web.2:starting:59", failing, "web.1 is crashed"),
        (all, "web=2", "web.1:starting:0 web.2:starting:59", booting, "2 dynos are booting, for less than 1m"),
        (all, "web=2", "web.1:up:9 web.2:starting:60", failing, "web.2 is starting for 1m"),
        (r#"{ app = "shop", boot = "5m" }"#, "web=1", "web.1:starting:299", booting, "less than 5m"),
        // States that nobody has listed.
        (all, "web=1", "web.1:provisioning:5", booting, "1 dyno is booting"),
        (all, "web=1", "web.1:hibernated:3600", failing, "web.1 is hibernated for 1h"),
        (all, "web=1", "web.1:idle:9", passing, "1 dyno is up"),
        (r#"{ app = "shop", idle = "failing" }"#, "web=1", "web.1:idle:9", failing, "web.1 is idle"),
        // Nothing to judge by.
        (all, "web=0 worker=0", "run.1:up:9", nothing, "a quantity of 0 everywhere"),
        (all, "", "", nothing, "a quantity of 0 everywhere"),
        (all, "web=1", "", nothing, "no dyno of shop is listed"),
        (web, "web=0 worker=1", "worker.1:up:9", nothing, "web of shop has a quantity of 0"),
        (web, "worker=1", "worker.1:up:9", nothing, "shop has no process type web"),
        // A named dyno.
        (web_2, "web=2", "web.1:crashed:9 web.2:up:9", passing, "1 dyno is up"),
        (web_2, "web=2", "web.1:up:9 web.2:crashed:0", failing, "web.2 is crashed"),
        (web_2, "web=2", "web.1:up:9", failing, "web.2 should exist, and does not"),
        (web_2, "web=1", "web.1:up:9", nothing, "so there is no web.2"),
        (web_2, "web=0", "", nothing, "a quantity of 0"),
        (web_2, "worker=1", "", nothing, "no process type web"),
        (r#"{ app = "shop", dyno = "web-1234abcde-123ab" }"#, "web=1", "", nothing, "changes at every restart"),
        // Fir's dynos have no ordinal.
        (all, "web=1", "web-1234abcde-123ab:up:9", passing, "1 dyno is up"),
    ];
    for (watched, formed, listed, finding, part) in cases {
        let (found, words, _) = settings(watched).judge(&formation(formed), &dynos(listed), BEGUN_AT);
        assert_eq!(found, finding, "{watched} {formed} {listed}: {words}");
        assert!(words.contains(part), "{watched} {formed} {listed}: {words}");
    }
}

#[test]
fn many_dynos_that_are_down_are_named_within_bounds() {
    let listed: Vec<String> = (1..=50).map(|n| format!("web.{n}:crashed:5")).collect();
    let (_, words, evidence) =
        settings(r#"{ app = "shop" }"#).judge(&formation("web=50"), &dynos(&listed.join(" ")), BEGUN_AT);
    assert!(words.ends_with("web.3 is crashed for 5s, and 47 more are not up"), "{words}");
    let Evidence::Dynos { looked_at, not_up } = evidence else { panic!() };
    assert_eq!((looked_at, not_up.len()), (50, Evidence::DYNOS_MAX));
}

/// A Heroku that answers the two questions of this monitor, and must not be asked another.
struct Fake {
    refusal: Option<ErrorKind>,
    date: Option<Timestamp>,
    /// Dynos that were not understood.
    left_out: usize,
}

impl Fake {
    fn answer<T>(&self, call: Call, value: T) -> Result<Answer<T>, Error> {
        match &self.refusal {
            Some(kind) => Err(Error::new(call, kind.clone())),
            None => Ok(Answer { value, left_out: self.left_out, request_id: None, date: self.date }),
        }
    }
}

#[async_trait]
impl Heroku for Fake {
    async fn formation(&self, app: &AppName) -> Result<Answer<Vec<ProcessFormation>>, Error> {
        self.answer(Call::Formation { app: app.clone() }, formation("web=1"))
    }

    async fn dynos(&self, app: &AppName) -> Result<Answer<Vec<Dyno>>, Error> {
        self.answer(Call::Dynos { app: app.clone() }, dynos("web.1:starting:0"))
    }

    async fn account(&self) -> Result<Answer<Account>, Error> {
        unreachable!()
    }

    async fn rate_limit(&self) -> Result<Answer<u32>, Error> {
        unreachable!()
    }

    async fn apps(&self) -> Result<Answer<Vec<App>>, Error> {
        unreachable!()
    }

    async fn app(&self, _: &AppName) -> Result<Answer<App>, Error> {
        unreachable!()
    }

    async fn releases(&self, _: &AppName, _: Option<ReleaseVersion>) -> Result<Answer<Vec<Release>>, Error> {
        unreachable!()
    }

    async fn dyno_sizes(&self) -> Result<Answer<Vec<DynoSize>>, Error> {
        unreachable!()
    }

    async fn config_difference(
        &self,
        _: &AppName,
        _: ReleaseVersion,
        _: ReleaseVersion,
    ) -> Result<Answer<Vec<String>>, Error> {
        unreachable!()
    }

    async fn drains(&self, _: &AppName) -> Result<Answer<Vec<SecretString>>, Error> {
        unreachable!()
    }

    async fn set_quantity(&self, _: &AppName, _: &ProcessType, _: Quantity) -> Result<Answer<ProcessFormation>, Error> {
        unreachable!()
    }

    async fn set_size(&self, _: &AppName, _: &ProcessType, _: &DynoSize) -> Result<Answer<ProcessFormation>, Error> {
        unreachable!()
    }

    async fn restart_dyno(&self, _: &AppName, _: &DynoName) -> Result<Answer<()>, Error> {
        unreachable!()
    }

    async fn restart_all(&self, _: &AppName) -> Result<Answer<()>, Error> {
        unreachable!()
    }

    async fn roll_back(&self, _: &AppName, _: &ReleaseId) -> Result<Answer<Release>, Error> {
        unreachable!()
    }

    async fn run_one_off(&self, _: &AppName, _: &OneOff) -> Result<Answer<Dyno>, Error> {
        unreachable!()
    }

    async fn add_drain(&self, _: &AppName, _: &SecretString) -> Result<Answer<()>, Error> {
        unreachable!()
    }
}

async fn look(fake: Fake, settings: &str) -> (Finding, String) {
    let fake: Arc<dyn Heroku> = Arc::new(fake);
    let accounts = move |name: &flyball_model::AccountName| (name.as_str() == "default").then(|| Arc::clone(&fake));
    let observer = Observer::new(Arc::new(|_| None), Arc::new(accounts), Trust::Only(RootCertStore::empty()));
    let reading = observer.observe(&monitor("heroku_dynos", settings), BEGUN_AT).await;
    (reading.finding, reading.words.to_string())
}

#[tokio::test]
async fn whatever_is_wrong_with_heroku_is_unknown() {
    let kinds = [
        ErrorKind::Unauthorized,
        ErrorKind::Forbidden,
        ErrorKind::NotFound { resource: Some("app".to_owned()) },
        ErrorKind::RateLimited,
        ErrorKind::OverBudget { wait: Duration::from_secs(5) },
        ErrorKind::Server { status: 503 },
        ErrorKind::TimedOut,
        ErrorKind::Connect,
        ErrorKind::Unreadable,
    ];
    for kind in kinds {
        let (finding, words) =
            look(Fake { refusal: Some(kind.clone()), date: None, left_out: 0 }, r#"{ app = "shop" }"#).await;
        assert_eq!(finding, Finding::Unknown(Blind::Heroku), "{kind:?}");
        assert!(words.starts_with("cannot ") && words.contains("shop"), "{words}");
    }
    let (finding, words) =
        look(Fake { refusal: None, date: None, left_out: 0 }, r#"{ app = "shop", account = "other" }"#).await;
    assert_eq!((finding, words.as_str()), (Finding::Unknown(Blind::Heroku), "no Heroku account \"other\" is set up"));
}

#[tokio::test]
async fn how_long_a_dyno_boots_is_told_by_herokus_clock() {
    let (finding, _) = look(Fake { refusal: None, date: None, left_out: 0 }, r#"{ app = "shop" }"#).await;
    assert_eq!(finding, Finding::Unknown(Blind::Booting));
    let date = Some(BEGUN_AT + Duration::from_secs(90));
    let (finding, words) = look(Fake { refusal: None, date, left_out: 0 }, r#"{ app = "shop" }"#).await;
    assert_eq!((finding, words.as_str()), (Finding::Failing(Cause::Dyno), "web.1 is starting for 1m 30s"));
}

#[tokio::test]
async fn a_named_dyno_that_may_be_the_one_that_was_not_understood_is_not_called_missing() {
    let missing = r#"{ app = "shop", dyno = "web.1" }"#;
    let (of_two, date) = (Fake { refusal: None, date: None, left_out: 1 }, Some(BEGUN_AT + Duration::from_secs(90)));
    let (finding, words) = look(of_two, &missing.replace("web.1", "web.2")).await;
    assert_eq!(finding, Finding::Unknown(Blind::Heroku), "{words}");
    let (finding, _) = look(Fake { refusal: None, date, left_out: 1 }, missing).await;
    assert_eq!(finding, Finding::Failing(Cause::Dyno), "one that was understood is judged");
}

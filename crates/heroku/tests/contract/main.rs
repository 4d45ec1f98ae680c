//! One set of promises, kept over the stand-in's world as a function and over its real HTTP server.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod pool;
mod stand;

use flyball_heroku::{Error, ErrorKind, Heroku, OneOff, Sent};
use flyball_heroku_sim::{AccountSpec, AppSpec, Container, DeploySpec, Fault, FaultKind, Place, Took, WorldFile};
use flyball_model::{
    AppName, Content, DynoSize, DynoState, Generation, ProcessType, Quantity, ReleaseStatus, ReleaseVersion,
};
use secrecy::{ExposeSecret, SecretString};
use stand::{Stand, TOKEN, both, both_with};
use std::collections::BTreeMap;
use std::time::Duration;

fn shop() -> AppName {
    "shop".parse().unwrap()
}

fn web() -> ProcessType {
    ProcessType::web()
}

fn one_off() -> OneOff {
    OneOff {
        command: "bin/rails db:cleanup".into(),
        size: Some(DynoSize::new("standard-2x")),
        time_to_live: Duration::from_secs(600),
        env: BTreeMap::from([("MODE".to_owned(), "deep".into())]),
    }
}

#[tokio::test]
async fn what_there_is_is_read() {
    for stand in both(WorldFile::small_shop()).await {
        let heroku = &stand.live;
        assert_eq!(heroku.account().await.unwrap().value.email, "ops@example.com");
        let app = heroku.app(&shop()).await.unwrap();
        assert_eq!((app.value.generation, app.value.maintenance), (Generation::Cedar, false));
        assert_eq!(app.date, Some(stand.now()), "Heroku's clock");
        assert!(app.request_id.unwrap().contains("ours-"), "our id is one of the chain");
        let formation = heroku.formation(&shop()).await.unwrap().value;
        let web = formation.iter().find(|process| process.process_type == web()).unwrap();
        assert_eq!((web.quantity, web.size.as_str()), (Quantity::new(1), "Standard-1X"));
        let dynos = heroku.dynos(&shop()).await.unwrap().value;
        let names: Vec<_> = dynos.iter().map(|dyno| dyno.name.as_str()).collect();
        assert!(names.contains(&"web.1") && names.contains(&"worker.1"), "{names:?}");
        assert!(dynos.iter().all(|dyno| dyno.state == DynoState::Up && dyno.is_formation()));
        let sizes = heroku.dyno_sizes().await.unwrap().value;
        assert!(sizes.contains(&DynoSize::new("performance-2xl")));
        let left = heroku.rate_limit().await.unwrap().value;
        assert_eq!(heroku.rate_limit().await.unwrap().value, left, "asking costs nothing");
        assert_eq!(heroku.budget().left(stand.now()), left);
    }
}

#[tokio::test]
async fn the_apps_that_an_account_may_see_are_listed_by_name_over_several_pages() {
    let names: Vec<String> = (0..201).rev().map(|number| format!("app-{number:03}")).collect();
    for stand in both(WorldFile::with_apps(names.iter().map(|name| AppSpec::new(name)))).await {
        let apps = stand.live.apps().await.unwrap();
        assert_eq!((apps.value.len(), apps.left_out), (201, 0));
        assert!(apps.value.is_sorted_by_key(|app| app.name.clone()));
        let one = stand.live.app(&apps.value[7].name).await.unwrap().value;
        assert_eq!(apps.value[7], one, "the same is said of an app in the list and by itself");
    }
}

#[tokio::test]
async fn releases_say_what_became_of_them_and_what_they_hold() {
    for stand in both(WorldFile::small_shop()).await {
        let releases = stand.live.releases(&shop(), None).await.unwrap().value;
        let versions: Vec<_> = releases.iter().map(|release| release.version.get()).collect();
        assert_eq!(versions, [6, 5, 4, 3, 2, 1]);
        assert!(releases[0].current && releases[0].eligible_for_rollback == Some(true));
        assert_eq!(releases[1].status, ReleaseStatus::Failed);
        assert_eq!(releases[2].content, releases[3].content, "a config var changes no code");
        assert_eq!(releases[5].content, Content::None, "before the first deploy");
    }
}

#[tokio::test]
async fn of_config_vars_only_the_names_that_differ_are_told() {
    let app = || {
        AppSpec::new("shop")
            .process("web", 1, "Standard-1X")
            .deploy("a")
            .config("KEPT", "s3cret")
            .config("GREETING", "s3cret")
    };
    for stand in both(WorldFile::with_apps([app()])).await {
        let version = ReleaseVersion::new;
        let differ = stand.live.config_difference(&shop(), version(5), version(3)).await.unwrap();
        assert_eq!(differ.value, ["GREETING", "KEPT"]);
        assert_eq!(stand.live.config_difference(&shop(), version(5), version(4)).await.unwrap().value, ["GREETING"]);
        assert!(stand.live.config_difference(&shop(), version(4), version(4)).await.unwrap().value.is_empty());
        let error = stand.live.config_difference(&shop(), version(5), version(99)).await.unwrap_err();
        assert!(error.to_string().starts_with("read the config vars of `shop` as of v99"), "{error}");
        assert!(!format!("{:?}", stand.live).contains("s3cret"));
    }
}

#[tokio::test]
async fn three_thousand_releases_come_newest_first_and_without_a_gap() {
    let app = || AppSpec::new("shop").process("web", 1, "Standard-1X").deploys(2_998);
    for stand in both(WorldFile::with_apps([app()])).await {
        let (mut below, mut seen) = (None, Vec::new());
        loop {
            let page = stand.live.releases(&shop(), below).await.unwrap().value;
            let Some(last) = page.last() else { break };
            below = Some(last.version);
            seen.extend(page.iter().map(|release| release.version.get()));
        }
        assert_eq!(seen, (1..=3_000).rev().collect::<Vec<_>>());
        assert_eq!(stand.live.stats().of("releases"), 15, "200 a page, and nothing is below v1");
    }
}

#[tokio::test]
async fn fir_has_images_and_a_generation_of_its_own() {
    let app = || AppSpec::new("shop").place(Place::Fir).process("web", 2, "dyno-1c-0.5gb").deploys(2);
    for stand in both(WorldFile::with_apps([app()])).await {
        assert_eq!(stand.live.app(&shop()).await.unwrap().value.generation, Generation::Fir);
        let releases = stand.live.releases(&shop(), None).await.unwrap().value;
        assert!(matches!(releases[0].content, Content::Image(_)), "{:?}", releases[0]);
        let dynos = stand.live.dynos(&shop()).await.unwrap().value;
        assert!(dynos.iter().all(|dyno| dyno.name.cedar_parts().is_none()), "{dynos:?}");
    }
}

#[tokio::test]
async fn a_container_app_shows_no_code_and_says_what_may_be_rolled_back_to() {
    for (releases, eligible) in [(Container::Eligible, true), (Container::Ineligible, false)] {
        let app = || AppSpec::new("shop").container(releases).process("web", 1, "Standard-1X").deploys(2);
        for stand in both(WorldFile::with_apps([app()])).await {
            let seen = stand.live.releases(&shop(), None).await.unwrap().value;
            assert_eq!((&seen[1].content, seen[1].eligible_for_rollback), (&Content::None, Some(eligible)));
            assert_eq!(stand.live.roll_back(&shop(), &seen[1].id).await.is_ok(), eligible);
        }
    }
}

#[tokio::test]
async fn a_drain_is_added_once_and_then_refused_without_its_address() {
    for stand in both(WorldFile::small_shop()).await {
        let heroku = &stand.live;
        assert!(heroku.drains(&shop()).await.unwrap().value.is_empty());
        let url = SecretString::from("https://flyball.example.com/drain/s3cret");
        heroku.add_drain(&shop(), &url).await.unwrap();
        let drains = heroku.drains(&shop()).await.unwrap().value;
        assert_eq!(drains.iter().map(ExposeSecret::expose_secret).collect::<Vec<_>>(), [url.expose_secret()]);
        let error = heroku.add_drain(&shop(), &url).await.unwrap_err();
        assert_eq!((error.sent(), error.id()), (Sent::Refused, Some("invalid_params")));
        for shown in [error.to_string(), format!("{error:?}{drains:?}"), error.hint().unwrap()] {
            assert!(!shown.contains("s3cret"), "{shown}");
        }
        let error = heroku.drains(&"nothing".parse().unwrap()).await.unwrap_err();
        assert!(error.to_string().starts_with("read the log drains of `nothing`: no such app"), "{error}");
    }
}

#[tokio::test]
async fn every_change_does_what_it_says_and_is_answered_with_it() {
    for stand in both(WorldFile::small_shop()).await {
        let heroku = &stand.live;
        let scaled = heroku.set_quantity(&shop(), &web(), Quantity::new(3)).await.unwrap();
        assert_eq!((scaled.value.process_type.clone(), scaled.value.quantity), (web(), Quantity::new(3)));
        let resized = heroku.set_size(&shop(), &web(), &DynoSize::new("standard-2x")).await.unwrap();
        assert_eq!(resized.value.size.as_str(), "Standard-2X");
        stand.seen(|world| {
            let app = world.app("shop").unwrap();
            assert_eq!((app.quantity("web"), app.size("web")), (3, "Standard-2X"));
        });

        let id = |stand: &Stand| stand.seen(|world| world.app("shop").unwrap().dyno("web.1").unwrap().id);
        let before = id(&stand);
        heroku.restart_dyno(&shop(), &"web.1".parse().unwrap()).await.unwrap();
        let between = id(&stand);
        assert_ne!(before, between, "a restart gives a new id");
        heroku.restart_all(&shop()).await.unwrap();
        assert_ne!(between, id(&stand));

        let releases = heroku.releases(&shop(), None).await.unwrap().value;
        let fourth = releases.iter().find(|release| release.version == ReleaseVersion::new(4)).unwrap();
        let made = heroku.roll_back(&shop(), &fourth.id).await.unwrap().value;
        assert_eq!(made.version, ReleaseVersion::new(7));
        assert_eq!(made.says_rollback_to(), Some(ReleaseVersion::new(4)));

        let dyno = heroku.run_one_off(&shop(), &one_off()).await.unwrap().value;
        assert!(!dyno.is_formation());
        assert_eq!(dyno.command, "bin/rails db:cleanup");
        stand.seen(|world| {
            let app = world.app("shop").unwrap();
            let one_off = app.one_offs().next().unwrap();
            assert_eq!((one_off.size, one_off.time_to_live), ("Standard-2X", Some(600)));
            assert_eq!(one_off.env.get("MODE").map(String::as_str), Some("deep"));
            assert_eq!(world.effects().len(), 6, "each was sent once");
            assert!(world.effects().all(|call| call.took == Took::Effect && call.request_id.is_some()));
        });
    }
}

#[tokio::test]
async fn what_did_not_change_is_answered_with_304() {
    for stand in both(WorldFile::small_shop()).await {
        for _ in 0..3 {
            stand.live.for_monitors().dynos(&shop()).await.unwrap();
            stand.live.releases(&shop(), None).await.unwrap();
        }
        assert_eq!(stand.live.stats().not_modified, 4);
        assert_eq!(stand.seen(|world| world.traffic().not_modified), 4);
        stand.live.set_quantity(&shop(), &web(), Quantity::new(2)).await.unwrap();
        assert_eq!(stand.live.dynos(&shop()).await.unwrap().value.len(), 3, "what did change is seen at once");
    }
}

/// Every call that fails, in the stand-in's words, and what it is taken for.
#[tokio::test]
async fn refusals_are_told_apart() {
    let basic = || AppSpec::new("shop").process("web", 1, "Basic").deploys(2);
    for stand in both(WorldFile::with_apps([basic(), AppSpec::new("empty")])).await {
        let heroku = &stand.live;
        let nowhere: AppName = "nowhere".parse().unwrap();
        let error = heroku.app(&nowhere).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::NotFound { resource: Some("app".into()) });
        assert!(error.hint().unwrap().contains("`heroku apps --all`"));

        let error = heroku.set_quantity(&shop(), &web(), Quantity::new(5)).await.unwrap_err();
        let ErrorKind::Invalid { id, limit, .. } = error.kind() else { panic!("{error}") };
        assert_eq!((id.as_str(), *limit), ("cannot_update_above_limit", Some(1)));
        assert!(error.hint().unwrap().contains("`max_quantity = 1`"));

        let worker: ProcessType = "nobody".parse().unwrap();
        let error = heroku.set_quantity(&shop(), &worker, Quantity::new(1)).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotFound { .. }), "{error}");
        let error = heroku.restart_dyno(&shop(), &"web.7".parse().unwrap()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotFound { .. }), "{error}");
        let error = heroku.set_size(&shop(), &web(), &DynoSize::new("mega-9x")).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Invalid { .. }), "{error}");
        let first = heroku.releases(&shop(), None).await.unwrap().value.pop().unwrap();
        let error = heroku.roll_back(&shop(), &first.id).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Invalid { .. }), "{error}");
        stand.seen(|world| assert!(world.effects().all(|call| matches!(call.took, Took::Refused(_)))));
    }
}

#[tokio::test]
async fn a_wrong_token_is_told_as_such() {
    for stand in both_with(WorldFile::small_shop().token("HRKU-pl4nted-another"), TOKEN).await {
        let error = stand.live.app(&shop()).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (&ErrorKind::Unauthorized, Some(401)));
        assert!(error.hint().unwrap().contains("heroku authorizations:create"));
    }
}

async fn scaled_with(fault: FaultKind, stand: &Stand) -> Error {
    stand.fault(Fault::new(fault).on("PATCH", "*").times(1));
    let to = stand.seen(|world| world.app("shop").unwrap().quantity("web")) + 1;
    stand.live.set_quantity(&shop(), &web(), Quantity::new(to)).await.unwrap_err()
}

#[tokio::test]
async fn a_change_that_goes_wrong_on_purpose_is_sent_once_and_never_taken_for_refused_when_it_was_not() {
    for stand in both(WorldFile::small_shop()).await {
        // (how it goes wrong, what it is taken for, whether it was sent, whether it took effect)
        let cases = [
            (FaultKind::Html, ErrorKind::Server { status: 503 }, Sent::Maybe, 0),
            (FaultKind::Status(500), ErrorKind::Server { status: 500 }, Sent::Maybe, 0),
            (FaultKind::Status(403), ErrorKind::Forbidden, Sent::Refused, 0),
            (FaultKind::CutBefore, ErrorKind::Broken, Sent::Maybe, 0),
            (FaultKind::CutAfter, ErrorKind::Broken, Sent::Maybe, 1),
            (FaultKind::Truncated, ErrorKind::Unreadable, Sent::Maybe, 1),
            (FaultKind::Slow(Duration::from_secs(3)), ErrorKind::TimedOut, Sent::Maybe, 1),
        ];
        for (fault, kind, sent, effects) in cases {
            let (before, calls) =
                stand.seen(|world| (world.app("shop").unwrap().quantity("web"), world.effects().len()));
            let error = scaled_with(fault.clone(), &stand).await;
            // A body that breaks off is a cut over a socket that says its length, and plain nonsense otherwise.
            let broken_off = fault == FaultKind::Truncated && error.kind() == &ErrorKind::Broken;
            assert!(error.kind() == &kind || broken_off, "{fault:?}: {error}");
            assert_eq!(error.sent(), sent, "{fault:?}");
            let (after, received) =
                stand.seen(|world| (world.app("shop").unwrap().quantity("web"), world.effects().len()));
            assert_eq!((after - before, received - calls), (effects, 1), "{fault:?}");
        }
        let error = scaled_with(FaultKind::UnknownError, &stand).await;
        assert!(matches!(error.kind(), ErrorKind::Invalid { id, .. } if id == "flux_misaligned"), "{error}");
        let error = scaled_with(FaultKind::TooMany, &stand).await;
        assert_eq!(error.kind(), &ErrorKind::RateLimited);
    }
}

#[tokio::test]
async fn what_is_newer_than_this_client_is_survived() {
    for fault in [FaultKind::UnknownFields, FaultKind::UnknownStates, FaultKind::UnknownSizes] {
        for stand in both(WorldFile::small_shop().fault(Fault::new(fault.clone()))).await {
            let heroku = &stand.live;
            heroku.app(&shop()).await.unwrap();
            heroku.account().await.unwrap();
            heroku.dyno_sizes().await.unwrap();
            let dyno = heroku.dynos(&shop()).await.unwrap().value.remove(0);
            let release = heroku.releases(&shop(), None).await.unwrap().value.remove(0);
            let process = heroku.set_quantity(&shop(), &web(), Quantity::new(2)).await.unwrap().value;
            let odd_states = dyno.state == DynoState::Other("levitating".into())
                && release.status == ReleaseStatus::Other("levitating".into());
            let odd_sizes = dyno.size == DynoSize::new("mega-9x") && process.size == dyno.size;
            assert_eq!(odd_states, fault == FaultKind::UnknownStates);
            assert_eq!(odd_sizes, fault == FaultKind::UnknownSizes);
            heroku.restart_dyno(&shop(), &dyno.name).await.unwrap();
            heroku.roll_back(&shop(), &release.id).await.unwrap();
            heroku.run_one_off(&shop(), &one_off()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn with_thirty_tokens_and_fifty_monitors_an_effect_still_goes_out() {
    let account = AccountSpec::new("ops@example.com").token(TOKEN).bucket(30, 75);
    for stand in both(WorldFile::small_shop().account(account)).await {
        let monitors = stand.live.for_monitors();
        let mut refused = 0;
        for _ in 0..50 {
            refused += u32::from(monitors.dynos(&shop()).await.is_err());
        }
        assert!(refused > 20, "{refused}");
        stand.live.releases(&shop(), None).await.unwrap();
        stand.live.set_quantity(&shop(), &web(), Quantity::new(2)).await.unwrap();
        stand.live.dynos(&shop()).await.unwrap();
        stand.seen(|world| {
            assert_eq!(world.app("shop").unwrap().quantity("web"), 2);
            assert_eq!(world.traffic().rate_limited, 0, "Heroku never had to refuse");
        });
    }
}

#[tokio::test]
async fn fifty_monitors_at_once_do_not_empty_a_bucket_of_thirty() {
    let account = AccountSpec::new("ops@example.com").token(TOKEN).bucket(30, 75);
    for stand in both(WorldFile::small_shop().account(account)).await {
        let mut looks = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let monitors = stand.live.for_monitors();
            looks.spawn(async move { monitors.dynos(&shop()).await.is_ok() });
        }
        looks.join_all().await;
        stand.live.restart_all(&shop()).await.unwrap();
        assert_eq!(stand.seen(|world| world.traffic().rate_limited), 0);
    }
}

#[tokio::test]
async fn a_release_phase_shows_as_pending() {
    let procfile = [("web", "serve"), ("release", "migrate")];
    let app = || AppSpec::new("shop").process("web", 1, "Standard-1X").deploys(1);
    for stand in both(WorldFile::with_apps([app()])).await {
        let phase = DeploySpec::new("next").process_types(&procfile);
        let phase = phase.release_phase(Duration::from_secs(600), flyball_heroku_sim::Outcome::Succeeds);
        stand.seen(|world| world.deploy("shop", &phase).unwrap());
        let releases = stand.live.releases(&shop(), None).await.unwrap().value;
        assert_eq!((&releases[0].status, releases[0].current), (&ReleaseStatus::Pending, false));
        assert!(releases[1].current);
        let dynos = stand.live.dynos(&shop()).await.unwrap().value;
        assert!(
            dynos.iter().any(|dyno| dyno.name.as_str().starts_with("release.") && !dyno.is_formation()),
            "{dynos:?}"
        );
    }
}

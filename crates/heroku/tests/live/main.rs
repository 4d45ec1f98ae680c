//! What the client sends, and what it makes of the answers, over a scripted transport.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod budget;
mod failures;
mod retries;
mod stop;
mod support;

use flyball_heroku::{Error, ErrorKind, Heroku, OneOff, ReadOnly, Sent};
use flyball_model::{AppName, DynoName, DynoSize, ProcessType, Quantity, ReleaseId, ReleaseVersion};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use support::{Script, TOKEN, reply};

const V3: &str = "application/vnd.heroku+json; version=3";
const SDK: &str = "application/vnd.heroku+json; version=3.sdk";
const APP: &str = r#"{"id":"a-1","name":"shop","maintenance":false,"generation":"cedar"}"#;
const WEB: &str = r#"{"type":"web","quantity":3,"size":"Standard-1X"}"#;

fn shop() -> AppName {
    "shop".parse().unwrap()
}

fn web() -> ProcessType {
    ProcessType::web()
}

fn dyno(name: &str) -> String {
    json!({"id":format!("id-{name}"),"name":name,"type":"web","state":"up","size":"Standard-1X","command":"run",
        "release":{"id":"r","version":3},"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"})
    .to_string()
}

fn release(version: u64) -> String {
    json!({"id":format!("r-{version}"),"version":version,"status":"succeeded","current":false,"description":"Deploy 1",
        "slug":{"id":"s"},"created_at":"2026-01-02T03:04:05Z"})
    .to_string()
}

fn page(versions: impl IntoIterator<Item = u64>) -> String {
    format!("[{}]", versions.into_iter().map(release).collect::<Vec<_>>().join(","))
}

fn one_off() -> OneOff {
    OneOff {
        command: "bin/rails db:cleanup".into(),
        size: None,
        time_to_live: Duration::from_secs(60),
        env: BTreeMap::from([("KEY".to_owned(), "env-pl4nted".into())]),
    }
}

fn drain() -> SecretString {
    "https://flyball.example.com/drain/key-pl4nted".into()
}

/// Every changing call once, against whatever comes next.
async fn every_change(heroku: &dyn Heroku) -> Vec<Error> {
    let (dyno, release): (DynoName, _) = ("web.1".parse().unwrap(), ReleaseId::new("r-9"));
    [
        heroku.set_quantity(&shop(), &web(), Quantity::new(3)).await.err(),
        heroku.set_size(&shop(), &web(), &DynoSize::new("basic")).await.err(),
        heroku.restart_dyno(&shop(), &dyno).await.err(),
        heroku.restart_all(&shop()).await.err(),
        heroku.roll_back(&shop(), &release).await.err(),
        heroku.run_one_off(&shop(), &one_off()).await.err(),
        heroku.add_drain(&shop(), &drain()).await.err(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[tokio::test]
async fn every_read_is_a_get_with_its_variant_and_range() {
    let script = Script::of([
        reply(200, r#"{"id":"u","email":"ops@example.com"}"#),
        reply(200, r#"{"remaining":4321}"#),
        reply(200, APP),
        reply(200, &format!("[{WEB}]")),
        reply(200, &format!("[{}]", dyno("web.1"))),
        reply(200, &page([2, 1])),
        reply(200, r#"[{"name":"Eco"}]"#),
        reply(200, r#"[{"id":"d","url":"https://logs.example.com/x"}]"#),
    ]);
    let live = script.client();
    assert_eq!(live.account().await.unwrap().value.email, "ops@example.com");
    assert_eq!(live.rate_limit().await.unwrap().value, 4_321);
    assert_eq!(live.app(&shop()).await.unwrap().value.name, shop());
    assert_eq!(live.formation(&shop()).await.unwrap().value[0].quantity, Quantity::new(3));
    assert_eq!(live.dynos(&shop()).await.unwrap().value[0].name.as_str(), "web.1");
    assert_eq!(live.releases(&shop(), None).await.unwrap().value.len(), 2);
    assert_eq!(live.dyno_sizes().await.unwrap().value, [DynoSize::new("Eco")]);
    assert_eq!(live.drains(&shop()).await.unwrap().value[0].expose_secret(), "https://logs.example.com/x");
    let sent: Vec<_> = script
        .seen()
        .into_iter()
        .map(|seen| {
            assert_eq!(seen.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
            assert_eq!(seen.header("user-agent"), Some("flyball/test"));
            assert_eq!((seen.body.as_str(), seen.header("content-type")), ("", None));
            assert_eq!(seen.deadline, Duration::from_secs(10));
            let text = |name| seen.header(name).unwrap_or_default().to_owned();
            (seen.line.clone(), text("accept"), text("range"), text("request-id"))
        })
        .collect();
    let wanted = [
        ("account", V3, ""),
        ("account/rate-limits", V3, ""),
        ("apps/shop", SDK, ""),
        ("apps/shop/formation", V3, "id ..; max=1000"),
        ("apps/shop/dynos", V3, "id ..; max=1000"),
        ("apps/shop/releases", SDK, "version ..; order=desc, max=200"),
        ("dyno-sizes", V3, "id ..; max=1000"),
        ("apps/shop/log-drains", V3, ""),
    ];
    for (at, ((path, accept, range), sent)) in wanted.into_iter().zip(sent).enumerate() {
        let line = format!("GET https://api.heroku.com/{path}");
        assert_eq!(sent, (line, accept.to_owned(), range.to_owned(), format!("ours-{}", at + 1)));
    }
}

#[tokio::test]
async fn every_change_is_sent_as_documented_and_once() {
    let script = Script::of([
        reply(200, &format!(r#"[{{"type":"worker","quantity":1,"size":"Eco"}},{WEB}]"#)),
        reply(200, r#"[{"type":"web","quantity":3,"size":"Basic"}]"#),
        reply(202, "{}"),
        reply(202, ""),
        reply(201, &release(13)),
        reply(201, &dyno("run.4411")),
        reply(201, "{}"),
    ]);
    let live = script.client();
    assert!(every_change(&live).await.is_empty());
    let sent: Vec<_> = script
        .seen()
        .into_iter()
        .map(|seen| {
            assert_eq!(seen.deadline, Duration::from_secs(20));
            assert_eq!(seen.header("content-type").is_some(), !seen.body.is_empty());
            assert_eq!(seen.header("if-none-match"), None);
            let body = serde_json::from_str(&seen.body).unwrap_or(json!(null));
            (seen.line.replace("https://api.heroku.com/apps/shop", ""), body)
        })
        .collect();
    let wanted = [
        ("PATCH /formation", json!({"updates":[{"type":"web","quantity":3}]})),
        ("PATCH /formation", json!({"updates":[{"type":"web","size":"Basic"}]})),
        ("DELETE /dynos/web.1", json!(null)),
        ("DELETE /dynos", json!(null)),
        ("POST /releases", json!({"release":"r-9"})),
        (
            "POST /dynos",
            json!({"command":"bin/rails db:cleanup","attach":false,"time_to_live":60,"env":{"KEY":"env-pl4nted"}}),
        ),
        ("POST /log-drains", json!({"url":"https://flyball.example.com/drain/key-pl4nted"})),
    ];
    assert_eq!(sent, wanted.map(|(line, body)| (line.to_owned(), body)));
    assert_eq!(live.stats().total(), 7);
    assert_eq!(live.stats().of("set_quantity"), 1);
}

#[tokio::test]
async fn an_answer_carries_its_request_id_whole_and_herokus_clock() {
    let script = Script::of([reply(200, APP)
        .with("request-id", "554515b9,ours-1,e9d62ba1")
        .with("date", "Wed, 14 Dec 2022 20:41:18 GMT")]);
    let answer = script.client().app(&shop()).await.unwrap();
    assert_eq!(answer.request_id.as_deref(), Some("554515b9,ours-1,e9d62ba1"));
    assert_eq!(answer.date, Some("2022-12-14T20:41:18Z".parse().unwrap()));
    let script = Script::of([reply(200, APP).with("date", "soon")]);
    assert_eq!(script.client().app(&shop()).await.unwrap().date, None);
}

#[tokio::test]
async fn what_was_read_before_is_asked_for_conditionally_and_a_304_gives_it_again() {
    let script = Script::of([
        reply(200, APP).with("etag", "\"one\"").with("request-id", "first"),
        reply(304, "").with("etag", "\"one\"").with("request-id", "second"),
        reply(200, &APP.replace("false", "true")).with("etag", "W/\"two\""),
        reply(304, ""),
        reply(200, &format!("[{WEB}]")),
        reply(200, &format!("[{WEB}]")),
    ]);
    let (live, monitors) = (script.client(), script.client());
    let first = live.app(&shop()).await.unwrap();
    let second = live.for_monitors().app(&shop()).await.unwrap();
    assert_eq!(first.value, second.value);
    assert_eq!(second.request_id.as_deref(), Some("second"));
    assert!(live.app(&shop()).await.unwrap().value.maintenance);
    assert!(live.app(&shop()).await.unwrap().value.maintenance, "the newer one is remembered");
    live.formation(&shop()).await.unwrap();
    live.formation(&shop()).await.unwrap();
    let tags: Vec<_> = script.seen().iter().map(|seen| seen.header("if-none-match").map(str::to_owned)).collect();
    let tag = |text: &str| Some(text.to_owned());
    assert_eq!(tags, [None, tag("\"one\""), tag("\"one\""), tag("W/\"two\""), None, None]);
    assert_eq!((live.stats().not_modified, live.stats().of("app")), (2, 4));
    assert_eq!(monitors.stats().total(), 0, "another client counts for itself");
}

#[tokio::test]
async fn a_304_that_was_not_asked_for_is_no_answer() {
    let script = Script::of([reply(304, "")]);
    let error = script.client().app(&shop()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unexpected { status: 304 });
}

#[tokio::test]
async fn a_cut_list_is_followed_word_for_word_and_only_while_it_is_cut() {
    let next = "id ]id-web.1..; max=1000";
    let script = Script::of([
        reply(206, &format!("[{}]", dyno("web.1"))).with("next-range", next).with("etag", "\"p1\""),
        reply(200, &format!("[{}]", dyno("web.2"))).with("next-range", "id ]never..").with("etag", "\"p2\""),
        reply(304, ""),
        reply(304, ""),
    ]);
    let live = script.client();
    for _ in 0..2 {
        let names: Vec<_> = live.dynos(&shop()).await.unwrap().value.into_iter().map(|dyno| dyno.name).collect();
        assert_eq!(names, ["web.1".parse().unwrap(), "web.2".parse().unwrap()]);
    }
    let ranges: Vec<_> = script.seen().iter().map(|seen| seen.header("range").unwrap().to_owned()).collect();
    assert_eq!(ranges, ["id ..; max=1000", next, "id ..; max=1000", next]);
}

#[tokio::test]
async fn a_list_of_apps_is_followed_until_there_are_enough_of_them() {
    let page = |from: usize| {
        let apps =
            (from..from + 200).map(|number| json!({"id":format!("a-{number}"),"name":format!("app-{number:04}")}));
        let next = format!("name ]app-{:04}..; max=200", from + 199);
        reply(206, &json!(apps.collect::<Vec<_>>()).to_string()).with("next-range", next)
    };
    let script = Script::of([page(0), page(200), page(400)]);
    let apps = script.client().apps().await.unwrap().value;
    assert_eq!((apps.len(), apps[599].name.as_str()), (600, "app-0599"));
    let ranges: Vec<_> = script.seen().iter().map(|seen| seen.header("range").unwrap().to_owned()).collect();
    assert_eq!(ranges, ["name ..; max=200", "name ]app-0199..; max=200", "name ]app-0399..; max=200"]);
}

#[tokio::test]
async fn a_list_that_never_ends_is_given_up() {
    let script = Script::of((0..5).map(|_| reply(206, "[]").with("next-range", "id ]x..")));
    let error = script.client().dynos(&shop()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unreadable);
    assert_eq!(script.lines().len(), 5);
}

#[tokio::test]
async fn releases_come_newest_first_and_go_on_below_in_the_lists_own_order() {
    let script = Script::of([
        reply(206, &page((2_801..=3_000).rev())).with("next-range", "version ]2801..; order=desc, max=200"),
        reply(206, &page((2_601..=2_800).rev())),
    ]);
    let live = script.client();
    let versions = |answer: Vec<flyball_model::Release>| -> Vec<u64> {
        answer.iter().map(|release| release.version.get()).collect()
    };
    let newest = versions(live.releases(&shop(), None).await.unwrap().value);
    assert_eq!((newest[0], newest.len()), (3_000, 200));
    let below = live.releases(&shop(), Some(ReleaseVersion::new(2_801))).await.unwrap().value;
    assert_eq!(versions(below), (2_601..=2_800).rev().collect::<Vec<_>>());
    assert_eq!(script.seen()[1].header("range"), Some("version ]2801..; order=desc, max=200"));
}

#[tokio::test]
async fn a_server_that_reads_bounds_by_value_is_asked_again_with_both_of_them() {
    // By value, "]5.." in descending order means the newer ones, or none at all.
    for wrong in [page([9, 8, 7, 6]), "[]".to_owned()] {
        let script = Script::of([reply(200, &wrong), reply(200, &page([4, 3, 2, 1]))]);
        let below = script.client().releases(&shop(), Some(ReleaseVersion::new(5))).await.unwrap().value;
        assert_eq!(below.iter().map(|release| release.version.get()).collect::<Vec<_>>(), [4, 3, 2, 1]);
        assert_eq!(script.seen()[1].header("range"), Some("version [1..5[; order=desc, max=200"));
    }
}

#[tokio::test]
async fn a_server_with_smaller_pages_of_releases_is_asked_until_there_is_a_whole_one() {
    let next = |version: u64| format!("version ]{version}..; order=desc, max=100");
    let script = Script::of([
        reply(206, &page((251..=350).rev())).with("next-range", next(251)),
        reply(206, &page((151..=250).rev())).with("next-range", next(151)),
        reply(206, &page((51..=150).rev())).with("next-range", next(51)),
        reply(200, &page((1..=50).rev())),
    ]);
    let live = script.client();
    let newest = live.releases(&shop(), None).await.unwrap().value;
    assert_eq!((newest.len(), newest[199].version.get()), (200, 151));
    let older = live.releases(&shop(), Some(newest[199].version)).await.unwrap().value;
    assert_eq!((older.len(), older[0].version.get()), (150, 150), "fewer than a page: there are none older");
}

#[tokio::test]
async fn releases_are_put_in_order_whatever_the_server_does_and_none_is_below_the_first() {
    let script = Script::of([reply(200, &page([1, 3, 2, 3]))]);
    let live = script.client();
    let all = live.releases(&shop(), None).await.unwrap().value;
    assert_eq!(all.iter().map(|release| release.version.get()).collect::<Vec<_>>(), [3, 2, 1]);
    let none = live.releases(&shop(), Some(ReleaseVersion::new(1))).await.unwrap().value;
    assert!(none.is_empty());
    assert_eq!(script.lines().len(), 1, "no call for what cannot be");
}

#[tokio::test]
async fn a_read_only_heroku_is_asked_and_never_changed() {
    let script = Script::of([reply(200, APP)]);
    let heroku = ReadOnly::new(Arc::new(script.client()));
    heroku.app(&shop()).await.unwrap();
    let refused = every_change(&heroku).await;
    assert_eq!(refused.len(), 7);
    for error in refused {
        assert_eq!(error.kind(), &ErrorKind::ReadOnly);
        assert_eq!((error.sent(), error.status()), (Sent::No, None));
    }
    assert_eq!(script.lines(), ["GET https://api.heroku.com/apps/shop"]);
}

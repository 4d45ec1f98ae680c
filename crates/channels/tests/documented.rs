//! Every body for Slack and PagerDuty is one that they document: those of the snapshots, and those of whatever may be told.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod schemas;

use flyball_channels::{
    About, Channel, Done, Endpoint, Exchange, Handle, Kind, Means, Next, Notice, PagerDuty, Request, Slack, Text,
};
use flyball_model::{Excerpt, ThreadKey, Timestamp};
use flyball_settings::Secret;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use schemas::{PAGERDUTY, SLACK, mistakes};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::path::Path;
use url::Url;

/// What PagerDuty takes as one event. Source: developer.pagerduty.com, *Events API v2 overview*.
const EVENT_BYTES_MAX: usize = 512 * 1024;

fn secret(name: &str) -> Option<SecretString> {
    let value = match name {
        "ROUTING" => "pl4nted0pl4nted0pl4nted0pl4nted0",
        "TOKEN" => "xoxb-pl4nted",
        "HOOK" => "https://hooks.slack.com/services/T0/B0/pl4nted",
        _ => return None,
    };
    Some(value.into())
}

/// Each way to tell either of them.
fn channels() -> Vec<Channel> {
    let at = |url: &str| Endpoint::parse(url).unwrap();
    let bot = Slack::Bot {
        token: Secret("TOKEN".to_owned()),
        channel: Excerpt::of("C024BE91L"),
        api: at("https://slack.com/api"),
    };
    let pagerduty = |acknowledge| PagerDuty {
        routing_key: Secret("ROUTING".to_owned()),
        events: at("https://events.pagerduty.com"),
        acknowledge,
    };
    let kinds = [
        Kind::Slack(bot),
        Kind::Slack(Slack::Incoming { url: Secret("HOOK".to_owned()) }),
        Kind::PagerDuty(pagerduty(false)),
        Kind::PagerDuty(pagerduty(true)),
    ];
    kinds.into_iter().map(|kind| Channel { name: "on call".parse().unwrap(), kind }).collect()
}

/// The schema, and its definition, of what is taken at a path.
fn taken_at(path: &str) -> (&'static str, &'static str) {
    match path {
        "/api/chat.postMessage" => (SLACK, "post"),
        "/api/chat.update" => (SLACK, "update"),
        "/services/T0/B0/pl4nted" => (SLACK, "incoming"),
        "/v2/enqueue" => (PAGERDUTY, "alert"),
        "/v2/change/enqueue" => (PAGERDUTY, "change"),
        path => panic!("nothing is documented of {path}"),
    }
}

/// Asserts that all that a notice becomes is documented.
fn is_documented(notice: &Notice, handle: Option<&Handle>) {
    let means = Means { secrets: &secret, now: "2026-11-29T03:06:00Z".parse().unwrap() };
    for channel in channels() {
        let Ok(Exchange::Http(requests)) = channel.request(notice, handle, &means) else {
            panic!("no requests: {notice:?}")
        };
        assert!(!requests.is_empty(), "{notice:?} is told to nobody");
        for Request { to, body, .. } in requests {
            let (schema, definition) = taken_at(to.url().path());
            let found = mistakes(schema, definition, &body);
            assert!(found.is_empty(), "{definition}: {found:?}: {}", String::from_utf8_lossy(&body));
            assert!(body.len() <= EVENT_BYTES_MAX, "{definition} has {} bytes", body.len());
        }
    }
}

/// A text of a stranger: any, long, and of what grows when it is escaped.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just(String::new()),
        ("[&<>\"\\\\\u{0}\u{202e}ä𝕏 ]", 1..2_000_usize).prop_map(|(piece, times)| piece.repeat(times)),
    ]
}

prop_compose! {
    fn notices()(
        key in "[a-zA-Z0-9_-]{1,64}",
        sequence in any::<u32>(),
        about in proptest::sample::select(About::ALL.to_vec()),
        (title, wrong, stop) in (words(), words(), words()),
        done in proptest::collection::vec(words(), 0..15),
        next in proptest::option::of(words()),
        link in proptest::option::of("[a-z0-9/?=&-]{0,2000}"),
        at in 0..=Timestamp::FAR_FUTURE.as_millis(),
    ) -> Notice {
        let at = Timestamp::from_millis(at);
        Notice {
            key: ThreadKey::try_from(key).unwrap(),
            sequence,
            about,
            title: Excerpt::of(&title),
            what_is_wrong: Text::of(&wrong),
            what_was_done: Done::of(done.iter().map(|done| Text::of(done))),
            next: next.map(|what| Next { what: Excerpt::of(&what), at }),
            link: link.map(|path| Url::parse(&format!("https://flyball.example.com/{path}")).unwrap()),
            stop_command: Excerpt::of(&stop),
            at,
        }
    }
}

fn handles() -> impl Strategy<Value = Option<Handle>> {
    let slack = ("C[A-Z0-9]{1,20}", "[0-9]{10}\\.[0-9]{6}");
    proptest::option::of(slack.prop_map(|(channel, ts)| Handle::Slack { channel, ts }))
}

proptest! {
    // Seeded, so that whoever breaks it sees the same as the next one.
    #![proptest_config(ProptestConfig {
        cases: 500, failure_persistence: None, rng_seed: RngSeed::Fixed(16), ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_told_is_as_they_document_it(notice in notices(), handle in handles()) {
        is_documented(&notice, handle.as_ref());
    }
}

#[test]
fn the_snapshots_are_as_they_document_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kinds/snapshots");
    let mut judged = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let (schema, definition) = match name.as_str() {
            name if name.contains("__slack__") => (SLACK, "incoming"),
            name if name.contains("__pagerduty__") => (PAGERDUTY, "alert"),
            _ => continue,
        };
        let snapshot = std::fs::read_to_string(&file).unwrap();
        // Behind insta's own lines.
        let body = snapshot.splitn(3, "---\n").nth(2).unwrap();
        assert_eq!(mistakes(schema, definition, body.as_bytes()), Vec::<String>::new(), "{name}");
        judged += 1;
    }
    assert!(judged >= 2, "one of each at least");
}

#[test]
fn what_they_do_not_take_is_found() {
    let alert = json!({
        "routing_key": "0".repeat(32),
        "event_action": "trigger",
        "dedup_key": "outage",
        "links": [{ "href": "https://flyball.example.com/" }],
        "payload": { "summary": "Trouble", "source": "flyball", "severity": "error", "timestamp": "2026-11-29T03:05:00Z" },
    });
    let post = json!({ "channel": "C1", "text": "Trouble", "attachments": [{ "color": "good", "text": "it is" }] });
    for (schema, definition, whole, at, wrong, expected) in [
        (PAGERDUTY, "alert", &alert, "", json!([]), " is no \"object\""),
        (PAGERDUTY, "alert", &alert, "/routing_key", json!("short"), "/routing_key has 5 characters"),
        (PAGERDUTY, "alert", &alert, "/event_action", json!("open"), "/event_action is \"open\""),
        (PAGERDUTY, "alert", &alert, "/dedup_key", json!("k".repeat(256)), "/dedup_key has 256 characters"),
        (PAGERDUTY, "alert", &alert, "/links", json!([{ "text": "More" }]), "/links/0/href is missing"),
        (PAGERDUTY, "alert", &alert, "/links/0/href", json!("more"), "/links/0/href is no \"uri\""),
        (
            PAGERDUTY,
            "alert",
            &alert,
            "/payload/summary",
            json!("s".repeat(1025)),
            "/payload/summary has 1025 characters",
        ),
        (PAGERDUTY, "alert", &alert, "/payload/severity", json!("fatal"), "/payload/severity is \"fatal\""),
        (PAGERDUTY, "alert", &alert, "/payload/timestamp", json!("now"), "/payload/timestamp is no \"date-time\""),
        (SLACK, "post", &post, "/channel", json!(""), "/channel has 0 characters"),
        (SLACK, "post", &post, "/text", json!("t".repeat(4001)), "/text has 4001 characters"),
        (SLACK, "post", &post, "/attachments", json!(vec![json!({ "text": "a" }); 101]), "/attachments has 101 items"),
        (SLACK, "post", &post, "/attachments/0/color", json!("red"), "/attachments/0/color is \"red\""),
    ] {
        let found = |body: &Value| mistakes(schema, definition, body.to_string().as_bytes());
        assert_eq!(found(whole), Vec::<String>::new());
        let mut body = whole.clone();
        *body.pointer_mut(at).unwrap() = wrong;
        assert!(found(&body).contains(&expected.to_owned()), "{at}: {:?}", found(&body));
    }
    let without = |name: &str| {
        let mut body = alert.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let of = |body: Value| mistakes(PAGERDUTY, "alert", body.to_string().as_bytes());
    assert_eq!(of(without("dedup_key")), ["/dedup_key is missing"]);
    assert_eq!(of(without("payload")), [" is in none of 2 ways"], "what begins has something to say");
    let of = |definition| mistakes(SLACK, definition, post.to_string().as_bytes());
    assert_eq!(of("incoming"), ["/channel is not documented"]);
    assert_eq!(of("update"), ["/ts is missing"]);
}

//! What goes wrong, and what is said about it.

use crate::support::{Reply, Script, TOKEN, head_only, lost, reply};
use crate::{APP, WEB, dyno, one_off, release, shop, web};
use bytes::Bytes;
use flyball_heroku::{Body, ErrorKind, Heroku, Sent, TransportError};
use flyball_model::Quantity;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_refusal_says_what_happened_to_whom_and_what_to_do() {
    let body =
        r#"{"id":"cannot_update_above_limit","message":"Cannot update to more than 1 Hobby size\ndynos.","limit":1}"#;
    let script =
        Script::of([reply(422, body).with("request-id", "7f3c2a").with("date", "Wed, 14 Dec 2022 20:41:18 GMT")]);
    let error = script.client().set_quantity(&shop(), &web(), Quantity::new(3)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "scale `web` of `shop` to 3: the Platform API answered 422 `cannot_update_above_limit`: Cannot update to more \
         than 1 Hobby size dynos (request 7f3c2a)"
    );
    assert_eq!(
        error.hint().unwrap(),
        "this dyno size allows 1 for `web`: set `max_quantity = 1` in the reaction, or change the size"
    );
    assert_eq!((error.sent(), error.status()), (Sent::Refused, Some(422)));
    assert_eq!(error.id(), Some("cannot_update_above_limit"));
    assert_eq!(error.request_id(), Some("7f3c2a"));
    assert_eq!(error.date(), Some("2022-12-14T20:41:18Z".parse().unwrap()));
}

/// Every way to fail: what it is called, and whether it was sent.
#[tokio::test]
async fn every_failure_says_whether_it_was_sent_and_is_sent_once() {
    let html = "<!DOCTYPE html><html><title>Application Error</title></html>";
    let json = |id: &str| format!(r#"{{"id":"{id}","message":"m"}}"#);
    type Make = Box<dyn Fn() -> Reply>;
    let cases: Vec<(Make, &str, Sent)> = vec![
        (Box::new(move || reply(401, &json("unauthorized"))), "Unauthorized", Sent::Refused),
        (Box::new(move || reply(402, &json("delinquent"))), "Delinquent", Sent::Refused),
        (Box::new(move || reply(403, &json("forbidden"))), "Forbidden", Sent::Refused),
        (Box::new(move || reply(403, &json("two_factor"))), "TwoFactor", Sent::Refused),
        (Box::new(move || reply(403, &json("suspended"))), "Suspended", Sent::Refused),
        (Box::new(move || reply(404, &json("not_found"))), "NotFound", Sent::Refused),
        (Box::new(move || reply(404, html)), "NotFound", Sent::Refused),
        (Box::new(move || reply(408, "")), "Unexpected", Sent::Maybe),
        (Box::new(move || reply(409, &json("conflict"))), "Conflict", Sent::Refused),
        (Box::new(move || reply(410, &json("gone"))), "Unexpected", Sent::Refused),
        (Box::new(move || reply(422, &json("invalid_params"))), "Invalid", Sent::Refused),
        (Box::new(move || reply(429, &json("rate_limit"))), "RateLimited", Sent::Refused),
        (Box::new(move || reply(500, &json("x"))), "Server", Sent::Maybe),
        (Box::new(move || reply(503, html)), "Server", Sent::Maybe),
        (Box::new(move || reply(302, html)), "Unexpected", Sent::Maybe),
        (Box::new(|| head_only(422, Body::TimedOut)), "Invalid", Sent::Refused),
        (Box::new(|| head_only(503, Body::TooLong)), "Server", Sent::Maybe),
        (Box::new(|| head_only(200, Body::TooLong)), "Unreadable", Sent::Maybe),
        (Box::new(|| head_only(200, Body::TimedOut)), "TimedOut", Sent::Maybe),
        (Box::new(|| head_only(201, Body::Broken(TransportError::MaybeSent(None)))), "Broken", Sent::Maybe),
        (Box::new(move || reply(200, html)), "Unreadable", Sent::Maybe),
        (Box::new(|| reply(200, "")), "Unreadable", Sent::Maybe),
        (Box::new(|| lost(TransportError::NotSent(None))), "Connect", Sent::No),
        (Box::new(|| lost(TransportError::MaybeSent(None))), "Broken", Sent::Maybe),
        (Box::new(|| lost(TransportError::TimedOut { after: Duration::from_secs(20) })), "TimedOut", Sent::Maybe),
    ];
    for (make, kind, sent) in cases {
        let read = Script::of([make()]).client().app(&shop()).await.unwrap_err();
        let script = Script::of([make()]);
        let change = script.client().run_one_off(&shop(), &one_off()).await.unwrap_err();
        let name = format!("{:?}", change.kind());
        assert!(name.starts_with(kind), "{name} is not {kind}");
        assert_eq!((change.sent(), read.sent()), (sent, sent), "{name}");
        assert!(change.status().is_some() || !change.kind().lasts(), "{name} lasts, and nobody said so");
        assert_eq!(script.lines().len(), 1, "{name} was sent more than once");
        assert!(!change.to_string().contains('\n') && !change.to_string().ends_with('.'), "{change}");
        let hinted = change.hint().is_some() || matches!(change.kind(), ErrorKind::Unexpected { .. });
        assert!(hinted, "{name} has no hint");
    }
}

#[tokio::test]
async fn a_restart_that_was_accepted_is_not_doubted_for_the_end_of_its_body() {
    let script = Script::of([
        head_only(202, Body::TimedOut),
        head_only(202, Body::Broken(TransportError::MaybeSent(None))),
        reply(200, "<html>"),
    ]);
    let live = script.client();
    for _ in 0..3 {
        live.restart_all(&shop()).await.unwrap();
    }
}

#[tokio::test]
async fn secrets_that_an_answer_echoes_are_not_shown() {
    let body = json!({"id":"invalid_params","message":format!("{TOKEN} may not set KEY=env-pl4nted")}).to_string();
    let script = Script::of([reply(422, &body)]);
    let live = script.client();
    let error = live.run_one_off(&shop(), &one_off()).await.unwrap_err();
    for shown in [error.to_string(), format!("{error:?}"), format!("{live:?}"), format!("{:?}", one_off())] {
        assert!(!shown.contains(TOKEN) && !shown.contains("env-pl4nted"), "{shown}");
    }
    assert!(error.to_string().contains("[secret] may not set KEY=[secret]"), "{error}");
}

#[tokio::test]
async fn a_token_that_comes_back_in_a_header_or_in_a_success_is_not_shown() {
    let echo = format!("id-1,{TOKEN}");
    let script = Script::of([
        reply(422, r#"{"id":"invalid_params","message":"m"}"#).with("request-id", echo.clone()),
        reply(200, &json!({"id": "a-1", "email": echo}).to_string()).with("request-id", echo),
    ]);
    let live = script.client();
    let error = live.set_quantity(&shop(), &web(), Quantity::new(3)).await.unwrap_err();
    assert_eq!(error.request_id(), Some("id-1,[secret]"));
    assert!(!format!("{error} {error:?}").contains(TOKEN), "{error}");
    let answer = live.account().await.unwrap();
    assert_eq!(answer.request_id.as_deref(), Some("id-1,[secret]"));
    assert_eq!(answer.value.email, "id-1,[secret]");
}

#[tokio::test]
async fn a_body_is_never_quoted_by_the_error_about_it() {
    for body in [r#"{"id":"a-1","name":"pl4nted value"}"#, r#"{"id":["pl4nted"]}"#, "pl4nted {"] {
        let script = Script::of([reply(200, body)]);
        let error = script.client().app(&shop()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Unreadable);
        assert!(!format!("{error} {error:?}").contains("pl4nted"), "{error}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_not_read_whatever_the_transport_hands_over() {
    let long = Body::Whole(Bytes::from(vec![b' '; flyball_heroku::BODY_MAX + 1]));
    let script = Script::of([head_only(200, long)]);
    let error = script.client().app(&shop()).await.unwrap_err();
    assert!(error.to_string().starts_with("read `shop`: the Platform API's answer was not understood: it is too long"));
}

#[tokio::test]
async fn a_person_is_told_what_to_do() {
    let cases = [
        (401, r#"{"id":"unauthorized"}"#, "HEROKU_API_KEY"),
        (404, r#"{"id":"not_found","resource":"app"}"#, "`heroku apps --all`"),
        (403, r#"{"id":"forbidden"}"#, "`heroku access:add EMAIL -a shop`"),
        (429, r#"{"id":"rate_limit"}"#, "`flyball doctor`"),
        (503, "<html>", "https://status.heroku.com"),
        (301, "", "HEROKU_HOST"),
    ];
    for (status, body, wanted) in cases {
        let error = Script::of([reply(status, body)]).client().app(&shop()).await.unwrap_err();
        let hint = error.hint().unwrap();
        assert!(hint.contains(wanted), "{hint}");
    }
}

/// The document with each of its values, one at a time, replaced by each of these.
fn spoiled(document: &Value) -> Vec<Value> {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{1b}[31m\u{202e}"),
        json!("9999-99-99T99:99:99Z"),
        json!("x".repeat(5_000)),
        json!([]),
        json!([[[{}]]]),
        json!({}),
        json!({"id": {"id": null}}),
    ];
    let mut documents = Vec::new();
    for place in places(document, String::new()) {
        for odd in &odd {
            let mut spoiled = document.clone();
            *spoiled.pointer_mut(&place).unwrap() = odd.clone();
            documents.push(spoiled);
        }
    }
    documents
}

fn places(value: &Value, at: String) -> Vec<String> {
    let inside: Vec<String> = match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| places(value, format!("{at}/{name}"))).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, value)| places(value, format!("{at}/{index}"))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    [vec![at], inside].concat()
}

#[tokio::test]
async fn whatever_stands_in_an_answer_is_read_or_refused_and_never_breaks_anything() {
    let list = |item: &str| serde_json::from_str(&format!("[{item}]")).unwrap();
    let documents: [Value; 4] =
        [serde_json::from_str(APP).unwrap(), list(WEB), list(&dyno("web.1")), list(&release(3))];
    let (mut read, mut refused) = (0, 0);
    for (call, document) in documents.iter().enumerate() {
        for body in spoiled(document) {
            let live = Script::of([reply(200, &body.to_string())]).client();
            let failed = match call {
                0 => live.app(&shop()).await.err(),
                1 => live.formation(&shop()).await.err(),
                2 => live.dynos(&shop()).await.err(),
                _ => live.releases(&shop(), None).await.err(),
            };
            match failed {
                None => read += 1,
                Some(error) => {
                    assert_eq!(error.kind(), &ErrorKind::Unreadable, "{body}");
                    assert!(error.to_string().len() < 400, "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 50 && refused > 50, "{read} read, {refused} refused");
}

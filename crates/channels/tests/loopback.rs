//! The real transport against receivers on this machine: those that answer, refuse, redirect, hang, and never end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod receivers;
mod schemas;

use flyball_channels::{
    About, Channel, Done, Email, Endpoint, Handle, Kind, Means, Notice, Outcome, PagerDuty, Permit, Slack, Text,
    Webhook, Wire,
};
use flyball_model::{Excerpt, Timestamp};
use flyball_settings::{Key, Node, Secret, Settings, Table, Value};
use receivers::{Received, answers, mail_server};
use schemas::{PAGERDUTY, SLACK, mistakes};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// Long for a machine under load to answer itself, and short to wait for one that hangs.
const PATIENT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(300);

fn secret(name: &str) -> Option<SecretString> {
    let value = match name {
        "SIGNING" => "whsec_cGw0bnRlZC1zaWduaW5nLXNlY3JldC1vZi10ZXN0cw==",
        "ROUTING" => "pl4nted0pl4nted0pl4nted0pl4nted0",
        "TOKEN" => "xoxb-pl4nted",
        _ => return None,
    };
    Some(value.into())
}

fn means() -> Means<'static> {
    Means { secrets: &secret, now: "2026-11-29T03:06:00Z".parse().unwrap() }
}

fn notice(about: About, sequence: u32) -> Notice {
    let at: Timestamp = "2026-11-29T03:05:00Z".parse().unwrap();
    Notice {
        key: "outage-1".parse().unwrap(),
        sequence,
        about,
        title: Excerpt::of("page of shop"),
        what_is_wrong: Text::of("it answers 503"),
        what_was_done: Done::of([Text::of("restarted web.1")]),
        next: None,
        link: None,
        stop_command: Excerpt::of("flyball pause --app shop"),
        at,
    }
}

fn everywhere() -> Permit {
    Arc::new(|_| Ok(()))
}

fn channel(kind: Kind) -> Channel {
    Channel { name: "on call".parse().unwrap(), kind }
}

fn webhook(url: &str) -> Channel {
    let url = Endpoint::parse(url).unwrap();
    channel(Kind::Webhook(Webhook { url, secret: Secret("SIGNING".to_owned()), secret_old: None }))
}

fn bot(url: &str) -> Channel {
    let (token, channel_id) = (Secret("TOKEN".to_owned()), Excerpt::of("C024BE91L"));
    channel(Kind::Slack(Slack::Bot { token, channel: channel_id, api: Endpoint::parse(url).unwrap() }))
}

async fn told(channel: &Channel, limit: Duration, notice: &Notice, handle: Option<&Handle>) -> Outcome {
    let wire = Wire::new(everywhere(), limit).unwrap();
    channel.send(&wire, &means(), notice, handle).await
}

#[tokio::test]
async fn each_receiver_is_understood_and_none_is_waited_for_without_end() {
    for (answer, limit, expected) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", PATIENT, "sent"),
        ("HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", PATIENT, "later 7"),
        ("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", PATIENT, "later"),
        ("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", PATIENT, "gone"),
        ("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n", PATIENT, "never"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{endless}", PATIENT, "sent"),
        ("{hang}", SHORT, "later"),
        ("{close}", PATIENT, "later"),
    ] {
        let (url, mut received) = answers(vec![answer.to_owned()]).await;
        let outcome = told(&webhook(&url), limit, &notice(About::Trouble, 0), None).await;
        let word = match &outcome {
            Outcome::Sent { handle: None } => "sent".to_owned(),
            Outcome::Sent { handle } => panic!("a handle of nothing: {handle:?}"),
            Outcome::Later { after: Some(after), .. } => format!("later {}", after.as_secs()),
            Outcome::Later { after: None, .. } => "later".to_owned(),
            Outcome::Never { .. } => "never".to_owned(),
            Outcome::Gone { .. } => "gone".to_owned(),
        };
        assert_eq!(word, expected, "{answer}: {outcome:?}");
        let Received { path, .. } = received.recv().await.unwrap();
        assert_eq!(path, "/hook", "{answer}");
        assert!(received.try_recv().is_err(), "{answer}: nothing is sent twice, and no redirect followed");
    }
}

#[tokio::test]
async fn nobody_there_is_later_and_what_is_forbidden_is_never_asked() {
    let gone = webhook("http://127.0.0.1:1/hook");
    assert!(matches!(told(&gone, PATIENT, &notice(About::Test, 0), None).await, Outcome::Later { .. }));
    for host in ["127.0.0.1", "localhost"] {
        let (url, mut received) = answers(vec!["HTTP/1.1 204 No Content\r\n\r\n".to_owned()]).await;
        let wire =
            Wire::new(Arc::new(|address: std::net::IpAddr| Err(format!("{address} is denied"))), PATIENT).unwrap();
        let channel = webhook(&url.replace("127.0.0.1", host));
        let outcome = channel.send(&wire, &means(), &notice(About::Test, 0), None).await;
        assert!(matches!(&outcome, Outcome::Never { why } if why.contains("is denied")), "{host}: {outcome:?}");
        assert!(received.try_recv().is_err(), "{host}");
    }
}

#[tokio::test]
async fn what_is_sent_to_slack_and_pagerduty_is_as_they_document_it() {
    let ok = |body: &str| format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let taken = ok(r#"{"ok":true,"channel":"C1","ts":"1503435956.000247"}"#);
    let (url, mut received) = answers(vec![taken.clone(), taken.clone(), taken]).await;
    let slack = bot(&url);
    let first = told(&slack, PATIENT, &notice(About::Trouble, 0), None).await;
    let Outcome::Sent { handle: Some(handle) } = first else { panic!("{first:?}") };
    for (about, sequence) in [(About::NeedsPerson, 1), (About::Recovered, 2)] {
        let outcome = told(&slack, PATIENT, &notice(about, sequence), Some(&handle)).await;
        assert_eq!(outcome, Outcome::Sent { handle: None });
    }
    for (path, definition) in
        [("/hook/chat.postMessage", "post"), ("/hook/chat.postMessage", "post"), ("/hook/chat.update", "update")]
    {
        let sent = received.recv().await.unwrap();
        assert_eq!(sent.path, path);
        assert!(sent.head.contains("authorization: Bearer xoxb-pl4nted"));
        assert_eq!(mistakes(SLACK, definition, sent.body.as_bytes()), Vec::<String>::new());
    }

    for about in About::ALL {
        let (url, mut received) = answers(vec![ok("{}"), ok("{}")]).await;
        let events = Endpoint::parse(&url).unwrap();
        let kind = PagerDuty { routing_key: Secret("ROUTING".to_owned()), events, acknowledge: true };
        let outcome = told(&channel(Kind::PagerDuty(kind)), PATIENT, &notice(about, 0), None).await;
        assert_eq!(outcome, Outcome::Sent { handle: None }, "{about:?}");
        let mut events = 0;
        while let Ok(sent) = received.try_recv() {
            events += 1;
            let definition = match sent.path.as_str() {
                "/hook/v2/enqueue" => "alert",
                "/hook/v2/change/enqueue" => "change",
                path => panic!("{path}"),
            };
            assert_eq!(mistakes(PAGERDUTY, definition, sent.body.as_bytes()), Vec::<String>::new(), "{about:?}");
        }
        assert!(events > 0, "{about:?}");
    }
}

#[tokio::test]
async fn a_message_that_is_gone_is_told_anew() {
    let ok = |body: &str| format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let gone = ok(r#"{"ok":false,"error":"message_not_found"}"#);
    let (url, mut received) = answers(vec![gone, ok(r#"{"ok":true,"channel":"C1","ts":"2.0"}"#)]).await;
    let old = Handle::Slack { channel: "C1".to_owned(), ts: "1.0".to_owned() };
    let outcome = told(&bot(&url), PATIENT, &notice(About::Recovered, 1), Some(&old)).await;
    let new = Handle::Slack { channel: "C1".to_owned(), ts: "2.0".to_owned() };
    assert_eq!(outcome, Outcome::Sent { handle: Some(new) });
    assert_eq!(received.recv().await.unwrap().path, "/hook/chat.update");
    assert_eq!(received.recv().await.unwrap().path, "/hook/chat.postMessage");
}

#[tokio::test]
async fn what_a_service_says_is_told_without_our_secret() {
    let echo = "HTTP/1.1 400 Bad\r\ncontent-length: 36\r\n\r\nno such token: xoxb-pl4nted, go away.";
    let (url, _received) = answers(vec![echo.to_owned()]).await;
    let outcome = told(&bot(&url), PATIENT, &notice(About::Trouble, 0), None).await;
    let Outcome::Never { why } = outcome else { panic!("{outcome:?}") };
    assert!(
        why.contains("no such token: [secret]") && !why.contains("pl4nted"),
        "{}",
        why.replace("pl4nted", "THE SECRET")
    );
    let shown = bot(&url).shown(&notice(About::Trouble, 0), None, &means()).unwrap();
    assert!(shown.contains("authorization: [secret]") && shown.contains("C024BE91L"), "what would be sent is shown");
    assert!(!shown.contains("pl4nted"), "a dry run shows no secret");
}

fn email(port: u16) -> Channel {
    let text = |text: &str| Node { value: Value::Text(text.to_owned()), span: 0..0 };
    let entries = [
        ("from", text("flyball@example.com")),
        ("to", Node { value: Value::List(vec![text("ann@example.com")]), span: 0..0 }),
        ("host", text("127.0.0.1")),
        ("tls", text("none")),
        ("port", Node { value: Value::Integer(port.into()), span: 0..0 }),
    ];
    let key = |name: &str| Key { name: name.to_owned(), span: 0..0 };
    let entries = entries.into_iter().map(|(name, node)| (key(name), node)).collect();
    let mut mistakes = Vec::new();
    let email = Email::from_table(&Table { entries, span: 0..0 }, 0..0, &mut mistakes);
    channel(Kind::Email(email.unwrap_or_else(|| panic!("{mistakes:?}"))))
}

#[tokio::test]
async fn a_mail_server_takes_a_thread_and_each_of_its_refusals_is_understood() {
    let (port, mut letters) = mail_server("250 ok").await;
    let first = told(&email(port), PATIENT, &notice(About::Trouble, 0), None).await;
    let Outcome::Sent { handle: Some(handle) } = first else { panic!("{first:?}") };
    let second = told(&email(port), PATIENT, &notice(About::Recovered, 1), Some(&handle)).await;
    assert_eq!(second, Outcome::Sent { handle: None });
    let (first, second) = (letters.recv().await.unwrap(), letters.recv().await.unwrap());
    assert!(first.contains("Message-ID: <outage-1.0@example.com>"), "{first}");
    assert!(second.contains("In-Reply-To: <outage-1.0@example.com>"), "{second}");
    assert!(second.contains("Subject: Re: Trouble: page of shop"), "{second}");

    for (after_data, limit, is_later) in [
        ("451 busy", PATIENT, true),
        ("554 no", PATIENT, false),
        ("{hang}", SHORT, true),
        ("{endless}", PATIENT, true),
        ("{close}", PATIENT, true),
    ] {
        let (port, _letters) = mail_server(after_data).await;
        let outcome = told(&email(port), limit, &notice(About::Trouble, 0), None).await;
        let as_expected = match &outcome {
            Outcome::Later { .. } => is_later,
            Outcome::Never { .. } => !is_later,
            Outcome::Sent { .. } | Outcome::Gone { .. } => false,
        };
        assert!(as_expected, "{after_data}: {outcome:?}");
    }
}

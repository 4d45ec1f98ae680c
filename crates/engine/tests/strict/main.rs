//! Once means once, before a server that forgives nothing and breaks off in every way.
//!
//! The stand-in of the other tests was written by those who wrote the client, and both might share a mistake. This
//! server shares nothing with either: it reads HTTP from a socket byte by byte, holds each request against
//! `docs/platform-api.md`, keeps a world of its own, and writes down every changing call that arrived. In front of it
//! stand the real engine with its loop, store and client, over real connections; its clock is stopped, so that the half
//! minute after which a lost call is looked for costs no time.

#[cfg(test)]
mod request;
#[cfg(test)]
mod server;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod world;

#[cfg(test)]
mod once {
    use crate::server::{Mischief, Server};
    use crate::stage::Stage;
    use crate::world::Change;
    use flyball_model::{Look, Outcome};
    use std::time::Duration;

    /// An effect: a reaction that leads to it, the change that must arrive, and how the world looks once it was made.
    struct Deed {
        kind: &'static str,
        change: Change,
        was_done: fn(&Server) -> bool,
        /// It is done as soon as the head of an answer says so; what its body says is nothing to doubt it for.
        needs_no_body: bool,
        ends_at_once: bool,
    }

    impl Deed {
        fn is_one_off(&self) -> bool {
            matches!(self.change, Change::OneOff(_))
        }
    }

    const ONE_OFF: &str =
        r#"create_one_off_dyno = { app = "shop", command = "bin/clean --all", time_to_live = "10m" }"#;

    fn deeds() -> Vec<Deed> {
        let deed = |kind, change, was_done| Deed { kind, change, was_done, needs_no_body: false, ends_at_once: false };
        let one_off = || Change::OneOff("bin/clean --all".to_owned());
        vec![
            deed(r#"scale_out = { app = "shop", max_quantity = 2 }"#, Change::Quantity(2), |server| {
                server.world(|world| world.quantity == 2 && world.formation_ids().len() == 2)
            }),
            deed(
                r#"scale_up = { app = "shop", max_size = "standard-2x" }"#,
                Change::Size("Standard-2X".to_owned()),
                |server| server.world(|world| world.size == "Standard-2X"),
            ),
            Deed {
                needs_no_body: true,
                ..deed(
                    r#"restart_dyno = { app = "shop", dyno = "web.1" }"#,
                    Change::RestartDyno("web.1".to_owned()),
                    booted_anew,
                )
            },
            Deed {
                needs_no_body: true,
                ..deed(r#"restart_all_dynos = { app = "shop" }"#, Change::RestartAll, booted_anew)
            },
            deed(r#"rollback_release = { app = "shop", min_release = 3 }"#, Change::RollBack(3), |server| {
                server.world(|world| world.current() == 5)
            }),
            deed(ONE_OFF, one_off(), |server| server.world(|world| world.one_offs() == 1)),
            // Of one that has come and gone nothing is left to see.
            Deed { ends_at_once: true, ..deed(ONE_OFF, one_off(), |_| true) },
        ]
    }

    fn booted_anew(server: &Server) -> bool {
        server.world(|world| !world.formation_ids().contains(&"00000000-0000-4000-8000-000000000001"))
    }

    /// How a run must end that met this.
    fn wanted(deed: &Deed, mischief: Mischief) -> &'static str {
        let was_done = mischief != Mischief::ClosesBefore;
        let was_answered = match mischief {
            Mischief::None => true,
            Mischief::Truncates | Mischief::Mumbles => deed.needs_no_body,
            _ => false,
        };
        match () {
            () if was_answered => "done",
            () if deed.is_one_off() && (deed.ends_at_once || !was_done) => "in_doubt",
            () if was_done => "done",
            () => "not_done",
        }
    }

    async fn every_deed_meets(mischief: Mischief) {
        for deed in deeds() {
            meets(&deed, mischief).await;
        }
    }

    async fn meets(deed: &Deed, mischief: Mischief) {
        let case = format!("{:?} meets {mischief:?}, ends at once: {}", deed.change, deed.ends_at_once);
        let stage = Stage::with(deed.kind, mischief, deed.ends_at_once).await;
        stage.reading().await;
        assert_eq!(stage.server.changes(), std::slice::from_ref(&deed.change), "{case}");
        let was_answered = stage.told("answer lost").await.is_empty();
        let was_done = mischief != Mischief::ClosesBefore;
        let is_there_at_once = was_done && mischief != Mischief::ActsLate && !deed.ends_at_once;

        // What is there is seen at once. While it may still be on its way, nothing more is sent, however the monitor reads.
        if !was_answered && !is_there_at_once {
            stage.pass(Duration::from_secs(29));
            stage.reading().await;
            assert_eq!((stage.server.changes().len(), stage.runs().await), (1, vec!["sent"]), "{case}");
            if mischief == Mischief::ActsLate {
                stage.server.acts_late().await;
            }
            stage.pass(Duration::from_secs(1));
        }

        let outcome = stage.outcome().await;
        assert_eq!(outcome.code(), wanted(deed, mischief), "{case}: {outcome}");
        assert_eq!((deed.was_done)(&stage.server), was_done || deed.ends_at_once, "{case}");
        if let Outcome::Done { seen, .. } = &outcome {
            assert_eq!(*seen == Look::Answered, was_answered, "{case}");
        }
        assert_eq!(stage.told("answer lost").await.len(), usize::from(!was_answered), "{case}");
        assert_eq!(stage.told("in doubt").await.len(), usize::from(outcome.code() == "in_doubt"), "{case}");
        assert_eq!(stage.server.changes().len(), 1, "{case}");

        the_loop_goes_on(&stage, outcome.code(), deed, &case).await;
        assert_eq!(stage.server.wrong(), Vec::<String>::new(), "{case}");
    }

    /// What did not happen is decided anew by the next reading; what may have happened is not done twice.
    async fn the_loop_goes_on(stage: &Stage, outcome: &str, deed: &Deed, case: &str) {
        if outcome == "done" {
            return;
        }
        stage.server.misbehave(Mischief::None);
        stage.reading().await;
        let (changes, runs) = (stage.server.changes(), stage.runs().await);
        match outcome {
            "in_doubt" => assert_eq!((changes.len(), runs), (1, vec!["in_doubt"]), "{case}"),
            _ => {
                assert_eq!(changes, [deed.change.clone(), deed.change.clone()], "{case}");
                assert_eq!(runs, ["not_done", "done"], "{case}");
                assert!((deed.was_done)(&stage.server), "{case}");
            }
        }
    }

    #[tokio::test]
    async fn a_call_that_is_answered_is_done() {
        every_deed_meets(Mischief::None).await;
    }

    #[tokio::test]
    async fn a_connection_that_closes_before_anything_was_done() {
        every_deed_meets(Mischief::ClosesBefore).await;
    }

    #[tokio::test]
    async fn a_connection_that_closes_after_it_was_done() {
        every_deed_meets(Mischief::ClosesAfter).await;
    }

    #[tokio::test]
    async fn a_500_for_what_was_done() {
        every_deed_meets(Mischief::Fails(500, r#"{"id":"internal_server_error","message":"Sorry."}"#)).await;
    }

    #[tokio::test]
    async fn a_502_without_a_word_for_what_was_done() {
        every_deed_meets(Mischief::Fails(502, "")).await;
    }

    #[tokio::test]
    async fn a_503_page_for_what_was_done() {
        every_deed_meets(Mischief::Fails(503, "<!DOCTYPE html><title>Application Error</title>")).await;
    }

    #[tokio::test]
    async fn an_answer_that_comes_after_the_deadline() {
        every_deed_meets(Mischief::NeverAnswers).await;
    }

    #[tokio::test]
    async fn a_deed_that_comes_after_the_client_gave_up() {
        every_deed_meets(Mischief::ActsLate).await;
    }

    #[tokio::test]
    async fn an_answer_that_ends_in_its_middle() {
        every_deed_meets(Mischief::Truncates).await;
    }

    #[tokio::test]
    async fn a_success_that_says_nothing() {
        every_deed_meets(Mischief::Mumbles).await;
    }
}

#[cfg(test)]
mod strictness {
    use crate::server::Server;
    use crate::world::World;
    use flyball_testing::StoppedTime;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    const TOKEN: &str = "HRKU-pl4nted-strict";

    /// Sends this to a new server, with `HOST` and `LENGTH` filled in; what the server has against it.
    async fn complaints(head: &[&str], body: &str) -> Vec<String> {
        let clock = StoppedTime::default();
        let server = Server::start(TOKEN, clock.clone(), World::new(clock.now(), false)).await;
        let host = server.url().replace("http://", "");
        let request = [head.join("\r\n").as_str(), "\r\n\r\n", body].concat();
        let request = request.replace("HOST", &host).replace("LENGTH", &body.len().to_string());
        let mut stream = TcpStream::connect(&host).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 "), "{head:?}");
        server.wrong()
    }

    const SCALE: [&str; 8] = [
        "PATCH /apps/shop/formation HTTP/1.1",
        "Host: HOST",
        "Accept: application/vnd.heroku+json; version=3",
        "Authorization: Bearer HRKU-pl4nted-strict",
        "User-Agent: t",
        "Request-Id: 12345678",
        "Content-Type: application/json",
        "Content-Length: LENGTH",
    ];
    const TO_TWO: &str = r#"{"updates":[{"quantity":2,"type":"web"}]}"#;

    #[tokio::test]
    async fn a_request_as_it_must_be_is_taken() {
        assert_eq!(complaints(&SCALE, TO_TWO).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn whatever_is_different_about_it_is_told() {
        for (line, instead) in [
            (0, "PUT /apps/shop/formation HTTP/1.1"),
            (0, "PATCH /apps/shop/formation/ HTTP/1.1"),
            (0, "PATCH /apps/shop/formation?x HTTP/1.1"),
            (0, "PATCH /apps/shop/formation HTTP/1.0"),
            (1, "Host: api.heroku.com"),
            (2, "Accept: application/vnd.heroku+json; version=3.sdk"),
            (2, "Accept: */*"),
            (3, "Authorization: Bearer HRKU-pl4nted-other"),
            (3, "Authorization: Basic OkhSS1U="),
            (4, "User-Agent: "),
            (5, "Request-Id: 1"),
            (5, "Request-Id: 12345678\r\nRequest-Id: 12345679"),
            (5, "Request-Id: 12345678\r\nX-New: 1"),
            (5, "Request-Id: 12345678\r\nRange: id ..; max=1000"),
            (5, "Request-Id: 12345678\r\nIf-None-Match: \"1\""),
            (6, "Content-Type: text/plain"),
            (6, "Content-Type: application/json\r\nTransfer-Encoding: chunked"),
        ] {
            let mut head = SCALE;
            head[line] = instead;
            assert_eq!(complaints(&head, TO_TWO).await.len(), 1, "{instead}");
        }
        for body in [
            "",
            "{}",
            r#"{"updates":[]}"#,
            r#"{"updates":[{"quantity":"+1","type":"web"}]}"#,
            r#"{"updates":[{"quantity":"2","type":"web"}]}"#,
            r#"{"updates":[{"quantity":-1,"type":"web"}]}"#,
            r#"{"updates":[{"quantity":2,"quantity":3,"type":"web"}]}"#,
            r#"{"updates":[{"quantity":2,"size":"Eco","type":"web"}]}"#,
            r#"{"updates":[{"quantity":2,"type":"worker"}]}"#,
            r#"{"updates":[{"quantity":2,"type":"web"},{"quantity":2,"type":"web"}]}"#,
            r#"{"updates":[{"quantity":2,"type":"web"}],"more":1}"#,
        ] {
            assert_eq!(complaints(&SCALE, body).await.len(), 1, "{body}");
        }
    }
}

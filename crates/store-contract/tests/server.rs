//! The way to a PostgreSQL server: what is encrypted, what is verified, and who is let in.

#![expect(clippy::unwrap_used, reason = "what does not hold ends its test")]

use flyball_scratch::{PASSWORD, Scratch};
use flyball_store::{Error, Postgres, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// It leads to this machine, and is none of its names: for whoever reads it, it is another machine.
const ANOTHER_MACHINE: &str = "0.0.0.0";

async fn open(url: &str) -> Result<Postgres, Error> {
    Postgres::open(&Server::of(url).unwrap()).await
}

async fn refused(url: &str) -> Error {
    let error = open(url).await.unwrap_err();
    let told = format!("{error:?} {} {:?}", error.in_full(), error.hint());
    assert!(!told.contains(PASSWORD) && !told.contains("pl4nted"), "a secret is told");
    error
}

/// Whether each connection of ours is encrypted; there is one at least.
async fn is_encrypted(scratch: &Scratch) -> bool {
    let ours = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
        WHERE datname = current_database() AND application_name = 'flyball'";
    let mut beside = scratch.connect().await.unwrap();
    sqlx::query_scalar::<_, Option<bool>>(ours).fetch_one(&mut beside).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_connection_to_another_machine_is_encrypted_and_its_certificate_not_verified_unless_the_url_says_so() {
    let scratch = Scratch::new().await.unwrap();
    for url in [
        scratch.network_url().replace("localhost", ANOTHER_MACHINE),
        scratch.network_url() + "?sslmode=require",
        scratch.network_url(),
    ] {
        let store = open(&url).await.unwrap();
        assert!(is_encrypted(&scratch).await);
        store.close().await;
    }
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_is_told_neither_user_nor_password() {
    for parameters in ["", "?sslmode=require", "?sslmode=verify-full"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let plain = async {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut asks_for_tls = [0; 8];
            client.read_exact(&mut asks_for_tls).await.unwrap();
            client.write_all(b"N").await.unwrap();
            let mut more = Vec::new();
            client.read_to_end(&mut more).await.unwrap();
            more
        };
        let url = format!("postgres://ada:{PASSWORD}@{ANOTHER_MACHINE}:{port}/flyball{parameters}");
        let (error, more) = tokio::join!(refused(&url), plain);
        assert!(matches!(error, Error::NotSafe { .. }), "{error:?}");
        assert!(error.in_full().contains("server does not support TLS"), "{}", error.in_full());
        assert!(more.is_empty());
    }
}

#[tokio::test]
async fn verify_full_takes_a_certificate_that_the_file_vouches_for_and_no_other() {
    let scratch = Scratch::new().await.unwrap();
    let vouched = format!("?sslmode=verify-full&sslrootcert={}", scratch.certificate().display());
    let error = refused(&(scratch.network_url() + "?sslmode=verify-full")).await;
    assert!(matches!(error, Error::NotSafe { .. }), "{error:?}");
    assert!(error.in_full().contains("invalid peer certificate"), "{}", error.in_full());
    assert!(error.hint().unwrap().contains("sslrootcert"), "{:?}", error.hint());
    let error = refused(&(scratch.network_url().replace("localhost", "127.0.0.1") + &vouched)).await;
    assert!(matches!(error, Error::NotSafe { .. }), "it is one for localhost: {error:?}");

    let store = open(&(scratch.network_url() + &vouched)).await.unwrap();
    assert!(is_encrypted(&scratch).await);
    store.close().await;
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() {
    let scratch = Scratch::new().await.unwrap();
    let url = scratch.network_url();
    let (server, _) = url.rsplit_once('/').unwrap();
    for (url, why) in [
        (format!("{url}?sslmode=disable"), "no encryption"),
        (url.replace(PASSWORD, "pl4nted-and-wrong"), "password authentication failed"),
        (url.replace("flyball:", "nobody:"), "password authentication failed"),
        (format!("{server}/nowhere"), "database \"nowhere\" does not exist"),
    ] {
        let error = refused(&url).await;
        assert!(matches!(error, Error::TurnedAway { .. }), "{error:?}");
        assert!(error.in_full().contains(why), "{}", error.in_full());
        assert!(error.hint().unwrap().contains("DATABASE_URL"), "{:?}", error.hint());
    }
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_may_be_there_a_moment_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let nobody = refused(&format!("postgres://ada:{PASSWORD}@127.0.0.1:{port}/flyball")).await;
    assert!(matches!(nobody, Error::Away { .. }) && nobody.may_pass(), "{nobody:?}");

    let scratch = Scratch::new().await.unwrap();
    scratch.shut(true).await.unwrap();
    let shut = refused(&scratch.url()).await;
    assert!(matches!(shut, Error::Away { .. }) && shut.may_pass(), "{shut:?}");
    assert!(shut.in_full().contains("not currently accepting connections"), "{}", shut.in_full());
    scratch.remove().await.unwrap();
}

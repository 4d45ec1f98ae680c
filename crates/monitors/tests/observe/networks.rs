//! Networks that checks may not reach: judged on the address that is connected to, and on nothing else.

use crate::faults::{Server, answer};
use crate::name_server::{NameServer, Reply};
use crate::support::{BEGUN_AT, assert_forbidden, assert_passing, evidence, monitor, observer, observer_denied, rules};
use flyball_model::{Blind, Finding, Reading};
use flyball_monitors::{Address, Observer};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;

const GOOD: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Also this machine, so that a connection would be noticed; where it is not, none could come about.
const BAD: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// What denies the one and not the other.
const DENY_BAD: &str = "127.0.0.2/32";
const BAD_WORDS: &str = "127.0.0.2 is in a network that checks may not reach (127.0.0.2/32)";

async fn look(observer: &Observer, settings: &str) -> Reading {
    observer.observe(&monitor("http", settings), BEGUN_AT).await
}

fn connections(server: &Server) -> u32 {
    *server.connections.lock().unwrap()
}

async fn welcome() -> Server {
    Server::start(|_| vec![answer("200 OK", "", b"Welcome")]).await
}

/// A server at the good address, and whoever listens at the same port of the bad one.
async fn two_doors(script: impl Fn(&str) -> Vec<crate::faults::Act> + Send + Sync + 'static) -> (Server, Trap) {
    let server = Server::start(script).await;
    let listener = TcpListener::bind(SocketAddr::new(BAD, server.address.port())).await.ok();
    (server, Trap(listener))
}

/// A port that nobody may connect to.
struct Trap(Option<TcpListener>);

impl Trap {
    /// Expects that nobody did: a connection that was made waits to be accepted.
    #[track_caller]
    fn assert_untouched(self) {
        let Some(listener) = self.0 else { return };
        let listener = listener.into_std().unwrap();
        let error = listener.accept().expect_err("somebody connected to the forbidden address");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[tokio::test]
async fn a_forbidden_address_is_unknown_and_nothing_is_connected_to() {
    let server = welcome().await;
    let observer = observer_denied(&["loopback"]);
    let words = "127.0.0.1 is in a network that checks may not reach (loopback)";
    assert_forbidden(&look(&observer, &format!(r#"{{ url = "http://{}/" }}"#, server.address)).await, words);
    let tcp = monitor("tcp", &format!(r#"{{ address = "{}" }}"#, server.address));
    assert_forbidden(&observer.observe(&tcp, BEGUN_AT).await, words);
    assert_eq!(connections(&server), 0);
    // An exception is stronger, and rules that change hold from the next check on.
    observer.permit(rules(&["loopback"], &["127.0.0.1/32"]));
    assert_passing(&observer.observe(&tcp, BEGUN_AT).await);
}

#[tokio::test]
async fn metadata_services_are_forbidden_unless_the_file_allows_them() {
    let look = |host: &str| {
        let settings = format!(r#"{{ url = "http://{host}/latest/meta-data/", timeout = "100ms" }}"#);
        async move { look(&observer(), &settings).await }
    };
    let words = "169.254.169.254 is in a network that checks may not reach (link-local)";
    for host in ["169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518"] {
        assert_forbidden(&look(host).await, words);
    }
    let carried =
        |form: &str| format!("{form} leads to 169.254.169.254, which is in a network that checks may not reach");
    for (host, form) in
        [("[::ffff:a9fe:a9fe]", "::ffff:169.254.169.254"), ("[64:ff9b::a9fe:a9fe]", "64:ff9b::a9fe:a9fe")]
    {
        assert_forbidden(&look(host).await, &format!("{} (link-local)", carried(form)));
    }
    let words = "fd00:ec2::254 is in a network that checks may not reach (cloud metadata)";
    assert_forbidden(&look("[fd00:ec2::254]").await, words);
}

#[tokio::test]
async fn every_spelling_of_this_host_is_forbidden_with_loopback() {
    let server = welcome().await;
    let observer = observer_denied(&["loopback"]);
    for host in [
        "localhost",
        "LOCALHOST",
        "127.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "１２７.０.０.１",
    ] {
        let reading = look(&observer, &format!(r#"{{ url = "http://{host}:{}/" }}"#, server.address.port())).await;
        assert_eq!(reading.finding, Finding::Unknown(Blind::Forbidden), "{host}: {}", reading.words);
    }
    assert_eq!(connections(&server), 0);
}

#[tokio::test]
async fn a_redirect_into_a_forbidden_network_is_told_as_that() {
    let words = "169.254.169.254 is in a network that checks may not reach (link-local), and a redirect led there";
    // In the last one, what looks like the host is a user's name.
    let disguised = format!("https://shop.example.com{}169.254.169.254/x", '@');
    for location in ["http://169.254.169.254/latest/", "//169.254.169.254/latest/", disguised.as_str()] {
        let header = format!("location: {location}\r\n");
        let server = Server::start(move |_| vec![answer("302 Found", &header, b"")]).await;
        let settings = format!(r#"{{ url = "http://{}/", keyword = "x", present = false }}"#, server.address);
        let reading = look(&observer(), &settings).await;
        assert_forbidden(&reading, words);
        assert!(evidence(&reading).redirected_to.as_ref().unwrap().as_str().contains("169.254.169.254"));
    }
}

#[tokio::test]
async fn a_kept_connection_is_not_used_again_once_the_rules_forbid_it() {
    let server = welcome().await;
    let observer = observer();
    let monitor = monitor("http", &format!(r#"{{ url = "http://{}/", reuse = true }}"#, server.address));
    assert_passing(&observer.observe(&monitor, BEGUN_AT).await);
    observer.permit(rules(&["127.0.0.0/8"], &[]));
    let words = "127.0.0.1 is in a network that checks may not reach (127.0.0.0/8)";
    assert_forbidden(&observer.observe(&monitor, BEGUN_AT).await, words);
    assert_eq!((server.requests.lock().unwrap().len(), connections(&server)), (1, 1));
    observer.permit(rules(&[], &[]));
    assert_passing(&observer.observe(&monitor, BEGUN_AT).await);
    assert_eq!(connections(&server), 2, "what was forbidden is not kept");
}

#[tokio::test]
async fn a_name_that_turns_to_a_forbidden_address_is_judged_anew_each_time() {
    let (server, trap) = two_doors(|_| vec![answer("200 OK", "", b"Welcome")]).await;
    let names = NameServer::start(Reply::InTurn(vec![vec![GOOD], vec![BAD]]), Reply::of([])).await;
    let observer = observer_denied(&[DENY_BAD]).with_name_servers(vec![names.address]);
    let settings = format!(r#"{{ url = "http://shop.example.com:{}/" }}"#, server.address.port());
    assert_passing(&look(&observer, &settings).await);
    assert_forbidden(&look(&observer, &settings).await, BAD_WORDS);
    trap.assert_untouched();
}

#[tokio::test]
async fn a_name_that_turns_between_two_hops_of_one_check_is_caught() {
    let (server, trap) = two_doors(|_| vec![answer("302 Found", "location: /next\r\n", b"")]).await;
    let names = NameServer::start(Reply::InTurn(vec![vec![GOOD], vec![BAD]]), Reply::of([])).await;
    let observer = observer_denied(&[DENY_BAD]).with_name_servers(vec![names.address]);
    let settings = format!(r#"{{ url = "http://shop.example.com:{}/" }}"#, server.address.port());
    let reading = look(&observer, &settings).await;
    assert_forbidden(&reading, &format!("{BAD_WORDS}, and a redirect led there"));
    assert_eq!(connections(&server), 1);
    trap.assert_untouched();
}

#[tokio::test]
async fn of_a_name_with_several_addresses_only_those_that_are_permitted_are_tried() {
    let mapped = IpAddr::V6(Ipv4Addr::new(127, 0, 0, 2).to_ipv6_mapped());
    for (four, six) in [(vec![BAD, GOOD], vec![]), (vec![GOOD, BAD], vec![]), (vec![GOOD], vec![mapped])] {
        let (server, trap) = two_doors(|_| vec![answer("200 OK", "", b"Welcome")]).await;
        let names = NameServer::start(Reply::InTurn(vec![four]), Reply::InTurn(vec![six])).await;
        let observer = observer_denied(&[DENY_BAD]).with_name_servers(vec![names.address]);
        let settings = format!(r#"{{ url = "http://shop.example.com:{}/" }}"#, server.address.port());
        for _ in 0..2 {
            let reading = look(&observer, &settings).await;
            assert_passing(&reading);
            assert_eq!(evidence(&reading).address, Some(server.address.to_string()));
        }
        trap.assert_untouched();
    }
}

#[tokio::test]
async fn when_the_only_permitted_address_refuses_that_is_what_is_told_and_no_other_is_tried() {
    for addresses in [[BAD, GOOD], [GOOD, BAD]] {
        let (server, trap) = two_doors(|_| Vec::new()).await;
        let port = server.address.port();
        drop(server);
        let names = NameServer::start(Reply::of(addresses), Reply::of([])).await;
        let observer = observer_denied(&[DENY_BAD]).with_name_servers(vec![names.address]);
        let reading = look(&observer, &format!(r#"{{ url = "http://shop.example.com:{port}/" }}"#)).await;
        assert_eq!(reading.words.as_str(), format!("connection refused by 127.0.0.1:{port}"));
        trap.assert_untouched();
    }
}

#[tokio::test]
async fn references_are_reached_or_not_each_by_itself_and_whatever_the_rules() {
    let server = welcome().await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let addresses = [
        server.address.to_string(),
        closed.to_string(),
        format!("localhost:{}", server.address.port()),
        "nowhere.invalid:443".to_owned(),
    ];
    let names = NameServer::start(Reply::Code(3), Reply::Code(3)).await;
    let observer = observer_denied(&["loopback"]).with_name_servers(vec![names.address]);
    let references: Vec<Address> = addresses.iter().map(|text| Address::parse(text).unwrap()).collect();
    let references_reached = observer.references().reached(&references).await;
    assert_eq!(references_reached, [true, false, true, false]);
    assert!(observer.references().reached(&[]).await.is_empty());
}

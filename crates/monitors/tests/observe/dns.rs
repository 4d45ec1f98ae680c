//! Records, as a name server on loopback has them.

use crate::hostile::assert_harmless;
use crate::support::{
    BEGUN_AT, assert_failing, assert_forbidden, assert_passing, monitor, observer, observer_denied, read,
};
use flyball_model::{Blind, Cause, Finding, Reading};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// What is answered to a question of any type.
#[derive(Clone)]
enum Reply {
    /// These records: the number of the type, and what is in it.
    Records(Vec<(u8, Vec<u8>)>),
    /// No records, with this response code.
    Code(u8),
    /// Nothing at all.
    Silence,
    /// These bytes behind the header of an answer that is said to have one record.
    Garbage(Vec<u8>),
}

/// A name server that gives one reply to whatever it is asked; stops when it is dropped.
struct RecordServer {
    address: SocketAddr,
    /// The names that it was asked for, as they came.
    asked: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl RecordServer {
    async fn start(reply: Reply) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (mut task, asked) = (JoinSet::new(), Arc::new(Mutex::new(Vec::new())));
        let seen = Arc::clone(&asked);
        task.spawn(async move {
            let mut question = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                let question = &question[..length];
                seen.lock().unwrap().push(name_in(question));
                if let Some(answer) = answer(question, &reply) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        Self { address, asked, _task: task }
    }
}

/// RFC 1035, section 3.1: labels, each behind its length.
fn name_in(question: &[u8]) -> String {
    let (mut labels, mut at) = (Vec::new(), 12);
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
        at = end;
    }
    labels.join(".")
}

/// RFC 1035, section 4.1: the header, the question as it came, and the records.
fn answer(question: &[u8], reply: &Reply) -> Option<Vec<u8>> {
    let question_end = 12 + question[12..].iter().position(|byte| *byte == 0)? + 5;
    let (code, count) = match reply {
        Reply::Records(records) => (0, u8::try_from(records.len()).unwrap()),
        Reply::Code(code) => (*code, 0),
        Reply::Garbage(_) => (0, 1),
        Reply::Silence => return None,
    };
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
    answer.extend(&question[12..question_end]);
    match reply {
        Reply::Records(records) => {
            for (kind, inside) in records {
                answer.extend([0xc0, 12, 0, *kind, 0, 1, 0, 0, 0, 60]);
                answer.extend(u16::try_from(inside.len()).unwrap().to_be_bytes());
                answer.extend(inside);
            }
        }
        Reply::Garbage(bytes) => answer.extend(bytes),
        Reply::Code(_) | Reply::Silence => {}
    }
    Some(answer)
}

fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat());
    labels.chain([0]).collect()
}

fn a(last: u8) -> (u8, Vec<u8>) {
    (1, vec![10, 0, 0, last])
}

fn cname(text: &str) -> (u8, Vec<u8>) {
    (5, name(text))
}

fn mx(preference: u8, text: &str) -> (u8, Vec<u8>) {
    (15, [vec![0, preference], name(text)].concat())
}

fn txt(pieces: &[&[u8]]) -> (u8, Vec<u8>) {
    (16, pieces.iter().flat_map(|piece| [&[u8::try_from(piece.len()).unwrap()], *piece].concat()).collect())
}

/// One reading of `shop.example.com`, of a server that replies so.
async fn look(settings: &str, reply: Reply) -> Reading {
    let server = RecordServer::start(reply).await;
    let settings = format!(r#"{{ name = "shop.example.com", server = "{}", {settings} }}"#, server.address);
    observer().observe(&monitor("dns", &settings), BEGUN_AT).await
}

#[tokio::test]
async fn records_are_compared_with_those_that_are_wanted() {
    let (passing, failing) = (Finding::Passing, Finding::Failing(Cause::Dns));
    let ten = |last: &[u8]| last.iter().map(|last| a(*last)).collect::<Vec<_>>();
    let spf = || vec![txt(&[b"v=spf1 ", b"-all"]), txt(&[b"other"])];
    let aaaa = || vec![(28, [&[0x20, 0x01, 0x0d, 0xb8][..], &[0; 11], &[1]].concat())];
    let mail = || vec![mx(20, "two.example.com"), mx(10, "One.Example.com")];
    for (settings, records, finding, words) in [
        (r#"type = "A""#, ten(&[1]), passing, "A is 10.0.0.1"),
        (r#"type = "A", expect = "10.0.0.1""#, ten(&[2, 1]), passing, "A is 10.0.0.1, 10.0.0.2"),
        (r#"type = "A", expect = "10.0.0.9""#, ten(&[2, 1]), failing, "A is not 10.0.0.9, but 10.0.0.1, 10.0.0.2"),
        (
            r#"type = "A", expect = ["10.0.0.1", "10.0.0.9"]"#,
            ten(&[5, 4, 3, 2, 1]),
            failing,
            "A is not 10.0.0.9, but 10.0.0.1, 10.0.0.2, 10.0.0.3 and 2 more",
        ),
        (
            r#"type = "a", expect = ["10.0.0.1", "10.0.0.2"], only = true"#,
            ten(&[2, 1]),
            passing,
            "A is 10.0.0.1, 10.0.0.2",
        ),
        (
            r#"type = "A", expect = "10.0.0.1", only = true"#,
            ten(&[1, 7]),
            failing,
            "A is also 10.0.0.7, which is not wanted",
        ),
        (r#"type = "A""#, Vec::new(), failing, "shop.example.com has no A record"),
        (r#"type = "AAAA", expect = "2001:DB8:0::1""#, aaaa(), passing, "AAAA is 2001:db8::1"),
        (
            r#"type = "CNAME", expect = "Mighty-Fjord.herokudns.com.""#,
            vec![cname("MIGHTY-fjord.herokudns.com")],
            passing,
            "CNAME is mighty-fjord.herokudns.com",
        ),
        (
            r#"type = "CNAME", expect = "mighty-fjord.herokudns.com""#,
            vec![cname("squatter.example.net")],
            failing,
            "CNAME is not mighty-fjord.herokudns.com, but squatter.example.net",
        ),
        (r#"type = "MX", expect = "one.example.com""#, mail(), passing, "MX is 10 one.example.com, 20 two.example.com"),
        (r#"type = "MX", expect = "10 one.example.com""#, mail(), passing, "MX is 10 one"),
        (r#"type = "MX", expect = "20 one.example.com""#, mail(), failing, "MX is not 20 one.example.com, but"),
        (r#"type = "TXT", expect = "v=spf1 -all""#, spf(), passing, "TXT is \"other\", \"v=spf1 -all\""),
        (r#"type = "TXT", expect = "v=spf1 ~all""#, spf(), failing, "TXT is not \"v=spf1 ~all\", but"),
        (r#"type = "NS""#, vec![(2, name("ns1.example.com"))], passing, "NS is ns1.example.com"),
    ] {
        let reading = look(settings, Reply::Records(records)).await;
        assert_eq!(reading.finding, finding, "{settings}: {}", reading.words);
        assert!(reading.words.as_str().starts_with(words), "{}", reading.words);
    }
}

#[tokio::test]
async fn what_leads_to_an_address_is_not_one() {
    // An alias, and the address of the name that it leads to.
    let host = (1, vec![10, 0, 0, 1]);
    let reply = Reply::Records(vec![cname("shop.example.com"), host]);
    let reading = look(r#"type = "A", expect = "10.0.0.1", only = true"#, reply).await;
    assert_passing(&reading);
}

#[tokio::test]
async fn a_name_that_is_not_there_fails_and_what_nobody_could_tell_is_unknown() {
    let none = look(r#"type = "CNAME""#, Reply::Code(3)).await;
    assert_failing(&none, Cause::Name, "there is no name shop.example.com");
    for (reply, part) in [
        (Reply::Code(2), "cannot look up shop.example.com"),
        (Reply::Code(5), "cannot look up shop.example.com"),
        (Reply::Silence, "the resolver did not answer within 300ms"),
        (Reply::Garbage(vec![0xff; 40]), ""),
    ] {
        let reading = look(r#"type = "CNAME", timeout = "300ms""#, reply).await;
        assert_eq!(reading.finding, Finding::Unknown(Blind::Resolver), "{}", reading.words);
        assert!(reading.words.as_str().contains(part), "{}", reading.words);
        assert_harmless(&reading);
    }
}

#[tokio::test]
async fn a_strangers_record_is_one_bounded_line() {
    let hostile = b"\x1b]0;owned\x07\xff\xfe\r\n\xe2\x80\xae".as_slice();
    let long = [b'x'; 120];
    for pieces in [&[hostile][..], &[&long, &long, &long]] {
        let reading = look(r#"type = "TXT", expect = "y""#, Reply::Records(vec![txt(pieces)])).await;
        assert_failing(&reading, Cause::Dns, "TXT is not \"y\", but \"");
        assert_harmless(&reading);
    }
    let odd = Reply::Records(vec![(5, [&[9][..], b"\x1b[2J\x00.\"\\\x7f", &[0]].concat())]);
    assert_harmless(&look(r#"type = "CNAME""#, odd).await);
}

#[tokio::test]
async fn the_servers_of_the_system_are_asked_for_this_very_name_and_each_time_anew() {
    let server = RecordServer::start(Reply::Code(3)).await;
    let observer = observer().with_name_servers(vec![server.address]);
    for _ in 0..2 {
        let reading = observer.observe(&monitor("dns", r#"{ name = "shop", type = "CNAME" }"#), BEGUN_AT).await;
        assert_failing(&reading, Cause::Name, "there is no name shop");
    }
    assert_eq!(*server.asked.lock().unwrap(), ["shop", "shop"]);
}

#[tokio::test]
async fn a_server_in_a_network_that_is_denied_is_not_asked() {
    let server = RecordServer::start(Reply::Records(vec![a(1)])).await;
    let settings = format!(r#"{{ name = "shop.example.com", type = "A", server = "{}" }}"#, server.address);
    let reading = observer_denied(&["loopback"]).observe(&monitor("dns", &settings), BEGUN_AT).await;
    assert_forbidden(&reading, "127.0.0.1 is in a network that checks may not reach (loopback)");
    assert!(server.asked.lock().unwrap().is_empty());
}

#[test]
fn the_settings_are_checked() {
    for (settings, part) in [
        (r#"{ type = "A" }"#, "`name` is missing"),
        (r#"{ name = "a.example" }"#, "`type` is missing"),
        (r#"{ name = "10.0.0.1", type = "A" }"#, "an address, which has no records"),
        (r#"{ name = "${NAME}.example", type = "A" }"#, "no resolver can answer"),
        (r#"{ name = "a.example", type = "SRV" }"#, "unknown type \"SRV\""),
        (r#"{ name = "a.example", type = "A", expect = "::1" }"#, "`expect`: \"::1\" is no IPv4 address"),
        (r#"{ name = "a.example", type = "CNAME", expect = ["b.example", "a b"] }"#, "`expect`: \"a b\" is no name"),
        (r#"{ name = "a.example", type = "A", expect = [] }"#, "no record at all"),
        (r#"{ name = "a.example", type = "A", expect = 7 }"#, "`expect`: found a whole number"),
        (r#"{ name = "a.example", type = "A", only = true }"#, "`only` without `expect`"),
        (r#"{ name = "a.example", type = "A", server = "ns.example" }"#, "is no address"),
        (r#"{ name = "a.example", type = "A", timeout = "1h" }"#, "`timeout`: out of bounds"),
        (r#"{ name = "a.example", type = "A", host = "b" }"#, "unknown key `host`"),
    ] {
        let mistakes = read("dns", settings).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{settings}: {mistakes:?}");
        assert!(mistakes[0].message.contains(part), "{settings}: {}", mistakes[0].message);
    }
    let kind = r#"{ name = "_dmarc.Bücher.example.", type = "txt", expect = "v=DMARC1; p=none", server = "1.1.1.1" }"#;
    let kind = read("dns", kind).unwrap();
    assert_eq!(kind.subject(), "TXT of _dmarc.xn--bcher-kva.example at 1.1.1.1");
    let json = serde_json::to_value(&kind).unwrap();
    assert_eq!((&json["dns"]["type"], &json["dns"]["expect"][0]), (&"TXT".into(), &"v=DMARC1; p=none".into()));
}

//! Servers that mean harm: every answer ends, within its bounds and its time, in a reading; and nothing that a stranger
//! wrote can do more in it than be read.

use crate::faults::{Act, Server, answer, head};
use crate::http::encoded;
use crate::support::{BEGUN_AT, assert_failing, assert_passing, evidence, http, look, monitor, observer};
use flyball_model::{Blind, Cause, Excerpt, Finding, Reading};
use std::net::SocketAddr;
use std::time::Duration;

/// Seeks what is never there, in not much of the page. The time is for those that are not to run out of it.
const SEEKING: &str = r#"keyword = "Welcome", max_body = "64KiB", timeout = "1m""#;
/// The same, for those that are.
const HURRIED: &str = r#"keyword = "Welcome", max_body = "64KiB", timeout = "300ms""#;
/// Judges the status alone.
const STATUS: &str = r#"timeout = "1m""#;

/// Expects that no text of the reading is long, has control characters, or reorders or hides other text.
#[track_caller]
pub(crate) fn assert_harmless(reading: &Reading) {
    let evidence = match &reading.evidence {
        flyball_model::Evidence::Http(evidence) => evidence.clone(),
        _ => flyball_model::HttpEvidence::default(),
    };
    let texts = [Some(reading.words.clone()), evidence.redirected_to, evidence.excerpt];
    for text in texts.iter().flatten().map(Excerpt::as_str) {
        assert!(text.chars().count() <= Excerpt::CHARS_MAX + 1, "{text}");
        let harmful = |c: char| {
            c.is_control()
                || matches!(c, '\u{ad}' | '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
                || matches!(c, '\u{e0000}'..='\u{e007f}')
        };
        assert!(!text.chars().any(harmful), "{text:?}");
    }
}

/// One reading of what this script answers.
async fn seen(acts: Vec<Act>, settings: &str) -> Reading {
    let server = Server::start(move |_| acts.clone()).await;
    let reading = look(server.address, &format!(r#"{{ url = "…/", {settings} }}"#)).await;
    assert_harmless(&reading);
    let words = reading.words.as_str().replace(&server.address.to_string(), "ADDRESS");
    Reading { words: Excerpt::of(&words), ..reading }
}

/// Expects for each script a failing reading of this cause in exactly these words; ADDRESS stands for the server's.
async fn assert_told<const N: usize>(settings: &str, cases: [(Vec<Act>, Cause, &str); N]) {
    assert_found(settings, cases.map(|(acts, cause, words)| (acts, Finding::Failing(cause), words))).await;
}

/// The same, of any finding.
async fn assert_found<const N: usize>(settings: &str, cases: [(Vec<Act>, Finding, &str); N]) {
    for (nth, (acts, finding, words)) in cases.into_iter().enumerate() {
        let reading = seen(acts, settings).await;
        assert_eq!((reading.finding, reading.words.as_str()), (finding, words), "case {nth}");
    }
}

fn send(text: &str) -> Act {
    Act::Send(text.as_bytes().to_vec())
}

#[tokio::test]
async fn a_head_has_its_bounds_however_it_is_stretched() {
    let too_large = "the answer's head is too large: more than 64 KiB, or more than 100 headers";
    let status = "HTTP/1.1 200 OK\r\n";
    let cases = [
        // One line without an end: a header, a reason, a name; and lines that say nothing.
        vec![send("HTTP/1.1 200 OK\r\nx: "), Act::Endless(vec![b'a'; 4096])],
        vec![send("HTTP/1.1 200 "), Act::Endless(vec![b'a'; 4096])],
        vec![send(status), Act::Endless(vec![b'a'; 4096])],
        vec![Act::Endless(b"\r\n".repeat(1000))],
        // Too much of it, though it ends.
        vec![answer("200 OK", &format!("x: {}\r\n", "a".repeat(1 << 18)), b"")],
        vec![answer("200 OK", &"a: b\r\n".repeat(5000), b"")],
    ];
    // The bound is ours, and no fault of the page.
    let unreadable = Finding::Unknown(Blind::Unreadable);
    assert_found(STATUS, cases.map(|acts| (acts, unreadable, too_large))).await;
    let large = vec![answer("200 OK", &format!("{}x: {}\r\n", "a: b\r\n".repeat(98), "a".repeat(60_000)), b"")];
    assert_passing(&seen(large, STATUS).await);
}

#[tokio::test]
async fn a_head_that_is_none_is_told_as_that() {
    let no_http = |why: &str| format!("what answered did not speak HTTP ({why})");
    let (status, header) = (no_http("invalid HTTP status-code parsed"), no_http("invalid HTTP header parsed"));
    let length = no_http("invalid content-length parsed");
    let cases = [
        (vec![answer("99 Low", "", b"")], &status),
        (vec![answer("1000 High", "", b"")], &status),
        (vec![answer("503 \x1b]0;owned\x07", "", b"")], &status),
        (vec![answer("200 OK", "x: a\0b\r\n", b"")], &header),
        (vec![head("200 OK", "content-length: -5\r\n")], &length),
        (vec![head("200 OK", "content-length: 99999999999999999999\r\n")], &length),
        (vec![head("200 OK", "content-length: 3\r\ncontent-length: 4\r\n"), send("abc")], &length),
    ];
    assert_told(STATUS, cases.map(|(acts, words)| (acts, Cause::Protocol, words.as_str()))).await;
    // A line that no header can be is dropped.
    let dropped = vec![answer("302 Found", "location: /\x1b]8;;http://evil.example\x07\r\n", b"")];
    assert_told(STATUS, [(dropped, Cause::Status, "answered 302, wanted 2xx")]).await;
    // What terminals obey may come in bytes above ASCII too. A reason is never shown.
    assert_told(STATUS, [(vec![answer("503 \u{9b}2J\u{202e}", "", b"")], Cause::Status, "answered 503, wanted 2xx")])
        .await;
}

#[tokio::test]
async fn a_drip_ends_at_the_time_out_wherever_it_drips() {
    let no_answer = "no answer within 300ms";
    let not_whole = "the answer was not whole within 300ms";
    assert_told(
        HURRIED,
        [
            (vec![send("HTTP/1.1 200 "), Act::Drip(vec![b'a'])], Cause::TimeOut, no_answer),
            (vec![send("HTTP/1.1 200 OK\r\nx: "), Act::Drip(vec![b'a'])], Cause::TimeOut, no_answer),
            (vec![Act::Drip(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec())], Cause::TimeOut, no_answer),
            (vec![Act::Endless(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())], Cause::TimeOut, no_answer),
            (vec![head("200 OK", ""), Act::Drip(vec![b'a'])], Cause::TimeOut, not_whole),
            (vec![head("200 OK", "content-length: 9000\r\n"), Act::Drip(vec![b'a'])], Cause::TimeOut, not_whole),
            (
                vec![head("200 OK", "transfer-encoding: chunked\r\n"), Act::Drip(b"1\r\na\r\n".to_vec())],
                Cause::TimeOut,
                not_whole,
            ),
        ],
    )
    .await;
    // What came before it may be enough.
    let down = vec![head("503 Down", ""), Act::Drip(vec![b'a'])];
    assert_failing(&seen(down, r#"timeout = "300ms""#).await, Cause::Status, "answered 503, wanted 2xx");
}

#[tokio::test]
async fn a_page_that_lies_about_its_length_is_read_no_further_than_it_goes() {
    let closed = "connection closed by ADDRESS before the answer was whole";
    let chunks = |why: &str| format!("the page came in chunks that cannot be read ({why})");
    let (overflow, no_digit) =
        (chunks("invalid chunk size: overflow"), chunks("Invalid chunk size line: missing size digit"));
    let (extensions, many, long) = (
        chunks("chunk extensions over limit"),
        chunks("chunk trailers count overflow"),
        chunks("chunk trailers bytes over limit"),
    );
    let chunked = |rest: &str, then: Act| vec![head("200 OK", "transfer-encoding: chunked\r\n"), send(rest), then];
    assert_told(
        SEEKING,
        [
            // A length of 2^63 - 1, and chunks of 2^64 - 1: nothing is set aside for what did not come.
            (
                vec![head("200 OK", "content-length: 9223372036854775807\r\n"), send("abc"), Act::Close],
                Cause::Reset,
                closed,
            ),
            (chunked("FFFFFFFFFFFFFFFF\r\nabc", Act::Close), Cause::Reset, closed),
            (chunked("FFFFFFFFFFFFFFFFF\r\nabc", Act::Close), Cause::Protocol, overflow.as_str()),
            (chunked("-1\r\nabc", Act::Close), Cause::Protocol, no_digit.as_str()),
            (chunked("three\r\nabc", Act::Close), Cause::Protocol, no_digit.as_str()),
            (chunked("3;", Act::Endless(vec![b'a'; 4096])), Cause::Protocol, extensions.as_str()),
            (chunked("3\r\nabc\r\n0\r\n", Act::Endless(b"a: b\r\n".to_vec())), Cause::Protocol, many.as_str()),
            (chunked("3\r\nabc\r\n0\r\na: ", Act::Endless(vec![b'a'; 4096])), Cause::Protocol, long.as_str()),
        ],
    )
    .await;
    let zeros = [(chunked("", Act::Endless(vec![b'0'; 64])), Cause::TimeOut, "the answer was not whole within 300ms")];
    assert_told(HURRIED, zeros).await;
    let endless = seen(vec![head("200 OK", ""), Act::Endless(vec![b'a'; 4096])], SEEKING).await;
    assert_failing(&endless, Cause::Text, "the page does not have \"Welcome\" in its first 64 KiB");
    assert_eq!((evidence(&endless).body_bytes, evidence(&endless).cut_short), (65_536, true));
}

/// The head of a page in an encoding, which ends with its connection.
fn in_encoding(encoding: &str) -> Act {
    head("200 OK", &format!("content-encoding: {}\r\n", encoding.trim_start_matches("bare ")))
}

#[tokio::test]
async fn a_bomb_in_any_encoding_stops_at_the_bound() {
    for encoding in ["gzip", "deflate", "bare deflate", "br", "zstd"] {
        let bomb = encoded(encoding, &vec![0; 8 << 20]).await;
        assert!(bomb.len() < 32_768, "{encoding} {}", bomb.len());
        for sought in [r#"keyword = "x""#, r#"regex = "x$""#, r#"keyword = "x", slower_than = "59s""#] {
            let settings = format!(r#"{sought}, max_body = "64KiB", timeout = "1m""#);
            let reading = seen(vec![in_encoding(encoding), Act::Send(bomb.clone()), Act::Hang], &settings).await;
            assert_failing(&reading, Cause::Text, "in its first 64 KiB");
            assert_eq!((evidence(&reading).body_bytes, evidence(&reading).cut_short), (65_536, true), "{encoding}");
        }
    }
    // One that has no end: each piece is another 8 MiB.
    let member = encoded("gzip", &vec![0; 8 << 20]).await;
    let reading = seen(vec![in_encoding("gzip"), Act::Endless(member)], SEEKING).await;
    assert_failing(&reading, Cause::Text, "in its first 64 KiB");
}

#[tokio::test]
async fn what_is_decoded_to_nothing_for_ever_is_bounded_by_what_comes_in() {
    let empty_member = encoded("gzip", b"").await;
    // RFC 1952, section 2.3.1: a file's name without an end. RFC 8878, section 3.1.2: a frame that is to be skipped, of
    // 4 GiB. RFC 1951, section 3.2.4: stored blocks of no bytes.
    let file_name = Act::Send(vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);
    let skipped = Act::Send(vec![0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff]);
    let nothing = "the page does not have \"Welcome\" in its first 64 KiB";
    assert_told(
        SEEKING,
        [
            (vec![in_encoding("gzip"), Act::Endless(empty_member.repeat(100))], Cause::Text, nothing),
            (vec![in_encoding("gzip"), file_name, Act::Endless(vec![b'a'; 4096])], Cause::Text, nothing),
            (vec![in_encoding("zstd"), skipped, Act::Endless(vec![0; 4096])], Cause::Text, nothing),
            (vec![in_encoding("deflate"), Act::Endless([0, 0, 0, 0xff, 0xff].repeat(800))], Cause::Text, nothing),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_encoding_that_asks_for_too_much_or_is_no_encoding_is_refused() {
    // RFC 8878, section 3.1.1.1.2: a window of 128 MiB, for a page of one byte.
    let window = Act::Send(vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x09, 0x00, 0x00, b'x']);
    let asked_for =
        |encoding: &str| format!("the page came in content encoding \"{encoding}\", which was not asked for");
    let (twice, obeyed) = (asked_for("gzip, gzip"), asked_for("2j x"));
    let nested = encoded("gzip", &encoded("gzip", &vec![0; 8 << 20]).await).await;
    let nested = |header: &str| vec![answer("200 OK", header, &nested)];
    assert_told(
        SEEKING,
        [
            (vec![in_encoding("zstd"), window, Act::Close], Cause::Protocol, "the page's zstd encoding is broken"),
            (
                vec![in_encoding("br"), Act::Endless(vec![0xff; 64])],
                Cause::Protocol,
                "the page's brotli encoding is broken",
            ),
            (
                vec![in_encoding("gzip"), Act::Endless(vec![0; 64])],
                Cause::Protocol,
                "the page's gzip encoding is broken",
            ),
            // Said once, it is undone once.
            (nested("content-encoding: gzip\r\n"), Cause::Text, "the page does not have \"Welcome\""),
        ],
    )
    .await;
    let unreadable = Finding::Unknown(Blind::Unreadable);
    let odd = vec![answer("200 OK", "content-encoding: \u{9b}2J\u{202e}x\r\n", b"")];
    let twice_encoded = nested("content-encoding: gzip, gzip\r\n");
    assert_found(SEEKING, [(twice_encoded, unreadable, twice.as_str()), (odd, unreadable, obeyed.as_str())]).await;
}

#[tokio::test]
async fn a_redirect_leads_to_pages_and_to_nothing_else() {
    let to = |location: &str| vec![answer("302 Found", &format!("location: {location}\r\n"), b"")];
    let long = format!("ftp://a.example/{}", "a".repeat(50_000));
    let long_words = format!("redirects to ftp://a.example/{}…", "a".repeat(131));
    assert_told(
        STATUS,
        [
            (to("file:///etc/passwd"), Cause::Redirects, "redirects to file:///etc/passwd, which cannot be followed"),
            (to("data:text/html,x"), Cause::Redirects, "redirects to data:text/html,x, which cannot be followed"),
            (to("JAVASCRIPT:alert(1)"), Cause::Redirects, "redirects to javascript:alert(1), which cannot be followed"),
            (
                to("unix:/run/docker.sock"),
                Cause::Redirects,
                "redirects to unix:/run/docker.sock, which cannot be followed",
            ),
            (to("http://[::1"), Cause::Redirects, "redirects to \"http://[::1\", which is no URL"),
            (to("http://127.0.0.1:1/"), Cause::Refused, "connection refused by 127.0.0.1:1"),
            (to("/"), Cause::Redirects, "redirected more than 5 times, the last time to http://ADDRESS/"),
            (
                to("http://shop\u{202e}moc.example/"),
                Cause::Redirects,
                "redirects to \"http://shop moc.example/\", which is no URL",
            ),
            (to("http://\u{9b}2J/"), Cause::Redirects, "redirects to \"http:// 2J/\", which is no URL"),
            (to(&long), Cause::Redirects, &long_words),
        ],
    )
    .await;
    let reading = seen(to("/\u{9b}2J\u{202e}?secret=1"), STATUS).await;
    assert_failing(&reading, Cause::Redirects, "/%C2%9B2J%E2%80%AE?…");
}

#[tokio::test]
async fn a_page_shows_its_text_and_does_nothing_else() {
    let pages: [(&[u8], &str); 7] = [
        (b"\x1b]0;owned\x07\x1b[2J\x1b[31mred", "]0;owned [2J [31mred"),
        (b"\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "]8;;http://evil.example \\click ]8;; \\"),
        ("C1: \u{9b}31m \u{9d}0;owned\u{9c} \u{90}".as_bytes(), "C1: 31m 0;owned"),
        ("invoice\u{202e}fdp.exe\u{2066}\u{200f}\u{61c}".as_bytes(), "invoice fdp.exe"),
        ("pass\u{200b}word\u{feff}\u{ad}\u{e0041}\u{3164}\u{2028}next".as_bytes(), "pass word next"),
        (b"nul\0\x08\x08\x08del\x7f\x85", "nul del \u{fffd}"),
        (b"\xfe\xfd\xc0\x80\xed\xa0\x80\x9b2J", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}2J"),
    ];
    for (page, shown) in pages {
        let reading = seen(vec![answer("503 Down", "", page)], STATUS).await;
        assert_eq!(evidence(&reading).excerpt.as_ref().unwrap().as_str(), shown);
        let around = [b"<\x1b[8m".as_slice(), page, b"Welcome", page].concat();
        for sought in [r#"keyword = "Welcome""#, r#"regex = "(?s).*Welcome.*""#] {
            let reading = seen(vec![answer("200 OK", "", &around)], &format!("{sought}, present = false")).await;
            assert_failing(&reading, Cause::Text, "the page has");
        }
    }
}

#[test]
fn a_regex_takes_time_in_proportion_to_the_page_whatever_it_says() {
    // Each of them takes a backtracking engine longer than the universe has.
    let page = [vec![b'a'; 1 << 20], b"!".to_vec()].concat();
    for pattern in ["^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "(x+x+)+y", "^(.*a){20}$"] {
        let http = http(&format!(r#"{{ url = "http://a.example/", regex = '{pattern}', max_body = "2MiB" }}"#));
        let reading = http.judge_page(200, &page, Duration::ZERO, crate::support::BEGUN_AT);
        assert_failing(&reading, Cause::Text, "the page does not have a match of");
    }
}

#[tokio::test]
async fn a_page_waits_for_memory_within_its_time_and_one_that_found_none_is_unknown() {
    let page = vec![b'x'; 600 * 1024];
    let server = Server::start(move |_| vec![answer("200 OK", "", &page)]).await;
    let silent = Server::start(|_| vec![Act::Hang]).await;
    // Room for one page at a time.
    let observer = observer().with_page_memory(1024 * 1024);
    let look = async |address: SocketAddr, timeout: &str| {
        let regex = r#"regex = "y", present = false"#;
        let settings = format!(r#"{{ url = "http://{address}/", {regex}, timeout = "{timeout}" }}"#);
        observer.observe(&monitor("http", &settings), BEGUN_AT).await
    };
    let address = server.address;
    let (one, two, three) = tokio::join!(look(address, "10s"), look(address, "10s"), look(address, "10s"));
    [one, two, three].iter().for_each(assert_passing);
    let (holds, waits) = tokio::join!(look(silent.address, "2s"), look(address, "300ms"));
    assert_failing(&holds, Cause::TimeOut, "no answer within 2s");
    assert_eq!(waits.finding, Finding::Unknown(Blind::Overload), "{}", waits.words);
    assert!(waits.words.as_str().starts_with("no memory is left for this page"), "{}", waits.words);
}

#[tokio::test]
async fn a_page_for_which_no_memory_is_left_is_unknown_and_a_keyword_needs_none() {
    let page = vec![b'x'; 600 * 1024];
    let server = Server::start(move |_| vec![answer("200 OK", "", &page)]).await;
    let observer = observer().with_page_memory(256 * 1024);
    let look = async |sought: &str| {
        let settings = format!(r#"{{ url = "http://{}/", {sought}, present = false }}"#, server.address);
        observer.observe(&monitor("http", &settings), BEGUN_AT).await
    };
    for _ in 0..2 {
        let reading = look(r#"regex = "y""#).await;
        assert_eq!(reading.finding, Finding::Unknown(Blind::Overload), "{}", reading.words);
        assert!(reading.words.as_str().starts_with("no memory is left for this page"), "{}", reading.words);
    }
    assert_passing(&look(r#"keyword = "y""#).await);
}

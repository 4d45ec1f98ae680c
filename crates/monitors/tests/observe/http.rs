//! Pages of a server that misbehaves on purpose.

use crate::faults::{Act, Server, answer, head};
use crate::support::{BEGUN_AT, assert_failing, assert_passing, evidence, look, monitor, observer};
use async_compression::tokio::write::{BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
use flyball_model::{Blind, Cause, Finding};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_page_is_read_and_every_step_is_timed() {
    let server = Server::start(|_| vec![answer("200 OK", "", b"Welcome to the shop")]).await;
    let reading = look(server.address, r#"{ url = "…/a?b=c", keyword = "Welcome", headers = { x-a = "b" } }"#).await;
    assert_passing(&reading);
    let seen = evidence(&reading);
    assert_eq!((seen.status, seen.found, seen.body_bytes, seen.cut_short), (Some(200), Some(true), 19, false));
    assert_eq!(seen.address, Some(server.address.to_string()));
    let phases = seen.phases;
    assert!(phases.name_ms.is_some() && phases.connect_ms.is_some() && phases.first_byte_ms.is_some(), "{phases:?}");
    assert_eq!(phases.tls_ms, None);
    let request = server.request().to_lowercase();
    assert!(request.starts_with("get /a?b=c http/1.1\r\n"), "{request}");
    for header in ["x-a: b", "accept-encoding: gzip, deflate, br, zstd", "connection: close", "user-agent: flyball/"] {
        assert!(request.contains(header), "{header}: {request}");
    }
    assert!(request.contains(&format!("host: {}\r\n", server.address)), "{request}");
}

#[tokio::test]
async fn a_body_is_posted_and_a_head_is_asked_for_without_one() {
    let server = Server::start(|_| vec![answer("200 OK", "", b"")]).await;
    let settings = r#"{ url = "…/", method = "POST", body = { env = "SHOP_TOKEN" } }"#;
    assert_passing(&look(server.address, settings).await);
    assert!(server.request().ends_with("\r\n\r\ns3cret"), "{}", server.request());

    let server = Server::start(|_| vec![Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n".to_vec())]).await;
    assert_passing(&look(server.address, r#"{ url = "…/", method = "HEAD" }"#).await);
    assert!(server.request().starts_with("HEAD / "));
}

#[tokio::test]
async fn what_goes_wrong_on_the_way_has_its_own_cause_and_words() {
    let short = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this".to_vec();
    let cases: Vec<(Vec<Act>, Cause, &str)> = vec![
        (vec![Act::Reset], Cause::Reset, "connection cut by"),
        (vec![Act::Close], Cause::Reset, "before the answer was whole"),
        (vec![Act::Hang], Cause::TimeOut, "no answer within 200ms"),
        (vec![Act::Send(b"HTTP/1.1 200 OK\r\ncontent-".to_vec()), Act::Close], Cause::Reset, "before the answer"),
        (vec![Act::Send(b"HTTP/1.1 200 OK\r\ncontent-".to_vec()), Act::Hang], Cause::TimeOut, "no answer within"),
        (vec![Act::Send(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), Act::Close], Cause::Protocol, "did not speak HTTP"),
        (vec![Act::Send(short.clone()), Act::Close], Cause::Reset, "closed by"),
        (vec![Act::Send(short.clone()), Act::Reset], Cause::Reset, "cut by"),
        (vec![Act::Send(short), Act::Hang], Cause::TimeOut, "the answer was not whole within 200ms"),
        (vec![head("200 OK", ""), Act::Endless(b"header: x\r\n".to_vec())], Cause::TimeOut, ""),
    ];
    for (index, (acts, cause, part)) in cases.into_iter().enumerate() {
        let server = Server::start(move |_| acts.clone()).await;
        let reading = look(server.address, r#"{ url = "…/", timeout = "200ms", max_body = "64MiB" }"#).await;
        if index == 9 {
            // An endless page may come to the end of what is read before the time is over.
            assert!(
                matches!(reading.finding, Finding::Failing(Cause::TimeOut) | Finding::Passing),
                "{}",
                reading.words
            );
        } else {
            assert_failing(&reading, cause, part);
        }
    }
}

#[tokio::test]
async fn a_page_that_broke_off_still_shows_its_status() {
    let short = b"HTTP/1.1 503 Down\r\ncontent-length: 100\r\n\r\nonly this".to_vec();
    let server = Server::start(move |_| vec![Act::Send(short.clone()), Act::Close]).await;
    let reading = look(server.address, r#"{ url = "…/" }"#).await;
    assert_failing(&reading, Cause::Status, "answered 503, wanted 2xx");
    // Of what is sought and was not found before the end, nothing is known.
    let reading = look(server.address, r#"{ url = "…/", keyword = "error", present = false }"#).await;
    assert_failing(&reading, Cause::Status, "answered 503");
    assert_eq!((evidence(&reading).status, evidence(&reading).found), (Some(503), None));
    let reading = look(server.address, r#"{ url = "…/", keyword = "error", present = false, status = 503 }"#).await;
    assert_failing(&reading, Cause::Reset, "closed");
    assert_eq!((evidence(&reading).status, evidence(&reading).found), (Some(503), None));
    let reading = look(server.address, r#"{ url = "…/", keyword = "only", present = false }"#).await;
    assert_failing(&reading, Cause::Text, "the page has \"only\"");
}

#[tokio::test]
async fn a_keyword_is_found_across_every_chunk_border() {
    let page = "<p>all is lost: database error, sorry</p>";
    for border in 0..=page.len() {
        let (one, two) = page.as_bytes().split_at(border);
        let pieces = vec![
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", page.len()).into_bytes(),
            one.to_vec(),
            two.to_vec(),
        ];
        let pieces: Vec<Vec<u8>> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        let server = Server::start(move |_| vec![Act::Pieces(pieces.clone())]).await;
        let reading = look(server.address, r#"{ url = "…/", keyword = "database error", present = false }"#).await;
        assert_failing(&reading, Cause::Text, "the page has \"database error\"");
        let excerpt = evidence(&reading).excerpt.clone().unwrap();
        assert!(excerpt.as_str().contains("lost: database error"), "{border}: {excerpt}");
    }
}

#[tokio::test]
async fn a_chunked_page_of_single_bytes_is_searched_too() {
    let page = b"say database error now";
    let chunks = page.iter().map(|byte| format!("1\r\n{}\r\n", char::from(*byte)).into_bytes());
    let mut pieces = vec![b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()];
    pieces.extend(chunks);
    pieces.push(b"0\r\n\r\n".to_vec());
    let server = Server::start(move |_| vec![Act::Pieces(pieces.clone())]).await;
    assert_passing(&look(server.address, r#"{ url = "…/", keyword = "database error" }"#).await);
    assert_passing(&look(server.address, r#"{ url = "…/", regex = "^say .* now$" }"#).await);
}

#[tokio::test]
async fn an_endless_page_is_read_up_to_its_bound_and_no_further() {
    let server = Server::start(|_| vec![head("200 OK", ""), Act::Endless(vec![b'x'; 8192])]).await;
    let reading = look(server.address, r#"{ url = "…/", keyword = "y", max_body = 100000 }"#).await;
    assert_failing(&reading, Cause::Text, "in its first 100000 B");
    assert_eq!((evidence(&reading).body_bytes, evidence(&reading).cut_short), (100_000, true));
    let reading = look(server.address, r#"{ url = "…/", regex = "x+y", max_body = 100000 }"#).await;
    assert_failing(&reading, Cause::Text, "in its first");
}

#[tokio::test]
async fn reading_ends_as_soon_as_the_text_is_found() {
    let server = Server::start(|_| vec![head("200 OK", ""), Act::Send(b"xx Welcome".to_vec()), Act::Hang]).await;
    assert_passing(&look(server.address, r#"{ url = "…/", keyword = "Welcome", timeout = "5s" }"#).await);
    // Not while it still matters how long the page takes.
    let settings = r#"{ url = "…/", keyword = "Welcome", timeout = "150ms", slower_than = "100ms" }"#;
    assert_failing(&look(server.address, settings).await, Cause::TimeOut, "not whole within");
}

/// A page in this encoding.
pub(crate) async fn encoded(encoding: &str, page: &[u8]) -> Vec<u8> {
    macro_rules! through {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new());
            encoder.write_all(page).await.unwrap();
            encoder.shutdown().await.unwrap();
            encoder.into_inner()
        }};
    }
    match encoding {
        "gzip" => through!(GzipEncoder),
        "deflate" => through!(ZlibEncoder),
        "bare deflate" => through!(DeflateEncoder),
        "br" => through!(BrotliEncoder),
        "zstd" => through!(ZstdEncoder),
        _ => page.to_vec(),
    }
}

#[tokio::test]
async fn a_keyword_is_found_in_a_page_of_any_charset() {
    let cases: [(&str, &str, &[u8], &str); 4] = [
        ("windows-1252", "Störung", b"<p>St\xf6rung!", "Störung!"),
        ("gbk", "数据库错误", b"<p>\xca\xfd\xbe\xdd\xbf\xe2\xb4\xed\xce\xf3!", "数据库错误!"),
        ("Shift_JIS", "エラー", b"<p>\x83G\x83\x89\x81[!", "エラー!"),
        ("utf-16le", "error", b"e\0r\0r\0o\0r\0!\0", "error!"),
    ];
    for (charset, keyword, page, shown) in cases {
        let header = format!("content-type: text/html; charset={charset}\r\n");
        let meta = [format!("<meta charset={charset}>").as_bytes(), page].concat();
        let mut pages = vec![answer("200 OK", &header, page)];
        // What is in UTF-16 cannot say so in ASCII.
        pages.extend((charset != "utf-16le").then(|| answer("200 OK", "", &meta)));
        for page in pages {
            let server = Server::start(move |_| vec![page.clone()]).await;
            for sought in [format!("keyword = \"{keyword}\""), format!("regex = \"{keyword}.?$\"")] {
                let settings = format!(r#"{{ url = "…/", {sought}, present = false }}"#);
                let reading = look(server.address, &settings).await;
                assert_failing(&reading, Cause::Text, "the page has");
                let excerpt = evidence(&reading).excerpt.clone().unwrap();
                assert!(excerpt.as_str().contains(shown), "{excerpt}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_decoded_is_unknown_and_says_so() {
    let server = Server::start(|_| vec![answer("200 OK", "", b"St\xf6rung der Datenbank")]).await;
    let reading = look(server.address, r#"{ url = "…/", keyword = "Störung", present = false }"#).await;
    let words = "the page does not say its charset, and is not in UTF-8, so that \"Störung\" cannot be sought in it";
    assert_eq!((reading.finding, reading.words.as_str()), (Finding::Unknown(Blind::Unreadable), words));
    assert_eq!(evidence(&reading).found, None);
    // ASCII is the same in nearly every charset.
    assert_passing(&look(server.address, r#"{ url = "…/", keyword = "Datenbank" }"#).await);
    assert_passing(&look(server.address, r#"{ url = "…/", keyword = "database error", present = false }"#).await);
}

#[tokio::test]
async fn a_content_encoding_is_undone_before_the_search() {
    let page = [vec![b'.'; 100_000], b"database error".to_vec(), vec![b'.'; 1000]].concat();
    for encoding in ["gzip", "deflate", "bare deflate", "br", "zstd", "identity"] {
        let body = encoded(encoding, &page).await;
        let header = format!("content-encoding: {}\r\n", encoding.trim_start_matches("bare "));
        let server = Server::start(move |_| vec![answer("200 OK", &header, &body)]).await;
        let reading = look(server.address, r#"{ url = "…/", keyword = "database error", slower_than = "9s" }"#).await;
        assert_passing(&reading);
        assert_eq!(evidence(&reading).body_bytes, page.len() as u64, "{encoding}");
    }
}

#[tokio::test]
async fn a_content_encoding_that_is_none_is_passed_over() {
    for said in ["UTF-8", "none", "8bit", "iso-8859-1", "identity, utf-8", "", "none\r\ncontent-encoding: UTF-8"] {
        let header = format!("content-encoding: {said}\r\n");
        let server = Server::start(move |_| vec![answer("200 OK", &header, b"Welcome")]).await;
        assert_passing(&look(server.address, r#"{ url = "…/", keyword = "Welcome" }"#).await);
    }
    let body = encoded("gzip", b"Welcome").await;
    let server = Server::start(move |_| vec![answer("200 OK", "content-encoding: utf-8, gzip\r\n", &body)]).await;
    assert_passing(&look(server.address, r#"{ url = "…/", keyword = "Welcome" }"#).await);
}

#[tokio::test]
async fn an_odd_header_line_is_dropped_and_the_page_judged() {
    for line in ["x: a\r\n b", "x : a", "x: \x1b[2J", "no colon at all", "(x): a", "\u{e9}: a", ": a"] {
        let header = format!("{line}\r\nx-after: 1\r\n");
        let server = Server::start(move |_| vec![answer("200 OK", &header, b"Welcome")]).await;
        let reading = look(server.address, r#"{ url = "…/", keyword = "Welcome" }"#).await;
        assert_eq!(reading.finding, Finding::Passing, "{line:?}: {}", reading.words);
    }
}

#[tokio::test]
async fn a_broken_encoding_is_failing_and_one_that_we_do_not_know_is_unknown_and_only_where_the_text_matters() {
    let mut body = encoded("gzip", b"hello, hello, hello").await;
    body.truncate(15);
    let server = Server::start(move |_| vec![answer("200 OK", "content-encoding: gzip\r\n", &body)]).await;
    let reading = look(server.address, r#"{ url = "…/", keyword = "bye" }"#).await;
    assert_failing(&reading, Cause::Protocol, "gzip encoding is broken");

    let server = Server::start(|_| vec![answer("200 OK", "content-encoding: rot13\r\n", b"uryyb")]).await;
    let reading = look(server.address, r#"{ url = "…/", keyword = "hello" }"#).await;
    let words = "the page came in content encoding \"rot13\", which was not asked for";
    assert_eq!((reading.finding, reading.words.as_str()), (Finding::Unknown(Blind::Unreadable), words));
    assert_passing(&look(server.address, r#"{ url = "…/" }"#).await);

    let server = Server::start(|_| vec![answer("200 OK", "content-encoding: gzip\r\n", b"")]).await;
    assert_passing(&look(server.address, r#"{ url = "…/", keyword = "x", present = false }"#).await);
}

#[tokio::test]
async fn redirects_are_followed_and_the_last_hop_is_judged() {
    let server = Server::start(|request| match request.split(' ').nth(1).unwrap() {
        "/" => vec![answer("302 Found", "location: /next?token=abc#here\r\n", b"moved")],
        "/next?token=abc" => vec![answer("301 Moved", "location: last\r\n", b"moved")],
        "/last" => vec![answer("200 OK", "", b"Welcome")],
        _ => vec![answer("404 Not Found", "", b"")],
    })
    .await;
    let reading = look(server.address, r#"{ url = "…/", keyword = "Welcome", status = 200 }"#).await;
    assert_passing(&reading);
    let to = evidence(&reading).redirected_to.clone().unwrap();
    assert_eq!(to.as_str(), format!("http://{}/last", server.address));
    // Without following, the redirect is the page.
    let reading = look(server.address, r#"{ url = "…/", follow_redirects = 0, status = 302 }"#).await;
    assert_passing(&reading);
    let reading = look(server.address, r#"{ url = "…/", follow_redirects = 1 }"#).await;
    assert_failing(&reading, Cause::Redirects, "more than 1 times");
}

#[tokio::test]
async fn a_site_that_sets_a_cookie_with_a_redirect_to_itself_is_seen_as_a_browser_sees_it() {
    let server = Server::start(|request| {
        let has_session = request.to_lowercase().contains("\r\ncookie: session=abc\r\n");
        match has_session {
            true => vec![answer("200 OK", "", b"Welcome")],
            false => vec![answer("302 Found", "location: /\r\nset-cookie: session=abc; Path=/\r\n", b"")],
        }
    })
    .await;
    assert_passing(&look(server.address, r#"{ url = "…/", keyword = "Welcome" }"#).await);
}

#[tokio::test]
async fn a_cookie_is_forgotten_after_its_check_and_stays_at_its_site() {
    let other = Server::start(|_| vec![answer("200 OK", "", b"")]).await;
    let to = format!("location: http://localhost:{}/\r\nset-cookie: session=abc; Path=/\r\n", other.address.port());
    let server = Server::start(move |_| vec![answer("302 Found", &to, b"")]).await;
    for _ in 0..2 {
        assert_passing(&look(server.address, r#"{ url = "…/" }"#).await);
    }
    for request in server.requests.lock().unwrap().iter().chain(other.requests.lock().unwrap().iter()) {
        assert!(!request.to_lowercase().contains("cookie:"), "{request}");
    }
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_is_failing() {
    for (location, part) in [
        ("/", "redirected more than 5 times"),
        ("ftp://a.example/", "cannot be followed"),
        ("http://", "is no URL"),
        ("javascript:alert(1)", "cannot be followed"),
    ] {
        let server = Server::start(move |_| vec![answer("302 Found", &format!("location: {location}\r\n"), b"")]).await;
        let reading = look(server.address, r#"{ url = "…/", keyword = "x", present = false }"#).await;
        assert_failing(&reading, Cause::Redirects, part);
    }
    let server = Server::start(|_| vec![answer("302 Found", "", b"no location")]).await;
    assert_failing(&look(server.address, r#"{ url = "…/" }"#).await, Cause::Status, "answered 302");
}

#[tokio::test]
async fn a_redirect_to_a_name_that_nobody_can_look_up_is_unknown() {
    for name in ["{{app}}", "${APP}.example.com", "shop..example.com"] {
        let location = format!("location: http://{name}/\r\n");
        let server = Server::start(move |_| vec![answer("302 Found", &location, b"")]).await;
        let reading = look(server.address, r#"{ url = "…/" }"#).await;
        assert_eq!(reading.finding, Finding::Unknown(Blind::Resolver), "{name}: {}", reading.words);
        assert!(reading.words.as_str().contains("no resolver can answer for"), "{}", reading.words);
    }
}

#[tokio::test]
async fn secrets_stay_at_the_origin_that_they_were_meant_for() {
    let other = Server::start(|_| vec![answer("200 OK", "", b"")]).await;
    let away = format!("location: http://ops:pw@{}/\r\n", other.address);
    let server = Server::start(move |request| match request.split(' ').nth(1).unwrap() {
        "/" => vec![answer("307 Temporary", "location: /here\r\n", b"")],
        _ => vec![answer("307 Temporary", &away, b"")],
    })
    .await;
    let headers = r#"headers = { authorization = "Bearer plain", cookie = "a=b", x-key = { env = "SHOP_TOKEN" }, x-plain = "c" }"#;
    let reading = look(server.address, &format!(r#"{{ url = "…/", {headers} }}"#)).await;
    assert_passing(&reading);
    assert!(!format!("{reading:?}").contains("s3cret") && !format!("{reading:?}").contains("pw@"));
    let here = server.requests.lock().unwrap().clone();
    assert!(here.len() == 2 && here.iter().all(|request| request.contains("s3cret") && request.contains("Bearer")));
    let there = other.request().to_lowercase();
    for dropped in ["authorization", "cookie", "x-key", "s3cret", "ops"] {
        assert!(!there.contains(dropped), "{dropped}: {there}");
    }
    assert!(there.contains("x-plain: c"), "{there}");

    let settings = r#"{ url = "…/", method = "POST", body = { env = "SHOP_TOKEN" } }"#;
    assert_failing(&look(server.address, settings).await, Cause::Redirects, "a secret body is not sent");
}

#[tokio::test]
async fn a_post_becomes_a_get_where_browsers_make_it_one() {
    for (status, method) in [("303 See Other", "GET"), ("302 Found", "GET"), ("307 Temporary", "POST")] {
        let server = Server::start(move |request| match request.split(' ').nth(1).unwrap() {
            "/" => vec![answer(status, "location: /next\r\n", b"")],
            _ => vec![answer("200 OK", "", b"")],
        })
        .await;
        assert_passing(&look(server.address, r#"{ url = "…/", method = "POST", body = "x" }"#).await);
        let second = server.requests.lock().unwrap()[1].clone();
        assert!(second.starts_with(&format!("{method} /next")), "{status}: {second}");
        assert_eq!(second.ends_with("\r\n\r\nx"), method == "POST", "{status}: {second}");
    }
}

#[tokio::test]
async fn one_address_is_asked_for_another_hosts_page() {
    let server = Server::start(|request| match request.split(' ').nth(1).unwrap() {
        "/" => vec![answer("302 Found", "location: http://shop.example.com/in\r\n", b"")],
        _ => vec![answer("200 OK", "", b"")],
    })
    .await;
    assert_passing(&look(server.address, r#"{ url = "…/", host = "shop.example.com" }"#).await);
    let requests = server.requests.lock().unwrap().clone();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.contains("host: shop.example.com\r\n")), "{requests:?}");
}

#[tokio::test]
async fn each_check_has_a_fresh_connection_unless_it_may_be_reused() {
    for (reuse, connections) in [("false", 3), ("true", 1)] {
        let server = Server::start(|_| vec![answer("200 OK", "", b"hello")]).await;
        let observer = observer();
        let settings = format!(r#"{{ url = "http://{}/", reuse = {reuse} }}"#, server.address);
        let monitor = monitor("http", &settings);
        for _ in 0..3 {
            assert_passing(&observer.observe(&monitor, BEGUN_AT).await);
        }
        assert_eq!(*server.connections.lock().unwrap(), connections, "reuse = {reuse}");
    }
}

#[tokio::test]
async fn a_connection_is_kept_after_an_encoded_or_chunked_page_and_not_after_one_that_was_cut_short() {
    let page = vec![b'.'; 50_000];
    let mut chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nc350\r\n".to_vec();
    chunked.extend([page.as_slice(), b"\r\n0\r\n\r\n"].concat());
    let mut acts = vec![(vec![Act::Send(chunked)], "", 1)];
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let header = format!("content-encoding: {encoding}\r\n");
        let body = encoded(encoding, &page).await;
        acts.push((vec![answer("200 OK", &header, &body)], "", 1));
        acts.push((vec![answer("200 OK", &header, &body)], ", max_body = 1000", 3));
    }
    for (acts, settings, connections) in acts {
        let server = Server::start(move |_| acts.clone()).await;
        let observer = observer();
        let settings = format!(r#"{{ url = "http://{}/", reuse = true{settings} }}"#, server.address);
        let monitor = monitor("http", &settings);
        for _ in 0..3 {
            assert_passing(&observer.observe(&monitor, BEGUN_AT).await);
        }
        assert_eq!(*server.connections.lock().unwrap(), connections, "{settings}");
    }
}

#[tokio::test]
async fn the_connection_to_the_last_hop_is_kept_across_the_first() {
    let last = Server::start(|_| vec![answer("200 OK", "", b"hello")]).await;
    let there = format!("location: http://{}/\r\n", last.address);
    let first = Server::start(move |_| vec![answer("302 Found", &there, b"")]).await;
    let observer = observer();
    let monitor = monitor("http", &format!(r#"{{ url = "http://{}/", reuse = true }}"#, first.address));
    for _ in 0..3 {
        assert_passing(&observer.observe(&monitor, BEGUN_AT).await);
    }
    assert_eq!((*first.connections.lock().unwrap(), *last.connections.lock().unwrap()), (3, 1));
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_says_nothing_of_the_page() {
    let nth = AtomicU32::new(0);
    let server = Server::start(move |_| match nth.fetch_add(1, Ordering::Relaxed) {
        0 => vec![answer("200 OK", "", b"hello"), Act::Close],
        _ => vec![answer("200 OK", "", b"hello")],
    })
    .await;
    let observer = observer();
    let monitor = monitor("http", &format!(r#"{{ url = "http://{}/", reuse = true }}"#, server.address));
    for _ in 0..3 {
        assert_passing(&observer.observe(&monitor, BEGUN_AT).await);
    }
    assert_eq!(*server.connections.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_unknown_and_nothing_is_sent() {
    let server = Server::start(|_| vec![answer("200 OK", "", b"")]).await;
    let reading = look(server.address, r#"{ url = "…/", headers = { authorization = { env = "NOT_SET" } } }"#).await;
    assert_eq!(reading.finding, Finding::Unknown(Blind::Settings));
    assert!(reading.words.as_str().contains("NOT_SET is not set"));
    assert_eq!(*server.connections.lock().unwrap(), 0);
}

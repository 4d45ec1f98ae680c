//! What the settings take, and what is said of those that they do not.

use crate::support::read;
use flyball_monitors::Kind;

#[test]
fn every_kind_reads_its_own_example() {
    for kind in Kind::descriptions() {
        let example = read(kind.word, kind.example).unwrap();
        assert_eq!(example.word(), kind.word);
        assert!(kind.fields.iter().all(|field| !field.doc.is_empty()), "{}", kind.word);
    }
    assert!(Kind::descriptions().iter().map(|kind| &kind.word).eq(Kind::words()));
}

#[test]
fn each_mistake_is_told_once_and_in_words() {
    let cases = [
        ("http", r#"{ method = "GET" }"#, "`url` is missing"),
        ("http", r#"{ url = "ftp://a.example/" }"#, "scheme \"ftp\""),
        ("http", r#"{ url = "https://ops:pw@a.example/" }"#, "secret in the file"),
        ("http", r#"{ url = "a.example" }"#, "http://"),
        ("http", r#"{ url = "https://a.example/", method = "PUT" }"#, "unknown method"),
        ("http", r#"{ url = "https://a.example/", status = 99 }"#, "no status"),
        ("http", r#"{ url = "https://a.example/", status = [] }"#, "no status at all"),
        ("http", r#"{ url = "https://a.example/", status = [200, "7xx"] }"#, "\"7xx\""),
        ("http", r#"{ url = "https://a.example/", keyword = "" }"#, "empty text"),
        ("http", r#"{ url = "https://a.example/", regex = "a(" }"#, "unclosed group, at character 2"),
        ("http", r#"{ url = "https://a.example/", keyword = "a", regex = "b" }"#, "both `keyword` and `regex`"),
        ("http", r#"{ url = "https://a.example/", present = false }"#, "`present` without"),
        ("http", r#"{ url = "https://a.example/", body = "x" }"#, "a GET request has no body"),
        ("http", r#"{ url = "https://a.example/", body = "x", method = "HEAD" }"#, "a HEAD request has no body"),
        ("http", r#"{ url = "https://a.example/", method = "HEAD", keyword = "x" }"#, "no page to seek in"),
        ("http", r#"{ url = "https://a.example/", headers = { "a b" = "x" } }"#, "no header's name"),
        ("http", r#"{ url = "https://a.example/", headers = { Host = "x" } }"#, "`Host` header"),
        ("http", r#"{ url = "https://a.example/", headers = { Content-Length = "1" } }"#, "made by the check"),
        ("http", r#"{ url = "https://a.example/", headers = { a = "x\ny" } }"#, "characters"),
        ("http", r#"{ url = "https://a.example/", headers = { a = "x", A = "y" } }"#, "twice"),
        ("http", r#"{ url = "https://a.example/", headers = { a = { env = "1x" } } }"#, "\"1x\""),
        ("http", r#"{ url = "https://a.example/", timeout = 10 }"#, "without its unit"),
        ("http", r#"{ url = "https://a.example/", timeout = "10m" }"#, "out of bounds"),
        ("http", r#"{ url = "https://a.example/", follow_redirects = 21 }"#, "out of bounds"),
        ("http", r#"{ url = "https://a.example/", max_body = "1 parsec" }"#, "no number of bytes"),
        ("http", r#"{ url = "https://a.example/", max_body = "1GiB" }"#, "out of bounds"),
        ("http", r#"{ url = "https://a.example/", host = "a b" }"#, "no host's name"),
        ("http", r#"{ url = "https://a.example/", slower_than = "10s" }"#, "not waited for"),
        ("http", r#"{ url = "https://a.example/", slower_than = "3s", timeout = "2s" }"#, "not waited for"),
        ("http", r#"{ url = "https://a.example/", keyword = "hello", max_body = "4B" }"#, "longer than what is read"),
        ("http", r#"{ url = "https://a.example/", regex = "/error/i" }"#, "delimiters and flags"),
        ("http", r#"{ url = "https://a.example/", slower = "1s" }"#, "unknown key `slower`"),
        ("tcp", r#"{ address = "localhost" }"#, "no host and port"),
        ("tcp", r#"{ address = "localhost:1", timeout = "0s" }"#, "out of bounds"),
        ("heroku_dynos", r#"{ app = "Shop" }"#, "\"Shop\""),
        ("heroku_dynos", r#"{ app = "shop", dyno = "web.1", process_type = "web" }"#, "both `dyno` and"),
        ("heroku_dynos", r#"{ app = "shop", dyno = "web" }"#, "no dyno has such a name"),
        ("heroku_dynos", r#"{ app = "shop", dyno = "run.1" }"#, "one-off dynos are never counted"),
        ("heroku_dynos", r#"{ app = "shop", idle = "up" }"#, "passing or failing"),
    ];
    for (word, settings, part) in cases {
        let mistakes = read(word, settings).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{settings}: {mistakes:?}");
        assert!(mistakes[0].message.contains(part), "{settings}: {}", mistakes[0].message);
        assert!(!format!("{mistakes:?}").contains("pw@"), "{mistakes:?}");
    }
}

#[test]
fn all_mistakes_of_a_table_are_told_at_once() {
    let settings = r#"{ url = "gopher://x", method = "PUT", status = "9xx", timeout = "1h", evry = 1 }"#;
    assert_eq!(read("http", settings).unwrap_err().len(), 5);
}

#[test]
fn what_is_watched_changes_with_the_subject_and_not_with_the_way_of_looking() {
    let watched = |word, settings: &str| read(word, settings).unwrap().watched();
    let base = watched("http", r#"{ url = "https://a.example/", keyword = "x" }"#);
    for same in [
        r#"{ url = "https://a.example", keyword = "x", timeout = "3s" }"#,
        r#"{ url = "https://a.example/", keyword = "x", reuse = true, max_body = 5, follow_redirects = 2 }"#,
    ] {
        assert_eq!(watched("http", same), base);
    }
    for other in [
        r#"{ url = "https://b.example/", keyword = "x" }"#,
        r#"{ url = "https://a.example/", keyword = "y" }"#,
        r#"{ url = "https://a.example/", regex = "x" }"#,
        r#"{ url = "https://a.example/", keyword = "x", present = false }"#,
        r#"{ url = "https://a.example/", keyword = "x", host = "b.example" }"#,
        r#"{ url = "https://a.example/", keyword = "x", headers = { a = "b" } }"#,
        r#"{ url = "https://a.example/", keyword = "x", slower_than = "1s" }"#,
    ] {
        assert_ne!(watched("http", other), base, "{other}");
    }
    let base = watched("heroku_dynos", r#"{ app = "shop" }"#);
    assert_eq!(watched("heroku_dynos", r#"{ app = "shop", boot = "5s", account = "b" }"#), base);
    assert_ne!(watched("heroku_dynos", r#"{ app = "shop2" }"#), base);
    assert_ne!(watched("heroku_dynos", r#"{ app = "shop", dyno = "web.1" }"#), base);
    assert_ne!(watched("tcp", r#"{ address = "a:1" }"#), watched("tcp", r#"{ address = "a:2" }"#));
}

#[test]
fn an_idle_monitor_is_small() {
    // Of the 4 KiB that an idle monitor may take, its settings leave most to what is remembered of it.
    assert!(size_of::<flyball_monitors::Http>() <= 768, "{}", size_of::<flyball_monitors::Http>());
    assert!(size_of::<Kind>() <= 256, "{}", size_of::<Kind>());
}

#[test]
fn settings_serialise_as_they_would_be_written_and_hold_no_secret() {
    let settings =
        r#"{ url = "https://a.example/", keyword = "x", present = false, timeout = "3s", status = ["2xx", 404],
        headers = { authorization = { env = "SHOP_TOKEN" } } }"#
            .replace('\n', " ");
    let json = serde_json::to_value(read("http", &settings).unwrap()).unwrap();
    let http = &json["http"];
    assert_eq!(http["url"], "https://a.example/");
    assert_eq!((&http["keyword"], &http["present"]), (&"x".into(), &false.into()));
    assert_eq!(http["status"], serde_json::json!(["2xx", "404"]));
    assert_eq!(http["timeout"], "3s");
    assert_eq!(http["headers"]["authorization"], serde_json::json!({ "variable": "SHOP_TOKEN" }));
    assert_eq!(read("http", &settings).unwrap().variables(), ["SHOP_TOKEN"]);
}

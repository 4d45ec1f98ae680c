//! The verdict on a page that was handed over: the rules, as a table.

use crate::support::{BEGUN_AT, evidence, http};
use flyball_model::{Blind, Cause, Excerpt, Finding};
use flyball_monitors::{Exchange, Failure, Page, Text};
use std::time::Duration;

const FAST: Duration = Duration::from_millis(12);

#[test]
fn the_first_rule_that_applies_is_the_cause() {
    let passing = Finding::Passing;
    let failing = Finding::Failing;
    // Settings beside the URL, the status, the page, milliseconds; the finding, and a part of its words.
    let cases = [
        ("", 200, "hello", 12, passing, "answered 200 in 12ms"),
        ("", 204, "", 12, passing, "answered 204"),
        ("", 302, "", 12, failing(Cause::Status), "answered 302, wanted 2xx"),
        ("", 503, "down", 12, failing(Cause::Status), "answered 503, wanted 2xx"),
        ("status = 503", 503, "down", 12, passing, "answered 503"),
        (r#"status = [200, "3xx"]"#, 404, "", 12, failing(Cause::Status), "answered 404, wanted 200 or 3xx"),
        (r#"keyword = "hell""#, 200, "hello", 12, passing, "the page has \"hell\""),
        (r#"keyword = "hell""#, 500, "hello", 12, passing, "answered 500"),
        (r#"keyword = "Hell""#, 200, "hello", 12, failing(Cause::Text), "the page does not have \"Hell\""),
        (
            r#"keyword = "Hell""#,
            503,
            "hello",
            12,
            failing(Cause::Status),
            "wanted 2xx, and the page does not have \"Hell\"",
        ),
        (r#"keyword = "Hell", status = 503"#, 503, "hello", 12, failing(Cause::Text), "(it answered 503)"),
        (r#"keyword = "hell", present = false"#, 200, "hello", 12, failing(Cause::Text), "the page has \"hell\""),
        (r#"keyword = "x", present = false"#, 200, "hello", 12, passing, "does not have \"x\""),
        (r#"keyword = "x", present = false"#, 503, "hello", 12, failing(Cause::Status), "answered 503, wanted 2xx"),
        (r#"keyword = "x", present = false, status = 503"#, 503, "hello", 12, passing, "does not have \"x\""),
        (
            r#"keyword = "hell", present = false"#,
            500,
            "hello",
            12,
            failing(Cause::Text),
            "has \"hell\" (it answered 500)",
        ),
        (r#"keyword = "hell", present = false, status = 200"#, 500, "hello", 12, failing(Cause::Text), "has \"hell\""),
        (r#"regex = "x", present = false"#, 503, "hello", 12, failing(Cause::Status), "answered 503, wanted 2xx"),
        (r#"keyword = "hell", status = 200"#, 503, "hello", 12, failing(Cause::Status), "answered 503, wanted 200"),
        (r#"regex = "h.l+o$""#, 200, "hello", 12, passing, "a match of /h.l+o$/"),
        (r#"regex = "(?i)HELL", present = false"#, 200, "hello", 12, failing(Cause::Text), "has a match of"),
        (r#"slower_than = "800ms""#, 200, "", 800, passing, "in 800ms"),
        (r#"slower_than = "800ms""#, 200, "", 1250, failing(Cause::Slow), "took 1.2s, slower than 800ms"),
        (r#"slower_than = "800ms""#, 503, "", 12, failing(Cause::Status), "answered 503, wanted 2xx"),
        (r#"slower_than = "800ms""#, 503, "", 900, failing(Cause::Status), "answered 503, wanted 2xx"),
        (r#"slower_than = "800ms", keyword = "hell""#, 500, "hello", 12, passing, "answered 500"),
        (r#"slower_than = "800ms", keyword = "hell""#, 500, "hello", 900, failing(Cause::Slow), "took 900ms"),
        (r#"slower_than = "800ms", status = "2xx""#, 503, "", 900, failing(Cause::Status), "answered 503"),
        (r#"slower_than = "800ms", keyword = "x""#, 200, "", 900, failing(Cause::Text), "does not have"),
        (r#"max_body = 4, keyword = "hell""#, 200, "shell", 12, failing(Cause::Text), "in its first 4 B"),
        (r#"keyword = "Störung", present = false"#, 200, "alles gut", 12, passing, "does not have"),
        (r#"keyword = "gut""#, 200, "überall gut", 12, passing, "has"),
        (r#"max_body = 5, keyword = "hello""#, 200, "hello", 12, passing, "has"),
    ];
    for (settings, status, body, millis, finding, part) in cases {
        let comma = if settings.is_empty() { "" } else { ", " };
        let http = http(&format!(r#"{{ url = "http://a.example/"{comma}{settings} }}"#));
        let reading = http.judge_page(status, body.as_bytes(), Duration::from_millis(millis), BEGUN_AT);
        assert_eq!(reading.finding, finding, "{settings} {status} {body}: {}", reading.words);
        assert!(reading.words.as_str().contains(part), "{settings} {status} {body}: {}", reading.words);
        assert_eq!((reading.begun_at, evidence(&reading).status), (BEGUN_AT, Some(status)));
    }
}

#[test]
fn what_cannot_be_sought_in_a_page_that_is_no_text_is_unknown_unless_something_graver_is_known() {
    let unreadable = Finding::Unknown(Blind::Unreadable);
    let failing = Finding::Failing;
    for (settings, status, finding) in [
        (r#"keyword = "Störung""#, 200, unreadable),
        (r#"keyword = "Störung", present = false"#, 200, unreadable),
        (r#"keyword = "Störung", present = false"#, 503, failing(Cause::Status)),
        // The text would have excused it.
        (r#"keyword = "Störung""#, 503, unreadable),
        (r#"keyword = "Störung", status = 200"#, 503, failing(Cause::Status)),
        (r#"keyword = "rung", present = false"#, 200, failing(Cause::Text)),
        (r#"keyword = "error", present = false"#, 200, Finding::Passing),
        (r#"keyword = "error""#, 200, failing(Cause::Text)),
        (r#"regex = '\x{f6}'"#, 200, unreadable),
        (r#"regex = "rung$""#, 200, Finding::Passing),
        ("", 200, Finding::Passing),
    ] {
        let comma = if settings.is_empty() { "" } else { ", " };
        let http = http(&format!(r#"{{ url = "http://a.example/"{comma}{settings} }}"#));
        let reading = http.judge_page(status, b"St\xf6rung", FAST, BEGUN_AT);
        assert_eq!(reading.finding, finding, "{settings} {status}: {}", reading.words);
    }
}

#[test]
fn evidence_shows_the_page_around_what_was_found_and_its_beginning_otherwise() {
    let page = format!("<h1>Shop</h1>{}PG::ConnectionBad é database error\r\n{}", " .".repeat(500), "é".repeat(500));
    let found = http(r#"{ url = "http://a.example/", keyword = "database error" }"#);
    let reading = found.judge_page(200, page.as_bytes(), FAST, BEGUN_AT);
    let excerpt = evidence(&reading).excerpt.clone().unwrap();
    assert_eq!(evidence(&reading).found, Some(true));
    assert!(excerpt.as_str().contains("PG::ConnectionBad é database error éé"), "{excerpt}");
    assert!(!excerpt.as_str().contains('\u{fffd}'), "{excerpt}");

    let missing = http(r#"{ url = "http://a.example/", keyword = "Welcome" }"#);
    let reading = missing.judge_page(200, page.as_bytes(), FAST, BEGUN_AT);
    assert_eq!(evidence(&reading).found, Some(false));
    assert!(evidence(&reading).excerpt.as_ref().unwrap().as_str().starts_with("<h1>Shop</h1>"));
}

#[test]
fn a_page_that_could_not_be_read_fails_whatever_was_sought() {
    let failure = Failure::failing(Cause::TimeOut, "no answer within 10s");
    let exchange = |failure| Exchange {
        page: None,
        failure: Some(failure),
        address: None,
        proxy: None,
        redirected_to: None,
        phases: flyball_model::Phases::default(),
        took: FAST,
    };
    for settings in [
        r#"{ url = "http://a.example/" }"#,
        r#"{ url = "http://a.example/", keyword = "database error", present = false }"#,
        r#"{ url = "http://a.example/", status = "5xx" }"#,
    ] {
        let (finding, words) = http(settings).judge(&exchange(failure.clone()));
        assert_eq!((finding, words.as_str()), (Finding::Failing(Cause::TimeOut), "no answer within 10s"));
    }
    let blind = Failure::unknown(Blind::Network, "network unreachable");
    let http = http(r#"{ url = "http://a.example/" }"#);
    assert_eq!(http.judge(&exchange(blind)).0, Finding::Unknown(Blind::Network));
}

#[test]
fn no_error_page_satisfies_a_judgement_unless_its_status_or_its_text_was_asked_for() {
    let judgements =
        ["", r#"slower_than = "9s""#, r#"keyword = "x", present = false"#, r#"regex = "x", present = false"#];
    for (settings, status) in judgements.iter().flat_map(|settings| (100..600).map(move |status| (settings, status))) {
        let comma = if settings.is_empty() { "" } else { ", " };
        let reading = http(&format!(r#"{{ url = "http://a.example/"{comma}{settings} }}"#));
        let reading = reading.judge_page(status, b"sorry", FAST, BEGUN_AT);
        assert_eq!(reading.finding == Finding::Passing, (200..300).contains(&status), "{settings} {status}");
    }
}

#[test]
fn a_page_that_broke_off_is_judged_by_what_there_was_of_it() {
    let broke_off = Failure::failing(Cause::Protocol, "the page broke off");
    let exchange = |status, text| Exchange {
        page: Some(Page { status, text, body_bytes: 5, cut_short: false }),
        failure: Some(broke_off.clone()),
        address: None,
        proxy: None,
        redirected_to: None,
        phases: flyball_model::Phases::default(),
        took: FAST,
    };
    let (found, not_found) = (|| Text::Found(Excerpt::of("hello")), || Text::NotFound(Excerpt::of("he")));
    let failing = Finding::Failing;
    for (settings, status, text, finding) in [
        ("", 200, not_found(), failing(Cause::Protocol)),
        ("", 503, not_found(), failing(Cause::Status)),
        (r#"keyword = "hello""#, 200, found(), Finding::Passing),
        (r#"keyword = "hello""#, 200, not_found(), failing(Cause::Protocol)),
        (r#"keyword = "hello""#, 503, not_found(), failing(Cause::Protocol)),
        (r#"keyword = "hello", status = 200"#, 503, not_found(), failing(Cause::Status)),
        (r#"keyword = "hello", slower_than = "1s""#, 200, found(), failing(Cause::Protocol)),
        (r#"keyword = "hello", present = false"#, 503, found(), failing(Cause::Text)),
        (r#"keyword = "hello", present = false"#, 503, not_found(), failing(Cause::Status)),
        (r#"keyword = "hello", present = false"#, 200, not_found(), failing(Cause::Protocol)),
    ] {
        let comma = if settings.is_empty() { "" } else { ", " };
        let http = http(&format!(r#"{{ url = "http://a.example/"{comma}{settings} }}"#));
        assert_eq!(http.judge(&exchange(status, text)).0, finding, "{settings} {status}");
    }
}

//! Answers of the Platform API, to every call that there is.

use crate::Drawn;
use crate::wire::{Same, TOKEN, run};
use flyball_heroku::{Call, Error, ErrorKind, Heroku, Live, OneOff, RELEASES_A_PAGE, Sent};
use flyball_model::{AppName, DynoName, DynoSize, ProcessType, Quantity, Release, ReleaseId, ReleaseVersion};
use http::header::{DATE, ETAG};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use std::collections::BTreeMap;
use std::time::Duration;

/// Statuses that mean something; any other is drawn as it comes.
const STATUSES: [u16; 16] = [200, 200, 200, 201, 202, 206, 304, 401, 402, 403, 404, 409, 422, 429, 500, 503];
/// The value of a variable of a one-off dyno. An answer may echo it; errors must not.
const VALUE: &str = "pl4nted-value-of-a-variable";
/// The most requests that one read leads to: five pages, twice where older releases are asked for in two ways.
const READS_MAX: usize = 10;
/// The longest that an error may be: Heroku's 300 characters, a request id of 1000, and our own words.
const ERROR_CHARS_MAX: usize = 1_700;

/// Answers every call with drawn status, headers and body.
///
/// # Panics
///
/// When something does not hold.
pub fn platform(data: &[u8]) {
    let mut drawn = Drawn(data);
    let status = match usize::from(drawn.byte()) {
        known if known < 4 * STATUSES.len() => STATUSES[known % STATUSES.len()],
        other => 100 + u16::try_from(other).unwrap_or(0) * 3,
    };
    let status = StatusCode::from_u16(status).expect("all of them have three digits");
    let (which, length) = (drawn.byte(), usize::from(drawn.byte()));
    let headers = headers(which, drawn.bytes(length));
    let transport = Same::new(status, headers, drawn.rest());
    run(async {
        for call in 0..CALLS {
            // Once more by the same client, which may have remembered the first answer.
            let live = transport.client();
            for _ in 0..2 {
                let failed = make(call, &live).await;
                let asked = transport.asked();
                let changes = asked.iter().filter(|asked| asked.method != Method::GET).count();
                assert!(changes <= 1 && asked.len() <= READS_MAX, "call {call} was sent {} times", asked.len());
                assert!(changes == 0 || asked.len() == 1, "a change is one request");
                match failed {
                    Some(error) => judge(&error),
                    None => {
                        assert!(status.is_success() || status == StatusCode::NOT_MODIFIED, "{status} is no success");
                    }
                }
            }
        }
    });
}

/// These headers with this value, where a header may have it.
fn headers(which: u8, value: &[u8]) -> HeaderMap {
    let Ok(value) = HeaderValue::from_bytes(value) else { return HeaderMap::new() };
    let names = [
        ETAG,
        DATE,
        HeaderName::from_static("next-range"),
        HeaderName::from_static("request-id"),
        HeaderName::from_static("ratelimit-remaining"),
        HeaderName::from_static("retry-after"),
        HeaderName::from_static("content-range"),
        HeaderName::from_static("content-encoding"),
    ];
    let chosen = names.into_iter().enumerate().filter(|(index, _)| which & (1 << index) != 0);
    chosen.map(|(_, name)| (name, value.clone())).collect()
}

/// How many calls [`make`] knows.
const CALLS: u8 = 16;

/// Makes a call; what it answers must be so.
async fn make(call: u8, live: &Live) -> Option<Error> {
    let (app, web): (AppName, _) = ("shop".parse().expect("a name"), ProcessType::web());
    match call {
        0 => live.account().await.err(),
        1 => live.rate_limit().await.err(),
        2 => live.app(&app).await.err(),
        3 => live.formation(&app).await.err(),
        4 => live.dynos(&app).await.err(),
        5 => releases(live, &app, None).await,
        6 => releases(live, &app, Some(ReleaseVersion::new(5))).await,
        7 => live.dyno_sizes().await.err(),
        8 => live.set_quantity(&app, &web, Quantity::new(3)).await.err(),
        9 => live.set_size(&app, &web, &DynoSize::new("basic")).await.err(),
        10 => {
            let dyno: DynoName = "web.1".parse().expect("a name");
            live.restart_dyno(&app, &dyno).await.err()
        }
        11 => live.restart_all(&app).await.err(),
        12 => live.roll_back(&app, &ReleaseId::new("r-9")).await.err(),
        13 => live.drains(&app).await.err(),
        14 => live.add_drain(&app, &format!("https://flyball.example.com/drain/{VALUE}").into()).await.err(),
        _ => {
            let env = BTreeMap::from([("KEY".to_owned(), VALUE.into())]);
            let time_to_live = Duration::from_secs(60);
            let one_off = OneOff { command: "clean".to_owned(), size: None, time_to_live, env };
            live.run_one_off(&app, &one_off).await.err()
        }
    }
}

async fn releases(live: &Live, app: &AppName, below: Option<ReleaseVersion>) -> Option<Error> {
    match live.releases(app, below).await {
        Err(error) => Some(error),
        Ok(page) => {
            let page: Vec<Release> = page.value;
            assert!(page.len() <= RELEASES_A_PAGE, "a page of {}", page.len());
            assert!(page.is_sorted_by(|one, next| one.version > next.version), "newest first, none twice");
            assert!(page.iter().all(|release| below.is_none_or(|below| release.version < below)), "none that is newer");
            None
        }
    }
}

fn judge(error: &Error) {
    let said = format!("{error}{}", error.hint().unwrap_or_default());
    assert!(!said.chars().any(char::is_control), "{said:?}");
    assert!(error.to_string().chars().count() <= ERROR_CHARS_MAX, "{} characters: {said}", said.chars().count());
    for shown in [said.as_str(), &format!("{error:?}")] {
        assert!(!shown.contains(TOKEN), "{shown}");
        // Only the call that was given the value knows that it is a secret.
        let knows = matches!(error.call(), Call::RunOneOff { .. } | Call::AddDrain { .. });
        assert!(!knows || !shown.contains(VALUE), "{shown}");
    }
    if error.call().is_change() && error.sent() == Sent::Maybe {
        assert!(error.status().is_none() || !error.kind().lasts(), "{error}");
    }
    if error.kind() == &ErrorKind::Unreadable {
        let why = error.message().unwrap_or_default();
        let ours = why.starts_with("expected ") || why == "it is too long" || why == "the list does not end";
        assert!(ours, "these are not our words, but may be the body's: {why}");
    }
}

//! `Idempotency-Key`: whoever does not know whether a request was heard sends it again with the same key, and it is done once.
//!
//! What is begun is brought to its end, also where the connection breaks, so that the next try finds its answer. Answers are kept in this
//! process alone: one may hold a token, which stands nowhere on disk.

use crate::answer::Problem;
use crate::guard::Visitor;
use crate::house::House;
use aws_lc_rs::digest;
use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use utoipa_axum::router::UtoipaMethodRouter;

pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Whoever tries again does so within minutes; a day also covers who is away over night.
const KEPT_FOR: Duration = Duration::from_hours(24);
/// Four ids in a row, and then some.
pub(crate) const KEY_CHARS_MAX: usize = 255;
/// Keys of one person or program at once: a change each 90 s, all day.
const KEYS_OF_ONE_MAX: usize = 1_000;
/// Keys of all: with the longest answers these are 80 MiB, and 5 MiB as answers mostly are.
const KEYS_MAX: usize = 5_000;
/// Answers are mostly a kilobyte; what a definition says may be longer, and can be read again.
const BODY_KEPT_MAX: usize = 16 * 1024;

/// What was asked with a key, and answered.
#[derive(Default)]
pub(crate) struct Answered(Mutex<HashMap<Whose, Entry>>);

/// A key, and who sent it: another's is another key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Whose {
    who: String,
    key: String,
}

#[derive(Debug)]
struct Entry {
    /// When it was begun, by the time that passes.
    at: Duration,
    asked: Print,
    /// None while it is under way.
    answer: Option<Kept>,
}

/// The hash of a request: it may hold a password.
type Print = [u8; 32];

/// An answer, to be given again.
#[derive(Debug, Clone)]
enum Kept {
    Whole(StatusCode, HeaderMap, Bytes),
    TooLong,
}

/// What is to be done with a request that has a key.
#[derive(Debug)]
enum Step {
    Do,
    Answer(Kept),
    Refuse(Problem),
}

/// Routes whose requests may have a key. A method that they do not have is refused before its key is looked at.
pub(crate) fn keyed((schemas, paths, methods): Routes) -> Routes {
    (schemas, paths, methods.route_layer(from_fn(once)))
}

type Routes = UtoipaMethodRouter<Arc<House>>;

/// Has a request with a key be done once. Comes behind the guard: whoever may not any more is given no answer of before.
async fn once(Extension(house): Extension<Arc<House>>, visitor: Visitor, request: Request, next: Next) -> Response {
    let changes = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
    match key_of(request.headers()) {
        // A read beside them does nothing that could be done twice.
        _ if !changes => next.run(request).await,
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => {
            let done = done_once(house, Whose { who: visitor.name, key }, request, next).await;
            done.unwrap_or_else(Problem::into_response)
        }
        Err(problem) => problem.into_response(),
    }
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=KEY_CHARS_MAX).contains(&key.len()));
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        Problem::not_understood(format!("`Idempotency-Key` is not 1 to {KEY_CHARS_MAX} visible ASCII characters"))
            .hint("make a new one for each thing that you want done, such as a UUID")
    })
}

async fn done_once(house: Arc<House>, whose: Whose, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await.map_err(|rejection| {
        Problem::new(rejection.status(), "the body is not understood").because(rejection.body_text())
    })?;
    let asked = print(parts.method.as_str(), &parts.uri.to_string(), &body);
    match house.answered.begin(&whose, asked, house.engine.ports().time.passed()) {
        Step::Do => {}
        Step::Answer(kept) => return Ok(again(kept)),
        Step::Refuse(problem) => return Err(problem),
    }
    let under_way = UnderWay { house: Arc::clone(&house), whose };
    let (told, heard) = oneshot::channel();
    house.engine.ports().tasks.start(Box::pin(async move {
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        let (parts, body) = response.into_parts();
        // It is an answer of our own, which is in memory already.
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        under_way.ended(parts.status, &parts.headers, &body);
        // Whoever asked may be gone.
        let _gone = told.send(Response::from_parts(parts, Body::from(body)));
    }));
    heard.await.map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "this is a mistake of Flyball's own")
            .hint("its log says more; the engine goes on")
    })
}

/// A request that is being done. Its key is free again if it comes to no end.
struct UnderWay {
    house: Arc<House>,
    whose: Whose,
}

impl UnderWay {
    fn ended(self, status: StatusCode, headers: &HeaderMap, body: &Bytes) {
        let answer = is_kept(status).then(|| match body.len() {
            0..=BODY_KEPT_MAX => Kept::Whole(status, headers.clone(), body.clone()),
            _ => Kept::TooLong,
        });
        if let Some(entry) = self.house.answered.entries().get_mut(&self.whose) {
            entry.answer = answer;
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut entries = self.house.answered.entries();
        if entries.get(&self.whose).is_some_and(|entry| entry.answer.is_none()) {
            entries.remove(&self.whose);
        }
    }
}

impl Answered {
    fn entries(&self) -> MutexGuard<'_, HashMap<Whose, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done with a request; it is under way from now on, if it is to be done.
    fn begin(&self, whose: &Whose, asked: Print, now: Duration) -> Step {
        let mut entries = self.entries();
        entries.retain(|_, entry| entry.answer.is_none() || now.saturating_sub(entry.at) < KEPT_FOR);
        let of_one = entries.keys().filter(|other| other.who == whose.who).count();
        let step = step(entries.get(whose), asked, of_one, entries.len());
        if matches!(step, Step::Do) {
            entries.insert(whose.clone(), Entry { at: now, asked, answer: None });
        }
        step
    }
}

/// Decides by what is known of the key, and how many are kept.
fn step(known: Option<&Entry>, asked: Print, of_one: usize, of_all: usize) -> Step {
    match known {
        Some(entry) if entry.asked != asked => Step::Refuse(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "this `Idempotency-Key` was sent with another request")
                .hint("make a new key for each thing that you want done"),
        ),
        Some(Entry { answer: Some(kept), .. }) => Step::Answer(kept.clone()),
        Some(Entry { answer: None, .. }) => Step::Refuse(Problem {
            retry_after_s: Some(1),
            ..Problem::new(StatusCode::CONFLICT, "the first request with this `Idempotency-Key` is still under way")
                .hint("send it again in a moment, with the same key")
        }),
        None if of_one >= KEYS_OF_ONE_MAX || of_all >= KEYS_MAX => Step::Refuse(Problem {
            retry_after_s: Some(3600),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "as many `Idempotency-Key`s are known as may be")
                .because("each is known for 24 hours")
                .hint("send it without a key, or later")
        }),
        None => Step::Do,
    }
}

/// What asks to be tried again is not kept, nor that somebody may not.
fn is_kept(status: StatusCode) -> bool {
    let is_for_now = matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
    );
    !is_for_now && !status.is_server_error()
}

fn again(kept: Kept) -> Response {
    let mut response = match kept {
        Kept::Whole(status, headers, body) => (status, headers, body).into_response(),
        Kept::TooLong => Problem::new(StatusCode::CONFLICT, "this was done already")
            .because("its answer was too long to be kept")
            .hint("look at what stands there now")
            .into_response(),
    };
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn print(method: &str, path: &str, body: &[u8]) -> Print {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [method.as_bytes(), b"\n", path.as_bytes(), b"\n", body] {
        context.update(part);
    }
    let mut print = [0; 32];
    print.copy_from_slice(context.finish().as_ref());
    print
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose(who: &str, key: &str) -> Whose {
        Whose { who: who.to_owned(), key: key.to_owned() }
    }

    fn told(step: &Step) -> u16 {
        match step {
            Step::Do => 0,
            Step::Answer(Kept::Whole(status, ..)) => status.as_u16(),
            Step::Answer(Kept::TooLong) => 1,
            Step::Refuse(problem) => problem.status,
        }
    }

    #[test]
    fn a_request_is_done_once_by_its_key() {
        let (this, another) = (print("POST", "/a", b"{}"), print("POST", "/a", b"{ }"));
        let entry = |answer| Entry { at: Duration::ZERO, asked: this, answer };
        let done = entry(Some(Kept::Whole(StatusCode::ACCEPTED, HeaderMap::new(), Bytes::new())));
        let (long, under_way) = (entry(Some(Kept::TooLong)), entry(None));
        for (case, known, asked, of_one, of_all, expected) in [
            ("new", None, this, 0, 0, 0),
            ("again", Some(&done), this, 1, 1, 202),
            ("again, where no more are taken", Some(&done), this, KEYS_OF_ONE_MAX, KEYS_MAX, 202),
            ("again, and it was long", Some(&long), this, 1, 1, 1),
            ("still under way", Some(&under_way), this, 1, 1, 409),
            ("another request", Some(&done), another, 1, 1, 422),
            ("another request meanwhile", Some(&under_way), another, 1, 1, 422),
            ("one too many of one", None, this, KEYS_OF_ONE_MAX, KEYS_OF_ONE_MAX, 429),
            ("one too many of all", None, this, 0, KEYS_MAX, 429),
        ] {
            assert_eq!(told(&step(known, asked, of_one, of_all)), expected, "{case}");
        }
    }

    #[test]
    fn a_key_is_of_one_person_and_for_a_day() {
        let (answered, asked) = (Answered::default(), print("POST", "/a", b""));
        let (ann, bob) = (whose("ann", "k"), whose("bob", "k"));
        assert_eq!(told(&answered.begin(&ann, asked, Duration::ZERO)), 0);
        assert_eq!(told(&answered.begin(&ann, asked, Duration::ZERO)), 409);
        assert_eq!(told(&answered.begin(&bob, asked, Duration::ZERO)), 0, "another's key");
        let kept = Kept::Whole(StatusCode::OK, HeaderMap::new(), Bytes::new());
        answered.entries().get_mut(&ann).expect("it is under way").answer = Some(kept);
        assert_eq!(told(&answered.begin(&ann, asked, KEPT_FOR - Duration::from_secs(1))), 200);
        assert_eq!(told(&answered.begin(&ann, asked, KEPT_FOR)), 0, "it is over");
    }

    #[test]
    fn what_asks_to_be_tried_again_is_not_kept() {
        for (status, expected) in [
            (200, true),
            (202, true),
            (204, true),
            (409, true),
            (412, true),
            (422, true),
            (401, false),
            (403, false),
            (429, false),
            (500, false),
            (503, false),
        ] {
            assert_eq!(is_kept(StatusCode::from_u16(status).expect("it is one")), expected, "{status}");
        }
    }

    #[test]
    fn a_key_is_short_and_visible() {
        let long = "k".repeat(KEY_CHARS_MAX + 1);
        for (value, expected) in [("k", true), (&long[1..], true), ("", false), (&long, false), ("\u{e9}", false)] {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("it is a header's");
            let headers: HeaderMap = [(KEY, value)].into_iter().collect();
            assert_eq!(key_of(&headers).is_ok(), expected);
        }
        assert_eq!(key_of(&HeaderMap::new()).expect("none is needed"), None);
    }
}

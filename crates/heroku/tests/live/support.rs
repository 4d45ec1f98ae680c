//! A transport that answers from a script and remembers what it was asked, and a client over it.

use async_trait::async_trait;
use bytes::Bytes;
use flyball_heroku::{
    BaseUrl, Body, Budget, Live, LiveSettings, Request, Response, Retries, TimeLimits, Transport, TransportError,
};
use flyball_model::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// The token of every test: it must never be seen outside of the `Authorization` header.
pub(crate) const TOKEN: &str = "HRKU-pl4nted-live";

/// One scripted answer.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Result<Body, TransportError>,
    takes: Duration,
}

/// An answer with this status and body.
pub(crate) fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: Ok(Body::Whole(Bytes::copy_from_slice(body.as_bytes()))),
        takes: Duration::ZERO,
    }
}

/// An answer whose head came and whose body did not.
pub(crate) fn head_only(status: u16, body: Body) -> Reply {
    Reply { status, headers: Vec::new(), body: Ok(body), takes: Duration::ZERO }
}

/// No answer at all.
pub(crate) fn lost(error: TransportError) -> Reply {
    Reply { status: 0, headers: Vec::new(), body: Err(error), takes: Duration::ZERO }
}

impl Reply {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Time passes until it comes.
    pub(crate) fn taking(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }
}

/// What was sent.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) deadline: Duration,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Answers in the order of the script; a request beyond it fails the test.
#[derive(Default)]
pub(crate) struct Script {
    replies: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Seen>>,
    now: AtomicI64,
    ids: AtomicU32,
    stalled: watch::Sender<bool>,
    waits: Mutex<Vec<Duration>>,
}

impl Script {
    pub(crate) fn of(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self { replies: Mutex::new(replies.into_iter().collect()), ..Self::default() })
    }

    pub(crate) fn add(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// From now on nobody is answered, until it goes on.
    pub(crate) fn stall(&self) {
        self.stalled.send_replace(true);
    }

    /// Answers again, also those who wait.
    pub(crate) fn go_on(&self) {
        self.stalled.send_replace(false);
    }

    /// The request lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn client(self: &Arc<Self>) -> Live {
        self.client_with(Budget::default())
    }

    pub(crate) fn client_with(self: &Arc<Self>, budget: Budget) -> Live {
        self.client_of(budget, Retries::none())
    }

    /// A client that sends reads again. It waits by the script's clock, and each time for half of what it might.
    pub(crate) fn patient_client(self: &Arc<Self>) -> Live {
        let script = Arc::clone(self);
        let pause = move |wait| -> Pin<Box<dyn Future<Output = ()> + Send>> {
            script.waits.lock().unwrap().push(wait);
            script.pass(wait);
            Box::pin(std::future::ready(()))
        };
        self.client_of(Budget::default(), Retries::new(Arc::new(pause), Arc::new(|| 0.5)))
    }

    /// How long was waited between attempts.
    pub(crate) fn waits(&self) -> Vec<u128> {
        self.waits.lock().unwrap().iter().map(Duration::as_millis).collect()
    }

    fn client_of(self: &Arc<Self>, budget: Budget, retries: Retries) -> Live {
        let (clock, ids) = (Arc::clone(self), Arc::clone(self));
        let settings = LiveSettings {
            base: BaseUrl::production(),
            token: TOKEN.parse().unwrap(),
            user_agent: "flyball/test".into(),
            budget,
            limits: TimeLimits::default(),
            retries,
            clock: Arc::new(move || Timestamp::from_millis(clock.now.load(Ordering::SeqCst))),
            request_ids: Arc::new(move || format!("ours-{}", ids.ids.fetch_add(1, Ordering::SeqCst) + 1)),
        };
        Live::over(Arc::clone(self) as Arc<dyn Transport>, settings)
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        assert!(!format!("{request:?}").contains(TOKEN), "a request shows the token");
        self.seen.lock().unwrap().push(Seen {
            line: format!("{} {}", request.method, request.url),
            headers: request.headers,
            body: String::from_utf8(request.body.to_vec()).unwrap(),
            deadline: request.deadline,
        });
        self.stalled.subscribe().wait_for(|stalled| !stalled).await.unwrap();
        let reply = self.replies.lock().unwrap().pop_front().expect("no call was expected");
        self.pass(reply.takes);
        let mut headers = HeaderMap::new();
        for (name, value) in reply.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::try_from(value).unwrap());
        }
        Ok(Response { status: StatusCode::from_u16(reply.status).unwrap_or_default(), headers, body: reply.body? })
    }
}

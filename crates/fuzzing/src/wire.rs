//! The real client over a transport that gives one answer to everything, and notes down what it was asked.

use async_trait::async_trait;
use bytes::Bytes;
use flyball_heroku::{
    BaseUrl, Body, Budget, Live, LiveSettings, Request, Response, Retries, TimeLimits, Transport, TransportError,
};
use flyball_model::Timestamp;
use http::{HeaderMap, Method, StatusCode};
use std::sync::{Arc, Mutex, PoisonError};

/// The token of every client here. Answers may echo it; errors must not.
pub(crate) const TOKEN: &str = "HRKU-pl4nted-0123456789abcdefghijklmnop";

/// Gives one answer to everything.
pub(crate) struct Same {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    asked: Mutex<Vec<Asked>>,
}

/// A request, as far as anybody wants to know.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
}

impl Same {
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: &[u8]) -> Arc<Self> {
        Arc::new(Self { status, headers, body: Bytes::copy_from_slice(body), asked: Mutex::default() })
    }

    /// A client whose clock stands still, and that repeats nothing.
    pub(crate) fn client(self: &Arc<Self>) -> Live {
        let settings = LiveSettings {
            base: BaseUrl::production(),
            token: TOKEN.parse().expect("a word is a token"),
            user_agent: "flyball/fuzz".to_owned(),
            budget: Budget::default(),
            limits: TimeLimits::default(),
            retries: Retries::none(),
            clock: Arc::new(|| Timestamp::from_millis(1_700_000_000_000)),
            request_ids: Arc::new(|| "ours".to_owned()),
        };
        Live::over(Arc::clone(self) as Arc<dyn Transport>, settings)
    }

    /// What it was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Transport for Same {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        assert!(!format!("{request:?}").contains("pl4nted"), "a request shows its token");
        let asked = Asked { method: request.method, headers: request.headers };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        Ok(Response { status: self.status, headers: self.headers.clone(), body: Body::Whole(self.body.clone()) })
    }
}

/// Runs what only waits for answers that are there already.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime without sockets needs nothing").block_on(future)
}

//! The stand-in in two bodies: a world behind the transport's seam, and the same kind of world behind a real server.

use async_trait::async_trait;
use bytes::Bytes;
use flyball_heroku::{
    BaseUrl, Body, Budget, Live, LiveSettings, Request, Response, Retries, TimeLimits, Transport, TransportError,
};
use flyball_heroku_sim::{Fault, Server, World, WorldFile, handle};
use flyball_model::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The token that the client sends.
pub(crate) const TOKEN: &str = "HRKU-pl4nted-contract";

/// Shorter than the faults' slowness, much longer than loopback on a busy machine.
const LIMIT: Duration = Duration::from_millis(1_500);

/// A client, and the world that it talks to, whose clock stands still.
pub(crate) struct Stand {
    pub(crate) live: Live,
    world: Arc<Mutex<World>>,
    _server: Option<Server>,
}

impl Stand {
    /// Looks at the world, or lets something happen in it.
    pub(crate) fn seen<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.world.lock().unwrap())
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.seen(|world| world.add_fault(fault));
    }

    pub(crate) fn now(&self) -> Timestamp {
        start()
    }
}

/// A world behind a real server, whose clock stands still.
pub(crate) async fn served(file: WorldFile) -> Server {
    let world = Arc::new(Mutex::new(World::new(&file, start(), 7)));
    Server::bind("127.0.0.1:0".parse().unwrap(), world, Arc::new(start)).await.unwrap()
}

/// When every world begins.
pub(crate) fn clock() -> Timestamp {
    start()
}

fn start() -> Timestamp {
    "2026-11-02T08:00:00Z".parse().unwrap()
}

pub(crate) async fn both(file: WorldFile) -> [Stand; 2] {
    both_with(file, TOKEN).await
}

pub(crate) async fn both_with(file: WorldFile, token: &str) -> [Stand; 2] {
    let worlds = [(); 2].map(|()| Arc::new(Mutex::new(World::new(&file, start(), 7))));
    let seam = Arc::new(Seam(Arc::clone(&worlds[0])));
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), Arc::clone(&worlds[1]), Arc::new(start)).await.unwrap();
    let over_http = Live::new(settings(&server.url(), token)).unwrap();
    let over_the_seam = Live::over(seam, settings("http://127.0.0.1:5000", token));
    let [first, second] = worlds;
    [
        Stand { live: over_the_seam, world: first, _server: None },
        Stand { live: over_http, world: second, _server: Some(server) },
    ]
}

fn settings(base: &str, token: &str) -> LiveSettings {
    let ids = AtomicU32::new(0);
    LiveSettings {
        base: base.parse::<BaseUrl>().unwrap(),
        token: token.parse().unwrap(),
        user_agent: "flyball/test".into(),
        budget: Budget::default(),
        limits: TimeLimits { read: LIMIT, change: LIMIT },
        retries: Retries::none(),
        clock: Arc::new(start),
        request_ids: Arc::new(move || format!("ours-{}", ids.fetch_add(1, Ordering::SeqCst))),
    }
}

/// The world as a transport, without a socket.
struct Seam(Arc<Mutex<World>>);

#[async_trait]
impl Transport for Seam {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let mut asked = flyball_heroku_sim::Request::new(request.method.as_str(), request.url.path());
        for (name, value) in &request.headers {
            asked = asked.header(name.as_str(), value.to_str().unwrap());
        }
        let asked = asked.body(request.body.to_vec());
        let reply = handle(&mut self.0.lock().unwrap(), &asked, start());
        if reply.is_cut() {
            return Err(TransportError::MaybeSent(None));
        }
        if reply.delay > request.deadline {
            return Err(TransportError::TimedOut { after: request.deadline });
        }
        let mut headers = HeaderMap::new();
        for (name, value) in reply.headers {
            headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
        }
        let status = StatusCode::from_u16(reply.status).unwrap();
        Ok(Response { status, headers, body: Body::Whole(Bytes::from(reply.body)) })
    }
}

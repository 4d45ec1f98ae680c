//! The HTTP face: the same answers on a loopback address, where they take their time and connections are really cut.
//!
//! It parses, asks [`handle`], waits as long as the answer says, and sends it or drops the connection. Beside that it posts
//! the frames of log drains.
//! No rule lives here. Who calls it: `flyball heroku-sim`, the demo, and tests that need a socket.

use crate::api::{Connection, Reply, Request, handle};
use crate::post::post_frames;
use crate::world::World;
use bytes::Bytes;
use flyball_model::Timestamp;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The longest request body: the API's own bodies stay far below.
const BODY_MAX: usize = 1024 * 1024;
/// Connections at once; more wait in the listener's backlog. Enough for a bench of thousands of monitors.
const CONNECTIONS_MAX: usize = 8192;
/// How long a caller may take to send the head of a request, so that a forgotten connection does not stay for ever.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long answers under way are waited for when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// After a failed accept (no descriptors left, say) the next is tried a little later rather than in a tight loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The time of the world, whenever it is asked for. The world's day may run faster than ours.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Is told of each request by its method and path as soon as its head has come, before anything is done with it.
pub type Heard = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// Why the stand-in does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The stand-in takes any token and fails on purpose: it listens to this machine only.
    #[error("listen on {addr}: only loopback addresses such as 127.0.0.1:5000 are allowed")]
    NotLoopback {
        /// The address that was asked for.
        addr: SocketAddr,
    },
    /// The address is taken, or not ours.
    #[error("listen on {addr}")]
    Bind {
        /// The address that was asked for.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A world that is being served. Dropping it stops accepting; [`Server::stop`] also waits.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    world: Arc<Mutex<World>>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Server {
    /// Listens on `addr` (port 0: any free one) and serves the world. Answers take their time in real milliseconds,
    /// however fast `clock` runs.
    ///
    /// # Errors
    ///
    /// When `addr` is not a loopback address, or cannot be listened on.
    pub async fn bind(addr: SocketAddr, world: Arc<Mutex<World>>, clock: Clock) -> Result<Self, ServeError> {
        Self::bind_and_tell(addr, world, clock, Arc::new(|_, _| ())).await
    }

    /// The same, and somebody is told what is heard, at that very moment: who measures how soon a call comes.
    ///
    /// # Errors
    ///
    /// As [`Server::bind`].
    pub async fn bind_and_tell(
        addr: SocketAddr,
        world: Arc<Mutex<World>>,
        clock: Clock,
        heard: Heard,
    ) -> Result<Self, ServeError> {
        if !addr.ip().is_loopback() {
            return Err(ServeError::NotLoopback { addr });
        }
        let refused = |source| ServeError::Bind { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(refused)?;
        let addr = listener.local_addr().map_err(refused)?;
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(post_frames(Arc::clone(&world), Arc::clone(&clock), stopping.clone()));
        let face = Face { world: Arc::clone(&world), clock, heard, stopping: stopping.clone() };
        tasks.spawn(accept(listener, face, tasks.clone()));
        Ok(Self { addr, world, stopping, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL of its Platform API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The URL of an app's own page.
    #[must_use]
    pub fn page_url(&self, app: &str) -> String {
        format!("http://{}/_apps/{app}/", self.addr)
    }

    /// The world that is served: to be looked at, and to have things happen in. Never hold the lock across an await.
    #[must_use]
    pub fn world(&self) -> Arc<Mutex<World>> {
        Arc::clone(&self.world)
    }

    /// Stops: no new connections, answers under way are sent without further delay. Returns when all are, or after 2
    /// seconds.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(STOP_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::debug!("connections were still open when the stand-in stopped");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// What every connection shares.
#[derive(Clone)]
struct Face {
    world: Arc<Mutex<World>>,
    clock: Clock,
    heard: Heard,
    stopping: CancellationToken,
}

async fn accept(listener: TcpListener, face: Face, tasks: TaskTracker) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = face.stopping.cancelled() => return,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let face = face.clone();
                tasks.spawn(async move {
                    serve(stream, face).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the stand-in could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, face: Face) {
    // Answers are small and callers wait for them: never hold them back to fill a packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection closed before it was served");
        return;
    }
    let stopping = face.stopping.clone();
    let service = service_fn(move |request| {
        let face = face.clone();
        async move { face.answer(request).await }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A connection cut on purpose ends here too.
        tracing::debug!(%error, "a connection ended early");
    }
}

impl Face {
    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<hyper::Response<Full<Bytes>>, Cut> {
        (self.heard)(request.method().as_str(), request.uri().path());
        let Some(request) = read(request).await? else {
            return Ok(plain(413, "The request body is too large.\n"));
        };
        let reply = {
            let now = (self.clock)();
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            handle(&mut world, &request, now)
        };
        if reply.delay > Duration::ZERO {
            tokio::select! {
                () = tokio::time::sleep(reply.delay) => {}
                () = self.stopping.cancelled() => {}
            }
        }
        match reply.connection {
            Connection::Cut => Err(Cut),
            Connection::Answered => Ok(response(reply)),
        }
    }
}

/// The request as a value; `None` when its body is too large.
async fn read(request: hyper::Request<Incoming>) -> Result<Option<Request>, Cut> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, BODY_MAX).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => return Ok(None),
        Err(_) => return Err(Cut),
    };
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Ok(Some(Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers,
        body,
    }))
}

fn response(reply: Reply) -> hyper::Response<Full<Bytes>> {
    let mut builder = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        builder = builder.header(*name, value.as_str());
    }
    // A name with a line break in it, say, that was echoed: better an error than a lost connection.
    builder.body(Full::new(Bytes::from(reply.body))).unwrap_or_else(|error| {
        tracing::warn!(%error, "an answer of the stand-in was not valid HTTP");
        plain(500, "The answer was not valid HTTP.\n")
    })
}

fn plain(status: u16, text: &'static str) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = hyper::StatusCode::from_u16(status).expect("the statuses used here are valid");
    response
}

/// The connection is dropped without an answer.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut without an answer")
    }
}

impl std::error::Error for Cut {}

//! The server: it answers by the rules, and misbehaves at the changing calls as it is told to.

use super::request::{Asked, Request};
use super::world::{Change, World};
use flyball_testing::{StoppedTime, lock};
use serde_json::Value;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// What becomes of a changing call and of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mischief {
    /// Nothing is wrong with it.
    None,
    /// The connection is closed, and nothing was done.
    ClosesBefore,
    /// It was done, and the connection is closed without an answer.
    ClosesAfter,
    /// It was done, and the answer says that it failed, with a body of this kind.
    Fails(u16, &'static str),
    /// It was done, and no answer comes for as long as the client waits.
    NeverAnswers,
    /// The client waits, gives up, and only later it is done: when the test says so.
    ActsLate,
    /// It was done, and the answer ends in the middle of its body.
    Truncates,
    /// It was done, and the answer is a success whose body says nothing.
    Mumbles,
}

impl Mischief {
    /// Whether the client gets no answer for as long as it waits.
    pub(crate) fn is_silent(self) -> bool {
        matches!(self, Self::NeverAnswers | Self::ActsLate)
    }
}

/// What the server knows, and what it saw.
struct Shared {
    host: String,
    token: &'static str,
    clock: StoppedTime,
    world: Mutex<World>,
    mischief: Mutex<Mischief>,
    seen: Mutex<Seen>,
    /// How many changes were made; grows when one is made late, too.
    made: watch::Sender<usize>,
    /// A change that is to be made late may be made now.
    late: Notify,
}

#[derive(Default)]
struct Seen {
    changes: Vec<Change>,
    request_ids: BTreeSet<String>,
    tags: BTreeSet<String>,
    wrong: Vec<String>,
}

/// The server. It is gone when it is dropped.
pub(crate) struct Server {
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(token: &'static str, clock: StoppedTime, world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let host = listener.local_addr().expect("it listens").to_string();
        let shared = Arc::new(Shared {
            host,
            token,
            clock,
            world: Mutex::new(world),
            mischief: Mutex::new(Mischief::None),
            seen: Mutex::default(),
            made: watch::Sender::new(0),
            late: Notify::new(),
        });
        let (mut tasks, at) = (JoinSet::new(), Arc::clone(&shared));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&at);
                connections.spawn(async move { shared.serve(BufReader::new(stream)).await });
            }
        });
        Self { shared, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.shared.host)
    }

    /// From now on changing calls go like this.
    pub(crate) fn misbehave(&self, mischief: Mischief) {
        *lock(&self.shared.mischief) = mischief;
    }

    /// Every changing call that arrived.
    pub(crate) fn changes(&self) -> Vec<Change> {
        lock(&self.shared.seen).changes.clone()
    }

    /// Requests that were not as they must be, and why.
    pub(crate) fn wrong(&self) -> Vec<String> {
        lock(&self.shared.seen).wrong.clone()
    }

    pub(crate) fn world<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&lock(&self.shared.world))
    }

    /// What the client gave up on is done now.
    pub(crate) async fn acts_late(&self) {
        let mut made = self.shared.made.subscribe();
        self.shared.late.notify_one();
        made.wait_for(|made| *made > 0).await.expect("the server is there");
    }
}

impl Shared {
    async fn serve(&self, mut stream: BufReader<TcpStream>) {
        while let Some(request) = Request::read(&mut stream).await {
            if !stream.buffer().is_empty() {
                self.complain(&request, "more was sent before the answer");
            }
            let goes_on = match self.judge(&request) {
                Ok(Asked::Change(change)) => self.change(&change, &mut stream).await,
                Ok(asked) => self.look(&asked, &request, &mut stream).await,
                Err(why) => {
                    self.complain(&request, &why);
                    answer(&mut stream, 400, "", b"{\"id\":\"bad_request\"}").await
                }
            };
            if goes_on.is_none() {
                return;
            }
        }
    }

    fn complain(&self, request: &Request, why: &str) {
        lock(&self.seen).wrong.push(format!("{}: {why}", request.line));
    }

    /// What a request asks for, by the rules for one and for all of them together.
    fn judge(&self, request: &Request) -> Result<Asked, String> {
        let asked = request.judge(&self.host, self.token, &lock(&self.world))?;
        let mut seen = lock(&self.seen);
        if let Asked::Change(change) = &asked {
            seen.changes.push(change.clone());
        }
        let id = request.header("request-id").unwrap_or_default();
        if !seen.request_ids.insert(id.to_owned()) {
            return Err("its id was used before".to_owned());
        }
        match request.header("if-none-match") {
            Some(tag) if !seen.tags.contains(tag) => Err("its tag was never given".to_owned()),
            Some(_) | None => Ok(asked),
        }
    }

    async fn look(&self, asked: &Asked, request: &Request, stream: &mut BufReader<TcpStream>) -> Option<()> {
        let value = {
            let world = lock(&self.world);
            match asked {
                Asked::App => world.app(),
                Asked::Formation => world.formation(),
                Asked::Dynos => world.dynos(),
                Asked::Releases => world.releases(),
                Asked::Config(version) => World::config(*version),
                Asked::Change(change) => panic!("{change:?} is no look"),
            }
        };
        let body = value.to_string();
        let tag = tag(&request.line, &body);
        lock(&self.seen).tags.insert(tag.clone());
        let header = format!("ETag: {tag}\r\n");
        if request.header("if-none-match") == Some(tag.as_str()) {
            return answer(stream, 304, &header, b"").await;
        }
        answer(stream, 200, &header, body.as_bytes()).await
    }

    fn apply(&self, change: &Change) -> (u16, Value) {
        let answered = lock(&self.world).apply(change, self.clock.now());
        self.made.send_modify(|made| *made += 1);
        answered
    }

    /// `None` closes the connection.
    async fn change(&self, change: &Change, stream: &mut BufReader<TcpStream>) -> Option<()> {
        let mischief = *lock(&self.mischief);
        match mischief {
            Mischief::None => {
                let (status, body) = self.apply(change);
                answer(stream, status, "", body.to_string().as_bytes()).await
            }
            Mischief::ClosesBefore => None,
            Mischief::ClosesAfter => {
                self.apply(change);
                None
            }
            Mischief::Fails(status, body) => {
                self.apply(change);
                answer(stream, status, "", body.as_bytes()).await
            }
            Mischief::NeverAnswers => {
                self.apply(change);
                given_up(stream).await
            }
            Mischief::ActsLate => {
                given_up(stream).await;
                self.late.notified().await;
                self.apply(change);
                None
            }
            Mischief::Truncates => {
                let (status, body) = self.apply(change);
                let body = body.to_string();
                let head = format!("HTTP/1.1 {status} Done\r\nContent-Length: {}\r\n\r\n", body.len() + 100);
                stream.write_all(head.as_bytes()).await.ok()?;
                stream.write_all(&body.as_bytes()[..body.len() / 2]).await.ok()?;
                None
            }
            Mischief::Mumbles => {
                self.apply(change);
                answer(stream, 200, "", b"[{\"type\":\"we\xff").await
            }
        }
    }
}

/// Waits until the client closes the connection.
async fn given_up(stream: &mut BufReader<TcpStream>) -> Option<()> {
    let more = stream.read_u8().await;
    assert!(more.is_err(), "a client that waits has nothing to say");
    None
}

async fn answer(stream: &mut BufReader<TcpStream>, status: u16, headers: &str, body: &[u8]) -> Option<()> {
    let kind = if body.starts_with(b"<") { "text/html" } else { "application/json" };
    let length = if status == 304 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!(
        "HTTP/1.1 {status} Answered\r\nContent-Type: {kind}\r\n{length}Request-Id: theirs\r\nRateLimit-Remaining: 4000\r\n\
         {headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body).await.ok()?;
    stream.flush().await.ok()
}

fn tag(line: &str, body: &str) -> String {
    let mut hash = DefaultHasher::new();
    (line, body).hash(&mut hash);
    format!("\"{:016x}\"", hash.finish())
}

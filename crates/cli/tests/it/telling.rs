//! The real binary tells a real receiver, also when it is killed in between.

use crate::support::{Stage, Up, wait_for};
use flyball_heroku_sim::AppEvent;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a webhook's receiver was sent, in order: the id of each request, and what its body says.
type Received = Arc<Mutex<Vec<(String, Value)>>>;

/// A receiver of webhooks. Before its first answer it closes the connection so many times.
struct Receiver {
    url: String,
    received: Received,
    /// Ends with the test.
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    async fn new(hangs_up: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = Received::default();
        let noting = Arc::clone(&received);
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        let task = tokio::spawn(async move {
            let mut left = hangs_up;
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = request(&mut stream).await else { continue };
                noting.lock().unwrap().push(request);
                if left > 0 {
                    left -= 1;
                    continue;
                }
                let _gone = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            }
        });
        Self { url, received, task }
    }

    fn told(&self) -> Vec<(String, Value)> {
        self.received.lock().unwrap().clone()
    }

    fn kinds(&self) -> Vec<String> {
        self.told().into_iter().map(|(_, body)| body["type"].as_str().unwrap().to_owned()).collect()
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        wait_for(what, async || is_so(self)).await;
    }
}

async fn request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut stream = BufReader::new(stream);
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if let Some(value) = lower.strip_prefix("webhook-id:") {
            id = value.trim().to_owned();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((id, serde_json::from_slice(&body).ok()?))
}

const SIGNING: (&str, &str) = ("SIGNING", "whsec_cGw0bnRlZC1zaWduaW5nLXNlY3JldC1vZi10ZXN0cw==");

fn file(url: &str) -> String {
    format!(
        "[[channel]]\nname = \"on call\"\nwebhook = {{ url = \"{url}\", secret = {{ env = \"SIGNING\" }} }}\n\n\
         [notify]\ndefault = [\"on call\"]\nwait = \"0s\"\n\n\
         [[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = {{ url = \"PAGE\" }}\n"
    )
}

async fn up(stage: &Stage) -> Up {
    let mut command = stage.command(&["up"]);
    // All that it could ever log: nothing of it may hold a secret.
    command.env(SIGNING.0, SIGNING.1).env("RUST_LOG", "trace");
    stage.up_with(command).await
}

#[tokio::test]
async fn an_outage_is_told_by_one_process_and_its_end_by_the_next() {
    let (stage, receiver) = (Stage::new().await, Receiver::new(0).await);
    stage.write(&file(&receiver.url));
    let first = up(&stage).await;
    stage.happens(AppEvent::DatabaseError(500));
    receiver.until("the trouble is told", |receiver| receiver.kinds() == ["flyball.trouble"]).await;
    first.kill().await;
    stage.happens(AppEvent::DatabaseHeals);
    let _second = up(&stage).await;
    receiver.until("its end is told", |receiver| receiver.kinds().iter().any(|kind| kind == "flyball.recovered")).await;
    let told = receiver.told();
    let outage = |(_, body): &(String, Value)| body["data"]["key"].clone();
    assert!(told.iter().all(|notice| outage(notice) == outage(&told[0])), "{told:?}");
    assert_ne!(told[0].0, told[told.len() - 1].0, "each notice has an id of its own");
    assert_eq!(told[0].1["data"]["title"], "monitor \"page\"", "{told:?}");
}

#[tokio::test]
async fn what_may_not_have_arrived_is_told_again_by_its_id() {
    let (stage, receiver) = (Stage::new().await, Receiver::new(1).await);
    stage.write(&file(&receiver.url));
    let _up = up(&stage).await;
    stage.happens(AppEvent::DatabaseError(500));
    receiver.until("it is told again", |receiver| receiver.told().len() >= 2).await;
    let told = receiver.told();
    assert_eq!(told[0].0, told[1].0, "{told:?}");
    assert_eq!(told[0].1["data"]["sequence"], told[1].1["data"]["sequence"]);
}

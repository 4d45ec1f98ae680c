//! The timeline as a stream: whoever was cut off goes on where they were, and whoever does not read holds nobody up.

use crate::support::{Stage, Up, now};
use flyball_model::{Entry, Event, PauseScope};
use flyball_store::Batch;
use reqwest::{Client, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1m\"\nhttp = { url = \"PAGE\" }\n";
/// Lines that are written at once.
const LOT: usize = 1000;
/// More than what lies between the server and a reader who does not read: some 6 MB.
const LOTS: usize = 20;
/// What the server may hold more than before, in KiB: less than those lines. A build for tests wastes some of it.
const GROWN_MAX: u64 = 32 * 1024;

/// Who listens, and what came that was not taken yet.
struct Listener {
    response: Response,
    text: String,
}

impl Listener {
    /// From now on, or behind a line.
    async fn of(stage: &Stage, behind: Option<i64>) -> Self {
        let url = format!("{}/api/v1/events", stage.server().trim_end_matches('/'));
        let mut request = Client::builder().no_proxy().build().unwrap().get(url);
        if let Some(number) = behind {
            request = request.header("last-event-id", number.to_string());
        }
        let response = request.send().await.unwrap().error_for_status().unwrap();
        Self { response, text: String::new() }
    }

    /// The numbers of the next lines.
    async fn hear(&mut self, count: usize) -> Vec<i64> {
        let mut heard = Vec::new();
        while heard.len() < count {
            match self.text.split_once('\n') {
                Some((line, rest)) => {
                    heard.extend(line.strip_prefix("id:").map(|id| id.trim().parse::<i64>().unwrap()));
                    self.text = rest.to_owned();
                }
                None => {
                    let chunk = self.response.chunk().await.unwrap().expect("the stream goes on");
                    self.text.push_str(std::str::from_utf8(&chunk).unwrap());
                }
            }
        }
        heard
    }
}

/// Has the timeline grow by so many lines.
async fn grow(stage: &Stage, lines: usize) {
    let event = Event::Resumed { scope: PauseScope::Everything, by: "ops".into() };
    let entries = vec![Entry::new(now(), event); lines];
    stage.store().await.save(&Batch { entries, ..Batch::default() }).await.unwrap();
}

fn follow_one_another(numbers: &[i64]) -> bool {
    numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

#[tokio::test]
async fn whoever_was_cut_off_goes_on_behind_the_last_line_that_they_heard() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let _up = stage.serve().await;
    let mut listener = Listener::of(&stage, None).await;
    grow(&stage, 10).await;
    let mut heard = listener.hear(5).await;
    drop(listener);
    grow(&stage, 250).await;
    let mut again = Listener::of(&stage, heard.last().copied()).await;
    heard.extend(again.hear(255).await);
    grow(&stage, 3).await;
    heard.extend(again.hear(3).await);
    assert!(follow_one_another(&heard), "{heard:?}");
}

/// Opens a stream, of which nothing is read.
async fn opened_and_not_read(stage: &Stage) -> TcpStream {
    let server = stage.server();
    let address = server.trim_start_matches("http://").trim_end_matches('/');
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let request = format!("GET /api/v1/events HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    // Its head, so that the stream has begun before the timeline grows.
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    stream
}

#[cfg(target_os = "linux")]
fn resident_kib(up: &Up) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", up.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_does_not_read_holds_nobody_up_and_is_remembered_by_no_more_than_what_is_on_its_way() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let up = stage.serve().await;
    // Before the one who reads: the engine's own lines come when they come, and the silent are to have all that it hears.
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(opened_and_not_read(&stage).await);
    }
    let mut listener = Listener::of(&stage, None).await;
    grow(&stage, LOT).await;
    let mut heard = listener.hear(LOT).await;
    let before = resident_kib(&up);
    for _ in 1..LOTS {
        grow(&stage, LOT).await;
        heard.extend(listener.hear(LOT).await);
    }
    assert!(follow_one_another(&heard), "a line is missing");
    let grown = resident_kib(&up).saturating_sub(before);
    assert!(grown < GROWN_MAX, "{grown} KiB for eight who do not read");

    // Once they read, nothing is missing for them either.
    let (first, last) = (heard[0], *heard.last().unwrap());
    let end = format!("id: {last}\n");
    let mut late = silent.remove(0);
    let (mut text, mut bytes) = (String::new(), [0; 65536]);
    while !text.contains(&end) {
        let read = late.read(&mut bytes).await.unwrap();
        assert!(read > 0, "the stream ended early");
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    let ids = text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok());
    let ids: Vec<i64> = ids.filter(|id| (first..=last).contains(id)).collect();
    assert_eq!(ids, heard);
}

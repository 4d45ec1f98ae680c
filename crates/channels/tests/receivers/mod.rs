//! Receivers on this machine, which say what they are told to.

use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A request as it came.
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A receiver of requests: its URL, and what comes. Each connection gets the next answer, and is closed. In an answer, `{hang}` is to
/// say nothing and keep the connection, `{close}` to close it, and `{endless}` a body without end.
pub(crate) async fn answers(answers: Vec<String>) -> (String, mpsc::UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    serve(async move {
        for answer in answers {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let Some(received) = request(&mut stream).await else { return };
            let _nobody_looks = sender.send(received);
            say(stream.get_mut(), &answer).await;
        }
        // Whoever comes again is seen, too.
        while let Ok((stream, _)) = listener.accept().await {
            if let Some(received) = request(&mut BufReader::new(stream)).await {
                let _nobody_looks = sender.send(received);
            }
        }
    });
    (url, receiver)
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    Some(Received { path, head, body: String::from_utf8(body).ok()? })
}

/// A mail server: its port, and the letters that it was sent. After a letter it says this.
pub(crate) async fn mail_server(after_data: &'static str) -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::unbounded_channel();
    serve(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let _gone = converse(&mut stream, after_data, &sender).await;
        }
    });
    (port, receiver)
}

async fn converse(
    stream: &mut BufReader<TcpStream>,
    after_data: &str,
    letters: &mpsc::UnboundedSender<String>,
) -> std::io::Result<()> {
    say(stream.get_mut(), "220 here\r\n").await;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => say(stream.get_mut(), "250-here\r\n250 8BITMIME\r\n").await,
            "DATA" => {
                say(stream.get_mut(), "354 go on\r\n").await;
                let mut letter = String::new();
                while !letter.ends_with("\r\n.\r\n") && stream.read_line(&mut letter).await? > 0 {}
                let _nobody_looks = letters.send(letter);
                say(stream.get_mut(), &format!("{after_data}\r\n")).await;
            }
            "QUIT" => {
                say(stream.get_mut(), "221 bye\r\n").await;
                return Ok(());
            }
            _ => say(stream.get_mut(), "250 ok\r\n").await,
        }
        if after_data == "{close}" && line.starts_with("DATA") {
            return Ok(());
        }
        line.clear();
    }
    Ok(())
}

/// Says something, as far as the other side listens.
async fn say(stream: &mut TcpStream, words: &str) {
    let words = words.trim_end_matches(if words.starts_with('{') { "\r\n" } else { "" });
    match words {
        "{close}" => {}
        "{hang}" => std::future::pending().await,
        "{endless}" => while stream.write_all(&[b'2'; 4096]).await.is_ok() {},
        words => match words.strip_suffix("{endless}") {
            Some(head) => {
                let _gone = stream.write_all(head.as_bytes()).await;
                while stream.write_all(b"4\r\nmore\r\n").await.is_ok() {}
            }
            None => {
                let _gone = stream.write_all(words.as_bytes()).await;
            }
        },
    }
}

/// Runs beside the test, for as long as its runtime does.
#[expect(clippy::disallowed_methods, reason = "the runtime of a test ends with it, and everything in it")]
fn serve(server: impl Future<Output = ()> + Send + 'static) {
    // A receiver that is forgotten ends anyway.
    const LONGEST: Duration = Duration::from_secs(60);
    drop(tokio::spawn(tokio::time::timeout(LONGEST, server)));
}

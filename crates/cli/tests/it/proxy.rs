//! The way to a page, from outside: the variables that every tool behind a proxy goes by.

use crate::support::{Ended, Stage, ended};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A proxy that answers for every http page itself, and opens no tunnel.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let mut tasks = JoinSet::new();
        let seen = Arc::clone(&asked);
        tasks.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let line = String::from_utf8(head).unwrap().lines().next().unwrap().to_owned();
                let answer: &[u8] = match line.starts_with("CONNECT ") {
                    true => b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
                    false => b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nfrom beyond",
                };
                seen.lock().unwrap().push(line);
                stream.write_all(answer).await.unwrap();
            }
        });
        Self { address, asked, _tasks: tasks }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

const FILE: &str = "[[monitor]]\nname = \"page\"\nhttp = { url = \"PAGE\" }\n\
                    [[monitor]]\nname = \"secure\"\nhttp = { url = \"https://shop.example.com/\" }\n\
                    [[monitor]]\nname = \"port\"\ntcp = { address = \"db.example.com:5432\" }\n";

async fn run(stage: &Stage, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = stage.command(arguments);
    command.envs(variables.iter().copied());
    ended(command).await
}

#[tokio::test]
async fn check_goes_through_the_proxy_of_the_environment_unless_no_proxy_covers_the_host() {
    let (stage, proxy) = (Stage::new().await, Proxy::start().await);
    stage.write(FILE);
    let url = format!("http://ops:pl4nted-proxy@{}", proxy.address);
    let way = format!("through the proxy {}", proxy.address);

    let told = run(&stage, &["check", "page"], &[("http_proxy", &url)]).await;
    assert!(told.code == Some(0) && told.stdout.contains(&way), "{told:?}");
    assert!(told.stdout.contains("11 bytes read"), "{told:?}");
    let page = stage.sim.page_url("shop");
    assert_eq!(proxy.asked(), [format!("GET {page} HTTP/1.1")]);

    let told = run(&stage, &["check", "page"], &[("http_proxy", &url), ("NO_PROXY", "example.com,127.0.0.1")]).await;
    assert!(told.code == Some(0) && !told.stdout.contains("proxy"), "{told:?}");
    assert_eq!(proxy.asked().len(), 1, "the page was asked for directly");

    // What the proxy says is nobody's failure, and its password is told to nobody.
    let told = run(&stage, &["check", "secure"], &[("HTTPS_PROXY", &url)]).await;
    assert_eq!(told.code, Some(75), "{told:?}");
    let words = format!("the proxy {} opened no way to shop.example.com:443, it answered 502", proxy.address);
    assert!(told.stdout.contains("unknown") && told.stdout.contains(&words), "{told:?}");
    assert_eq!(proxy.asked()[1], "CONNECT shop.example.com:443 HTTP/1.1");
    assert!(!format!("{told:?}").contains("pl4nted-proxy"));
}

#[tokio::test]
async fn doctor_says_which_way_everything_goes() {
    let (stage, proxy) = (Stage::new().await, Proxy::start().await);
    stage.write(FILE);
    let url = format!("http://ops:pl4nted-proxy@{}", proxy.address);
    let told = run(&stage, &["doctor"], &[("HTTPS_PROXY", &url)]).await;
    for line in [
        // The stand-in is on this machine, where no proxy is used.
        "✓ way: to Heroku directly".to_owned(),
        "✓ way: to \"page\" directly".to_owned(),
        format!("✓ way: to \"secure\" through the proxy {}", proxy.address),
        "· way: to \"port\" directly, since `tcp` knows no proxy".to_owned(),
    ] {
        assert!(told.stdout.contains(&line), "{line}: {told:?}");
    }
    assert!(!format!("{told:?}").contains("pl4nted-proxy"));
}

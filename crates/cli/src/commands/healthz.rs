//! `flyball healthz`: whether the `flyball up` of this machine answers, for what watches containers and has no other program there.

use super::face;
use crate::arguments::Healthz;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_config::read_files;
use reqwest::Client;
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// An answer comes in milliseconds; what watches a container waits some seconds for us.
const DEADLINE: Duration = Duration::from_secs(3);

/// What was answered, for programs.
#[derive(Debug, Serialize)]
struct Answered {
    url: String,
}

pub(super) async fn healthz(wiring: &Wiring, asked: &Healthz) -> Result<Exit, Failure> {
    let server = match asked.listen {
        Some(_) => flyball_config::Server::default(),
        // A file with mistakes is no reason: the engine goes by the one before.
        None => {
            wiring.files().ok().and_then(|files| read_files(&files).ok()).map(|read| read.server).unwrap_or_default()
        }
    };
    let address = face::address(wiring, asked.listen, &server)?.ok_or_else(|| {
        Failure::new(Exit::USAGE, "cannot ask whether Flyball answers")
            .because(format!("nothing says where it listens: {} has no `[server] listen`", wiring.config().display()))
            .hint("say it with --listen, as to `up`")
    })?;
    let path = if asked.ready { "readyz" } else { "healthz" };
    let url = format!("http://{}/{path}", reached_at(address));
    let cannot = || Failure::new(Exit::NO, format!("{url} does not answer that all is well"));
    let client = Client::builder().no_proxy().timeout(DEADLINE).redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|error| cannot().because(error.without_url()))?;
    let answer = client.get(&url).send().await.map_err(|error| {
        cannot().because(error.without_url()).hint("is `flyball up` running here, and does it listen there?")
    })?;
    if !answer.status().is_success() {
        return Err(cannot().because(format!("it answered {}", answer.status())));
    }
    match wiring.format {
        Format::Text => output::data(&format!("{url} answers"))?,
        Format::Json => output::json(&Answered { url })?,
    }
    Ok(Exit::GOOD)
}

/// Who listens on every address is asked on the loopback.
const fn reached_at(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_on_the_loopback() {
        for (listens, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ] {
            let listens: SocketAddr = listens.parse().expect("an address");
            assert_eq!(reached_at(listens).to_string(), asked);
        }
    }
}

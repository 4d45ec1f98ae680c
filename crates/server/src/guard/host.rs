//! By which name it is asked. A name that somebody else has pointed here would make their pages ours to a browser.

use crate::answer::Problem;
use crate::house::Settings;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use std::net::IpAddr;

/// Refuses a request for a name that is not Flyball's.
pub(crate) fn check(settings: &Settings, request: &Request) -> Result<(), Problem> {
    let of_target = request.uri().authority().map(|authority| authority.as_str());
    let of_header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let asked = of_target.or(of_header).unwrap_or_default();
    if is_ours(asked, settings) {
        return Ok(());
    }
    let shown = flyball_model::Excerpt::of(asked);
    Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, format!("\"{shown}\" is no name of this Flyball"))
        .hint("name it in the file: `[server] hosts = [\"…\"]`"))
}

fn is_ours(asked: &str, settings: &Settings) -> bool {
    let name = without_port(asked).to_ascii_lowercase();
    if name.is_empty() {
        return false;
    }
    if name == "localhost" || settings.hosts.contains(&name) {
        return true;
    }
    // An address that it was told to listen on is no name that somebody could point elsewhere.
    let address: Option<IpAddr> = name.trim_start_matches('[').trim_end_matches(']').parse().ok();
    address.is_some_and(|address| address.is_loopback() || address == settings.listen.ip())
}

fn without_port(asked: &str) -> &str {
    match asked.rfind(':') {
        Some(at) if asked[at + 1..].bytes().all(|byte| byte.is_ascii_digit()) && !asked[..at].ends_with(':') => {
            &asked[..at]
        }
        _ => asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_to_its_own_names_alone() {
        let settings = Settings {
            listen: "192.0.2.7:8080".parse().unwrap(),
            hosts: vec!["flyball.example.com".to_owned()],
            trusted_proxies: Vec::new(),
            version: "",
            file: String::new(),
            person: String::new(),
        };
        for (asked, expected) in [
            ("localhost", true),
            ("localhost:8080", true),
            ("LOCALHOST:1", true),
            ("127.0.0.1:8080", true),
            ("127.9.9.9", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("192.0.2.7:8080", true),
            ("flyball.example.com", true),
            ("Flyball.Example.COM:443", true),
            ("", false),
            (":8080", false),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("flyball.example.com.evil.example", false),
            ("evil.example:8080", false),
            ("192.0.2.8", false),
            ("[::2]:8080", false),
            ("localhost:8080@evil.example", false),
            ("localhost:port", false),
        ] {
            assert_eq!(is_ours(asked, &settings), expected, "{asked:?}");
        }
    }
}

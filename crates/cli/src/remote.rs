//! A running Flyball elsewhere, by its HTTP interface: what `--server` names. Its answers are views, read back, so that a command shows
//! from afar what it shows beside the engine.
//!
//! The token is taken from the environment alone, goes out in one header, and stands in no message.

use crate::exit::Exit;
use crate::failure::Failure;
use flyball_server::Problem;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// A check that a person asks for takes up to a minute, and the server ends every answer after 75 s.
const DEADLINE: Duration = Duration::from_secs(90);
/// A server that swallows packets is known as "not there" well before that.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Where everything stands with ten thousand monitors takes some 40 MiB; more than this is no answer of Flyball.
const BODY_MAX: usize = 64 * 1024 * 1024;

/// A running Flyball elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    base: Url,
    client: Client,
    token: Option<SecretString>,
}

/// Why the server did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It says so itself.
    Told(Problem),
    /// It was not reached, or it is no Flyball that answers.
    Otherwise(Failure),
}

impl Refused {
    /// The status of the server's own refusal.
    pub(crate) const fn status(&self) -> Option<u16> {
        match self {
            Self::Told(problem) => Some(problem.status),
            Self::Otherwise(_) => None,
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Told(problem) => problem.into(),
            Refused::Otherwise(failure) => failure,
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let Problem { status, title, detail, hint, mistakes, refused_with, .. } = problem;
        let mistakes = mistakes.into_iter().map(|mistake| format!("{}: {}", mistake.field, mistake.words));
        let causes = detail.into_iter().chain(mistakes);
        let exit = refused_with.map_or_else(|| exit_of(status), exit_of_refusal);
        let failure = causes.fold(Self::new(exit, title), Self::because);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// How the process ends after an answer with this status.
const fn exit_of(status: u16) -> Exit {
    match status {
        400 | 413 | 415 | 422 => Exit::USAGE,
        401 | 403 => Exit::NO_PERMISSION,
        // It is asked by a name that is not its own: that stands in its file.
        421 => Exit::CONFIGURATION,
        408 | 429 | 502 | 503 | 504 => Exit::TRY_AGAIN,
        _ => Exit::NO,
    }
}

/// How the process ends where Heroku refused with this status, as where it is asked from here.
const fn exit_of_refusal(status: u16) -> Exit {
    match status {
        401..=403 => Exit::NO_PERMISSION,
        _ => Exit::NO,
    }
}

impl Remote {
    /// The server at this address. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// For an address that a token is not sent to, for what can be no token, and where TLS cannot be prepared on this machine.
    pub(crate) fn at(address: &str, token: Option<SecretString>) -> Result<Self, Failure> {
        let base = base(address).map_err(|why| {
            Failure::new(Exit::USAGE, "cannot use the server's address")
                .because(why)
                .hint("name it as https://HOST, or on this very machine as http://127.0.0.1:PORT")
        })?;
        let is_sendable = |token: &SecretString| token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic());
        if !token.as_ref().is_none_or(is_sendable) {
            return Err(Failure::new(Exit::NO_PERMISSION, "cannot use FLYBALL_TOKEN")
                .because("it has a blank, or another character that is in no token")
                .hint("set it to what `flyball token create` showed, and nothing else"));
        }
        let mut builder = Client::builder()
            .user_agent(concat!("flyball/", env!("CARGO_PKG_VERSION")))
            // A redirect would take the token elsewhere, and a repeated call would be made twice.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_MAX)
            .timeout(DEADLINE);
        if is_loopback(&base) {
            // A proxy could not reach this machine's own loopback, and would be shown the token in plain.
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| Failure::new(Exit::NO, "cannot prepare TLS").because(error.without_url()))?;
        Ok(Self { base, client, token })
    }

    /// Asks for what is at a path below `/api/v1`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, String)]) -> Result<T, Refused> {
        self.read(self.request(Method::GET, path, query)).await
    }

    /// Has something done.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> Result<T, Refused> {
        self.read(self.request(Method::POST, path, &[]).json(body)).await
    }

    /// Has something removed.
    pub(crate) async fn delete(&self, path: &[&str]) -> Result<(), Refused> {
        self.answer(self.request(Method::DELETE, path, &[])).await.map(drop)
    }

    fn request(&self, method: Method, path: &[&str], query: &[(&str, String)]) -> RequestBuilder {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http address has a path").clear().extend(["api", "v1"]).extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Refused> {
        let (_, body) = self.answer(request).await?;
        serde_json::from_slice(&body).map_err(|error| {
            let failure = Failure::new(Exit::NO, format!("cannot read the answer of {self}")).because(error);
            Refused::Otherwise(failure.hint("it may be of another version: both should be of the same"))
        })
    }

    async fn answer(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Refused> {
        let response = request.send().await.map_err(|error| self.not_reached(&error))?;
        let status = response.status();
        let body = self.body(response).await?;
        if status.is_success() {
            return Ok((status, body));
        }
        Err(match serde_json::from_slice::<Problem>(&body) {
            // The words are for whoever writes a program; here it is known where a token comes from.
            Ok(problem) if status == StatusCode::UNAUTHORIZED => {
                Refused::Told(Problem { hint: Some(self.token_hint().to_owned()), ..problem })
            }
            Ok(problem) => Refused::Told(problem),
            Err(_) => Refused::Otherwise(
                Failure::new(exit_of(status.as_u16()), format!("cannot ask {self}"))
                    .because(format!("it answered {status}, in no words of Flyball's"))
                    .hint("is this where Flyball's pages are? a proxy in front of it may be what answers"),
            ),
        })
    }

    /// Reads the body as it comes, and stops at the bound, whatever the headers promise.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Refused> {
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.not_reached(&error))? {
            if read.len() + chunk.len() > BODY_MAX {
                let failure = Failure::new(Exit::NO, format!("cannot read the answer of {self}"));
                let because = format!("it is longer than {} MiB", BODY_MAX / (1024 * 1024));
                return Err(Refused::Otherwise(failure.because(because).hint("name an app, or fewer lines")));
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read)
    }

    fn not_reached(&self, error: &reqwest::Error) -> Refused {
        let failure = Failure::new(Exit::TRY_AGAIN, format!("cannot reach {self}"));
        Refused::Otherwise(if error.is_connect() {
            let failure = failure.because(innermost(error));
            failure.hint("is `flyball up` running there, with `[server] listen` in its file?")
        } else if error.is_timeout() {
            let failure = failure.because(format!("there was no answer within {} s", DEADLINE.as_secs()));
            failure.hint("it may have been done all the same: `flyball status` and `flyball history` tell")
        } else {
            let failure = failure.because(innermost(error));
            failure.hint("it may have been done all the same: `flyball status` and `flyball history` tell")
        })
    }

    fn token_hint(&self) -> &'static str {
        match self.token {
            Some(_) => "FLYBALL_TOKEN has another one: `flyball token create` beside the engine makes one that is good",
            None => "set FLYBALL_TOKEN: `flyball token create` beside the engine makes one",
        }
    }
}

impl fmt::Display for Remote {
    /// `https://flyball.example.com`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

/// What is at the bottom of an error: "Connection refused", which says more than "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// The address of a server, or why no token is sent there. What is refused is not repeated: it may hold a password.
fn base(address: &str) -> Result<Url, &'static str> {
    let Ok(url) = Url::parse(address) else { return Err("it is no address") };
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its scheme is neither http nor https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has a user name or a password: who asks is told by FLYBALL_TOKEN");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("it has a path, a query or a fragment");
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err("it would send the token unencrypted");
    }
    Ok(url)
}

/// Whether it is on this very machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_out_encrypted_or_not_at_all() {
        for (address, expected) in [
            ("https://flyball.example.com", Ok("https://flyball.example.com/")),
            ("https://flyball.example.com:8443/", Ok("https://flyball.example.com:8443/")),
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080/")),
            ("http://localhost:8080", Ok("http://localhost:8080/")),
            ("http://[::1]:8080", Ok("http://[::1]:8080/")),
            ("http://flyball.example.com", Err("it would send the token unencrypted")),
            ("http://127.0.0.1.example.com", Err("it would send the token unencrypted")),
            ("http://localhost.example.com", Err("it would send the token unencrypted")),
            ("http://192.0.2.1", Err("it would send the token unencrypted")),
            (
                "https://ann:pw@flyball.example.com",
                Err("it has a user name or a password: who asks is told by FLYBALL_TOKEN"),
            ),
            ("https://flyball.example.com/pages", Err("it has a path, a query or a fragment")),
            ("https://flyball.example.com/?a", Err("it has a path, a query or a fragment")),
            ("ftp://flyball.example.com", Err("its scheme is neither http nor https")),
            ("flyball.example.com", Err("it is no address")),
            ("", Err("it is no address")),
        ] {
            let taken = base(address).map(|url| url.to_string());
            assert_eq!(taken.as_deref().map_err(|why| *why), expected, "{address}");
        }
    }

    #[test]
    fn a_problem_ends_the_process_as_beside_the_engine() {
        for (status, exit) in [
            (400, Exit::USAGE),
            (401, Exit::NO_PERMISSION),
            (403, Exit::NO_PERMISSION),
            (404, Exit::NO),
            (409, Exit::NO),
            (421, Exit::CONFIGURATION),
            (422, Exit::USAGE),
            (429, Exit::TRY_AGAIN),
            (500, Exit::NO),
            (502, Exit::TRY_AGAIN),
            (503, Exit::TRY_AGAIN),
        ] {
            assert_eq!(exit_of(status), exit, "{status}");
        }
        let problem = r#"{"status":422,"title":"what was sent has mistakes","mistakes":[{"field":"name","words":"expected a name"}],"hint":"try"}"#;
        let failure = Failure::from(serde_json::from_str::<Problem>(problem).unwrap());
        let told = anstream::adapter::strip_str(&failure.render().unwrap()).to_string();
        assert_eq!(told, "error: what was sent has mistakes\n  cause: name: expected a name\n  hint: try");
        for (refused_with, exit) in [(401, Exit::NO_PERMISSION), (402, Exit::NO_PERMISSION), (404, Exit::NO)] {
            let problem = format!(r#"{{"status":503,"title":"cannot read `shop`","refused_with":{refused_with}}}"#);
            let failure = Failure::from(serde_json::from_str::<Problem>(&problem).unwrap());
            assert_eq!(failure.exit(), exit, "{refused_with}");
        }
    }

    #[test]
    fn the_token_is_in_no_message() {
        let remote = Remote::at("http://127.0.0.1:1", Some("flyball_s3cret".into())).unwrap();
        assert!(!format!("{remote:?} {remote}").contains("s3cret"));
        let failure = Remote::at("http://127.0.0.1:1", Some("flyball_s3cret\n".into())).unwrap_err();
        assert!(failure.exit() == Exit::NO_PERMISSION && !format!("{failure:?}").contains("s3cret"));
    }
}

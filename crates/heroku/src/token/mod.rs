//! Tokens: how one is kept, and where one is found.
//!
//! In this order, as Heroku's own tools do: `HEROKU_API_KEY`; else what `heroku auth:token` prints, where the CLI is
//! installed; else `~/.netrc`. The environment is read by whoever calls and handed in as [`Surroundings`].

mod cli;
mod netrc;

pub use netrc::password as netrc_password;

use crate::BaseUrl;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tokio::io::AsyncReadExt;

/// The longest token, in bytes: Heroku's have 36 or 65.
const TOKEN_BYTES_MAX: usize = 1_000;

/// A Heroku API token. It cannot be printed: `Debug` shows only that there is one.
#[derive(Clone)]
pub struct Token(SecretString);

/// A text that cannot be a token. The text itself is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidToken;

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a Heroku token is one word of at most {TOKEN_BYTES_MAX} visible characters")
    }
}

impl std::error::Error for InvalidToken {}

/// The text without the quotes around it: those of `HEROKU_API_KEY='"…"'`, or of an env file that is not read by a shell.
fn unquoted(text: &str) -> &str {
    let within = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let text = unquoted(text.trim());
        let is_token = (1..=TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if is_token { Ok(Self(SecretString::from(text))) } else { Err(InvalidToken) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([secret])")
    }
}

impl Token {
    /// The value of an `Authorization` header, marked so that it is not printed.
    pub(crate) fn bearer(&self) -> HeaderValue {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.0.expose_secret()))
            .expect("a token is visible ASCII, which every header may hold");
        value.set_sensitive(true);
        value
    }

    /// The token itself, to take it out of texts that may echo it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// What of the environment a token is found in.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The value of `HEROKU_API_KEY`; empty counts as unset.
    pub api_key: Option<SecretString>,
    /// The value of `PATH`, where Heroku's CLI is looked for.
    pub path: Option<OsString>,
    /// The person's home folder, where `.netrc` is looked for.
    pub home: Option<PathBuf>,
}

/// Where a token was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `HEROKU_API_KEY`.
    ApiKey,
    /// This variable, which the file names.
    Variable(String),
    /// This program's `auth:token`.
    Cli(PathBuf),
    /// This file.
    Netrc(PathBuf),
}

impl Source {
    /// Whether a token that is replaced there can be found by a process that runs: its own variables stay as they were.
    #[must_use]
    pub fn is_read_anew(&self) -> bool {
        matches!(self, Self::Cli(_) | Self::Netrc(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey => f.write_str("HEROKU_API_KEY"),
            Self::Variable(name) => f.write_str(name),
            Self::Cli(heroku) => write!(f, "`{} auth:token`", heroku.display()),
            Self::Netrc(file) => write!(f, "{}", file.display()),
        }
    }
}

/// A token and where it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The token.
    pub token: Token,
    /// Where it was.
    pub source: Source,
}

/// No token anywhere. `Display` reads after "cannot …" and says of every place why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoToken {
    /// Why, place by place, in the order in which they were looked into.
    pub reasons: Vec<String>,
}

impl NoToken {
    /// What a person can do.
    pub const HINT: &str =
        "put a token made by `heroku authorizations:create` into HEROKU_API_KEY, or run `heroku login`";
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "find a Heroku token: {}", self.reasons.join("; "))
    }
}

impl std::error::Error for NoToken {}

/// Finds the token for `base`. Credentials kept for another host are never taken.
///
/// # Errors
///
/// [`NoToken`] if there is none; also if `HEROKU_API_KEY` is set and cannot be a token, since falling back to another
/// account unasked would act in somebody else's name.
pub async fn discover(surroundings: &Surroundings, base: &BaseUrl) -> Result<Found, NoToken> {
    if let Some(key) = surroundings.api_key.as_ref().filter(|key| !key.expose_secret().is_empty()) {
        return match key.expose_secret().parse() {
            Ok(token) => Ok(Found { token, source: Source::ApiKey }),
            Err(InvalidToken) => Err(NoToken { reasons: vec![format!("HEROKU_API_KEY holds none: {InvalidToken}")] }),
        };
    }
    let mut reasons = vec!["HEROKU_API_KEY is not set".to_owned()];
    match from_cli(surroundings, base).await {
        Ok(found) => return Ok(found),
        Err(why) => reasons.push(why),
    }
    match from_netrc(surroundings, base).await {
        Ok(found) => return Ok(found),
        Err(why) => reasons.push(why),
    }
    Err(NoToken { reasons })
}

async fn from_cli(surroundings: &Surroundings, base: &BaseUrl) -> Result<Found, String> {
    let Some(heroku) = surroundings.path.as_deref().and_then(cli::find) else {
        return Err("Heroku's CLI is not installed".to_owned());
    };
    let printed = cli::token(&heroku, base).await?;
    match printed.parse() {
        Ok(token) => Ok(Found { token, source: Source::Cli(heroku) }),
        Err(InvalidToken) => Err("`heroku auth:token` printed no token".to_owned()),
    }
}

async fn from_netrc(surroundings: &Surroundings, base: &BaseUrl) -> Result<Found, String> {
    let Some(home) = &surroundings.home else { return Err("there is no home folder with a .netrc".to_owned()) };
    let file = home.join(if cfg!(windows) { "_netrc" } else { ".netrc" });
    let text = read_bounded(&file).await?;
    let machine = base.host().as_str();
    let Some(password) = netrc::password(&text, machine) else {
        return Err(format!("{} has no entry with a password for {machine}", file.display()));
    };
    match password.expose_secret().parse() {
        Ok(token) => Ok(Found { token, source: Source::Netrc(file) }),
        Err(InvalidToken) => Err(format!("the password for {machine} in {} is no token", file.display())),
    }
}

async fn read_bounded(file: &Path) -> Result<String, String> {
    let open = tokio::fs::File::open(file).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{} does not exist", file.display()),
        _ => format!("{} cannot be read: {error}", file.display()),
    })?;
    let mut bytes = Vec::new();
    let read = open.take(netrc::NETRC_BYTES_MAX + 1).read_to_end(&mut bytes).await;
    read.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    if u64::try_from(bytes.len()).is_ok_and(|bytes| bytes > netrc::NETRC_BYTES_MAX) {
        return Err(format!("{} is longer than {} KiB", file.display(), netrc::NETRC_BYTES_MAX / 1024));
    }
    String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_with(netrc: &str) -> (tempfile::TempDir, Surroundings) {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".netrc"), netrc).unwrap();
        let surroundings = Surroundings { home: Some(home.path().to_owned()), ..Surroundings::default() };
        (home, surroundings)
    }

    async fn found(surroundings: &Surroundings) -> Result<(String, Source), NoToken> {
        let found = discover(surroundings, &BaseUrl::production()).await?;
        Ok((found.token.expose().to_owned(), found.source))
    }

    #[tokio::test]
    async fn the_variable_wins_over_everything() {
        let (_home, mut surroundings) = home_with("machine api.heroku.com password pl4nted-netrc");
        surroundings.api_key = Some(" HRKU-pl4nted-variable\n".into());
        assert_eq!(found(&surroundings).await, Ok(("HRKU-pl4nted-variable".into(), Source::ApiKey)));
        surroundings.api_key = Some("".into());
        assert_eq!(found(&surroundings).await.unwrap().0, "pl4nted-netrc", "an empty variable is none");
    }

    #[tokio::test]
    async fn matching_quotes_around_the_variable_are_taken_off() {
        for (written, token) in [
            ("\"HRKU-1\"", Some("HRKU-1")),
            ("'HRKU-1'\n", Some("HRKU-1")),
            (" \"HRKU-1\" ", Some("HRKU-1")),
            ("\"HRKU-1'", Some("\"HRKU-1'")),
            ("\"HRKU-1", Some("\"HRKU-1")),
            ("\"\"", None),
            ("\"two words\"", None),
        ] {
            let surroundings = Surroundings { api_key: Some(written.into()), ..Surroundings::default() };
            let found = found(&surroundings).await.ok().map(|(token, _)| token);
            assert_eq!(found.as_deref(), token, "{written}");
        }
    }

    #[tokio::test]
    async fn a_variable_that_is_no_token_is_an_error_and_not_a_reason_to_act_as_somebody_else() {
        let (_home, mut surroundings) = home_with("machine api.heroku.com password pl4nted-netrc");
        surroundings.api_key = Some("two words".into());
        let none = found(&surroundings).await.unwrap_err();
        assert_eq!(
            none.to_string(),
            "find a Heroku token: HEROKU_API_KEY holds none: a Heroku token is one word of at most 1000 visible characters"
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_cli_comes_before_the_file_and_the_file_where_the_cli_fails() {
        use std::os::unix::fs::PermissionsExt;
        let (home, mut surroundings) = home_with("machine api.heroku.com\n  login x\n  password pl4nted-netrc\n");
        let heroku = home.path().join("heroku");
        surroundings.path = Some(home.path().as_os_str().to_owned());
        let install = |script: &str| {
            std::fs::write(&heroku, script).unwrap();
            std::fs::set_permissions(&heroku, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        install("#!/bin/sh\necho pl4nted-cli\n");
        assert_eq!(found(&surroundings).await, Ok(("pl4nted-cli".into(), Source::Cli(heroku.clone()))));
        install("#!/bin/sh\nexit 1\n");
        assert_eq!(found(&surroundings).await, Ok(("pl4nted-netrc".into(), Source::Netrc(home.path().join(".netrc")))));
    }

    #[tokio::test]
    async fn without_any_token_every_place_is_named_with_its_reason() {
        let (home, surroundings) = home_with("machine git.heroku.com password pl4nted-git");
        let none = found(&surroundings).await.unwrap_err();
        let wanted = format!(
            "find a Heroku token: HEROKU_API_KEY is not set; Heroku's CLI is not installed; {}/.netrc has no entry with a \
             password for api.heroku.com",
            home.path().display()
        );
        assert_eq!(none.to_string(), wanted);
        assert!(!format!("{none:?}").contains("pl4nted-git"));
    }

    #[tokio::test]
    async fn a_file_that_is_missing_too_long_or_no_text_is_told_in_words() {
        let (home, surroundings) = home_with("");
        let file = home.path().join(".netrc");
        let reason = async || found(&surroundings).await.unwrap_err().reasons[2].clone();
        std::fs::write(&file, vec![b' '; 256 * 1024 + 1]).unwrap();
        assert!(reason().await.ends_with("is longer than 256 KiB"));
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        assert!(reason().await.ends_with("is not UTF-8"));
        std::fs::remove_file(&file).unwrap();
        assert!(reason().await.ends_with("does not exist"));
    }

    #[tokio::test]
    async fn a_token_for_heroku_is_never_taken_for_a_stand_in() {
        let (_home, surroundings) = home_with("machine api.heroku.com password pl4nted-production");
        let base: BaseUrl = "http://127.0.0.1:5000".parse().unwrap();
        assert!(discover(&surroundings, &base).await.is_err());
    }

    #[test]
    fn a_token_is_never_printed() {
        let token: Token = "HRKU-pl4nted-5678".parse().unwrap();
        let found = Found { token: token.clone(), source: Source::ApiKey };
        let around = Surroundings { api_key: Some("HRKU-pl4nted-5678".into()), ..Surroundings::default() };
        for shown in
            [format!("{token:?}"), format!("{found:?}"), format!("{:?}", token.bearer()), format!("{around:?}")]
        {
            assert!(!shown.contains("pl4nted"), "{shown}");
        }
        for bad in ["", "  ", "a b", "a\u{7}b", "tökén", &"x".repeat(1_001)] {
            assert!(bad.parse::<Token>().is_err(), "{bad:?}");
        }
    }
}

//! `heroku auth:token`: today's CLI keeps its token in the system's key store, and only it can ask there.

use crate::BaseUrl;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// How long the CLI may take: a cold start of it takes about two seconds, a locked key store asks a person, and a
/// start-up that hangs for ever is worse than one that asks for `HEROKU_API_KEY`.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// What is read of its output: a token has less than a hundred bytes.
const OUTPUT_BYTES_MAX: u64 = 8 * 1024;

/// What the CLI needs of our environment: to be found with its Node, to know its person, to reach the key store and
/// Heroku. Whatever else stands there, other accounts' tokens among it, is no business of a program that we start.
const VARIABLES: [&str; 30] = [
    "ALL_PROXY",
    "APPDATA",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "HEROKU_HOST",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LC_ALL",
    "LOCALAPPDATA",
    "LOGNAME",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "PATH",
    "PATHEXT",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "USER",
    "USERPROFILE",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// Whether the CLI is given a variable of this name. Proxies are named in either case.
fn is_needed(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| VARIABLES.iter().any(|needed| needed.eq_ignore_ascii_case(name)))
}

/// Where the CLI is on this `PATH`, if it is installed.
pub(super) fn find(path: &OsStr) -> Option<PathBuf> {
    let names: &[&str] = if cfg!(windows) { &["heroku.exe", "heroku.cmd"] } else { &["heroku"] };
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

/// What it prints for the account that is logged in at `base`, or why it printed nothing.
pub(super) async fn token(heroku: &Path, base: &BaseUrl) -> Result<String, &'static str> {
    match tokio::time::timeout(TIME_LIMIT, run(heroku, base)).await {
        Ok(done) => done,
        Err(_) => Err("`heroku auth:token` did not end within 10 s"),
    }
}

async fn run(heroku: &Path, base: &BaseUrl) -> Result<String, &'static str> {
    let mut command = Command::new(heroku);
    command.arg("auth:token").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| is_needed(name)));
    if !base.is_production() {
        command.env("HEROKU_HOST", base.to_string());
    }
    let mut child = command.spawn().map_err(|_| "`heroku auth:token` could not be started")?;
    let stdout = child.stdout.take().expect("its output is piped");
    let printed = first_line(stdout).await?;
    let status = child.wait().await.map_err(|_| "`heroku auth:token` was lost")?;
    match (status.success(), printed.is_empty()) {
        (true, false) => Ok(printed),
        (true, true) => Err("`heroku auth:token` printed nothing"),
        (false, _) => Err("`heroku auth:token` failed: nobody is logged in"),
    }
}

async fn first_line(stdout: impl AsyncRead + Unpin) -> Result<String, &'static str> {
    let mut printed = Vec::new();
    let read = stdout.take(OUTPUT_BYTES_MAX).read_to_end(&mut printed).await;
    read.map_err(|_| "the output of `heroku auth:token` was lost")?;
    let printed = String::from_utf8(printed).map_err(|_| "`heroku auth:token` printed no text")?;
    Ok(printed.trim().lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn installed(script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("heroku");
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    async fn printed(script: &str, base: &str) -> Result<String, &'static str> {
        let folder = installed(script);
        let heroku = find(folder.path().as_os_str()).unwrap();
        token(&heroku, &base.parse().unwrap()).await
    }

    #[tokio::test]
    async fn the_cli_says_its_token_for_the_host_that_is_meant() {
        assert_eq!(printed("test \"$1\" = auth:token && echo tok-1", "heroku.com").await, Ok("tok-1".into()));
        assert_eq!(printed("echo; echo tok-1; echo more", "heroku.com").await, Ok("tok-1".into()));
        let here = printed("echo \"at-$HEROKU_HOST\"", "http://127.0.0.1:5000").await;
        assert_eq!(here, Ok("at-http://127.0.0.1:5000".into()));
    }

    #[tokio::test]
    async fn the_cli_is_given_what_it_needs_of_our_environment_and_no_more() {
        // The test's own process has plenty of `CARGO_…`.
        let given = printed("env | grep -c ^CARGO_ >&2 && exit 1; echo \"${PATH:+path}\"", "heroku.com").await;
        assert_eq!(given, Ok("path".into()));
        for (name, needed) in [("https_proxy", true), ("HOME", true), ("HEROKU_API_KEY", false), ("OTHER_TOKEN", false)]
        {
            assert_eq!(is_needed(OsStr::new(name)), needed, "{name}");
        }
    }

    #[tokio::test]
    async fn a_cli_that_says_nothing_useful_is_told_in_words() {
        for (script, why) in [
            ("echo tok-1; exit 100", "`heroku auth:token` failed: nobody is logged in"),
            ("exit 0", "`heroku auth:token` printed nothing"),
            (r"printf '\377\376'", "`heroku auth:token` printed no text"),
        ] {
            assert_eq!(printed(script, "heroku.com").await, Err(why), "{script}");
        }
    }

    #[test]
    fn the_cli_is_looked_for_on_the_given_path_alone() {
        let folder = installed("echo tok-1");
        let path = std::env::join_paths(["/nonexistent".as_ref(), folder.path()]).unwrap();
        assert_eq!(find(&path), Some(folder.path().join("heroku")));
        assert_eq!(find(OsStr::new("/nonexistent")), None);
        assert_eq!(find(OsStr::new("")), None);
        std::fs::set_permissions(folder.path().join("heroku"), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(find(&path), None, "not executable");
    }
}

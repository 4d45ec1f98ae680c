//! The environment: the one place that reads it. Everything else is given values.

use flyball_engine::Home;
use flyball_heroku::token::Surroundings;
use flyball_model::{AppId, Excerpt, SEALED};
use flyball_sealed::{Keys, NoKey};
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// A credential longer than this is none: it is what Linux lets a variable have.
const CREDENTIAL_BYTES_MAX: u64 = 128 * 1024;

/// The process's environment. Read when asked, and never printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Environment;

impl Environment {
    /// The value of a variable that a setting names, or what a sealed text holds; `None` if it is not set, no text, or does not open.
    /// What is not set is looked for among the credentials that systemd hands to a service.
    pub(crate) fn variable(self, name: &str) -> Option<SecretString> {
        if name.starts_with(SEALED) {
            return self.opened(name);
        }
        match read(name) {
            Some(value) => value.into_string().ok().map(SecretString::from),
            None => credential(Path::new(&read("CREDENTIALS_DIRECTORY")?), name),
        }
    }

    /// The keys that seal and open: FLYBALL_SECRET_KEY, and FLYBALL_SECRET_KEY_OLD while they are changed.
    ///
    /// # Errors
    ///
    /// When one of them holds no key.
    pub(crate) fn secret_keys(self) -> Result<Keys, NoKey> {
        let key = |name| self.variable(name).filter(|key| !key.expose_secret().is_empty());
        Keys::of(key("FLYBALL_SECRET_KEY").as_ref(), key("FLYBALL_SECRET_KEY_OLD").as_ref())
    }

    fn opened(self, sealed: &str) -> Option<SecretString> {
        let keys = self.secret_keys().inspect_err(|error| tracing::warn!(%error, "no sealed secret opens")).ok()?;
        keys.open(sealed).inspect_err(|error| tracing::warn!(%error, "a sealed secret does not open")).ok()
    }

    /// `HEROKU_HOST`: another API than Heroku's own.
    pub(crate) fn heroku_host(self) -> Option<String> {
        text("HEROKU_HOST")
    }

    /// What a token is found in.
    pub(crate) fn surroundings(self) -> Surroundings {
        Surroundings {
            api_key: self.variable("HEROKU_API_KEY").filter(|key| !key.expose_secret().is_empty()),
            path: read("PATH"),
            home: read(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(Into::into),
        }
    }

    /// The dyno that we run on, such as `web.1`, if we run on one.
    pub(crate) fn dyno(self) -> Option<Excerpt> {
        text("DYNO").map(|dyno| Excerpt::of(&dyno))
    }

    /// Where we run: what a dyno knows of its app is in HEROKU_APP_NAME and HEROKU_APP_ID, where the app has
    /// `runtime-dyno-metadata` switched on.
    pub(crate) fn home(self) -> Home {
        let name = text("HEROKU_APP_NAME").and_then(|name| name.parse().ok());
        let id = text("HEROKU_APP_ID").map(AppId::new);
        match (name, id) {
            (None, None) if self.dyno().is_some() => Home::SomeApp,
            (None, None) => Home::Elsewhere,
            (name, id) => Home::App { name, id },
        }
    }

    /// Who asks, as the operating system names them: `ann@ops`.
    pub(crate) fn person(self) -> String {
        let named = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(text).map(|name| Excerpt::of(&name));
        let name = named.filter(|name| !name.as_str().is_empty()).unwrap_or_else(|| Excerpt::of(&user_id()));
        format!("{name}@{}", self.host())
    }

    /// What this machine calls itself.
    pub(crate) fn host(self) -> Excerpt {
        Excerpt::of(&host_name().filter(|name| !name.is_empty()).unwrap_or_else(|| "this machine".to_owned()))
    }

    /// The zone of the terminal: `TZ` where it is set, and else the system's. One that nobody knows is UTC.
    pub(crate) fn zone(self) -> TimeZone {
        TimeZone::try_system().unwrap_or(TimeZone::UTC)
    }

    /// `PORT`, as a dyno gives it.
    pub(crate) fn port(self) -> Option<String> {
        text("PORT")
    }

    /// `HEROKU_APP_NAME`, as a dyno may know it.
    pub(crate) fn app_name(self) -> Option<String> {
        text("HEROKU_APP_NAME")
    }

    /// `FLYBALL_ADMIN_PASSWORD`: the password of the first administrator.
    pub(crate) fn admin_password(self) -> Option<SecretString> {
        self.variable("FLYBALL_ADMIN_PASSWORD").filter(|password| !password.expose_secret().is_empty())
    }

    /// `FLYBALL_SERVER`: the Flyball elsewhere that commands ask.
    pub(crate) fn server(self) -> Option<String> {
        text("FLYBALL_SERVER")
    }

    /// `FLYBALL_TOKEN`: who asks it.
    pub(crate) fn token(self) -> Option<SecretString> {
        self.variable("FLYBALL_TOKEN").filter(|token| !token.expose_secret().is_empty())
    }

    /// What is logged, in `RUST_LOG`'s language.
    pub(crate) fn log_filter(self) -> Option<String> {
        text("RUST_LOG")
    }
}

/// Whom a service or a scheduled job runs as, where nothing names them.
#[cfg(unix)]
fn user_id() -> String {
    format!("user {}", rustix::process::getuid().as_raw())
}

#[cfg(not(unix))]
fn user_id() -> String {
    "somebody".to_owned()
}

#[cfg(unix)]
fn host_name() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

#[cfg(not(unix))]
fn host_name() -> Option<String> {
    text("COMPUTERNAME")
}

/// A variable that is set, not empty, and text.
fn text(name: &str) -> Option<String> {
    read(name)?.into_string().ok().filter(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "this is the one module that reads the environment")]
fn read(name: &str) -> Option<OsString> {
    // A name that no variable can have would make the system's own function panic.
    if name.is_empty() || name.contains(['=', '\0']) { None } else { std::env::var_os(name) }
}

/// The first line of the credential that is called as the variable is. One of a folder has the id before its name by which the unit
/// loads the folder.
fn credential(folder: &Path, name: &str) -> Option<SecretString> {
    if name.contains(['/', '\0']) {
        return None;
    }
    let mut file =
        [name.to_owned(), format!("flyball_{name}")].iter().find_map(|name| File::open(folder.join(name)).ok())?;
    let mut text = String::new();
    file.by_ref().take(CREDENTIAL_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(SecretString::from(text.lines().next().unwrap_or_default().to_owned()))
}

/// Keeps the memory of this process, in which tokens are, out of core dumps and away from other processes of its user.
/// Where the system does not know how, nothing is changed.
#[cfg(target_os = "linux")]
pub(crate) fn keep_out_of_core_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "a core dump of this process would hold its tokens");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn keep_out_of_core_dumps() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_found_by_the_name_of_the_variable_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it can be written");
        write("HEROKU_API_KEY", "HRKU-a\n");
        write("flyball_TOKEN", "b");
        write("EMPTY", "");
        for (name, expected) in [
            ("HEROKU_API_KEY", Some("HRKU-a")),
            ("TOKEN", Some("b")),
            ("EMPTY", Some("")),
            ("OTHER", None),
            ("", None),
            (".", None),
            ("..", None),
            ("../HEROKU_API_KEY", None),
        ] {
            let found = credential(folder.path(), name);
            assert_eq!(found.as_ref().map(ExposeSecret::expose_secret), expected, "{name}");
        }
    }
}

//! `flyball user`: who signs in at the pages. A password is typed without being shown, or comes on stdin; it is no argument, since those
//! are seen by whoever lists processes.

use super::token::{Keeper, people};
use crate::arguments::{User, UserCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::{Wiring, stopped_by_person};
use flyball_model::Right;
use flyball_views::UserView;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

/// A longest password of 256 characters, of up to four bytes each, and a line break are shorter.
const LINE_MAX: u64 = 2048;

pub(super) async fn user(wiring: &Wiring, asked: User) -> Result<Exit, Failure> {
    let keeper = Keeper::of(wiring).await?;
    match asked.command {
        UserCommand::Add { name, scope } => {
            let user = add(wiring, &keeper, &name, scope, &password(&name).await?).await?;
            match wiring.format {
                Format::Json => output::json(&user)?,
                Format::Text => {
                    output::data(&format!("{} may sign in, as {}", user.name, user.role))?;
                }
            }
        }
        UserCommand::List => {
            let users: Vec<UserView> = match &keeper {
                Keeper::Here(store) => people(&**store, wiring).users().await?,
                Keeper::Afar(server) => server.get(&["users"], &[]).await?,
            };
            match wiring.format {
                Format::Json => output::json(&users)?,
                Format::Text if users.is_empty() => output::data("there is no user")?,
                Format::Text => output::data(&render::people::users(&users, &wiring.face))?,
            }
        }
        UserCommand::Remove { name } => {
            match &keeper {
                Keeper::Here(store) => {
                    people(&**store, wiring).remove_user(&name, &wiring.environment.person()).await?;
                }
                Keeper::Afar(server) => server.delete(&["users", &name]).await?,
            }
            match wiring.format {
                Format::Json => output::json(&Removed { name })?,
                Format::Text => output::data(&format!("{name} may not sign in any more"))?,
            }
        }
    }
    keeper.close().await;
    Ok(Exit::GOOD)
}

/// Who was removed, as data.
#[derive(Serialize)]
struct Removed {
    name: String,
}

/// What is sent to a server.
#[derive(Serialize)]
struct ToAdd<'a> {
    name: &'a str,
    scope: &'a str,
    password: &'a str,
}

async fn add(
    wiring: &Wiring,
    keeper: &Keeper,
    name: &str,
    scope: Right,
    password: &SecretString,
) -> Result<UserView, Failure> {
    let (scope, password) = (scope.scope(), password.expose_secret());
    Ok(match keeper {
        Keeper::Here(store) => {
            let by = wiring.environment.person();
            people(&**store, wiring).add_user(name, scope, password.to_owned(), &by).await?
        }
        Keeper::Afar(server) => server.post(&["users"], &ToAdd { name, scope, password }).await?,
    })
}

/// The password: asked for where somebody is at a terminal, and else the first line of stdin.
async fn password(name: &str) -> Result<SecretString, Failure> {
    if !io::stdin().is_terminal() {
        return line().await;
    }
    let _unseen = Unseen::begin()?;
    let asked = async {
        let password = asked(&format!("Password of {name}: ")).await?;
        let again = asked("The same again: ").await?;
        if password.expose_secret() == again.expose_secret() {
            Ok(password)
        } else {
            Err(Failure::new(Exit::USAGE, "cannot take the password").because("the two differ"))
        }
    };
    tokio::select! {
        password = asked => password,
        // What is typed is shown again before this process ends.
        () = stopped_by_person() => Err(Failure::new(Exit::NO, "nobody was added")),
    }
}

async fn asked(question: &str) -> Result<SecretString, Failure> {
    let mut stderr = io::stderr();
    let _nobody_listens = write!(stderr, "{question}").and_then(|()| stderr.flush());
    let line = line().await;
    let _nobody_listens = writeln!(stderr);
    line
}

pub(super) async fn line() -> Result<SecretString, Failure> {
    let reading = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().take(LINE_MAX).read_line(&mut line)?;
        let end = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(end);
        Ok::<_, io::Error>(SecretString::from(line))
    });
    let cannot = || Failure::new(Exit::USAGE, "cannot read it from stdin");
    reading.await.map_err(|error| cannot().because(error))?.map_err(|error| cannot().because(error))
}

/// What is typed at the terminal is not shown until this is dropped.
#[cfg(unix)]
struct Unseen(rustix::termios::Termios);

#[cfg(unix)]
impl Unseen {
    fn begin() -> Result<Self, Failure> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let cannot = |error| Failure::new(Exit::NO, "cannot ask for a password unseen").because(error);
        let before = tcgetattr(io::stdin()).map_err(cannot)?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &unseen).map_err(cannot)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Unseen {
    fn drop(&mut self) {
        let _terminal_is_gone = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &self.0);
    }
}

#[cfg(not(unix))]
struct Unseen;

#[cfg(not(unix))]
impl Unseen {
    fn begin() -> Result<Self, Failure> {
        Err(Failure::new(Exit::USAGE, "cannot ask for a password unseen on this system").hint("give it on stdin"))
    }
}

//! What the commands that work beside an engine share: the store, the engine's sign of life in it, what is in force, and
//! a reader over all of that; and that a server is asked for the same, where one was named.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::remote::{Refused, Remote};
use crate::wiring::Wiring;
use flyball_config::{Alteration, Definitions, Files, NotAltered, read_files};
use flyball_engine::made::Joined;
use flyball_engine::queries::{Reader, SeenEngine};
use flyball_model::{ApiHost, AppName, FileEvent, ReactionName};
use flyball_store::{Address, EngineLock, Place, SeenSign, Sign, Store};
use flyball_views::{EngineState, FileView, Status};
use std::sync::Arc;

/// What is shown where the file as it is now cannot be in force.
const AS_BEFORE: &str = "the engine goes on with the file as it was before, which is what is shown here";

/// Where a command has its views from.
pub(super) enum Source {
    /// The store, beside an engine or where one has run.
    Here(Box<Desk>),
    /// A server.
    Afar(Remote),
}

impl Source {
    /// The server that was named, or else what is here.
    pub(super) async fn open(wiring: &Wiring, missing: Exit) -> Result<Self, Failure> {
        match wiring.server() {
            Some(server) => {
                tell_of_file(server).await?;
                Ok(Self::Afar(server.clone()))
            }
            None => Desk::open(wiring, missing).await.map(|desk| Self::Here(Box::new(desk))),
        }
    }

    /// The same, for what needs no file.
    pub(super) async fn open_without_file(wiring: &Wiring) -> Result<Self, Failure> {
        match wiring.server() {
            Some(server) => Ok(Self::Afar(server.clone())),
            None => Desk::open_without_file(wiring).await.map(|desk| Self::Here(Box::new(desk))),
        }
    }

    /// Where everything stands.
    pub(super) async fn status(&self, wiring: &Wiring, app: Option<&AppName>) -> Result<Status, Failure> {
        match self {
            Self::Here(desk) => Ok(desk.reader(wiring).await?.status(app).await?),
            Self::Afar(server) => {
                let of: Vec<_> = app.map(|app| ("app", app.to_string())).into_iter().collect();
                Ok(server.get(&["status"], &of).await?)
            }
        }
    }
}

/// Everything that a reader borrows.
pub(super) struct Desk {
    pub(super) definitions: Definitions,
    /// What the definitions were read from.
    files: Files,
    pub(super) store: Arc<dyn Store>,
    host: ApiHost,
}

impl Desk {
    /// Opens what is there; makes nothing. Beside a running engine that is what the engine has in force: a file that is
    /// broken or gone is told, and blinds nobody.
    pub(super) async fn open(wiring: &Wiring, missing: Exit) -> Result<Self, Failure> {
        let files = wiring.files();
        let kept = files.as_ref().ok().map(Files::kept);
        let store = match wiring.store(missing).await {
            Ok(store) => store,
            // Where there is neither, the file comes first; but whoever brakes asks for an engine.
            Err(failure) if missing == Exit::TRY_AGAIN => return Err(failure),
            Err(failure) => return Err(files.and_then(|files| Ok(read_files(&files)?)).err().unwrap_or(failure)),
        };
        let of_file = match files {
            Ok(files) => read(Joined::of(&files, &*store).await?),
            Err(failure) => Err(failure),
        };
        let (definitions, files) = match SeenEngine::on(&*store, wiring.now()).await? {
            // Nothing is read twice where the file is what is in force, as it mostly is.
            SeenEngine { state: EngineState::Running, seen: Some(seen) }
                if kept.as_ref() != Some(&seen.sign.in_force) =>
            {
                in_force(wiring, &*store, &seen.sign, of_file).await?
            }
            SeenEngine { .. } => of_file?,
        };
        Ok(Self { definitions, files, store, host: wiring.base()?.host().clone() })
    }

    /// Opens what is there, for what needs no file: what happened stays readable while the file is broken.
    pub(super) async fn open_without_file(wiring: &Wiring) -> Result<Self, Failure> {
        let files = Files::one("", "");
        let definitions = read_files(&files)?;
        Ok(Self { definitions, files, store: wiring.store(Exit::NO).await?, host: ApiHost::default() })
    }

    /// The same with other settings of one reaction.
    pub(super) fn altered(self, reaction: &ReactionName, with: &[Alteration]) -> Result<Self, Failure> {
        if with.is_empty() {
            return Ok(self);
        }
        let definitions = self.files.altered(reaction, with).map_err(|not| match not {
            NotAltered::Given(what) => Failure::new(Exit::USAGE, "cannot take what is given by --with").because(what),
            NotAltered::Mistakes(mistakes) => Failure::Mistakes(mistakes),
        })?;
        Ok(Self { definitions, ..self })
    }

    /// A reader, as of now.
    pub(super) async fn reader(&self, wiring: &Wiring) -> Result<Reader<'_>, Failure> {
        let SeenEngine { state, .. } = SeenEngine::on(&*self.store, wiring.now()).await?;
        Ok(Reader::new(&*self.store, &self.definitions, self.host.clone(), state, wiring.now()))
    }

    /// The process of the engine that works on the store, where it is one of this machine: its sign of life and the lock that
    /// it holds name the same. A sign that grew old while nothing could be written is good enough, since the lock is not.
    pub(super) async fn process_here(&self, wiring: &Wiring) -> Option<u32> {
        let Place::File(file) = self.store.place() else { return None };
        let SeenSign { sign, .. } = self.store.signs(wiring.now()).await.ok()?.into_iter().next()?;
        let is_here = sign.host == wiring.environment.host()
            && EngineLock::is_held(file).unwrap_or(false)
            && EngineLock::process(file) == Some(sign.process);
        is_here.then_some(sign.process)
    }
}

fn read(Joined { read, files, .. }: Joined) -> Result<(Definitions, Files), Failure> {
    Ok((read?, files))
}

/// What is in force, by the engine's own word. What is wrong with the file meanwhile is told.
async fn in_force(
    wiring: &Wiring,
    store: &dyn Store,
    sign: &Sign,
    of_file: Result<(Definitions, Files), Failure>,
) -> Result<(Definitions, Files), Failure> {
    let kept = Files::of_kept(&wiring.config().display().to_string(), &sign.in_force);
    let in_force = read(Joined::of(&kept, store).await?);
    let Err(failure) = &of_file else { return in_force.or(of_file) };
    if in_force.is_ok() {
        failure.render().iter().for_each(|words| output::say(words));
        output::say(AS_BEFORE);
    }
    in_force.or(of_file)
}

/// Says what is wrong with the file of a server's engine, as [`in_force`] does beside one, by the engine's last word on it.
pub(super) async fn tell_of_file(server: &Remote) -> Result<(), Refused> {
    let FileView { not_followed } = server.get(&["file"], &[]).await?;
    let wrong = match not_followed {
        Some(FileEvent::Refused { report, .. }) => report.to_string(),
        Some(FileEvent::Unreadable { file, error }) => {
            let failure = Failure::new(Exit::CONFIGURATION, format!("cannot read {file}")).because(error);
            failure.render().unwrap_or_default()
        }
        // A file that lost too much has no mistake: `status` tells of it.
        Some(
            FileEvent::NotFollowed { .. }
            | FileEvent::Applied { .. }
            | FileEvent::MadeApplied { .. }
            | FileEvent::LeftOut { .. }
            | FileEvent::Outdated { .. }
            | FileEvent::CannotRead { .. }
            | FileEvent::OwnAgain { .. }
            | FileEvent::Told(_),
        )
        | None => return Ok(()),
    };
    output::say(&wrong);
    output::say(AS_BEFORE);
    Ok(())
}

/// The state of the engine on a database that may not be there, or not readable.
pub(super) async fn state_on(database: &Address, wiring: &Wiring) -> Result<EngineState, Failure> {
    Ok(match (database.open_existing().await, database) {
        (Ok(store), _) => SeenEngine::on(&*store, wiring.now()).await?.state,
        (Err(_), Address::File(file)) => SeenEngine::by_lock(file, None)?,
        (Err(_), Address::Server(_)) => EngineState::Stopped,
    })
}

//! Wiring: from the command line and the environment to what commands work with.
//!
//! Built in `main`'s name and handed on; no command reads the clock, the environment or the file by itself.

mod accounts;
mod clock;
mod descriptors;
mod ids;
mod people;
mod references;
mod signals;
mod stand_in;
pub(crate) mod supervisor;

pub(crate) use accounts::Accounts;
pub(crate) use clock::SystemClock;
pub(crate) use descriptors::Descriptors;
pub(crate) use ids::SystemIds;
pub(crate) use people::People;
pub(crate) use references::References;
pub(crate) use signals::{Held, hangups, stopped_by_person};
pub(crate) use stand_in::{OneAccount, stand_in};

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::Remote;
use crate::render::Clockface;
use flyball_config::{Definitions, Files, read_files};
use flyball_engine::made::Joined;
use flyball_engine::{Clock as _, NoWitness, Ports, StoreInbox, Tokio, go_by_the_stores_clock};
use flyball_heroku::{Access, BaseUrl, InvalidHost};
use flyball_model::{Excerpt, Timestamp};
use flyball_monitors::{Observer, ProxyEnvironment, Trust};
use flyball_store::{Address, EngineLock, Store};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The default name of the database, beside the file.
const DATABASE: &str = "flyball.db";

/// What every command works with.
#[derive(Debug, Clone)]
pub(crate) struct Wiring {
    config: PathBuf,
    database: Option<String>,
    server: Option<Remote>,
    /// How data is written.
    pub(crate) format: Format,
    /// The zone that times are shown in, and read in.
    pub(crate) face: Clockface,
    /// The environment.
    pub(crate) environment: Environment,
}

impl Wiring {
    /// For this file and this database; without one, the database is beside the file. What a server is asked for needs neither.
    pub(crate) fn new(
        config: PathBuf,
        database: Option<String>,
        server: Option<Remote>,
        format: Format,
        face: Clockface,
        environment: Environment,
    ) -> Self {
        Self { config, database, server, format, face, environment }
    }

    /// The server that is asked, where one is.
    pub(crate) const fn server(&self) -> Option<&Remote> {
        self.server.as_ref()
    }

    /// The file that says what is watched and what is done.
    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// The file, and those that it includes.
    ///
    /// # Errors
    ///
    /// When it cannot be read. What is wrong with those that it includes is told when they are read as one.
    pub(crate) fn files(&self) -> Result<Files, Failure> {
        let cannot = || Failure::new(Exit::CONFIGURATION, format!("cannot read {}", self.config.display()));
        Files::of(&self.config).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                cannot().because("it does not exist").hint("`flyball init` writes one; --config names another")
            }
            ErrorKind::InvalidData => cannot().because(error).hint("save it as UTF-8, without a byte order of its own"),
            _ => cannot().because(error),
        })
    }

    /// What the file defines.
    ///
    /// # Errors
    ///
    /// When it cannot be read, and everything that is wrong with it.
    pub(crate) fn definitions(&self) -> Result<Definitions, Failure> {
        Ok(read_files(&self.files()?)?)
    }

    /// What the file defines, with what is made in pages where there is a database. One that does not answer is told, and the file
    /// goes without.
    ///
    /// # Errors
    ///
    /// As [`Wiring::definitions`].
    pub(crate) async fn definitions_with_made(&self) -> Result<Definitions, Failure> {
        let files = self.files()?;
        let joined = async {
            let store = self.database().ok()?.open_existing().await;
            let joined = match store {
                Ok(store) => Joined::of(&files, &*store).await,
                Err(flyball_store::Error::NotThere { .. }) => return None,
                Err(error) => Err(error),
            };
            joined.inspect_err(|error| output::say(&format!("what was made in pages is not known: {error}"))).ok()
        };
        Ok(match joined.await {
            Some(Joined { read, .. }) => read?,
            None => read_files(&files)?,
        })
    }

    /// The database's address. A file that was named is taken from here; where none was named, it is beside the file.
    ///
    /// # Errors
    ///
    /// For what is no address, or a file in a directory that is not there.
    pub(crate) fn database(&self) -> Result<Address, Failure> {
        match &self.database {
            Some(url) => Self::address(url),
            None => in_directory(Address::File(self.config.parent().unwrap_or(Path::new("")).join(DATABASE))),
        }
    }

    /// The address that was named for a database, where one was.
    pub(crate) fn named_database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The address that a URL says; a file is taken from here.
    ///
    /// # Errors
    ///
    /// For what is no address, or a file in a directory that is not there.
    pub(crate) fn address(url: &str) -> Result<Address, Failure> {
        in_directory(Address::of(url, Path::new(""))?)
    }

    /// The dyno that this runs on, where it would forget what it does: a dyno loses its disk every day, and the database is a
    /// file there.
    ///
    /// # Errors
    ///
    /// As [`Wiring::database`].
    pub(crate) fn dyno_that_forgets(&self) -> Result<Option<Excerpt>, Failure> {
        Ok(match self.database()? {
            Address::File(_) => self.environment.dyno(),
            Address::Server(_) => None,
        })
    }

    /// What Flyball remembers, for every command but `up`: they make no database.
    ///
    /// # Errors
    ///
    /// When there is none, which ends in `missing`, or it cannot be opened.
    pub(crate) async fn store(&self, missing: Exit) -> Result<Arc<dyn Store>, Failure> {
        let address = self.database()?;
        if let Address::File(file) = &address
            && file.try_exists().is_ok_and(|exists| !exists)
        {
            let failure = Failure::new(missing, format!("cannot open {}", file.display()));
            return Err(match EngineLock::is_held(file) {
                Ok(true) => failure
                    .because("it does not exist: it was deleted while an engine runs, which makes no effects any more")
                    .hint(format!("end {} and start `flyball up` anew", by_process(EngineLock::process(file)))),
                Ok(false) | Err(_) => failure
                    .because("it does not exist: no engine has run here yet")
                    .hint("`flyball up` makes it; --database names another"),
            });
        }
        match address.open_existing().await {
            Err(error @ flyball_store::Error::NotThere { .. }) => Err(Failure::of_store(&error, missing)),
            opened => {
                let store = opened?;
                // What a person pauses until a time ends at that time for everybody.
                go_by_the_stores_clock(&*store, &SystemClock).await?;
                Ok(store)
            }
        }
    }

    /// Where the Platform API is.
    ///
    /// # Errors
    ///
    /// When `HEROKU_HOST` names a place that no token is sent to.
    pub(crate) fn base(&self) -> Result<BaseUrl, Failure> {
        let host = self.environment.heroku_host();
        BaseUrl::from_heroku_host(host.as_deref()).map_err(|error| {
            Failure::new(Exit::CONFIGURATION, "cannot use HEROKU_HOST").because(error).hint(InvalidHost::HINT)
        })
    }

    /// The Heroku accounts of a file. A command that only looks takes them with [`Access::ReadOnly`].
    ///
    /// # Errors
    ///
    /// As [`Wiring::base`].
    pub(crate) fn accounts(&self, access: Access, definitions: &Definitions) -> Result<Arc<Accounts>, Failure> {
        Ok(Arc::new(Accounts::new(self.base()?, access, self.environment, &definitions.accounts)))
    }

    /// Everything outside that an engine speaks to.
    pub(crate) fn ports(&self, store: Arc<dyn Store>, accounts: &Arc<Accounts>) -> Ports {
        let (runtime, environment) = (Tokio::new(), self.environment);
        let inbox = Arc::new(StoreInbox::of(Arc::clone(&store)));
        let observer = self.observer(accounts).with_inbox(inbox, self.now());
        Ports {
            store,
            accounts: Arc::clone(accounts) as Arc<dyn flyball_engine::Accounts>,
            references: Arc::new(References::new(observer.references())),
            observe: Arc::new(observer),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            time: Arc::new(runtime),
            tasks: Arc::new(runtime),
            witness: Arc::new(NoWitness),
            tell: Arc::new(People::new(environment)),
        }
    }

    /// The one who looks.
    pub(crate) fn observer(&self, accounts: &Arc<Accounts>) -> Observer {
        let environment = self.environment;
        let watching = Arc::clone(accounts);
        Observer::new(
            Arc::new(move |name| environment.variable(name)),
            Arc::new(move |account| watching.for_monitors(account)),
            Trust::System,
        )
        .with_proxies(self.proxies())
    }

    /// What the environment says of proxies.
    pub(crate) fn proxies(&self) -> ProxyEnvironment {
        ProxyEnvironment::of(|name| self.environment.variable(name))
    }
}

/// The address, if it is on a server or its file's directory is there.
fn in_directory(address: Address) -> Result<Address, Failure> {
    let Address::File(file) = &address else { return Ok(address) };
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    match directory.filter(|directory| !directory.is_dir()) {
        Some(missing) => Err(Failure::new(Exit::CONFIGURATION, format!("cannot use the database {}", file.display()))
            .because(format!("there is no directory {}", missing.display()))
            .hint("make it, or name another file with --database")),
        None => Ok(address),
    }
}

/// How a person finds the engine.
fn by_process(process: Option<u32>) -> String {
    process.map_or_else(|| "that engine".to_owned(), |process| format!("process {process}"))
}

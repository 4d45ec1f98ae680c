//! `flyball up`: runs everything in the file, follows the file, and prints the timeline as it grows.

use super::validate::warn;
use super::{face, heartbeat};
use crate::arguments::Up;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render::Clockface;
use crate::render::timeline::{Stamp, line};
use crate::wiring::{Accounts, Descriptors, Held, SystemIds, Wiring, hangups, stopped_by_person, supervisor};
use flyball_config::{Definitions, Files, read_files};
use flyball_engine::follow::follow;
use flyball_engine::live::Live;
use flyball_engine::made::Joined;
use flyball_engine::one_file::{Begun, OneFile};
use flyball_engine::{Engine, Growth, Ports, growth};
use flyball_heroku::Access;
use flyball_heroku::token::NoToken;
use flyball_model::{AccountName, EngineEvent, Event, Excerpt, Mode, OnlyTells};
use flyball_store::{Address, EngineLock, MadeText, Store, TimelinePage, exposed, tighten};
use flyball_views::HistoryLine;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// That monitors are to be told something, and nothing listens: all that comes of them is that they are silent.
fn nobody_can_tell(definitions: &Definitions, listens: bool) -> Option<String> {
    let told = definitions.monitors.iter().find(|monitor| monitor.enabled && monitor.kind.ear().is_some());
    let monitor = told.filter(|_| !listens)?;
    let (name, kind) = (&monitor.name, monitor.kind.word());
    Some(format!(
        "nobody can tell the monitor \"{name}\" anything here, since nothing listens: `{kind}` needs `[server] listen` or --listen"
    ))
}

/// Stopping takes no longer than this: what supervises us waits 10 seconds at least before it kills, and a person less.
/// Runs that have not ended by then are found again at the next start.
const STOP_MAX: Duration = Duration::from_millis(4_500);
/// What is left of five seconds for the last words.
const LAST_WORDS_MAX: Duration = Duration::from_millis(300);

pub(super) async fn up(wiring: &Wiring, asked: &Up) -> Result<Exit, Failure> {
    // From here on a signal stops us cleanly, also before everything is started.
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let asked_to_stop = stop.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = stopped_by_person() => asked_to_stop.cancel(),
            () = asked_to_stop.cancelled() => {}
        }
    });
    // Before anybody can find this process by the lock: a signal that nobody listens for would end it.
    let held = Held::listen();
    let hangup = Arc::new(Notify::new());
    tasks.spawn(hangups(Arc::clone(&hangup), stop.clone()));

    let files = wiring.files()?;
    // Before a database is made for a file that is refused.
    read_files(&files)?;
    let database = wiring.database()?;
    let _lock = match &database {
        Address::File(file) => Some(lock(file)?),
        Address::Server(_) => None,
    };
    let store = database.open().await?;
    for exposed in database.place().file().map(exposed).into_iter().flatten() {
        output::say(&format!("{}\n    {}", exposed.words(), exposed.hint()));
    }
    let Joined { read, made, .. } = Joined::of(&files, &*store).await?;
    let definitions = read?;
    warn(&definitions.warnings);
    let accounts = Arc::new(wiring.accounts(Access::Full, &definitions)?);
    find_tokens(&accounts, &definitions).await?;

    let ports = wiring.ports(Arc::clone(&store), &accounts);
    let time = Arc::clone(&ports.time);
    let (growth, watching) = growth(Arc::clone(&store), time, stop.clone()).await?;
    let printed = growth.last();
    tasks.spawn(watching);
    let (listen, of_file) = (face::address(wiring, asked.listen, &definitions.server)?, definitions.server.clone());
    if let Some(words) = nobody_can_tell(&definitions, listen.is_some()) {
        output::say(&words);
    }
    let (engine, file) = start(wiring, ports, (definitions, made), files, listen.is_some()).await?;
    tasks.spawn({
        let (engine, stop) = (Arc::clone(&engine), stop.clone());
        async move { held.tell(|| engine.hold_by_signal(), stop).await }
    });
    let staying = Arc::clone(&engine);
    let until = stop.clone();
    tasks.spawn(async move { staying.stay(until).await });
    tasks.spawn({
        let (engine, accounts, stop) = (Arc::clone(&engine), Arc::clone(&accounts), stop.clone());
        let wiring = wiring.clone();
        async move { engine.go_rounds(accounts.pool(), || wiring.files().ok(), stop).await }
    });
    let descriptors = Descriptors::raise();
    output::say(&descriptors.words());
    if let Some(address) = listen {
        face::open(wiring, address, &of_file, &engine, growth.clone(), &stop, &tasks).await?;
    }
    if let Some(url) = of_file.heartbeat_url {
        tasks.spawn(heartbeat::beat(Arc::clone(&engine), url, stop.clone()));
    }
    output::say(&format!("following {}; Ctrl-C stops", wiring.config().display()));
    wiring.face.note(wiring.now()).iter().for_each(|note| output::say(note));
    let live = Arc::new(Live::start(Arc::clone(&engine), descriptors.checks_at_once(), stop.clone()));
    tasks.spawn({
        let (engine, live, stop) = (Arc::clone(&engine), Arc::clone(&live), stop.clone());
        async move { engine.keep_share(&live, stop).await }
    });
    let path = wiring.config().to_owned();
    tasks.spawn({
        let (engine, live, stop) = (Arc::clone(&engine), Arc::clone(&live), stop.clone());
        async move {
            let told = Arc::clone(&engine);
            follow(engine, live, path, file, hangup, move |reading| supervisor::reading(&told, reading), stop).await;
        }
    });
    supervisor::ready(&engine);
    tasks.spawn(supervisor::watchdog(Arc::clone(&engine), stop.clone()));

    let mut printer =
        Printer { store: Arc::clone(&store), format: wiring.format, face: wiring.face.clone(), growth, printed };
    let ended = printer.print_until(&stop).await;
    // Whoever read our output has gone: that ends us as well.
    stop.cancel();
    supervisor::stopping();
    if timeout(STOP_MAX, live.stopped()).await.is_err() {
        tracing::warn!("the loop did not stop in time; the next start looks what became of its runs");
    }
    let last_words = async {
        if let Err(error) = engine.tell(Event::Engine { happened: EngineEvent::Stopped }).await {
            tracing::warn!(%error, "the stop could not be recorded");
        }
        if let Err(error) = engine.leave().await {
            tracing::warn!(%error, "the sign of life could not be taken away; without its lock it counts for nothing");
        }
        let ended = match ended {
            Ok(()) => printer.print_new().await,
            Err(failure) => Err(failure),
        };
        store.close().await;
        ended
    };
    match timeout(LAST_WORDS_MAX, last_words).await {
        Ok(Err(failure)) => Err(failure),
        Ok(Ok(())) | Err(_) => Ok(Exit::GOOD),
    }
}

/// Takes the right to run on a file, and the file from others' eyes.
fn lock(file: &Path) -> Result<EngineLock, Failure> {
    let lock = EngineLock::take(file)?;
    let closed: Vec<String> = tighten(file).iter().map(|file| file.display().to_string()).collect();
    if !closed.is_empty() {
        output::say(&format!("other users of this machine could read {}, and cannot any more", closed.join(", ")));
    }
    Ok(lock)
}

/// Starts the engine, and tells so in the timeline.
async fn start(
    wiring: &Wiring,
    ports: Ports,
    (definitions, made): (Definitions, MadeText),
    files: Files,
    is_asked: bool,
) -> Result<(Arc<Engine>, OneFile), Failure> {
    let node = SystemIds.node(wiring.now());
    let on_dyno = wiring.dyno_that_forgets()?;
    let mode = if on_dyno.is_some() { Mode::DryRun } else { Mode::Act };
    let engine = Engine::new(ports, node, mode).at_home(wiring.environment.home());
    let engine = Arc::new(if is_asked { engine.answering() } else { engine });
    engine.appear(wiring.environment.host(), std::process::id(), &files).await?;
    let Begun { file, definitions, told } = engine.start_by_newest(files, definitions, made).await?;
    let only_tells = match (on_dyno, definitions.settings.mode) {
        (Some(dyno), _) => Some(OnlyTells::OnDyno(dyno)),
        (None, Mode::DryRun) => Some(OnlyTells::InFile),
        (None, Mode::Act) => None,
    };
    let happened = EngineEvent::Started {
        version: Excerpt::of(env!("CARGO_PKG_VERSION")),
        file: wiring.config().display().to_string().into(),
        counts: definitions.counted(),
        only_tells,
    };
    engine.tell(Event::Engine { happened }).await?;
    for happened in told {
        tracing::info!("{happened}");
        engine.tell(Event::File { happened }).await?;
    }
    engine.tell_who_is_armed().await?;
    Ok((engine, file))
}

/// The accounts that a file cannot do without must have a token at the start: to be told so later helps nobody.
async fn find_tokens(accounts: &Accounts, definitions: &Definitions) -> Result<(), Failure> {
    let watching = definitions.monitors.iter().filter_map(|monitor| monitor.kind.account());
    let acting = definitions.reactions.iter().map(|reaction| reaction.kind.account());
    let needed: BTreeSet<&AccountName> = watching.chain(acting).collect();
    for account in needed {
        if let Some(Err(none)) = accounts.find(account).await {
            let what = format!("cannot act for the account \"{account}\"");
            return Err(Failure::new(Exit::NO_PERMISSION, what).because(format!("cannot {none}")).hint(NoToken::HINT));
        }
    }
    Ok(())
}

/// Prints the timeline as it grows.
struct Printer {
    store: Arc<dyn Store>,
    format: Format,
    face: Clockface,
    growth: Growth,
    /// The number of the last line that was printed.
    printed: i64,
}

impl Printer {
    /// Prints until `stop` is cancelled, or nobody reads any more.
    async fn print_until(&mut self, stop: &CancellationToken) -> Result<(), Failure> {
        loop {
            let last = self.growth.last();
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                printed = self.print_new() => printed?,
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.growth.beyond(last) => {}
            }
        }
    }

    /// Prints what is new. A store that does not answer just now is asked again later.
    async fn print_new(&mut self) -> Result<(), Failure> {
        let page = TimelinePage { after: Some(self.printed), first: true, ..TimelinePage::default() };
        let lines = match self.store.timeline(&page).await {
            Ok(lines) => lines,
            Err(error) => {
                tracing::warn!(%error, "the timeline cannot be printed");
                return Ok(());
            }
        };
        let Some(last) = lines.last() else { return Ok(()) };
        self.printed = last.number;
        let lines: Vec<String> =
            lines.into_iter().map(|new| self.shown(&HistoryLine::of(new.number, new.entry))).collect();
        // On a thread of its own: a reader that stands still must not stop the engine.
        let written = tokio::task::spawn_blocking(move || output::data(&lines.join("\n")));
        written.await.expect("writing does not panic")
    }

    fn shown(&self, new: &HistoryLine) -> String {
        match self.format {
            Format::Text => line(new, Stamp::Time, &self.face),
            Format::Json => serde_json::to_string(new).expect("views are plain values"),
        }
    }
}

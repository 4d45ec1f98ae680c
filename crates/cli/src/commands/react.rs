//! `flyball react`: what a reaction does, done because a person asks for it; and `flyball undo`, what gives back what a run did,
//! which is shown, asked for and waited for in the same way.

use super::check::no_such;
use crate::arguments::{React, Undo};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::Remote;
use crate::wiring::{SystemIds, Wiring};
use flyball_config::{Definitions, read_files};
use flyball_engine::Engine;
use flyball_engine::commands::{Considered, Intent, NotConsidered};
use flyball_engine::made::Joined;
use flyball_heroku::Access;
use flyball_model::{Mode, ReactionName, Run, RunId, RunState};
use flyball_store::{Address, EngineLock, SeenSign, Store};
use flyball_views::{Held, Reacted, RunView};
use serde::Serialize;
use std::io::{self, BufRead as _, IsTerminal, Write as _};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether a run has ended.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often a server is asked for it.
const LOOK_EVERY_AFAR: Duration = Duration::from_millis(300);
/// Most answers come well within this.
const LOST_AFTER: Duration = Duration::from_secs(5);
/// What is said where it takes too long.
const NOT_ENDED: &str = "it has not ended yet; `flyball why` tells what becomes of it";
/// How long a person waits: a call's deadline, the margin after a lost answer, the look, and some more.
const WAIT_MAX: Duration = Duration::from_secs(90);

/// What a person asks for.
enum Wish {
    /// That a reaction acts.
    React(ReactionName),
    /// That a run is undone.
    Undo(RunId),
}

impl Wish {
    /// Where a server tells of its plan, and takes that it is wanted.
    fn paths(&self) -> ([String; 3], [String; 3]) {
        let path = |noun: &str, which: &str, verb: &str| [noun, which, verb].map(str::to_owned);
        match self {
            Self::React(name) => (path("reactions", name.as_str(), "plan"), path("reactions", name.as_str(), "run")),
            Self::Undo(run) => (path("runs", &run.to_string(), "undo"), path("runs", &run.to_string(), "undo")),
        }
    }
}

/// How it is asked for.
struct Asked {
    wish: Wish,
    dry_run: bool,
    yes: bool,
    verbose: bool,
}

/// Whose hand does it: this command's beside an engine, or a server's.
enum Hand {
    Here(Box<Here>),
    Afar(Remote),
}

/// What this command does it with.
struct Here {
    definitions: Definitions,
    database: Address,
    store: Arc<dyn Store>,
    engine: Engine,
    /// What was intended, once it was asked for.
    intent: Option<Intent>,
}

impl Hand {
    async fn of(wiring: &Wiring, asked: &Asked) -> Result<Self, Failure> {
        if let Some(server) = wiring.server() {
            return Ok(Self::Afar(server.clone()));
        }
        let files = wiring.files()?;
        read_files(&files)?;
        let database = wiring.database()?;
        let store = wiring.store(Exit::NO).await?;
        let definitions = Joined::of(&files, &*store).await?.read?;
        let access = if asked.dry_run { Access::ReadOnly } else { Access::Full };
        let accounts = wiring.accounts(access, &definitions)?;
        let ports = wiring.ports(Arc::clone(&store), &accounts);
        let mode = if wiring.dyno_that_forgets()?.is_some() { Mode::DryRun } else { Mode::Act };
        let engine = Engine::beside(ports, SystemIds.node(wiring.now()), mode, &definitions).await?;
        let engine = engine.at_home(wiring.environment.home());
        Ok(Self::Here(Box::new(Here { definitions, database, store, engine, intent: None })))
    }

    /// What would be done now, or why it is held.
    async fn plan(&mut self, wiring: &Wiring, wish: &Wish) -> Result<Reacted, Failure> {
        let here = match self {
            Self::Here(here) => here,
            Self::Afar(server) => {
                let (plan, _) = wish.paths();
                return Ok(server.get(&plan.each_ref().map(String::as_str), &[]).await?);
            }
        };
        let (reaction, considered) = match wish {
            Wish::React(name) => (name.clone(), here.engine.consider(name).await),
            Wish::Undo(id) => {
                let run = here.store.run(*id).await?.ok_or_else(|| no_such_run(*id))?;
                (run.reaction_name, here.engine.consider_undoing(*id).await)
            }
        };
        let undoes = match wish {
            Wish::React(_) => None,
            Wish::Undo(run) => Some(*run),
        };
        match considered.map_err(|why| not_considered(wiring, &here.definitions, &reaction, undoes, why))? {
            Considered::Holds(because) => {
                let holds = Some(Held { reason: because.code().into(), words: because.to_string() });
                Ok(Reacted { reaction, undoes, plan: None, calls: Vec::new(), holds, only_tells: None, run: None })
            }
            Considered::Would(intent) => {
                let intent = here.intent.insert(*intent);
                let only_tells = (intent.mode == Mode::DryRun).then(|| why_dry_run(wiring, &here.definitions));
                let (plan, calls) = (Some(intent.plan.to_string()), intent.calls.clone());
                Ok(Reacted { reaction, undoes, plan, calls, holds: None, only_tells, run: None })
            }
        }
    }

    /// Does what was told, and waits for its end.
    async fn act(&self, wiring: &Wiring, wish: &Wish, told: &Reacted) -> Result<RunView, Failure> {
        match self {
            Self::Here(here) => {
                let intent = here.intent.clone().expect("what is told was intended");
                let id = here.engine.queue(intent, wiring.environment.person()).await?;
                let run = carried_out(wiring, &here.engine, &*here.store, &here.database, id).await?;
                Ok(RunView::of(&run))
            }
            Self::Afar(server) => afar(wiring, server, wish, told).await,
        }
    }

    async fn close(self) {
        if let Self::Here(here) = self {
            here.store.close().await;
        }
    }
}

pub(super) async fn react(wiring: &Wiring, asked: &React) -> Result<Exit, Failure> {
    let React { reaction, dry_run, yes, verbose } = asked;
    let wish = Wish::React(reaction.clone());
    by_hand(wiring, &Asked { wish, dry_run: *dry_run, yes: *yes, verbose: *verbose }).await
}

pub(super) async fn undo(wiring: &Wiring, asked: &Undo) -> Result<Exit, Failure> {
    let Undo { run, dry_run, yes, verbose } = *asked;
    by_hand(wiring, &Asked { wish: Wish::Undo(run), dry_run, yes, verbose }).await
}

async fn by_hand(wiring: &Wiring, asked: &Asked) -> Result<Exit, Failure> {
    let mut hand = Hand::of(wiring, asked).await?;
    let mut told = hand.plan(wiring, &asked.wish).await?;
    // It is said in words, and is no part of what is done.
    let dry_run = told.only_tells.take();
    if let Some(holds) = &told.holds {
        return held(wiring, &told, holds);
    }
    if asked.dry_run {
        match wiring.format {
            Format::Json => output::json(&told)?,
            Format::Text => shown(&told).iter().try_for_each(|line| output::data(line))?,
        }
        return Ok(Exit::GOOD);
    }
    let before = dry_run
        .as_ref()
        .map(|why| format!("in dry run, since {why}: nothing will be done, and this is what would be:"));
    let mut lines = before.into_iter().chain(shown(&told));
    match wiring.format {
        Format::Json => lines.for_each(|line| output::say(&line)),
        Format::Text => lines.try_for_each(|line| output::data(&line))?,
    }
    if let Some(why) = dry_run {
        return Err(only_tells(&told, &why));
    }
    if !asked.yes && !agreed().await? {
        output::say("nothing was done");
        return Ok(Exit::NO);
    }
    let view = hand.act(wiring, &asked.wish, &told).await?;
    let exit = exit(&view);
    match wiring.format {
        Format::Json => output::json(&Reacted { run: Some(view), ..told })?,
        Format::Text => {
            let requests = view.requests().filter(|_| asked.verbose).map(|requests| format!(" {requests}"));
            let words = wiring.face.lone_sentence(&view.words, wiring.now());
            output::data(&format!("{words}{}", requests.unwrap_or_default()))?;
        }
    }
    hand.close().await;
    Ok(exit)
}

/// What is sent to a server: the plan, in the words in which it was shown. It is done only if it is still this.
#[derive(Serialize)]
struct RunNow<'a> {
    plan: &'a str,
}

/// Has the server do it, and waits until the run has ended, or a person has waited long enough.
async fn afar(wiring: &Wiring, server: &Remote, wish: &Wish, told: &Reacted) -> Result<RunView, Failure> {
    let wanted = RunNow { plan: told.plan.as_deref().unwrap_or_default() };
    let queued: Reacted = server.post(&wish.paths().1.each_ref().map(String::as_str), &wanted).await?;
    let gone = || Failure::new(Exit::NO, "cannot say what became of it").because("its record is gone");
    let mut run = queued.run.ok_or_else(gone)?;
    let (id, begun) = (run.id.to_string(), wiring.now());
    let mut said_lost = false;
    while run.outcome.is_none() {
        let now = wiring.now();
        if !said_lost && run.sent_at.is_some_and(|at| now.since(at) > LOST_AFTER) {
            said_lost = true;
            output::say(&wiring.face.lone_sentence(&run.words, now));
        }
        if now.since(begun) > WAIT_MAX {
            output::say(NOT_ENDED);
            break;
        }
        tokio::time::sleep(LOOK_EVERY_AFAR).await;
        run = match server.get::<RunView>(&["runs", &id], &[]).await.map_err(Failure::from) {
            // It is done by the server whether it can be asked just now or not.
            Err(failure) if failure.exit() == Exit::TRY_AGAIN => run,
            asked => asked?,
        };
    }
    Ok(run)
}

/// What would be done, and by which calls.
fn shown(told: &Reacted) -> Vec<String> {
    let calls = told.calls.iter().map(|call| format!("  {call}"));
    let plan = told.plan.as_deref().unwrap_or_default();
    std::iter::once(output::paint(output::STRONG, plan)).chain(calls).collect()
}

/// What puts the reaction in dry run.
fn why_dry_run(wiring: &Wiring, definitions: &Definitions) -> String {
    match (wiring.dyno_that_forgets().ok().flatten(), definitions.settings.mode) {
        (Some(dyno), _) => format!("with SQLite, nothing is done on a dyno such as {dyno}"),
        (None, Mode::DryRun) => "the file says `mode = \"dry_run\"`".to_owned(),
        (None, Mode::Act) => "the reaction says `mode = \"dry_run\"`".to_owned(),
    }
}

/// The reaction is in dry run, and so is a person's wish for it.
fn only_tells(told: &Reacted, why: &str) -> Failure {
    let what = match told.undoes {
        None => format!("cannot do what \"{}\" would", told.reaction),
        Some(run) => format!("cannot undo run {run} of \"{}\"", told.reaction),
    };
    Failure::new(Exit::NO, what).because(why).hint("`--dry-run` shows it; `mode = \"act\"` does it")
}

/// It is held: that is the answer.
fn held(wiring: &Wiring, told: &Reacted, holds: &Held) -> Result<Exit, Failure> {
    match wiring.format {
        Format::Json => output::json(told)?,
        Format::Text => {
            let words = match told.undoes {
                None => format!("\"{}\" holds: {}", told.reaction, holds.words),
                Some(run) => format!("run {run} of \"{}\" is not undone: {}", told.reaction, holds.words),
            };
            output::data(&wiring.face.lone_sentence(&words, wiring.now()))?;
        }
    }
    Ok(Exit::NO)
}

fn no_such_run(run: RunId) -> Failure {
    Failure::new(Exit::NO, format!("there is no run {run}"))
        .hint("`flyball history --json` shows the run of each line; `flyball why` those of a reaction")
}

fn not_considered(
    wiring: &Wiring,
    definitions: &Definitions,
    name: &ReactionName,
    undoes: Option<RunId>,
    why: NotConsidered,
) -> Failure {
    match (why, undoes) {
        (NotConsidered::NoSuchRun, Some(run)) => no_such_run(run),
        (why, _) => match why {
            NotConsidered::NoSuchRun => Failure::new(Exit::NO, "there is no such run"),
            NotConsidered::NoSuchReaction => {
                let names = definitions.reactions.iter().map(|reaction| reaction.name.as_str());
                no_such("reaction", name.as_str(), wiring, names)
            }
            NotConsidered::NoSuchAccount(account) => {
                Failure::new(Exit::CONFIGURATION, format!("cannot act for \"{name}\""))
                    .because(format!("{} has no account \"{account}\"", wiring.config().display()))
            }
            NotConsidered::Heroku(error) => error.into(),
            NotConsidered::Store(error) => error.into(),
        },
    }
}

/// Asks the person.
async fn agreed() -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(Exit::USAGE, "cannot ask whether to do this")
            .because("nobody is at a terminal")
            .hint("--yes does it without asking; --dry-run only shows it"));
    }
    let mut stderr = io::stderr();
    let _nobody_listens = write!(stderr, "Do this? [y/N] ").and_then(|()| stderr.flush());
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = answer.await.ok().and_then(Result::ok).unwrap_or_default();
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// That a run is performed by this command, since no engine is there to do it. One that starts in this very moment is as good
/// as we are.
enum Performer {
    /// Until then no engine starts.
    Locked(#[expect(dead_code, reason = "it goes when this is dropped")] EngineLock),
    /// An engine that starts and we take a run from each other by claiming it.
    Beside,
}

impl Performer {
    async fn where_nobody_else(
        store: &dyn Store,
        database: &Address,
        now: flyball_model::Timestamp,
    ) -> Result<Option<Self>, Failure> {
        Ok(match database {
            Address::File(file) if EngineLock::is_held(file)? => None,
            Address::File(file) => EngineLock::take(file).ok().map(Self::Locked),
            Address::Server(_) if store.signs(now).await?.iter().any(SeenSign::is_fresh) => None,
            Address::Server(_) => Some(Self::Beside),
        })
    }
}

/// Waits until the run has ended, or a person has waited long enough. Where no engine runs it is performed here.
async fn carried_out(
    wiring: &Wiring,
    engine: &Engine,
    store: &dyn Store,
    database: &Address,
    id: RunId,
) -> Result<Run, Failure> {
    let begun = wiring.now();
    let mut here: Option<Performer> = None;
    let mut said_lost = false;
    loop {
        let now = wiring.now();
        if here.is_none() {
            here = Performer::where_nobody_else(store, database, now).await?;
        }
        let run = store.run(id).await?;
        let run = match (&here, run) {
            (Some(_), Some(run)) if is_due(&run.state, now) => engine.perform_one(id).await?,
            (_, run) => run,
        };
        let Some(run) = run else {
            return Err(Failure::new(Exit::NO, "cannot say what became of it").because("its record is gone"));
        };
        match &run.state {
            RunState::Ended { .. } => return Ok(run),
            RunState::Sent { look_at, at, .. } if !said_lost && now.since(*at) > LOST_AFTER => {
                said_lost = true;
                let words = format!("no answer yet; it is looked for at {look_at}");
                output::say(&wiring.face.lone_sentence(&words, now));
            }
            RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => {}
        }
        if now.since(begun) > WAIT_MAX {
            output::say(NOT_ENDED);
            return Ok(run);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether there is something to do for a run now, where we are the engine.
fn is_due(state: &RunState, now: flyball_model::Timestamp) -> bool {
    match state {
        RunState::Queued => true,
        RunState::Sent { look_at, .. } => *look_at <= now,
        RunState::Claimed { .. } | RunState::Ended { .. } => false,
    }
}

fn exit(run: &RunView) -> Exit {
    match (run.outcome.as_deref(), run.refused_with) {
        (None, _) => Exit::TRY_AGAIN,
        (Some("done"), _) => Exit::GOOD,
        (Some(_), Some(401 | 403)) => Exit::NO_PERMISSION,
        (Some(_), _) => Exit::NO,
    }
}

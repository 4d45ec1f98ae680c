//! The commands, one file each. A command parses nothing and decides nothing: it asks one query or gives one command,
//! and renders what comes back.

mod brake;
mod chaos;
mod check;
mod completions;
mod doctor;
mod export;
mod face;
mod heroku_sim;
mod history;
mod init;
mod node;
mod pause;
mod plan;
mod react;
mod reading;
mod report;
mod resume;
mod settle;
mod status;
mod store;
mod up;
mod validate;
mod why;

use crate::arguments::{Arguments, Command, Common};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::render::Clockface;
use crate::wiring::{SystemClock, SystemIds, Wiring};
use std::sync::Arc;

/// Runs a command; times are shown on `face`.
///
/// # Errors
///
/// What kept it from doing what it was asked to.
pub(crate) async fn run(arguments: Arguments, face: Clockface, environment: Environment) -> Result<Exit, Failure> {
    let Common { config, database, json, utc: _ } = arguments.common;
    let format = if json { Format::Json } else { Format::Text };
    let wiring = Wiring::new(config, database, format, face, environment);
    if matches!(arguments.command, Command::Up(_) | Command::Check(_) | Command::React(_) | Command::Doctor) {
        crate::environment::keep_out_of_core_dumps();
    }
    match arguments.command {
        Command::Up(up) => up::up(&wiring, &up).await,
        Command::Init(init) => init::init(&wiring, init),
        Command::Validate(validate) => validate::validate(&wiring, &validate).await,
        Command::Plan => plan::plan(&wiring).await,
        Command::Export(asked) => export::export(&wiring, &asked).await,
        Command::Status(status) => status::status(&wiring, &status).await,
        Command::Check(check) => check::check(&wiring, &check).await,
        Command::React(react) => react::react(&wiring, &react).await,
        Command::Why(why) => why::why(&wiring, &why).await,
        Command::History(history) => history::history(&wiring, history).await,
        Command::Report(report) => report::report(&wiring, &report).await,
        Command::Pause(pause) => pause::pause(&wiring, pause).await,
        Command::Resume(resume) => resume::resume(&wiring, resume).await,
        Command::Settle(settle) => settle::settle(&wiring, &settle).await,
        Command::Node(asked) => node::node(&wiring, asked).await,
        Command::Store(asked) => store::store(&wiring, asked.command).await,
        Command::Doctor => doctor::doctor(&wiring).await,
        Command::Demo(demo) => crate::demo::run(demo, wiring.format, Arc::new(SystemClock), Arc::new(SystemIds)).await,
        Command::Bench(bench) => {
            crate::bench::run(bench, wiring.format, Arc::new(SystemClock), Arc::new(SystemIds)).await
        }
        Command::Chaos(asked) => chaos::chaos(&wiring, &asked).await,
        Command::HerokuSim(sim) => heroku_sim::heroku_sim(&wiring, &sim).await,
        Command::Completions(completions) => completions::completions(&completions),
    }
}

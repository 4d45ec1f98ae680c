//! The commands, one file each. A command parses nothing and decides nothing: it asks one query or gives one command,
//! and renders what comes back.

mod brake;
mod chaos;
mod check;
mod completions;
mod doctor;
mod drain;
mod drift;
mod export;
mod face;
mod healthz;
mod heartbeat;
mod heroku_sim;
mod history;
mod hook;
mod incidents;
mod init;
mod init_all;
mod install_service;
mod node;
mod notify;
mod pause;
mod plan;
mod react;
mod reading;
mod replay;
mod report;
mod resume;
mod secret;
mod settle;
mod status;
mod store;
mod suggest;
mod token;
mod up;
mod user;
mod validate;
mod why;

use crate::arguments::{Arguments, Command, Common};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::remote::Remote;
use crate::render::Clockface;
use crate::wiring::{SystemClock, SystemIds, Wiring};
use std::sync::Arc;

/// Runs a command; times are shown on `face`.
///
/// # Errors
///
/// What kept it from doing what it was asked to.
pub(crate) async fn run(arguments: Arguments, face: Clockface, environment: Environment) -> Result<Exit, Failure> {
    let Common { config, database, server, json, utc: _ } = arguments.common;
    let format = if json { Format::Json } else { Format::Text };
    let server = asked_server(&arguments.command, server, environment.server())?;
    let server = server.map(|address| Remote::at(&address, environment.token())).transpose()?;
    let holds_secrets = server.is_some()
        || matches!(
            arguments.command,
            Command::Up(_)
                | Command::Check(_)
                | Command::Hook(_)
                | Command::Drain(_)
                | Command::React(_)
                | Command::Undo(_)
                | Command::Drift(_)
                | Command::Notify(_)
                | Command::Doctor
                | Command::Init(crate::arguments::Init { all: true, .. })
                | Command::Token(_)
                | Command::User(_)
                | Command::Secret(_)
        );
    let wiring = Wiring::new(config, database, server, format, face, environment);
    if holds_secrets {
        crate::environment::keep_out_of_core_dumps();
    }
    match arguments.command {
        Command::Up(up) => up::up(&wiring, &up).await,
        Command::Init(init) if init.all => init_all::init_all(&wiring).await,
        Command::Init(init) => init::init(&wiring, init),
        Command::Validate(validate) => validate::validate(&wiring, &validate).await,
        Command::Plan => plan::plan(&wiring).await,
        Command::Export(asked) => export::export(&wiring, &asked).await,
        Command::Status(status) => status::status(&wiring, &status).await,
        Command::Check(check) => check::check(&wiring, &check).await,
        Command::Hook(asked) => hook::hook(&wiring, &asked).await,
        Command::Drain(asked) => drain::drain(&wiring, &asked).await,
        Command::React(react) => react::react(&wiring, &react).await,
        Command::Undo(undo) => react::undo(&wiring, &undo).await,
        Command::Drift(asked) => drift::drift(&wiring, &asked).await,
        Command::Why(why) => why::why(&wiring, &why).await,
        Command::History(history) => history::history(&wiring, history).await,
        Command::Incidents(asked) => incidents::incidents(&wiring, &asked).await,
        Command::Incident(asked) => incidents::incident(&wiring, &asked).await,
        Command::Report(report) => report::report(&wiring, &report).await,
        Command::Suggest(asked) => suggest::suggest(&wiring, &asked).await,
        Command::Replay(asked) => replay::replay(&wiring, &asked).await,
        Command::Pause(pause) => pause::pause(&wiring, pause).await,
        Command::Resume(resume) => resume::resume(&wiring, resume).await,
        Command::Settle(settle) => settle::settle(&wiring, &settle).await,
        Command::Node(asked) => node::node(&wiring, asked).await,
        Command::Token(asked) => token::token(&wiring, asked).await,
        Command::User(asked) => user::user(&wiring, asked).await,
        Command::Store(asked) => store::store(&wiring, asked.command).await,
        Command::Secret(asked) => secret::secret(&wiring, asked.command).await,
        Command::InstallService(asked) => install_service::install_service(&wiring, &asked),
        Command::Healthz(asked) => healthz::healthz(&wiring, &asked).await,
        Command::Notify(asked) => notify::notify(&wiring, &asked).await,
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

/// Whose word is taken on where the server is: the command line's, and else the environment's. What works here alone takes none, and
/// somebody who names one to it means something else; that of the environment is for those who can ask it.
fn asked_server(
    command: &Command,
    named: Option<String>,
    of_environment: Option<String>,
) -> Result<Option<String>, Failure> {
    match (here_alone(command), named) {
        (None, named) => Ok(named.or(of_environment)),
        (Some(_), None) => Ok(None),
        (Some(name), Some(_)) => {
            Err(Failure::new(Exit::USAGE, format!("cannot run `flyball {name}` through a server"))
                .because("it works on this machine, with what is here")
                .hint("leave --server out, and run it on the machine that is meant"))
        }
    }
}

/// The name of a command that works on this machine alone.
const fn here_alone(command: &Command) -> Option<&'static str> {
    match command {
        Command::Up(_) => Some("up"),
        Command::Init(_) => Some("init"),
        Command::Validate(_) => Some("validate"),
        Command::Plan => Some("plan"),
        Command::Export(_) => Some("export"),
        Command::Store(_) => Some("store"),
        Command::Secret(_) => Some("secret"),
        Command::InstallService(_) => Some("install-service"),
        Command::Healthz(_) => Some("healthz"),
        Command::Notify(_) => Some("notify"),
        Command::Doctor => Some("doctor"),
        Command::Demo(_) => Some("demo"),
        Command::HerokuSim(_) => Some("heroku-sim"),
        Command::Bench(_) => Some("bench"),
        Command::Chaos(_) => Some("chaos"),
        Command::Completions(_) => Some("completions"),
        Command::Status(_)
        | Command::Check(_)
        | Command::Hook(_)
        | Command::Drain(_)
        | Command::React(_)
        | Command::Undo(_)
        | Command::Drift(_)
        | Command::Why(_)
        | Command::History(_)
        | Command::Incidents(_)
        | Command::Incident(_)
        | Command::Report(_)
        | Command::Suggest(_)
        | Command::Replay(_)
        | Command::Pause(_)
        | Command::Resume(_)
        | Command::Settle(_)
        | Command::Node(_)
        | Command::Token(_)
        | Command::User(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[test]
    fn what_works_here_alone_refuses_a_server_that_was_named_and_passes_over_the_environments() {
        let (named, of_environment) = (Some("https://a.example"), Some("https://b.example"));
        for (words, named, of_environment, expected) in [
            (&["flyball", "status"][..], None, None, Ok(None)),
            (&["flyball", "status"], named, None, Ok(named)),
            (&["flyball", "status"], None, of_environment, Ok(of_environment)),
            (&["flyball", "status"], named, of_environment, Ok(named)),
            (&["flyball", "up"], None, of_environment, Ok(None)),
            (&["flyball", "doctor"], named, None, Err(())),
            (&["flyball", "completions", "bash"], None, of_environment, Ok(None)),
        ] {
            let command = Arguments::try_parse_from(words).unwrap().command;
            let asked = asked_server(&command, named.map(str::to_owned), of_environment.map(str::to_owned));
            assert_eq!(asked.as_ref().map(Option::as_deref).map_err(drop), expected, "{words:?} {named:?}");
        }
    }
}

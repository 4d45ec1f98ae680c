//! The one binary, `flyball`.
//!
//! Here the outside is put together: logging, the runtime, the environment. Everything else is given values.

mod arguments;
mod bench;
mod commands;
mod demo;
mod environment;
mod exit;
mod face;
mod failure;
mod moment;
mod output;
mod remote;
mod render;
mod wiring;

use arguments::{Arguments, Command, Log};
use clap::Parser;
use environment::Environment;
use exit::Exit;
use failure::Failure;
use flyball_engine::Clock as _;
use render::Clockface;
use std::process::ExitCode;
use std::str::FromStr as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;
use wiring::SystemClock;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = Environment;
    // What programs read is in UTC, whoever's machine it comes from.
    let is_utc = arguments.common.utc || arguments.common.json;
    let face = if is_utc { Clockface::utc() } else { Clockface::of(environment.zone()) };
    let log = match &arguments.command {
        Command::Up(up) => up.log,
        _ => Log::Text,
    };
    output::say_as(log);
    log_to_stderr(environment, &arguments.command, log);
    let ended = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_or_else(
        |error| Err(Failure::new(Exit::NO, "cannot start").because(error)),
        |runtime| {
            let ended = runtime.block_on(commands::run(arguments, face.clone(), environment));
            // Somebody who does not read our output, or does not answer a question, holds up no end.
            runtime.shutdown_background();
            ended
        },
    );
    ended.unwrap_or_else(|failure| told(&failure, &face)).into()
}

/// Tells a failure, and how the process ends.
fn told(failure: &Failure, face: &Clockface) -> Exit {
    if let Some(words) = failure.render() {
        output::say_failed(&face.lone_sentence(&words, SystemClock.now()));
    }
    failure.exit()
}

/// Logs go to stderr: warnings, unless `RUST_LOG` asks for more; where everything goes wrong on purpose, none.
fn log_to_stderr(environment: Environment, command: &Command, log: Log) {
    let usual = if matches!(command, Command::Chaos(_)) { "off" } else { "warn" };
    let filter = environment.log_filter().unwrap_or_else(|| usual.to_owned());
    let filter = EnvFilter::builder().parse_lossy(filter);
    let to_stderr = tracing_subscriber::fmt().with_writer(std::io::stderr);
    match log {
        Log::Text => to_stderr
            .with_env_filter(filter)
            .with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never)
            .init(),
        // What is said is no matter of how much is logged.
        Log::Json => {
            let said = Directive::from_str(&format!("{}=info", output::SAID)).expect("a target and a level");
            to_stderr.with_env_filter(filter.add_directive(said)).with_ansi(false).json().flatten_event(true).init();
        }
    }
}

//! `flyball completions`: what a shell completes.

use crate::arguments::{Arguments, Completions};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use clap::CommandFactory;
use std::io::Write;

pub(super) fn completions(asked: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Arguments::command(), "flyball", &mut script);
    // Written by ourselves: the generator panics when nobody reads to the end.
    let mut stdout = std::io::stdout();
    stdout.write_all(&script).and_then(|()| stdout.flush()).map_err(output::failed)?;
    Ok(Exit::GOOD)
}

//! `flyball secret`: secrets that stand sealed in the file or in pages.

use super::user::line;
use crate::arguments::{Seal, SecretCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_sealed::{NONCE_BYTES, NotSealed, place};
use serde::Serialize;

pub(super) async fn secret(wiring: &Wiring, asked: SecretCommand) -> Result<Exit, Failure> {
    match asked {
        SecretCommand::Seal(asked) => seal(wiring, asked).await,
    }
}

/// What stands at the place from now on, for programs.
#[derive(Debug, Serialize)]
struct Sealed {
    sealed: String,
}

async fn seal(wiring: &Wiring, Seal { family, name, field }: Seal) -> Result<Exit, Failure> {
    let cannot = |exit| Failure::new(exit, "cannot seal the secret");
    let keys = wiring.environment.secret_keys().map_err(|error| cannot(Exit::CONFIGURATION).because(error))?;
    let mut nonce = [0; NONCE_BYTES];
    aws_lc_rs::rand::fill(&mut nonce).map_err(|_| cannot(Exit::NO).because("the system gives no random bytes"))?;
    let secret = line().await?;
    let sealed = keys.seal(&place(&family, &name, &field), &secret, nonce).map_err(|error| {
        let exit = match error {
            NotSealed::NoKey => Exit::CONFIGURATION,
            NotSealed::Length => Exit::USAGE,
        };
        cannot(exit).because(error)
    })?;
    match wiring.format {
        Format::Json => output::json(&Sealed { sealed })?,
        Format::Text => output::data(&format!("{{ sealed = \"{sealed}\" }}"))?,
    }
    Ok(Exit::GOOD)
}

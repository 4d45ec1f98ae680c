//! `flyball validate`: every mistake in the file, each at its place, and what the file costs.

use super::doctor::tell;
use crate::arguments::Validate;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::{Descriptors, SystemClock, Wiring};
use flyball_config::{Colour, Cost, Definitions, Located, Mistakes, cost, read_files};
use flyball_engine::doctor::{self, Finding, Health};
use flyball_heroku::Access;
use serde::Serialize;

/// What there is to say of a file, as data.
#[derive(Serialize)]
struct Said<'a> {
    file: String,
    valid: bool,
    mistakes: Vec<&'a Located>,
    warnings: Vec<&'a Located>,
    monitors: usize,
    reactions: usize,
    cost: Option<Cost>,
    /// What Heroku was asked about; empty unless it was.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    online: &'a [Finding],
}

/// Whether each reaction can act on its app as that is, where a person wants Heroku to be asked. Clocks, quotas and sizes
/// are nothing that a file says.
async fn online(wiring: &Wiring, asked: &Validate, definitions: &Definitions) -> Result<Vec<Finding>, Failure> {
    if !asked.online {
        return Ok(Vec::new());
    }
    let accounts = wiring.accounts(Access::ReadOnly, definitions)?;
    let mut findings = doctor::accounts(accounts.pool(), definitions, &SystemClock).await;
    findings.retain(|finding| matches!(finding.about, "token" | "account" | "app" | "page" | "reaction"));
    Ok(findings)
}

fn exit_of(findings: &[Finding]) -> Exit {
    if findings.iter().any(|finding| finding.health == Health::Bad) { Exit::NO } else { Exit::GOOD }
}

pub(super) async fn validate(wiring: &Wiring, asked: &Validate) -> Result<Exit, Failure> {
    let file = wiring.config().display().to_string();
    match (read_files(&wiring.files()?), wiring.format) {
        (Ok(definitions), Format::Text) => {
            good(&file, &definitions)?;
            let online = online(wiring, asked, &definitions).await?;
            online.iter().try_for_each(|finding| tell(wiring, finding))?;
            Ok(exit_of(&online))
        }
        (Err(mistakes), Format::Text) => {
            output::say(&mistakes.render(Colour::Ansi));
            output::say(&format!("\n{file} has {}", counted(mistakes.len(), "mistake")));
            Ok(Exit::CONFIGURATION)
        }
        (Ok(definitions), Format::Json) => {
            let warnings = definitions.warnings.iter().collect();
            let online = online(wiring, asked, &definitions).await?;
            output::json(&Said {
                file,
                valid: true,
                mistakes: Vec::new(),
                warnings,
                monitors: definitions.monitors.len(),
                reactions: definitions.reactions.len(),
                cost: Some(cost(&definitions)),
                online: &online,
            })?;
            Ok(exit_of(&online))
        }
        (Err(mistakes), Format::Json) => {
            let (mistakes, warnings) = (mistakes.iter().collect(), Vec::new());
            let (monitors, reactions, cost, online) = (0, 0, None, &[][..]);
            output::json(&Said { file, valid: false, mistakes, warnings, monitors, reactions, cost, online })?;
            Ok(Exit::CONFIGURATION)
        }
    }
}

fn good(file: &str, definitions: &Definitions) -> Result<(), Failure> {
    warn(&definitions.warnings);
    output::data(&format!("{file} is good: {}", definitions.counted()))?;
    let cost = cost(definitions);
    if cost.accounts.is_empty() {
        let allowed = Cost::ALLOWED_PER_MINUTE;
        output::data(&format!("no monitor asks Heroku: at rest it costs none of the {allowed:.0} calls a minute"))?;
    }
    cost.accounts.iter().try_for_each(|account| output::data(&account.to_string()))?;
    let (checks, places) = (cost.checks_at_once, Descriptors::raise());
    output::data(&format!("when everything times out, {} under way at once", counted_checks(checks)))?;
    if usize::try_from(checks).is_ok_and(|checks| checks > places.checks_at_once()) {
        output::say(&format!(
            "warning: this file cannot be carried then: {}; raise the limit of file descriptors (`ulimit -n`), raise `every`, \
             or lower `timeout`",
            places.words()
        ));
    }
    Ok(())
}

/// Tells what is allowed and probably not meant.
pub(super) fn warn(warnings: &Mistakes) {
    if !warnings.is_empty() {
        output::say(&warnings.render(Colour::Ansi));
    }
}

fn counted_checks(checks: u64) -> String {
    if checks == 1 { "1 check is".to_owned() } else { format!("{checks} checks are") }
}

/// "1 monitor", "2 monitors"
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

//! `flyball doctor`: whether everything is as it should be, line by line, each with what to do.

use super::face;
use super::reading::{Desk, state_on};
use super::validate::counted;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::{SystemClock, Wiring};
use flyball_config::Definitions;
use flyball_engine::doctor::{self, Finding, Health};
use flyball_heroku::Access;
use std::collections::BTreeMap;

pub(super) async fn doctor(wiring: &Wiring) -> Result<Exit, Failure> {
    let mut findings = Vec::new();
    let definitions = of_file(wiring, &mut findings).await;
    match wiring.base() {
        Ok(base) if base.is_production() => {}
        Ok(base) => findings.push(Finding::note("host", format!("HEROKU_HOST is {base}"))),
        Err(failure) => findings.push(failure.finding("host")),
    }
    // Without a good file there is still the default account to look at.
    let looked_at = definitions.clone().or_else(|| flyball_config::read("", "").ok());
    if let Some(definitions) = looked_at
        && let Ok(accounts) = wiring.accounts(Access::ReadOnly, &definitions)
    {
        findings.extend(doctor::accounts(accounts.pool(), &definitions, &SystemClock).await);
    }
    if let Some(definitions) = &definitions {
        findings.extend(doctor::home(&wiring.environment.home(), definitions));
    }
    findings.push(match wiring.database() {
        Ok(address) => doctor::database(&address).await,
        Err(failure) => failure.finding("database"),
    });
    findings
        .extend(wiring.database().iter().filter_map(|address| address.place().file().map(doctor::others)).flatten());
    let state = async { state_on(&wiring.database()?, wiring).await };
    findings.push(match state.await {
        Ok(state) => doctor::engine(state),
        Err(failure) => failure.finding("engine"),
    });
    if let Some(definitions) = &definitions {
        findings.extend(of_received(wiring, definitions).await);
    }
    findings.extend(of_past(wiring).await);

    match wiring.format {
        Format::Json => output::json(&findings)?,
        Format::Text => findings.iter().try_for_each(|finding| tell(wiring, finding))?,
    }
    let is_bad = findings.iter().any(|finding| finding.health == Health::Bad);
    Ok(if is_bad { Exit::NO } else { Exit::GOOD })
}

pub(super) fn tell(wiring: &Wiring, finding: &Finding) -> Result<(), Failure> {
    let (mark, style) = match finding.health {
        Health::Good => ("✓", output::GOOD),
        Health::Note => ("·", output::ODD),
        Health::Bad => ("✗", output::BAD),
    };
    let words = wiring.face.lone_sentence(&finding.words, wiring.now());
    output::data(&format!("{} {}: {words}", output::paint(style, mark), finding.about))?;
    finding.hint.iter().try_for_each(|hint| output::data(&format!("    {hint}")))
}

async fn of_file(wiring: &Wiring, findings: &mut Vec<Finding>) -> Option<Definitions> {
    let file = wiring.config().display().to_string();
    match wiring.definitions_with_made().await {
        Ok(definitions) => {
            let is_set = |name: &str| wiring.environment.variable(name).is_some();
            findings.extend(doctor::file(&file, &definitions, &is_set));
            let variable = |name: &str| wiring.environment.variable(name);
            findings.extend(doctor::ways(&definitions, &wiring.proxies(), wiring.base().ok().as_ref(), &variable));
            Some(definitions)
        }
        Err(Failure::Mistakes(mistakes)) => {
            let words = format!("{file} has {}", counted(mistakes.len(), "mistake"));
            findings.push(Finding::bad("file", words).hint("`flyball validate` shows them"));
            None
        }
        Err(failure) => {
            findings.push(failure.finding("file"));
            None
        }
    }
}

/// Whether what apps tell comes in. Where nothing was remembered yet, nothing did.
async fn of_received(wiring: &Wiring, definitions: &Definitions) -> Vec<Finding> {
    let listens = face::address(wiring, None, &definitions.server).is_ok_and(|address| address.is_some());
    let heard = match wiring.store(Exit::NO).await {
        Ok(store) => doctor::heard(&*store, definitions, wiring.now()).await,
        Err(_) => Ok(BTreeMap::new()),
    };
    match heard {
        Ok(heard) => doctor::received(definitions, listens, &heard, &|name: &str| wiring.environment.variable(name)),
        Err(error) => vec![Finding::of_store("logs", &error)],
    }
}

/// What happened looks like another autoscaler, or like steps that help nobody. Where nothing was remembered yet, nothing can be told.
async fn of_past(wiring: &Wiring) -> Vec<Finding> {
    let Ok(desk) = Desk::open(wiring, Exit::NO).await else { return Vec::new() };
    let Ok(reader) = desk.reader(wiring).await else { return Vec::new() };
    let (rivals, undone) = (reader.rivals().await, reader.undone_steps().await);
    let mut findings = match rivals {
        Ok(rivals) => rivals.iter().map(doctor::rival).collect(),
        Err(error) => vec![Finding::of_store("rivals", &error)],
    };
    match undone {
        Ok(undone) => findings.extend(undone.iter().map(doctor::undone)),
        Err(error) => findings.push(Finding::of_store("undone", &error)),
    }
    findings
}

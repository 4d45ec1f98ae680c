//! `flyball drift`: how far an app is from what others than Flyball made it.

use super::check::no_such;
use super::reading::{Desk, Source};
use crate::arguments::Drift as Asked;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::{SystemIds, Wiring};
use flyball_engine::Engine;
use flyball_heroku::Access;
use flyball_model::Mode;
use flyball_views::Drift;
use std::sync::Arc;

pub(super) async fn drift(wiring: &Wiring, asked: &Asked) -> Result<Exit, Failure> {
    let source = Source::open(wiring, Exit::NO).await?;
    let told: Drift = match &source {
        Source::Afar(server) => server.get(&["apps", asked.app.as_str(), "drift"], &[]).await?,
        Source::Here(desk) => match now(wiring, desk, asked).await? {
            Some(told) => told,
            None => {
                let told = desk.reader(wiring).await?.drift(&asked.app).await?;
                told.ok_or_else(|| no_such("app", asked.app.as_str(), wiring, std::iter::empty()))?
            }
        },
    };
    match wiring.format {
        Format::Json => output::json(&told)?,
        Format::Text => {
            let sentences = told.sentences.iter().map(|told| wiring.face.lone_sentence(told, wiring.now()));
            sentences.into_iter().try_for_each(|told| output::data(&told))?;
        }
    }
    Ok(if told.drifted { Exit::NO } else { Exit::GOOD })
}

/// As the app is now; none where no token is at hand, or it cannot be looked at.
async fn now(wiring: &Wiring, desk: &Desk, asked: &Asked) -> Result<Option<Drift>, Failure> {
    let Ok(accounts) = wiring.accounts(Access::ReadOnly, &desk.definitions) else { return Ok(None) };
    let ports = wiring.ports(Arc::clone(&desk.store), &accounts);
    let engine = Engine::beside(ports, SystemIds.node(wiring.now()), Mode::DryRun, &desk.definitions).await?;
    Ok(engine.drift_now(&asked.app).await?)
}

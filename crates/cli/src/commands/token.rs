//! `flyball token`: what programs come in with. Beside the engine whoever has its database may; through a server, an administrator.

use crate::arguments::{Token, TokenCommand, TokenCreate};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::Remote;
use crate::render;
use crate::wiring::{SystemIds, Wiring};
use flyball_model::duration;
use flyball_server::People;
use flyball_settings::did_you_mean;
use flyball_store::Store;
use flyball_views::{TokenMade, TokenView};
use serde::Serialize;
use std::sync::Arc;

/// Who keeps the list of who may come in.
pub(super) enum Keeper {
    /// The store.
    Here(Arc<dyn Store>),
    /// A server.
    Afar(Remote),
}

impl Keeper {
    pub(super) async fn of(wiring: &Wiring) -> Result<Self, Failure> {
        match wiring.server() {
            Some(server) => Ok(Self::Afar(server.clone())),
            None => wiring.store(Exit::NO).await.map(Self::Here),
        }
    }

    pub(super) async fn close(self) {
        if let Self::Here(store) = self {
            store.close().await;
        }
    }
}

/// Who may come in, as this store has it.
pub(super) fn people<'a>(store: &'a dyn Store, wiring: &Wiring) -> People<'a> {
    People { store, ids: &SystemIds, now: wiring.now() }
}

pub(super) async fn token(wiring: &Wiring, asked: Token) -> Result<Exit, Failure> {
    let keeper = Keeper::of(wiring).await?;
    match asked.command {
        TokenCommand::Create(wanted) => told(wiring, &create(wiring, &keeper, &wanted).await?)?,
        TokenCommand::List => {
            let tokens = tokens(wiring, &keeper).await?;
            match wiring.format {
                Format::Json => output::json(&tokens)?,
                Format::Text if tokens.is_empty() => output::data("there is no token")?,
                Format::Text => output::data(&render::people::tokens(&tokens, &wiring.face))?,
            }
        }
        TokenCommand::Revoke { token } => {
            let token = named(tokens(wiring, &keeper).await?, &token)?;
            match &keeper {
                Keeper::Here(store) => {
                    people(&**store, wiring).revoke_token(&token.id, &wiring.environment.person()).await?;
                }
                Keeper::Afar(server) => server.delete(&["tokens", &token.id]).await?,
            }
            match wiring.format {
                Format::Json => output::json(&token)?,
                Format::Text => output::data(&format!("the token \"{}\" is good for nothing any more", token.name))?,
            }
        }
    }
    keeper.close().await;
    Ok(Exit::GOOD)
}

/// What is sent to a server.
#[derive(Serialize)]
struct ToMake<'a> {
    name: &'a str,
    scope: &'a str,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    lasts: Option<&'a str>,
}

async fn create(wiring: &Wiring, keeper: &Keeper, wanted: &TokenCreate) -> Result<TokenMade, Failure> {
    let (name, scope) = (wanted.name.as_str(), wanted.scope.scope());
    let lasts = wanted.lasts.map(duration::print);
    let lasts = lasts.as_deref();
    Ok(match keeper {
        Keeper::Here(store) => {
            people(&**store, wiring).make_token(name, scope, lasts, &wiring.environment.person()).await?
        }
        Keeper::Afar(server) => server.post(&["tokens"], &ToMake { name, scope, lasts }).await?,
    })
}

/// The token goes to stdout alone, so that a script takes it as it is; what is known of it goes to stderr.
fn told(wiring: &Wiring, made: &TokenMade) -> Result<(), Failure> {
    if wiring.format == Format::Json {
        return output::json(made);
    }
    let until = match made.view.until {
        Some(until) => format!("until {}", wiring.face.lone_sentence(&until.to_string(), wiring.now())),
        None => "until it is revoked".to_owned(),
    };
    output::data(&made.token)?;
    output::say(&format!(
        "the token \"{}\" may {}, and is good {until}; it is shown here, and never again",
        made.view.name, made.view.scope
    ));
    Ok(())
}

async fn tokens(wiring: &Wiring, keeper: &Keeper) -> Result<Vec<TokenView>, Failure> {
    Ok(match keeper {
        Keeper::Here(store) => people(&**store, wiring).tokens().await?,
        Keeper::Afar(server) => server.get(&["tokens"], &[]).await?,
    })
}

/// The token of this id or this name.
fn named(tokens: Vec<TokenView>, named: &str) -> Result<TokenView, Failure> {
    let names: Vec<String> = tokens.iter().map(|token| token.name.to_string()).collect();
    let by_id = tokens.iter().position(|token| token.id == named);
    let at = by_id.or_else(|| names.iter().position(|name| name == named));
    at.and_then(|at| tokens.into_iter().nth(at)).ok_or_else(|| {
        let failure = Failure::new(Exit::NO, format!("there is no token \"{}\"", flyball_model::Excerpt::of(named)));
        match did_you_mean(named, names.iter().map(String::as_str)) {
            Some(meant) => failure.hint(format!("did you mean \"{meant}\"?")),
            None => failure.hint("`flyball token list` lists them"),
        }
    })
}

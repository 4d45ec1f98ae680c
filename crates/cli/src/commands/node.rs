//! `flyball node`: the engines that share the work, and taking one out of it.

use super::reading::Source;
use crate::arguments::{Node, NodeCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::Wiring;
use flyball_views::NodeView;
use std::time::Duration;

/// How long it is waited until a node has given its share to others: a run that is under way there ends first.
const WAIT_MAX: Duration = Duration::from_secs(40);
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn node(wiring: &Wiring, asked: Node) -> Result<Exit, Failure> {
    let source = Source::open(wiring, Exit::NO).await?;
    match asked.command {
        None => list(wiring, &nodes(wiring, &source).await?),
        Some(NodeCommand::Drain { node }) => drain(wiring, &source, &node).await,
        Some(NodeCommand::Undrain { node }) => {
            let node = named(wiring, &source, &node).await?;
            have_drained(&source, &node, false).await?;
            output::data(&format!("{} takes its share again", node.name))?;
            Ok(Exit::GOOD)
        }
    }
}

async fn nodes(wiring: &Wiring, source: &Source) -> Result<Vec<NodeView>, Failure> {
    let desk = match source {
        Source::Here(desk) => desk,
        Source::Afar(server) => return Ok(server.get(&["nodes"], &[]).await?),
    };
    if !desk.store.is_shared() {
        return Err(Failure::new(Exit::NO, format!("{} is for one engine alone", desk.store.place()))
            .because("a SQLite file is on one machine")
            .hint("several engines share the work on a PostgreSQL database: set DATABASE_URL"));
    }
    Ok(desk.reader(wiring).await?.nodes().await?)
}

/// Asks a node to give its share to others, or to take it again.
async fn have_drained(source: &Source, node: &NodeView, gives: bool) -> Result<(), Failure> {
    match source {
        Source::Here(desk) => {
            desk.store.drain(node.node, gives).await?;
        }
        Source::Afar(server) => {
            let verb = if gives { "drain" } else { "undrain" };
            let _as_before: NodeView = server.post(&["nodes", &node.name, verb], &()).await?;
        }
    }
    Ok(())
}

fn list(wiring: &Wiring, nodes: &[NodeView]) -> Result<Exit, Failure> {
    match wiring.format {
        Format::Json => output::json(&nodes)?,
        Format::Text if nodes.is_empty() => output::data("no engine works on this database")?,
        Format::Text => output::data(&render::status::nodes(nodes, output::columns(), wiring.now(), &wiring.face))?,
    }
    Ok(Exit::GOOD)
}

/// The node of this name.
async fn named(wiring: &Wiring, source: &Source, name: &str) -> Result<NodeView, Failure> {
    let nodes = nodes(wiring, source).await?;
    let known: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    let known = known.join(", ");
    nodes.into_iter().find(|node| node.name == name).ok_or_else(|| {
        let failure = Failure::new(Exit::NO, format!("there is no node {name}"));
        if known.is_empty() { failure } else { failure.hint(format!("there are {known}")) }
    })
}

/// Asks a node to give its share to others, and waits until it has.
async fn drain(wiring: &Wiring, source: &Source, name: &str) -> Result<Exit, Failure> {
    let node = named(wiring, source, name).await?;
    have_drained(source, &node, true).await?;
    let began = wiring.now();
    loop {
        let nodes = nodes(wiring, source).await?;
        let left = nodes.iter().find(|other| other.node == node.node).map_or(0, |node| node.shards);
        let others = nodes.iter().any(|other| other.node != node.node && other.state.word() == "working");
        if left == 0 {
            output::data(&format!(
                "{name} has given its share to others, and takes none until `flyball node undrain {name}`"
            ))?;
            return Ok(Exit::GOOD);
        }
        if !others {
            output::data(&format!("{name} goes on until another node works: nobody else is there to take its share"))?;
            return Ok(Exit::TRY_AGAIN);
        }
        if wiring.now().since(began) >= WAIT_MAX {
            output::data(&format!("{name} still holds {left} shards; `flyball node` shows when it has given them"))?;
            return Ok(Exit::TRY_AGAIN);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

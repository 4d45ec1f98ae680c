//! `flyball store`: what Flyball remembers as a whole.

use crate::arguments::{StoreCommand, StoreCopy};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::Wiring;
use flyball_engine::queries::store_view;
use flyball_store::{Address, CopiedTable, CopyProgress, CopyStep, Copying, EngineLock};
use serde::Serialize;

pub(super) async fn store(wiring: &Wiring, asked: StoreCommand) -> Result<Exit, Failure> {
    match asked {
        StoreCommand::Show => show(wiring).await,
        StoreCommand::Migrate => migrate(wiring).await,
        StoreCommand::Copy(asked) => copy(wiring, &asked).await,
    }
}

async fn show(wiring: &Wiring) -> Result<Exit, Failure> {
    let store = wiring.store(Exit::NO).await?;
    let view = store_view(&*store).await?;
    store.close().await;
    match wiring.format {
        Format::Json => output::json(&view)?,
        Format::Text => output::data(&render::store::view(&view))?,
    }
    Ok(Exit::GOOD)
}

/// A database that is up to date, for programs.
#[derive(Debug, Serialize)]
struct Migrated {
    database: String,
}

/// On a file an engine has its lock from before it opens it; on a server all may bring it up to date at once, and one does.
async fn migrate(wiring: &Wiring) -> Result<Exit, Failure> {
    let address = wiring.database()?;
    let _lock = match &address {
        Address::File(file) => Some(EngineLock::take(file)?),
        Address::Server(_) => None,
    };
    let store = address.open().await?;
    store.close().await;
    let database = address.place().to_string();
    match wiring.format {
        Format::Text => output::data(&format!("{database} is up to date for flyball {}", env!("CARGO_PKG_VERSION")))?,
        Format::Json => output::json(&Migrated { database })?,
    }
    Ok(Exit::GOOD)
}

/// What was copied, for programs.
#[derive(Debug, Serialize)]
struct Copied {
    from: String,
    to: String,
    tables: Vec<CopiedTable>,
}

async fn copy(wiring: &Wiring, asked: &StoreCopy) -> Result<Exit, Failure> {
    let from = Wiring::address(&asked.from)?;
    let to = match asked.to.as_deref().or(wiring.named_database()) {
        Some(url) => Wiring::address(url)?,
        None => {
            return Err(Failure::new(Exit::CONFIGURATION, "cannot copy: nothing says where to")
                .hint("name a database with --to, or in DATABASE_URL"));
        }
    };
    let copying = Copying::open(&from, &to).await?;
    let copied = copying.run(&mut told).await;
    copying.close().await;
    let (from, to) = (from.place().to_string(), to.place().to_string());
    tell(wiring, Copied { from, to, tables: copied? })?;
    Ok(Exit::GOOD)
}

/// Tells a person how far it is, in one line for each table and step.
fn told(progress: CopyProgress) {
    output::say_over(&words(progress), progress.is_done);
}

fn words(CopyProgress { table, step, rows, is_done: _ }: CopyProgress) -> String {
    let step = match step {
        CopyStep::Looking => "already there",
        CopyStep::Copying => "copied",
        CopyStep::Comparing => "compared",
    };
    format!("{table}: {rows} {step}")
}

fn tell(wiring: &Wiring, copied: Copied) -> Result<(), Failure> {
    if wiring.format == Format::Json {
        return output::json(&copied);
    }
    output::data(&render::store::copied(&copied.tables))?;
    let Copied { from, to, tables } = copied;
    let rows: u64 = tables.iter().map(|table| table.copied).sum();
    output::data(&if rows == 0 {
        format!("nothing was left to copy: {to} has all that {from} has, and nothing else")
    } else {
        format!("{rows} rows were copied: {to} is now the same as {from}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_is_told_by_table_and_step() {
        let at = |step| words(CopyProgress { table: "blocks", step, rows: 1500, is_done: false });
        assert_eq!(at(CopyStep::Looking), "blocks: 1500 already there");
        assert_eq!(at(CopyStep::Copying), "blocks: 1500 copied");
        assert_eq!(at(CopyStep::Comparing), "blocks: 1500 compared");
    }
}

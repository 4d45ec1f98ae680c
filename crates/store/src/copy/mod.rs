//! Copying a history from one store to another: a team that began with a file goes over to a server, and takes everything
//! along.
//!
//! Nothing is ever deleted or changed on either side: the target gets the rows that it lacks. So a copy that was cut goes on
//! where it was, and one that is done finds nothing to do. Before the first row is written, all that the target holds is
//! compared with the source; whatever is in it and not in the source is another history, which is refused. Afterwards both are
//! read once more and compared value by value.
//!
//! Until they are the same the target is marked, and no engine and no command opens it.

mod error;
mod tables;
#[cfg(test)]
mod tests;
mod walk;

pub use error::{CopyError, Difference};
pub(crate) use tables::{Kind, Row, Table, Value};

use crate::{Address, EngineLock, Error, Place, SeenSign, Store};
use async_trait::async_trait;
use flyball_model::Timestamp;
use serde::Serialize;
use std::path::Path;
use tables::TABLES;
use walk::{Found, Walk};

/// Rows that are read at once, and written in one transaction: some 10 MB where each is a block of an hour of checks every
/// second, and 32 MB where each is the longest text that is made in pages; three such lots are held in memory. Fewer make a far server slow, which is asked twice for each.
pub(crate) const ROWS_AT_ONCE: usize = 500;

/// A store as it is copied from or to.
#[async_trait]
pub(crate) trait Side: Store {
    /// The first rows of a table behind a key, in the order of keys: [`ROWS_AT_ONCE`], and fewer only at the end.
    async fn rows(&self, table: &Table, behind: Option<&[Value]>) -> Result<Vec<Row>, Error>;

    /// Writes rows that are not there yet, all or none.
    async fn insert(&self, table: &Table, rows: &[Row]) -> Result<(), Error>;

    /// Marks it as one that a copy is made to: nobody opens it from now on.
    async fn mark(&self) -> Result<(), Error>;

    /// Takes the mark away, if there is one; and has the database give numbers behind those that are there by now.
    async fn finish(&self, tables: &[Table]) -> Result<(), Error>;

    /// Refuses one that is marked.
    async fn is_whole(&self) -> Result<(), Error>;
}

/// The schema of a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    /// How many steps it has taken; none where it has no tables of ours.
    pub(crate) has: i64,
    /// How many this version knows.
    pub(crate) knows: i64,
}

/// What is done with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStep {
    /// What the target has of it is compared, before anything is written.
    Looking,
    /// What the target lacks is written.
    Copying,
    /// Both are compared.
    Comparing,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// The table that it is at.
    pub table: &'static str,
    /// What is done with it.
    pub step: CopyStep,
    /// How many of its rows that was done with.
    pub rows: u64,
    /// Whether that was all of them.
    pub is_done: bool,
}

/// What became of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CopiedTable {
    /// Its name.
    pub table: &'static str,
    /// Rows that were written.
    pub copied: u64,
    /// Rows that were read from both sides and are the same: all that there are.
    pub compared: u64,
}

/// Two stores, opened to copy one to the other.
pub struct Copying {
    from: Box<dyn Side>,
    to: Box<dyn Side>,
    /// No engine starts on a file meanwhile.
    _locks: [Option<EngineLock>; 2],
}

impl Copying {
    /// Opens both: the source to be read only, and the target with its tables made where it has none.
    ///
    /// # Errors
    /// When they are one, an engine runs on either, one has the schema of another version, or one cannot be opened. The target is
    /// not touched before the source was opened.
    pub async fn open(from: &Address, to: &Address) -> Result<Self, CopyError> {
        if is_same(&from.place(), &to.place()) {
            return Err(CopyError::Itself { place: from.place() });
        }
        let (source, source_lock) = source(from).await?;
        let (target, target_lock) = target(to).await?;
        Ok(Self { from: source, to: target, _locks: [source_lock, target_lock] })
    }

    /// Copies what the target lacks, and compares all of both. `told` hears how far it is: after each lot, and at each table's end.
    ///
    /// # Errors
    /// When the target holds another history, an engine starts meanwhile, the two differ in the end, or one of them fails. What was
    /// written until then stays, and the next copy goes on from there.
    pub async fn run(&self, told: &mut (dyn FnMut(CopyProgress) + Send)) -> Result<Vec<CopiedTable>, CopyError> {
        let tables = match self.looked(told).await? {
            Looked::Same(tables) => tables,
            Looked::Lacking => {
                self.mark().await?;
                let mut copied = Vec::with_capacity(TABLES.len());
                for table in &TABLES {
                    copied.push(self.copy(table, told).await?);
                }
                let mut tables = Vec::with_capacity(TABLES.len());
                for (table, copied) in TABLES.iter().zip(copied) {
                    tables.push(CopiedTable { table: table.name, copied, compared: self.compare(table, told).await? });
                }
                tables
            }
        };
        self.are_idle().await?;
        // Also where nothing lacked: a copy may have been cut between its last row and this.
        self.to.finish(&TABLES).await?;
        Ok(tables)
    }

    /// Gives back what both hold open.
    pub async fn close(&self) {
        self.from.close().await;
        self.to.close().await;
    }

    /// Compares what the target has, as far as it goes.
    async fn looked(&self, told: &mut (dyn FnMut(CopyProgress) + Send)) -> Result<Looked, CopyError> {
        let (mut tables, mut lacks) = (Vec::with_capacity(TABLES.len()), false);
        for table in &TABLES {
            let mut count = Count::of(table, CopyStep::Looking, told);
            let mut walk = self.along(table);
            while let Some((found, row)) = walk.next().await? {
                match difference(table, found, &row) {
                    None => count.one(),
                    Some(Difference::Missing { .. }) => lacks = true,
                    Some(difference) => return Err(self.not_ours(difference)),
                }
                // What the source has beyond is counted by nobody here.
                if lacks && walk.is_past_target().await? {
                    break;
                }
            }
            tables.push(CopiedTable { table: table.name, copied: 0, compared: count.all() });
        }
        Ok(if lacks { Looked::Lacking } else { Looked::Same(tables) })
    }

    /// Marks the target. No engine appears on it from then on; one that did just before is seen.
    async fn mark(&self) -> Result<(), CopyError> {
        self.to.mark().await?;
        if let Err(error) = is_idle(&*self.to).await {
            self.to.finish(&[]).await?;
            return Err(error);
        }
        Ok(())
    }

    /// Writes what the target lacks of a table; returns how many rows that is.
    async fn copy(&self, table: &Table, told: &mut (dyn FnMut(CopyProgress) + Send)) -> Result<u64, CopyError> {
        let mut count = Count::of(table, CopyStep::Copying, told);
        let (mut walk, mut lot) = (self.along(table), Vec::with_capacity(ROWS_AT_ONCE));
        while let Some((found, row)) = walk.next().await? {
            match difference(table, found, &row) {
                None => {}
                Some(Difference::Missing { .. }) => {
                    lot.push(row);
                    count.one();
                }
                Some(difference) => return Err(self.not_ours(difference)),
            }
            if lot.len() == ROWS_AT_ONCE {
                self.to.insert(table, &lot).await?;
                lot.clear();
            }
        }
        if !lot.is_empty() {
            self.to.insert(table, &lot).await?;
        }
        Ok(count.all())
    }

    /// Reads a table from both sides; returns how many rows are the same: all of them.
    async fn compare(&self, table: &Table, told: &mut (dyn FnMut(CopyProgress) + Send)) -> Result<u64, CopyError> {
        let mut count = Count::of(table, CopyStep::Comparing, told);
        let mut walk = self.along(table);
        while let Some((found, row)) = walk.next().await? {
            if let Some(difference) = difference(table, found, &row) {
                let (from, to) = self.places();
                return Err(CopyError::Differs { from, to, difference });
            }
            count.one();
        }
        Ok(count.all())
    }

    fn along<'a>(&'a self, table: &'a Table) -> Walk<'a> {
        Walk::along(table, &*self.from, &*self.to)
    }

    async fn are_idle(&self) -> Result<(), CopyError> {
        is_idle(&*self.from).await?;
        is_idle(&*self.to).await
    }

    fn places(&self) -> (Place, Place) {
        (self.from.place().clone(), self.to.place().clone())
    }

    fn not_ours(&self, difference: Difference) -> CopyError {
        let (from, to) = self.places();
        CopyError::NotOurs { from, to, difference }
    }
}

/// What the target has before anything is written.
enum Looked {
    /// All that the source has, and nothing else.
    Same(Vec<CopiedTable>),
    /// Some of it, or nothing.
    Lacking,
}

/// Counts the rows of a table, and tells of each lot.
struct Count<'a> {
    progress: CopyProgress,
    told: &'a mut (dyn FnMut(CopyProgress) + Send),
}

impl<'a> Count<'a> {
    fn of(table: &Table, step: CopyStep, told: &'a mut (dyn FnMut(CopyProgress) + Send)) -> Self {
        Self { progress: CopyProgress { table: table.name, step, rows: 0, is_done: false }, told }
    }

    fn one(&mut self) {
        self.progress.rows += 1;
        if self.progress.rows.is_multiple_of(ROWS_AT_ONCE as u64) {
            (self.told)(self.progress);
        }
    }

    fn all(mut self) -> u64 {
        self.progress.is_done = true;
        (self.told)(self.progress);
        self.progress.rows
    }
}

/// In what the two sides differ at a row.
fn difference(table: &Table, found: Found, row: &[Value]) -> Option<Difference> {
    let (table, key) = (table.name, table.key_in_words(row));
    match found {
        Found::Same => None,
        Found::Missing => Some(Difference::Missing { table, key }),
        Found::Foreign => Some(Difference::Foreign { table, key }),
        Found::Other(column) => Some(Difference::Other { table, key, column }),
    }
}

/// The source: read only, whole, and with the schema of this version.
async fn source(address: &Address) -> Result<(Box<dyn Side>, Option<EngineLock>), CopyError> {
    let place = address.place();
    if place.file().is_some_and(|file| file.try_exists().is_ok_and(|exists| !exists)) {
        return Err(Error::NotThere { place }.into());
    }
    let lock = locked(&place)?;
    let (store, Schema { has, knows }) = address.open_as_it_is().await?;
    match has {
        0 => return Err(Error::NotThere { place }.into()),
        _ if has < knows => return Err(CopyError::Older { place, has, knows }),
        _ => store.is_whole().await?,
    }
    is_idle(&*store).await?;
    Ok((store, lock))
}

/// The target. One of an earlier version is refused as it is: a copy is made to what this version makes.
async fn target(address: &Address) -> Result<(Box<dyn Side>, Option<EngineLock>), CopyError> {
    let place = address.place();
    let lock = locked(&place)?;
    let is_new = place.file().is_some_and(|file| std::fs::metadata(file).map_or(true, |found| found.len() == 0));
    if !is_new {
        let (store, Schema { has, knows }) = address.open_as_it_is().await?;
        store.close().await;
        if has > 0 && has < knows {
            return Err(CopyError::OlderTarget { place });
        }
    }
    let store = address.open_unfinished().await?;
    is_idle(&*store).await?;
    Ok((store, lock))
}

/// Takes the lock of a file, so that no engine starts on it. Where nothing may be written there is none, and no engine either.
fn locked(place: &Place) -> Result<Option<EngineLock>, CopyError> {
    let Some(file) = place.file() else { return Ok(None) };
    let runs = |process| CopyError::EngineRuns { place: place.clone(), host: None, process };
    match EngineLock::take(file) {
        Ok(lock) => Ok(Some(lock)),
        Err(Error::ReadOnly { .. }) if !EngineLock::is_held(file)? => Ok(None),
        Err(Error::ReadOnly { .. }) => Err(runs(EngineLock::process(file))),
        Err(Error::EngineRuns { process, .. }) => Err(runs(process)),
        Err(error) => Err(error.into()),
    }
}

/// Refuses a server's database on which an engine has given a sign of life of late. On a file it is the lock that tells.
async fn is_idle(store: &dyn Side) -> Result<(), CopyError> {
    if !store.is_shared() {
        return Ok(());
    }
    // A server goes by its own clock.
    let signs = store.signs(Timestamp::from_millis(0)).await?;
    match signs.into_iter().find(SeenSign::is_fresh) {
        None => Ok(()),
        Some(seen) => Err(CopyError::EngineRuns {
            place: store.place().clone(),
            host: Some(seen.sign.host),
            process: Some(seen.sign.process),
        }),
    }
}

/// Whether two places are one, as far as names tell.
fn is_same(from: &Place, to: &Place) -> bool {
    let real = |file: &Path| file.canonicalize().ok();
    from == to || from.file().and_then(real).is_some_and(|from| to.file().and_then(real) == Some(from))
}

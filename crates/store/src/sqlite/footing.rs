//! Whether the file is still the one that an engine began on.

use super::lock::lock_path;
use super::{Sqlite, beside};
use crate::Error;
use crate::presence::Ground;
use flyball_model::StoreLoss;
use std::fs::Metadata;
use std::io;
use std::path::Path;

/// SQLite's header: a file that is shorter has lost everything. Source: <https://www.sqlite.org/fileformat.html>
const HEADER_BYTES: u64 = 100;

/// The files of a database as an engine found them when it began.
#[derive(Debug)]
pub(super) struct Footing {
    database: Option<Identity>,
    log: Option<Identity>,
    lock: Option<Identity>,
}

/// What tells a file from another of its name: its device and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

/// What stands under the name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    identity: Identity,
    bytes: u64,
}

impl Footing {
    fn of(file: &Path) -> io::Result<Self> {
        let identity = |path: &Path| Ok::<_, io::Error>(found(path)?.map(|found| found.identity));
        Ok(Self { database: identity(file)?, log: identity(&beside(file, "-wal"))?, lock: identity(&lock_path(file))? })
    }

    /// How the files that stand there now are not those of the beginning.
    fn loss(&self, database: Option<Found>, log: Option<Found>, lock: Option<Found>) -> Option<StoreLoss> {
        let is_another = |before: Option<Identity>, now: Option<Found>| {
            before.is_some_and(|before| now.is_none_or(|now| now.identity != before))
        };
        match database {
            None => Some(StoreLoss::Deleted),
            Some(_) if is_another(self.database, database) => Some(StoreLoss::Replaced),
            Some(found) if found.bytes < HEADER_BYTES => Some(StoreLoss::CutShort),
            // Whoever opens the database from now on reads and writes another log than ours.
            Some(_) if is_another(self.log, log) => Some(StoreLoss::Replaced),
            Some(_) if is_another(self.lock, lock) => Some(StoreLoss::Unlocked),
            Some(_) => None,
        }
    }
}

fn found(path: &Path) -> io::Result<Option<Found>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(Found { identity: identity(&metadata), bytes: metadata.len() })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    Identity(metadata.dev(), metadata.ino())
}

/// Where a file that is open cannot be replaced, there is nothing to compare.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    Identity(0, 0)
}

impl Sqlite {
    /// Notes where an engine begins. Whoever appears twice through one store stands where it stood.
    pub(super) fn stand(&self) -> Result<(), Error> {
        let footing = Footing::of(&self.file).map_err(|error| self.cannot_look(error))?;
        let _ = self.footing.set(footing);
        Ok(())
    }

    /// How the files have come away from under it.
    pub(super) async fn ground(&self) -> Result<Ground, Error> {
        let store = self.clone();
        // A mount that hangs must not hold the thread of anybody else.
        let looked = tokio::task::spawn_blocking(move || {
            let (file, log, lock) = (&store.file, beside(&store.file, "-wal"), lock_path(&store.file));
            let Some(footing) = store.footing.get() else { return Ok(Ground::NeverStood) };
            Ok(footing.loss(found(file)?, found(&log)?, found(&lock)?).map_or(Ground::Firm, Ground::Lost))
        });
        let looked: io::Result<_> = looked.await.map_err(io::Error::other).flatten();
        looked.map_err(|error| self.cannot_look(error))
    }

    fn cannot_look(&self, error: io::Error) -> Error {
        Error::other(format!("look at {}", self.file.display()), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_ours_until_it_is_gone_replaced_or_cut_short() {
        let file = |number, bytes| Some(Found { identity: Identity(1, number), bytes });
        let [database, log, lock] = [file(1, 4096), file(2, 0), file(3, 5)];
        let identity = |found: Option<Found>| found.map(|found| found.identity);
        let footing = Footing { database: identity(database), log: identity(log), lock: identity(lock) };
        let cases = [
            ("as it was", database, log, lock, None),
            ("grown", file(1, 8192), file(2, 4096), lock, None),
            ("deleted", None, None, None, Some(StoreLoss::Deleted)),
            ("another of the name", file(9, 4096), log, lock, Some(StoreLoss::Replaced)),
            ("truncated", file(1, 0), log, lock, Some(StoreLoss::CutShort)),
            ("its log deleted", database, None, lock, Some(StoreLoss::Replaced)),
            ("its log replaced", database, file(9, 0), lock, Some(StoreLoss::Replaced)),
            ("its lock deleted", database, log, None, Some(StoreLoss::Unlocked)),
            ("its lock replaced", database, log, file(9, 5), Some(StoreLoss::Unlocked)),
        ];
        for (case, database, log, lock, loss) in cases {
            assert_eq!(footing.loss(database, log, lock), loss, "{case}");
        }
        // Without a lock of the beginning there is none to be lost.
        let unlocked = Footing { lock: None, ..footing };
        assert_eq!(unlocked.loss(database, log, None), None);
    }
}

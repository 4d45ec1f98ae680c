//! Files of ours in a folder that others may write to: nothing is opened, made or cut short through a link, and nothing
//! waits for whoever would have to write into a pipe.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Opens a plain file, and never what a link of that name leads to.
///
/// # Errors
///
/// As opening has them; and [`ErrorKind::InvalidInput`] for what is no plain file.
pub fn open_plain(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(not_plain());
    }
    // Whatever was put in its place since is not followed, and not waited for.
    let file = guarded(options).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_plain()) }
}

fn not_plain() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "it is a link, a pipe or a folder, and no plain file")
}

#[cfg(unix)]
fn guarded(options: &mut OpenOptions) -> &mut OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
}

/// A file that is made is its owner's alone: it holds excerpts of pages, and commands.
#[cfg(unix)]
pub(crate) fn ours(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
pub(crate) fn ours(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn guarded(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// What other users of this machine may do that they should not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposed {
    /// Write to the folder of the database, and so take our files away or put theirs in the place.
    Folder(PathBuf),
    /// Read or write one of the database's files.
    File(PathBuf),
}

impl Exposed {
    /// What others may do, as a sentence without a full stop.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Folder(folder) => {
                format!(
                    "other users of this machine may write to {}, and so replace what Flyball keeps",
                    folder.display()
                )
            }
            Self::File(file) => {
                format!("other users of this machine may read {}, or hold its locks", file.display())
            }
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Folder(folder) => {
                format!("`chmod o-w {}`, or name a file elsewhere with --database", folder.display())
            }
            Self::File(file) => format!("`chmod o-rwx {}`", file.display()),
        }
    }
}

/// What is open to other users of a database, its companions and its folder. What cannot be looked at is left out.
#[must_use]
pub fn exposed(database: &Path) -> Vec<Exposed> {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let to_others = |path: &Path, bits: u32| std::fs::metadata(path).is_ok_and(|found| others(&found) & bits != 0);
    let mut exposed = Vec::new();
    if to_others(folder, WRITE) {
        exposed.push(Exposed::Folder(folder.to_owned()));
    }
    let files = ["", "-wal", "-shm", ".lock"].map(|behind| crate::sqlite::beside(&real, behind));
    exposed.extend(files.into_iter().filter(|file| to_others(file, READ | WRITE)).map(Exposed::File));
    exposed
}

/// Takes a database and its companions from other users, where they are open to them and belong to us: an earlier version made
/// them so, or somebody copied them. Returns those that it closed. What a group may do is somebody's choice, and stays
/// as long as nobody else may do anything.
///
/// Called before this process opens the database: closing a file takes away the locks that SQLite holds on it.
/// Source: <https://www.sqlite.org/howtocorrupt.html>, section 2.2.
pub fn tighten(database: &Path) -> Vec<PathBuf> {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    let files = ["", "-wal", "-shm", ".lock"].map(|behind| crate::sqlite::beside(&real, behind));
    files.into_iter().filter(|file| close_to_others(file).unwrap_or(false)).collect()
}

/// Whether it was open to others, and is not any more. Changed through what was opened, so that nothing that comes in its
/// place meanwhile is changed instead.
#[cfg(unix)]
fn close_to_others(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let file = open_plain(File::options().read(true), file)?;
    let found = file.metadata()?;
    if others(&found) == 0 || !is_of_ours(&found) {
        return Ok(false);
    }
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(true)
}

#[cfg(not(unix))]
fn close_to_others(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Whether a file belongs to the user that this process runs as.
#[cfg(unix)]
pub(crate) fn is_of_ours(found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    found.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
pub(crate) fn is_of_ours(_: &Metadata) -> bool {
    true
}

const READ: u32 = 0o4;
const WRITE: u32 = 0o2;

/// What whoever is neither the owner nor of the group may do.
#[cfg(unix)]
fn others(found: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o7
}

#[cfg(not(unix))]
fn others(_: &Metadata) -> u32 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EngineLock, Error, Sqlite};
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn pipe(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[tokio::test]
    async fn what_flyball_keeps_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("flyball.db");
        let _lock = EngineLock::take(&database).unwrap();
        let store = Sqlite::open(&database).await.unwrap();
        for behind in ["", "-wal", "-shm", ".lock"] {
            assert_eq!(mode(&crate::sqlite::beside(&database, behind)), 0o600, "{behind}");
        }
        assert_eq!(exposed(&database), []);
        store.close().await;
    }

    #[test]
    fn files_of_ours_that_an_earlier_version_left_open_are_closed_to_others_once() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().canonicalize().unwrap().join("flyball.db");
        let files = ["", "-wal", "-shm", ".lock"].map(|behind| crate::sqlite::beside(&database, behind));
        for file in &files {
            std::fs::write(file, "").unwrap();
            std::fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
        }
        assert_eq!(tighten(&database), files);
        assert!(files.iter().all(|file| mode(file) == 0o600));
        assert_eq!((tighten(&database), exposed(&database)), (vec![], vec![]));
        std::fs::set_permissions(&database, Permissions::from_mode(0o660)).unwrap();
        assert_eq!(tighten(&database), [] as [&Path; 0], "a group is somebody's choice");
    }

    #[tokio::test]
    async fn a_link_to_somebody_elses_file_is_no_database_and_one_to_our_own_is() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, link) = (folder.path().join("ours.db"), folder.path().join("flyball.db"));
        Sqlite::open(&ours).await.unwrap().close().await;
        symlink(&ours, &link).unwrap();
        Sqlite::open(&link).await.unwrap().close().await;
        // Who is not root cannot give a file away, and finds root's.
        let theirs = match std::os::unix::fs::chown(&ours, Some(65_534), None) {
            Ok(()) => ours,
            Err(_) => PathBuf::from("/etc/passwd"),
        };
        let (other, before) = (folder.path().join("other.db"), std::fs::read(&theirs).unwrap());
        symlink(&theirs, &other).unwrap();
        for opened in [Sqlite::open(&other).await, Sqlite::open_existing(&other).await] {
            let error = opened.unwrap_err();
            assert!(matches!(error, Error::NotOurs { .. }) && error.hint().is_some(), "{error:?}");
        }
        assert_eq!(std::fs::read(&theirs).unwrap(), before);
    }

    #[test]
    fn what_is_open_to_others_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().canonicalize().unwrap().join("flyball.db");
        std::fs::write(&database, "").unwrap();
        std::fs::set_permissions(&database, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(exposed(&database), [Exposed::File(database.clone())]);
        std::fs::set_permissions(&database, Permissions::from_mode(0o660)).unwrap();
        assert_eq!(exposed(&database), [], "a group is somebody's choice");
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(exposed(&database), [Exposed::Folder(database.parent().unwrap().to_owned())]);
    }

    #[tokio::test]
    async fn a_link_or_a_pipe_in_the_place_of_a_file_of_ours_is_refused_and_what_it_leads_to_stays() {
        for name in ["flyball.db.lock", "flyball.db-wal", "flyball.db-shm"] {
            let folder = tempfile::tempdir().unwrap();
            let (database, planted) = (folder.path().join("flyball.db"), folder.path().join(name));
            let theirs = folder.path().join("theirs");
            std::fs::write(&theirs, "precious").unwrap();
            for plant in [|theirs: &Path, at: &Path| symlink(theirs, at).unwrap(), |_: &Path, at: &Path| pipe(at)] {
                plant(&theirs, &planted);
                let refused = match EngineLock::take(&database) {
                    Ok(_lock) => Sqlite::open(&database).await.unwrap_err(),
                    Err(error) => error,
                };
                assert!(matches!(refused, Error::NotPlain { .. }), "{name}: {refused:?}");
                assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "precious", "{name}");
                std::fs::remove_file(&planted).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_database_that_is_a_pipe_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("flyball.db");
        pipe(&database);
        assert!(matches!(Sqlite::open(&database).await.unwrap_err(), Error::NotPlain { .. }));
        assert!(matches!(Sqlite::open_existing(&database).await.unwrap_err(), Error::NotPlain { .. }));
    }

    #[test]
    fn a_file_of_the_locks_name_with_something_else_in_it_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (database, lock) = (folder.path().join("flyball.db"), folder.path().join("flyball.db.lock"));
        std::fs::write(&lock, "precious, and longer than any process id").unwrap();
        assert!(matches!(EngineLock::take(&database).unwrap_err(), Error::NotALock { .. }));
        assert_eq!(std::fs::read_to_string(&lock).unwrap(), "precious, and longer than any process id");
    }
}

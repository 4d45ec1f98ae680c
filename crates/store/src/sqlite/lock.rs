//! One engine per file.
//!
//! An advisory lock on a file beside the database. The operating system gives it back when the process dies, however
//! it dies. Commands beside a running engine read and write the database without it.

use crate::holder::{Lock, holder};
use crate::plain::ours;
use crate::{Error, open_plain};
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the lock is tried for: [`EngineLock::is_held`] holds it for an instant, which must not keep an engine
/// from starting.
const TRIES: u32 = 10;

/// The pause between two tries: 200 ms in all.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Longer than any process id and the end of its line; whatever else stands in a lock is not ours.
const PROCESS_BYTES_MAX: u64 = 20;

/// The right to run an engine on a database, until it is dropped or the process ends.
#[derive(Debug)]
pub struct EngineLock {
    /// Closing it gives the lock back. The file stays: removing it would let two engines lock two files of one name.
    _file: File,
}

impl EngineLock {
    /// Takes the lock of a database.
    ///
    /// # Errors
    /// [`Error::EngineRuns`] when another process has it; [`Error::NotPlain`] and [`Error::NotALock`] when something
    /// else stands in its place, which stays as it is; others when the lock file cannot be written.
    pub fn take(database: &Path) -> Result<Self, Error> {
        let path = lock_path(database);
        let told = |error: std::io::Error| match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Error::ReadOnly { doing: format!("lock {}", database.display()), place: database.into() }
            }
            ErrorKind::InvalidInput => Error::NotPlain { file: path.clone() },
            _ => Error::other(format!("lock {}", path.display()), error),
        };
        let mut file = open_plain(ours(File::options().read(true).write(true).create(true).truncate(false)), &path)
            .map_err(told)?;
        if !locked(&file).map_err(told)? {
            return Err(held(database, path, process_in(&mut file)));
        }
        // What is cut short below must be a lock of ours, whatever other names this file has.
        if file.metadata().map_err(told)?.len() > 0 && process_in(&mut file).is_none() {
            return Err(Error::NotALock { file: path });
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(told)?;
        Ok(Self { _file: file })
    }

    /// Whether an engine runs on a database. It may stop, or start, in the next instant.
    ///
    /// # Errors
    /// When there is a lock file, but it cannot be opened or tried.
    pub fn is_held(database: &Path) -> Result<bool, Error> {
        let path = lock_path(database);
        let told = |error: std::io::Error| match error.kind() {
            ErrorKind::InvalidInput => Error::NotPlain { file: path.clone() },
            _ => Error::other(format!("look at {}", path.display()), error),
        };
        let file = match open_plain(File::options().read(true), &path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(told(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(told(error)),
        }
    }
}

impl EngineLock {
    /// The process that took the lock of a database last, if it can be read.
    #[must_use]
    pub fn process(database: &Path) -> Option<u32> {
        process_in(&mut open_plain(File::options().read(true), &lock_path(database)).ok()?)
    }
}

/// Why the lock cannot be had: an engine has it, which wrote its process into it, or a stranger, as the system tells.
fn held(database: &Path, lock: PathBuf, process: Option<u32>) -> Error {
    let file = database.to_owned();
    match holder(&lock, Lock::Whole) {
        Some(holder) if Some(holder.process) != process => Error::LockedByStranger { file, lock, holder },
        _ => Error::EngineRuns { file, process },
    }
}

/// Whether the lock could be had.
fn locked(file: &File) -> std::io::Result<bool> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

/// The process that wrote its id into the file, if it can be read.
fn process_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(PROCESS_BYTES_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// The lock file of a database: its name with `.lock` behind it, whichever way leads to the database.
pub(super) fn lock_path(database: &Path) -> PathBuf {
    let real = database.canonicalize().or_else(|_| not_there_yet(database));
    let mut path = OsString::from(real.unwrap_or_else(|_| database.to_owned()));
    path.push(".lock");
    path.into()
}

/// The real path of a file that is still to be made, in a directory that is there.
fn not_there_yet(database: &Path) -> std::io::Result<PathBuf> {
    let directory = database.parent().filter(|directory| !directory.as_os_str().is_empty());
    let name = database.file_name().ok_or(std::io::ErrorKind::InvalidInput)?;
    Ok(directory.unwrap_or(Path::new(".")).canonicalize()?.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_engine_on_a_file_is_refused_and_told_which_process_has_it() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("flyball.db");
        assert!(!EngineLock::is_held(&database).unwrap());
        let first = EngineLock::take(&database).unwrap();
        assert!(EngineLock::is_held(&database).unwrap());
        match EngineLock::take(&database).unwrap_err() {
            Error::EngineRuns { process, .. } => assert_eq!(process, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        assert!(!EngineLock::is_held(&database).unwrap());
        EngineLock::take(&database).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_stranger_who_holds_the_lock_is_named() {
        use std::io::{BufRead as _, BufReader};
        use std::process::{Command, Stdio};
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("flyball.db");
        drop(EngineLock::take(&database).unwrap());
        let mut stranger = Command::new("flock");
        stranger.arg(lock_path(&database)).args(["sh", "-c", "echo held; cat"]);
        let mut stranger = stranger.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(stranger.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let error = EngineLock::take(&database).unwrap_err();
        // It goes on until nobody writes to it.
        drop(stranger.stdin.take());
        stranger.wait().unwrap();
        let who = format!("locked by process {}, `flock` of user ", stranger.id());
        assert!(error.to_string().contains(&who) && error.hint().is_some(), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn another_name_of_the_same_file_has_the_same_lock() {
        let directory = tempfile::tempdir().unwrap();
        let (database, other) = (directory.path().join("flyball.db"), directory.path().join("other.db"));
        let _first = EngineLock::take(&database).unwrap();
        std::fs::write(&database, "").unwrap();
        std::os::unix::fs::symlink(&database, &other).unwrap();
        assert!(EngineLock::is_held(&other).unwrap());
        EngineLock::take(&other).unwrap_err();
    }
}

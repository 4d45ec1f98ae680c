//! Who holds a lock on a file of ours, as far as this system tells: Linux lists every lock, with the process that has it.

use std::fmt;
use std::path::Path;

/// A process that holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its id on this machine.
    pub process: u32,
    /// The number of the user that it runs as, where that can be seen.
    pub user: Option<u32>,
    /// Its program's name, without arguments, which may hold secrets; at most [`Holder::COMMAND_CHARS_MAX`] characters.
    pub command: Option<String>,
}

impl Holder {
    /// Linux keeps 15 bytes of a program's name; a stranger's file system may say more.
    pub const COMMAND_CHARS_MAX: usize = 64;
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, user, command } = self;
        match (user, command) {
            (Some(user), Some(command)) => write!(f, "process {process}, `{command}` of user {user}"),
            (Some(user), None) => write!(f, "process {process} of user {user}"),
            (None, Some(command)) => write!(f, "process {process}, `{command}`"),
            (None, None) => write!(f, "process {process}"),
        }
    }
}

/// How a file is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// As an engine locks the file beside its database.
    Whole,
    /// As SQLite locks what it writes.
    Ranges,
}

/// Another process than this one that keeps others from writing a file, if that can be seen.
#[cfg(target_os = "linux")]
pub(crate) fn holder(file: &Path, lock: Lock) -> Option<Holder> {
    use std::os::unix::fs::MetadataExt as _;
    let number = std::fs::metadata(file).ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let process = processes(&locks, lock, number).find(|process| *process != std::process::id())?;
    let folder = Path::new("/proc").join(process.to_string());
    let command = std::fs::read_to_string(folder.join("comm")).ok();
    let harmless = |c: &char| !c.is_control() && *c != '`';
    let command = command.map(|name| name.trim().chars().filter(harmless).take(Holder::COMMAND_CHARS_MAX).collect());
    Some(Holder { process, user: std::fs::metadata(folder).ok().map(|found| found.uid()), command })
}

/// No other system tells.
#[cfg(not(target_os = "linux"))]
pub(crate) fn holder(_: &Path, _: Lock) -> Option<Holder> {
    None
}

/// The processes that hold such a lock for writing on the file of this number, in the system's order. Who only waits for one
/// (`->`) holds nothing. The device is left out: some file systems tell another than the file's own.
///
/// Source: `man 5 proc_locks`.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn processes(locks: &str, lock: Lock, number: u64) -> impl Iterator<Item = u32> {
    let kind = match lock {
        Lock::Whole => "FLOCK",
        Lock::Ranges => "POSIX",
    };
    locks.lines().filter_map(move |line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, is, _, "WRITE", process, file, ..] = fields.as_slice() else { return None };
        let is_meant = *is == kind && file.rsplit(':').next()?.parse() == Ok(number);
        process.parse().ok().filter(|_| is_meant)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKS: &str = "1: POSIX  ADVISORY  READ  41 08:02:7 1073741826 1073742335\n\
                         2: POSIX  ADVISORY  WRITE 42 08:02:7 120 120\n\
                         2: -> POSIX  ADVISORY  WRITE 43 08:02:7 120 120\n\
                         3: FLOCK  ADVISORY  WRITE 44 00:1f:7 0 EOF\n\
                         4: OFDLCK ADVISORY  WRITE -1 08:02:7 0 EOF\n\
                         5: POSIX  ADVISORY  WRITE 45 08:02:77 0 EOF\n\
                         what is this\n";

    #[test]
    fn who_writes_is_found_among_those_who_read_wait_or_lock_something_else() {
        let found = |lock, number| processes(LOCKS, lock, number).collect::<Vec<_>>();
        assert_eq!(found(Lock::Ranges, 7), [42]);
        assert_eq!(found(Lock::Whole, 7), [44]);
        assert_eq!(found(Lock::Ranges, 77), [45]);
        assert!(found(Lock::Whole, 77).is_empty() && processes("", Lock::Whole, 7).next().is_none());
    }

    #[test]
    fn a_holder_is_told_as_far_as_it_is_known() {
        let holder = |user, command: Option<&str>| Holder { process: 42, user, command: command.map(str::to_owned) };
        assert_eq!(holder(Some(1000), Some("sqlite3")).to_string(), "process 42, `sqlite3` of user 1000");
        assert_eq!(holder(Some(1000), None).to_string(), "process 42 of user 1000");
        assert_eq!(holder(None, Some("sqlite3")).to_string(), "process 42, `sqlite3`");
        assert_eq!(holder(None, None).to_string(), "process 42");
    }
}

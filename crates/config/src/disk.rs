//! From disk: the main file, and what its `include` finds. Nothing here waits for a pipe or reads from a device.

use crate::files::{File, Files};
use crate::include::{Include, includes};
use crate::{FILE_BYTES_MAX, FILES_MAX};
use flyball_settings::Mistake;
use glob::{MatchOptions, Paths, Pattern};
use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// A `*` stays within one folder, and does not find the hidden files that editors leave while they save.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

impl Files {
    /// Reads the main file and everything that it includes; `main` is what it is called. It blocks, as disks do.
    ///
    /// # Errors
    ///
    /// When the main file cannot be read: [`ErrorKind::InvalidInput`] for what is no plain file, and
    /// [`ErrorKind::InvalidData`] for what is no UTF-8. An included file that cannot be read is a mistake of the main file,
    /// which [`read_files`](crate::read_files) tells at its place. What is too large is cut off just beyond what is
    /// allowed, and refused there.
    pub fn of(main: &Path) -> io::Result<Self> {
        let mut look = Look { files: Self::one(&shown(main), &read_text(main, room(0))?), seen: HashSet::new() };
        look.seen.extend(fs::canonicalize(main));
        let folder = main.parent().unwrap_or(Path::new(""));
        for include in includes(&look.files.main.text) {
            look.include(folder, &include);
        }
        Ok(look.files)
    }
}

/// One look at everything.
struct Look {
    files: Files,
    /// What was read or refused already, by its true path: a file that two patterns find is read once.
    seen: HashSet<PathBuf>,
}

impl Look {
    /// Reads what one pattern finds.
    fn include(&mut self, folder: &Path, include: &Include) {
        let at = include.span.clone();
        let paths = match found(folder, &include.pattern) {
            Ok(paths) => paths,
            Err(error) => {
                let mistake = Mistake::new(at, "not a pattern of file names", error);
                return self.files.unread.push(mistake.hint("for example: include = [\"monitors/*.toml\"]"));
            }
        };
        let mut is_nothing = true;
        for path in paths {
            let path = match path.map_err(io::Error::from) {
                // What a pattern finds beside files are folders.
                Ok(path) if path.is_dir() => continue,
                Ok(path) => path,
                Err(error) => {
                    self.files.unread.push(unreadable(include, folder, &error));
                    continue;
                }
            };
            is_nothing = false;
            let Ok(real) = fs::canonicalize(&path) else {
                self.read(include, &path);
                continue;
            };
            if !self.seen.insert(real) {
                continue;
            }
            if self.files.included.len() >= FILES_MAX {
                let mistake = Mistake::new(at, "too many files", format!("expected at most {FILES_MAX} in all"));
                return self.files.unread.push(mistake.hint("put several monitors into one file"));
            }
            self.read(include, &path);
        }
        if is_nothing {
            let mistake = Mistake::new(at, "no file is included by this", "finds nothing").hint(format!(
                "patterns begin at the folder of {}; a `*` stays within one folder",
                self.files.main.name
            ));
            self.files.doubtful.push(mistake);
        }
    }

    /// Reads one file. One that went away since it was found was not there.
    fn read(&mut self, include: &Include, path: &Path) {
        match read_text(path, room(self.files.bytes())) {
            Ok(text) => self.files.included.push(File { name: shown(path), text }),
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {}
            Err(error) => self.files.unread.push(unreadable(include, path, &error)),
        }
    }
}

/// What a pattern finds, in the order of the paths.
fn found(folder: &Path, pattern: &str) -> Result<Paths, String> {
    let pattern = match folder.to_str() {
        Some("") => pattern.to_owned(),
        _ if Path::new(pattern).is_absolute() => pattern.to_owned(),
        Some(folder) => format!("{}/{pattern}", Pattern::escape(folder)),
        None => return Err("the folder's own name is not UTF-8, so that nothing can be sought in it".to_owned()),
    };
    glob::glob_with(&pattern, MATCHING).map_err(|error| error.msg.to_owned())
}

fn unreadable(include: &Include, path: &Path, error: &io::Error) -> Mistake {
    let message = format!("cannot read {}", shown(path));
    Mistake::new(include.span.clone(), message, "included here").hint(error.to_string())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// How much may still be read when this much was: one byte too many tells that it is too much.
fn room(read: usize) -> u64 {
    u64::try_from((FILE_BYTES_MAX + 1).saturating_sub(read)).unwrap_or(u64::MAX)
}

/// The text of a plain file, or of what a link leads to, cut off at `room` bytes. Waits for no pipe but one that a shell has
/// handed over.
///
/// # Errors
///
/// As opening and reading have them; [`ErrorKind::InvalidInput`] for what is no plain file, and [`ErrorKind::InvalidData`]
/// for what is no UTF-8.
pub fn read_text(path: &Path, room: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    open(path)?.take(room).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()) == Ok(room) {
        // It is refused for its size; that a character was cut in two is nobody's mistake.
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Opens a plain file without waiting for whoever would have to write into a pipe.
fn open(path: &Path) -> io::Result<fs::File> {
    let file = guarded(OpenOptions::new().read(true)).open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() || (is_handed_over(path) && is_pipe(&metadata)) {
        true => waiting(file),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is a folder, a pipe or a device, and no plain file")),
    }
}

/// What a shell puts in a file's place, `--config /dev/stdin` or `<(…)`, is a pipe whose writer the shell has started.
fn is_handed_over(path: &Path) -> bool {
    path == Path::new("/dev/stdin") || ["/dev/fd", "/proc/self/fd"].iter().any(|folder| path.starts_with(folder))
}

#[cfg(unix)]
fn guarded(options: &mut OpenOptions) -> &mut OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
}

/// The open file as reading expects it: a pipe that was handed over is read to the end of its writer.
#[cfg(unix)]
fn waiting(file: fs::File) -> io::Result<fs::File> {
    let flags = rustix::fs::fcntl_getfl(&file)?;
    rustix::fs::fcntl_setfl(&file, flags - rustix::fs::OFlags::NONBLOCK)?;
    Ok(file)
}

#[cfg(unix)]
fn is_pipe(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    metadata.file_type().is_fifo()
}

#[cfg(not(unix))]
fn guarded(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn waiting(file: fs::File) -> io::Result<fs::File> {
    Ok(file)
}

#[cfg(not(unix))]
fn is_pipe(_: &fs::Metadata) -> bool {
    false
}

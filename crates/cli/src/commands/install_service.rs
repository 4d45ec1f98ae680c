//! `flyball install-service`: has systemd run Flyball, by the unit that is handed out beside the binary.

use crate::arguments::InstallService;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use rustix::process::geteuid;
use serde::Serialize;
use std::fs::{DirBuilder, read_to_string, write};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The unit, as `packaging/` has it.
const UNIT: &str = include_str!("../../../../packaging/flyball.service");
/// Where the unit looks for the file, unless another is named.
const FILE: &str = "/etc/flyball/flyball.toml";
/// Where the unit looks for the binary.
const BINARY: &str = "/usr/local/bin/flyball";
/// Where systemd reads units that were not packaged.
const PLACE: &str = "etc/systemd/system/flyball.service";
/// What `--config` is where nobody named one.
const UNNAMED: &str = "flyball.toml";
/// Where a service does not see what is there: its unit has it so.
const HIDDEN: [&str; 5] = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

/// What was written, for programs.
#[derive(Debug, Serialize)]
struct Installed {
    unit: PathBuf,
    file: String,
    changed: bool,
}

pub(super) fn install_service(wiring: &Wiring, asked: &InstallService) -> Result<Exit, Failure> {
    let file = if wiring.config() == Path::new(UNNAMED) { Ok(FILE) } else { readable(wiring.config()) };
    let file = file.map_err(|why| {
        Failure::new(Exit::USAGE, format!("a service cannot go by {}", wiring.config().display()))
            .because(why)
            .hint(format!("put it where a service can read it, and name it in full: --config {FILE}"))
    })?;
    let unit = UNIT.replace(FILE, file);
    if asked.print {
        output::data(unit.trim_end())?;
        return Ok(Exit::GOOD);
    }
    let cannot = |exit| Failure::new(exit, "cannot install the service");
    if asked.root.is_none() {
        if !Path::new("/run/systemd/system").is_dir() {
            return Err(cannot(Exit::NO)
                .because("systemd does not run this machine")
                .hint("docs/host-it.md has other places; --print shows the unit, --root DIR writes it into an image"));
        }
        if !geteuid().is_root() {
            return Err(cannot(Exit::NO_PERMISSION)
                .because("only root may")
                .hint(format!("run `sudo {} install-service --config {file}`", ourselves())));
        }
    }
    let root = asked.root.as_deref().unwrap_or(Path::new("/"));
    let place = root.join(PLACE);
    let changed = match read_to_string(&place) {
        Ok(there) if there == unit => false,
        Ok(_) if !asked.force => {
            return Err(cannot(Exit::NO)
                .because(format!("{} is there already, and is another", place.display()))
                .hint(
                    "keep what you changed in a drop-in (`systemctl edit flyball`), and write over it with --force",
                ));
        }
        Ok(_) | Err(_) => true,
    };
    if changed {
        lay(root, &place, &unit).map_err(|error| cannot(Exit::NO).because(format!("{}: {error}", place.display())))?;
    }
    let changed_words = if changed { "wrote" } else { "this is there already:" };
    match wiring.format {
        Format::Json => output::json(&Installed { unit: place, file: file.to_owned(), changed })?,
        Format::Text => output::say(&format!("{changed_words} {}\n{}", place.display(), next(file))),
    }
    Ok(Exit::GOOD)
}

/// The file's path, where a unit can name it and its service can read it; and else why not.
fn readable(file: &Path) -> Result<&str, String> {
    let plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte));
    let text = file.to_str().filter(plain).ok_or("a unit names only paths of letters, digits and / . _ - + @")?;
    if !file.is_absolute() {
        return Err("a service begins in no folder of yours: its path must begin with /".to_owned());
    }
    match HIDDEN.iter().find(|hidden| file.starts_with(hidden)) {
        Some(hidden) => Err(format!("the service sees nothing of {hidden}")),
        None => Ok(text),
    }
}

/// Writes the unit, and makes the folders that it names.
fn lay(root: &Path, place: &Path, unit: &str) -> io::Result<()> {
    let folder = |path: &Path, mode| DirBuilder::new().recursive(true).mode(mode).create(path);
    if let Some(above) = place.parent() {
        folder(above, 0o755)?;
    }
    folder(&root.join("etc/flyball"), 0o755)?;
    folder(&root.join("etc/flyball/secrets"), 0o700)?;
    write(place, unit)
}

/// What is left to do, as commands.
fn next(file: &str) -> String {
    let ourselves = ourselves();
    let binary = if ourselves == BINARY { String::new() } else { format!("  install -m 0755 {ourselves} {BINARY}\n") };
    format!(
        "next, as root:\n\
         {binary}  \
         flyball init --config {file} --app APP      # unless the file is there: it only tells what it would do\n  \
         install -m 0600 /dev/stdin /etc/flyball/secrets/HEROKU_API_KEY      # then the token, and Ctrl-D\n  \
         systemctl daemon-reload\n  \
         systemctl enable --now flyball\n  \
         systemctl status flyball; journalctl -u flyball -f"
    )
}

/// The binary that runs here.
fn ourselves() -> String {
    std::env::current_exe().map_or_else(|_| "flyball".to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_names_a_file_that_its_service_can_read() {
        for (file, is_readable) in [
            ("/etc/flyball/flyball.toml", true),
            ("/srv/flyball-2/a@b.toml", true),
            ("other.toml", false),
            ("../flyball.toml", false),
            ("/home/ann/flyball.toml", false),
            ("/root/flyball.toml", false),
            ("/tmp/flyball.toml", false),
            ("/homes/flyball.toml", true),
            ("/etc/my flyball.toml", false),
            ("/etc/%n.toml", false),
            ("/etc/a\nExecStart=/bin/sh", false),
            ("/etc/é.toml", false),
        ] {
            assert_eq!(readable(Path::new(file)).is_ok(), is_readable, "{file:?}");
        }
    }

    #[test]
    fn the_unit_names_what_is_replaced_and_told() {
        assert_eq!(UNIT.matches(FILE).count(), 1);
        assert!(UNIT.contains(&format!("ExecStart={BINARY} ")));
    }
}

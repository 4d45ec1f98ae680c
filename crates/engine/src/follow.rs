//! Following the file, with those that it includes: a changed one is applied while running, a broken one is refused while
//! the old goes on.
//!
//! They are read again every second rather than watched through the system: that works the same on every mount, with
//! every editor's way of saving, and costs nothing that can be measured. What is found may be a file that is just being
//! written. So it is left alone until it is still, and one that has lost most of its monitors is not followed by itself:
//! watching would stop without a word, and nobody empties a file to say so.

use crate::engine::Engine;
use crate::live::Live;
use crate::made::Joined;
use crate::one_file::OneFile;
use flyball_config::{Colour, Files};
use flyball_model::{Event, FileEvent, NotFollowed};
use flyball_store::Error;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often the file is read again.
const READ_EVERY: Duration = Duration::from_secs(1);
/// How many looks in a row must find the same as the one before: the file is still for two seconds then, which is longer
/// than any editor or copy pauses on the way.
const STILL_LOOKS: u32 = 2;

/// Whether a changed file is followed by itself, by how many monitors are in force and how many it has.
const fn lost(in_force: usize, found: usize) -> Option<NotFollowed> {
    match found {
        0 if in_force > 0 => Some(NotFollowed::Every { in_force }),
        left if left < in_force.div_ceil(2) => Some(NotFollowed::Most { left, in_force }),
        _ => None,
    }
}

/// What the looks at the files have found so far.
struct Looks<T> {
    /// What was taken up last, or refused: an unreadable file by its error.
    known: Result<T, String>,
    /// What the last look found.
    last: Result<T, String>,
    /// How many looks in a row found the same as the one before.
    same: u32,
    /// A person asked for the file and has not had it yet.
    asked: bool,
}

impl<T: Clone + PartialEq> Looks<T> {
    /// Nothing has changed yet.
    fn at(applied: T) -> Self {
        Self { known: Ok(applied.clone()), last: Ok(applied), same: STILL_LOOKS, asked: false }
    }

    /// Takes in a look: whether what it found is to be taken up. A person who asks does not wait.
    fn is_due(&mut self, found: &Result<T, String>, asked: bool) -> bool {
        self.same = if *found == self.last { self.same.saturating_add(1) } else { 0 };
        self.last.clone_from(found);
        self.asked |= asked;
        self.asked || (*found != self.known && self.same >= STILL_LOOKS)
    }

    /// What was found is taken up, or refused for good.
    fn settle(&mut self, found: Result<T, String>) {
        self.known = found;
        self.asked = false;
    }
}

/// What becomes of a file that is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It is read, and goes into force if it is good.
    Begins,
    /// It is in force, or refused.
    Ends,
}

/// Follows the file at `path`, with what it includes, and where several nodes work on the store the newest file of them, and
/// what is made in pages, until `stop` is cancelled. `file` is what holds at the beginning; `hangup` asks for a look at once, for a word about it even if nothing
/// changed, and for the file whatever it has lost. `reading` is told whenever a changed file is taken up.
pub async fn follow(
    engine: Arc<Engine>,
    live: Arc<Live>,
    path: PathBuf,
    mut file: OneFile,
    hangup: Arc<Notify>,
    reading: impl Fn(Reading) + Send,
    stop: CancellationToken,
) {
    let mut looks = Looks::at(file.own());
    loop {
        let asked = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = hangup.notified() => true,
            () = engine.ports().time.wait(READ_EVERY) => false,
        };
        let found = look(&path).await;
        if looks.is_due(&found, asked) {
            reading(Reading::Begins);
            let happened = match &found {
                Ok(files) => match take_up(&engine, &live, &mut file, files, looks.asked).await {
                    Ok(happened) => happened,
                    Err(error) => {
                        // Tried again with the next look.
                        tracing::error!(error = %error.in_full(), "a changed file could not be applied; the old one goes on");
                        reading(Reading::Ends);
                        continue;
                    }
                },
                Err(error) => {
                    let file = path.display().to_string().into();
                    vec![FileEvent::Unreadable { file, error: error.as_str().into() }]
                }
            };
            looks.settle(found);
            told(&engine, happened).await;
            reading(Reading::Ends);
        }
        match engine.go_by_newest(&live, &mut file).await {
            Ok(happened) => told(&engine, happened).await,
            Err(error) => {
                tracing::warn!(error = %error.in_full(), "which node has the newest file could not be looked at; trying again");
            }
        }
        match engine.go_by_made(&live, &mut file).await {
            Ok(happened) => told(&engine, happened).await,
            Err(error) => {
                tracing::warn!(error = %error.in_full(), "what was made in pages could not be looked at; trying again");
            }
        }
    }
}

/// Says what became of the file, and who is armed since; nothing where nothing happened.
async fn told(engine: &Engine, happened: Vec<FileEvent>) {
    if happened.is_empty() {
        return;
    }
    for happened in happened {
        tracing::info!("{happened}");
        if let Err(error) = engine.tell(Event::File { happened }).await {
            tracing::error!(error = %error.in_full(), "a change of the file could not be recorded");
        }
    }
    if let Err(error) = engine.tell_who_is_armed().await {
        tracing::warn!(error = %error.in_full(), "who is armed could not be recorded; it is told with the next sign of life");
    }
}

/// Reads everything, on a thread that may wait for a disk.
async fn look(path: &Path) -> Result<Arc<Files>, String> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || Files::of(&path)).await.map_err(|error| error.to_string())?;
    read.map(Arc::new).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "it does not exist".to_owned(),
        _ => error.to_string(),
    })
}

/// Applies a good file, and refuses a bad one, or one that has lost too much unless a person asked for it. Says what became
/// of it.
async fn take_up(
    engine: &Engine,
    live: &Live,
    file: &mut OneFile,
    files: &Arc<Files>,
    asked: bool,
) -> Result<Vec<FileEvent>, Error> {
    let Joined { read, made, .. } = engine.joined(files).await?;
    let definitions = match read {
        Ok(definitions) => definitions,
        Err(mistakes) => {
            let report = mistakes.render(Colour::Plain).into();
            return Ok(vec![FileEvent::Refused { mistakes: mistakes.len(), report }]);
        }
    };
    if let Some(why) = lost(file.monitors(), definitions.monitors_of_file()).filter(|_| !asked) {
        return Ok(vec![FileEvent::NotFollowed { why }]);
    }
    let happened = engine.take_up_own(file, files, &definitions, made).await?;
    live.rewired();
    Ok(happened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_lost_most_of_its_monitors_is_not_followed_by_itself() {
        for (in_force, found, expected) in [
            (0, 0, None),
            (0, 5, None),
            (1, 1, None),
            (1, 0, Some(NotFollowed::Every { in_force: 1 })),
            (9, 0, Some(NotFollowed::Every { in_force: 9 })),
            (2, 1, None),
            (3, 2, None),
            (3, 1, Some(NotFollowed::Most { left: 1, in_force: 3 })),
            (10, 5, None),
            (10, 4, Some(NotFollowed::Most { left: 4, in_force: 10 })),
            (3, 9, None),
        ] {
            assert_eq!(lost(in_force, found), expected, "{found} of {in_force}");
        }
    }

    /// Which looks, one each second, take up what they find: each letter is a text, `!` after it is a person who asks.
    fn taken_up(looks: &str) -> String {
        let mut state = Looks::at("a".to_owned());
        let mut taken = String::new();
        for look in looks.split(' ') {
            let found = Ok(look.trim_end_matches('!').to_owned());
            if state.is_due(&found, look.ends_with('!')) {
                state.settle(found);
                taken.push_str(look);
            } else {
                taken.push('-');
            }
        }
        taken
    }

    #[test]
    fn a_changed_file_is_taken_up_once_it_has_been_still_for_two_seconds() {
        for (looks, expected) in [
            ("a a a", "---"),
            ("b b b b", "--b-"),
            ("b c c c c", "---c-"),
            ("b b a a a", "-----"),
            ("b c d d e e e", "------e"),
            ("b b! b b", "-b!--"),
            ("a! a", "a!-"),
            ("b b b a a a", "--b--a"),
        ] {
            assert_eq!(taken_up(looks), expected, "{looks}");
        }
    }

    #[test]
    fn who_asked_is_not_forgotten_while_the_store_does_not_take_the_file() {
        let mut looks = Looks::at("a".to_owned());
        let found = Ok(String::new());
        assert!(looks.is_due(&found, true) && looks.is_due(&found, false) && looks.asked);
        looks.settle(found.clone());
        assert!(!looks.is_due(&found, false) && !looks.asked);
    }
}

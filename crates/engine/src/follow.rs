//! Following the file: a changed one is applied while running, a broken one is refused while the old goes on.
//!
//! The file is read again every second rather than watched through the system: that works the same on every mount, with
//! every editor's way of saving, and costs nothing that can be measured.

use crate::engine::Engine;
use crate::live::Live;
use flyball_config::{Colour, FILE_BYTES_MAX, read};
use flyball_model::{Event, FileEvent};
use flyball_store::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often the file is read again.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Follows the file until `stop` is cancelled. `applied` is the text that holds at the beginning; `hangup` asks for a
/// look at once, and for a word about it even if nothing changed.
pub async fn follow(
    engine: Arc<Engine>,
    live: Arc<Live>,
    path: PathBuf,
    applied: String,
    hangup: Arc<Notify>,
    stop: CancellationToken,
) {
    let mut known = Ok(applied);
    let mut before = known.clone();
    loop {
        let asked = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = hangup.notified() => true,
            () = engine.ports().time.wait(READ_EVERY) => false,
        };
        let found = read_bounded(&path).await;
        // A file that is just being written is left alone until two looks find the same.
        let is_steady = std::mem::replace(&mut before, found.clone()) == found;
        if !asked && (found == known || !is_steady) {
            continue;
        }
        let happened = match &found {
            Ok(text) => match take_up(&engine, &live, &path, text).await {
                Ok(happened) => happened,
                Err(error) => {
                    // Tried again with the next look.
                    tracing::error!(error = %error.in_full(), "a changed file could not be applied; the old one goes on");
                    continue;
                }
            },
            Err(error) => {
                FileEvent::Unreadable { file: path.display().to_string().into(), error: error.as_str().into() }
            }
        };
        known = found;
        tracing::info!("{happened}");
        if let Err(error) = engine.tell(Event::File { happened }).await {
            tracing::error!(error = %error.in_full(), "a change of the file could not be recorded");
        }
    }
}

async fn read_bounded(path: &PathBuf) -> Result<String, String> {
    let file = tokio::fs::File::open(path).await.map_err(|error| error.to_string())?;
    let mut text = String::new();
    let most = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    file.take(most).read_to_string(&mut text).await.map_err(|error| error.to_string())?;
    Ok(text)
}

/// Applies a good file, and refuses a bad one. Says what became of it.
async fn take_up(engine: &Engine, live: &Live, path: &std::path::Path, text: &str) -> Result<FileEvent, Error> {
    let file = path.display().to_string();
    let definitions = match read(&file, text) {
        Ok(definitions) => definitions,
        Err(mistakes) => {
            let report = mistakes.render(Colour::Plain).into();
            return Ok(FileEvent::Refused { mistakes: mistakes.len(), report });
        }
    };
    engine.apply(&definitions).await?;
    engine.put_in_force(text).await;
    live.rewired();
    Ok(FileEvent::Applied { counts: definitions.counted() })
}

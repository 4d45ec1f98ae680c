//! What is made in pages, in force beside the file. It is kept by the store, so that it is the same for all nodes, whichever file they
//! go by; each of them looks every second whether it was changed.

use crate::engine::Engine;
use crate::live::Live;
use crate::one_file::OneFile;
use flyball_config::{Colour, Definitions, Files, LeftOut, Mistakes, read_with_made};
use flyball_model::{FileEvent, Passage};
use flyball_store::{Error, MadeText, Store};

/// At most this many pieces that are left out are told at once, and shown: a reaction that thousands call may be gone. Whoever has
/// mended them is shown the others.
pub(crate) const LEFT_OUT_TOLD_MAX: usize = 50;

/// Files, read as one with what is made.
#[derive(Debug)]
pub struct Joined {
    /// What both define, or what is wrong with the files.
    pub read: Result<Definitions, Mistakes>,
    /// What is made.
    pub made: MadeText,
    /// The files, with what is made.
    pub files: Files,
}

impl Joined {
    /// Reads files with what the store has.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn of(files: &Files, store: &dyn Store) -> Result<Self, Error> {
        let made = store.made().await?;
        let files = with(files, &made);
        Ok(Self { read: read_with_made(&files), made, files })
    }
}

/// The files with all that is made.
pub(crate) fn with(files: &Files, made: &MadeText) -> Files {
    files.with_made(made.pieces.iter().map(|piece| (piece.family, piece.name.as_str(), piece.text.as_str())))
}

/// What is told of a piece that is left out.
pub(crate) fn told(LeftOut { family, name, mistakes }: &LeftOut) -> FileEvent {
    let report = mistakes.render(Colour::Plain).into();
    FileEvent::LeftOut { piece: Passage::of(&format!("{family} \"{name}\"")), mistakes: mistakes.len(), report }
}

impl Engine {
    /// Reads files with what is made.
    pub(crate) async fn joined(&self, files: &Files) -> Result<Joined, Error> {
        Joined::of(files, &*self.ports.store).await
    }

    /// Looks whether what is made was changed, and goes over to it as to a file that was edited. Says so.
    ///
    /// # Errors
    ///
    /// When the store does not answer: what is in force goes on, and the next look tries again.
    pub(crate) async fn go_by_made(&self, live: &Live, file: &mut OneFile) -> Result<Vec<FileEvent>, Error> {
        let Some(files) = file.in_force_beside(self.ports.store.made_version().await?) else { return Ok(Vec::new()) };
        let Joined { read, made, .. } = self.joined(&files).await?;
        let definitions = match read {
            Ok(definitions) => definitions,
            Err(mistakes) => {
                file.seen(made);
                let report = mistakes.render(Colour::Plain).into();
                return Ok(vec![FileEvent::Refused { mistakes: mistakes.len(), report }]);
            }
        };
        self.apply(&definitions).await?;
        live.rewired();
        let changes = file.changes(&definitions);
        let mut happened = vec![FileEvent::MadeApplied { counts: definitions.counted(), changes }];
        happened.extend(file.stands(files, &definitions, made));
        Ok(happened)
    }
}

//! One file for all nodes. Each machine has its own copy, and of several nodes on one store all go by the newest: with two files two
//! of them could cut a group in two, and an old file would do what the newer one forbids.
//!
//! A node that cannot read the newest, since its version does not know a key, say, works on nothing. By its own file it would do what
//! nobody wants any more; and who wrote the newest can read it, and does its part.

use crate::engine::Engine;
use crate::live::Live;
use crate::share::newest;
use flyball_config::{Colour, Definitions, Files, Mistakes, read, read_files};
use flyball_model::{Excerpt, FileEvent, TextHash};
use flyball_store::{Error, OwnText, Reads};
use std::sync::Arc;

/// Which file a node goes by.
#[derive(Debug)]
pub struct OneFile {
    /// Its own, as it was taken up last.
    own: Arc<Files>,
    by: By,
}

#[derive(Debug)]
enum By {
    Own,
    /// By another node's, and what was told of it.
    Other {
        hash: TextHash,
        told: FileEvent,
    },
}

impl OneFile {
    fn goes_by(&self) -> TextHash {
        match &self.by {
            By::Own => self.own.hash(),
            By::Other { hash, .. } => *hash,
        }
    }

    /// Its own file, as it was taken up last.
    pub(crate) fn own(&self) -> Arc<Files> {
        Arc::clone(&self.own)
    }
}

/// How a node has started.
#[derive(Debug)]
pub struct Begun {
    /// Which file it goes by.
    pub file: OneFile,
    /// What is in that; nothing where it cannot be read.
    pub definitions: Definitions,
    /// What is to be told, where that is not its own.
    pub told: Option<FileEvent>,
}

/// Another file is to be gone by.
struct Change {
    files: Files,
    read: Result<Definitions, Mistakes>,
    by: By,
    told: FileEvent,
}

impl Change {
    /// Of a node that goes over to the newest text, which was kept so.
    fn to(me: &OwnText, newest: &OwnText, own: &Files, kept: Option<&str>) -> Self {
        let files = kept.map_or_else(|| own.clone(), |kept| Files::of_kept(own.name(), kept));
        let (node, newer, since) = (name(me), name(newest), newest.since);
        let read = read_files(&files);
        let told = match &read {
            Ok(_) if kept.is_none() => FileEvent::OwnAgain { node },
            Ok(_) => FileEvent::Outdated { node, newer, since },
            Err(mistakes) => {
                let (mistakes, report) = (mistakes.len(), mistakes.render(Colour::Plain).into());
                FileEvent::CannotRead { node, newer, since, mistakes, report }
            }
        };
        let by = match kept {
            None => By::Own,
            Some(_) => By::Other { hash: newest.hash, told: told.clone() },
        };
        Self { files, read, by, told }
    }

    const fn reads(&self) -> Reads {
        if self.read.is_ok() { Reads::Yes } else { Reads::No }
    }
}

/// What people call a node.
fn name(own: &OwnText) -> Excerpt {
    Excerpt::of(&format!("{}:{}", own.host, own.process))
}

/// What is worked on where nothing is.
fn nothing() -> Definitions {
    read("", "").expect("an empty file has no mistakes")
}

impl Engine {
    /// Starts, by its own file or by the newest that a node has. Its sign of life is there already.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn start_by_newest(&self, own: Files, definitions: Definitions) -> Result<Begun, Error> {
        let mut file = OneFile { own: Arc::new(own), by: By::Own };
        let Some(change) = self.change(&file).await? else {
            self.start(&definitions).await?;
            return Ok(Begun { file, definitions, told: None });
        };
        // Before it begins to share: a node that works on nothing takes nothing.
        self.note(&change.files, change.reads()).await?;
        let Change { read, by, told, .. } = change;
        file.by = by;
        let definitions = match read {
            Ok(definitions) => {
                self.start(&definitions).await?;
                definitions
            }
            Err(_) => {
                self.begin_to_share();
                self.part(&nothing()).await?;
                nothing()
            }
        };
        Ok(Begun { file, definitions, told: Some(told) })
    }

    /// Looks whether another file is the newest by now, and goes over to it as to one that was edited here. Says so.
    ///
    /// # Errors
    ///
    /// When the store does not answer: it goes on with the one that it has, and the next look tries again.
    pub(crate) async fn go_by_newest(&self, live: &Live, file: &mut OneFile) -> Result<Option<FileEvent>, Error> {
        let Some(change) = self.change(file).await? else { return Ok(None) };
        match &change.read {
            Ok(definitions) => self.apply(definitions).await?,
            // What it defines stays as others say: only its own part goes.
            Err(_) => self.part(&nothing()).await?,
        }
        live.rewired();
        self.note(&change.files, change.reads()).await?;
        file.by = change.by;
        Ok(Some(change.told))
    }

    /// Takes up its own file, without mistakes. One that says something else than before is the newest from now on; of one that does
    /// not it is said once more by which file all go.
    ///
    /// # Errors
    ///
    /// When the store does not answer; the next look tries again.
    pub(crate) async fn take_up_own(
        &self,
        file: &mut OneFile,
        files: &Arc<Files>,
        definitions: &Definitions,
    ) -> Result<FileEvent, Error> {
        let is_edited = files.hash() != file.own.hash();
        if let (false, By::Other { told, .. }) = (is_edited, &file.by) {
            file.own = Arc::clone(files);
            return Ok(told.clone());
        }
        if is_edited {
            let now = self.ports.clock.now();
            self.ports.store.edited(self.node, &files.kept(), files.hash(), now).await?;
        }
        self.apply(definitions).await?;
        self.note(files, Reads::Yes).await?;
        *file = OneFile { own: Arc::clone(files), by: By::Own };
        Ok(FileEvent::Applied { counts: definitions.counted() })
    }

    /// What it is to go by, where that is not what it goes by already.
    async fn change(&self, file: &OneFile) -> Result<Option<Change>, Error> {
        let store = &self.ports.store;
        if !store.is_shared() {
            return Ok(None);
        }
        let texts = store.texts(self.ports.clock.now()).await?;
        let me = texts.iter().find(|own| own.node == self.node);
        let Some((me, newest)) = me.zip(newest(&texts, Some(self.node))) else { return Ok(None) };
        if newest.hash == file.goes_by() {
            return Ok(None);
        }
        if newest.hash == file.own.hash() {
            return Ok(Some(Change::to(me, newest, &file.own, None)));
        }
        // Whose it was may have gone in this very moment: the next look finds another.
        let kept = store.text(newest.hash).await?;
        Ok(kept.map(|kept| Change::to(me, newest, &file.own, Some(&kept))))
    }

    /// Notes what it goes by: for people, and for others where it cannot read it.
    async fn note(&self, files: &Files, reads: Reads) -> Result<(), Error> {
        self.ports.store.go_by(self.node, &files.kept(), files.hash(), reads).await
    }
}

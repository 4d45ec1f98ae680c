//! One file for all nodes. Each machine has its own copy, and of several nodes on one store all go by the newest: with two files two
//! of them could cut a group in two, and an old file would do what the newer one forbids.
//!
//! A node that cannot read the newest, since its version does not know a key, say, works on nothing. By its own file it would do what
//! nobody wants any more; and who wrote the newest can read it, and does its part.

use crate::engine::Engine;
use crate::live::Live;
use crate::made::{Joined, LEFT_OUT_TOLD_MAX, told, with};
use crate::share::newest;
use flyball_config::{Colour, Definitions, Difference, Files, LeftOut, Mistakes, read, read_with_made};
use flyball_model::{Excerpt, FileEvent, Passage, TextHash};
use flyball_store::{Error, MadeText, OwnText, Reads};
use std::sync::Arc;

/// Which file a node goes by.
#[derive(Debug)]
pub struct OneFile {
    /// Its own, as it was taken up last.
    own: Arc<Files>,
    by: By,
    standing: Standing,
}

/// What is in force, with what is made in pages.
#[derive(Debug, Default)]
struct Standing {
    /// The files; nothing where they cannot be read.
    files: Option<Arc<Files>>,
    /// How many monitors they have.
    monitors: usize,
    /// What is made.
    made: MadeText,
    /// What of that is left out, as it was told.
    left_out: Vec<LeftOut>,
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

    fn of(own: Arc<Files>) -> Self {
        Self { own, by: By::Own, standing: Standing::default() }
    }

    /// How many monitors the files in force have, without those that are made in pages.
    pub(crate) const fn monitors(&self) -> usize {
        self.standing.monitors
    }

    /// The files in force, if what was made beside them is another version by now.
    pub(crate) fn in_force_beside(&self, version: i64) -> Option<Arc<Files>> {
        self.standing.files.clone().filter(|_| version != self.standing.made.version)
    }

    /// Notes what is made, and came to nothing.
    pub(crate) fn seen(&mut self, made: MadeText) {
        self.standing.made = made;
    }

    /// What other definitions change of what is in force, a line for each. It is read once more for that: the few who change it wait
    /// a moment, and nobody keeps it twice.
    pub(crate) fn changes(&self, to: &Definitions) -> Passage {
        let in_force = self.standing.files.as_ref().map(|files| read_with_made(&with(files, &self.standing.made)));
        let in_force = in_force.and_then(Result::ok).unwrap_or_else(nothing);
        Passage::of(&Difference::between(&in_force, to).to_string())
    }

    /// Notes what is in force now, and says what is left out since.
    pub(crate) fn stands(&mut self, files: Arc<Files>, definitions: &Definitions, made: MadeText) -> Vec<FileEvent> {
        let left_out = definitions.left_out.clone();
        let before = &self.standing.left_out;
        let new = left_out.iter().filter(|out| !before.contains(out));
        let happened = new.take(LEFT_OUT_TOLD_MAX).map(told).collect();
        let monitors = definitions.monitors_of_file();
        self.standing = Standing { files: Some(files), monitors, made, left_out };
        happened
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
    /// What is to be told: that it is not its own, and what is left out of what is made in pages.
    pub told: Vec<FileEvent>,
}

/// Another file is to be gone by.
struct Change {
    files: Arc<Files>,
    read: Result<Definitions, Mistakes>,
    /// What is made, with which it was read.
    made: MadeText,
    by: By,
    told: FileEvent,
}

impl Change {
    /// Of a node that goes over to the newest text, which was kept so.
    fn to(me: &OwnText, newest: &OwnText, files: Arc<Files>, is_own: bool, joined: Joined) -> Self {
        let (node, newer, since) = (name(me), name(newest), newest.since);
        let Joined { read, made, .. } = joined;
        let told = match &read {
            Ok(_) if is_own => FileEvent::OwnAgain { node },
            Ok(_) => FileEvent::Outdated { node, newer, since },
            Err(mistakes) => {
                let (mistakes, report) = (mistakes.len(), mistakes.render(Colour::Plain).into());
                FileEvent::CannotRead { node, newer, since, mistakes, report }
            }
        };
        let by = if is_own { By::Own } else { By::Other { hash: newest.hash, told: told.clone() } };
        Self { files, read, made, by, told }
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
    /// Starts, by its own file or by the newest that a node has, and what is made in pages. Its sign of life is there already; `made` is
    /// that with which its own file was read.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn start_by_newest(&self, own: Files, definitions: Definitions, made: MadeText) -> Result<Begun, Error> {
        let own = Arc::new(own);
        let mut file = OneFile::of(Arc::clone(&own));
        let Some(change) = self.change(&file).await? else {
            self.start(&definitions).await?;
            let told = file.stands(own, &definitions, made);
            return Ok(Begun { file, definitions, told });
        };
        // Before it begins to share: a node that works on nothing takes nothing.
        self.note(&change.files, change.reads()).await?;
        let Change { files, read, made, by, told } = change;
        file.by = by;
        let mut told = vec![told];
        let definitions = match read {
            Ok(definitions) => {
                self.start(&definitions).await?;
                told.extend(file.stands(files, &definitions, made));
                definitions
            }
            Err(_) => {
                self.begin_to_share();
                self.part(&nothing()).await?;
                nothing()
            }
        };
        Ok(Begun { file, definitions, told })
    }

    /// Looks whether another file is the newest by now, and goes over to it as to one that was edited here. Says so.
    ///
    /// # Errors
    ///
    /// When the store does not answer: it goes on with the one that it has, and the next look tries again.
    pub(crate) async fn go_by_newest(&self, live: &Live, file: &mut OneFile) -> Result<Vec<FileEvent>, Error> {
        let Some(change) = self.change(file).await? else { return Ok(Vec::new()) };
        match &change.read {
            Ok(definitions) => self.apply(definitions).await?,
            // What it defines stays as others say: only its own part goes.
            Err(_) => self.part(&nothing()).await?,
        }
        live.rewired();
        self.note(&change.files, change.reads()).await?;
        let Change { files, read, made, by, told } = change;
        file.by = by;
        let mut happened = vec![told];
        match read {
            Ok(definitions) => happened.extend(file.stands(files, &definitions, made)),
            Err(_) => file.standing = Standing::default(),
        }
        Ok(happened)
    }

    /// Takes up its own file, without mistakes. One that says something else than before is the newest from now on; of one that does
    /// not it is said once more by which file all go. `made` is what is made in pages, with which it was read.
    ///
    /// # Errors
    ///
    /// When the store does not answer; the next look tries again.
    pub(crate) async fn take_up_own(
        &self,
        file: &mut OneFile,
        files: &Arc<Files>,
        definitions: &Definitions,
        made: MadeText,
    ) -> Result<Vec<FileEvent>, Error> {
        let is_edited = files.hash() != file.own.hash();
        if let (false, By::Other { told, .. }) = (is_edited, &file.by) {
            let told = told.clone();
            file.own = Arc::clone(files);
            return Ok(vec![told]);
        }
        if is_edited {
            let now = self.ports.clock.now();
            self.ports.store.edited(self.node, &files.kept(), files.hash(), now).await?;
        }
        let changes = file.changes(definitions);
        self.apply(definitions).await?;
        self.note(files, Reads::Yes).await?;
        (file.own, file.by) = (Arc::clone(files), By::Own);
        let mut happened = vec![FileEvent::Applied { counts: definitions.counted(), changes }];
        happened.extend(file.stands(Arc::clone(files), definitions, made));
        Ok(happened)
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
        let is_own = newest.hash == file.own.hash();
        let files = if is_own {
            Arc::clone(&file.own)
        } else {
            // Whose it was may have gone in this very moment: the next look finds another.
            let Some(kept) = store.text(newest.hash).await? else { return Ok(None) };
            Arc::new(Files::of_kept(file.own.name(), &kept))
        };
        let joined = self.joined(&files).await?;
        Ok(Some(Change::to(me, newest, files, is_own, joined)))
    }

    /// Notes what it goes by: for people, and for others where it cannot read it.
    async fn note(&self, files: &Files, reads: Reads) -> Result<(), Error> {
        self.ports.store.go_by(self.node, &files.kept(), files.hash(), reads).await
    }
}

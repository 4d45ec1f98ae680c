//! The files that are read as one: the main file, and those that it includes.
//!
//! All of them are joined to one text, so that everything that looks at the whole (names, references, secrets) sees one
//! text with one count of bytes. A place in it belongs to the file whose bytes it is in.

use crate::file_of_piece;
use flyball_model::{Family, TextHash};
use flyball_settings::{Mistake, Span};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The text of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What it is called in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The main file and the files that it includes, as they were found in one look. Two looks that found the same are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub(crate) main: File,
    pub(crate) included: Vec<File>,
    /// Includes that cannot be read: mistakes in the main file.
    pub(crate) unread: Vec<Mistake>,
    /// Includes that are allowed and probably not meant: warnings in the main file.
    pub(crate) doubtful: Vec<Mistake>,
    /// What is made in pages, and is read with them: reactions and then monitors.
    pub(crate) made: Vec<MadeFile>,
    /// Settings that one reaction is to have in place of its own, where it is only asked what would be.
    pub(crate) altered: Option<Altered>,
}

/// Settings in place of those of one reaction, as a file of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Altered {
    pub(crate) reaction: String,
    pub(crate) file: File,
}

/// One monitor or reaction that is made in pages, as a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MadeFile {
    pub(crate) family: Family,
    /// What it is called, as a monitor or a reaction.
    pub(crate) name: String,
    pub(crate) file: File,
}

/// Files as they are kept in the store. No TOML begins with a brace, so that this is never taken for the text of a file.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    #[serde(borrow)]
    main: Cow<'a, str>,
    included: Cow<'a, [File]>,
}

impl Files {
    /// One file that includes nothing, or whose includes are left alone.
    #[must_use]
    pub fn one(name: &str, text: &str) -> Self {
        let main = File { name: name.to_owned(), text: text.to_owned() };
        Self { main, included: Vec::new(), unread: Vec::new(), doubtful: Vec::new(), made: Vec::new(), altered: None }
    }

    /// What the main file is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.main.name
    }

    /// The files that the main file includes, in the order in which they are read.
    #[must_use]
    pub fn included(&self) -> &[File] {
        &self.included
    }

    /// The same files with what is made in pages, each a family, a name and a text: each is read as one more file, and holds one
    /// monitor or one reaction. It plays no part in [`Files::kept`] and [`Files::hash`]: it is the same for all machines, and which of
    /// their files is the newest does not depend on it.
    #[must_use]
    pub fn with_made<'p>(&self, pieces: impl IntoIterator<Item = (Family, &'p str, &'p str)>) -> Self {
        let made = pieces.into_iter().map(|(family, name, text)| {
            let file = File { name: file_of_piece(family, name), text: text.to_owned() };
            MadeFile { family, name: name.to_owned(), file }
        });
        let mut made: Vec<MadeFile> = made.collect();
        // Whoever is left out leaves those that need it behind, and not the other way round.
        made.sort_by_key(|made| made.family == Family::Monitor);
        Self { made, ..self.clone() }
    }

    /// The files alone, or with the first of what is made.
    pub(crate) fn with_first(&self, count: usize) -> Self {
        Self { made: self.made[..count].to_vec(), ..self.clone() }
    }

    /// All of them as one text, to keep what is in force: of a single file it is the file's own text.
    ///
    /// # Panics
    ///
    /// Never: names and texts can always be written as JSON.
    #[must_use]
    pub fn kept(&self) -> String {
        if self.included.is_empty() {
            return self.main.text.clone();
        }
        let kept = Kept { main: Cow::Borrowed(&self.main.text), included: Cow::Borrowed(&self.included) };
        serde_json::to_string(&kept).expect("names and texts are plain values")
    }

    /// What they say, in a hash. What they are called plays no part, since that is another on each machine.
    #[must_use]
    pub fn hash(&self) -> TextHash {
        TextHash::of(std::iter::once(&self.main).chain(&self.included).map(|file| file.text.as_str()))
    }

    /// What was kept, with the main file called `name`.
    #[must_use]
    pub fn of_kept(name: &str, kept: &str) -> Self {
        match serde_json::from_str::<Kept<'_>>(kept) {
            Ok(Kept { main, included }) => Self { included: included.into_owned(), ..Self::one(name, &main) },
            Err(_) => Self::one(name, kept),
        }
    }

    /// The bytes of all of them on disk. What is made is bounded where it is kept.
    pub(crate) fn bytes(&self) -> usize {
        std::iter::once(&self.main).chain(&self.included).map(|file| file.text.len()).sum()
    }

    /// All of them as one text.
    pub(crate) fn joined(&self) -> Joined<'_> {
        let mut parts = vec![Part { name: &self.main.name, span: 0..self.main.text.len() }];
        let mut text = Cow::Borrowed(self.main.text.as_str());
        let made = self.made.iter().map(|made| &made.file);
        let altered = self.altered.iter().map(|altered| &altered.file);
        for file in self.included.iter().chain(made).chain(altered) {
            let text = text.to_mut();
            // The end of one file and the beginning of the next are two places.
            text.push('\n');
            let start = text.len();
            text.push_str(&file.text);
            parts.push(Part { name: &file.name, span: start..text.len() });
        }
        Joined { text, parts }
    }
}

/// Files as one text.
#[derive(Debug)]
pub(crate) struct Joined<'f> {
    pub(crate) text: Cow<'f, str>,
    /// Which bytes are whose, the main file first.
    pub(crate) parts: Vec<Part<'f>>,
}

/// One file's part of the text.
#[derive(Debug, Clone)]
pub(crate) struct Part<'f> {
    pub(crate) name: &'f str,
    pub(crate) span: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_whole() {
        let one = Files::one("flyball.toml", "mode = \"act\"\n");
        assert_eq!(one.kept(), "mode = \"act\"\n");
        let included = vec![File { name: "monitors/a.toml".to_owned(), text: "# \"a\" {}\n".to_owned() }];
        let two = Files { included, ..one.clone() };
        for files in [one, two] {
            assert_eq!(Files::of_kept("flyball.toml", &files.kept()), files);
        }
    }
}

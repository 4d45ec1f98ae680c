//! What people make in pages: a monitor or a reaction is put, or removed, if all that would be in force then is good. An engine goes
//! by it within a second.

use crate::made::with;
use crate::queries::SeenEngine;
use flyball_config::{Definitions, Files, Located, Mistakes, file_of_piece, read_files, read_with_made};
use flyball_model::{Deed, Entry, Event, Excerpt, Family, MonitorName, ReactionName, Timestamp};
use flyball_store::{Error, MadeText, NewPiece, Piece, Put, Store};
use flyball_views::EngineState;
use serde::Serialize;
use uuid::Uuid;

/// A piece is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Its version from now on, which the next change must name; of one that is removed, that of all that is made.
    pub version: i64,
}

/// Something is wrong with a piece, or with what it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wrong {
    /// The key that it is about, with those that it is in: `http.url`. Nothing where it is not about one key of this piece.
    pub key: Option<String>,
    /// What is wrong, where, and what to do.
    #[serde(flatten)]
    pub mistake: Located,
}

/// Why nothing was changed.
#[derive(Debug)]
pub enum NotMade {
    /// What would be in force then has mistakes: all of them.
    Mistakes(Vec<Wrong>),
    /// Somebody else was faster. What stands there by now, if anything does.
    Conflict(Option<Piece>),
    /// There are [`Piece::PIECES_MAX`], or all together would be longer than [`Piece::ALL_BYTES_MAX`].
    TooMany,
    /// It is longer than [`Piece::PIECE_BYTES_MAX`].
    TooLong,
    /// The store does not answer, or the lock beside it cannot be looked at.
    Store(Error),
}

impl From<Error> for NotMade {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// The files that a running engine goes by; nothing where none runs. `name` is what the main one is called in messages.
///
/// # Errors
///
/// When the store does not answer.
pub async fn files_in_force(store: &dyn Store, name: &str, now: Timestamp) -> Result<Option<Files>, Error> {
    let SeenEngine { state, seen } = SeenEngine::on(store, now).await?;
    let seen = seen.filter(|_| state == EngineState::Running);
    Ok(seen.map(|seen| Files::of_kept(name, &seen.sign.in_force)))
}

/// Makes a piece, or changes the one that has this id and `if_version`. It is read with `files`, which are in force, and with all else
/// that is made.
///
/// # Errors
///
/// Why it was not made; nothing is changed then.
pub async fn make_piece(
    store: &dyn Store,
    files: &Files,
    piece: &NewPiece,
    if_version: Option<i64>,
    now: Timestamp,
) -> Result<Made, NotMade> {
    if piece.text.len() > Piece::PIECE_BYTES_MAX {
        return Err(NotMade::TooLong);
    }
    let made = store.made().await?;
    refused(wrong_with(files, &made, piece))?;
    let did = deed(piece.family, &piece.name, if if_version.is_none() { Change::Made } else { Change::Changed });
    let entries = told(did, &piece.by, now);
    put(store.put_piece(piece, if_version, now, &entries).await?)
}

/// What would be wrong with a piece, if it was made: all of it.
///
/// # Errors
///
/// When the store does not answer.
pub async fn mistakes_of(store: &dyn Store, files: &Files, piece: &NewPiece) -> Result<Vec<Wrong>, Error> {
    Ok(wrong_with(files, &store.made().await?, piece))
}

/// Removes the piece of this id, if it has this version still, and nothing else needs it.
///
/// # Errors
///
/// Why it was not removed; nothing is changed then.
pub async fn unmake_piece(
    store: &dyn Store,
    files: &Files,
    id: Uuid,
    if_version: i64,
    by: &Excerpt,
    now: Timestamp,
) -> Result<Made, NotMade> {
    let made = store.made().await?;
    let Some(piece) = made.pieces.iter().find(|piece| piece.id == id) else { return Err(NotMade::Conflict(None)) };
    refused(wrong_without(files, &made, id))?;
    let entries = told(deed(piece.family, &piece.name, Change::Removed), by, now);
    put(store.remove_piece(id, if_version, &entries).await?)
}

fn put(put: Put) -> Result<Made, NotMade> {
    match put {
        Put::Stored(version) => Ok(Made { version }),
        Put::Conflict(there) => Err(NotMade::Conflict(there)),
        Put::TooMany => Err(NotMade::TooMany),
        Put::TooLong => Err(NotMade::TooLong),
    }
}

fn refused(wrong: Vec<Wrong>) -> Result<(), NotMade> {
    if wrong.is_empty() { Ok(()) } else { Err(NotMade::Mistakes(wrong)) }
}

/// What would be wrong with this piece among the others. What is left out already is nobody's mistake now.
fn wrong_with(files: &Files, made: &MadeText, piece: &NewPiece) -> Vec<Wrong> {
    let standing = match standing(files, made) {
        Ok(standing) => standing,
        Err(mistakes) => return elsewhere(&mistakes),
    };
    let others = standing.into_iter().filter(|other| other.id != piece.id);
    let others = others.map(|other| (other.family, other.name.as_str(), other.text.as_str()));
    let all = files.with_made(others.chain([(piece.family, piece.name.as_str(), piece.text.as_str())]));
    let Err(mistakes) = read_files(&all) else { return Vec::new() };
    let file = file_of_piece(piece.family, &piece.name);
    let wrong = mistakes.iter().map(|mistake| {
        let key = mistake.key.clone().filter(|_| mistake.place.file == file);
        Wrong { key, mistake: mistake.clone() }
    });
    wrong.collect()
}

/// What would be wrong without this piece.
fn wrong_without(files: &Files, made: &MadeText, id: Uuid) -> Vec<Wrong> {
    let standing = match standing(files, made) {
        Ok(standing) => standing,
        Err(mistakes) => return elsewhere(&mistakes),
    };
    let others = standing.into_iter().filter(|other| other.id != id);
    let all = files.with_made(others.map(|other| (other.family, other.name.as_str(), other.text.as_str())));
    read_files(&all).err().map(|mistakes| elsewhere(&mistakes)).unwrap_or_default()
}

/// The pieces that are in force beside the files.
fn standing<'m>(files: &Files, made: &'m MadeText) -> Result<Vec<&'m Piece>, Mistakes> {
    let Definitions { left_out, .. } = read_with_made(&with(files, made))?;
    let is_out = |piece: &Piece| left_out.iter().any(|out| out.family == piece.family && out.name == piece.name);
    Ok(made.pieces.iter().filter(|piece| !is_out(piece)).collect())
}

fn elsewhere(mistakes: &Mistakes) -> Vec<Wrong> {
    mistakes.iter().map(|mistake| Wrong { key: None, mistake: mistake.clone() }).collect()
}

/// What is done to a piece.
#[derive(Debug, Clone, Copy)]
enum Change {
    Made,
    Changed,
    Removed,
}

/// What the timeline tells; nothing of one whose name can be none, which is only ever removed.
fn deed(family: Family, name: &str, change: Change) -> Option<Deed> {
    Some(match family {
        Family::Monitor => {
            let name: MonitorName = name.parse().ok()?;
            match change {
                Change::Made => Deed::MonitorMade { name },
                Change::Changed => Deed::MonitorChanged { name },
                Change::Removed => Deed::MonitorRemoved { name },
            }
        }
        Family::Reaction => {
            let name: ReactionName = name.parse().ok()?;
            match change {
                Change::Made => Deed::ReactionMade { name },
                Change::Changed => Deed::ReactionChanged { name },
                Change::Removed => Deed::ReactionRemoved { name },
            }
        }
    })
}

fn told(did: Option<Deed>, by: &Excerpt, now: Timestamp) -> Vec<Entry> {
    let entry = |did| Entry::new(now, Event::Administered { did, by: by.clone() });
    did.map(entry).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Family::{Monitor, Reaction};

    fn monitor(name: &str, reactions: &str) -> String {
        format!(
            "[[monitor]]\nname = \"{name}\"\nhttp = {{ url = \"https://a.example/\" }}\nreactions = [{reactions}]\n"
        )
    }

    fn reaction(name: &str) -> String {
        format!("[[reaction]]\nname = \"{name}\"\nrestart_all_dynos = {{ app = \"shop\" }}\n")
    }

    fn made(pieces: &[(u128, Family, &str, String)]) -> MadeText {
        let pieces = pieces.iter().map(|(id, family, name, text)| Piece {
            id: Uuid::from_u128(*id),
            family: *family,
            name: (*name).to_owned(),
            text: text.clone(),
            version: 1,
            changed_at: Timestamp::EPOCH,
            changed_by: Excerpt::of("ann"),
        });
        MadeText { version: 1, pieces: pieces.collect() }
    }

    fn told(wrong: &[Wrong]) -> String {
        let one = |wrong: &Wrong| format!("{}: {}", wrong.key.as_deref().unwrap_or("-"), wrong.mistake.message);
        wrong.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    /// In the file the monitor `file` and the reaction `r`; made are `page`, which calls `own`, that, and one that is left out.
    fn stage() -> (Files, MadeText) {
        let files = Files::one("flyball.toml", &format!("{}{}", monitor("file", ""), reaction("r")));
        let pieces = [
            (1, Monitor, "page", monitor("page", "\"own\"")),
            (2, Reaction, "own", reaction("own")),
            (3, Monitor, "file", monitor("file", "")),
        ];
        (files, made(&pieces))
    }

    #[test]
    fn a_piece_is_made_where_all_of_it_is_good_with_it() {
        let (files, made) = stage();
        for (case, id, family, name, text, expected) in [
            ("new", 9, Monitor, "b", monitor("b", "\"r\", \"own\""), ""),
            ("changed", 1, Monitor, "page", monitor("page", ""), ""),
            ("renamed", 1, Monitor, "other", monitor("other", ""), ""),
            ("left out, and mended", 3, Monitor, "mine", monitor("mine", ""), ""),
            ("a name of the file", 9, Monitor, "file", monitor("file", ""), "name: two monitors are called \"file\""),
            ("a name of another", 9, Monitor, "page", monitor("page", ""), "name: two monitors are called \"page\""),
            ("names what is not", 9, Monitor, "b", monitor("b", "\"zzz\""), "reactions: no reaction is called \"zzz\""),
            ("renamed, and needed", 2, Reaction, "x", reaction("x"), "-: no reaction is called \"own\""),
            (
                "all at once",
                9,
                Monitor,
                "b",
                "[[monitor]]\nname = \"b\"\nevery = 5\nhttp = {}".to_owned(),
                "every: `every`: a length of time without its unit; http.url: `url` is missing",
            ),
        ] {
            let (id, name, by) = (Uuid::from_u128(id), name.to_owned(), Excerpt::of("ann"));
            let wrong = wrong_with(&files, &made, &NewPiece { id, family, name, text, by });
            assert_eq!(told(&wrong), expected, "{case}");
        }
    }

    #[test]
    fn a_piece_is_removed_where_nothing_needs_it() {
        let (files, made) = stage();
        for (id, expected) in [(1, ""), (2, "-: no reaction is called \"own\""), (3, "")] {
            assert_eq!(told(&wrong_without(&files, &made, Uuid::from_u128(id))), expected, "{id}");
        }
    }
}

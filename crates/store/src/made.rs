//! What was made in pages: monitors and reactions as the text that a file could have.

use flyball_model::{Excerpt, Family, Timestamp};
use uuid::Uuid;

/// One monitor or reaction that was made in pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its id, which stays when it is renamed.
    pub id: Uuid,
    /// What it is.
    pub family: Family,
    /// What it is called, as no other of its family that was made.
    pub name: String,
    /// Its text, in TOML.
    pub text: String,
    /// That of all that was made ([`MadeText::version`]) when it was last changed: no two changes have one.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// Who changed it last.
    pub changed_by: Excerpt,
}

impl Piece {
    /// A text is no longer than this, in bytes: a monitor with all its settings takes some 2 KiB, and a command may be long.
    pub const PIECE_BYTES_MAX: usize = 64 * 1024;

    /// At most this many are made: as many as people make one by one; more come from a file that a program writes.
    pub const PIECES_MAX: u32 = 10_000;

    /// All texts together are no longer than this, in bytes: as long as a file may be. They are read at once.
    pub const ALL_BYTES_MAX: usize = 64 << 20;
}

/// Everything that was made, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MadeText {
    /// Grows by one with every change of any piece.
    pub version: i64,
    /// Monitors and then reactions, each in the order in which they were made.
    pub pieces: Vec<Piece>,
}

/// A piece as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPiece {
    /// Its id: a new one, or that of the piece that is changed.
    pub id: Uuid,
    /// What it is.
    pub family: Family,
    /// What it is called.
    pub name: String,
    /// Its text, in TOML, of [`Piece::PIECE_BYTES_MAX`] at most.
    pub text: String,
    /// Who makes or changes it.
    pub by: Excerpt,
}

/// What became of a change of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a change may not have been stored"]
pub enum Put {
    /// It is stored. The version of all that was made from now on, and of the piece where it is not removed.
    Stored(i64),
    /// Nothing is stored: somebody else was faster. What stands there: the piece as it is by now, another one that has its name,
    /// or nothing any more.
    Conflict(Option<Piece>),
    /// Nothing is stored: there are [`Piece::PIECES_MAX`], or all texts would be longer than [`Piece::ALL_BYTES_MAX`].
    TooMany,
    /// Nothing is stored: the text is longer than [`Piece::PIECE_BYTES_MAX`].
    TooLong,
}

/// Whether a piece is still what somebody saw who changes it: of this version, or not there where they saw none.
pub(crate) fn is_as_seen(there: Option<&Piece>, seen: Option<i64>) -> bool {
    there.map(|piece| piece.version) == seen
}

/// Whether one piece more would be too much, beside so many others with texts of so many bytes.
pub(crate) fn is_too_much(others: i64, their_bytes: i64, bytes: usize) -> bool {
    let of_all = usize::try_from(their_bytes).unwrap_or(usize::MAX).saturating_add(bytes);
    others >= i64::from(Piece::PIECES_MAX) || of_all > Piece::ALL_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_changed_by_who_saw_its_latest_version_only() {
        let piece = Piece {
            id: Uuid::from_u128(1),
            family: Family::Monitor,
            name: "page".into(),
            text: String::new(),
            version: 3,
            changed_at: Timestamp::EPOCH,
            changed_by: Excerpt::of("ann"),
        };
        for (case, there, seen, expected) in [
            ("new", None, None, true),
            ("new, and there is one", Some(&piece), None, false),
            ("the latest", Some(&piece), Some(3), true),
            ("an earlier one", Some(&piece), Some(2), false),
            ("one that is gone", None, Some(3), false),
        ] {
            assert_eq!(is_as_seen(there, seen), expected, "{case}");
        }
    }

    #[test]
    fn pieces_are_bounded_in_number_and_in_length_together() {
        for (case, others, their_bytes, bytes, expected) in [
            ("the first", 0, 0, Piece::PIECE_BYTES_MAX, false),
            ("the last", 9_999, 0, 1, false),
            ("one more", 10_000, 0, 1, true),
            ("as long as all may be", 1_023, 1_023 << 16, 1 << 16, false),
            ("a byte longer", 1_023, (1_023 << 16) + 1, 1 << 16, true),
        ] {
            assert_eq!(is_too_much(others, their_bytes, bytes), expected, "{case}");
        }
    }
}

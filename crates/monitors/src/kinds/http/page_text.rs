//! A page as it arrives: its charset undone, and its text searched.

use super::charset::Charset;
use super::search::{Aim, Search, Text};
use crate::values::ByteSize;
use http::HeaderMap;

/// The text of a page that arrives in pieces, and the search in it.
pub(super) struct PageText {
    charset: Charset,
    search: Search,
    /// Whether what is sought stays what it is in a page whose other characters are lost.
    is_plain: bool,
    is_sought: bool,
}

impl PageText {
    /// A search in a page with this head, of which at most `max_body` is pushed.
    pub(super) fn new(head: &HeaderMap, aim: Option<Aim<'_>>, max_body: ByteSize) -> Self {
        let is_plain = match aim {
            Some(Aim::Text(text)) => text.is_plain(),
            // What JSON is made of is ASCII; a text in it that lost a character is told as it is.
            Some(Aim::Json(_)) | None => true,
            Some(Aim::Series(series)) => series.is_plain(),
        };
        Self { charset: Charset::of(head), search: Search::new(aim, max_body), is_plain, is_sought: aim.is_some() }
    }

    /// Takes the next piece of the page.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let Self { charset, search, .. } = self;
        if search.wants_more() {
            charset.push(piece, |text| search.push(text));
        }
    }

    /// Whether the text was found already, so that the rest of the page does not matter to it.
    pub(super) fn is_certain(&self) -> bool {
        self.search.is_certain()
    }

    /// Bytes that the last step has to go through.
    pub(super) fn bytes_left(&self) -> usize {
        self.search.bytes_left()
    }

    /// Bytes of memory that the page takes.
    pub(super) fn bytes_held(&self) -> usize {
        self.search.bytes_held()
    }

    /// What it came to.
    pub(super) fn finish(self) -> Text {
        let Self { mut charset, mut search, is_plain, is_sought } = self;
        charset.finish(|text| search.push(text));
        let trouble = charset.trouble().filter(|_| is_sought && (!is_plain || charset.is_opaque()));
        match (search.finish(), trouble) {
            (Text::NotFound(beginning) | Text::Json(beginning, _) | Text::Exposed(beginning, _), Some(trouble)) => {
                Text::Unreadable(beginning, trouble)
            }
            (text, _) => text,
        }
    }
}

//! The search for a text in a page that arrives in pieces, as UTF-8.

use super::charset::GROWTH;
use super::exposition::{Exposed, Series, sum_of};
use super::json::{Json, read_at};
use super::settings::SoughtText;
use crate::values::{ByteSize, Pointer};
use flyball_model::Excerpt;
use memchr::memmem::Finder;
use regex::bytes::Regex;

/// Bytes of the page that are shown on either side of what was found.
const AROUND: usize = 60;
/// Bytes of the page's beginning that are kept, to show them when nothing was found: enough for an [`Excerpt`].
const BEGINNING: usize = 4 * Excerpt::CHARS_MAX;

/// What a search in a page came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Text {
    /// Found: the page around it.
    Found(Excerpt),
    /// Not found, or not sought: the beginning of the page.
    NotFound(Excerpt),
    /// Not found, and the page is not known well enough to say that it is not there: the beginning, and why, as what
    /// follows "the page".
    Unreadable(Excerpt, String),
    /// JSON was sought: the beginning of the page, and what there was.
    Json(Excerpt, Json),
    /// A series was sought: the beginning of the page, and what there was.
    Exposed(Excerpt, Exposed),
}

/// What a page is read for.
#[derive(Debug, Clone, Copy)]
pub(in crate::kinds) enum Aim<'a> {
    /// A text.
    Text(&'a SoughtText),
    /// What stands at a place of its JSON.
    Json(&'a Pointer),
    /// What it exposes for Prometheus.
    Series(&'a Series),
}

impl Aim<'_> {
    /// Whether the page has to be held whole.
    pub(super) const fn needs_whole(self) -> bool {
        matches!(self, Self::Json(_) | Self::Series(_) | Self::Text(SoughtText::Regex(_)))
    }
}

/// A search that is fed with a page, piece by piece.
pub(super) struct Search {
    beginning: Vec<u8>,
    found: Option<Excerpt>,
    how: How,
}

enum How {
    /// Nothing is sought.
    Not,
    /// The end of what was pushed is carried to the next piece: enough to find a keyword across the border, and to show
    /// something before it.
    Keyword { finder: Box<Finder<'static>>, carried: Vec<u8> },
    /// What may look at the page's end sees the page whole.
    Whole { by: By, page: Vec<u8>, limit: usize },
}

/// What looks at a whole page.
enum By {
    Regex(Regex),
    Json(Pointer),
    Series(Series),
}

impl Search {
    /// A search in a page of at most `max_body`, before it became UTF-8.
    pub(super) fn new(aim: Option<Aim<'_>>, max_body: ByteSize) -> Self {
        let whole = |by| How::Whole {
            by,
            page: Vec::new(),
            limit: usize::try_from(max_body.get()).unwrap_or(usize::MAX).saturating_mul(GROWTH),
        };
        let how = match aim {
            None => How::Not,
            Some(Aim::Text(SoughtText::Keyword(keyword))) => {
                How::Keyword { finder: Box::new(Finder::new(keyword.as_str()).into_owned()), carried: Vec::new() }
            }
            Some(Aim::Text(SoughtText::Regex(pattern))) => whole(By::Regex(pattern.regex().clone())),
            Some(Aim::Json(at)) => whole(By::Json(at.clone())),
            Some(Aim::Series(series)) => whole(By::Series(series.clone())),
        };
        Self { beginning: Vec::new(), found: None, how }
    }

    /// Takes the next piece of the page.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = BEGINNING.saturating_sub(self.beginning.len());
        self.beginning.extend_from_slice(&piece[..piece.len().min(room)]);
        match &mut self.how {
            How::Not => {}
            How::Keyword { .. } if self.found.is_some() => {}
            How::Keyword { finder, carried } => self.found = find_across(finder, carried, piece),
            How::Whole { page, limit, .. } => {
                let room = limit.saturating_sub(page.len());
                page.extend_from_slice(&piece[..piece.len().min(room)]);
            }
        }
    }

    /// Whether anything is done with a next piece.
    pub(super) fn wants_more(&self) -> bool {
        self.beginning.len() < BEGINNING
            || match self.how {
                How::Not => false,
                How::Keyword { .. } => self.found.is_none(),
                How::Whole { .. } => true,
            }
    }

    /// Whether the text was found already, so that the rest of the page does not matter to it.
    pub(super) fn is_certain(&self) -> bool {
        self.found.is_some()
    }

    /// Bytes that the last step has to go through.
    pub(super) fn bytes_left(&self) -> usize {
        match &self.how {
            How::Not | How::Keyword { .. } => 0,
            How::Whole { page, .. } => page.len(),
        }
    }

    /// Bytes of memory that the page takes.
    pub(super) fn bytes_held(&self) -> usize {
        match &self.how {
            How::Not | How::Keyword { .. } => 0,
            How::Whole { page, .. } => page.capacity(),
        }
    }

    /// What it came to.
    pub(super) fn finish(self) -> Text {
        let found = match self.how {
            How::Not | How::Keyword { .. } => self.found,
            How::Whole { by: By::Json(at), page, .. } => {
                return Text::Json(shown(&self.beginning), read_at(&page, &at));
            }
            How::Whole { by: By::Series(series), page, .. } => {
                return Text::Exposed(shown(&self.beginning), sum_of(&page, &series));
            }
            How::Whole { by: By::Regex(regex), page, .. } => {
                regex.find(&page).map(|hit| around(&page, hit.start(), hit.end()))
            }
        };
        match found {
            Some(excerpt) => Text::Found(excerpt),
            None => Text::NotFound(shown(&self.beginning)),
        }
    }
}

/// Looks for the keyword in the piece, and across the border before it.
fn find_across(finder: &Finder<'_>, carried: &mut Vec<u8>, piece: &[u8]) -> Option<Excerpt> {
    let length = finder.needle().len();
    let border = carried.len();
    // The part before the border, with as much behind it as a keyword that begins there can have.
    let behind = (length - 1).min(piece.len());
    carried.extend_from_slice(&piece[..behind]);
    if let Some(start) = finder.find(carried) {
        carried.extend_from_slice(&piece[behind..piece.len().min(behind + AROUND)]);
        return Some(around(carried, start, start + length));
    }
    if let Some(start) = finder.find(piece) {
        carried.truncate(border);
        let before = start.min(AROUND);
        if before < AROUND {
            // Too near to the border for the piece alone to show what was before it.
            let joined = [carried.as_slice(), &piece[..piece.len().min(start + length + AROUND)]].concat();
            return Some(around(&joined, border + start, border + start + length));
        }
        return Some(around(piece, start, start + length));
    }
    carried.truncate(border);
    let keep = length - 1 + AROUND;
    if piece.len() >= keep {
        carried.clear();
        carried.extend_from_slice(&piece[piece.len() - keep..]);
    } else {
        carried.extend_from_slice(piece);
        carried.drain(..carried.len().saturating_sub(keep));
    }
    None
}

/// The page around a hit.
fn around(page: &[u8], start: usize, end: usize) -> Excerpt {
    let from = start.saturating_sub(AROUND);
    // A regex can match a megabyte; its beginning is what is shown.
    let to = page.len().min(end.min(start + BEGINNING) + AROUND);
    shown(&page[from..to])
}

/// Bytes as text, without the halves of characters at either end.
fn shown(bytes: &[u8]) -> Excerpt {
    let is_inside = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let from = bytes.iter().take(3).take_while(|byte| is_inside(byte)).count();
    let mut to = bytes.len();
    if let Err(error) = std::str::from_utf8(&bytes[from..])
        && error.error_len().is_none()
    {
        to = from + error.valid_up_to();
    }
    Excerpt::of(&String::from_utf8_lossy(&bytes[from..to]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the keyword is found in a page that comes in these pieces.
    fn is_found(keyword: &str, pieces: &[&[u8]]) -> bool {
        let how = How::Keyword { finder: Box::new(Finder::new(keyword).into_owned()), carried: Vec::new() };
        let mut search = Search { beginning: Vec::new(), found: None, how };
        pieces.iter().for_each(|piece| search.push(piece));
        matches!(search.finish(), Text::Found(_))
    }

    #[test]
    fn a_keyword_is_found_exactly_when_it_is_there_however_the_page_is_cut() {
        let long = format!("{}aab{}", "-".repeat(2 * AROUND), "a".repeat(3));
        for page in ["aaab", "aabaab", "xaab", "aaaa", "ab", "", "aaxb", "aab", long.as_str(), &"aa".repeat(AROUND)] {
            for keyword in ["aab", "a", "ba", "aabaab"] {
                let bytes = page.as_bytes();
                for one in 0..=bytes.len() {
                    for two in one..=bytes.len() {
                        let pieces = [&bytes[..one], &bytes[one..two], &bytes[two..]];
                        assert_eq!(is_found(keyword, &pieces), page.contains(keyword), "{keyword} in {pieces:?}");
                    }
                }
                let singles: Vec<&[u8]> = bytes.chunks(1).collect();
                assert_eq!(is_found(keyword, &singles), page.contains(keyword), "{keyword} in {page}");
            }
        }
    }

    #[test]
    fn what_is_shown_never_begins_or_ends_within_a_character() {
        let text = "éééé".as_bytes();
        assert_eq!(shown(&text[1..7]).as_str(), "éé");
        assert_eq!(shown(b"ab\xffcd").as_str(), "ab\u{fffd}cd");
        assert_eq!(shown(b"").as_str(), "");
    }
}

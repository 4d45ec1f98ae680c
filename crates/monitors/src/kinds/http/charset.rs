//! A page's bytes as text: which charset it is in, and its characters as UTF-8 while it still arrives.
//!
//! As browsers have it (WHATWG Encoding and HTML, *Determining the character encoding*): a byte order mark, else what
//! `Content-Type` says, else what a `<meta>` near the page's beginning says, else UTF-8. A charset that nobody knows is as
//! good as none.

use encoding_rs::{Decoder, Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use regex::bytes::Regex;
use std::sync::LazyLock;

/// How many bytes a `<meta>` is looked for in: HTML, section 4.2.5.4, has it stand there.
const META_WITHIN: usize = 1024;
/// Text is handed on in pieces of this many bytes, so that it needs no memory of its own.
const PIECE: usize = 4096;
/// How many bytes of UTF-8 a byte of a page becomes at most: a katakana of one byte has three.
pub(super) const GROWTH: usize = 3;

/// Undoes a page's charset, piece by piece.
pub(super) struct Charset {
    state: State,
    encoding: &'static Encoding,
    is_declared: bool,
    is_malformed: bool,
}

enum State {
    /// The beginning of a page that may have a `<meta>`, and how much of it was handed on: what is ASCII is the same in
    /// every charset that it can name.
    Undecided {
        beginning: Vec<u8>,
        handed_on: usize,
    },
    Decided(Decoder),
}

impl Charset {
    /// That of a page with this head.
    pub(super) fn of(head: &HeaderMap) -> Self {
        let said = head.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
        let said = said.as_deref();
        let is_html = said.is_none_or(|said| said.contains("html"));
        let declared = said.and_then(charset_in).and_then(|label| Encoding::for_label(label.as_bytes()));
        let encoding = declared.unwrap_or(UTF_8);
        let state = match declared {
            None if is_html => State::Undecided { beginning: Vec::new(), handed_on: 0 },
            _ => State::Decided(encoding.new_decoder()),
        };
        Self { state, encoding, is_declared: declared.is_some(), is_malformed: false }
    }

    /// Hands the text of the next piece to `take`, as UTF-8; what is no character becomes U+FFFD.
    pub(super) fn push(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        let State::Undecided { beginning, handed_on } = &mut self.state else {
            return self.decode(piece, false, &mut take);
        };
        let (head, rest) = piece.split_at(piece.len().min(META_WITHIN - beginning.len()));
        beginning.extend_from_slice(head);
        let plain = beginning[*handed_on..].iter().take_while(|byte| is_plain(**byte)).count();
        take(&beginning[*handed_on..*handed_on + plain]);
        *handed_on += plain;
        let waits = *handed_on < beginning.len();
        if beginning.len() == META_WITHIN || waits && in_meta(beginning).is_some() {
            self.decide(&mut take);
            self.decode(rest, false, &mut take);
        }
    }

    /// Hands on what was held back. A page that ends within a character, as one that is too long does, is no worse for it.
    pub(super) fn finish(&mut self, mut take: impl FnMut(&[u8])) {
        self.decide(&mut take);
        let is_malformed = self.is_malformed;
        self.decode(&[], true, &mut take);
        self.is_malformed = is_malformed || self.is_opaque();
    }

    /// Whether nothing at all of the page is known, ASCII included.
    pub(super) fn is_opaque(&self) -> bool {
        self.encoding == REPLACEMENT
    }

    /// Why the page is not known to its last character, as a fragment; `None` if it is.
    pub(super) fn trouble(&self) -> Option<String> {
        let name = self.encoding.name();
        match (self.is_malformed, self.is_declared) {
            (false, _) => None,
            (true, _) if self.is_opaque() => Some("is in a charset that no browser reads".to_owned()),
            (true, true) => Some(format!("says that it is in {name}, and has bytes that are not")),
            (true, false) => Some("does not say its charset, and is not in UTF-8".to_owned()),
        }
    }

    /// Settles the charset, and hands on what waited for it.
    fn decide(&mut self, take: &mut impl FnMut(&[u8])) {
        let State::Undecided { beginning, handed_on } = &mut self.state else { return };
        let (beginning, handed_on) = (std::mem::take(beginning), *handed_on);
        let declared = in_meta(&beginning);
        self.is_declared = declared.is_some();
        self.encoding = declared.unwrap_or(UTF_8);
        // A mark stands at the beginning or nowhere.
        let decoder = match handed_on {
            0 => self.encoding.new_decoder(),
            _ => self.encoding.new_decoder_without_bom_handling(),
        };
        self.state = State::Decided(decoder);
        self.decode(&beginning[handed_on..], false, take);
    }

    fn decode(&mut self, mut bytes: &[u8], is_last: bool, take: &mut impl FnMut(&[u8])) {
        let State::Decided(decoder) = &mut self.state else { return };
        let mut text = [0; PIECE];
        loop {
            let (result, read, written, is_malformed) = decoder.decode_to_utf8(bytes, &mut text, is_last);
            self.is_malformed |= is_malformed;
            take(&text[..written]);
            bytes = &bytes[read..];
            if result == encoding_rs::CoderResult::InputEmpty {
                self.encoding = decoder.encoding();
                return;
            }
        }
    }
}

/// Whether a byte is the same character in every charset that a page can name in a `<meta>`. The others of ASCII switch
/// ISO-2022-JP over.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii() && !matches!(byte, 0x0e | 0x0f | 0x1b)
}

/// The charset that a `Content-Type` in lower case names.
fn charset_in(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let charset = parameters.into_iter().find(|(name, _)| name.trim() == "charset");
    charset.map(|(_, value)| value.trim().trim_matches(['"', '\'']))
}

/// The charset that a `<meta>` in a page's beginning names; one in a comment does not.
fn in_meta(beginning: &[u8]) -> Option<&'static Encoding> {
    static META: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r#"(?is-u)<!--.*?-->|<meta[\s/][^>]*?charset\s*=\s*["']?\s*([^\s"'/>;]+)"#;
        Regex::new(pattern).expect("the pattern is valid")
    });
    let labels = META.captures_iter(beginning).filter_map(|captures| captures.get(1));
    let encoding = labels.into_iter().find_map(|label| Encoding::for_label(label.as_bytes()))?;
    Some(match encoding {
        // Whoever could read this far does not read UTF-16.
        encoding if encoding == UTF_16BE || encoding == UTF_16LE => UTF_8,
        encoding if encoding == X_USER_DEFINED => WINDOWS_1252,
        encoding => encoding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{GBK, ISO_2022_JP, SHIFT_JIS};
    use http::HeaderValue;

    /// The text of a page that comes in pieces of this length, and what is wrong with it.
    fn text(content_type: Option<&'static str>, page: &[u8], length: usize) -> (String, Option<String>) {
        let mut head = HeaderMap::new();
        head.extend(content_type.map(|said| (CONTENT_TYPE, HeaderValue::from_static(said))));
        let (mut charset, mut text) = (Charset::of(&head), Vec::new());
        page.chunks(length).for_each(|piece| charset.push(piece, |piece| text.extend_from_slice(piece)));
        charset.finish(|piece| text.extend_from_slice(piece));
        (String::from_utf8(text).unwrap(), charset.trouble())
    }

    #[test]
    fn a_page_is_the_same_text_in_every_charset_that_it_names_however_it_is_cut() {
        let latin = "<p>Café: Datenbankfehler für Ärzte</p>";
        let japanese = "<p>データベースエラー</p>";
        let meta = |charset: &str| format!("<html><head><META charset=\"{charset}\"></head>");
        let equiv = "<meta http-equiv=Content-Type content='text/html; charset=gbk'><!-- <meta charset=utf-8> -->";
        let commented = "<!-- <meta charset=utf-8> --><meta charset=shift_jis>".to_owned();
        // What `Content-Type` says, the page's beginning, its text, and what the text is written in.
        let cases = [
            (None, String::new(), latin, UTF_8),
            (Some("text/html"), String::new(), latin, UTF_8),
            (Some("text/html; charset=nobody-knows"), String::new(), latin, UTF_8),
            (Some("text/html;charset=ISO-8859-1"), String::new(), latin, WINDOWS_1252),
            (Some("text/html; Charset=\"windows-1252\""), meta("utf-8"), latin, WINDOWS_1252),
            (Some("text/plain; charset=Shift_JIS"), String::new(), japanese, SHIFT_JIS),
            (Some("text/html"), meta("windows-1252"), latin, WINDOWS_1252),
            (Some("text/html"), meta("utf-16"), latin, UTF_8),
            (None, meta("Shift_JIS"), japanese, SHIFT_JIS),
            (None, meta("iso-2022-jp"), japanese, ISO_2022_JP),
            (None, equiv.to_owned(), "数据库错误", GBK),
            (None, commented, japanese, SHIFT_JIS),
            // A text before the name of its charset.
            (None, String::new(), "<title>数据库错误</title><meta charset=gb2312>", GBK),
        ];
        for (content_type, beginning, written, encoding) in cases {
            for filler in [0, META_WITHIN, 3 * PIECE] {
                let whole = format!("{beginning}{written}{}{written}", " ".repeat(filler));
                let (page, _, _) = encoding.encode(&whole);
                for length in [1, 2, 3, 7, 1000, usize::MAX] {
                    let said = text(content_type, &page, length);
                    assert_eq!(said, (whole.clone(), None), "{content_type:?} {encoding:?} {length}");
                }
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_believed_before_all_else() {
        let written = "<meta charset=gbk>Café";
        let wide: Vec<u8> = [0xfeff].into_iter().chain(written.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let marked = format!("\u{feff}{written}");
        for content_type in [None, Some("text/html; charset=windows-1252")] {
            for length in [1, 2, usize::MAX] {
                assert_eq!(text(content_type, &wide, length), (written.to_owned(), None), "{length}");
                assert_eq!(text(content_type, marked.as_bytes(), length), (written.to_owned(), None), "{length}");
            }
        }
    }

    #[test]
    fn a_page_that_cannot_be_decoded_says_so() {
        let trouble = |content_type, page: &[u8]| text(content_type, page, 1).1;
        assert_eq!(trouble(None, b"caf\xe9 ").as_deref(), Some("does not say its charset, and is not in UTF-8"));
        let declared = Some("says that it is in UTF-8, and has bytes that are not");
        assert_eq!(trouble(None, b"<meta charset=utf-8>caf\xe9 ").as_deref(), declared);
        assert_eq!(trouble(Some("text/html; charset=utf-8"), b"caf\xe9 ").as_deref(), declared);
        let refused = Some("is in a charset that no browser reads");
        assert_eq!(trouble(Some("text/html; charset=iso-2022-kr"), b"caf").as_deref(), refused);
        // It ends where reading it did.
        assert_eq!(text(None, b"caf\xc3", 1), ("caf\u{fffd}".to_owned(), None));
    }
}

//! Files.

use crate::Drawn;
use flyball_config::{Colour, Located, Place, read};

/// A token that somebody pasted into the file. It must not be seen in anything that is said about the file.
const PLANTED: &str = "HRKU-pl4nted-0123456789abcdefghijklmnop";
/// What of it would be recognised.
const MARK: &str = "pl4nted";
/// Bounds of what is said: see `Mistakes`. A line is shown with 200 characters on either side of the spot and as many in
/// it, twice where there is another place, beside a message, two labels and a hint.
const SHOWN_BYTES_MAX: usize = 201 * 4 * (2 * 600 + 4 * 300 + 400);

/// Reads any text as a file, as it is and with a token somewhere in it.
///
/// # Panics
///
/// When something does not hold.
pub fn config(data: &[u8]) {
    let mut drawn = Drawn(data);
    let at = usize::from(drawn.byte()) * 256 + usize::from(drawn.byte());
    let text = String::from_utf8_lossy(drawn.rest());
    judge(&text);

    let at = text.floor_char_boundary(at % (text.len() + 1));
    let planted = [&text[..at], PLANTED, &text[at..]].concat();
    if !planted[..at].contains(MARK) && !planted[at + PLANTED.len()..].contains(MARK) {
        let said = without_hints(&judge(&planted));
        assert!(!said.contains(MARK), "the token is shown: {said}\nof: {planted:?}");
    }
}

/// What is said about a text; it must be so.
fn judge(text: &str) -> String {
    let told = match read("fuzz.toml", text) {
        Ok(definitions) => definitions.warnings,
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a reason");
            mistakes
        }
    };
    for located in &told {
        judge_one(located, text);
    }
    let plain = told.render(Colour::Plain);
    assert!(!plain.chars().any(|c| c.is_control() && c != '\n'), "{plain:?}");
    assert!(plain.len() <= SHOWN_BYTES_MAX, "{} bytes are said about {}", plain.len(), text.len());
    assert!(told.render(Colour::Ansi).len() >= plain.len());
    assert!(serde_json::to_string(&told).is_ok(), "mistakes are data");
    plain
}

/// What is said but for the hints: one that lists the names in the file still lists a token that stands as a name.
fn without_hints(said: &str) -> String {
    said.lines().filter(|line| !line.trim_start().starts_with("= hint: ")).collect::<Vec<_>>().join("\n")
}

fn judge_one(located: &Located, text: &str) {
    let words = [Some(&located.message), Some(&located.place.label), located.hint.as_ref()];
    for words in words.into_iter().flatten() {
        assert!(words.chars().count() <= 300 && !words.chars().any(char::is_control), "{words:?}");
    }
    for place in std::iter::once(&located.place).chain(&located.also) {
        assert!(is_in(place, text), "{}:{} is not in the text", place.line, place.column);
    }
}

/// Whether a place is one of the text: a line of it, and a column of that line or just behind its end. Columns count
/// characters, but behind a token that was blotted out they count its bytes.
fn is_in(place: &Place, text: &str) -> bool {
    let line = place.line.checked_sub(1).and_then(|line| text.split('\n').nth(line));
    line.is_some_and(|line| (1..=line.len() + 1).contains(&place.column))
}

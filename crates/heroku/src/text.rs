//! Text from outside: one line, bounded, and nothing in it that could move a terminal's cursor.

use flyball_model::Excerpt;

/// `text` on one line, at most `chars_max` characters, without control or direction-changing characters.
pub(crate) fn clean(text: &str, chars_max: usize) -> String {
    let mut cleaned = String::with_capacity(text.len().min(chars_max));
    let mut blank = false;
    let mut taken = 0;
    for char in text.chars() {
        if !Excerpt::shows(char) {
            blank = taken > 0;
            continue;
        }
        let width = if blank { 2 } else { 1 };
        if taken + width > chars_max {
            cleaned.push('…');
            return cleaned;
        }
        if blank {
            cleaned.push(' ');
            blank = false;
        }
        cleaned.push(char);
        taken += width;
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_becomes_one_bounded_line() {
        for (text, wanted) in [
            ("plain", "plain"),
            ("  two\n\tlines \r\n", "two lines"),
            ("a\u{1b}[31mred", "a [31mred"),
            ("evil\u{202e}txt", "evil txt"),
            ("a\u{9b}2J\u{61c}b", "a 2J b"),
            ("0123456789abc", "0123456789…"),
            ("", ""),
            ("\u{0}\u{7f}", ""),
        ] {
            assert_eq!(clean(text, 10), wanted, "{text:?}");
        }
    }
}

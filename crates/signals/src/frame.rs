//! A body of a frame, cut into its messages: `LEN SP MSG`, again and again, LEN in bytes.
//!
//! By the lengths alone, and never by lines: what Logplex itself says stands in front without a line feed, so that whoever splits by lines
//! makes one broken message of two.

use memchr::memchr;

/// No length has more digits: a body is bounded long before.
const DIGITS_MAX: usize = 9;

/// The messages of a body.
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    rest: &'a [u8],
    broken: usize,
}

/// The messages of a body, without the line feed that most end with.
#[must_use]
pub const fn messages(body: &[u8]) -> Messages<'_> {
    Messages { rest: body, broken: 0 }
}

impl Messages<'_> {
    /// How many bytes had to be passed over, once all messages were taken: behind something that is no length nobody knows where
    /// the next message begins.
    #[must_use]
    pub const fn broken(&self) -> usize {
        self.broken
    }

    fn give_up(&mut self) {
        self.broken += self.rest.len();
        self.rest = &[];
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let head = &self.rest[..self.rest.len().min(DIGITS_MAX + 1)];
        let length = memchr(b' ', head).and_then(|blank| Some((blank, number(&head[..blank])?)));
        let Some((blank, length)) = length else {
            self.give_up();
            return None;
        };
        let rest = &self.rest[blank + 1..];
        if length > rest.len() {
            // The sender's connection broke, or the number is wrong: what is there may be half of a message.
            self.give_up();
            return None;
        }
        let (message, rest) = rest.split_at(length);
        self.rest = rest;
        Some(message.strip_suffix(b"\n").unwrap_or(message))
    }
}

/// A number of digits alone.
pub(crate) fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    digits
        .iter()
        .try_fold(0_usize, |number, digit| digit.is_ascii_digit().then(|| number * 10 + usize::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A frame of these messages, with and without their line feed.
    fn frame(messages: &[(Vec<u8>, bool)]) -> Vec<u8> {
        let mut body = Vec::new();
        for (message, has_line_feed) in messages {
            body.extend(format!("{} ", message.len() + usize::from(*has_line_feed)).into_bytes());
            body.extend(message);
            body.extend(has_line_feed.then_some(b'\n'));
        }
        body
    }

    #[test]
    fn a_body_is_cut_by_its_lengths_and_what_is_damaged_is_counted() {
        let loss = "<172>1 2014-11-11T08:24:25+00:00 host heroku logplex - Error L10 (output buffer overflow): 1 messages dropped \
                    since 2014-11-07T23:29:45+00:00.";
        let line = "<45>1 2014-11-11T08:24:25+00:00 host app web.1 - a";
        let glued = format!("{} {loss}{} {line}\n", loss.len(), line.len() + 1);
        for (case, body, expected, broken) in [
            ("nothing", "", vec![], 0),
            ("one", "3 abc", vec!["abc"], 0),
            ("its line feed is not a part of it", "4 abc\n2 d\n", vec!["abc", "d"], 0),
            ("an empty message", "0 1 \n", vec!["", ""], 0),
            ("a loss is glued to the front", &glued, vec![loss, line], 0),
            ("line feeds within", "7 a\nb\ncd\n", vec!["a\nb\ncd"], 0),
            ("no length", "abc", vec![], 3),
            ("no length behind a message", "3 abcx", vec!["abc"], 1),
            ("longer than what is there", "9 abc", vec![], 5),
            ("a length without end", "999999999999999999999 a", vec![], 23),
            ("no blank", "12345", vec![], 5),
            ("a sign", "-1 a", vec![], 4),
        ] {
            let mut cut = messages(body.as_bytes());
            let found: Vec<&str> = cut.by_ref().map(|message| std::str::from_utf8(message).unwrap()).collect();
            assert_eq!((found, cut.broken()), (expected, broken), "{case}");
        }
    }

    proptest! {
        #[test]
        fn what_was_put_into_a_frame_comes_out_of_it(
            messages_in in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), any::<bool>()), 0..20)
        ) {
            let body = frame(&messages_in);
            let mut cut = messages(&body);
            let found: Vec<Vec<u8>> = cut.by_ref().map(<[u8]>::to_vec).collect();
            let expected: Vec<Vec<u8>> = messages_in
                .iter()
                .map(|(message, has_line_feed)| {
                    // Of a message without one that ends with a line feed all the same nobody can tell.
                    let stripped = message.strip_suffix(b"\n").filter(|_| !has_line_feed);
                    stripped.unwrap_or(message).to_vec()
                })
                .collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(cut.broken(), 0);
        }

        #[test]
        fn no_body_is_read_beyond_its_end(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut cut = messages(&body);
            let read: usize = cut.by_ref().map(<[u8]>::len).sum();
            prop_assert!(read + cut.broken() <= body.len());
        }
    }
}

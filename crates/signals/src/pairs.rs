//! `key=value` pairs as routers and dynos write them: values bare or quoted, empty, cut off, in any order.

use memchr::{memchr, memchr2};

/// The pairs of a text.
#[derive(Debug, Clone)]
pub struct Pairs<'a>(&'a [u8]);

/// The pairs of a text, in its order. Words without `=` are passed over; a quoted value that is cut off ends with the text.
#[must_use]
pub const fn pairs(text: &[u8]) -> Pairs<'_> {
    Pairs(text)
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let blanks = self.0.iter().take_while(|byte| **byte == b' ').count();
            self.0 = &self.0[blanks..];
            if self.0.is_empty() {
                return None;
            }
            let Some(end) = memchr2(b'=', b' ', self.0) else {
                self.0 = &[];
                return None;
            };
            let (key, rest) = (&self.0[..end], &self.0[end + 1..]);
            if self.0[end] == b' ' {
                self.0 = rest;
                continue;
            }
            let value = match rest.strip_prefix(b"\"") {
                Some(quoted) => {
                    let end = memchr(b'"', quoted).unwrap_or(quoted.len());
                    self.0 = quoted.get(end + 1..).unwrap_or_default();
                    &quoted[..end]
                }
                None => {
                    let end = memchr(b' ', rest).unwrap_or(rest.len());
                    self.0 = &rest[end..];
                    &rest[..end]
                }
            };
            return Some((key, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pairs_are_read_as_they_are_written() {
        for (text, expected) in [
            ("", vec![]),
            ("a=1 b=\"2 3\" c=", vec![("a", "1"), ("b", "2 3"), ("c", "")]),
            ("a= b=2", vec![("a", ""), ("b", "2")]),
            ("word a=1  two words b=2", vec![("a", "1"), ("b", "2")]),
            ("a=\"cut off", vec![("a", "cut off")]),
            ("a=\"\" b=c=d", vec![("a", ""), ("b", "c=d")]),
            ("sample#load-avg-1m=0.05", vec![("sample#load-avg-1m", "0.05")]),
            ("=1", vec![("", "1")]),
            ("   ", vec![]),
        ] {
            let read: Vec<(&str, &str)> = pairs(text.as_bytes())
                .map(|(key, value)| (std::str::from_utf8(key).unwrap(), std::str::from_utf8(value).unwrap()))
                .collect();
            assert_eq!(read, expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_to_an_end(text in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(pairs(&text).count() <= text.len());
        }
    }
}

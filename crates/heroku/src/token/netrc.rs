//! `~/.netrc`, where older Heroku CLIs keep their tokens.
//!
//! Source: the format of *ftp(1)* as curl and Heroku's `netrc-parser` read it: words apart by blanks or line breaks,
//! `#` to the end of a line where a keyword could stand, `macdef` up to an empty line. Beyond them, as people mean it: a byte
//! order mark before the first word is none of it, and a `login` may be left empty.

use secrecy::SecretString;

/// The largest file that is read: one with a thousand entries has about 100 KB.
pub(super) const NETRC_BYTES_MAX: u64 = 256 * 1024;

/// The password of the first entry for `machine` in the text of a `.netrc`, if there is one. `default` entries are no
/// token for Heroku.
#[must_use]
pub fn password(text: &str, machine: &str) -> Option<SecretString> {
    let mut words = Words { rest: text.strip_prefix('\u{feff}').unwrap_or(text) };
    let mut ours = false;
    while let Some(word) = words.next() {
        match word {
            comment if comment.starts_with('#') => words.skip_line(),
            "machine" => ours = words.next()? == machine,
            "default" => ours = false,
            "macdef" => words.skip_macro(),
            "password" => {
                if let Some(password) = words.value().filter(|_| ours) {
                    return Some(SecretString::from(unquoted(password)));
                }
            }
            "login" | "account" => {
                words.value();
            }
            _ => {}
        }
    }
    None
}

fn unquoted(word: &str) -> &str {
    word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or(word)
}

fn is_keyword(word: &str) -> bool {
    matches!(word, "machine" | "default" | "login" | "account" | "password" | "macdef")
}

#[derive(Clone)]
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let start = self.rest.trim_start();
        let end = start.find(char::is_whitespace).unwrap_or(start.len());
        let (word, rest) = start.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The value of a keyword. It was left empty where the next keyword stands in its place, with a value of its own; a keyword
    /// before another one is a value: somebody's login is `password`.
    fn value(&mut self) -> Option<&'a str> {
        let mut ahead = self.clone();
        let value = ahead.next()?;
        let is_empty = is_keyword(value) && ahead.next().is_some_and(|word| !is_keyword(word));
        (!is_empty).then(|| {
            self.next();
            value
        })
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
    }

    /// A macro ends at an empty line.
    fn skip_macro(&mut self) {
        loop {
            self.skip_line();
            let line = self.rest.lines().next();
            if line.is_none_or(|line| line.trim().is_empty()) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn the_entry_of_the_machine_is_found_however_it_is_written() {
        for (text, wanted) in [
            ("machine api.heroku.com\n  login ops@example.com\n  password tok-1\n", Some("tok-1")),
            ("machine api.heroku.com login ops@example.com password tok-1", Some("tok-1")),
            ("machine api.heroku.com\r\n\tpassword tok-1\r\n\tlogin x\r\n", Some("tok-1")),
            ("machine git.heroku.com password git\nmachine api.heroku.com password tok-1", Some("tok-1")),
            ("machine api.heroku.com password tok-1\nmachine api.heroku.com password tok-2", Some("tok-1")),
            ("# machine api.heroku.com password old\nmachine api.heroku.com password tok-1", Some("tok-1")),
            ("machine api.heroku.com # ours\n password tok-1", Some("tok-1")),
            ("machine api.heroku.com account a login password password tok-1", Some("tok-1")),
            ("machine api.heroku.com password #tok", Some("#tok")),
            ("machine api.heroku.com password \"tok-1\"", Some("tok-1")),
            ("macdef init\nmachine api.heroku.com password no\n\nmachine api.heroku.com password tok-1", Some("tok-1")),
            ("macdef init\nmachine api.heroku.com password no\n", None),
            ("\u{feff}machine api.heroku.com login x password tok-1", Some("tok-1")),
            ("machine api.heroku.com\n  login\n  password tok-1\n", Some("tok-1")),
            ("machine api.heroku.com login password tok-1", Some("tok-1")),
            ("machine api.heroku.com login \"\" account\n password tok-1", Some("tok-1")),
            ("machine git.heroku.com login\nmachine api.heroku.com password tok-1", Some("tok-1")),
            ("machine git.heroku.com password\nmachine api.heroku.com password tok-1", Some("tok-1")),
            ("machine api.heroku.com password\n login x", None),
            ("default login x password tok-1", None),
            ("machine api.heroku.com login x\ndefault password tok-1", None),
            ("machine api.heroku.com.example.com password tok-1", None),
            ("machine api.heroku.com password", None),
            ("machine", None),
            ("", None),
            ("\u{0}\u{1} garbage ☃", None),
        ] {
            let found = password(text, "api.heroku.com");
            assert_eq!(found.as_ref().map(|found| found.expose_secret()), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_stand_in_has_an_entry_of_its_own() {
        let text = "machine 127.0.0.1:5000 password here\nmachine api.heroku.com password there";
        assert_eq!(password(text, "127.0.0.1:5000").unwrap().expose_secret(), "here");
        assert!(password(text, "127.0.0.1").is_none());
    }
}

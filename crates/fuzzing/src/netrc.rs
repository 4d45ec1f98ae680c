//! `.netrc` files.

use flyball_heroku::token::netrc_password;
use secrecy::ExposeSecret;

const MACHINE: &str = "api.heroku.com";

/// Reads any text as a `.netrc`.
///
/// # Panics
///
/// When something does not hold.
pub fn netrc(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(password) = netrc_password(&text, MACHINE) {
        let password = password.expose_secret();
        let quoted = format!("\"{password}\"");
        let is_a_word = |word: &str| word == password || word == quoted;
        // Not shown: what is found in somebody's file is theirs.
        assert!(text.split_whitespace().any(is_a_word), "a password that is no word of the file");
        assert!(text.contains(MACHINE) && text.contains("password"), "a password of nobody");
    }
    let before = format!("machine {MACHINE} password first\n{text}");
    let first = netrc_password(&before, MACHINE);
    assert!(first.is_some_and(|first| first.expose_secret() == "first"), "the first entry wins");
    let other = text.replace(MACHINE, "git.heroku.com");
    assert!(netrc_password(&other, MACHINE).is_none(), "another machine's password was taken");
}

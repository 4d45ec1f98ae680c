//! Secrets that are stored sealed: by XChaCha20-Poly1305, with a key that stands in the environment alone, and for one place, such as
//! the header of a monitor. A text that is moved to another place is refused where it is read, and one whose place was rewritten does
//! not open: the place is a part of what is authenticated.
//!
//! A sealed text is `v1.KEY.PLACE.BODY`: which key sealed it, the place, and the nonce with the ciphertext, each in base64 without
//! padding but for the key's id. Nonces come as arguments: this crate draws none.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret as _, SecretString};

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of a nonce: so many that drawn ones never meet.
pub const NONCE_BYTES: usize = 24;
/// Bytes of a secret at most: a header is bounded by this too.
pub const SECRET_BYTES_MAX: usize = 8 * 1024;
/// What a sealed text begins with. No environment variable is called so.
const VERSION: &str = flyball_model::SEALED;

/// A key, and the id by which a text says that it was sealed with it.
struct Key {
    cipher: XChaCha20Poly1305,
    id: String,
}

impl Key {
    fn of(variable: &'static str, text: &SecretString) -> Result<Self, NoKey> {
        let text = text.expose_secret().trim();
        // What generates secrets on Heroku writes them in hex. So many digits are no base64 of a key.
        let bytes = of_hex(text).or_else(|| STANDARD.decode(text).ok()?.try_into().ok()).ok_or(NoKey { variable })?;
        let digest = digest(&SHA256, &[b"flyball key id ".as_slice(), &bytes].concat());
        // Enough to tell keys apart, and too little to learn anything of one.
        let id = digest.as_ref()[..4].iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
        Ok(Self { cipher: XChaCha20Poly1305::new(&bytes.into()), id })
    }
}

/// The bytes of a key in hex.
fn of_hex(text: &str) -> Option<[u8; KEY_BYTES]> {
    if text.len() != 2 * KEY_BYTES || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..KEY_BYTES).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect();
    bytes?.try_into().ok()
}

/// The keys: the first seals and opens, the others only open.
#[derive(Default)]
pub struct Keys {
    seals: Option<Key>,
    opens: Option<Key>,
}

/// A key that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} holds no key: expected 32 bytes in base64, as `openssl rand -base64 32` makes them, or in hex")]
pub struct NoKey {
    variable: &'static str,
}

/// Why a secret is not sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSealed {
    /// There is no key.
    #[error("there is no key to seal with: put one into FLYBALL_SECRET_KEY, as `openssl rand -base64 32` makes it")]
    NoKey,
    /// It is empty, or too long.
    #[error("the secret is empty, or longer than {SECRET_BYTES_MAX} bytes")]
    Length,
}

/// Why a sealed text does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// It is no sealed text, or only a part of one.
    #[error("it is no sealed text, or only a part of one: `flyball secret seal` prints one")]
    Malformed,
    /// It was sealed with a key that is not here.
    #[error("it was sealed with the key {key}, which is neither in FLYBALL_SECRET_KEY nor in FLYBALL_SECRET_KEY_OLD")]
    OtherKey {
        /// The id of the key.
        key: String,
    },
    /// It, or its place, was changed since.
    #[error("it was changed since it was sealed for {place}: seal it anew")]
    Changed {
        /// The place that it says.
        place: String,
    },
}

/// The parts of a sealed text.
struct Parts<'t> {
    key: &'t str,
    place: String,
    nonce: [u8; NONCE_BYTES],
    sealed: Vec<u8>,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let mut parts = text.strip_prefix(VERSION)?.split('.');
    let (key, place, body) = (parts.next()?, parts.next()?, parts.next()?);
    let place = String::from_utf8(URL_SAFE_NO_PAD.decode(place).ok()?).ok()?;
    let body = URL_SAFE_NO_PAD.decode(body).ok()?;
    let (nonce, sealed) = body.split_first_chunk::<NONCE_BYTES>()?;
    let is_whole = parts.next().is_none() && !key.is_empty() && !place.is_empty();
    is_whole.then(|| Parts { key, place, nonce: *nonce, sealed: sealed.to_vec() })
}

/// The place that a sealed text was sealed for, by its own word; none where it is no sealed text.
#[must_use]
pub fn place_of(text: &str) -> Option<String> {
    parts(text).map(|parts| parts.place)
}

/// A place, as sealed texts have it: `monitor "page" http.headers.authorization`.
#[must_use]
pub fn place(family: &str, name: &str, field: &str) -> String {
    format!("{family} \"{name}\" {field}")
}

impl Keys {
    /// From `FLYBALL_SECRET_KEY` and, while keys are changed, `FLYBALL_SECRET_KEY_OLD`.
    ///
    /// # Errors
    ///
    /// When one of them holds no key.
    pub fn of(current: Option<&SecretString>, old: Option<&SecretString>) -> Result<Self, NoKey> {
        let key = |variable, text: Option<&SecretString>| text.map(|text| Key::of(variable, text)).transpose();
        Ok(Self { seals: key("FLYBALL_SECRET_KEY", current)?, opens: key("FLYBALL_SECRET_KEY_OLD", old)? })
    }

    /// Seals a secret for a place, with a nonce that was never used before.
    ///
    /// # Errors
    ///
    /// When there is no key, or it is no secret.
    pub fn seal(&self, place: &str, secret: &SecretString, nonce: [u8; NONCE_BYTES]) -> Result<String, NotSealed> {
        let Some(Key { cipher, id }) = &self.seals else { return Err(NotSealed::NoKey) };
        let msg = secret.expose_secret().as_bytes();
        if msg.is_empty() || msg.len() > SECRET_BYTES_MAX {
            return Err(NotSealed::Length);
        }
        let payload = Payload { msg, aad: place.as_bytes() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| NotSealed::Length)?;
        let body = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
        Ok(format!("{VERSION}{id}.{}.{body}", URL_SAFE_NO_PAD.encode(place)))
    }

    /// Opens a sealed text.
    ///
    /// # Errors
    ///
    /// In words without the secret, when it does not open.
    pub fn open(&self, text: &str) -> Result<SecretString, NotOpened> {
        let Parts { key, place, nonce, sealed } = parts(text).ok_or(NotOpened::Malformed)?;
        let mut known = self.seals.iter().chain(&self.opens);
        let known = known.find(|known| known.id == key).ok_or_else(|| NotOpened::OtherKey { key: key.to_owned() })?;
        let opened = known.cipher.decrypt(&XNonce::from(nonce), Payload { msg: &sealed, aad: place.as_bytes() });
        let text = opened.ok().and_then(|opened| String::from_utf8(opened).ok());
        text.map(SecretString::from).ok_or(NotOpened::Changed { place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "pl4nted-header";

    fn key(byte: u8) -> SecretString {
        SecretString::from(STANDARD.encode([byte; KEY_BYTES]))
    }

    fn keys(current: Option<u8>, old: Option<u8>) -> Keys {
        Keys::of(current.map(key).as_ref(), old.map(key).as_ref()).unwrap()
    }

    fn sealed(by: u8) -> String {
        let place = place("monitor", "page", "http.headers.authorization");
        keys(Some(by), None).seal(&place, &SecretString::from(SECRET), [7; NONCE_BYTES]).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_with_its_key_also_once_that_is_the_old_one() {
        let text = sealed(1);
        assert_eq!(place_of(&text).as_deref(), Some("monitor \"page\" http.headers.authorization"));
        assert!(text.starts_with(VERSION) && !text.contains(SECRET));
        for (current, old, opens) in
            [(Some(1), None, true), (Some(2), Some(1), true), (None, Some(1), true), (Some(2), None, false)]
        {
            let opened = keys(current, old).open(&text);
            assert_eq!(opened.is_ok_and(|opened| opened.expose_secret() == SECRET), opens, "{current:?} {old:?}");
        }
        let anew = keys(Some(2), Some(1)).seal("x", &SecretString::from("y"), [1; NONCE_BYTES]).unwrap();
        assert!(keys(Some(2), None).open(&anew).is_ok(), "the new one seals");
    }

    #[test]
    fn a_key_may_stand_in_hex_as_what_generates_secrets_on_heroku_writes_them() {
        let hex = |text: String| Keys::of(Some(&SecretString::from(text)), None);
        for text in ["01".repeat(KEY_BYTES), format!(" {}\n", "01".repeat(KEY_BYTES))] {
            assert!(hex(text).unwrap().open(&sealed(1)).is_ok(), "the same key as in base64");
        }
        for text in ["01".repeat(KEY_BYTES - 1), "0x".repeat(KEY_BYTES), "+1".repeat(KEY_BYTES), "é".repeat(KEY_BYTES)]
        {
            assert!(hex(text.clone()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_moved_cut_or_changed_is_refused_in_words_without_the_secret() {
        let text = sealed(1);
        let [version, id, place_text, body] = text.split('.').collect::<Vec<_>>()[..] else { panic!("{text}") };
        let elsewhere = URL_SAFE_NO_PAD.encode(place("monitor", "other", "http.headers.authorization"));
        let flipped = format!("{}{}", &body[..body.len() - 2], if body.ends_with("AA") { "BB" } else { "AA" });
        let other_key = sealed(2).split('.').nth(1).unwrap().to_owned();
        let cases = [
            (format!("{version}.{id}.{elsewhere}.{body}"), "changed since it was sealed for monitor \"other\""),
            (format!("{version}.{id}.{place_text}.{flipped}"), "changed since it was sealed for monitor \"page\""),
            (format!("{version}.{id}.{place_text}.{}", &body[..40]), "changed since"),
            (format!("{version}.{id}.{place_text}.{}", &body[..8]), "only a part"),
            (format!("{version}.{id}.{place_text}"), "only a part"),
            (format!("{text}.x"), "no sealed text"),
            (format!("{version}.{other_key}.{place_text}.{body}"), "it was sealed with the key"),
            (String::new(), "no sealed text"),
            ("TOKEN".to_owned(), "no sealed text"),
        ];
        for (text, words) in cases {
            let refused = keys(Some(1), None).open(&text).unwrap_err();
            let told = format!("{refused} {refused:?}");
            assert!(told.contains(words) && !told.contains(SECRET), "{text}: {told}");
        }
    }

    #[test]
    fn without_a_key_nothing_is_sealed_and_what_is_no_key_is_told_by_its_variable() {
        let secret = SecretString::from(SECRET);
        assert_eq!(keys(None, Some(1)).seal("x", &secret, [0; NONCE_BYTES]), Err(NotSealed::NoKey));
        for (length, expected) in [(0, false), (1, true), (SECRET_BYTES_MAX, true), (SECRET_BYTES_MAX + 1, false)] {
            let secret = SecretString::from("x".repeat(length));
            assert_eq!(keys(Some(1), None).seal("x", &secret, [0; NONCE_BYTES]).is_ok(), expected, "{length}");
        }
        for text in ["", "pl4nted", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            let told = Keys::of(None, Some(&SecretString::from(text))).err().unwrap().to_string();
            assert!(told.starts_with("FLYBALL_SECRET_KEY_OLD holds no key") && !told.contains("pl4nted"), "{told}");
        }
    }
}

//! Secrets: made by chance, shown once, and known by their hash. Passwords are known by argon2id, which is slow on purpose.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use aws_lc_rs::{digest, rand};
use flyball_model::SecretHash;
use std::fmt::Write as _;
use tokio::sync::Semaphore;

/// A secret of 256 bits.
pub(crate) struct Secret(String);

impl Secret {
    /// A new one, in hexadecimal digits behind a word by which a scanner of secrets knows it.
    pub(crate) fn new(word: &str) -> Self {
        let bytes: [u8; 32] = random();
        let mut text = format!("{word}_");
        bytes.iter().for_each(|byte| write!(text, "{byte:02x}").expect("a String takes every text"));
        Self(text)
    }

    /// As it is shown once.
    pub(crate) fn shown(&self) -> &str {
        &self.0
    }

    /// By what it is known.
    pub(crate) fn hash(&self) -> SecretHash {
        hash_of(&self.0)
    }
}

/// By what a secret is known that somebody has shown.
pub(crate) fn hash_of(shown: &str) -> SecretHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, shown.as_bytes()).as_ref());
    SecretHash(hash)
}

/// Bytes of chance.
///
/// # Panics
///
/// Where the system has no chance to give, as nothing would be secret then.
pub(crate) fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// Passwords that are hashed at once: each takes 19 MiB and a core for a moment, and strangers may ask for it. Who comes beyond waits.
static HASHED_AT_ONCE: Semaphore = Semaphore::const_new(2);

/// By what a password is known: argon2id with the library's parameters (19 MiB, two passes), which OWASP recommends.
pub(crate) async fn hash_password(password: String) -> String {
    let _place = HASHED_AT_ONCE.acquire().await;
    let hashing = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).expect("any text can be hashed").to_string()
    });
    hashing.await.expect("hashing does not panic")
}

/// Whether a password is the one that is known so. It takes as long where nobody is known: how long it takes tells nobody who is.
pub(crate) async fn password_fits(password: String, known: Option<String>) -> bool {
    let _place = HASHED_AT_ONCE.acquire().await;
    let looking = tokio::task::spawn_blocking(move || {
        let Some(known) = known else {
            let _as_long = Argon2::default().hash_password(password.as_bytes());
            return false;
        };
        let Ok(known) = PasswordHash::new(&known) else { return false };
        Argon2::default().verify_password(password.as_bytes(), &known).is_ok()
    });
    looking.await.unwrap_or(false)
}

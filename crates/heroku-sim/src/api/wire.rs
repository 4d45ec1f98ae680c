//! What several nouns share on the wire: references, times, percent-encoding.

use crate::world::{Account, App};
use flyball_model::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// A time as API bodies have it: whole seconds, `Z`. Source: platform-api 1 (S26).
pub(super) fn time(at: Timestamp) -> String {
    Timestamp::from_millis(at.as_millis().div_euclid(1000) * 1000).to_string()
}

/// A time as HTTP's `Date` has it.
pub(super) fn http_date(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).expect("every Timestamp is within the calendar");
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `%2F` and its like undone; what is not valid stays as it is.
pub(super) fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// `{"id","name"}`
#[derive(Serialize)]
pub(super) struct Named<'a> {
    pub(super) id: Uuid,
    pub(super) name: &'a str,
}

impl<'a> Named<'a> {
    pub(super) fn app(app: &'a App) -> Self {
        Self { id: app.id(), name: app.name().as_str() }
    }

    pub(super) fn generation(fir: bool) -> Named<'static> {
        let (number, name) = if fir { (2, "fir") } else { (1, "cedar") };
        Named { id: Uuid::from_u128(0xb8b3_e6f4_0000_4000_8000_0000_0000_0000 | number), name }
    }
}

/// `{"id"}`
#[derive(Serialize)]
pub(super) struct Just {
    pub(super) id: Uuid,
}

/// `{"id","email"}`
#[derive(Serialize)]
pub(super) struct User<'a> {
    pub(super) id: Uuid,
    pub(super) email: &'a str,
}

impl<'a> User<'a> {
    pub(super) fn of(account: &'a Account) -> Self {
        Self { id: account.id, email: account.email() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone_and_rubbish_stays() {
        for (text, expected) in [("web.1", "web.1"), ("https%3A%2F%2Fx", "https://x"), ("%", "%"), ("%zz%41", "%zzA")] {
            assert_eq!(percent_decoded(text), expected);
        }
    }

    #[test]
    fn times_have_whole_seconds() {
        assert_eq!(time(Timestamp::from_millis(1_767_323_045_999)), "2026-01-02T03:04:05Z");
        assert_eq!(http_date(Timestamp::EPOCH), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}

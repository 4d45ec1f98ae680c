//! The first two doors: which version of the API, and who is calling.

use super::Request;
use crate::world::{Refusal, World};

/// The variant of version 3, which changes shapes. Source: platform-api 1 (S25, S26).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// `3`, and every `3.<word>` but `3.sdk`.
    Three,
    /// `3.sdk`.
    Sdk,
}

/// Any `3` or `3.<word>` is taken. Without a version the route is not found; another version is not acceptable.
/// Source: platform-api 1 (CLI, REC, REF14).
pub(super) fn variant(request: &Request) -> Result<Variant, Refusal> {
    let accept = request.get("Accept").unwrap_or_default();
    let ours =
        accept.split(',').filter(|range| range.trim().to_ascii_lowercase().starts_with("application/vnd.heroku+json"));
    let version = ours.flat_map(|range| range.split(';').skip(1)).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("version").then(|| value.trim().trim_matches('"'))
    });
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    match version {
        None => Err(Refusal::no_such_route()),
        Some("3.sdk") => Ok(Variant::Sdk),
        Some("3") => Ok(Variant::Three),
        Some(version) if version.strip_prefix("3.").is_some_and(word) => Ok(Variant::Three),
        Some(_) => Err(Refusal::new(
            406,
            "not_acceptable",
            "The request does not specify an acceptable API version in its Accept header.",
        )),
    }
}

/// The account of the token: Bearer, or Basic with the token as the password and any user. Source: platform-api 1.
pub(super) fn account(world: &World, request: &Request) -> Result<usize, Refusal> {
    let token = request.get("Authorization").and_then(token).ok_or_else(Refusal::unauthorized)?;
    // An account's own token before one that takes any.
    let accounts = world.accounts();
    let own = accounts.iter().position(|account| account.spec.token.as_deref() == Some(token.as_str()));
    own.or_else(|| accounts.iter().position(|account| account.takes(&token))).ok_or_else(Refusal::unauthorized)
}

fn token(header: &str) -> Option<String> {
    let (scheme, rest) = header.trim().split_once(' ')?;
    let token = if scheme.eq_ignore_ascii_case("bearer") {
        rest.trim().to_owned()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(base64_decoded(rest.trim())?).ok()?;
        decoded.split_once(':')?.1.to_owned()
    } else {
        return None;
    };
    (!token.is_empty()).then_some(token)
}

/// Standard base64, with or without padding. `None` for what is not.
fn base64_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for symbol in text.trim_end_matches('=').bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_header_forms_carry_the_token() {
        for (header, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc", Some("abc")),
            ("Basic OmFiYw==", Some("abc")),
            ("Basic bWVAZXhhbXBsZS5jb206YWJj", Some("abc")),
            ("Basic OmFiYw", Some("abc")),
            ("Basic YWJj", None),
            ("Basic Og==", None),
            ("Bearer ", None),
            ("Digest abc", None),
            ("abc", None),
        ] {
            assert_eq!(token(header).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn any_variant_of_version_three_is_taken() {
        let of = |accept: &str| variant(&Request::new("GET", "/account").header("accept", accept));
        assert_eq!(of("application/vnd.heroku+json; version=3"), Ok(Variant::Three));
        assert_eq!(of("application/vnd.heroku+json;version=3.sdk"), Ok(Variant::Sdk));
        assert_eq!(of("application/json, application/vnd.heroku+json; version=3.account-quotas"), Ok(Variant::Three));
        assert_eq!(of("application/vnd.heroku+json; version=2").unwrap_err().status, 406);
        assert_eq!(of("application/vnd.heroku+json").unwrap_err().status, 404);
        assert_eq!(of("*/*").unwrap_err().status, 404);
    }
}

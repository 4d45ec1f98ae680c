//! `GET /account` and `GET /account/rate-limits`.

use super::fields::{Misread, parse};
use crate::Account;

pub(crate) fn account(body: &[u8]) -> Result<Account, Misread> {
    let fields = parse(body)?.object()?;
    Ok(Account { id: fields.id("id")?, email: fields.text("email").unwrap_or_default() })
}

pub(crate) fn rate_limit(body: &[u8]) -> Result<u32, Misread> {
    let remaining = parse(body)?.object()?.number("remaining")?;
    Ok(u32::try_from(remaining).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_an_id_and_an_address() {
        let body = br#"{"id":"0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9002","email":"ops@example.com","beta":false,"name":null,
            "sms_number":"+1 *** 99","default_team":{"id":"x","name":"acme"}}"#;
        let wanted = Account { id: "0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9002".into(), email: "ops@example.com".into() };
        assert_eq!(account(body), Ok(wanted));
        assert_eq!(account(b"{}").unwrap_err().to_string(), "expected an id at `id`");
        assert_eq!(account(b"<html>").unwrap_err().to_string(), "expected JSON");
        assert_eq!(account(b"[]").unwrap_err().to_string(), "expected an object");
    }

    #[test]
    fn the_rate_limit_is_a_count() {
        assert_eq!(rate_limit(br#"{"remaining": 4499}"#), Ok(4_499));
        assert!(rate_limit(br#"{"remaining": -3}"#).is_err());
        assert!(rate_limit(br#"{}"#).is_err());
    }
}

//! What went wrong in TLS, in words for people: no name of a programmer's value reaches a reading.

use flyball_model::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription as Alert, CertificateError, Error, ExtendedKeyPurpose, PeerIncompatible};

/// How many of a certificate's names are told; it may have hundreds.
const NAMES_MAX: usize = 3;

/// What went wrong, as a fragment.
pub(super) fn words(error: &Error) -> String {
    let words = match error {
        Error::InvalidCertificate(error) => return certificate(error),
        Error::AlertReceived(alert) => return format!("the other side ended TLS: {}", said(*alert)),
        Error::PeerIncompatible(error) => {
            return format!("the other side and we have no TLS in common: {}", lacks(error));
        }
        Error::PeerMisbehaved(error) => return format!("the other side broke the rules of TLS: {}", spelled(error)),
        Error::General(words) => return format!("TLS failed: {words}"),
        Error::InvalidMessage(_) => "what answered did not speak TLS",
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "the other side sent a message of TLS out of its turn"
        }
        Error::NoCertificatesPresented => "the other side showed no certificate",
        Error::UnsupportedNameType => "no certificate can be for such a name",
        Error::DecryptError => "what the other side sent could not be decrypted: it was damaged on its way",
        Error::PeerSentOversizedRecord => "the other side sent a piece of TLS that is larger than is allowed",
        Error::NoApplicationProtocol => "the other side speaks neither HTTP/1.1 nor HTTP/2 over TLS",
        Error::FailedToGetCurrentTime => "the time is not known here, and a certificate cannot be judged without it",
        Error::FailedToGetRandomBytes => "this system gave no random numbers, and TLS cannot do without",
        error => return format!("TLS failed: {}", spelled(error)),
    };
    words.to_owned()
}

/// What is wrong with a certificate.
fn certificate(error: &CertificateError) -> String {
    let words = match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            return format!("the certificate expired on {}", day_of(*not_after));
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            return format!("the certificate is not valid before {}", day_of(*not_before));
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented.iter().take(NAMES_MAX).map(|name| name_in(name)).collect();
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            return format!("the certificate is not for {}, but for {names}", expected.to_str());
        }
        CertificateError::InvalidPurposeContext { presented, .. }
            if presented.contains(&ExtendedKeyPurpose::ClientAuth) =>
        {
            "the certificate is for clients, and cannot be used by a site"
        }
        CertificateError::Other(error) => match error.0.downcast_ref::<webpki::Error>() {
            Some(error) => return chain(error),
            None => return format!("the certificate is not valid: {}", spelled(&error.0)),
        },
        CertificateError::Expired => "the certificate has expired",
        CertificateError::NotValidYet => "the certificate is not valid yet",
        CertificateError::NotValidForName => "the certificate is for another name",
        CertificateError::BadEncoding => "the certificate cannot be read: it is damaged",
        CertificateError::Revoked => "the certificate was revoked",
        CertificateError::UnhandledCriticalExtension => "the certificate makes a condition that is not understood here",
        CertificateError::UnknownIssuer => "the certificate is signed by nobody who is trusted",
        CertificateError::UnknownRevocationStatus => "nobody could say whether the certificate was revoked",
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            "the list of revoked certificates is out of date"
        }
        CertificateError::BadSignature => "the certificate's signature is not its issuer's: it is forged or damaged",
        CertificateError::UnsupportedSignatureAlgorithmContext { .. } => {
            "the certificate is signed in a way that is too old or too new to be trusted"
        }
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the certificate's signature does not go with its issuer's key"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is for another purpose, and cannot be used by a site"
        }
        CertificateError::InvalidOcspResponse => "what came with the certificate about its revocation is not valid",
        CertificateError::ApplicationVerificationFailure => "the certificate is valid, and was refused all the same",
        error => return format!("the certificate is not valid: {}", spelled(error)),
    };
    words.to_owned()
}

/// What is wrong with a certificate, or with those who signed it, that rustls passes on as it came.
fn chain(error: &webpki::Error) -> String {
    use webpki::Error as Chain;
    let words = match error {
        Chain::CaUsedAsEndEntity => "the certificate is an authority's own and cannot be used by a site",
        Chain::EndEntityUsedAsCa => "the certificate is signed by a site, which is no authority",
        Chain::CertDistrusted => "the certificate is signed by an authority that is no longer trusted",
        Chain::EmptyEkuExtension => "the certificate is for no purpose at all",
        Chain::ExtensionValueInvalid | Chain::MalformedExtensions => "the certificate has a part that cannot be read",
        Chain::InvalidSerialNumber => "the certificate's number is not a valid one",
        Chain::MalformedDnsIdentifier => "the certificate has a name in it that is none",
        Chain::InvalidNetworkMaskConstraint | Chain::MalformedNameConstraint => {
            "the authority that signed the certificate limits names in a way that cannot be read"
        }
        Chain::NameConstraintViolation => "the authority that signed the certificate may not sign for this name",
        Chain::PathLenConstraintViolated => "an authority signed the certificate that may not make further authorities",
        Chain::MaximumNameConstraintComparisonsExceeded
        | Chain::MaximumPathBuildCallsExceeded
        | Chain::MaximumPathDepthExceeded
        | Chain::MaximumSignatureChecksExceeded => "too many certificates came along to find out who signed this one",
        Chain::SignatureAlgorithmMismatch => "the certificate tells two ways in which it is signed",
        Chain::UnsupportedCertVersion => {
            "the certificate is of a version that is no longer used: it has to be X.509 v3"
        }
        Chain::UnsupportedNameType => "the certificate has a kind of name that is not understood here",
        error => return format!("the certificate is not valid: {}", spelled(error)),
    };
    words.to_owned()
}

/// What a server said when it ended TLS. Source: RFC 8446, section 6.2.
fn said(alert: Alert) -> String {
    let words = match alert {
        Alert::HandshakeFailure | Alert::InsufficientSecurity => "it takes none of the ciphers that we have",
        Alert::ProtocolVersion => "it takes neither TLS 1.2 nor TLS 1.3",
        Alert::UnrecognisedName => "it has no site of this name",
        Alert::CertificateRequired | Alert::NoCertificate => "it wants a certificate from who connects",
        Alert::AccessDenied => "it does not let us in",
        Alert::NoApplicationProtocol => "it speaks neither HTTP/1.1 nor HTTP/2 there",
        Alert::InternalError => "it had an error of its own",
        Alert::CloseNotify | Alert::UserCanceled => "it hung up",
        Alert::Unknown(code) => return format!("alert {code}"),
        alert => return spelled(&alert),
    };
    words.to_owned()
}

/// What a server lacks.
fn lacks(error: &PeerIncompatible) -> String {
    let words = match error {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => "it speaks neither TLS 1.2 nor TLS 1.3",
        PeerIncompatible::NoCipherSuitesInCommon => "it takes none of the ciphers that we have",
        PeerIncompatible::ServerRejectedEncryptedClientHello(_) => "it takes no encrypted greeting",
        error => return spelled(error),
    };
    words.to_owned()
}

/// The name of a value that has no words of its own here, spelled as words: `NoKxGroupsInCommon` is "no kx groups in
/// common". What it holds is left out, since that is for programmers.
fn spelled(value: &impl std::fmt::Debug) -> String {
    let name = format!("{value:?}");
    let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let mut words = String::with_capacity(name.len() + 8);
    let mut before = ' ';
    for c in name.chars() {
        if c.is_uppercase() && (before.is_lowercase() || before.is_numeric()) {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
        before = c;
    }
    if words.is_empty() { "for a reason that has no name".to_owned() } else { words }
}

fn day_of(time: UnixTime) -> String {
    let millis = i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1000);
    day(Timestamp::from_millis(millis))
}

/// The day of a time, in UTC: `2026-12-24`.
pub(crate) fn day(time: Timestamp) -> String {
    time.to_string().split('T').next().unwrap_or_default().to_owned()
}

/// `DnsName("a.example")` and `IpAddress(…)` come in rustls' own spelling.
fn name_in(presented: &str) -> &str {
    let inside = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(presented);
    inside.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{CertRevocationListError, OtherError, PeerMisbehaved};
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn the_table() {
        use CertificateError as Certificate;
        let on = |days: u64| UnixTime::since_unix_epoch(Duration::from_secs(days * 86_400));
        let of_chain = |error: webpki::Error| Certificate::Other(OtherError(Arc::new(error)));
        let presented = vec!["DnsName(\"a.example\")".to_owned(), "IpAddress(127.0.0.1)".to_owned()];
        let expected = "shop.example".try_into().unwrap();
        let server = ExtendedKeyPurpose::ServerAuth;
        let certificates = [
            (Certificate::BadEncoding, "cannot be read: it is damaged"),
            (Certificate::Expired, "has expired"),
            (Certificate::ExpiredContext { time: on(2), not_after: on(1) }, "expired on 1970-01-02"),
            (Certificate::NotValidYet, "is not valid yet"),
            (Certificate::NotValidYetContext { time: on(0), not_before: on(1) }, "is not valid before 1970-01-02"),
            (Certificate::Revoked, "was revoked"),
            (Certificate::UnhandledCriticalExtension, "makes a condition that is not understood here"),
            (Certificate::UnknownIssuer, "is signed by nobody who is trusted"),
            (Certificate::UnknownRevocationStatus, "nobody could say whether the certificate was revoked"),
            (Certificate::ExpiredRevocationList, "the list of revoked certificates is out of date"),
            (
                Certificate::ExpiredRevocationListContext { time: on(2), next_update: on(1) },
                "the list of revoked certificates is out of date",
            ),
            (Certificate::BadSignature, "'s signature is not its issuer's: it is forged or damaged"),
            (
                Certificate::UnsupportedSignatureAlgorithmContext {
                    signature_algorithm_id: vec![1],
                    supported_algorithms: Vec::new(),
                },
                "is signed in a way that is too old or too new to be trusted",
            ),
            (
                Certificate::UnsupportedSignatureAlgorithmForPublicKeyContext {
                    signature_algorithm_id: vec![1],
                    public_key_algorithm_id: vec![2],
                },
                "'s signature does not go with its issuer's key",
            ),
            (Certificate::NotValidForName, "is for another name"),
            (
                Certificate::NotValidForNameContext { expected, presented },
                "is not for shop.example, but for a.example, 127.0.0.1",
            ),
            (Certificate::InvalidPurpose, "is for another purpose, and cannot be used by a site"),
            (
                Certificate::InvalidPurposeContext {
                    required: server.clone(),
                    presented: vec![ExtendedKeyPurpose::ClientAuth],
                },
                "is for clients, and cannot be used by a site",
            ),
            (
                Certificate::InvalidPurposeContext { required: server, presented: Vec::new() },
                "is for another purpose, and cannot be used by a site",
            ),
            (Certificate::InvalidOcspResponse, "what came with the certificate about its revocation is not valid"),
            (Certificate::ApplicationVerificationFailure, "is valid, and was refused all the same"),
            (of_chain(webpki::Error::CaUsedAsEndEntity), "is an authority's own and cannot be used by a site"),
            (of_chain(webpki::Error::EndEntityUsedAsCa), "is signed by a site, which is no authority"),
            (of_chain(webpki::Error::CertDistrusted), "is signed by an authority that is no longer trusted"),
            (of_chain(webpki::Error::EmptyEkuExtension), "is for no purpose at all"),
            (of_chain(webpki::Error::MalformedExtensions), "has a part that cannot be read"),
            (of_chain(webpki::Error::InvalidSerialNumber), "'s number is not a valid one"),
            (of_chain(webpki::Error::MalformedDnsIdentifier), "has a name in it that is none"),
            (
                of_chain(webpki::Error::MalformedNameConstraint),
                "the authority that signed the certificate limits names in a way that cannot be read",
            ),
            (
                of_chain(webpki::Error::NameConstraintViolation),
                "the authority that signed the certificate may not sign for this name",
            ),
            (
                of_chain(webpki::Error::PathLenConstraintViolated),
                "an authority signed the certificate that may not make further authorities",
            ),
            (
                of_chain(webpki::Error::MaximumPathDepthExceeded),
                "too many certificates came along to find out who signed this one",
            ),
            (of_chain(webpki::Error::SignatureAlgorithmMismatch), "tells two ways in which it is signed"),
            (
                of_chain(webpki::Error::UnsupportedCertVersion),
                "is of a version that is no longer used: it has to be X.509 v3",
            ),
            (of_chain(webpki::Error::UnsupportedNameType), "has a kind of name that is not understood here"),
            (of_chain(webpki::Error::UnsupportedDeltaCrl), "is not valid: unsupported delta crl"),
            (Certificate::Other(OtherError(Arc::new(std::fmt::Error))), "is not valid: error"),
        ];
        for (error, told) in certificates {
            let case = format!("{error:?}");
            let whole = told.contains("the certificate ") || told.contains("certificates ");
            let told = match told.strip_prefix('\'') {
                Some(rest) => format!("the certificate'{rest}"),
                None if whole => told.to_owned(),
                None => format!("the certificate {told}"),
            };
            assert_eq!(words(&Error::InvalidCertificate(error)), told, "{case}");
        }

        let others = [
            (
                Error::AlertReceived(Alert::HandshakeFailure),
                "the other side ended TLS: it takes none of the ciphers that we have",
            ),
            (Error::AlertReceived(Alert::UnrecognisedName), "the other side ended TLS: it has no site of this name"),
            (
                Error::AlertReceived(Alert::CertificateRequired),
                "the other side ended TLS: it wants a certificate from who connects",
            ),
            (Error::AlertReceived(Alert::BadRecordMac), "the other side ended TLS: bad record mac"),
            (Error::AlertReceived(Alert::Unknown(200)), "the other side ended TLS: alert 200"),
            (
                Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
                "the other side and we have no TLS in common: it speaks neither TLS 1.2 nor TLS 1.3",
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon),
                "the other side and we have no TLS in common: no kx groups in common",
            ),
            (
                Error::PeerMisbehaved(PeerMisbehaved::TooManyEmptyFragments),
                "the other side broke the rules of TLS: too many empty fragments",
            ),
            (Error::General("odd".to_owned()), "TLS failed: odd"),
            (Error::NoCertificatesPresented, "the other side showed no certificate"),
            (Error::HandshakeNotComplete, "TLS failed: handshake not complete"),
            (
                Error::InvalidCertRevocationList(CertRevocationListError::BadSignature),
                "TLS failed: invalid cert revocation list",
            ),
        ];
        for (error, told) in others {
            assert_eq!(words(&error), told, "{error:?}");
        }
    }

    #[test]
    fn a_name_in_a_certificate_is_told_without_its_wrapping() {
        assert_eq!(name_in("DnsName(\"a.example\")"), "a.example");
        assert_eq!(name_in("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(name_in("odd"), "odd");
    }
}

//! Why a host was not reached, or an answer not read.

use flyball_model::{Blind, Cause, Finding};
use std::io;

/// Why a check did not come to its end: failing when the fault is over there, unknown when it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Failing or unknown, with the cause.
    pub finding: Finding,
    /// In words, as a fragment.
    pub words: String,
}

impl Failure {
    /// The fault is over there.
    pub fn failing(cause: Cause, words: impl Into<String>) -> Self {
        Self { finding: Finding::Failing(cause), words: words.into() }
    }

    /// The fault is here: nothing was seen.
    pub fn unknown(blind: Blind, words: impl Into<String>) -> Self {
        Self { finding: Finding::Unknown(blind), words: words.into() }
    }
}

/// What an error of the operating system means; `with` says with whom: "by 127.0.0.1:80".
pub(crate) fn of_io(error: &io::Error, with: &str) -> Failure {
    use io::ErrorKind as Kind;
    if is_shortage(error) {
        return Failure::unknown(Blind::Overload, format!("no descriptors or memory are left here: {error}"));
    }
    if lacks_family(error) {
        return Failure::unknown(Blind::Network, format!("this system has no such network {with}"));
    }
    match error.kind() {
        Kind::ConnectionRefused => Failure::failing(Cause::Refused, format!("connection refused {with}")),
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => {
            Failure::failing(Cause::Reset, format!("connection cut {with}"))
        }
        Kind::TimedOut => Failure::failing(Cause::TimeOut, format!("connection timed out {with}")),
        Kind::HostUnreachable => Failure::failing(Cause::Unreachable, format!("host unreachable {with}")),
        Kind::NetworkUnreachable | Kind::NetworkDown => {
            Failure::unknown(Blind::Network, format!("network unreachable from here {with}"))
        }
        Kind::AddrNotAvailable => {
            Failure::unknown(Blind::Overload, format!("no local address or port is free for a connection {with}"))
        }
        Kind::PermissionDenied => {
            Failure::unknown(Blind::Network, format!("this system does not permit a connection {with}"))
        }
        _ => Failure::failing(Cause::Unreachable, format!("{error} {with}")),
    }
}

/// Whether this machine has run out of something: EMFILE, ENFILE, ENOBUFS, ENOMEM. The standard library has no names
/// for the first three.
fn is_shortage(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    const ENOBUFS: i32 = if cfg!(target_os = "linux") { 105 } else { 55 };
    error.kind() == io::ErrorKind::OutOfMemory
        || cfg!(unix) && matches!(error.raw_os_error(), Some(ENFILE | EMFILE | ENOBUFS))
}

/// Whether this machine does not know the address family at all, as without IPv6 in its kernel: EAFNOSUPPORT.
fn lacks_family(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = if cfg!(target_os = "linux") { 97 } else { 47 };
    cfg!(unix) && error.raw_os_error() == Some(EAFNOSUPPORT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Verdict;

    #[test]
    fn what_is_wrong_here_is_unknown_and_what_is_wrong_there_is_failing() {
        use io::ErrorKind as Kind;
        let failing = [
            (Kind::ConnectionRefused, Cause::Refused),
            (Kind::ConnectionReset, Cause::Reset),
            (Kind::TimedOut, Cause::TimeOut),
            (Kind::HostUnreachable, Cause::Unreachable),
        ];
        for (kind, cause) in failing {
            assert_eq!(of_io(&kind.into(), "by b").finding, Finding::Failing(cause), "{kind}");
        }
        for kind in [Kind::NetworkUnreachable, Kind::NetworkDown, Kind::PermissionDenied] {
            assert_eq!(of_io(&kind.into(), "by b").finding, Finding::Unknown(Blind::Network), "{kind}");
        }
        for errno in [23, 24] {
            let error = io::Error::from_raw_os_error(errno);
            assert_eq!(of_io(&error, "by b").finding, Finding::Unknown(Blind::Overload), "{errno}");
        }
        if cfg!(target_os = "linux") {
            let error = io::Error::from_raw_os_error(97);
            assert_eq!(of_io(&error, "by b").finding, Finding::Unknown(Blind::Network));
        }
        assert_eq!(of_io(&Kind::Other.into(), "by b").finding.verdict(), Verdict::Failing);
    }
}

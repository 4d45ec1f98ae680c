//! Exit codes. Documented in `flyball --help`, so that scripts may rely on them.

use std::process::ExitCode;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit(u8);

impl Exit {
    /// It is done, or the answer is yes.
    pub(crate) const GOOD: Self = Self(0);
    /// The answer is no, or it failed.
    pub(crate) const NO: Self = Self(1);
    /// The command line is wrong. The same as clap's.
    pub(crate) const USAGE: Self = Self(2);
    /// It could not be done just now: try again. `EX_TEMPFAIL` of sysexits.h.
    pub(crate) const TRY_AGAIN: Self = Self(75);
    /// No permission: no token, or one that may not do this. `EX_NOPERM`.
    pub(crate) const NO_PERMISSION: Self = Self(77);
    /// The file, or a setting of the environment, is wrong: starting again will not help. `EX_CONFIG`.
    pub(crate) const CONFIGURATION: Self = Self(78);

    /// What `--help` says of them.
    pub(crate) const HELP: &str = "\
Exit codes:
   0  done, or the answer is yes
   1  the answer is no, or it failed
   2  wrong usage
  75  not possible just now; try again
  77  no permission: no token, or one that may not do this
  78  the file or the environment is wrong";
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

//! How a process ended, in words.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a process ended, in words.
pub(super) struct Ended(pub(super) ExitStatus);

impl Ended {
    /// Whether the shell did not find the program (exit status 127).
    pub(super) fn was_not_found(&self) -> bool {
        self.0.code() == Some(127)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code(), self.0.signal()) {
            (Some(126), _) => f.write_str("is not executable (exit status 126)"),
            (Some(127), _) => f.write_str("was not found (exit status 127)"),
            (Some(code), _) => write!(f, "ended with exit status {code}"),
            (None, Some(signal)) => write!(f, "was ended by signal {signal}"),
            (None, None) => f.write_str("ended"),
        }
    }
}

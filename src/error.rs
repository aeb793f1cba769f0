//! The one error of the program, and its exit codes.
//!
//! Each part of the library has an error enum of its own with a stable `code`. They are mapped to [`Error`] in one
//! place, [`map`], which knows the exit code, whether trying again can help, and what a person should do next.

mod exit;
mod map;

use std::{fmt, io};

pub use exit::Exit;

/// What went wrong, as the person who reads it at three in the morning needs it.
#[derive(Debug)]
pub struct Error {
    /// How the program ends.
    pub exit: Exit,
    /// A stable word for programs.
    pub code: &'static str,
    /// A lower-case fragment that names the path or identifier.
    pub message: String,
    /// What lies behind it.
    pub cause: Option<anyhow::Error>,
    /// Safe next commands.
    pub hints: Vec<String>,
    /// Whether the same command may succeed later by itself.
    pub retryable: bool,
}

impl Error {
    /// An error without cause or hint.
    pub fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self { exit, code, message: message.into(), cause: None, hints: Vec::new(), retryable: false }
    }

    /// With what lies behind it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        let cause = cause.into();
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        self.cause = Some(cause);
        self.advise(kind)
    }

    /// With what to do where the system refused for a reason that says more than its own words.
    fn advise(self, kind: Option<io::ErrorKind>) -> Self {
        match kind {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => self
                .hint("the disk is full: free some space, then run it again; what was acknowledged is kept")
                .retryable(),
            Some(io::ErrorKind::ReadOnlyFilesystem) => {
                self.hint("the file system is mounted read-only; reading still works")
            }
            Some(io::ErrorKind::FileTooLarge) => self.hint("a limit on file sizes is in force: see `ulimit -f`"),
            _ => self,
        }
    }

    /// With a safe next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Trying again may help.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// The message with its causes, on one line.
    #[must_use]
    pub fn line(&self) -> String {
        self.causes().fold(self.message.clone(), |line, cause| format!("{line}: {cause}"))
    }

    /// The cause chain, outermost first, without the message itself.
    pub fn causes(&self) -> impl Iterator<Item = String> + '_ {
        self.cause.iter().flat_map(|cause| cause.chain().map(ToString::to_string))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(AsRef::as_ref)
    }
}

/// A result with the program's error.
pub type Result<T> = std::result::Result<T, Error>;

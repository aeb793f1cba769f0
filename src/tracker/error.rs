//! A tracker's failures, by the categories of SPEC 11.4 and those of the writes.

use std::error::Error as StdError;

/// What lies behind a failed request: an I/O error, a transport error.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// A tracker's failure (SPEC 11.4). [`TrackerError::code`] is the portable category; the text names the file, key or
/// issue. The orchestrator relies on success or failure alone.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// `tracker.kind` names no adapter of this build.
    #[error("tracker.kind `{kind}` is not supported: {supported}")]
    UnsupportedKind {
        /// As written.
        kind: String,
        /// What could be written there, in words.
        supported: String,
    },
    /// A key of `tracker` has a wrong type or value.
    #[error("{key}: {message}")]
    InvalidConfig {
        /// `tracker.provider.path`, …
        key: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// A credential is missing or empty.
    #[error("{key}: no value (environment variable {variable})")]
    MissingSecret {
        /// The key.
        key: &'static str,
        /// The variable that was looked up.
        variable: String,
    },
    /// The tracker could not be reached: transport, or the directory of a tracker that is a directory.
    #[error("{what}")]
    Request {
        /// What was tried, with the path or address.
        what: String,
        /// Why it failed.
        #[source]
        cause: Cause,
    },
    /// The tracker answered with a failure.
    #[error("{what}: status {status}{}{said}", if .said.is_empty() { "" } else { ": " })]
    Status {
        /// What was asked.
        what: String,
        /// HTTP status.
        status: u16,
        /// The tracker's own words, without credentials; may be empty.
        said: String,
    },
    /// The answer, or a requested record, makes no sense.
    #[error("{0}")]
    Response(String),
    /// Pages do not fit together.
    #[error("{0}")]
    Pagination(String),
    /// Asked too often.
    #[error("rate limited: {what}")]
    RateLimited {
        /// Whom not to ask, and until when.
        what: String,
        /// How long the tracker wants to be left alone, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// A write's issue is not there.
    #[error("there is no issue `{0}`")]
    IssueNotFound(String),
    /// A write would make an issue that is none, or its record cannot be edited.
    #[error("{0}")]
    InvalidIssue(String),
    /// This tracker has no writes ([`super::Tracker::writer`]).
    #[error("tracker `{kind}` is read-only here: cannot {operation}")]
    ReadOnly {
        /// `tracker.kind`.
        kind: &'static str,
        /// `edit an issue`, …
        operation: &'static str,
    },
    /// This tracker's adapter does not offer an optional read.
    #[error("tracker `{kind}` cannot {operation}")]
    Unsupported {
        /// `tracker.kind`.
        kind: &'static str,
        /// `list issues of every state`, …
        operation: &'static str,
    },
    /// The idempotency key made another issue than the one that is asked for.
    #[error("the idempotency key was used for another request before, which made {0}")]
    KeyReused(String),
    /// Other writers do not let this one through.
    #[error("{path}: {why}")]
    Busy {
        /// The lock, or the file.
        path: String,
        /// What they do.
        why: &'static str,
    },
}

impl TrackerError {
    /// A stable word for programs; the first eight are SPEC 11.4's categories.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedKind { .. } => "unsupported_tracker_kind",
            Self::InvalidConfig { .. } => "invalid_tracker_config",
            Self::MissingSecret { .. } => "missing_tracker_secret",
            Self::Request { .. } => "tracker_request",
            Self::Status { .. } => "tracker_status",
            Self::Response(_) => "tracker_response",
            Self::Pagination(_) => "tracker_pagination",
            Self::RateLimited { .. } => "tracker_rate_limited",
            Self::IssueNotFound(_) => "issue_not_found",
            Self::InvalidIssue(_) => "invalid_issue",
            Self::ReadOnly { .. } => "tracker_read_only",
            Self::Unsupported { .. } => "tracker_unsupported",
            Self::KeyReused(_) => "idempotency_key_reused",
            Self::Busy { .. } => "tracker_busy",
        }
    }

    /// Whether the same call may succeed later by itself.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Request { .. } | Self::RateLimited { .. } | Self::Pagination(_) | Self::Busy { .. } => true,
            Self::Status { status, .. } => *status >= 500 || *status == 429 || *status == 408,
            Self::UnsupportedKind { .. }
            | Self::InvalidConfig { .. }
            | Self::MissingSecret { .. }
            | Self::Response(_)
            | Self::IssueNotFound(_)
            | Self::KeyReused(_)
            | Self::InvalidIssue(_)
            | Self::ReadOnly { .. }
            | Self::Unsupported { .. } => false,
        }
    }

    /// How long the tracker wants to be left alone, in milliseconds, where it says so.
    #[must_use]
    pub fn retry_after_ms(&self) -> Option<u64> {
        if let Self::RateLimited { retry_after_ms, .. } = self { *retry_after_ms } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_by_itself_is_retryable() {
        let status = |status| TrackerError::Status { what: "GET /issues".into(), status, said: String::new() };
        for (error, expected) in [
            (status(500), true),
            (status(429), true),
            (status(404), false),
            (TrackerError::RateLimited { what: "GET /issues".into(), retry_after_ms: Some(5) }, true),
            (TrackerError::Response("not a list".into()), false),
            (TrackerError::IssueNotFound("A-1".into()), false),
        ] {
            assert_eq!(error.retryable(), expected, "{error}");
        }
    }
}

//! How a turn ended.

use crate::model::Timestamp;

/// How a turn ended. The error texts are one line, and may hold the agent's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnEnd {
    /// The agent says that it is done.
    Completed {
        /// Its last words.
        message: Option<String>,
    },
    /// The agent says, or shows, that it failed.
    Failed(Failure),
    /// It took too long.
    TimedOut {
        /// How long, and by which setting.
        error: String,
    },
    /// It was silent for too long.
    Stalled {
        /// How long, and by which setting.
        error: String,
    },
    /// It asks for what only a person can give.
    NeedsInput {
        /// The question.
        question: String,
    },
    /// Its process could not be started.
    StartFailed {
        /// Why.
        error: String,
    },
}

/// A turn that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Of which kind.
    pub code: FailureCode,
    /// What is known of why.
    pub error: String,
    /// Not to be tried before (a usage limit whose reset the agent reported).
    pub not_before: Option<Timestamp>,
    /// Whether the conversation cannot be gone on with: the next run begins a new one.
    pub ends_session: bool,
}

impl Failure {
    /// One that says nothing of when and how to go on.
    #[must_use]
    pub fn new(code: FailureCode, error: impl Into<String>) -> Self {
        Self { code, error: error.into(), not_before: None, ends_session: false }
    }
}

impl From<Failure> for TurnEnd {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The kinds of failure that SPEC 10.6 names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureCode {
    /// The agent says that the turn failed.
    TurnFailed,
    /// The agent says that the turn was cancelled, and not by Baton.
    TurnCancelled,
    /// The agent's process ended.
    PortExit,
    /// The agent refused a request.
    ResponseError,
    /// The agent did not answer a request in time.
    ResponseTimeout,
}

impl FailureCode {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TurnFailed => "turn_failed",
            Self::TurnCancelled => "turn_cancelled",
            Self::PortExit => "port_exit",
            Self::ResponseError => "response_error",
            Self::ResponseTimeout => "response_timeout",
        }
    }

    /// The run's event (SPEC 10.4).
    #[must_use]
    pub fn event(self) -> &'static str {
        match self {
            Self::TurnFailed => "turn_failed",
            Self::TurnCancelled => "turn_cancelled",
            Self::PortExit | Self::ResponseError | Self::ResponseTimeout => "turn_ended_with_error",
        }
    }
}

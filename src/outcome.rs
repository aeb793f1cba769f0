//! What happened: from what ended a run to its outcome (SPEC 7.2, 10.6, 14.1). Pure.

use crate::model::{Outcome, OutcomeCode, OutcomeKind, ReplaySafety, RequestKind, Timestamp, Tokens};

/// What ended a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every turn succeeded, and no further one was wanted.
    Completed,
    /// The workspace could not be prepared.
    Workspace(String),
    /// `before_run` failed or timed out.
    BeforeRun(String),
    /// The prompt did not render.
    Prompt(String),
    /// The agent did not start.
    AgentStart(String),
    /// A turn failed; not to be retried before the instant, where the agent named one.
    Turn {
        /// What the agent said.
        error: String,
        /// When a usage limit is lifted.
        not_before: Option<Timestamp>,
    },
    /// A turn took, or was silent for, too long.
    TurnTimeout(String),
    /// No sign of life for the stall timeout.
    Stalled(String),
    /// The tracker could not be asked; not to be retried before the instant, where it named one.
    TrackerRefresh {
        /// What it said, or why it said nothing.
        error: String,
        /// When it may be asked again.
        not_before: Option<Timestamp>,
    },
    /// A phase of the launch took too long.
    LaunchTimeout(String),
    /// A command asked for it.
    Requested(RequestKind, String),
    /// The agent asked for a person.
    NeedsInput(String),
    /// The worker is dead and left no outcome.
    WorkerDied(String),
    /// A foreground worker got this signal.
    Signal(String),
    /// The machine was started anew.
    Reboot,
    /// Processes that could not be ended.
    Unkillable(String),
}

/// What a run counted up to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Turns started.
    pub turns: u32,
    /// Tokens used.
    pub tokens: Tokens,
    /// The digest of progress at the end; `None` where it was not looked at.
    pub progress: Option<String>,
    /// Continuations in a row without progress; `None` where they were not counted.
    pub idle_continuations: Option<u32>,
    /// What it means to do the step again at which it was left.
    pub replay_safety: Option<ReplaySafety>,
}

/// The outcome of a run that ended so.
#[must_use]
pub fn classify(end: &End, tally: Tally, finished_at: Timestamp) -> Outcome {
    use OutcomeCode as Code;
    use OutcomeKind as Kind;
    let (outcome, code, summary, error) = match end {
        End::Completed => (Kind::Succeeded, Code::Completed, "the agent's turns succeeded".to_owned(), None),
        End::Workspace(e) => failed(Code::WorkspaceFailed, "the workspace could not be prepared", e),
        End::BeforeRun(e) => failed(Code::BeforeRunFailed, "before_run failed", e),
        End::Prompt(e) => failed(Code::PromptFailed, "the prompt could not be built", e),
        End::AgentStart(e) => failed(Code::AgentStartFailed, "the agent could not be started", e),
        End::Turn { error, .. } => failed(Code::TurnFailed, "the agent's turn failed", error),
        End::TrackerRefresh { error, .. } => {
            failed(Code::TrackerRefresh, "the tracker could not be asked after the turn", error)
        }
        End::LaunchTimeout(e) => failed(Code::LaunchTimeout, "the launch took too long", e),
        End::TurnTimeout(e) => (Kind::TimedOut, Code::TurnTimeout, "the agent's turn timed out".to_owned(), Some(e)),
        End::Stalled(e) => (Kind::Stalled, Code::Stalled, "the agent stalled".to_owned(), Some(e)),
        End::NeedsInput(e) => (Kind::NeedsInput, Code::NeedsInput, "the agent needs a person".to_owned(), Some(e)),
        End::WorkerDied(e) => (Kind::Interrupted, Code::WorkerDied, "the worker died".to_owned(), Some(e)),
        End::Signal(e) => (Kind::Interrupted, Code::Signal, "the worker was told to leave".to_owned(), Some(e)),
        End::Reboot => (Kind::Interrupted, Code::Reboot, "the machine was started anew".to_owned(), None),
        End::Unkillable(e) => (Kind::Failed, Code::Unkillable, "a process could not be ended".to_owned(), Some(e)),
        End::Requested(kind, reason) => {
            let (outcome, code) = requested(*kind);
            (outcome, code, reason.clone(), None)
        }
    };
    let not_before = match end {
        End::Turn { not_before, .. } | End::TrackerRefresh { not_before, .. } => *not_before,
        End::Completed
        | End::Workspace(_)
        | End::BeforeRun(_)
        | End::Prompt(_)
        | End::AgentStart(_)
        | End::TurnTimeout(_)
        | End::Stalled(_)
        | End::LaunchTimeout(_)
        | End::Requested(..)
        | End::NeedsInput(_)
        | End::WorkerDied(_)
        | End::Signal(_)
        | End::Reboot
        | End::Unkillable(_) => None,
    };
    let Tally { turns, tokens, progress, idle_continuations, replay_safety } = tally;
    let error = error.cloned();
    Outcome {
        outcome,
        code,
        summary,
        error,
        turns,
        tokens,
        progress,
        idle_continuations,
        replay_safety: replay_safety.filter(|_| outcome == Kind::Interrupted),
        not_before,
        finished_at,
    }
}

fn failed<'e>(
    code: OutcomeCode,
    summary: &str,
    error: &'e String,
) -> (OutcomeKind, OutcomeCode, String, Option<&'e String>) {
    (OutcomeKind::Failed, code, summary.to_owned(), Some(error))
}

fn requested(kind: RequestKind) -> (OutcomeKind, OutcomeCode) {
    match kind {
        RequestKind::Stop => (OutcomeKind::Canceled, OutcomeCode::Operator),
        RequestKind::StopRequeue => (OutcomeKind::Canceled, OutcomeCode::OperatorRequeue),
        RequestKind::Pause => (OutcomeKind::Canceled, OutcomeCode::OperatorPause),
        RequestKind::Stalled => (OutcomeKind::Stalled, OutcomeCode::Stalled),
        RequestKind::IssueTerminal => (OutcomeKind::Canceled, OutcomeCode::IssueTerminal),
        RequestKind::IssueInactive => (OutcomeKind::Canceled, OutcomeCode::IssueInactive),
        RequestKind::IssueUnroutable => (OutcomeKind::Canceled, OutcomeCode::IssueUnroutable),
        RequestKind::IssueInvisible => (OutcomeKind::Canceled, OutcomeCode::IssueInvisible),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_outcome() {
        let e = || "why".to_owned();
        let table = [
            (End::Completed, "succeeded", None),
            (End::Workspace(e()), "failed", Some("why")),
            (End::BeforeRun(e()), "failed", Some("why")),
            (End::Prompt(e()), "failed", Some("why")),
            (End::AgentStart(e()), "failed", Some("why")),
            (End::Turn { error: e(), not_before: None }, "failed", Some("why")),
            (End::TrackerRefresh { error: e(), not_before: None }, "failed", Some("why")),
            (End::LaunchTimeout(e()), "failed", Some("why")),
            (End::Unkillable(e()), "failed", Some("why")),
            (End::TurnTimeout(e()), "timed_out", Some("why")),
            (End::Stalled(e()), "stalled", Some("why")),
            (End::Requested(RequestKind::Stalled, e()), "stalled", None),
            (End::Requested(RequestKind::Stop, e()), "canceled", None),
            (End::Requested(RequestKind::StopRequeue, e()), "canceled", None),
            (End::Requested(RequestKind::Pause, e()), "canceled", None),
            (End::Requested(RequestKind::IssueTerminal, e()), "canceled", None),
            (End::NeedsInput(e()), "needs_input", Some("why")),
            (End::WorkerDied(e()), "interrupted", Some("why")),
            (End::Signal(e()), "interrupted", Some("why")),
            (End::Reboot, "interrupted", None),
        ];
        for (end, kind, error) in table {
            let outcome = classify(&end, Tally::default(), Timestamp::UNIX_EPOCH);
            assert_eq!((outcome.outcome.as_str(), outcome.error.as_deref()), (kind, error), "{end:?}");
        }
    }

    #[test]
    fn a_usage_limit_keeps_its_reset_time() {
        let reset = Timestamp::UNIX_EPOCH;
        let (error, not_before) = (String::new(), Some(reset));
        for end in [End::Turn { error: error.clone(), not_before }, End::TrackerRefresh { error, not_before }] {
            assert_eq!(classify(&end, Tally::default(), reset).not_before, Some(reset));
        }
    }
}

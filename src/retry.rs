//! What next: the one decision after every run, recovery included (SPEC 8.4; DESIGN §4). Pure.

use chrono::TimeDelta;

use crate::model::{
    Outcome, OutcomeCode, OutcomeKind, Reason, ReasonCode, ReplayClasses, ReplaySafety, RetryKind, Status, Timestamp,
};

/// Delay of a continuation (SPEC 8.4).
pub const CONTINUATION_DELAY_MS: u64 = 1_000;
/// Delay after the first failure (SPEC 8.4).
pub const FIRST_BACKOFF_MS: u64 = 10_000;

/// The configured limits; 0 = none, but for the backoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// `agent.max_retry_backoff_ms`.
    pub max_backoff_ms: u64,
    /// `agent.max_attempts`: failures in a row.
    pub max_attempts: u32,
    /// `agent.max_idle_continuations`: in a row without progress.
    pub max_idle_continuations: u32,
    /// `agent.max_tokens_per_issue`.
    pub max_tokens: u64,
    /// `recovery.block_on`: classes of steps at which an interrupted run waits for a person.
    pub block_on: ReplayClasses,
}

/// What is known of the issue before this outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Runs so far, this one included, since the issue was last new.
    pub attempts: u32,
    /// Failures in a row, without this one.
    pub failures: u32,
    /// Continuations in a row without progress, without this run.
    pub idle_continuations: u32,
    /// Tokens of all its runs, this one included.
    pub tokens: u64,
}

/// The status that follows, and the counters.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What the issue is now.
    pub status: Status,
    /// Failures in a row.
    pub failures: u32,
    /// Continuations in a row without progress.
    pub idle_continuations: u32,
}

/// What follows from an outcome. The tracker's last word on the issue (terminal, inactive) is weighed by the caller.
#[must_use]
pub fn decide(outcome: &Outcome, history: &History, policy: &RetryPolicy, now: Timestamp) -> Decision {
    let failures = failures_after(outcome, history);
    let idle_continuations = outcome.idle_continuations.unwrap_or(history.idle_continuations);
    let status = next(outcome, history, policy, failures, idle_continuations, now);
    Decision { status, failures, idle_continuations }
}

/// Whether a retry may start: its time has come, or lies further off than its own delay (the clock jumped back).
#[must_use]
pub fn is_due(due_at: Timestamp, delay_ms: u64, now: Timestamp) -> bool {
    due_at <= now || due_at - now > milliseconds(delay_ms)
}

/// Continuations in a row without progress, after a turn that left `digest`. The first turn of an issue is none.
#[must_use]
pub fn idle_after(count: u32, before: Option<&str>, digest: Option<&str>) -> u32 {
    match (before, digest) {
        (Some(before), Some(digest)) if before == digest => count.saturating_add(1),
        _ => 0,
    }
}

/// Whether so many idle continuations are too many.
#[must_use]
pub fn is_idle_for_too_long(count: u32, policy: &RetryPolicy) -> bool {
    policy.max_idle_continuations > 0 && count >= policy.max_idle_continuations
}

fn failures_after(outcome: &Outcome, history: &History) -> u32 {
    match (outcome.outcome, outcome.code) {
        // What is put aside goes on later where it was.
        (OutcomeKind::NeedsInput, _)
        | (_, OutcomeCode::TrackerRefresh | OutcomeCode::Reboot | OutcomeCode::OperatorPause) => history.failures,
        (OutcomeKind::Succeeded | OutcomeKind::Canceled, _) => 0,
        (OutcomeKind::Failed | OutcomeKind::TimedOut | OutcomeKind::Stalled | OutcomeKind::Interrupted, _) => {
            history.failures.saturating_add(1)
        }
    }
}

fn next(
    outcome: &Outcome,
    history: &History,
    policy: &RetryPolicy,
    failures: u32,
    idle: u32,
    now: Timestamp,
) -> Status {
    let error = || outcome.error.clone().or_else(|| Some(outcome.summary.clone()));
    match outcome.outcome {
        OutcomeKind::Canceled => canceled(outcome, history, now),
        OutcomeKind::NeedsInput => blocked(ReasonCode::NeedsInput, error().unwrap_or_default()),
        _ if outcome.code == OutcomeCode::Unkillable => blocked(ReasonCode::Unkillable, error().unwrap_or_default()),
        _ if policy.max_tokens > 0 && history.tokens >= policy.max_tokens => {
            blocked(ReasonCode::Budget, format!("used {} tokens of {}", history.tokens, policy.max_tokens))
        }
        OutcomeKind::Succeeded if is_idle_for_too_long(idle, policy) => {
            blocked(ReasonCode::NoProgress, format!("{idle} continuations in a row changed nothing"))
        }
        OutcomeKind::Succeeded => {
            waiting(RetryKind::Continuation, history.attempts, CONTINUATION_DELAY_MS, None, outcome.not_before, now)
        }
        OutcomeKind::Interrupted if gate(outcome, policy).is_some() => {
            let class = gate(outcome, policy).map_or("", ReplaySafety::as_str);
            let message = format!("it was interrupted at a step that is `{class}`, which recovery.block_on names");
            blocked(ReasonCode::OperatorGated, message)
        }
        OutcomeKind::Failed | OutcomeKind::TimedOut | OutcomeKind::Stalled | OutcomeKind::Interrupted => {
            if policy.max_attempts > 0 && failures >= policy.max_attempts {
                let last = error().unwrap_or_default();
                return blocked(
                    ReasonCode::AttemptsExhausted,
                    format!("{failures} failures in a row; the last: {last}"),
                );
            }
            let delay_ms = backoff_ms(failures, policy.max_backoff_ms);
            waiting(RetryKind::Failure, history.attempts, delay_ms, error(), outcome.not_before, now)
        }
    }
}

/// The class of the step at which the run was left, where a person is to look first.
fn gate(outcome: &Outcome, policy: &RetryPolicy) -> Option<ReplaySafety> {
    outcome.replay_safety.filter(|class| policy.block_on.contains(*class))
}

fn canceled(outcome: &Outcome, history: &History, now: Timestamp) -> Status {
    match outcome.code {
        OutcomeCode::IssueTerminal => Status::Done,
        OutcomeCode::IssueInactive | OutcomeCode::IssueUnroutable | OutcomeCode::IssueInvisible => Status::Released,
        OutcomeCode::OperatorPause => Status::Paused,
        OutcomeCode::OperatorRequeue => waiting(RetryKind::Continuation, history.attempts, 0, None, None, now),
        OutcomeCode::Completed
        | OutcomeCode::WorkspaceFailed
        | OutcomeCode::BeforeRunFailed
        | OutcomeCode::PromptFailed
        | OutcomeCode::AgentStartFailed
        | OutcomeCode::TurnFailed
        | OutcomeCode::TurnTimeout
        | OutcomeCode::Stalled
        | OutcomeCode::TrackerRefresh
        | OutcomeCode::LaunchTimeout
        | OutcomeCode::Operator
        | OutcomeCode::NeedsInput
        | OutcomeCode::WorkerDied
        | OutcomeCode::Signal
        | OutcomeCode::Reboot
        | OutcomeCode::Unkillable => blocked(ReasonCode::Canceled, outcome.summary.clone()),
    }
}

/// `min(10,000 × 2^(failures−1), max)` (SPEC 8.4).
fn backoff_ms(failures: u32, max_ms: u64) -> u64 {
    let doublings = failures.saturating_sub(1).min(40);
    FIRST_BACKOFF_MS.saturating_mul(1 << doublings).min(max_ms)
}

fn waiting(
    kind: RetryKind,
    attempt: u32,
    delay_ms: u64,
    error: Option<String>,
    not_before: Option<Timestamp>,
    now: Timestamp,
) -> Status {
    let wait_ms = not_before.and_then(|at| u64::try_from((at - now).num_milliseconds()).ok()).unwrap_or(0);
    let delay_ms = delay_ms.max(wait_ms);
    Status::Retrying { kind, attempt, due_at: now + milliseconds(delay_ms), delay_ms, error }
}

fn blocked(code: ReasonCode, message: String) -> Status {
    Status::Blocked { reasons: vec![Reason::new(code, message)] }
}

fn milliseconds(ms: u64) -> TimeDelta {
    i64::try_from(ms).ok().and_then(TimeDelta::try_milliseconds).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::RequestKind;
    use crate::outcome::{End, Tally, classify};

    const POLICY: RetryPolicy = RetryPolicy {
        max_backoff_ms: 300_000,
        max_attempts: 10,
        max_idle_continuations: 5,
        max_tokens: 0,
        block_on: ReplayClasses::NONE,
    };
    const FIRST: History = History { attempts: 1, failures: 0, idle_continuations: 0, tokens: 0 };

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn after(end: &End, history: History, policy: RetryPolicy) -> Decision {
        decide(
            &classify(end, Tally { idle_continuations: Some(history.idle_continuations), ..Tally::default() }, now()),
            &history,
            &policy,
            now(),
        )
    }

    fn delay(status: &Status) -> Option<u64> {
        match status {
            Status::Retrying { delay_ms, .. } => Some(*delay_ms),
            Status::Idle
            | Status::Claimed { .. }
            | Status::Running { .. }
            | Status::Held { .. }
            | Status::Blocked { .. }
            | Status::Paused
            | Status::Done
            | Status::Released => None,
        }
    }

    fn block(status: &Status) -> Option<ReasonCode> {
        match status {
            Status::Blocked { reasons } => reasons.first().map(|reason| reason.code),
            Status::Idle
            | Status::Claimed { .. }
            | Status::Running { .. }
            | Status::Held { .. }
            | Status::Retrying { .. }
            | Status::Paused
            | Status::Done
            | Status::Released => None,
        }
    }

    #[test]
    fn success_continues_after_a_second_and_forgets_failures() {
        let decision = after(&End::Completed, History { failures: 4, ..FIRST }, POLICY);
        assert_eq!((delay(&decision.status), decision.failures), (Some(1_000), 0));
    }

    #[test]
    fn failures_double_the_delay_up_to_the_cap() {
        for (failures, expected) in
            [(0, 10_000), (1, 20_000), (2, 40_000), (3, 80_000), (4, 160_000), (5, 300_000), (8, 300_000)]
        {
            let decision = after(&End::WorkerDied(String::new()), History { failures, ..FIRST }, POLICY);
            assert_eq!((delay(&decision.status), decision.failures), (Some(expected), failures + 1));
        }
    }

    #[test]
    fn limits_block() {
        let failed = End::Turn { error: "e".into(), not_before: None };
        assert_eq!(
            block(&after(&failed, History { failures: 9, ..FIRST }, POLICY).status),
            Some(ReasonCode::AttemptsExhausted)
        );
        assert_eq!(
            block(&after(&End::Completed, History { idle_continuations: 5, ..FIRST }, POLICY).status),
            Some(ReasonCode::NoProgress)
        );
        let budget = RetryPolicy { max_tokens: 100, ..POLICY };
        assert_eq!(
            block(&after(&End::Completed, History { tokens: 100, ..FIRST }, budget).status),
            Some(ReasonCode::Budget)
        );
        assert_eq!(
            block(&after(&End::NeedsInput("which?".into()), FIRST, POLICY).status),
            Some(ReasonCode::NeedsInput)
        );
        assert_eq!(block(&after(&End::Unkillable("7".into()), FIRST, POLICY).status), Some(ReasonCode::Unkillable));
    }

    #[test]
    fn a_class_that_is_named_waits_for_a_person_and_only_when_the_run_was_interrupted() {
        let gated = RetryPolicy { block_on: [ReplaySafety::OperatorGated].into_iter().collect(), ..POLICY };
        let after = |end: &End, class, policy| {
            let tally = Tally { replay_safety: Some(class), ..Tally::default() };
            decide(&classify(end, tally, now()), &FIRST, policy, now()).status
        };
        let died = End::WorkerDied(String::new());
        for end in [died.clone(), End::Reboot, End::Signal("SIGTERM".into())] {
            let status = after(&end, ReplaySafety::OperatorGated, &gated);
            assert_eq!(block(&status), Some(ReasonCode::OperatorGated), "{end:?}");
        }
        // Evidence, and no gate, unless it is named.
        assert!(delay(&after(&died, ReplaySafety::NonReplayableSideEffect, &gated)).is_some());
        assert!(delay(&after(&died, ReplaySafety::OperatorGated, &POLICY)).is_some());
        let failed = End::Turn { error: "e".into(), not_before: None };
        assert!(delay(&after(&failed, ReplaySafety::OperatorGated, &gated)).is_some());
    }

    #[test]
    fn zero_means_no_limit() {
        let none = RetryPolicy { max_attempts: 0, max_idle_continuations: 0, ..POLICY };
        assert!(
            delay(&after(&End::WorkerDied(String::new()), History { failures: 1_000, ..FIRST }, none).status).is_some()
        );
        assert!(delay(&after(&End::Completed, History { idle_continuations: 1_000, ..FIRST }, none).status).is_some());
    }

    #[test]
    fn requests_decide_for_themselves() {
        let asked = |kind| after(&End::Requested(kind, "r".into()), FIRST, POLICY).status;
        assert_eq!(block(&asked(RequestKind::Stop)), Some(ReasonCode::Canceled));
        assert_eq!(delay(&asked(RequestKind::StopRequeue)), Some(0));
        assert_eq!(asked(RequestKind::Pause), Status::Paused);
        assert_eq!(delay(&asked(RequestKind::Stalled)), Some(10_000));
        assert_eq!(asked(RequestKind::IssueTerminal), Status::Done);
        assert_eq!(asked(RequestKind::IssueInactive), Status::Released);
        assert_eq!(asked(RequestKind::IssueInvisible), Status::Released);
    }

    #[test]
    fn neither_the_tracker_nor_a_reboot_counts_against_the_issue() {
        for end in [End::TrackerRefresh { error: "down".into(), not_before: None }, End::Reboot] {
            let decision = after(&end, History { failures: 9, ..FIRST }, POLICY);
            assert_eq!(decision.failures, 9);
            assert!(delay(&decision.status).is_some());
        }
    }

    #[test]
    fn a_usage_limit_is_waited_for() {
        let (error, not_before) = ("limit".to_owned(), Some(now() + TimeDelta::hours(2)));
        for end in [End::Turn { error: error.clone(), not_before }, End::TrackerRefresh { error, not_before }] {
            assert_eq!(delay(&after(&end, FIRST, POLICY).status), Some(7_200_000));
        }
    }

    #[test]
    fn a_clock_that_jumped_back_does_not_hold_a_retry() {
        let due = now() + TimeDelta::milliseconds(10_000);
        assert!(!is_due(due, 10_000, now()));
        assert!(is_due(due, 10_000, due));
        assert!(is_due(due, 10_000, now() - TimeDelta::days(1)));
    }

    #[test]
    fn progress_resets_the_idle_count() {
        assert_eq!(idle_after(3, Some("a"), Some("a")), 4);
        assert_eq!(idle_after(3, Some("a"), Some("b")), 0);
        assert_eq!(idle_after(3, None, Some("b")), 0);
    }

    proptest! {
        #[test]
        fn failures_always_end_in_a_block(max_attempts in 1u32..20, max_backoff_ms in 0u64..1_000_000) {
            let policy = RetryPolicy { max_attempts, max_backoff_ms, ..POLICY };
            let mut history = FIRST;
            for _ in 0..max_attempts {
                let decision = after(&End::WorkerDied(String::new()), history, policy);
                if let Some(delay) = delay(&decision.status) {
                    prop_assert!(delay <= max_backoff_ms);
                }
                history = History { failures: decision.failures, attempts: history.attempts + 1, ..history };
            }
            prop_assert_eq!(history.failures, max_attempts);
            prop_assert_eq!(block(&after(&End::WorkerDied(String::new()), History { failures: max_attempts - 1, ..history }, policy).status), Some(ReasonCode::AttemptsExhausted));
        }
    }
}

//! Whether an issue may run, and if not, why (SPEC 8.2; FEATURES O11, O12).

use crate::model::{Issue, IssueRef, Reason, ReasonCode, Status, Timestamp, Work};
use crate::retry::{self, RetryPolicy};
use crate::workflow::Config;
use crate::workflow::config::TrackerConfig;

/// What the configuration says about who may run.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// States and labels.
    pub tracker: TrackerConfig,
    /// `agent.max_concurrent_agents`.
    pub max_concurrent: u32,
    /// `agent.max_concurrent_agents_by_state`, keys normalised.
    pub by_state: std::collections::BTreeMap<String, u32>,
    /// Whether all issues share one workspace.
    pub shared_workspace: bool,
    /// What follows a run.
    pub retry: RetryPolicy,
}

impl From<&Config> for Policy {
    fn from(config: &Config) -> Self {
        Self {
            tracker: config.tracker.clone(),
            max_concurrent: config.agent.max_concurrent_agents,
            by_state: config.agent.max_concurrent_agents_by_state.clone(),
            shared_workspace: config.workspace.mode == crate::model::Mode::Shared,
            retry: RetryPolicy {
                max_backoff_ms: config.agent.max_retry_backoff_ms,
                max_attempts: config.agent.max_attempts,
                max_idle_continuations: config.agent.max_idle_continuations,
                max_tokens: config.agent.max_tokens_per_issue,
                block_on: config.recovery.block_on.iter().copied().collect(),
            },
        }
    }
}

impl Policy {
    /// `issue_routable` of SPEC 8.2: dispatchable, and with every required label.
    #[must_use]
    pub fn is_routable(&self, issue: &Issue) -> bool {
        issue.dispatchable && self.missing_labels(issue).next().is_none()
    }

    fn missing_labels<'a>(&'a self, issue: &'a Issue) -> impl Iterator<Item = &'a String> {
        self.tracker.required_labels.iter().filter(|label| label.is_empty() || !issue.labels.contains(label))
    }

    /// References that still hold an issue back. One whose state the tracker does not know does.
    fn open<'a>(&'a self, refs: &'a [IssueRef]) -> impl Iterator<Item = &'a IssueRef> {
        refs.iter().filter(|other| !other.state.as_deref().is_some_and(|state| self.tracker.is_terminal(state)))
    }
}

/// Everything that keeps the issue from running now, but for slots; empty means eligible.
#[must_use]
pub fn reasons(issue: &Issue, work: Option<&Work>, policy: &Policy, now: Timestamp) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut add = |code, message: String| reasons.push(Reason::new(code, message));
    if policy.tracker.is_terminal(&issue.state) {
        add(ReasonCode::Terminal, format!("its state is `{}`, which is terminal", issue.state));
    } else if !policy.tracker.is_active(&issue.state) {
        add(ReasonCode::Inactive, format!("its state is `{}`, which is not an active one", issue.state));
    }
    if !issue.dispatchable {
        add(ReasonCode::Unroutable, "the tracker says that it is not to be dispatched here".to_owned());
    }
    for label in policy.missing_labels(issue) {
        add(ReasonCode::MissingLabel, format!("it lacks the required label `{label}`"));
    }
    for other in policy.open(&issue.blocked_by) {
        add(ReasonCode::BlockedByIssue, waits_for(other, "it is blocked by"));
    }
    for other in policy.open(&issue.sub_issues) {
        add(ReasonCode::SubIssues, waits_for(other, "it waits for its sub-issue"));
    }
    reasons.extend(work.map(|work| status_reasons(&work.status, now)).unwrap_or_default());
    reasons
}

fn waits_for(other: &IssueRef, how: &str) -> String {
    match &other.state {
        Some(state) => format!("{how} {}, which is `{state}`", other.name()),
        None => format!("{how} {}, which the tracker does not show", other.name()),
    }
}

fn status_reasons(status: &Status, now: Timestamp) -> Vec<Reason> {
    match status {
        Status::Idle | Status::Done | Status::Released => Vec::new(),
        Status::Claimed { claim } => {
            vec![Reason::new(ReasonCode::Claimed, format!("run {} is being started", claim.run))]
        }
        Status::Running { claim } => vec![Reason::new(ReasonCode::Running, format!("run {} has it", claim.run))],
        Status::Held { claim, .. } => {
            vec![Reason::new(ReasonCode::Held, format!("somebody works in its workspace by hand ({})", claim.run))]
        }
        Status::Retrying { due_at, delay_ms, .. } if retry::is_due(*due_at, *delay_ms, now) => Vec::new(),
        Status::Retrying { due_at, error, .. } => {
            let after = error.as_deref().map(|error| format!(" after: {error}")).unwrap_or_default();
            let at = due_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            vec![Reason::new(ReasonCode::RetryWait, format!("its next run is due at {at}{after}"))]
        }
        Status::Blocked { reasons } => {
            let mut all = vec![Reason::new(ReasonCode::Blocked, "it is blocked until `baton retry`".to_owned())];
            all.extend(reasons.iter().cloned());
            all
        }
        Status::Paused => vec![Reason::new(ReasonCode::Paused, "it is paused until `baton resume`".to_owned())],
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{Claim, Key, RetryKind};

    pub(crate) fn issue(identifier: &str, state: &str) -> Issue {
        Issue::blank(&format!("id-{identifier}"), identifier, "a title", state)
    }

    pub(crate) fn work(identifier: &str, status: Status) -> Work {
        let key = Key::for_identifier(identifier, |_| false);
        Work { status, ..Work::new(key, identifier.to_owned(), format!("id-{identifier}")) }
    }

    pub(crate) fn policy() -> Policy {
        Policy {
            tracker: TrackerConfig {
                kind: "local".to_owned(),
                provider: serde_json::Map::new(),
                required_labels: Vec::new(),
                active_states: vec!["Todo".to_owned(), "In Progress".to_owned()],
                terminal_states: vec!["Done".to_owned()],
                handoff_state: None,
            },
            max_concurrent: 2,
            by_state: std::collections::BTreeMap::new(),
            shared_workspace: false,
            retry: RetryPolicy {
                max_backoff_ms: 300_000,
                max_attempts: 10,
                max_idle_continuations: 5,
                max_tokens: 0,
                block_on: crate::model::ReplayClasses::NONE,
            },
        }
    }

    pub(crate) fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH + chrono::TimeDelta::days(20_000)
    }

    fn codes(issue: &Issue, work: Option<&Work>, policy: &Policy) -> Vec<ReasonCode> {
        reasons(issue, work, policy, now()).into_iter().map(|reason| reason.code).collect()
    }

    fn other(state: Option<&str>) -> IssueRef {
        IssueRef { id: None, identifier: Some("B-1".to_owned()), state: state.map(str::to_owned) }
    }

    #[test]
    fn states_are_compared_trimmed_and_without_case() {
        assert_eq!(codes(&issue("A-1", " todo "), None, &policy()), []);
        assert_eq!(codes(&issue("A-1", "DONE"), None, &policy()), [ReasonCode::Terminal]);
        assert_eq!(codes(&issue("A-1", "Review"), None, &policy()), [ReasonCode::Inactive]);
    }

    #[test]
    fn a_state_that_is_active_and_terminal_is_terminal() {
        let mut policy = policy();
        policy.tracker.active_states.push("Done".to_owned());
        assert_eq!(codes(&issue("A-1", "Done"), None, &policy), [ReasonCode::Terminal]);
    }

    #[test]
    fn labels_and_the_adapter_route() {
        let mut policy = policy();
        policy.tracker.required_labels = vec!["agent".to_owned()];
        assert_eq!(codes(&issue("A-1", "Todo"), None, &policy), [ReasonCode::MissingLabel]);
        let labelled = Issue { labels: vec!["agent".to_owned()], ..issue("A-1", "Todo") };
        assert_eq!(codes(&labelled, None, &policy), []);
        assert_eq!(codes(&Issue { dispatchable: false, ..labelled.clone() }, None, &policy), [ReasonCode::Unroutable]);
        policy.tracker.required_labels = vec![String::new()];
        assert_eq!(codes(&labelled, None, &policy), [ReasonCode::MissingLabel]);
    }

    #[test]
    fn blockers_and_sub_issues_hold_until_terminal() {
        for (state, holds) in [(Some("Done"), false), (Some("Todo"), true), (Some("Review"), true), (None, true)] {
            let blocked = Issue { blocked_by: vec![other(state)], ..issue("A-1", "Todo") };
            let parent = Issue { sub_issues: vec![other(state)], ..issue("A-1", "Todo") };
            assert_eq!(codes(&blocked, None, &policy()).contains(&ReasonCode::BlockedByIssue), holds, "{state:?}");
            assert_eq!(codes(&parent, None, &policy()).contains(&ReasonCode::SubIssues), holds, "{state:?}");
        }
    }

    #[test]
    fn every_status_says_whether_it_waits() {
        let claim = Claim { run: "A-1.1".parse().expect("a run id"), fence: 7, at: now() };
        let retrying = |seconds: i64| Status::Retrying {
            kind: RetryKind::Failure,
            attempt: 1,
            due_at: now() + chrono::TimeDelta::seconds(seconds),
            delay_ms: 10_000,
            error: None,
        };
        let blocked = Status::Blocked { reasons: vec![Reason::new(ReasonCode::Budget, "b")] };
        let table = [
            (Status::Idle, vec![]),
            (Status::Claimed { claim: claim.clone() }, vec![ReasonCode::Claimed]),
            (Status::Running { claim }, vec![ReasonCode::Running]),
            (retrying(5), vec![ReasonCode::RetryWait]),
            (retrying(0), vec![]),
            (retrying(11), vec![]),
            (blocked, vec![ReasonCode::Blocked, ReasonCode::Budget]),
            (Status::Paused, vec![ReasonCode::Paused]),
            (Status::Done, vec![]),
            (Status::Released, vec![]),
        ];
        for (status, expected) in table {
            let work = work("A-1", status);
            assert_eq!(codes(&issue("A-1", "Todo"), Some(&work), &policy()), expected, "{:?}", work.status);
        }
    }
}

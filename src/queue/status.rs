//! What a look at the tracker changes in an issue's status (SPEC 7.1, 7.3, 8.4).

use super::Policy;
use crate::model::{Issue, Reason, ReasonCode, Status, Work};

/// What the tracker said about an issue.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'i> {
    /// It shows it.
    Issue(&'i Issue),
    /// It answered, and does not show it.
    Invisible,
}

/// The work after the tracker was asked; `None` where nothing changes. An issue with a claim is left to its worker.
#[must_use]
pub fn observe(work: &Work, before: Option<&Issue>, seen: Seen<'_>, policy: &Policy) -> Option<Work> {
    if work.claim().is_some() {
        return None;
    }
    let status = match seen {
        Seen::Invisible => Status::Released,
        Seen::Issue(issue) if policy.tracker.is_terminal(&issue.state) => Status::Done,
        Seen::Issue(issue) if !policy.tracker.is_active(&issue.state) || !policy.is_routable(issue) => Status::Released,
        Seen::Issue(issue) if fell_back(before, issue, policy) => {
            let message = format!("its state went back to `{}` with an older updated_at", issue.state);
            Status::Blocked { reasons: vec![Reason::new(ReasonCode::TrackerReverted, message)] }
        }
        Seen::Issue(_) => match work.status {
            Status::Done | Status::Released => Status::Idle,
            Status::Idle
            | Status::Claimed { .. }
            | Status::Running { .. }
            | Status::Held { .. }
            | Status::Retrying { .. }
            | Status::Blocked { .. }
            | Status::Paused => return None,
        },
    };
    if std::mem::discriminant(&status) == std::mem::discriminant(&work.status) {
        None
    } else {
        Some(enter(work, status))
    }
}

/// The work without this reason for its block: back in the queue where it was the last one. `None`: there is no such
/// reason.
#[must_use]
pub fn without_block(work: &Work, code: ReasonCode) -> Option<Work> {
    let Status::Blocked { reasons } = &work.status else { return None };
    let left: Vec<Reason> = reasons.iter().filter(|reason| reason.code != code).cloned().collect();
    if left.len() == reasons.len() {
        return None;
    }
    let status = if left.is_empty() { Status::Idle } else { Status::Blocked { reasons: left } };
    Some(enter(work, status))
}

/// The work in a new status; one that is over forgets its counters, so that an issue that comes back is new.
#[must_use]
pub fn enter(work: &Work, status: Status) -> Work {
    let mut work = work.clone();
    if matches!(status, Status::Done | Status::Released) {
        work.attempts = 0;
        work.failures = 0;
        work.idle_continuations = 0;
        work.progress = None;
    }
    work.status = status;
    work.acknowledged = None;
    work
}

/// A terminal issue that is active again although it claims to be older than it was: its file was put back by git.
fn fell_back(before: Option<&Issue>, issue: &Issue, policy: &Policy) -> bool {
    before.is_some_and(|before| {
        policy.tracker.is_terminal(&before.state) && before.updated_at.is_some() && issue.updated_at < before.updated_at
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Claim, Timestamp};
    use crate::queue::eligibility::tests::{issue, now, policy, work};

    fn after(status: Status, before: Option<&Issue>, seen: Seen<'_>) -> Option<&'static str> {
        observe(&work("A-1", status), before, seen, &policy()).map(|work| work.status.as_str())
    }

    #[test]
    fn the_tracker_moves_what_nobody_works_on() {
        let (todo, done, review) = (issue("A-1", "Todo"), issue("A-1", "Done"), issue("A-1", "Review"));
        assert_eq!(after(Status::Idle, None, Seen::Issue(&todo)), None);
        assert_eq!(after(Status::Idle, None, Seen::Issue(&done)), Some("done"));
        assert_eq!(after(Status::Done, None, Seen::Issue(&done)), None);
        assert_eq!(after(Status::Idle, None, Seen::Issue(&review)), Some("released"));
        assert_eq!(after(Status::Idle, None, Seen::Invisible), Some("released"));
        assert_eq!(after(Status::Done, None, Seen::Issue(&todo)), Some("idle"));
        assert_eq!(after(Status::Released, None, Seen::Issue(&todo)), Some("idle"));
        let blocked = Status::Blocked { reasons: Vec::new() };
        assert_eq!(after(blocked.clone(), None, Seen::Issue(&todo)), None);
        assert_eq!(after(blocked, None, Seen::Issue(&review)), Some("released"));
    }

    #[test]
    fn a_claimed_issue_is_left_to_its_worker() {
        let claim = Claim { run: "A-1.1".parse().expect("a run id"), fence: 1, at: now() };
        assert_eq!(after(Status::Running { claim }, None, Seen::Invisible), None);
    }

    #[test]
    fn a_file_that_git_put_back_is_not_run_again() {
        let at = |days| Some(Timestamp::UNIX_EPOCH + chrono::TimeDelta::days(days));
        let done = Issue { updated_at: at(5), ..issue("A-1", "Done") };
        let old = Issue { updated_at: at(2), ..issue("A-1", "Todo") };
        let reopened = Issue { updated_at: at(5), ..issue("A-1", "Todo") };
        assert_eq!(after(Status::Done, Some(&done), Seen::Issue(&old)), Some("blocked"));
        assert_eq!(after(Status::Done, Some(&done), Seen::Issue(&reopened)), Some("idle"));
    }

    #[test]
    fn a_remedy_clears_its_own_reason_alone() {
        use ReasonCode::{Budget, TrackerReverted};
        let after = |codes: &[ReasonCode]| {
            let reasons = codes.iter().map(|code| Reason::new(*code, "")).collect();
            without_block(&work("A-1", Status::Blocked { reasons }), TrackerReverted).map(|work| work.status)
        };
        assert_eq!(after(&[TrackerReverted]), Some(Status::Idle));
        let left = Status::Blocked { reasons: vec![Reason::new(Budget, "")] };
        assert_eq!(after(&[Budget, TrackerReverted]), Some(left));
        assert_eq!(after(&[Budget]), None);
        assert_eq!(without_block(&work("A-1", Status::Idle), TrackerReverted), None);
    }

    #[test]
    fn an_issue_that_comes_back_is_new() {
        let mut old = work("A-1", Status::Idle);
        (old.attempts, old.failures, old.last_run) = (7, 3, 9);
        let done = observe(&old, None, Seen::Invisible, &policy()).expect("released");
        assert_eq!((done.attempts, done.failures, done.last_run), (0, 0, 9));
    }
}

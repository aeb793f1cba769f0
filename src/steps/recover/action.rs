//! What a person decides about an issue that waits for one: `recover ISSUE --action`.

use serde_json::{Value, json};

use super::{RecoverReport, Recovered, operator_required};
use crate::error::{Error, Exit, Result};
use crate::model::{Acknowledgement, Key, Reason, ReasonCode, RunId, SessionRecord, Status, Timestamp, Work};
use crate::process::{self, Lifeline};
use crate::project::Project;
use crate::queue::{self, ClaimError};
use crate::recovery::{Action, Found};
use crate::run_folder::RunFolder;
use crate::store::{DocId, Kind};

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorAction {
    /// The next run goes on with the agent's conversation.
    Resume,
    /// The next run begins a new conversation, in the same workspace.
    Restart,
    /// It is seen; the block stays.
    Acknowledge,
}

/// Why a decision cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refused {
    /// It waits for nobody.
    NotBlocked(&'static str),
    /// There is no conversation to go on with.
    NotResumable,
    /// Other reasons than a crash hold it back.
    StillBlocked(Vec<Reason>),
}

/// A decision that can be carried out.
#[derive(Debug, Clone, PartialEq)]
struct Decided {
    work: Work,
    forget_session: bool,
}

/// Reasons that come from a crash: a person who looked into it may say that the issue goes on. The others have their own
/// remedies, or `retry`.
pub(super) fn is_cleared_by_resuming(reason: &Reason) -> bool {
    matches!(
        reason.code,
        ReasonCode::OperatorGated
            | ReasonCode::OrphanUnreachable
            | ReasonCode::Unkillable
            | ReasonCode::WorkspaceDrifted
            | ReasonCode::NeedsInput
    )
}

/// What becomes of the issue; `None` where it is so already. Pure.
fn decide(
    action: OperatorAction,
    work: &Work,
    resumable: bool,
    note: Option<&str>,
    now: Timestamp,
) -> std::result::Result<Option<Decided>, Refused> {
    let Status::Blocked { reasons } = &work.status else { return Err(Refused::NotBlocked(work.status.as_str())) };
    let decided = |work, forget_session| Ok(Some(Decided { work, forget_session }));
    match action {
        OperatorAction::Resume if !resumable => Err(Refused::NotResumable),
        OperatorAction::Resume => {
            let others: Vec<Reason> =
                reasons.iter().filter(|reason| !is_cleared_by_resuming(reason)).cloned().collect();
            if !others.is_empty() {
                return Err(Refused::StillBlocked(others));
            }
            // Its failures are not forgotten: it goes on where it was.
            decided(queue::enter(work, Status::Idle), false)
        }
        OperatorAction::Restart => decided(work.requeued(), true),
        OperatorAction::Acknowledge => {
            if work.acknowledged.as_ref().is_some_and(|seen| note.is_none() || seen.note.as_deref() == note) {
                return Ok(None);
            }
            let acknowledged = Some(Acknowledgement { at: now, note: note.map(str::to_owned) });
            decided(Work { acknowledged, ..work.clone() }, false)
        }
    }
}

/// Carries a person's decision out, and reports it as `recover` does.
pub fn act(
    project: &Project,
    key: &Key,
    action: OperatorAction,
    note: Option<&str>,
    dry_run: bool,
) -> Result<RecoverReport> {
    let kind = project.workflow.config.agent.kind.as_str();
    let now = project.seams.now();
    let known: Work = project.store.get(key.as_str())?.ok_or_else(|| ClaimError::Unknown(key.clone()))?;
    if action != OperatorAction::Acknowledge {
        nobody_is_left(project, &known)?;
    }
    let look = |work: Option<Work>, session: Option<SessionRecord>| -> Result<Option<(Work, Decided)>> {
        let work = work.ok_or_else(|| ClaimError::Unknown(key.clone()))?;
        ClaimError::unless_free(&work)?;
        let resumable = session.is_some_and(|session| session.agent == kind);
        let decided = decide(action, &work, resumable, note, now).map_err(|refused| refused.error(&work))?;
        Ok(decided.map(|decided| (work, decided)))
    };
    // Where there is nothing to be changed, not even the lock is taken.
    let mut done = look(Some(known.clone()), project.store.get(key.as_str())?)?;
    if done.is_some() && !dry_run {
        done = project.store.transact(now, &project.by(None), |tx| {
            let Some((work, decided)) = look(tx.get(key.as_str())?, tx.get(key.as_str())?)? else { return Ok(None) };
            tx.event(event_of(action), Some(&work.identifier), None, data(&work, action, note));
            if decided.forget_session {
                tx.delete(DocId::new(Kind::Sessions, key.as_str()));
            }
            tx.put(&decided.work)?;
            Ok::<_, Error>(Some((work, decided)))
        })?;
    }
    let (before, after) = done.map_or((None, None), |(work, decided)| (Some(work), Some(decided.work)));
    let changed = usize::from(before.is_some() && !dry_run);
    let actions = before.map(|work| recovered(&work, action, note)).into_iter().collect();
    let Work { identifier, status, acknowledged, .. } = after.unwrap_or(known);
    let mut left = Vec::new();
    if let Status::Blocked { reasons } = status {
        left.push(operator_required(identifier, reasons, acknowledged, false));
    }
    Ok(RecoverReport { changed, actions, operator_required: left, dry_run, ..RecoverReport::default() })
}

/// Nothing of a run is started while something of the last one may still be at work.
fn nobody_is_left(project: &Project, work: &Work) -> Result<()> {
    let run = RunId { key: work.key.clone(), number: work.last_run };
    let lifeline = RunFolder::of(project.store.layout(), &run).agent_lifeline();
    if work.claim().is_some() || process::probe_lifeline(&lifeline, std::time::Duration::ZERO) != Lifeline::Held {
        return Ok(());
    }
    let text = format!("{}: a process of run {run} still holds {}", work.identifier, lifeline.display());
    Err(Error::new(Exit::WrongState, "orphan_unreachable", text)
        .hint(format!("`fuser {}` names it where it can be seen", lifeline.display())))
}

fn event_of(action: OperatorAction) -> &'static str {
    match action {
        OperatorAction::Resume | OperatorAction::Restart => "issue.retried",
        OperatorAction::Acknowledge => "issue.acknowledged",
    }
}

fn data(work: &Work, action: OperatorAction, note: Option<&str>) -> Value {
    let how = match action {
        OperatorAction::Resume => "recover --action resume",
        OperatorAction::Restart => "recover --action restart",
        OperatorAction::Acknowledge => "recover --action acknowledge",
    };
    json!({ "was": work.status.as_str(), "how": how, "note": note })
}

fn recovered(work: &Work, action: OperatorAction, note: Option<&str>) -> Recovered {
    let (action, message) = match action {
        OperatorAction::Resume => (Action::Resumed, "back in the queue; its conversation goes on"),
        OperatorAction::Restart => (Action::Restarted, "back in the queue; it begins anew"),
        OperatorAction::Acknowledge => (Action::Acknowledged, "seen; it stays blocked"),
    };
    let reasons = match &work.status {
        Status::Blocked { reasons } => json!(reasons),
        _ => Value::Null,
    };
    Recovered {
        identifier: Some(work.identifier.clone()),
        run: None,
        found: Found::Blocked,
        action,
        message: message.to_owned(),
        evidence: json!({ "reasons": reasons, "note": note }),
    }
}

impl Refused {
    fn error(self, work: &Work) -> Error {
        let name = &work.identifier;
        match self {
            Self::NotBlocked(status) => Error::new(
                Exit::WrongState,
                "wrong_state",
                format!("{name} is {status}, not blocked: there is nothing to decide"),
            ),
            Self::NotResumable => {
                Error::new(Exit::WrongState, "not_resumable", format!("{name} has no conversation to go on with"))
                    .hint(format!("`baton recover {name} --action restart` begins anew in the same workspace"))
            }
            Self::StillBlocked(reasons) => {
                let all: Vec<&str> = reasons.iter().map(|reason| reason.message.as_str()).collect();
                Error::new(Exit::WrongState, "still_blocked", format!("{name} is also blocked: {}", all.join("; ")))
                    .hint(format!("`baton retry {name}` clears every reason"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ReasonCode::{Budget, OperatorGated, WorkspaceDrifted};
    use crate::queue::testing::work;

    fn blocked(codes: &[ReasonCode]) -> Work {
        let reasons = codes.iter().map(|code| Reason::new(*code, "why")).collect();
        Work { failures: 2, ..work("A-1", Status::Blocked { reasons }) }
    }

    fn decided(action: OperatorAction, work: &Work, resumable: bool) -> std::result::Result<Option<Decided>, Refused> {
        decide(action, work, resumable, None, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn resuming_keeps_the_conversation_and_the_failures() {
        let gated = blocked(&[OperatorGated, WorkspaceDrifted]);
        let Decided { work, forget_session } =
            decided(OperatorAction::Resume, &gated, true).expect("allowed").expect("a change");
        assert_eq!((work.status, work.failures, forget_session), (Status::Idle, 2, false));
        assert_eq!(decided(OperatorAction::Resume, &gated, false), Err(Refused::NotResumable));
        let Err(Refused::StillBlocked(others)) =
            decided(OperatorAction::Resume, &blocked(&[OperatorGated, Budget]), true)
        else {
            panic!("the budget is still used up");
        };
        assert_eq!(others, [Reason::new(Budget, "why")]);
    }

    #[test]
    fn restarting_forgets_everything() {
        let Decided { work, forget_session } =
            decided(OperatorAction::Restart, &blocked(&[Budget]), false).expect("allowed").expect("a change");
        assert_eq!((work.status, work.failures, forget_session), (Status::Idle, 0, true));
    }

    #[test]
    fn who_has_seen_it_is_noted_once() {
        let acknowledged = decided(OperatorAction::Acknowledge, &blocked(&[Budget]), false).expect("allowed");
        let Decided { work, .. } = acknowledged.expect("a change");
        assert_eq!(work.status, blocked(&[Budget]).status);
        assert_eq!(decided(OperatorAction::Acknowledge, &work, false), Ok(None));
        let again = decide(OperatorAction::Acknowledge, &work, false, Some("on it"), Timestamp::UNIX_EPOCH);
        assert_eq!(
            again.expect("allowed").expect("a note").work.acknowledged.expect("one").note.as_deref(),
            Some("on it")
        );
        assert_eq!(queue::enter(&work, Status::Idle).acknowledged, None);
    }

    #[test]
    fn only_what_is_blocked_waits_for_a_decision() {
        for action in [OperatorAction::Resume, OperatorAction::Restart, OperatorAction::Acknowledge] {
            assert_eq!(decided(action, &work("A-1", Status::Done), true), Err(Refused::NotBlocked("done")));
        }
    }
}

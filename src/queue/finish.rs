//! A worker takes up its claim, and gives it back: the outcome, the release and what comes next are one transaction.

use serde_json::json;

use super::status::enter;
use super::{Policy, Seen};
use crate::model::{
    Claim, ClaimRecord, Outcome, OutcomeKind, Phase, Process, RunId, RunRecord, Status, Timestamp, Work, WorkspaceState,
};
use crate::retry::{self, Decision, History};
use crate::store::{DocId, Kind, StoreError, Transaction};

/// The worker is up: `claimed` becomes `running`, and the run knows its supervisor.
pub fn started(tx: &mut Transaction<'_>, run: &RunId, supervisor: &Process) -> Result<(), StoreError> {
    let (Some(work), Some(record)) = (tx.get::<Work>(run.key.as_str())?, tx.get::<RunRecord>(&run.to_string())?) else {
        return Ok(());
    };
    let Some(claim) = work.claim().filter(|claim| claim.run == *run).cloned() else { return Ok(()) };
    tx.event("run.started", Some(&work.identifier), Some(run), json!({ "pid": supervisor.pid }));
    if let Some(claim) = tx.get::<ClaimRecord>(run.key.as_str())? {
        tx.put(&ClaimRecord { supervisor: Some(supervisor.clone()), ..claim })?;
    }
    tx.put(&RunRecord { supervisor: Some(supervisor.clone()), ..record })?;
    tx.put(&Work { status: Status::Running { claim }, ..work })
}

/// An agent works in the run's workspace, until [`finish`].
pub fn in_use(tx: &mut Transaction<'_>, run: &RunId) -> Result<(), StoreError> {
    let Some(mut work) = tx.get::<Work>(run.key.as_str())? else { return Ok(()) };
    let Some(workspace) = work.workspace.as_mut().filter(|workspace| workspace.state == WorkspaceState::Ready) else {
        return Ok(());
    };
    workspace.state = WorkspaceState::InUse;
    tx.put(&work)
}

/// Writes the outcome once, releases the claim and schedules what comes next; returns the issue's new status. A run that
/// has an outcome already is left as it is; a person's hold ends without counting. `seen` is what the tracker said last, if it was asked after the run's turns.
pub fn finish(
    tx: &mut Transaction<'_>,
    run: &RunId,
    outcome: &Outcome,
    seen: Option<Seen<'_>>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Option<Status>, StoreError> {
    let (Some(mut work), Some(record)) = (tx.get::<Work>(run.key.as_str())?, tx.get::<RunRecord>(&run.to_string())?)
    else {
        return Ok(None);
    };
    if record.outcome.is_some() || work.claim().is_none_or(|claim: &Claim| claim.run != *run) {
        return Ok(None);
    }
    if let Status::Held { before, .. } = &work.status {
        return super::hold::release(tx, &work, before, record, outcome).map(Some);
    }
    work.tokens.input_tokens += outcome.tokens.input_tokens;
    work.tokens.output_tokens += outcome.tokens.output_tokens;
    work.tokens.total_tokens += outcome.tokens.total_tokens;
    let took = outcome.finished_at - record.started_at;
    work.runtime_ms += u64::try_from(took.num_milliseconds()).unwrap_or(0);
    let decision = what_follows(&work, outcome, seen, policy, now);
    let status = decision.status;
    let identifier = Some(work.identifier.as_str());
    let data = json!({
        "outcome": outcome.outcome.as_str(), "code": outcome.code, "summary": outcome.summary, "error": outcome.error,
        "turns": outcome.turns, "tokens": outcome.tokens,
    });
    let over_at = tx.event("run.finished", identifier, Some(run), data);
    tx.event(event_of(&status), identifier, Some(run), serde_json::to_value(&status).unwrap_or_default());
    tx.put(&RunRecord {
        phase: Phase::Finishing,
        turns: outcome.turns,
        tokens: outcome.tokens,
        outcome: Some(outcome.clone()),
        ..record
    })?;
    tx.delete(DocId { kind: Kind::Claims, name: run.key.to_string() });
    work.over_at = over_at;
    work.failures = decision.failures;
    work.idle_continuations = decision.idle_continuations;
    work.progress = outcome.progress.clone().or(work.progress);
    work.last_outcome = Some(outcome.outcome);
    work.last_error = match outcome.outcome {
        OutcomeKind::Succeeded => None,
        OutcomeKind::Failed
        | OutcomeKind::TimedOut
        | OutcomeKind::Stalled
        | OutcomeKind::Canceled
        | OutcomeKind::NeedsInput
        | OutcomeKind::Interrupted => Some(outcome.error.clone().unwrap_or_else(|| outcome.summary.clone())),
    };
    if let Some(workspace) = work.workspace.as_mut().filter(|workspace| workspace.state == WorkspaceState::InUse) {
        workspace.state = WorkspaceState::Ready;
    }
    tx.put(&enter(&work, status.clone()))?;
    Ok(Some(status))
}

/// What an issue becomes by the outcome of its run, whose tokens are counted in `work`; a person's hold leaves it as it
/// was. Changes nothing: a plan asks it as well.
#[must_use]
pub fn what_follows(
    work: &Work,
    outcome: &Outcome,
    seen: Option<Seen<'_>>,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    if let Status::Held { before, .. } = &work.status {
        let Work { failures, idle_continuations, .. } = *work;
        return Decision { status: (**before).clone(), failures, idle_continuations };
    }
    let decision = retry::decide(outcome, &history(work), &policy.retry, now);
    Decision { status: overruled(seen, policy).unwrap_or(decision.status), ..decision }
}

fn history(work: &Work) -> History {
    History {
        attempts: work.attempts,
        failures: work.failures,
        idle_continuations: work.idle_continuations,
        tokens: work.tokens.total_tokens,
    }
}

/// The tracker's last word goes before any retry: a terminal issue is done, one that is no longer ours is released.
fn overruled(seen: Option<Seen<'_>>, policy: &Policy) -> Option<Status> {
    match seen? {
        Seen::Invisible => Some(Status::Released),
        Seen::Issue(issue) if policy.tracker.is_terminal(&issue.state) => Some(Status::Done),
        Seen::Issue(issue) if !policy.tracker.is_active(&issue.state) || !policy.is_routable(issue) => {
            Some(Status::Released)
        }
        Seen::Issue(_) => None,
    }
}

/// The event that tells of a status.
#[must_use]
pub fn event_of(status: &Status) -> &'static str {
    match status {
        Status::Idle => "issue.idle",
        Status::Claimed { .. } => "run.claimed",
        Status::Running { .. } => "run.started",
        Status::Held { .. } => "issue.held",
        Status::Retrying { .. } => "issue.retrying",
        Status::Blocked { .. } => "issue.blocked",
        Status::Paused => "issue.paused",
        Status::Done => "issue.done",
        Status::Released => "issue.released",
    }
}

//! A person's hold on an issue: a claim that is no run of an agent. It has a lifeline, a fence and a manifest like any
//! other, so that a dead holder is found and settled like a dead worker; but it counts for nothing, and when it ends the
//! issue is what it was before.

use serde_json::json;

use super::ClaimError;
use super::claim::Claimed;
use super::new_run::NewRun;
use crate::model::{Claim, ClaimRecord, Key, Outcome, Phase, RunId, RunRecord, Status, Timestamp, Work};
use crate::process;
use crate::store::{By, DocId, Kind, Store, StoreError, Transaction};

/// What the manifest of a hold says in the place of the agent's kind.
pub const HOLDER: &str = "shell";

/// Takes a hold, whatever the status is, as long as nobody has it. Slots do not count: a person is no agent.
pub fn hold(store: &Store, by: &By, key: &Key, now: Timestamp) -> Result<Claimed, ClaimError> {
    let mut new = NewRun::of(store, key);
    let claimed = store.transact(now, by, |tx| {
        let work: Work = tx.get(key.as_str())?.ok_or_else(|| ClaimError::Unknown(key.clone()))?;
        ClaimError::unless_free(&work)?;
        let (run, lifeline) = new.make(work.last_run)?;
        let data = json!({ "was": work.status.as_str(), "pid": std::process::id() });
        let fence = tx.event("issue.held", Some(&work.identifier), Some(&run), data);
        record(tx, work, Claim { run: run.clone(), fence, at: now })?;
        Ok::<_, ClaimError>(Claimed { run, fence, attempt: None, lifeline })
    })?;
    new.keep();
    Ok(claimed)
}

fn record(tx: &mut Transaction<'_>, work: Work, claim: Claim) -> Result<(), StoreError> {
    tx.put(&RunRecord {
        supervisor: Some(process::current()),
        workspace: work.workspace.as_ref().map(|record| record.path.display().to_string()),
        ..RunRecord::new(&work, &claim, HOLDER)
    })?;
    tx.put(&ClaimRecord {
        key: work.key.clone(),
        claim: claim.clone(),
        launcher: Some(process::current()),
        supervisor: Some(process::current()),
        request: None,
    })?;
    let last_run = claim.run.number;
    tx.put(&Work { status: Status::Held { claim, before: Box::new(work.status) }, last_run, ..work })
}

/// Ends a hold: the issue is what it was, with nothing counted and nothing scheduled anew.
pub(super) fn release(
    tx: &mut Transaction<'_>,
    work: &Work,
    before: &Status,
    record: RunRecord,
    outcome: &Outcome,
) -> Result<Status, StoreError> {
    let run: RunId = record.run.clone();
    let data = serde_json::to_value(before).unwrap_or_default();
    tx.event("issue.unheld", Some(&work.identifier), Some(&run), data);
    tx.put(&RunRecord { phase: Phase::Finishing, outcome: Some(outcome.clone()), ..record })?;
    tx.delete(DocId { kind: Kind::Claims, name: run.key.to_string() });
    tx.put(&Work { status: before.clone(), ..work.clone() })?;
    Ok(before.clone())
}

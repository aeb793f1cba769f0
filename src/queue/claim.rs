//! Taking the right to run an issue: one transaction that decides on the state under the lock (DESIGN §3, §4).

use std::fs::File;
use std::io;
use std::path::PathBuf;

use serde_json::json;

use super::new_run::NewRun;
use super::{KeyReused, Once, Policy, Slots, reasons};
use crate::model::{
    Claim, ClaimRecord, Issue, Key, Reason, ReasonCode, Receipt, RunId, RunRecord, Status, Timestamp, Work,
};
use crate::process;
use crate::store::{By, IssueRecord, Kind, Store, StoreError, Transaction};

/// A claim that was taken. The worker lives as long as `lifeline` is open somewhere.
#[derive(Debug)]
pub struct Claimed {
    /// The run.
    pub run: RunId,
    /// Its fence.
    pub fence: u64,
    /// Runs before it (SPEC 12.3); `None` for the first.
    pub attempt: Option<u32>,
    /// Held exclusively; handed to the supervisor as its standard input.
    pub lifeline: File,
}

/// What an operator may override.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    /// Nothing.
    Nothing,
    /// `--now`: a retry that is not due and a block are cleared, as by `baton retry`.
    RetryNow,
}

/// Why no claim was taken.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The issue may not run now.
    #[error("{identifier} may not run now: {}", list(.reasons))]
    NotEligible {
        /// Which.
        identifier: String,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// Somebody has it.
    #[error("{identifier} is being worked on by run {run}")]
    Claimed {
        /// Which.
        identifier: String,
        /// By whom.
        run: RunId,
    },
    /// A person works in its workspace.
    #[error("{identifier} is held: somebody works in its workspace by hand ({run})")]
    Held {
        /// Which.
        identifier: String,
        /// The hold.
        run: RunId,
    },
    /// Its last run ended, or others saw it change, after the tracker was asked.
    #[error("{identifier} has changed since the tracker was asked")]
    Stale {
        /// Which.
        identifier: String,
    },
    /// The store has no record of it.
    #[error("{0} is not in the store")]
    Unknown(Key),
    /// Its idempotency key belongs to another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The run folder or lifeline could not be made.
    #[error("cannot make {path}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ClaimError {
    /// Refuses an issue that somebody has.
    pub fn unless_free(work: &Work) -> Result<(), Self> {
        let Some(claim) = work.claim() else { return Ok(()) };
        let (identifier, run) = (work.identifier.clone(), claim.run.clone());
        Err(if work.is_held() { Self::Held { identifier, run } } else { Self::Claimed { identifier, run } })
    }
}

fn list(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// What is claimed, and how.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whose.
    pub key: &'a Key,
    /// The issue, fetched just now.
    pub issue: &'a Issue,
    /// The journal number at which that request began.
    pub asked_at: u64,
    /// The agent's kind, for the run's manifest.
    pub agent: &'a str,
    /// What an operator overrides.
    pub overriding: Override,
}

/// What a request under an idempotency key brought.
#[derive(Debug)]
pub enum Taken {
    /// A claim.
    Claimed(Claimed),
    /// The answer to the same request, which came before.
    Replayed(Receipt),
}

/// Claims the issue if it is eligible and has a slot on the state read under the lock.
pub fn take(store: &Store, by: &By, asked: &Asked<'_>, policy: &Policy, now: Timestamp) -> Result<Claimed, ClaimError> {
    let mut new = NewRun::of(store, asked.key);
    let claimed = store.transact(now, by, |tx| claim(tx, &mut new, asked, policy, now))?;
    new.keep();
    Ok(claimed)
}

/// The same under an idempotency key: of any number of equal requests, one claims, and the others get its answer, however
/// the run ended. The receipt is part of the claim's transaction.
pub fn take_once(
    store: &Store,
    by: &By,
    asked: &Asked<'_>,
    once: &Once,
    policy: &Policy,
    now: Timestamp,
) -> Result<Taken, ClaimError> {
    let mut new = NewRun::of(store, asked.key);
    let taken = store.transact(now, by, |tx| {
        if let Some(receipt) = once.replay(once.receipt(tx)?)? {
            return Ok(Taken::Replayed(receipt));
        }
        let claimed = claim(tx, &mut new, asked, policy, now)?;
        let (identifier, run, attempt) = (&asked.issue.identifier, &claimed.run, claimed.attempt);
        once.answer(tx, json!({ "identifier": identifier, "run": run, "attempt": attempt }), now)?;
        Ok::<_, ClaimError>(Taken::Claimed(claimed))
    })?;
    new.keep();
    Ok(taken)
}

/// The claim's part of a transaction.
fn claim(
    tx: &mut Transaction<'_>,
    new: &mut NewRun<'_>,
    asked: &Asked<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Claimed, ClaimError> {
    let known: Work = tx.get(asked.key.as_str())?.ok_or_else(|| ClaimError::Unknown(asked.key.clone()))?;
    let work = overridden(&known, asked.overriding);
    check(tx, &work, asked, policy, now)?;
    let (run, lifeline) = new.make(work.last_run)?;
    if work.status != known.status {
        let data = json!({ "was": known.status.as_str(), "how": "worker launch --now" });
        tx.event("issue.retried", Some(&work.identifier), None, data);
    }
    let attempt = (work.attempts > 0).then_some(work.attempts);
    let data = json!({ "attempt": attempt, "state": asked.issue.state });
    let fence = tx.event("run.claimed", Some(&work.identifier), Some(&run), data);
    record(tx, work, asked, &Claim { run: run.clone(), fence, at: now }, attempt)?;
    Ok(Claimed { run, fence, attempt, lifeline })
}

/// The work as an operator wants it to be seen: `--now` puts a waiting or blocked issue back into the queue.
#[must_use]
pub fn overridden(work: &Work, overriding: Override) -> Work {
    match (overriding, &work.status) {
        (Override::RetryNow, Status::Retrying { .. } | Status::Blocked { .. }) => work.requeued(),
        (
            Override::Nothing | Override::RetryNow,
            Status::Idle
            | Status::Claimed { .. }
            | Status::Running { .. }
            | Status::Held { .. }
            | Status::Retrying { .. }
            | Status::Blocked { .. }
            | Status::Paused
            | Status::Done
            | Status::Released,
        ) => work.clone(),
    }
}

/// Refuses what may not run, and a snapshot of the tracker that others have overtaken: its own reasons first, then slots.
fn check(
    tx: &mut Transaction<'_>,
    work: &Work,
    asked: &Asked<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), ClaimError> {
    let identifier = work.identifier.clone();
    ClaimError::unless_free(work)?;
    let record: Option<IssueRecord> = tx.get(asked.key.as_str())?;
    if asked.asked_at < work.over_at || record.is_some_and(|record| asked.asked_at < record.asked_at) {
        return Err(ClaimError::Stale { identifier });
    }
    let mut reasons = reasons(asked.issue, Some(work), policy, now);
    if reasons.is_empty() {
        let running = running_states(tx, policy)?;
        reasons.extend(Slots::new(policy, running).take(&asked.issue.state).err());
    }
    if reasons.is_empty() { Ok(()) } else { Err(ClaimError::NotEligible { identifier, reasons }) }
}

/// The tracker states of the issues that run now. Where no state has a limit of its own, only their number matters; and
/// whose claims they are matters only where they take the last slot: a person's hold takes none but a shared workspace.
fn running_states(tx: &mut Transaction<'_>, policy: &Policy) -> Result<Vec<String>, StoreError> {
    let mut claims = tx.names(Kind::Claims)?;
    let is_full = u32::try_from(claims.len()).is_ok_and(|claims| claims >= policy.max_concurrent);
    if policy.by_state.is_empty() && (!is_full || policy.shared_workspace) {
        return Ok(vec![String::new(); claims.len()]);
    }
    if !policy.shared_workspace {
        claims.retain(|key| !matches!(tx.get::<Work>(key), Ok(Some(work)) if work.is_held()));
    }
    // A damaged snapshot of one running issue counts as a state that nobody limits.
    let state = |record: Option<IssueRecord>| record.map(|record| record.issue.state).unwrap_or_default();
    let states = claims.iter().map(|key| match tx.get::<IssueRecord>(key) {
        Err(StoreError::DamagedDocument { .. }) => Ok(String::new()),
        record => record.map(state),
    });
    states.collect()
}

fn record(
    tx: &mut Transaction<'_>,
    work: Work,
    asked: &Asked<'_>,
    claim: &Claim,
    attempt: Option<u32>,
) -> Result<(), StoreError> {
    refresh(tx, asked.key, asked.issue, asked.asked_at)?;
    tx.put_new(&RunRecord { attempt, ..RunRecord::new(&work, claim, asked.agent) })?;
    tx.put(&ClaimRecord {
        key: work.key.clone(),
        claim: claim.clone(),
        launcher: Some(process::current()),
        supervisor: None,
        request: None,
    })?;
    tx.put(&Work {
        status: Status::Claimed { claim: claim.clone() },
        last_run: claim.run.number,
        attempts: work.attempts + 1,
        ..work
    })
}

/// Puts a fresh snapshot of the issue, unless the store has a newer one or the same.
pub fn refresh(tx: &mut Transaction<'_>, key: &Key, issue: &Issue, asked_at: u64) -> Result<bool, StoreError> {
    let known: Option<IssueRecord> = tx.get(key.as_str())?;
    let stale = known.as_ref().is_some_and(|known| known.asked_at > asked_at || known.issue == *issue);
    if !stale {
        tx.put(&IssueRecord { key: key.clone(), asked_at, issue: issue.clone() })?;
    }
    Ok(!stale)
}

/// Whether a refusal may pass by itself (a slot, a due time, a blocker), rather than need a person.
#[must_use]
pub fn is_passing(reasons: &[Reason]) -> bool {
    reasons.iter().all(|reason| match reason.code {
        ReasonCode::BlockedByIssue
        | ReasonCode::SubIssues
        | ReasonCode::Claimed
        | ReasonCode::Running
        | ReasonCode::Held
        | ReasonCode::RetryWait
        | ReasonCode::NoSlot
        | ReasonCode::StateSlots
        | ReasonCode::WorkspaceBusy => true,
        ReasonCode::Inactive
        | ReasonCode::Terminal
        | ReasonCode::Unroutable
        | ReasonCode::MissingLabel
        | ReasonCode::Paused
        | ReasonCode::Blocked
        | ReasonCode::TrackerReverted
        | ReasonCode::Damaged
        | ReasonCode::Stopped
        | ReasonCode::Canceled
        | ReasonCode::AttemptsExhausted
        | ReasonCode::NoProgress
        | ReasonCode::Budget
        | ReasonCode::NeedsInput
        | ReasonCode::Unkillable
        | ReasonCode::OrphanUnreachable
        | ReasonCode::OperatorGated
        | ReasonCode::WorkspaceDrifted => false,
    })
}

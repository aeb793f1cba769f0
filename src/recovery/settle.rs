//! Settling a dead run: end what it left, run `after_run` once, commit its outcome.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::decide::{Action, Found, RunSeen, action_after, of_run};
use super::remains::{after_run, end_tree, release_lease};
use super::take_over::{Taken, take_over};
use super::{DeadClaim, RecoveryError, dead_claims};
use crate::chain::chain;
use crate::join::join_all;
use crate::model::{
    ClaimRecord, HookReceipt, Key, Outcome, OutcomeCode, Reason, ResumeDisposition, RunId, RunRecord, SessionRecord,
    Status, Timestamp, Work,
};
use crate::outcome::{End, Tally, classify};
use crate::process;
use crate::project::Project;
use crate::queue;
use crate::run_folder::{self, RunFolder};
use crate::store::StoreError;

/// One dead run that was settled: an action of `recover` (DESIGN §6).
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct Settled {
    /// Whose.
    pub identifier: String,
    /// The run.
    pub run: RunId,
    /// What was found.
    pub found: Found,
    /// What was done about it.
    pub action: Action,
    /// One sentence.
    pub message: String,
    /// How it is known, and what was ended.
    pub evidence: Value,
    /// What the issue is now.
    #[serde(skip)]
    pub status: Status,
}

/// Settles the dead workers of all issues, or of `only` this one, side by side: a slow hook of one delays no other. Finds
/// nothing and writes nothing the second time. Of many, one that cannot be settled is warned of and costs no other.
pub async fn settle(project: &Project, only: Option<&Key>) -> Result<Vec<Settled>, RecoveryError> {
    let dead = dead_claims(project)?.into_iter().filter(|dead| only.is_none_or(|key| *key == dead.record.key));
    let all = join_all(dead.map(|dead| async move {
        match settle_one(project, &dead, None).await {
            Err(error) if only.is_none() && error.concerns_one_run() => {
                let RunRecord { run, issue_id, identifier, .. } = &dead.run;
                tracing::warn!(%run, issue_id, issue_identifier = identifier, error = chain(&error), "run not settled");
                Ok(None)
            }
            settled => settled,
        }
    }));
    all.await.into_iter().filter_map(Result::transpose).collect()
}

/// Settles the dead worker of `run` by an end that the caller knows, unless it left an outcome of its own.
pub async fn settle_as(project: &Project, run: &RunId, end: End) -> Result<Option<Settled>, RecoveryError> {
    match dead_claims(project)?.into_iter().find(|dead| dead.run.run == *run) {
        Some(dead) => settle_one(project, &dead, Some(end)).await,
        None => Ok(None),
    }
}

async fn settle_one(project: &Project, dead: &DeadClaim, end: Option<End>) -> Result<Option<Settled>, RecoveryError> {
    let Some(taken) = take_over(project, dead)? else { return Ok(None) };
    let run = taken.run.run.clone();
    let folder = RunFolder::of(project.store.layout(), &run);
    let tree = end_tree(project, &taken, &folder).await;
    let after_run = after_run(project, &taken, &folder).await;
    release_lease(project, &taken);
    let evidence = Evidence {
        left: folder.read_outcome(),
        end,
        folder: &folder,
        dead,
        tree: tree.ended,
        after_run: after_run.as_ref().map(|receipt| receipt.ok),
    };
    let Some((outcome, status)) = commit(project, &taken, &evidence, after_run.as_ref(), tree.block.as_ref())? else {
        return Ok(None);
    };
    if evidence.left.as_ref().is_some_and(|left| *left != outcome)
        && let Err(error) = folder.write_outcome(&outcome)
    {
        tracing::warn!(%run, %error, "outcome not left in the run's folder");
    }
    let settled = evidence.settled(project, &taken.work, &outcome, status)?;
    let RunRecord { issue_id, identifier, .. } = &taken.run;
    let (outcome, reason) = (outcome.outcome.as_str(), settled.message.as_str());
    tracing::info!(%run, issue_id, issue_identifier = identifier, outcome, reason, "run settled");
    Ok(Some(settled))
}

/// What tells how a dead run ended.
pub(super) struct Evidence<'e> {
    /// The outcome that its worker left.
    pub(super) left: Option<Outcome>,
    /// What the caller knows.
    pub(super) end: Option<End>,
    pub(super) folder: &'e RunFolder,
    pub(super) dead: &'e DeadClaim,
    /// What it left running.
    pub(super) tree: Vec<u32>,
    /// Whether `after_run` succeeded, where it was run.
    pub(super) after_run: Option<bool>,
}

impl Evidence<'_> {
    /// The report on it, once its outcome is this and its issue has become that.
    pub(super) fn settled(
        &self,
        project: &Project,
        work: &Work,
        outcome: &Outcome,
        status: Status,
    ) -> Result<Settled, RecoveryError> {
        let run = self.dead.run.run.clone();
        let session: Option<SessionRecord> = project.store.get(run.key.as_str())?;
        let session = session.filter(|session| session.agent == project.workflow.config.agent.kind.as_str());
        let seen = RunSeen {
            outcome_left: self.left.is_some(),
            supervised: self.dead.run.supervisor.is_some(),
            held: work.is_held(),
            tree: !self.tree.is_empty(),
        };
        let checkpoint = run_folder::last_checkpoint(&self.folder.checkpoints());
        let block_on = project.policy().retry.block_on;
        let disposition = checkpoint
            .as_ref()
            .map(|last| ResumeDisposition::of(last.replay_safety, block_on, session.is_some(), self.left.is_some()));
        // A hold counts for nothing: what the issue was before is no news.
        let unheld = matches!(&work.status, Status::Held { before, .. } if **before == status);
        let as_left = self.left.as_ref() == Some(outcome);
        Ok(Settled {
            identifier: work.identifier.clone(),
            found: of_run(seen),
            action: if unheld { Action::Released } else { action_after(as_left, &status, session.is_some()) },
            message: format!("run {run} {}: {}", what(outcome), next(&status)),
            evidence: json!({
                "proof": self.dead.proof,
                "supervisor": self.dead.run.supervisor,
                "phase": self.dead.run.phase,
                "outcome_left": seen.outcome_left,
                "tree": self.tree,
                "after_run": self.after_run,
                "checkpoint": checkpoint,
                "resume_disposition": disposition,
                "result_published": seen.outcome_left,
                "thread_id": session.map(|session| session.thread_id),
            }),
            run,
            status,
        })
    }

    /// As an operator asked, else as its worker said, else as the caller knows, else as it looks.
    pub(super) fn outcome(&self, claim: &ClaimRecord, now: Timestamp) -> Outcome {
        let asked = claim.operator_request().map(|request| End::Requested(request.kind, request.reason.clone()));
        let asked = asked.map(|end| classify(&end, self.tally(), now));
        match (asked, &self.left) {
            (Some(asked), Some(left)) if left.code == asked.code || left.code == OutcomeCode::Unkillable => {
                left.clone()
            }
            (Some(asked), _) => asked,
            (None, Some(left)) => left.clone(),
            (None, None) => {
                let end = self.end.clone().unwrap_or_else(|| self.looks_like(claim));
                classify(&end, self.tally(), now)
            }
        }
    }

    fn tally(&self) -> Tally {
        if let Some(left) = self.left.clone() {
            let Outcome { turns, tokens, progress, idle_continuations, replay_safety, .. } = left;
            return Tally { turns, tokens, progress, idle_continuations, replay_safety };
        }
        let (turns, tokens) = run_folder::used(&self.folder.events());
        let replay_safety = run_folder::last_checkpoint(&self.folder.checkpoints()).map(|last| last.replay_safety);
        Tally { turns: turns.max(self.dead.run.turns), tokens, replay_safety, ..Tally::default() }
    }

    /// What ended a run whose worker left no word: what it was asked to do, a reboot, or its death.
    fn looks_like(&self, claim: &ClaimRecord) -> End {
        if let Some(request) = &claim.request {
            return End::Requested(request.kind, request.reason.clone());
        }
        let here = process::current();
        match &self.dead.run.supervisor {
            None if claim.launcher.as_ref().is_some_and(|launcher| launcher.boot_id != here.boot_id) => End::Reboot,
            None => End::WorkerDied(match self.folder.last_log_line() {
                Some(line) => format!("the worker never came up: {line}"),
                None => "the worker never came up".to_owned(),
            }),
            Some(supervisor) if supervisor.boot_id != here.boot_id => End::Reboot,
            Some(supervisor) => End::WorkerDied(format!("process {} ended without an outcome", supervisor.pid)),
        }
    }
}

fn commit(
    project: &Project,
    taken: &Taken,
    evidence: &Evidence<'_>,
    after_run: Option<&HookReceipt>,
    block: Option<&Reason>,
) -> Result<Option<(Outcome, Status)>, RecoveryError> {
    let now = project.seams.now();
    let run = &taken.run.run;
    Ok(project.store.transact(now, &taken.by, |tx| {
        let Some(claim) = tx.get::<ClaimRecord>(run.key.as_str())? else { return Ok(None) };
        let outcome = evidence.outcome(&claim, now);
        if let (Some(receipt), Some(mut manifest)) = (after_run, tx.get::<RunRecord>(&run.to_string())?) {
            manifest.hooks.push(receipt.clone());
            tx.put(&manifest)?;
        }
        let Some(status) = queue::finish(tx, run, &outcome, None, &project.policy(), now)? else { return Ok(None) };
        let (Some(reason), Some(work)) = (block, tx.get::<Work>(run.key.as_str())?) else {
            return Ok(Some((outcome, status)));
        };
        let status = Status::Blocked { reasons: vec![reason.clone()] };
        let data = serde_json::to_value(&status).unwrap_or_default();
        tx.event(queue::event_of(&status), Some(&work.identifier), Some(run), data);
        tx.put(&queue::enter(&work, status.clone()))?;
        Ok::<_, StoreError>(Some((outcome, status)))
    })?)
}

fn what(outcome: &Outcome) -> String {
    outcome
        .error
        .as_ref()
        .map_or_else(|| outcome.summary.clone(), |error| format!("{} ({error})", outcome.outcome.as_str()))
}

fn next(status: &Status) -> String {
    match status {
        Status::Retrying { due_at, .. } => {
            format!("due again at {}", due_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        }
        Status::Blocked { reasons } => {
            format!("blocked, {}", reasons.first().map_or("", |reason| reason.message.as_str()))
        }
        Status::Idle
        | Status::Claimed { .. }
        | Status::Running { .. }
        | Status::Held { .. }
        | Status::Paused
        | Status::Done
        | Status::Released => format!("now {}", status.as_str()),
    }
}

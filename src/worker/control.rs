//! Asking a live worker to stop, waiting for a run's end, and ending a worker that does not obey (DESIGN §3, "Liveness").

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::WorkerError;
use crate::model::{ClaimRecord, Key, Outcome, Process, Request, RequestKind, RunId, RunRecord};
use crate::process::{self, Lifeline};
use crate::project::Project;
use crate::recovery;
use crate::run_folder::RunFolder;
use crate::store::StoreError;

/// What a killed worker is given to be gone.
const KILL_LIMIT: Duration = Duration::from_secs(10);
/// What a worker that has committed its outcome is given to write its last words.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How often a worker is looked at whose lifeline cannot be read.
const LOOK: Duration = Duration::from_millis(250);

/// Leaves a request in the claim of `key`, and nudges its worker. A request that is there already stays, but for an
/// operator's, which goes before reconciliation's.
pub(crate) fn request_stop(
    project: &Project,
    key: &Key,
    kind: RequestKind,
    reason: &str,
) -> Result<RunId, WorkerError> {
    let ask = Ask { kind, reason, action_id: None };
    leave_request(project, key, None, ask)?.ok_or_else(|| WorkerError::NoWorker(key.to_string()))
}

/// What is asked of a worker.
#[derive(Debug, Clone, Copy)]
struct Ask<'a> {
    kind: RequestKind,
    reason: &'a str,
    /// The operator's action that it is part of, for the journal.
    action_id: Option<&'a str>,
}

/// Leaves it where the claim is there, and `only` this run's.
fn leave_request(
    project: &Project,
    key: &Key,
    only: Option<&RunId>,
    ask: Ask<'_>,
) -> Result<Option<RunId>, WorkerError> {
    let Ask { kind, reason, action_id } = ask;
    let now = project.seams.now();
    let left = project.store.transact(now, &project.by(None), |tx| {
        let claim: Option<ClaimRecord> = tx.get(key.as_str())?;
        let Some(claim) = claim.filter(|claim| only.is_none_or(|run| *run == claim.claim.run)) else {
            return Ok::<_, StoreError>(None);
        };
        let run = claim.claim.run.clone();
        let manifest: Option<RunRecord> = tx.get(&run.to_string())?;
        if claim.request.as_ref().is_none_or(|request| rank(kind) > rank(request.kind)) {
            let identifier = manifest.as_ref().map_or(key.as_str(), |manifest| manifest.identifier.as_str());
            let mut data = json!({ "request": kind, "reason": reason });
            if let Some(id) = action_id {
                (data["action_id"], data["correlation_id"]) = (id.into(), id.into());
            }
            tx.event("run.stop_requested", Some(identifier), Some(&run), data);
            let request = Some(Request { kind, reason: reason.to_owned(), at: now });
            tx.put(&ClaimRecord { request, ..claim.clone() })?;
        }
        Ok(Some((run, claim.supervisor)))
    })?;
    Ok(left.map(|(run, supervisor)| {
        if let Some(supervisor) = &supervisor {
            // One that is gone is settled by whoever waits for it.
            let _ = process::nudge(supervisor);
        }
        run
    }))
}

fn rank(kind: RequestKind) -> u8 {
    match kind {
        RequestKind::Stalled
        | RequestKind::IssueTerminal
        | RequestKind::IssueInactive
        | RequestKind::IssueUnroutable
        | RequestKind::IssueInvisible => 0,
        RequestKind::StopRequeue => 1,
        RequestKind::Pause => 2,
        RequestKind::Stop => 3,
    }
}

/// Waits until the run's supervisor is gone; `false` where the time ran out first. No processor time is spent.
async fn wait_for_end(project: &Project, run: &RunId, limit: Option<Duration>) -> Result<bool, WorkerError> {
    let ended = ended(project, run);
    match limit {
        Some(limit) => timeout(limit, ended).await.map_or(Ok(false), |ended| ended.map(|()| true)),
        None => ended.await.map(|()| true),
    }
}

async fn ended(project: &Project, run: &RunId) -> Result<(), WorkerError> {
    let path = RunFolder::of(project.store.layout(), run).lifeline();
    while process::probe_lifeline(&path, Duration::ZERO) != Lifeline::Free {
        let waited = released(&path).await;
        let Err(error) = waited else { continue };
        tracing::debug!(%run, %error, "lifeline not readable");
        let claim = claim_of(project, run)?;
        if claim.is_none_or(|claim| recovery::is_dead(project, &claim, Duration::ZERO).is_some()) {
            return Ok(());
        }
        sleep(LOOK).await;
    }
    Ok(())
}

/// The claim, as long as it is this run's.
fn claim_of(project: &Project, run: &RunId) -> Result<Option<ClaimRecord>, StoreError> {
    Ok(project.store.get::<ClaimRecord>(run.key.as_str())?.filter(|record| record.claim.run == *run))
}

/// Waits on a helper thread until nobody holds the lifeline. The thread is left behind if this is dropped.
async fn released(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("lifeline".to_owned()).stack_size(64 * 1024).spawn(move || {
        let _ = tell.send(rustix::io::retry_on_intr(|| flock(&file, FlockOperation::LockShared)));
    })?;
    Ok(told.await.map_err(io::Error::other)??)
}

/// Ends the worker of `key`: asks it, and when it has not ended after `limit`, kills it and settles what it left.
pub async fn stop(
    project: &Project,
    key: &Key,
    kind: RequestKind,
    reason: &str,
    limit: Duration,
) -> Result<Outcome, WorkerError> {
    let run = request_stop(project, key, kind, reason)?;
    end(project, &run, limit).await
}

/// The same for a pause, which is the operator's action `action_id`.
pub async fn pause(
    project: &Project,
    key: &Key,
    action_id: &str,
    reason: &str,
    limit: Duration,
) -> Result<Outcome, WorkerError> {
    let ask = Ask { kind: RequestKind::Pause, reason, action_id: Some(action_id) };
    let run = leave_request(project, key, None, ask)?.ok_or_else(|| WorkerError::NoWorker(key.to_string()))?;
    end(project, &run, limit).await
}

/// The same as [`stop`] for one run and no other; `None` where it has ended by itself meanwhile.
pub async fn stop_run(
    project: &Project,
    run: &RunId,
    kind: RequestKind,
    reason: &str,
    limit: Duration,
) -> Result<Option<Outcome>, WorkerError> {
    match leave_request(project, &run.key, Some(run), Ask { kind, reason, action_id: None })? {
        Some(run) => end(project, &run, limit).await.map(Some),
        None => Ok(None),
    }
}

/// Waits for a worker that was asked to stop, and kills it when the time is up.
async fn end(project: &Project, run: &RunId, limit: Duration) -> Result<Outcome, WorkerError> {
    if !wait_for_end(project, run, Some(limit)).await?
        && let Some(claim) = claim_of(project, run)?
    {
        let Some(supervisor) = claim.supervisor else {
            return Err(WorkerError::DidNotEnd { run: run.clone(), reason: "it has not come up yet".to_owned() });
        };
        kill(project, run, supervisor).await?;
    }
    wait(project, run).await
}

/// Kills a supervisor and its tree, and waits for its lifeline: only then is it dead.
pub(super) async fn kill(project: &Project, run: &RunId, supervisor: Process) -> Result<(), WorkerError> {
    let did_not = |reason: String| WorkerError::DidNotEnd { run: run.clone(), reason };
    let killed = tokio::task::spawn_blocking(move || process::end_processes(&[supervisor], KILL_LIMIT)).await;
    killed.map_err(|error| did_not(error.to_string()))?.map_err(|unkillable| did_not(unkillable.to_string()))?;
    if wait_for_end(project, run, Some(KILL_LIMIT)).await? {
        Ok(())
    } else {
        Err(did_not("something still holds its lifeline".to_owned()))
    }
}

/// Follows a run to its outcome (`--wait`) and its worker to its end, so that nothing of it writes any more. A worker
/// that dies without an outcome is settled on the way.
pub async fn wait(project: &Project, run: &RunId) -> Result<Outcome, WorkerError> {
    let outcome = || -> Result<Option<Outcome>, WorkerError> {
        match project.store.get::<RunRecord>(&run.to_string())? {
            Some(record) => Ok(record.outcome),
            // Its folder vanished: settling it makes the manifest anew.
            None if claim_of(project, run)?.is_some() => Ok(None),
            None => Err(WorkerError::UnknownRun(run.clone())),
        }
    };
    if let Some(outcome) = outcome()? {
        wait_for_end(project, run, Some(LAST_WORDS)).await?;
        return Ok(outcome);
    }
    ended(project, run).await?;
    let recovery = RunFolder::of(project.store.layout(), run).recovery_lifeline();
    let mut idle_rounds = 0;
    loop {
        let settled = recovery::settle(project, Some(&run.key)).await?;
        if let Some(outcome) = outcome()? {
            return Ok(outcome);
        }
        // Whoever else settles it may end, or die, between any two looks: one look proves nothing.
        let is_at_work = !settled.is_empty() || process::probe_lifeline(&recovery, Duration::ZERO) == Lifeline::Held;
        idle_rounds = if is_at_work { 0 } else { idle_rounds + 1 };
        if idle_rounds > 1 {
            // It may have been committed between the two.
            if let Some(outcome) = outcome()? {
                return Ok(outcome);
            }
            return Err(WorkerError::DidNotEnd { run: run.clone(), reason: "its claim is not its own".to_owned() });
        }
        let _ = released(&recovery).await;
    }
}

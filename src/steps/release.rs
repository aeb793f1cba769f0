//! `retry`, `pause` and `resume`: a person puts an issue aside, or back into the queue.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::error::{Error, Exit, Result};
use crate::model::{Key, Status, Work};
use crate::project::Project;
use crate::queue::{self, ClaimError};
use crate::worker;

/// An operator's action on an issue, and what became of it (FEATURES O22).
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Action {
    /// Its id, which its journal event carries; none where nothing was written.
    pub action_id: Option<String>,
    /// What it is correlated with: itself.
    pub correlation_id: Option<String>,
    /// What was asked for.
    pub action: ActionKind,
    /// The issue.
    pub identifier: String,
    /// Whether it was, or would be, carried out. One that is refused is an error.
    pub status: ActionStatus,
    /// What there is to say about it.
    pub reason: Option<String>,
    /// The types of the events that follow, when the queue comes to it.
    pub expected_followup: Vec<&'static str>,
    /// Whether it is the answer to an earlier call, given again.
    pub replayed: bool,
    /// Whether nothing was done.
    pub dry_run: bool,
}

/// What an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Back into the queue, failures forgotten.
    Retry,
    /// Aside.
    Pause,
    /// Back into the queue, as it was.
    Resume,
}

/// What becomes of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionStatus {
    /// It was carried out, or there was nothing to do.
    Accepted,
}

/// Clears a block, a pause or a wait; the issue is idle again and its failures are forgotten.
pub fn retry(project: &Project, key: &Key) -> Result<Action> {
    let id = Uuid::now_v7().to_string();
    project.store.transact(project.seams.now(), &project.by(None), |tx| {
        let retry = ActionKind::Retry;
        let Some(work) = tx.get::<Work>(key.as_str())? else { return Ok(action(retry, key.as_str(), None, None)) };
        if !is_to_be_cleared(&work)? {
            return Ok(action(retry, &work.identifier, None, None));
        }
        let data = json!({ "was": work.status.as_str(), "action_id": id, "correlation_id": id });
        tx.event("issue.retried", Some(&work.identifier), None, data);
        tx.put(&work.requeued())?;
        Ok(action(retry, &work.identifier, Some(work.status.as_str()), Some(id)))
    })
}

/// The same without doing it.
pub fn retry_plan(work: &Work) -> Result<Action> {
    let was = is_to_be_cleared(work)?.then(|| work.status.as_str());
    Ok(Action { dry_run: true, ..action(ActionKind::Retry, &work.identifier, was, None) })
}

/// Asks the worker of `key` to end its turn, and puts the issue aside: its conversation and its workspace stay. The word
/// for what the issue is now is `paused`, unless the tracker, or a process that cannot be ended, says otherwise.
pub async fn pause(project: &Project, key: &Key, reason: &str, limit: Duration) -> Result<(Action, &'static str)> {
    let work = known(project.store.get(key.as_str())?, key)?;
    if !is_to_be_paused(&work)? {
        return Ok((action(ActionKind::Pause, &work.identifier, None, None), work.status.as_str()));
    }
    let id = Uuid::now_v7().to_string();
    worker::pause(project, key, &id, reason, limit).await?;
    let now = known(project.store.get(key.as_str())?, key)?;
    Ok((action(ActionKind::Pause, &work.identifier, Some(work.status.as_str()), Some(id)), now.status.as_str()))
}

/// The same without doing it.
pub fn pause_plan(work: &Work) -> Result<Action> {
    let was = is_to_be_paused(work)?.then(|| work.status.as_str());
    Ok(Action { dry_run: true, ..action(ActionKind::Pause, &work.identifier, was, None) })
}

/// Puts a paused issue back into the queue; its failures are not forgotten.
pub fn resume(project: &Project, key: &Key) -> Result<Action> {
    let id = Uuid::now_v7().to_string();
    project.store.transact(project.seams.now(), &project.by(None), |tx| {
        let work = known(tx.get(key.as_str())?, key)?;
        must_be_paused(&work)?;
        let data = json!({ "was": work.status.as_str(), "action_id": id, "correlation_id": id });
        tx.event("issue.resumed", Some(&work.identifier), None, data);
        tx.put(&queue::enter(&work, Status::Idle))?;
        Ok(action(ActionKind::Resume, &work.identifier, Some(work.status.as_str()), Some(id)))
    })
}

/// The same without doing it.
pub fn resume_plan(work: &Work) -> Result<Action> {
    must_be_paused(work)?;
    let was = Some(work.status.as_str());
    Ok(Action { dry_run: true, ..action(ActionKind::Resume, &work.identifier, was, None) })
}

fn known(work: Option<Work>, key: &Key) -> Result<Work> {
    Ok(work.ok_or_else(|| ClaimError::Unknown(key.clone()))?)
}

fn action(kind: ActionKind, identifier: &str, was: Option<&str>, id: Option<String>) -> Action {
    let follows = match kind {
        ActionKind::Retry | ActionKind::Resume => "run.claimed",
        ActionKind::Pause => "issue.paused",
    };
    let nothing = match kind {
        ActionKind::Retry | ActionKind::Resume => "it waits for nothing",
        ActionKind::Pause => "it is paused already",
    };
    Action {
        correlation_id: id.clone(),
        action_id: id,
        action: kind,
        identifier: identifier.to_owned(),
        status: ActionStatus::Accepted,
        reason: Some(was.map_or_else(|| nothing.to_owned(), |was| format!("it was {was}"))),
        expected_followup: was.iter().map(|_| follows).collect(),
        replayed: false,
        dry_run: false,
    }
}

impl Action {
    /// Whether it changes something.
    #[must_use]
    pub fn changes(&self) -> bool {
        !self.expected_followup.is_empty()
    }
}

/// Whether there is a wait, a block or a pause. An issue that somebody has, or that is over, is refused.
fn is_to_be_cleared(work: &Work) -> Result<bool> {
    let key = &work.key;
    let over = |status: &str| {
        Error::new(Exit::WrongState, "wrong_state", format!("{key} is {status}"))
            .hint("change its state in the tracker to an active one, then `baton poll`")
    };
    match &work.status {
        Status::Claimed { claim } | Status::Running { claim } => {
            let message = format!("{key} is already active in run {}", claim.run);
            Err(Error::new(Exit::WrongState, "already_active", message))
        }
        Status::Held { claim, .. } => {
            Err(ClaimError::Held { identifier: work.identifier.clone(), run: claim.run.clone() }.into())
        }
        Status::Done => Err(over("done")),
        Status::Released => Err(over("released")),
        Status::Idle => Ok(false),
        Status::Retrying { .. } | Status::Blocked { .. } | Status::Paused => Ok(true),
    }
}

/// Whether a run is to be ended first; `false` where it is paused already. What nobody works on is refused.
fn is_to_be_paused(work: &Work) -> Result<bool> {
    let identifier = &work.identifier;
    match &work.status {
        Status::Claimed { .. } | Status::Running { .. } => Ok(true),
        Status::Paused => Ok(false),
        Status::Held { claim, .. } => {
            Err(ClaimError::Held { identifier: identifier.clone(), run: claim.run.clone() }.into())
        }
        Status::Idle | Status::Retrying { .. } | Status::Blocked { .. } | Status::Done | Status::Released => {
            let message = format!("{identifier} is {}: there is no run to pause", work.status.as_str());
            Err(Error::new(Exit::WrongState, "not_running", message))
        }
    }
}

fn must_be_paused(work: &Work) -> Result<()> {
    if work.status == Status::Paused {
        return Ok(());
    }
    let (identifier, status) = (&work.identifier, work.status.as_str());
    Err(Error::new(Exit::WrongState, "not_paused", format!("{identifier} is not paused, but {status}"))
        .hint(format!("`baton status {identifier}` says what can be done")))
}

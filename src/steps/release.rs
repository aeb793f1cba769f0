//! `retry`: a person puts a waiting or blocked issue back into the queue.

use serde_json::json;

use crate::error::{Error, Exit, Result};
use crate::model::{Key, Status, Work};
use crate::project::Project;
use crate::queue::ClaimError;

/// Clears a block, a pause or a wait; the issue is idle again and its failures are forgotten. `false`: there was
/// nothing to clear.
pub fn retry(project: &Project, key: &Key) -> Result<bool> {
    enum Answer {
        Changed,
        Nothing,
        Active(String),
        Over(&'static str),
    }
    let answer = project.store.transact(project.seams.now(), &project.by(None), |tx| {
        let Some(work) = tx.get::<Work>(key.as_str())? else { return Ok(Answer::Nothing) };
        match &work.status {
            Status::Claimed { claim } | Status::Running { claim } => Ok(Answer::Active(claim.run.to_string())),
            Status::Held { claim, .. } => {
                Err(ClaimError::Held { identifier: work.identifier.clone(), run: claim.run.clone() })
            }
            Status::Done => Ok(Answer::Over("done")),
            Status::Released => Ok(Answer::Over("released")),
            Status::Idle => Ok(Answer::Nothing),
            Status::Retrying { .. } | Status::Blocked { .. } | Status::Paused => {
                tx.event("issue.retried", Some(&work.identifier), None, json!({ "was": work.status.as_str() }));
                tx.put(&work.requeued())?;
                Ok(Answer::Changed)
            }
        }
    })?;
    match answer {
        Answer::Changed => Ok(true),
        Answer::Nothing => Ok(false),
        Answer::Active(run) => {
            Err(Error::new(Exit::WrongState, "already_active", format!("{key} is already active in run {run}")))
        }
        Answer::Over(status) => Err(Error::new(Exit::WrongState, "wrong_state", format!("{key} is {status}"))
            .hint("change its state in the tracker to an active one, then `baton poll`")),
    }
}

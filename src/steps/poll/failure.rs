//! A tracker's failure is kept where `status` shows it, until the next good poll.

use serde_json::json;

use crate::chain::chain;
use crate::error::Result;
use crate::model::{PollError, StateRecord};
use crate::project::{Project, STATE};
use crate::store::StoreError;
use crate::tracker::TrackerError;

/// Keeps a failure; the same one again is not written again.
pub(super) fn remember(project: &Project, error: &TrackerError) -> Result<()> {
    let known: StateRecord = project.store.get(STATE)?.unwrap_or_default();
    let (code, message) = (error.code().to_owned(), chain(error));
    if known.poll_error.as_ref().is_some_and(|old| (&old.code, &old.message) == (&code, &message)) {
        return Ok(());
    }
    let now = project.seams.now();
    project.store.transact(now, &project.by(None), |tx| {
        let state: StateRecord = tx.get(STATE)?.unwrap_or_default();
        tx.event("poll.failed", None, None, json!({ "code": code, "message": message }));
        tx.put(&StateRecord { poll_error: Some(PollError { at: now, code, message }), ..state })?;
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

/// Forgets it after a good poll.
pub(super) fn forget(project: &Project) -> Result<()> {
    if project.store.get::<StateRecord>(STATE)?.is_none_or(|state| state.poll_error.is_none()) {
        return Ok(());
    }
    project.store.transact(project.seams.now(), &project.by(None), |tx| {
        let state: StateRecord = tx.get(STATE)?.unwrap_or_default();
        tx.event("poll.recovered", None, None, json!({}));
        tx.put(&StateRecord { poll_error: None, ..state })?;
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

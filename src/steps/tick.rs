//! One turn of the wheel (SPEC 8.1, 16.2): settle, reconcile, poll, claim. The launches are the caller's to await.

use std::fs::File;

use super::dispatch::{Claims, Wanted, claim_queue, preflight};
use super::poll;
use super::reconcile::{Unwanted, unwanted};
use crate::error::{Error, Exit, Result};
use crate::project::Project;

/// Held while a tick is under way: two loops over one store take turns.
#[derive(Debug)]
pub struct TickLock {
    /// Unlocked when this is dropped.
    _file: File,
}

impl TickLock {
    /// Takes the lock, or `None` where another tick is under way.
    pub fn try_take(project: &Project) -> Result<Option<Self>> {
        Self::try_lock(project, "tick.lock")
    }

    /// Takes the lock of those that tick once, or `None` where another one has not ended yet: what it waits for holds up
    /// no loop, and yet cron does not pile them up.
    pub fn try_take_once(project: &Project) -> Result<Option<Self>> {
        Self::try_lock(project, "once.lock")
    }

    fn try_lock(project: &Project, name: &str) -> Result<Option<Self>> {
        use std::os::unix::fs::OpenOptionsExt;
        project.store.check_owner()?;
        let path = project.store.layout().root.join(name);
        let failed = |source: std::io::Error| {
            Error::new(Exit::Failed, "io", format!("cannot lock {}", path.display())).because(source)
        };
        let mut options = File::options();
        let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// What a tick found and claimed. Ending and launching are the caller's to await, so that a slow one delays no other.
#[derive(Debug, Default)]
pub struct TickReport {
    /// Workers that are to be ended.
    pub(super) unwanted: Vec<Unwanted>,
    /// Claims that wait for their launch, and what else waits.
    pub(super) claims: Claims,
    /// Whether the tracker was polled.
    pub(super) polled: bool,
}

/// Looks for unwanted workers always; polls and claims only where `dispatching` and where the tracker answers (SPEC 8.1,
/// 14.2).
pub async fn tick(project: &Project, dispatching: bool) -> Result<TickReport> {
    let mut report = TickReport { unwanted: unwanted(project, false).await?.workers, ..TickReport::default() };
    if !dispatching {
        return Ok(report);
    }
    let polled = match preflight(project) {
        Ok(()) => poll(project, false).await,
        Err(error) => Err(error),
    };
    match polled {
        Ok(poll) => {
            report.polled = true;
            report.claims = claim_queue(project, poll, &Wanted::default());
        }
        Err(error) => report.claims.failure = Some(error),
    }
    Ok(report)
}

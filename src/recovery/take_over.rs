//! Taking a dead run over: a new fence and a lifeline of one's own, before the first side effect.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::find::made_anew;
use super::{DeadClaim, RecoveryError};
use crate::model::{Claim, ClaimRecord, RunRecord, Status, Work};
use crate::project::Project;
use crate::run_folder::RunFolder;
use crate::store::{By, Fence, StoreError, Transaction};

/// A dead run that is ours to settle as long as this exists.
#[derive(Debug)]
pub(super) struct Taken {
    /// Signs for the run.
    pub(super) by: By,
    /// The run's manifest as it was.
    pub(super) run: RunRecord,
    /// The work, with the new claim.
    pub(super) work: Work,
    _lifeline: File,
}

/// Takes `dead` over; `None` where somebody else has done so, or is at it.
pub(super) fn take_over(project: &Project, dead: &DeadClaim) -> Result<Option<Taken>, RecoveryError> {
    let folder = RunFolder::of(project.store.layout(), &dead.run.run);
    let key = dead.record.key.as_str();
    let run = &dead.run.run;
    project.store.transact(project.seams.now(), &project.by(None), |tx| {
        let (Some(record), Some(work)) = (tx.get::<ClaimRecord>(key)?, tx.get::<Work>(key)?) else { return Ok(None) };
        let manifest: Option<RunRecord> = tx.get(&run.to_string())?;
        let manifest = manifest.unwrap_or_else(|| made_anew(&record, &work));
        if record.claim != dead.record.claim || manifest.outcome.is_some() {
            return Ok(None);
        }
        // Under the store's lock, so that of two who come at once the second sees the first.
        folder.make_anew().map_err(|source| RecoveryError::Io { path: folder.path().to_owned(), source })?;
        let Some(lifeline) = lock(&folder.recovery_lifeline())? else { return Ok(None) };
        let data = json!({ "proof": dead.proof, "fence": record.claim.fence });
        let fence = tx.event("run.taken_over", Some(&work.identifier), Some(run), data);
        let work = renew(tx, work, &record, &manifest, fence)?;
        let by = project.by(Some(Fence { run: run.clone(), seq: fence }));
        Ok(Some(Taken { by, run: manifest, work, _lifeline: lifeline }))
    })
}

fn renew(
    tx: &mut Transaction<'_>,
    work: Work,
    record: &ClaimRecord,
    manifest: &RunRecord,
    fence: u64,
) -> Result<Work, StoreError> {
    let claim = Claim { fence, ..record.claim.clone() };
    let status = match &work.status {
        Status::Claimed { .. } => Status::Claimed { claim: claim.clone() },
        Status::Running { .. } => Status::Running { claim: claim.clone() },
        Status::Held { before, .. } => Status::Held { claim: claim.clone(), before: before.clone() },
        other @ (Status::Idle
        | Status::Retrying { .. }
        | Status::Blocked { .. }
        | Status::Paused
        | Status::Done
        | Status::Released) => other.clone(),
    };
    let work = Work { status, ..work };
    tx.put(&work)?;
    tx.put(&ClaimRecord { claim, ..record.clone() })?;
    tx.put(&RunRecord { fence, ..manifest.clone() })?;
    Ok(work)
}

/// Locks the file, made if need be; `None` where somebody holds it. Observers hold a lifeline for an instant only.
fn lock(path: &Path) -> Result<Option<File>, RecoveryError> {
    let failed = |source| RecoveryError::Io { path: path.to_owned(), source };
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
    for _ in 0..20 {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            Err(TryLockError::Error(source)) if source.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
    Ok(None)
}

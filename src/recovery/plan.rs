//! What settling would do, without doing it.

use serde_json::json;

use super::settle::judge;
use super::{DeadClaim, Found, RecoveryError, Settled, dead_claims};
use crate::model::Work;
use crate::project::Project;
use crate::run_folder::RunFolder;

/// The dead runs that [`super::settle()`] would settle now, each with the evidence.
pub fn plan(project: &Project) -> Result<Vec<Settled>, RecoveryError> {
    let mut planned = Vec::new();
    for DeadClaim { record, run, proof } in dead_claims(project)? {
        let Some(work) = project.store.get::<Work>(record.key.as_str())? else { continue };
        let left = RunFolder::of(project.store.layout(), &run.run).read_outcome();
        let left = left.filter(|_| record.operator_request().is_none());
        let (found, action) = judge(left.as_ref(), &run);
        let message = match (&left, found) {
            (Some(outcome), _) => format!("its outcome `{}` would be committed", outcome.outcome.as_str()),
            (None, Found::ClaimWithoutWorker) => "its claim would be released".to_owned(),
            (None, Found::DeadWorker | Found::OutcomeNotCommitted) => "it would be recorded as interrupted".to_owned(),
        };
        let message = format!("run {} has no worker: {message}", run.run);
        let evidence = json!({ "proof": proof, "supervisor": run.supervisor });
        planned.push(Settled {
            identifier: work.identifier,
            run: run.run,
            found,
            action,
            message,
            evidence,
            status: work.status,
        });
    }
    Ok(planned)
}

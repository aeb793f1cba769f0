//! What settling would do, without doing it: the same looks, the same decisions, and nothing ended or written.

use super::remains::{leaders, unreachable};
use super::settle::Evidence;
use super::{DeadClaim, RecoveryError, Settled, dead_claims, run_mark};
use crate::model::{Status, Work};
use crate::process;
use crate::project::Project;
use crate::queue;
use crate::run_folder::RunFolder;

/// The dead runs that [`super::settle()`] would settle now, each with the evidence.
pub fn plan(project: &Project) -> Result<Vec<Settled>, RecoveryError> {
    let mut planned = Vec::new();
    for dead in dead_claims(project)? {
        let Some(work) = project.store.get::<Work>(dead.record.key.as_str())? else { continue };
        planned.push(plan_one(project, &dead, &work)?);
    }
    Ok(planned)
}

fn plan_one(project: &Project, dead: &DeadClaim, work: &Work) -> Result<Settled, RecoveryError> {
    let DeadClaim { record, run, .. } = dead;
    let folder = RunFolder::of(project.store.layout(), &run.run);
    let (mark, lifeline) = (run_mark(&project.store, &run.run), folder.agent_lifeline());
    let orphans = process::find_orphans(&mark, &leaders(run, &folder), Some(&lifeline));
    let evidence = Evidence {
        left: folder.read_outcome(),
        end: None,
        folder: &folder,
        dead,
        tree: orphans.into_iter().map(|process| process.pid).collect(),
        after_run: folder.read_after_run().map(|receipt| receipt.ok),
    };
    let now = project.seams.now();
    let outcome = evidence.outcome(record, now);
    let mut counted = work.clone();
    counted.tokens.total_tokens += outcome.tokens.total_tokens;
    let status = queue::what_follows(&counted, &outcome, None, &project.policy(), now).status;
    // What can be found can be ended, as far as one can tell; what holds a lifeline and cannot be found, cannot.
    let status = match unreachable(&lifeline).filter(|_| evidence.tree.is_empty()) {
        Some(reason) => Status::Blocked { reasons: vec![reason] },
        None => status,
    };
    evidence.settled(project, work, &outcome, status)
}

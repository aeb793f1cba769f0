//! Claims without a worker: observed, never guessed. Doubt is alive.

use std::time::Duration;

use serde::Serialize;

use super::RecoveryError;
use crate::model::{ClaimRecord, Extra, Phase, RunRecord, Tokens, Work};
use crate::process::{self, Lifeline, Liveness};
use crate::project::Project;
use crate::run_folder::RunFolder;
use crate::store::{Kind, StoreError};

/// How it is known that a worker is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Nobody holds its lifeline.
    LifelineFree,
    /// Its lifeline cannot be read, and its process is gone (its launcher's, where it never came up).
    ProcessGone,
}

/// A claim whose worker is dead.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadClaim {
    /// The claim.
    pub record: ClaimRecord,
    /// The run's manifest, as it was when the claim was found; made anew where its folder has vanished.
    pub run: RunRecord,
    /// How it is known.
    pub proof: Proof,
}

/// The claims whose worker is provably dead. Reads the live claims alone, not the working set. A claim whose run cannot
/// be read is left to `doctor`; one whose run has vanished is not: the claim itself says who has it.
pub fn dead_claims(project: &Project) -> Result<Vec<DeadClaim>, RecoveryError> {
    let mut dead = Vec::new();
    for record in project.store.snapshot(&[Kind::Claims])?.all::<ClaimRecord>() {
        let Some(proof) = is_dead(project, &record, Duration::ZERO) else { continue };
        match run_of(project, &record) {
            Ok(Some(run)) => dead.push(DeadClaim { record, run, proof }),
            Ok(None) => tracing::warn!(run = %record.claim.run, "claim of an issue that the store does not know"),
            Err(error) => tracing::warn!(run = %record.claim.run, %error, "run not readable"),
        }
    }
    Ok(dead)
}

fn run_of(project: &Project, record: &ClaimRecord) -> Result<Option<RunRecord>, StoreError> {
    if let Some(run) = project.store.get(&record.claim.run.to_string())? {
        return Ok(Some(run));
    }
    let work: Option<Work> = project.store.get(record.key.as_str())?;
    Ok(work.map(|work| made_anew(record, &work)))
}

/// The manifest of a run whose folder has vanished: what its claim and its issue say of it.
pub(super) fn made_anew(record: &ClaimRecord, work: &Work) -> RunRecord {
    RunRecord {
        run: record.claim.run.clone(),
        identifier: work.identifier.clone(),
        issue_id: work.issue_id.clone(),
        attempt: work.attempts.checked_sub(1).filter(|before| *before > 0),
        fence: record.claim.fence,
        phase: Phase::PreparingWorkspace,
        agent: String::new(),
        supervisor: record.supervisor.clone(),
        agent_process: None,
        workspace: None,
        session_id: None,
        turns: 0,
        tokens: Tokens::default(),
        started_at: record.claim.at,
        outcome: None,
        hooks: Vec::new(),
        extra: Extra::new(),
    }
}

/// Whether nobody holds the claim any more, and how that is known; a holder that is just dying is given `patience`.
///
/// Where the lifeline says nothing, its supervisor's process decides. Before one is recorded, the launcher's does: a
/// supervisor that it may have left behind does nothing before it is recorded, and is refused that once the claim was
/// taken over.
#[must_use]
pub fn is_dead(project: &Project, claim: &ClaimRecord, patience: Duration) -> Option<Proof> {
    let path = RunFolder::of(project.store.layout(), &claim.claim.run).lifeline();
    match process::probe_lifeline(&path, patience) {
        Lifeline::Held => None,
        Lifeline::Free => Some(Proof::LifelineFree),
        Lifeline::Unknown => match process::liveness(claim.supervisor.as_ref().or(claim.launcher.as_ref())?) {
            Liveness::Dead => Some(Proof::ProcessGone),
            Liveness::Alive | Liveness::Unknown => None,
        },
    }
}

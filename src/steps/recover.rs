//! `recover`: settle what is provably dead, and say what needs a person.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Result;
use crate::model::{ClaimRecord, Reason, RunId, Status, Work};
use crate::project::Project;
use crate::recovery::{self, Action, Settled};
use crate::store::Kind;

/// What was found and done.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct RecoverReport {
    /// How many claims were settled; 0 for a dry run.
    pub changed: usize,
    /// What was, or would be, done.
    pub actions: Vec<Settled>,
    /// Runs whose worker lives, or cannot be proved dead.
    pub live: Vec<RunId>,
    /// Issues that wait for a person.
    pub operator_required: Vec<OperatorRequired>,
}

/// An issue that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct OperatorRequired {
    /// Which.
    pub identifier: String,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What can be done.
    pub available_actions: Vec<&'static str>,
}

impl RecoverReport {
    /// Whether this call found something that it may not decide.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        self.actions.iter().any(|settled| settled.action == Action::Blocked)
    }
}

/// Settles the dead workers of all issues; a second call changes nothing.
pub async fn recover(project: &Project, dry_run: bool) -> Result<RecoverReport> {
    let actions = if dry_run { recovery::plan(project)? } else { recovery::settle(project, None).await? };
    let snapshot = project.store.snapshot(&[Kind::Claims, Kind::Work])?;
    let settled: Vec<&RunId> = actions.iter().map(|settled| &settled.run).collect();
    let claims = snapshot.all::<ClaimRecord>().into_iter().map(|record| record.claim.run);
    let live = claims.filter(|run| !settled.contains(&run)).collect();
    let operator_required = snapshot.all::<Work>().into_iter().filter_map(operator_required).collect();
    Ok(RecoverReport { changed: if dry_run { 0 } else { actions.len() }, live, operator_required, actions })
}

fn operator_required(work: Work) -> Option<OperatorRequired> {
    let available_actions = super::status::actions(&work.status);
    match work.status {
        Status::Blocked { reasons } => {
            Some(OperatorRequired { identifier: work.identifier, reasons, available_actions })
        }
        Status::Idle
        | Status::Claimed { .. }
        | Status::Running { .. }
        | Status::Held { .. }
        | Status::Retrying { .. }
        | Status::Paused
        | Status::Done
        | Status::Released => None,
    }
}

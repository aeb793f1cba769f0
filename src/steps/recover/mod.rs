//! `recover`: put right what is provably left behind, and say what needs a person. Schedules, and never launches.

mod action;
mod workspaces;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::workspace::{Look, WorkspaceView, workspaces as inventory};
use crate::error::Result;
use crate::model::{Acknowledgement, ClaimRecord, Reason, RunId, SessionRecord, Status};
use crate::project::Project;
use crate::recovery::{self, Action, Found, Settled};
use crate::store::{Kind, Row};

pub use action::{OperatorAction, act};
pub(super) use workspaces::repair;

/// What was found and done.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize)]
pub struct RecoverReport {
    /// How many of the actions were carried out; 0 for a dry run.
    pub changed: usize,
    /// What was, or would be, done.
    pub actions: Vec<Recovered>,
    /// What was to be done and failed; it is found again.
    pub failed: Vec<FailedRepair>,
    /// Runs whose worker lives, or cannot be proved dead.
    pub live: Vec<RunId>,
    /// Issues that wait for a person.
    pub operator_required: Vec<OperatorRequired>,
    /// Directories among the workspaces that no issue claims, and that were left in their place.
    pub orphans: Vec<PathBuf>,
    /// Every workspace on record with its issue, as it was found, where that was asked for.
    pub workspaces: Vec<WorkspaceView>,
    /// Whether nothing was done.
    pub dry_run: bool,
}

/// Something that was found, and what was done about it.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct Recovered {
    /// Whose; absent where no issue claims it.
    pub identifier: Option<String>,
    /// The run; absent where it is about a workspace.
    pub run: Option<RunId>,
    /// What was found.
    pub found: Found,
    /// What was done about it.
    pub action: Action,
    /// One sentence.
    pub message: String,
    /// How it is known, and what was ended.
    pub evidence: Value,
}

/// Something that could not be put right.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct FailedRepair {
    /// Whose; absent where no issue claims it.
    pub identifier: Option<String>,
    /// A stable word.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// An issue that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct OperatorRequired {
    /// Which.
    pub identifier: String,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What can be done: words for `recover ISSUE --action`, and `retry`.
    pub available_actions: Vec<&'static str>,
    /// Who has seen it, if somebody has.
    pub acknowledged: Option<Acknowledgement>,
}

/// What is looked for and done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecoverOptions {
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// Archive the directories that no issue claims.
    pub orphans: bool,
    /// List every workspace on record.
    pub inventory: bool,
}

impl RecoverReport {
    /// Whether this call found something that it may not decide.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        self.actions.iter().any(|done| done.action == Action::Blocked)
    }
}

impl From<Settled> for Recovered {
    fn from(settled: Settled) -> Self {
        let Settled { identifier, run, found, action, message, evidence, .. } = settled;
        Self { identifier: Some(identifier), run: Some(run), found, action, message, evidence }
    }
}

/// Puts right what a crash left of all issues; a second call changes nothing.
pub async fn recover(project: &Project, options: RecoverOptions) -> Result<RecoverReport> {
    let mut report = RecoverReport { dry_run: options.dry_run, ..RecoverReport::default() };
    if options.inventory {
        report.workspaces = inventory(&project.store, Some(project), project.seams.now(), Look::default())?;
    }
    let settled = if options.dry_run { recovery::plan(project)? } else { recovery::settle(project, None).await? };
    // What a dry run foresees of an issue decides what becomes of its workspace.
    let foreseen = settled.iter().map(|settled| (settled.run.key.clone(), settled.status.clone()));
    let foreseen = if options.dry_run { foreseen.collect() } else { BTreeMap::new() };
    let runs: Vec<RunId> = settled.iter().map(|settled| settled.run.clone()).collect();
    report.actions = settled.into_iter().map(Recovered::from).collect();
    repair(project, &foreseen, options.dry_run, &mut report).await?;
    let rows = project.store.rows()?;
    workspaces::orphans(project, &rows, options, &mut report).await?;
    report.changed = if options.dry_run { 0 } else { report.actions.len() };
    let claims = project.store.snapshot(&[Kind::Claims])?.all::<ClaimRecord>();
    report.live = claims.into_iter().map(|record| record.claim.run).filter(|run| !runs.contains(run)).collect();
    let kind = project.workflow.config.agent.kind.as_str();
    for Row { key, identifier, status, acknowledged, .. } in rows.rows {
        if let Status::Blocked { reasons } = status {
            let session: Option<SessionRecord> = project.store.get(key.as_str()).ok().flatten();
            let resumable = session.is_some_and(|session| session.agent == kind);
            report.operator_required.push(operator_required(identifier, reasons, acknowledged, resumable));
        }
    }
    Ok(report)
}

fn operator_required(
    identifier: String,
    reasons: Vec<Reason>,
    acknowledged: Option<Acknowledgement>,
    resumable: bool,
) -> OperatorRequired {
    let resume = (resumable && reasons.iter().all(action::is_cleared_by_resuming)).then_some("resume");
    let available_actions = resume.into_iter().chain(["restart", "acknowledge", "retry"]).collect();
    OperatorRequired { identifier, reasons, available_actions, acknowledged }
}

//! `dispatch`: launch what may run, in order, until the slots are full (SPEC 8.1, 8.2, 16.4).

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{PollReport, WaitingEntry, poll};
use crate::agent;
use crate::error::{Error, Result};
use crate::join::join_all;
use crate::model::{Issue, Key, Reason, ReasonCode, RunId};
use crate::project::Project;
use crate::queue::{self, Asked, ClaimError, Claimed, Override};
use crate::recovery;
use crate::store::StoreError;
use crate::worker::{self, LaunchOptions, LaunchReport, LaunchResult};

/// What was launched.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize)]
pub struct DispatchReport {
    /// In dispatch order.
    pub launched: Vec<LaunchedRun>,
    /// Launches that failed; their retry is scheduled.
    pub failed: Vec<FailedLaunch>,
    /// What waits, and why.
    pub waiting: Vec<WaitingEntry>,
    /// Whether nothing was done, and `launched` is what would be.
    pub dry_run: bool,
}

/// A worker that is up.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct LaunchedRun {
    /// The issue.
    pub identifier: String,
    /// Its run.
    pub run: RunId,
    /// The supervisor; none for a launch that is only planned.
    pub pid: Option<u32>,
}

/// A launch that failed.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct FailedLaunch {
    /// The issue.
    pub identifier: String,
    /// Its run.
    pub run: RunId,
    /// Why.
    pub error: LaunchError,
}

/// Why a launch failed.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct LaunchError {
    /// A stable word.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// A claim that waits for its launch.
#[derive(Debug)]
pub struct ToLaunch {
    /// The issue's key.
    pub key: Key,
    /// The issue, fetched just now.
    pub issue: Issue,
    /// The journal number at which that request began.
    pub asked_at: u64,
    /// The claim.
    pub claimed: Claimed,
}

/// Polls, claims what may run and launches it side by side; returns when every launch has reported. Where a claim
/// failed, what was claimed before is launched all the same, and the failure is told beside the report.
pub async fn dispatch(
    project: &Project,
    wanted: &Wanted,
    launch_timeout: Duration,
) -> Result<(DispatchReport, Option<Error>)> {
    preflight(project)?;
    recovery::settle(project, None).await?;
    let poll = poll(project, false).await?;
    let Claims { to_launch, waiting, failure } = claim_queue(project, poll, wanted);
    let launches = to_launch.into_iter().map(|claim| launch(project, claim, launch_timeout));
    let mut report = DispatchReport { waiting, ..DispatchReport::default() };
    for (identifier, launch) in join_all(launches).await {
        report.add(identifier, launch);
    }
    Ok((report, failure))
}

/// What was claimed for a dispatch.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// Claims that wait for their launch, in dispatch order.
    pub(super) to_launch: Vec<ToLaunch>,
    /// What waits, and why.
    pub(super) waiting: Vec<WaitingEntry>,
    /// Why no more was claimed.
    pub(super) failure: Option<Error>,
}

/// Which of the eligible issues, and how many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only these; empty means all.
    pub keys: Vec<Key>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// Claims the eligible issues of a poll in its order. What somebody else took meanwhile, or has no slot any more, waits;
/// a failure of ours ends the claiming, and nothing that was claimed is lost.
pub(super) fn claim_queue(project: &Project, poll: PollReport, wanted: &Wanted) -> Claims {
    let PollReport { eligible, mut waiting, asked_at, .. } = poll;
    let chosen = |key: &Key| wanted.keys.is_empty() || wanted.keys.contains(key);
    waiting.retain(|entry| chosen(&entry.key));
    let mut claims = Claims { waiting, ..Claims::default() };
    for (key, issue) in eligible.into_iter().filter(|(key, _)| chosen(key)).take(wanted.limit.unwrap_or(usize::MAX)) {
        match claim(project, &key, &issue, asked_at, Override::Nothing) {
            Ok(claimed) => claims.to_launch.push(ToLaunch { key, issue, asked_at, claimed }),
            Err(error) => match refusal(error) {
                Ok(reasons) => claims.waiting.push(WaitingEntry { reasons, identifier: issue.identifier, key }),
                Err(error) => {
                    claims.failure = Some(error);
                    break;
                }
            },
        }
    }
    claims
}

/// Why a claim was refused, where that is no failure of ours.
fn refusal(error: ClaimError) -> Result<Vec<Reason>> {
    match error {
        ClaimError::NotEligible { reasons, .. } => Ok(reasons),
        ClaimError::Claimed { run, .. } => Ok(vec![Reason::new(ReasonCode::Claimed, format!("run {run} has it"))]),
        ClaimError::Held { .. } => Ok(vec![Reason::new(ReasonCode::Held, error.to_string())]),
        ClaimError::Stale { .. } => {
            Ok(vec![Reason::new(ReasonCode::Claimed, "another run had it meanwhile; the next poll decides")])
        }
        ClaimError::Store(StoreError::DamagedDocument { .. }) => {
            Ok(vec![Reason::new(ReasonCode::Damaged, "its manifest is damaged; `baton status` says how")])
        }
        ClaimError::Unknown(_) | ClaimError::KeyReused(_) | ClaimError::Io { .. } | ClaimError::Store(_) => {
            Err(error.into())
        }
    }
}

/// What is checked before every dispatch (SPEC 6.3) and is not part of a valid configuration: that this build has the
/// agent.
pub fn preflight(project: &Project) -> Result<()> {
    Ok(agent::from_config(&project.workflow.config).map(drop)?)
}

/// Takes the claim, signed by this command.
pub fn claim(
    project: &Project,
    key: &Key,
    issue: &Issue,
    asked_at: u64,
    overriding: Override,
) -> std::result::Result<Claimed, ClaimError> {
    let agent = project.workflow.config.agent.kind.as_str();
    let asked = Asked { key, issue, asked_at, agent, overriding };
    queue::take(&project.store, &project.by(None), &asked, &project.policy(), project.seams.now())
}

/// Launches the worker of a claim.
pub async fn launch(project: &Project, claim: ToLaunch, launch_timeout: Duration) -> (String, LaunchReport) {
    let ToLaunch { key, issue, asked_at, claimed } = claim;
    let report = worker::launch(project, claimed, &issue, &key, asked_at, LaunchOptions { launch_timeout }).await;
    (issue.identifier, report)
}

impl DispatchReport {
    /// Adds what a launch reported.
    pub fn add(&mut self, identifier: String, launch: LaunchReport) {
        match launch.result {
            LaunchResult::Launched => {
                self.launched.push(LaunchedRun { identifier, run: launch.run, pid: launch.pid });
            }
            LaunchResult::Failed { code, message } => {
                let error = LaunchError { code, message };
                self.failed.push(FailedLaunch { identifier, run: launch.run, error });
            }
        }
    }
}

//! `baton worker launch`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::context::block_on;
use crate::cli::ui::{Style, View};
use crate::cli::values::duration;
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Error, Exit, Result};
use crate::model::{Outcome, OutcomeKind, RunId, RunRecord};
use crate::project::Project;
use crate::queue::Override;
use crate::steps::{self, LaunchPlan, LaunchedBefore, ToLaunch};
use crate::worker::{self, LaunchReport, LaunchResult, Supervised};

/// Claim an issue, start its worker, and print the run's id
///
/// The issue is fetched from the tracker again, and must be eligible and have a slot. Returns when its agent runs; the
/// worker goes on by itself and outlives this command, the terminal and `baton run`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  run=$(baton worker launch TASK-1)
  baton worker launch --wait TASK-1
  baton worker launch --foreground TASK-1
  baton worker launch TASK-1 --idempotency-key \"deploy-$BUILD\"")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    issue: String,
    /// Wait for the run's end, and exit with its outcome's code
    #[arg(long, conflicts_with = "foreground")]
    wait: bool,
    /// Supervise in this process, for CI: a signal ends the agent
    #[arg(long)]
    foreground: bool,
    /// Launch although its retry is not due yet, or it is blocked
    #[arg(long)]
    now: bool,
    /// How long a phase of the launch may take; hooks have their own timeout
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", default_value = "60s", value_parser = duration)]
    launch_timeout: Duration,
    /// Launch once: the same request under this key prints the same run ever after
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    dry_run: DryRun,
}

/// A launch, and with `--wait` or `--foreground` its outcome.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::cli) struct Report {
    /// The issue.
    identifier: String,
    /// Its run.
    run: RunId,
    /// Which retry it is; absent for the first run.
    attempt: Option<u32>,
    /// The supervisor.
    pid: Option<u32>,
    /// The workspace's path.
    workspace: Option<String>,
    /// The agent's session, where it has one.
    session_id: Option<String>,
    #[serde(flatten)]
    outcome: Option<Outcome>,
    /// Whether nothing was launched, and this is what would be.
    dry_run: bool,
    /// Whether the same request led to this run before, where it was asked for under an idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    replayed: Option<bool>,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project(cx, "worker launch", ui)?;
    let overriding = if args.now { Override::RetryNow } else { Override::Nothing };
    let target = cx.target(&args.issue);
    let key = args.idempotency_key.as_deref();
    let once = key.map(|key| steps::launch_request(&project, key, &target, overriding)).transpose()?;
    if args.dry_run.is_asked() {
        if let Some(before) = once.as_ref().map(|once| steps::launched_before(&project, once)).transpose()?.flatten() {
            let report = Report { dry_run: true, ..Report::before(&project, before, false)? };
            ui.show(&report);
            return Ok(args.dry_run.exit(false));
        }
        let plan = block_on(async {
            let found = steps::find_as_it_is(&project, &target).await?;
            steps::preview_launch(&project, &found, overriding).await
        })??;
        ui.show(&Report::from(plan));
        return Ok(args.dry_run.exit(true));
    }
    cx.warn_about_ci(args.wait || args.foreground, ui);
    block_on(async {
        if let Some(once) = &once
            && let Some(before) = steps::launched_again(&project, once)?
        {
            return replay(&project, args, before, ui).await;
        }
        steps::preflight(&project)?;
        let found = steps::find(&project, &target).await?;
        let fresh = steps::refetch(&project, &found).await?;
        let claimed = match &once {
            None => steps::claim(&project, &found.key, &fresh.issue, fresh.asked_at, overriding)?,
            Some(once) => {
                let asked = (&fresh.issue, fresh.asked_at);
                match steps::claim_once(&project, &found.key, asked, overriding, once)? {
                    Ok(claimed) => claimed,
                    Err(before) => return replay(&project, args, before, ui).await,
                }
            }
        };
        let replayed = once.map(|_| false);
        let claim = ToLaunch { key: found.key, issue: fresh.issue, asked_at: fresh.asked_at, claimed };
        if args.foreground {
            return foreground(&project, claim, replayed, ui).await;
        }
        let (identifier, launch) = steps::launch(&project, claim, args.launch_timeout).await;
        let run = launch.run.clone();
        if !args.wait || !was_canceled(&project, &launch)? {
            failed(&launch)?;
        }
        if !args.wait {
            ui.show(&Report { replayed, ..Report::new(identifier, launch, None) });
            return Ok(Exit::Done);
        }
        let outcome = worker::wait(&project, &run).await?;
        let exit = worker::exit_of(&outcome);
        super::tell_failure(&run, &outcome, ui);
        ui.show(&Report { replayed, ..Report::new(identifier, launch, Some(outcome)) });
        Ok(exit)
    })?
}

async fn foreground(project: &Project, claim: ToLaunch, replayed: Option<bool>, ui: &Ui) -> Result<Exit> {
    let (identifier, run, attempt) = (claim.issue.identifier.clone(), claim.claimed.run.clone(), claim.claimed.attempt);
    ui.note(&format!("run {run} in the foreground"));
    let supervised = worker::foreground(project, claim.claimed, &claim.issue, &claim.key, claim.asked_at).await?;
    let exit = supervised.exit();
    match supervised {
        Supervised::Finished { outcome, .. } => {
            let record: Option<RunRecord> = project.store.get(&run.to_string())?;
            let (workspace, session_id) =
                record.map(|record| (record.workspace, record.session_id)).unwrap_or_default();
            let pid = Some(std::process::id());
            super::tell_failure(&run, &outcome, ui);
            let outcome = Some(outcome);
            let dry_run = false;
            ui.show(&Report { identifier, run, attempt, pid, workspace, session_id, outcome, dry_run, replayed });
        }
        Supervised::Lost { reason } => {
            let text = format!("run {run} is no longer this worker's, which ended its agent: {reason}");
            return Err(Error::new(Exit::Conflict, "stale_fence", text));
        }
        Supervised::Abandoned { .. } => ui.warn(&format!("run {run} is left to `baton recover`")),
    }
    Ok(exit)
}

/// Answers as before; with `--wait` or `--foreground` when the run has ended, with its outcome's code.
async fn replay(project: &Project, args: &Args, before: LaunchedBefore, ui: &Ui) -> Result<Exit> {
    let waited = args.wait || args.foreground;
    let is_there = project.store.get::<RunRecord>(&before.run.to_string())?.is_some();
    let mut exit = Exit::Done;
    if waited && is_there {
        let outcome = worker::wait(project, &before.run).await?;
        super::tell_failure(&before.run, &outcome, ui);
        exit = worker::exit_of(&outcome);
    }
    ui.show(&Report::before(project, before, waited)?);
    Ok(exit)
}

/// Whether the run ended before its agent worked because somebody wanted it to: that is an outcome like any other.
fn was_canceled(project: &Project, launch: &LaunchReport) -> Result<bool> {
    let record: Option<RunRecord> = project.store.get(&launch.run.to_string())?;
    let outcome = record.and_then(|record| record.outcome).map(|outcome| outcome.outcome);
    Ok(outcome == Some(OutcomeKind::Canceled))
}

fn failed(launch: &LaunchReport) -> Result<()> {
    match &launch.result {
        LaunchResult::Launched => Ok(()),
        LaunchResult::Failed { code, message } => {
            let hint = format!("`baton worker show {}` tells more; its retry is scheduled", launch.run);
            let text = format!("run {} could not be launched ({code}): {message}", launch.run);
            Err(Error::new(Exit::WorkerFailed, "launch_failed", text).hint(hint))
        }
    }
}

impl Report {
    fn new(identifier: String, launch: LaunchReport, outcome: Option<Outcome>) -> Self {
        let LaunchReport { run, pid, attempt, workspace, session_id, .. } = launch;
        Self { identifier, run, attempt, pid, workspace, session_id, outcome, dry_run: false, replayed: None }
    }
}

impl Report {
    /// A launch that was answered before.
    fn before(project: &Project, before: LaunchedBefore, waited: bool) -> Result<Self> {
        let LaunchedBefore { identifier, run, attempt } = before;
        let record: Option<RunRecord> = project.store.get(&run.to_string())?;
        let pid = record.as_ref().and_then(|record| record.supervisor.as_ref()).map(|supervisor| supervisor.pid);
        let (workspace, session_id, outcome) =
            record.map(|record| (record.workspace, record.session_id, record.outcome)).unwrap_or_default();
        let (outcome, dry_run, replayed) = (outcome.filter(|_| waited), false, Some(true));
        Ok(Self { identifier, run, attempt, pid, workspace, session_id, outcome, dry_run, replayed })
    }
}

impl From<LaunchPlan> for Report {
    fn from(plan: LaunchPlan) -> Self {
        let LaunchPlan { identifier, run, attempt, workspace } = plan;
        let (workspace, dry_run) = (Some(workspace.display().to_string()), true);
        Self {
            identifier,
            run,
            attempt,
            pid: None,
            workspace,
            session_id: None,
            outcome: None,
            dry_run,
            replayed: None,
        }
    }
}

impl View for Report {
    const KIND: &'static str = "launch";

    fn text(&self, _: Style) -> String {
        let verb = if self.dry_run { "would launch " } else { "" };
        format!("{verb}{}\n", self.run)
    }
}

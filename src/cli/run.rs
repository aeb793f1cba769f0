//! `baton run`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::context::block_on;
use super::progress::Progress;
use super::render::{reasons, table};
use super::ui::{Line, Style, View};
use super::values::duration;
use super::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::project::Project;
use crate::steps::{
    self, DispatchReport, ReconcileReport, RunEnd, RunMode, RunOptions, RunSummary, Target, WaitingEntry,
};
use crate::tracker;
use crate::workflow::Watch;

/// Loop all steps until told to stop
///
/// Settles what a crash left, then reconciles, polls and dispatches, again and again; WORKFLOW.md is reloaded when it
/// changes. The first SIGINT or SIGTERM stops dispatching; the workers go on by themselves, and the next `baton run`
/// finds them. Any number of these loops, and any single step, may run beside each other.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton run
  baton run --once --quiet
  baton run --until-idle --timeout 1h
  baton run path/to/WORKFLOW.md")]
pub struct Args {
    /// The WORKFLOW.md to run, as --workflow
    #[arg(value_name = "WORKFLOW", conflicts_with = "workflow")]
    path: Option<PathBuf>,
    /// One tick, for cron; silent when another one is under way
    #[arg(long, conflicts_with = "until_idle")]
    once: bool,
    /// End when nothing runs, no retry is scheduled and nothing is eligible, for CI
    #[arg(long)]
    until_idle: bool,
    /// End after this time with exit code 21; the workers go on
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// How long a phase of a launch may take; hooks have their own timeout
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", default_value = "60s", value_parser = duration)]
    launch_timeout: Duration,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let cx = &cx.with_workflow(args.path.as_deref());
    if args.dry_run.is_asked() {
        let project = args.dry_run.project(cx, "run", ui)?;
        let plan = block_on(Plan::make(&project))??;
        ui.show(&plan);
        return Ok(args.dry_run.exit(plan.changes()));
    }
    let project = match cx.project("run", ui) {
        Err(error) if args.once && error.exit == Exit::Config => {
            let project = cx.project_or_last_good("run", ui)?;
            block_on(steps::reconcile(&project, false))??;
            return Err(error);
        }
        project => project?,
    };
    let mode = match (args.once, args.until_idle) {
        (true, _) => RunMode::Once,
        (false, true) => RunMode::UntilIdle,
        (false, false) => RunMode::Forever,
    };
    let options = RunOptions { mode, timeout: args.timeout, launch_timeout: args.launch_timeout };
    let driven = drive(project, cx, options, ui)?;
    report(&driven, ui);
    let exit = driven.summary.exit();
    match driven.summary.end {
        RunEnd::Failed(error) => Err(error),
        RunEnd::Once | RunEnd::Elsewhere | RunEnd::Idle | RunEnd::Timeout | RunEnd::Signal(_) => Ok(exit),
    }
}

/// What the first round of the loop would do.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Plan {
    /// What would be settled, ended and cleaned.
    reconcile: ReconcileReport,
    /// What would be launched.
    dispatch: DispatchReport,
}

impl Plan {
    async fn make(project: &Project) -> Result<Self> {
        let (reconcile, _) = steps::reconcile(project, true).await?;
        let dispatch = steps::preview_dispatch(project, &steps::Wanted::default()).await?;
        Ok(Self { reconcile, dispatch })
    }

    fn changes(&self) -> bool {
        let ReconcileReport { stopped, cleaned, settled, .. } = &self.reconcile;
        !(stopped.is_empty() && cleaned.is_empty() && settled.is_empty() && self.dispatch.launched.is_empty())
    }
}

impl View for Plan {
    const KIND: &'static str = "run_plan";

    fn text(&self, style: Style) -> String {
        self.reconcile.text(style) + &self.dispatch.text(style)
    }
}

/// How a loop ended, and which branches wait to be merged.
pub(super) struct Driven {
    /// How it ended.
    pub(super) summary: RunSummary,
    /// Identifier, title and branch of the issues that were finished meanwhile.
    finished: Vec<[String; 3]>,
}

/// Runs the loop with its display.
pub(super) fn drive(project: Project, cx: &Ctx, options: RunOptions, ui: &Ui) -> Result<Driven> {
    let store = Arc::clone(&project.store);
    let watch = Watch::new(project.workflow.path.clone(), cx.seams.env.clone(), tracker::profile);
    let mut progress = Progress::new(ui, Arc::clone(&store));
    let summary = block_on(steps::run(project, watch, options, &mut |news| progress.tell(&news)))?;
    progress.finish();
    let mut finished = Vec::new();
    for (identifier, title) in progress.done() {
        let found = steps::find_known(&store, &Target::Named(identifier.clone()))?;
        if let Some(branch) = found.and_then(|found| found.work.workspace).and_then(|workspace| workspace.branch) {
            finished.push([identifier, title, branch]);
        }
    }
    Ok(Driven { summary: summary?, finished })
}

/// How the loop ended: the last line of its stream.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(tag = "type", rename = "end")]
pub(super) struct End<'s> {
    /// Why it ended.
    end: Why,
    /// Issues whose workers go on by themselves.
    running: &'s [String],
    /// What waits, and why.
    waiting: &'s [WaitingEntry],
}

impl Line for End<'_> {
    const KIND: &'static str = "end";
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
enum Why {
    /// One tick was asked for.
    Once,
    /// One tick was asked for, and it failed.
    Failed,
    /// One tick was asked for, and another process is at it.
    Elsewhere,
    /// Nothing runs, no retry is scheduled and nothing is eligible.
    Idle,
    /// `--timeout` is over.
    Timeout,
    /// A signal.
    Signal,
}

impl From<&RunEnd> for Why {
    fn from(end: &RunEnd) -> Self {
        match end {
            RunEnd::Once => Self::Once,
            RunEnd::Failed(_) => Self::Failed,
            RunEnd::Elsewhere => Self::Elsewhere,
            RunEnd::Idle => Self::Idle,
            RunEnd::Timeout => Self::Timeout,
            RunEnd::Signal(_) => Self::Signal,
        }
    }
}

/// Says how it ended: what was finished, what goes on, and what waits.
pub(super) fn report(driven: &Driven, ui: &Ui) {
    let summary = &driven.summary;
    if ui.json() {
        ui.line(&End { end: Why::from(&summary.end), running: &summary.running, waiting: &summary.waiting });
        return;
    }
    let merge = |[issue, title, branch]: &[String; 3]| {
        [issue.clone(), title.clone(), branch.clone(), format!("git merge {branch}")]
    };
    ui.data(&table(ui.style(), ["DONE", "TITLE", "BRANCH", "TO MERGE IT"], driven.finished.iter().map(merge)));
    let leaving = matches!(summary.end, RunEnd::Signal(_) | RunEnd::Timeout);
    if leaving && !summary.running.is_empty() {
        ui.note(&format!("still running: {}", summary.running.join(", ")));
        ui.note("they go on by themselves; `baton status` shows them, `baton worker stop --all` ends them");
    }
    if matches!(summary.end, RunEnd::Idle | RunEnd::Timeout) && !summary.waiting.is_empty() {
        let rows = summary.waiting.iter().map(|entry| [entry.identifier.clone(), reasons(&entry.reasons)]);
        ui.note(table(ui.style(), ["WAITS", "WHY"], rows).trim_end());
    }
}

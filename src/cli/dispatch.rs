//! `baton dispatch`.

use std::time::Duration;

use super::context::block_on;
use super::render::{reasons, table};
use super::ui::{Style, View};
use super::values::{at_least_one, duration};
use super::worker::tell_failure;
use super::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::model::RunId;
use crate::project::Project;
use crate::steps::{self, DispatchReport, Wanted};
use crate::worker;

/// Launch eligible issues until the slots are full
///
/// Polls, claims what may run in dispatch order, and launches the workers side by side. Returns when each has started
/// its agent or failed to; the workers go on by themselves.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton dispatch
  baton dispatch --limit 1 --wait
  baton dispatch TASK-1 TASK-2
  baton dispatch --dry-run")]
pub struct Args {
    /// Only these issues (identifier, key or id)
    #[arg(value_name = "ISSUE")]
    issues: Vec<String>,
    /// Launch at most N
    #[arg(long, allow_hyphen_values = true, value_name = "N", value_parser = at_least_one)]
    limit: Option<usize>,
    /// Wait until the launched workers have ended
    #[arg(long)]
    wait: bool,
    /// How long a phase of a launch may take; hooks have their own timeout
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", default_value = "60s", value_parser = duration)]
    launch_timeout: Duration,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project(cx, "dispatch", ui)?;
    block_on(async {
        let mut wanted = Wanted { limit: args.limit, ..Wanted::default() };
        if args.dry_run.is_asked() {
            for issue in &args.issues {
                wanted.keys.push(steps::find_as_it_is(&project, &cx.target(issue)).await?.key);
            }
            let plan = steps::preview_dispatch(&project, &wanted).await?;
            ui.show(&plan);
            return Ok(args.dry_run.exit(!plan.launched.is_empty()));
        }
        for issue in &args.issues {
            wanted.keys.push(steps::find(&project, &cx.target(issue)).await?.key);
        }
        cx.warn_about_ci(args.wait, ui);
        let (report, failure) = steps::dispatch(&project, &wanted, args.launch_timeout).await?;
        ui.show(&report);
        for failed in &report.failed {
            ui.warn(&format!("{}: {}", failed.identifier, failed.error.message));
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        let launched = if report.failed.is_empty() { Exit::Done } else { Exit::WorkerFailed };
        if !args.wait {
            return Ok(launched);
        }
        let ended = wait_for(&project, report.launched.iter().map(|launched| &launched.run), ui).await?;
        Ok(if launched == Exit::Done { ended } else { launched })
    })?
}

/// Waits for all, and exits with the first failure's code.
async fn wait_for(project: &Project, runs: impl Iterator<Item = &RunId>, ui: &Ui) -> Result<Exit> {
    let mut exit = Exit::Done;
    for run in runs {
        let outcome = worker::wait(project, run).await?;
        tell_failure(run, &outcome, ui);
        if exit == Exit::Done {
            exit = worker::exit_of(&outcome);
        }
    }
    Ok(exit)
}

impl View for DispatchReport {
    const KIND: &'static str = "dispatch";

    fn text(&self, style: Style) -> String {
        let runs = self.launched.iter().map(|launched| &launched.run);
        if !self.dry_run {
            return runs.map(|run| format!("{run}\n")).collect();
        }
        let waiting = self.waiting.iter().map(|entry| [entry.identifier.clone(), reasons(&entry.reasons)]);
        runs.map(|run| format!("would launch {run}\n")).collect::<String>() + &table(style, ["WAITS", "WHY"], waiting)
    }
}

//! `baton pause`.

use std::time::Duration;

use super::context::block_on;
use super::values::duration;
use super::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps;

/// Put an issue aside that is being worked on
///
/// Asks the worker to interrupt its agent's turn, to run after_run and to record the outcome `canceled`; one that does
/// not answer is killed. The issue is `paused` until `baton resume`: its workspace and the agent's conversation stay.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton pause TASK-1 --reason \"after the release\"
  baton resume TASK-1")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    issue: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "paused by an operator")]
    reason: String,
    /// How long to wait before the worker is killed
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "pause", ui)?;
    let target = cx.target(&args.issue);
    let found = steps::find_known(&project.store, &target)?.ok_or_else(|| steps::unknown(&target))?;
    if args.dry_run.is_asked() {
        let plan = steps::pause_plan(&found.work)?;
        ui.show(&plan);
        return Ok(args.dry_run.exit(plan.changes()));
    }
    let (done, status) = block_on(steps::pause(&project, &found.key, &args.reason, args.timeout))??;
    if ui.json() {
        ui.show(&done);
    } else if done.changes() {
        ui.note(&format!("{} is {status}", done.identifier));
    }
    Ok(Exit::Done)
}

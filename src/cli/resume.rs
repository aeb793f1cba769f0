//! `baton resume`.

use super::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps;

/// Put a paused issue back into the queue
///
/// The next dispatch may run it: in the same workspace, and with the same conversation where the agent has one. Its
/// failures still count; `baton retry` forgets them.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton resume TASK-1
  baton resume TASK-1 && baton dispatch TASK-1")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    issue: String,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "resume", ui)?;
    let target = cx.target(&args.issue);
    let found = steps::find_known(&project.store, &target)?.ok_or_else(|| steps::unknown(&target))?;
    if args.dry_run.is_asked() {
        let plan = steps::resume_plan(&found.work)?;
        ui.show(&plan);
        return Ok(args.dry_run.exit(plan.changes()));
    }
    let done = steps::resume(&project, &found.key)?;
    if ui.json() {
        ui.show(&done);
    } else {
        ui.note(&format!("{} is back in the queue", done.identifier));
    }
    Ok(Exit::Done)
}

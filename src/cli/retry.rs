//! `baton retry`.

use super::context::block_on;
use super::ui::{Style, View};
use super::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, Action, ActionKind};

/// Put a waiting or blocked issue back into the queue
///
/// Clears a block, a pause or a wait and forgets the failures; the next dispatch may run the issue. An issue that is
/// being worked on is refused; one that waits for nothing is left as it is.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton retry TASK-1
  baton retry TASK-1 --dry-run")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    issue: String,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project(cx, "retry", ui)?;
    let target = cx.target(&args.issue);
    if args.dry_run.is_asked() {
        let plan = steps::retry_plan(&block_on(steps::find_as_it_is(&project, &target))??.work)?;
        ui.show(&plan);
        return Ok(args.dry_run.exit(plan.changes()));
    }
    let found = block_on(steps::find(&project, &target))??;
    let done = steps::retry(&project, &found.key)?;
    if ui.json() {
        ui.show(&done);
    } else if done.changes() {
        ui.note(&format!("{} is back in the queue", done.identifier));
    }
    Ok(Exit::Done)
}

impl View for Action {
    const KIND: &'static str = "action";

    fn text(&self, _: Style) -> String {
        let what = match self.action {
            _ if !self.changes() => "would be left as it is",
            ActionKind::Retry | ActionKind::Resume => "would be back in the queue",
            ActionKind::Pause => "would be paused",
        };
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} {what}{reason}\n", self.identifier)
    }
}

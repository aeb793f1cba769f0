//! `baton workspace path`.

use crate::cli::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, Look};

/// Print the path of the issue's workspace
///
/// Reads the record alone: nothing is made, and the directory may be gone.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git -C \"$(baton workspace path TASK-1)\" diff")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    issue: String,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let target = cx.target(&args.issue);
    let reading = cx.reading("workspace path", ui)?.ok_or_else(|| steps::unknown(&target))?;
    let found = steps::find_known(&reading.store, &target)?.ok_or_else(|| steps::unknown(&target))?;
    let project = reading.project.ok();
    let view = steps::workspace_of(&reading.store, project.as_ref(), found.work, cx.seams.now(), Look::default())?;
    if ui.json() {
        ui.show(&view);
    } else {
        ui.data(&format!("{}\n", view.record.path.display()));
    }
    Ok(Exit::Done)
}

//! `baton retry`.

use super::context::block_on;
use super::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::steps;

/// Put a waiting or blocked issue back into the queue
///
/// Clears a block, a pause or a wait and forgets the failures; the next dispatch may run the issue. An issue that is
/// being worked on is refused; one that waits for nothing is left as it is.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton retry TASK-1")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    issue: String,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = cx.project("retry", ui)?;
    let found = block_on(steps::find(&project, &cx.target(&args.issue)))??;
    if steps::retry(&project, &found.key)? {
        ui.note(&format!("{} is back in the queue", found.work.identifier));
    }
    Ok(Exit::Done)
}

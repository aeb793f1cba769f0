//! `baton workspace ensure`.

use crate::cli::context::block_on;
use crate::cli::ui::{Style, View};
use crate::cli::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, EnsureReport};

/// Make the issue's workspace if it is not there, and print its path
///
/// Prints the path alone, so that `ws=$(baton workspace ensure ABC-1) && cd "$ws"` works. A second call changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  cd \"$(baton workspace ensure TASK-1)\"
  baton workspace ensure TASK-1 --json")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    issue: String,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = cx.project("workspace ensure", ui)?;
    let report = block_on(async {
        let found = steps::find(&project, &cx.target(&args.issue)).await?;
        steps::ensure(&project, &found, cx.patience()).await
    })??;
    ui.show(&report);
    Ok(Exit::Done)
}

impl View for EnsureReport {
    const KIND: &'static str = "workspace_ensure";

    fn text(&self, _: Style) -> String {
        format!("{}\n", self.path.display())
    }
}

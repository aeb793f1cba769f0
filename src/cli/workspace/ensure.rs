//! `baton workspace ensure`.

use crate::cli::context::block_on;
use crate::cli::ui::{Style, View};
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::project::Project;
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
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project(cx, "workspace ensure", ui)?;
    if args.dry_run.is_asked() {
        let plan = plan(&args.issue, cx, &project)?;
        ui.show(&plan);
        return Ok(args.dry_run.exit(plan.created));
    }
    let report = block_on(async {
        let found = steps::find(&project, &cx.target(&args.issue)).await?;
        steps::ensure(&project, &found, cx.patience()).await
    })??;
    ui.show(&report);
    Ok(Exit::Done)
}

/// What that would do, without doing it.
pub(super) fn plan(issue: &str, cx: &Ctx, project: &Project) -> Result<EnsureReport> {
    block_on(async {
        let found = steps::find_as_it_is(project, &cx.target(issue)).await?;
        steps::ensure_plan(project, &found).await
    })?
}

impl View for EnsureReport {
    const KIND: &'static str = "workspace_ensure";

    fn text(&self, _: Style) -> String {
        let verb = match (self.dry_run, self.created) {
            (false, _) => "",
            (true, true) => "would make ",
            (true, false) => "would use ",
        };
        format!("{verb}{}\n", self.path.display())
    }
}

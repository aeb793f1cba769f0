//! `baton workspace verify`.

use crate::cli::render::table;
use crate::cli::ui::{Style, View};
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, VerifyReport};

/// Look whether workspaces are what the records say
///
/// Says of each whether it is `clean`, `dirty` (holds what exists nowhere else), `missing`, `drifted` (no longer what
/// was made) or `unknown`, and records what changed. With --all, directories in the workspace root that belong to no
/// issue are `orphaned`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton workspace verify TASK-1
  baton workspace verify --all --exit-code")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    #[arg(required_unless_present = "all")]
    issue: Option<String>,
    /// Every workspace that should be there, and what lies beside them
    #[arg(long, conflicts_with = "issue")]
    all: bool,
    /// Exit with 3 when one of them is not clean
    #[arg(long)]
    exit_code: bool,
    /// Record nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = DryRun::without_exit_code(args.dry_run).project_or_last_good(cx, "workspace verify", ui)?;
    let report = match &args.issue {
        None => steps::verify_all(&project, args.dry_run)?,
        Some(issue) => {
            let target = cx.target(issue);
            let found = steps::find_known(&project.store, &target)?.ok_or_else(|| steps::unknown(&target))?;
            steps::verify(&project, found.work, args.dry_run)?
        }
    };
    ui.show(&report);
    Ok(if args.exit_code && !report.is_clean() { Exit::No } else { Exit::Done })
}

impl View for VerifyReport {
    const KIND: &'static str = "workspace_verify";

    fn text(&self, style: Style) -> String {
        let rows = self.workspaces.iter().map(|found| {
            let issue = found.identifier.clone().unwrap_or_else(|| "-".to_owned());
            [issue, found.health.as_str().to_owned(), found.path.display().to_string()]
        });
        table(style, ["ISSUE", "HEALTH", "PATH"], rows)
    }
}

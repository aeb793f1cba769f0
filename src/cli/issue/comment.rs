//! `baton comment` and `baton issue comment`.

use crate::cli::context::block_on;
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps;

/// Comment on an issue in the tracker
///
/// In the tracker `local` a comment is signed with the id of the run that it comes from, else with the user's name.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton issue comment TASK-1 \"Seen on staging as well\"
  git log -1 --format=%B | baton comment TASK-1 -")]
pub struct Args {
    /// Identifier, key or id
    issue: String,
    /// The comment; `-` reads it from standard input
    #[arg(allow_hyphen_values = true)]
    text: String,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(in crate::cli) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "comment", ui)?;
    let text = super::text_or_stdin(&args.text)?;
    if args.dry_run.is_asked() {
        ui.show(&block_on(steps::comment_plan(&project, &args.issue, &text))??);
        return Ok(args.dry_run.exit(true));
    }
    let commented = block_on(steps::comment(&project, &args.issue, &text))??;
    if ui.json() {
        ui.show(&commented);
    }
    Ok(Exit::Done)
}

//! `baton comment` and `baton issue comment`.

use crate::cli::context::block_on;
use crate::cli::{Ctx, Ui};
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
}

pub(in crate::cli) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = cx.project_or_last_good("comment", ui)?;
    let text = super::text_or_stdin(&args.text)?;
    let commented = block_on(steps::comment(&project, &args.issue, &text))??;
    if ui.json() {
        ui.show(&commented);
    }
    Ok(Exit::Done)
}

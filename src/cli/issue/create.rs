//! `baton issue create`.

use crate::cli::context::block_on;
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps;
use crate::tracker::NewIssue;

/// Make an issue
///
/// Prints its identifier alone.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton issue create \"Reject empty passwords\" --priority 2 --label bug
  issue=$(baton issue create \"Document it\" --blocked-by TASK-1)
  baton issue create \"From a file\" --description - < description.md")]
pub struct Args {
    /// The title
    title: String,
    /// The description; `-` reads it from standard input
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    description: Option<String>,
    /// The state [default: the first active one]
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// The priority; 1 to 4 go first
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    priority: Option<i64>,
    /// A label; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
    /// An issue that must be finished first; may be given several times
    #[arg(long = "blocked-by", value_name = "ISSUE")]
    blocked_by: Vec<String>,
    /// The issue that this one is a part of
    #[arg(long, value_name = "ISSUE")]
    parent: Option<String>,
    /// Whose it is
    #[arg(long, value_name = "NAME")]
    assignee: Option<String>,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project(cx, "issue create", ui)?;
    let new = NewIssue {
        title: args.title.clone(),
        description: args.description.as_deref().map(super::text_or_stdin).transpose()?,
        state: args.state.clone(),
        priority: args.priority,
        labels: args.labels.clone(),
        blocked_by: args.blocked_by.clone(),
        parent: args.parent.clone(),
        assignee: args.assignee.clone(),
    };
    if args.dry_run.is_asked() {
        ui.show(&block_on(steps::create_plan(&project, &new))??);
        return Ok(args.dry_run.exit(true));
    }
    let made = block_on(steps::create(&project, &new))??;
    if ui.json() {
        ui.show(&made);
    } else {
        ui.data(&format!("{}\n", made.issue.identifier));
    }
    Ok(Exit::Done)
}

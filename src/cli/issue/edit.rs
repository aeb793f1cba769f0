//! `baton issue edit`.

use crate::cli::context::block_on;
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps;
use crate::tracker::IssueEdit;

/// Change an issue
///
/// At least one change must be named; what is not named stays as it is. This is how an agent of kind `command` ends its work:
/// `baton issue edit "$BATON_ISSUE" --state Done`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton issue edit TASK-1 --state Done
  baton issue edit TASK-1 --add-label urgent --priority 1")]
#[command(override_usage = "baton issue edit [OPTIONS] <ISSUE>")]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub struct Args {
    /// Identifier, key or id
    issue: String,
    /// The new state
    #[arg(long, value_name = "STATE", group = "change")]
    state: Option<String>,
    /// The new title
    #[arg(long, value_name = "TEXT", group = "change")]
    title: Option<String>,
    /// The new description; `-` reads it from standard input
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true, group = "change")]
    description: Option<String>,
    /// The new priority
    #[arg(long, value_name = "N", allow_negative_numbers = true, group = "change")]
    priority: Option<i64>,
    /// Take the priority away
    #[arg(long, conflicts_with = "priority", group = "change")]
    no_priority: bool,
    /// Add a label; may be given several times
    #[arg(long = "add-label", value_name = "LABEL", group = "change")]
    add_labels: Vec<String>,
    /// Take a label away; may be given several times
    #[arg(long = "remove-label", value_name = "LABEL", group = "change")]
    remove_labels: Vec<String>,
    /// Add an issue that must be finished first; may be given several times
    #[arg(long = "add-blocked-by", value_name = "ISSUE", group = "change")]
    add_blocked_by: Vec<String>,
    /// Take one of those away; may be given several times
    #[arg(long = "remove-blocked-by", value_name = "ISSUE", group = "change")]
    remove_blocked_by: Vec<String>,
    /// The issue that it is a part of
    #[arg(long, value_name = "ISSUE", group = "change")]
    parent: Option<String>,
    /// It is no part of another issue
    #[arg(long, conflicts_with = "parent", group = "change")]
    no_parent: bool,
    /// Whose it is
    #[arg(long, value_name = "NAME", group = "change")]
    assignee: Option<String>,
    /// It is nobody's
    #[arg(long, conflicts_with = "assignee", group = "change")]
    no_assignee: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "issue edit", ui)?;
    let edit = IssueEdit {
        title: args.title.clone(),
        description: args.description.as_deref().map(super::text_or_stdin).transpose()?,
        state: args.state.clone(),
        priority: if args.no_priority { Some(None) } else { args.priority.map(Some) },
        add_labels: args.add_labels.clone(),
        remove_labels: args.remove_labels.clone(),
        parent: if args.no_parent { Some(None) } else { args.parent.clone().map(Some) },
        add_blocked_by: args.add_blocked_by.clone(),
        remove_blocked_by: args.remove_blocked_by.clone(),
        assignee: if args.no_assignee { Some(None) } else { args.assignee.clone().map(Some) },
    };
    if args.dry_run.is_asked() {
        let (before, after) = block_on(steps::edit_plan(&project, &args.issue, &edit))??;
        ui.show(&after);
        return Ok(args.dry_run.exit(before != after.issue));
    }
    let edited = block_on(steps::edit(&project, &args.issue, &edit))??;
    if ui.json() {
        ui.show(&edited);
    }
    Ok(Exit::Done)
}

//! `baton issue create`.

use crate::cli::context::block_on;
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::queue::Once;
use crate::steps::{self, IssueView};
use crate::tracker::NewIssue;

/// Make an issue
///
/// Prints its identifier alone.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton issue create \"Reject empty passwords\" --priority 2 --label bug
  issue=$(baton issue create \"Document it\" --blocked-by TASK-1)
  baton issue create \"From a file\" --description - < description.md
  baton issue create \"Nightly audit\" --idempotency-key audit-2026-01-02")]
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
    /// Make it once: the same request under this key prints the same issue ever after
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    dry_run: DryRun,
}

/// What the request is about; what `-` stands for has been read by now.
fn request(new: &NewIssue) -> serde_json::Value {
    serde_json::json!({
        "title": new.title, "description": new.description, "state": new.state, "priority": new.priority,
        "labels": new.labels, "blocked_by": new.blocked_by, "parent": new.parent, "assignee": new.assignee,
    })
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
        mark: None,
    };
    let once = args.idempotency_key.as_deref().map(|key| Once::new(key, steps::CREATE, &request(&new)));
    if args.dry_run.is_asked() {
        let before = once.as_ref().map(|once| steps::done_before(&project, once)).transpose()?.flatten();
        let would_make = before.is_none();
        let plan = match before {
            Some(before) => IssueView { dry_run: true, ..before },
            None => block_on(steps::create_plan(&project, &new))??,
        };
        ui.show(&plan);
        return Ok(args.dry_run.exit(would_make));
    }
    let made = match &once {
        None => block_on(steps::create(&project, &new))??,
        Some(once) => block_on(steps::create_once(&project, &new, once))??,
    };
    if ui.json() {
        ui.show(&made);
    } else {
        ui.data(&format!("{}\n", made.issue.identifier));
    }
    Ok(Exit::Done)
}

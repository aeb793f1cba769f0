//! `baton comment` and `baton issue comment`.

use crate::cli::context::block_on;
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::queue::Once;
use crate::steps::{self, IssueView};

/// Comment on an issue in the tracker
///
/// In the tracker `local` a comment is signed with the id of the run that it comes from, else with the user's name.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton issue comment TASK-1 \"Seen on staging as well\"
  git log -1 --format=%B | baton comment TASK-1 -
  baton comment TASK-1 \"Deployed\" --idempotency-key deploy-7")]
pub struct Args {
    /// Identifier, key or id
    issue: String,
    /// The comment; `-` reads it from standard input
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// Say it once: the same request under this key says nothing more
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(in crate::cli) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "comment", ui)?;
    let text = super::text_or_stdin(&args.text)?;
    let request = serde_json::json!({ "issue": args.issue, "text": text });
    let once = args.idempotency_key.as_deref().map(|key| Once::new(key, "comment", &request));
    if args.dry_run.is_asked() {
        let before = once.as_ref().map(|once| steps::done_before(&project, once)).transpose()?.flatten();
        let would_comment = before.is_none();
        let plan = match before {
            Some(before) => IssueView { dry_run: true, ..before },
            None => block_on(steps::comment_plan(&project, &args.issue, &text))??,
        };
        ui.show(&plan);
        return Ok(args.dry_run.exit(would_comment));
    }
    let commented = match &once {
        None => block_on(steps::comment(&project, &args.issue, &text))??,
        Some(once) => block_on(steps::comment_once(&project, &args.issue, &text, once))??,
    };
    if ui.json() {
        ui.show(&commented);
    }
    Ok(Exit::Done)
}

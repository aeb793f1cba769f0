//! `baton issue workpad`.

use crate::cli::context::block_on;
use crate::cli::render::escape;
use crate::cli::ui::{Style, View};
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, WorkpadView};
use crate::tracker::workpad::Kept;

/// Print or keep the workpad of an issue
///
/// The workpad is one comment of the issue, in which whoever works on it keeps the plan and what is done. It is known by
/// its first line, a heading of the second level that ends in `Workpad`; the newest one that is not resolved counts.
/// Without TEXT it is printed, with TEXT it is written over as a whole, or made. The same text twice writes once.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton issue workpad TASK-1
  baton issue workpad TASK-1 - < plan.md
  baton issue workpad TASK-1 \"- [x] reproduced\" --dry-run")]
pub struct Args {
    /// Identifier, key or id
    issue: String,
    /// What it shall hold, Markdown; `-` reads it from standard input
    #[arg(allow_hyphen_values = true)]
    text: Option<String>,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let Some(text) = args.text.as_deref().map(super::text_or_stdin).transpose()? else {
        let project = super::list::reader("issue workpad", cx, ui)?;
        ui.show(&block_on(steps::workpad(&project, &args.issue))??);
        return Ok(Exit::Done);
    };
    let project = args.dry_run.project_or_last_good(cx, "issue workpad", ui)?;
    let is_asked = args.dry_run.is_asked();
    let kept = block_on(steps::keep_workpad(&project, &args.issue, &text, is_asked))??;
    if is_asked || ui.json() {
        ui.show(&kept);
    }
    Ok(if is_asked { args.dry_run.exit(kept.kept != Some(Kept::Unchanged)) } else { Exit::Done })
}

impl View for WorkpadView {
    const KIND: &'static str = "workpad";

    fn text(&self, _: Style) -> String {
        self.body.iter().flat_map(|body| body.lines()).map(|line| format!("{}\n", escape(line))).collect()
    }
}

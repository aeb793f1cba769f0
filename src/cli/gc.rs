//! `baton gc`.

use std::time::Duration;

use super::context::block_on;
use super::ui::{Style, View};
use super::values::{age, at_least_one};
use super::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, Collected, CollectedKind, GcOptions, GcReport};

/// Let what has been over for long leave the working set
///
/// Oldest first: removes clean workspaces of issues that are over, moves those issues and their runs to the archive once
/// their workspace is gone, deletes old runs of issues that go on, merged branches `baton/*`, and what aborted launches
/// left. Nothing that is live, dirty or cannot be told is touched; `status` still counts what was used.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton gc --dry-run
  baton gc --older-than 30d --limit 100
  baton gc --max-workspaces 20")]
pub struct Args {
    /// How long it must have been over: 30d, 12h [default: store.archive_after]
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", value_parser = age)]
    older_than: Option<Duration>,
    /// Ended runs of each issue that stay, however old
    #[arg(long, value_name = "N", default_value_t = 10)]
    keep_runs: usize,
    /// At most so many clean workspaces of issues that are over stay, the last ones, however young they are
    #[arg(long, value_name = "N")]
    max_workspaces: Option<usize>,
    /// At most so many things at a time
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    limit: Option<usize>,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "gc", ui)?;
    let options = GcOptions {
        older_than_ms: args.older_than.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
        keep_runs: args.keep_runs,
        max_workspaces: args.max_workspaces,
        limit: args.limit,
        dry_run: args.dry_run.is_asked(),
    };
    let report = block_on(steps::gc(&project, options))??;
    ui.show(&report);
    for kept in &report.kept {
        ui.note(&format!("{} stays: {} ({})", kept.identifier, kept.message, kept.code));
    }
    for failed in &report.failed {
        ui.warn(&format!("{}: {}", failed.name, failed.message));
    }
    if !report.failed.is_empty() {
        return Ok(Exit::Failed);
    }
    Ok(args.dry_run.exit(!report.actions.is_empty()))
}

impl View for GcReport {
    const KIND: &'static str = "gc";

    fn text(&self, _: Style) -> String {
        let line = |gone: &Collected| {
            let (done, planned) = match gone.kind {
                CollectedKind::Workspace => ("removed workspace", "would remove workspace"),
                CollectedKind::Issue => ("archived", "would archive"),
                CollectedKind::Run => ("deleted run", "would delete run"),
                CollectedKind::RunFolder => ("put away the folder of run", "would put away the folder of run"),
                CollectedKind::Branch => ("deleted branch", "would delete branch"),
            };
            format!("{} {}\n", if self.dry_run { planned } else { done }, gone.name)
        };
        self.actions.iter().map(line).collect()
    }
}

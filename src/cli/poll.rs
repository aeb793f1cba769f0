//! `baton poll`.

use super::context::block_on;
use super::render::{reasons, table};
use super::ui::{Style, View};
use super::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, PollReport};

/// Read the tracker and print what may run, and why the rest may not
///
/// Reads the issues in active states, keeps what changed in the store, and prints the dispatch order: the issues that
/// have a slot now, then those that wait, each with its reason. Launches nothing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton poll
  baton poll --json | jq -r '.data.queue[].key' | xargs -r -n1 baton worker launch
  baton poll --exit-code > /dev/null && baton dispatch")]
pub struct Args {
    /// Exit with 3 when nothing is to be launched
    #[arg(long)]
    exit_code: bool,
    /// Write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = DryRun::without_exit_code(args.dry_run).project(cx, "poll", ui)?;
    let report = block_on(steps::poll(&project, args.dry_run))??;
    for problem in &report.problems {
        ui.warn(&format!("{}: {}", problem.source, problem.message));
    }
    ui.show(&report);
    Ok(if args.exit_code && report.queue.is_empty() { Exit::No } else { Exit::Done })
}

impl View for PollReport {
    const KIND: &'static str = "poll";

    fn text(&self, style: Style) -> String {
        let priority = |priority: Option<i64>| priority.map(|p| p.to_string()).unwrap_or_default();
        let queue = self.queue.iter().map(|entry| {
            [entry.identifier.clone(), entry.state.clone(), priority(entry.priority), entry.title.clone()]
        });
        let waiting = self.waiting.iter().map(|entry| [entry.identifier.clone(), reasons(&entry.reasons)]);
        let parts =
            [table(style, ["NEXT", "STATE", "PRIORITY", "TITLE"], queue), table(style, ["WAITS", "WHY"], waiting)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

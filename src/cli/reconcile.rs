//! `baton reconcile`.

use super::context::block_on;
use super::ui::{Style, View};
use super::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, ReconcileReport};

/// End stalled and unwanted workers, clean terminal workspaces
///
/// Settles dead workers, ends those that stalled or whose issue became terminal, inactive, unroutable or invisible, and
/// removes or archives the workspaces of terminal issues. If the tracker does not answer, all workers go on.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton reconcile
  baton reconcile --dry-run --exit-code")]
pub struct Args {
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: exit with 3 when something would change
    #[arg(long, requires = "dry_run")]
    exit_code: bool,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = cx.project_or_last_good("reconcile", ui)?;
    let report = block_on(steps::reconcile(&project, args.dry_run))??;
    ui.show(&report);
    for cleaned in &report.cleaned {
        if let Some(error) = &cleaned.error {
            ui.warn(&format!("{}: workspace {}: {error}", cleaned.identifier, cleaned.path.display()));
        }
    }
    for failure in &report.failed {
        ui.warn(&format!("{}: run {} was not ended: {}", failure.identifier, failure.run, failure.message));
    }
    if let Some(error) = &report.tracker_error {
        return Err(crate::error::Error::new(
            Exit::Tracker,
            "tracker_request",
            format!("the tracker did not answer: {error}"),
        )
        .hint("the workers go on; try again later")
        .retryable());
    }
    if !report.failed.is_empty() {
        return Ok(Exit::Person);
    }
    if report.cleaned.iter().any(|cleaned| cleaned.error.is_some()) {
        return Ok(Exit::Workspace);
    }
    let changes = !report.stopped.is_empty() || !report.cleaned.is_empty() || !report.settled.is_empty();
    Ok(if args.exit_code && changes { Exit::No } else { Exit::Done })
}

impl View for ReconcileReport {
    const KIND: &'static str = "reconcile";

    fn text(&self, _: Style) -> String {
        let mut text = String::new();
        for settled in &self.settled {
            text += &format!("{}: {}\n", settled.identifier, settled.message);
        }
        for stopped in &self.stopped {
            text += &format!("{}: stopped run {}\n", stopped.identifier, stopped.run);
        }
        for cleaned in &self.cleaned {
            let done = cleaned.disposition.map_or("to be cleaned", |disposition| match disposition {
                crate::model::Disposition::Kept => "kept",
                crate::model::Disposition::Archived => "archived",
                crate::model::Disposition::Removed => "removed",
            });
            if cleaned.error.is_none() {
                text += &format!("{}: workspace {done}: {}\n", cleaned.identifier, cleaned.path.display());
            }
        }
        text
    }
}

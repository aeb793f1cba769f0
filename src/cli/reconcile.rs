//! `baton reconcile`.

use super::context::block_on;
use super::ui::{Style, View};
use super::{Ctx, DryRun, Ui};
use crate::error::{Error, Exit, Result};
use crate::model::Disposition;
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
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "reconcile", ui)?;
    let (report, failure) = block_on(steps::reconcile(&project, args.dry_run.is_asked()))??;
    ui.show(&report);
    for cleaned in &report.cleaned {
        if let Some(error) = &cleaned.error {
            ui.warn(&format!("{}: workspace {}: {error}", cleaned.identifier, cleaned.path.display()));
        }
    }
    for failure in &report.failed {
        ui.warn(&format!("{}: run {} was not ended: {}", failure.identifier, failure.run, failure.message));
    }
    if let Some(error) = failure {
        return Err(Error::from(error).hint("the workers go on"));
    }
    if !report.failed.is_empty() {
        return Ok(Exit::Person);
    }
    if report.cleaned.iter().any(|cleaned| cleaned.error.is_some()) {
        return Ok(Exit::Workspace);
    }
    let changes = !report.stopped.is_empty() || !report.cleaned.is_empty() || !report.settled.is_empty();
    Ok(args.dry_run.exit(changes))
}

impl View for ReconcileReport {
    const KIND: &'static str = "reconcile";

    fn text(&self, _: Style) -> String {
        let mut text = String::new();
        for settled in &self.settled {
            text += &format!("{}: {}\n", settled.identifier, settled.message);
        }
        for stopped in &self.stopped {
            let done = if self.dry_run { "would stop" } else { "stopped" };
            text += &format!("{}: {done} run {}\n", stopped.identifier, stopped.run);
        }
        for cleaned in &self.cleaned {
            let Some(disposition) = cleaned.disposition else { continue };
            let done = match disposition {
                Disposition::Kept => "kept",
                Disposition::Archived => "archived",
                Disposition::Removed => "removed",
            };
            let done = if self.dry_run { format!("would be {done}") } else { done.to_owned() };
            text += &format!("{}: workspace {done}: {}\n", cleaned.identifier, cleaned.path.display());
        }
        text
    }
}

//! `baton worker wait`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::context::block_on;
use crate::cli::ui::{Style, View};
use crate::cli::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::model::{Outcome, RunId};
use crate::worker;

/// Wait for a run to end, and exit with its outcome's code
///
/// 0 succeeded, 20 failed or interrupted, 21 timed out or stalled, 22 needs a person, 23 canceled. A signal ends the
/// waiting, never the worker.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton worker wait TASK-1.1
  baton worker wait TASK-1")]
pub struct Args {
    /// Run id, or an issue for its last run
    run: String,
}

/// A run's end.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::cli) struct Report {
    /// The issue.
    identifier: String,
    /// Its run.
    run: RunId,
    #[serde(flatten)]
    outcome: Outcome,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = cx.project_or_last_good("worker wait", ui)?;
    let record = super::find_run(&args.run, cx, &project.store)?;
    let outcome = block_on(worker::wait(&project, &record.run))??;
    let exit = worker::exit_of(&outcome);
    super::tell_failure(&record.run, &outcome, ui);
    ui.show(&Report { identifier: record.identifier, run: record.run, outcome });
    Ok(exit)
}

impl View for Report {
    const KIND: &'static str = "outcome";

    fn text(&self, _: Style) -> String {
        format!("{}\n", self.outcome.outcome.as_str())
    }
}

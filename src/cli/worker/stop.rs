//! `baton worker stop`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::context::block_on;
use crate::cli::ui::{Style, View};
use crate::cli::values::duration;
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Error, Exit, Result};
use crate::model::{ClaimRecord, Outcome, RequestKind, RunId, Work};
use crate::project::Project;
use crate::steps::{self, NotEnded};
use crate::store::Kind;
use crate::worker;

/// End a worker
///
/// Asks the worker to end its agent, to run after_run and to record the outcome `canceled`; one that does not answer is
/// killed. The issue stays blocked until `baton retry`, unless --requeue. An issue without a worker is left as it is.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton worker stop TASK-1 --reason \"wrong approach\"
  baton worker stop TASK-1 --requeue
  baton worker stop --all")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    #[arg(required_unless_present = "all")]
    issue: Option<String>,
    /// End every worker; a person's shell is left alone
    #[arg(long, conflicts_with = "issue")]
    all: bool,
    /// Put the issue back into the queue at once
    #[arg(long)]
    requeue: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "stopped by an operator")]
    reason: String,
    /// How long to wait before it is killed
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
    #[command(flatten)]
    dry_run: DryRun,
}

/// Workers that were, or would be, ended.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::cli) struct Report {
    /// Those that ended, each with its outcome.
    stopped: Vec<Stopped>,
    /// Those that could not be ended.
    failed: Vec<NotEnded>,
    /// Whether nothing was done, and `stopped` is what would be asked to.
    dry_run: bool,
}

/// A worker that was ended.
#[derive(Debug, JsonSchema, Serialize)]
struct Stopped {
    /// The issue.
    identifier: String,
    /// Its run.
    run: RunId,
    /// Its outcome; one that ended by itself meanwhile keeps its own.
    #[serde(flatten)]
    outcome: Option<Outcome>,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "worker stop", ui)?;
    let kind = if args.requeue { RequestKind::StopRequeue } else { RequestKind::Stop };
    let mut report = Report { stopped: Vec::new(), failed: Vec::new(), dry_run: args.dry_run.is_asked() };
    let mut first: Option<Error> = None;
    for claim in chosen(args, cx, &project)? {
        let (identifier, run) = (identifier_of(&project, &claim)?, claim.claim.run);
        if report.dry_run {
            report.stopped.push(Stopped { identifier, run, outcome: None });
            continue;
        }
        match block_on(worker::stop(&project, &claim.key, kind, &args.reason, args.timeout))? {
            Ok(outcome) => {
                ui.note(&format!("stopped run {run}"));
                report.stopped.push(Stopped { identifier, run, outcome: Some(outcome) });
            }
            Err(error) => {
                let (code, message) = (error.code().to_owned(), error.to_string());
                report.failed.push(NotEnded { identifier, run, code, message });
                let error = Error::from(error);
                ui.error(&error);
                first = first.or(Some(error));
            }
        }
    }
    if ui.json() || report.dry_run {
        ui.show(&report);
    }
    let changes = !report.stopped.is_empty();
    Ok(first.map_or_else(|| args.dry_run.exit(changes), |error| error.exit))
}

fn identifier_of(project: &Project, claim: &ClaimRecord) -> Result<String> {
    let work: Option<Work> = project.store.get(claim.key.as_str())?;
    Ok(work.map_or_else(|| claim.key.to_string(), |work| work.identifier))
}

impl View for Report {
    const KIND: &'static str = "stop";

    fn text(&self, _: Style) -> String {
        let verb = if self.dry_run { "would stop" } else { "stopped" };
        self.stopped.iter().map(|stopped| format!("{verb} run {}\n", stopped.run)).collect()
    }
}

fn chosen(args: &Args, cx: &Ctx, project: &Project) -> Result<Vec<ClaimRecord>> {
    match &args.issue {
        None => {
            let snapshot = project.store.snapshot(&[Kind::Claims, Kind::Work])?;
            let is_held = |claim: &ClaimRecord| {
                snapshot.get::<Work>(claim.key.as_str()).ok().flatten().is_some_and(|work| work.is_held())
            };
            Ok(snapshot.all().into_iter().filter(|claim| !is_held(claim)).collect())
        }
        Some(issue) => {
            let target = cx.target(issue);
            let found = steps::find_known(&project.store, &target)?.ok_or_else(|| steps::unknown(&target))?;
            Ok(project.store.get(found.key.as_str())?.into_iter().collect())
        }
    }
}

//! `baton worker stop`.

use std::time::Duration;

use crate::cli::context::block_on;
use crate::cli::values::duration;
use crate::cli::{Ctx, Ui};
use crate::error::{Error, Exit, Result};
use crate::model::{ClaimRecord, RequestKind, Work};
use crate::project::Project;
use crate::steps;
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
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = cx.project_or_last_good("worker stop", ui)?;
    let kind = if args.requeue { RequestKind::StopRequeue } else { RequestKind::Stop };
    let mut first: Option<Error> = None;
    for claim in chosen(args, cx, &project)? {
        match block_on(worker::stop(&project, &claim.key, kind, &args.reason, args.timeout))? {
            Ok(_) => ui.note(&format!("stopped run {}", claim.claim.run)),
            Err(error) => {
                let error = Error::from(error);
                ui.error(&error);
                first = first.or(Some(error));
            }
        }
    }
    Ok(first.map_or(Exit::Done, |error| error.exit))
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

//! `baton recover`.

use super::context::block_on;
use super::ui::{Style, View};
use super::{Ctx, DryRun, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, OperatorAction, RecoverOptions, RecoverReport};

/// Put right what a crash left behind
///
/// For every claim whose worker is provably dead: ends what it left running, runs after_run once, records the outcome
/// (the one that was left on disk, else `interrupted`), and schedules what comes next. Then the workspaces: makes those
/// anew that a scheduled run misses, finishes cleanings that were cut short, releases leases, and blocks what a person
/// must decide. A live worker is left alone; a second call changes nothing. Launches nothing.
///
/// With ISSUE and --action, carries out what a person decides about an issue that is blocked.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton recover
  baton recover --dry-run
  baton recover TASK-1 --action acknowledge --note \"asked Ann\"
  baton recover TASK-1 --action restart")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    #[arg(requires = "action")]
    issue: Option<String>,
    /// Go on with its conversation, begin anew in its workspace, or only say that it is seen
    #[arg(long, requires = "issue", conflicts_with = "orphans")]
    action: Option<Decision>,
    /// What to remember of it
    #[arg(long, value_name = "TEXT", requires = "action")]
    note: Option<String>,
    /// Archive the directories among the workspaces that belong to no issue
    #[arg(long)]
    orphans: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Decision {
    Resume,
    Restart,
    Acknowledge,
}

impl From<Decision> for OperatorAction {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Resume => Self::Resume,
            Decision::Restart => Self::Restart,
            Decision::Acknowledge => Self::Acknowledge,
        }
    }
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "recover", ui)?;
    let dry_run = args.dry_run.is_asked();
    if let (Some(issue), Some(decision)) = (&args.issue, args.action) {
        let target = cx.target(issue);
        let found = if dry_run {
            block_on(steps::find_as_it_is(&project, &target))
        } else {
            block_on(steps::find(&project, &target))
        };
        let report = steps::act(&project, &found??.key, decision.into(), args.note.as_deref(), dry_run)?;
        let changes = !report.actions.is_empty();
        ui.show(&report);
        return Ok(args.dry_run.exit(changes));
    }
    let options = RecoverOptions { dry_run, orphans: args.orphans, inventory: ui.json() };
    let report = block_on(steps::recover(&project, options))??;
    ui.show(&report);
    for failed in &report.failed {
        let whose = failed.identifier.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
        ui.warn(&format!("{whose}{}", failed.message));
    }
    if let [first, ..] = report.orphans.as_slice() {
        let (count, first) = (report.orphans.len(), first.display());
        ui.note(&format!(
            "{count} among the workspaces belong to no issue ({first}): `baton recover --orphans` archives"
        ));
    }
    Ok(match (report.needs_person(), report.failed.is_empty()) {
        (true, _) => Exit::Person,
        (false, false) => Exit::Workspace,
        (false, true) => args.dry_run.exit(!report.actions.is_empty()),
    })
}

impl View for RecoverReport {
    const KIND: &'static str = "recover";

    fn text(&self, _: Style) -> String {
        let line = |action: &steps::Recovered| match &action.identifier {
            Some(identifier) => format!("{identifier}: {}\n", action.message),
            None => format!("{}\n", action.message),
        };
        self.actions.iter().map(line).collect()
    }
}

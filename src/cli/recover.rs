//! `baton recover`.

use super::context::block_on;
use super::ui::{Style, View};
use super::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, RecoverReport};

/// Settle what a crash left behind
///
/// For every claim whose worker is provably dead: ends what it left running, runs after_run once, records the outcome
/// (the one that was left on disk, else `interrupted`), and schedules what comes next. A live worker is left alone; a
/// second call changes nothing. Launches nothing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton recover
  baton recover --dry-run")]
pub struct Args {
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = cx.project_or_last_good("recover", ui)?;
    let report = block_on(steps::recover(&project, args.dry_run))??;
    ui.show(&report);
    Ok(if report.needs_person() { Exit::Person } else { Exit::Done })
}

impl View for RecoverReport {
    const KIND: &'static str = "recover";

    fn text(&self, _: Style) -> String {
        self.actions.iter().map(|action| format!("{}: {}\n", action.identifier, action.message)).collect()
    }
}

//! `baton migrate-store`.

use std::path::PathBuf;

use super::dry_run::DryRun;
use super::ui::{Style, View};
use super::{Ctx, Ui};
use crate::error::{Error, Exit, Result};
use crate::steps::migrate::{self, MigrateOptions, MigrateReport};
use crate::store::By;

/// Bring an older store up to date, and take over what other tools left
///
/// A store of an older format is rewritten, with a copy of the old files kept beside. --from takes over the workspaces of
/// an OpenSymphony or Symphony root: they stay where they are, and the store knows their issues. --conversations sorts
/// OpenHands' conversations: those of active issues into the active store, those of terminal ones into the archive.
/// Refused while a run is live. A call that was killed is called again; a second one changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton migrate-store --dry-run
  baton migrate-store --from ~/.opensymphony/workspaces --dry-run
  baton migrate-store --conversations ~/.opensymphony/openhands-server/workspace/conversations")]
pub struct Args {
    /// Take over the workspaces of this OpenSymphony or Symphony root
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Sort the OpenHands conversations below this directory
    #[arg(long, value_name = "DIR")]
    conversations: Option<PathBuf>,
    /// The old daemon is stopped, whatever its files say
    #[arg(long)]
    daemon_stopped: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let options = MigrateOptions {
        from: args.from.as_ref().map(|path| cx.here.join(path)),
        conversations: args.conversations.as_ref().map(|path| cx.here.join(path)),
        daemon_stopped: args.daemon_stopped,
        dry_run: args.dry_run.is_asked(),
    };
    let (place, _) = cx.examine()?;
    let by = By { command: "migrate-store".to_owned(), pid: std::process::id(), fence: None };
    let has_more = options.from.is_some() || options.conversations.is_some();
    let mut report = if place.store.exists() || !has_more {
        migrate::migrate_format(&place.store, &options, cx.seams.now(), &by, cx.patience())?
    } else {
        MigrateReport::of_none()
    };
    if has_more {
        if report.required && options.dry_run {
            return Err(Error::new(
                Exit::Store,
                "store_older",
                format!("{} has an older format", place.store.display()),
            )
            .hint("migrate the store itself first, without `--from` and `--conversations`"));
        }
        let project = args.dry_run.project(cx, "migrate-store", ui)?;
        migrate::migrate(&project, &options, &mut report)?;
    }
    ui.show(&report);
    Ok(args.dry_run.exit(report.has_steps()))
}

impl View for MigrateReport {
    const KIND: &'static str = "migrate_store";

    fn text(&self, _: Style) -> String {
        let steps =
            self.steps.iter().map(|step| format!("{}: {}: {}\n", step.action, step.path.display(), step.message));
        let backups = self.backups.iter().map(|path| format!("the old files are kept in {}\n", path.display()));
        steps.chain(backups).collect()
    }
}

//! `migrate-store`: an older format of Baton's own, the workspaces of OpenSymphony and Symphony, and OpenHands'
//! conversations into the stores where they belong. Each part is planned by the look that also carries it out; what is
//! done already is left alone.

mod conversations;
mod moving;
mod opensymphony;
mod workspaces;

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Exit, Result};
use crate::model::Timestamp;
use crate::process::{Lifeline, probe_lifeline};
use crate::project::Project;
use crate::store::{By, FORMAT_VERSION, Migration};

pub use conversations::{Active, Legacy};
pub use workspaces::Workspaces;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct MigrateOptions {
    /// An OpenSymphony or Symphony workspace root.
    pub from: Option<PathBuf>,
    /// A directory of OpenHands conversations.
    pub conversations: Option<PathBuf>,
    /// The person says that the old daemon is stopped.
    pub daemon_stopped: bool,
    /// Plan, and do nothing.
    pub dry_run: bool,
}

/// What was done, or would be.
#[derive(Debug, Default, JsonSchema, Serialize)]
pub struct MigrateReport {
    /// The store's format before.
    pub from: String,
    /// This program's.
    pub to: String,
    /// Whether the store's own format is to be, or was, migrated.
    pub required: bool,
    /// Conversations of active issues.
    pub active: Active,
    /// Conversations of terminal ones.
    pub legacy: Legacy,
    /// Workspaces of the other tool.
    pub workspaces: Workspaces,
    /// Each thing that was done, or would be.
    pub steps: Vec<Step>,
    /// Where the old files are kept.
    pub backups: Vec<PathBuf>,
}

impl MigrateReport {
    /// Whether anything is, or was, to be done.
    #[must_use]
    pub fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Of a store that is not there yet.
    #[must_use]
    pub fn of_none() -> Self {
        Self { from: FORMAT_VERSION.to_owned(), to: FORMAT_VERSION.to_owned(), ..Self::default() }
    }

    fn step(&mut self, action: &'static str, path: &Path, message: impl Into<String>) {
        self.steps.push(Step { action, path: path.to_owned(), message: message.into() });
    }
}

/// One thing that was done, or would be.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Step {
    /// `migrate_format`, `import_workspace`, `move_conversation` or `keep_duplicate`.
    pub action: &'static str,
    /// What it concerns.
    pub path: PathBuf,
    /// One sentence.
    pub message: String,
}

/// A store of an older format: brings it up to date. `None` where there is nothing to do.
pub fn migrate_format(
    root: &Path,
    options: &MigrateOptions,
    at: Timestamp,
    by: &By,
    patience: Option<Duration>,
) -> Result<MigrateReport> {
    let mut report = MigrateReport::of_none();
    let Some(plan) = Migration::plan(root)? else { return Ok(report) };
    refuse_live(plan.root())?;
    (report.from, report.required) = (format!("{}.0", plan.from), true);
    report.step(
        "migrate_format",
        plan.root(),
        format!("{} documents from format {} to {FORMAT_VERSION}", plan.documents(), plan.from),
    );
    report.backups.push(plan.backup());
    if !options.dry_run {
        plan.carry_out(at, by, patience)?;
    }
    Ok(report)
}

/// Refuses while somebody works: a run's lifeline is held.
fn refuse_live(store: &Path) -> Result<()> {
    let runs = std::fs::read_dir(store.join("runs")).into_iter().flatten().flatten();
    for run in runs {
        if probe_lifeline(&run.path().join("lifeline"), Duration::ZERO) == Lifeline::Held {
            let message = format!("run {} is live", run.file_name().to_string_lossy());
            return Err(Error::new(Exit::Conflict, "live_run", message)
                .hint("let it end, or end it with `baton worker stop`, then migrate")
                .retryable());
        }
    }
    Ok(())
}

/// Takes over what the options name: workspaces first, since they say which conversations belong to which issue.
pub fn migrate(project: &Project, options: &MigrateOptions, report: &mut MigrateReport) -> Result<()> {
    refuse_live(&project.store.layout().root)?;
    if let Some(root) = &options.from {
        workspaces::import(project, root, options, report)?;
    }
    if let Some(root) = &options.conversations {
        conversations::sort(project, root, options, report)?;
    }
    Ok(())
}

fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let message = format!("cannot {doing} {}", path.display());
    move |error| Error::new(Exit::Failed, "io", message).because(error)
}

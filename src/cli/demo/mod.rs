//! `baton demo`: the main job on a small repository that is made for it.

mod repository;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::run::{drive, report};
use super::ui::{Style, View};
use super::{Ctx, DryRun, Ui};
use crate::error::{Error, Exit, Result};
use crate::steps::{RunMode, RunOptions};

/// Try everything on a small repository made for it
///
/// Makes a git repository with three issues, one blocked by another, and an agent that is a shell script; then runs the
/// loop until all are done, each in a worktree and on a branch of its own. Needs git and bash; no account, no network.
/// Everything stays in DIR to be looked at.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton demo
  baton demo --no-run greetings")]
pub struct Args {
    /// Where to make it; must not exist or be empty [default: a new temporary directory]
    #[arg(value_name = "DIR")]
    into: Option<PathBuf>,
    /// Make the repository, and leave running it to you
    #[arg(long)]
    no_run: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

/// What would be made.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Plan {
    /// Where; a new temporary directory where none was named.
    directory: Option<PathBuf>,
    /// The titles of its issues.
    issues: Vec<&'static str>,
    /// Whether the loop would be run in it.
    run: bool,
}

impl View for Plan {
    const KIND: &'static str = "demo";

    fn text(&self, _: Style) -> String {
        let place = self.directory.as_ref().map(|directory| directory.display().to_string());
        let place = place.unwrap_or_else(|| "a new temporary directory".to_owned());
        let issues: String = self.issues.iter().map(|title| format!("  {title}\n")).collect();
        let run = if self.run { "would run the loop in it until they are done\n" } else { "" };
        format!("would make a repository in {place} with these issues:\n{issues}{run}")
    }
}

const LAUNCH_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    if args.dry_run.is_asked() {
        let directory = args.into.as_ref().map(|directory| cx.here.join(directory));
        ui.show(&Plan { directory, issues: repository::titles(), run: !args.no_run });
        return Ok(args.dry_run.exit(true));
    }
    let directory = match &args.into {
        Some(directory) => cx.here.join(directory),
        None => temporary(cx)?,
    };
    let directory = repository::make(&directory, &cx.seams)?;
    let shown = directory.display();
    ui.note(&format!("made a repository with three issues in {shown}"));
    if args.no_run {
        ui.note(&format!("next: cd {shown} && {} run --until-idle", called(cx)));
        return Ok(Exit::Done);
    }
    let inside = cx.at(directory.clone());
    let project = inside.project("demo", ui)?;
    let options = RunOptions { mode: RunMode::UntilIdle, timeout: None, launch_timeout: LAUNCH_TIMEOUT };
    let driven = drive(project, &inside, options, ui)?;
    report(&driven, ui);
    ui.note(&format!("look around: cd {shown} && {} status && git log --oneline --all", called(cx)));
    Ok(driven.summary.exit())
}

/// How this program is called from anywhere: who tries it with `cargo run` has no `baton` on PATH.
fn called(cx: &Ctx) -> String {
    let path = cx.seams.env.get_os("PATH").unwrap_or_default();
    let first = std::env::split_paths(path).map(|entry| entry.join("baton")).find(|program| program.is_file());
    let is_this = first.and_then(|program| program.canonicalize().ok()).is_some_and(|program| program == cx.exe);
    if is_this { "baton".to_owned() } else { cx.exe.display().to_string() }
}

fn temporary(cx: &Ctx) -> Result<PathBuf> {
    let base = cx.seams.env.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"));
    tempfile::Builder::new().prefix("baton-demo-").tempdir_in(&base).map(tempfile::TempDir::keep).map_err(|error| {
        Error::new(Exit::Failed, "io", format!("cannot make a directory in {}", base.display())).because(error)
    })
}

//! `baton worker …`.

mod launch;
mod logs;
mod show;
mod stop;
mod supervise;
mod wait;

use clap::Subcommand;

pub(super) use launch::Report as Launched;
pub(super) use show::{Shown, Workers};
pub(super) use stop::Report as Ending;
pub(super) use supervise::Supervisor;
pub(super) use wait::Report as Ended;

use super::render::escape;
use super::{Ctx, Ui};
use crate::error::{Error, Exit, Result};
use crate::model::{Outcome, OutcomeKind, RunId, RunRecord};
use crate::queue::HOLDER;
use crate::steps;
use crate::store::Store;

/// Launch, watch and stop workers
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Claim an issue, start its worker, and print the run's id
    Launch(launch::Args),
    /// Wait for a run to end, and exit with its outcome's code
    Wait(wait::Args),
    /// List the live workers
    List(show::List),
    /// Show one run
    Show(show::Args),
    /// End a worker
    Stop(stop::Args),
    /// Print what a run's agent said
    Logs(logs::Args),
}

impl Command {
    /// Whether it changes something.
    pub(super) fn steers(&self) -> bool {
        match self {
            Self::Launch(_) | Self::Stop(_) => true,
            Self::Wait(_) | Self::List(_) | Self::Show(_) | Self::Logs(_) => false,
        }
    }
}

pub(super) fn run(command: Command, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    match command {
        Command::Launch(args) => launch::run(&args, cx, ui),
        Command::Wait(args) => wait::run(&args, cx, ui),
        Command::List(args) => show::list(&args, cx, ui),
        Command::Show(args) => show::run(&args, cx, ui),
        Command::Stop(args) => stop::run(&args, cx, ui),
        Command::Logs(args) => logs::run(&args, cx, ui),
    }
}

/// Says why a run that was waited for did not succeed.
pub(in crate::cli) fn tell_failure(run: &RunId, outcome: &Outcome, ui: &Ui) {
    if outcome.outcome != OutcomeKind::Succeeded {
        let why = outcome.error.as_ref().unwrap_or(&outcome.summary);
        ui.note(&format!("run {run} {}: {}", outcome.outcome.as_str(), escape(why)));
        ui.note(&format!("hint: `baton worker logs {run}` shows what its agent said"));
    }
}

/// A run by its id (`run:ABC-1.2` or `ABC-1.2`), or the last run of an issue.
pub(super) fn find_run(text: &str, cx: &Ctx, store: &Store) -> Result<RunRecord> {
    let unknown = || {
        Error::new(Exit::NotFound, "not_found", format!("no run `{text}`"))
            .hint("`baton worker list` shows the live ones")
    };
    let name = text.strip_prefix("run:").unwrap_or(text);
    if let Ok(run) = name.parse::<RunId>()
        && let Some(record) = store.get::<RunRecord>(&run.to_string())?
    {
        return Ok(record);
    }
    let found = steps::find_known(store, &cx.target(text))?.ok_or_else(unknown)?;
    for number in (1..=found.work.last_run).rev() {
        let run = RunId { key: found.key.clone(), number };
        // A person's hold is no worker's run.
        if let Some(record) = store.get::<RunRecord>(&run.to_string())?.filter(|record| record.agent != HOLDER) {
            return Ok(record);
        }
    }
    if found.work.last_run > 0 {
        return Err(unknown());
    }
    let message = format!("{} has had no run yet", found.work.identifier);
    Err(Error::new(Exit::NotFound, "not_found", message)
        .hint(format!("`baton status {}` says what it waits for", found.key)))
}

//! `baton workspace …`.

mod clean;
mod ensure;
mod list;
mod path;
mod shell;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

pub(super) use clean::Report as Cleaning;
pub(super) use list::Workspaces;

use super::{Ctx, Ui};
use crate::error::Result;

/// Make, find and inspect workspaces
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Make the workspace if it is not there, and print its path
    Ensure(ensure::Args),
    /// Print the path of the workspace
    Path(path::Args),
    /// List the workspaces
    List(list::List),
    /// Show one workspace
    Show(list::Show),
    /// Work in the workspace by hand
    Shell(shell::Args),
    /// Look whether workspaces are what the records say
    Verify(verify::Args),
    /// Remove or archive workspaces
    Clean(clean::Args),
}

impl Command {
    /// Whether it changes something.
    pub(super) fn steers(&self) -> bool {
        match self {
            Self::Ensure(_) | Self::Shell(_) | Self::Verify(_) | Self::Clean(_) => true,
            Self::Path(_) | Self::List(_) | Self::Show(_) => false,
        }
    }
}

pub(super) fn run(command: Command, cx: &Ctx, ui: &mut Ui) -> Result<ExitCode> {
    let exit = match command {
        Command::Shell(args) => return shell::run(&args, cx, ui),
        Command::Ensure(args) => ensure::run(&args, cx, ui),
        Command::Path(args) => path::run(&args, cx, ui),
        Command::List(args) => list::list(&args, cx, ui),
        Command::Show(args) => list::show(&args, cx, ui),
        Command::Verify(args) => verify::run(&args, cx, ui),
        Command::Clean(args) => clean::run(&args, cx, ui),
    };
    exit.map(ExitCode::from)
}

//! The top of the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, ColorChoice, Parser, Subcommand};

use super::values::duration;
use super::{
    config, demo, dispatch, doctor, events, gc, generate, init, issue, migrate_store, pause, poll, reconcile, recover,
    resume, retry, run, schema, status, tool_server, worker, workspace,
};

/// Get issues worked on by coding agents
///
/// Baton reads a tracker, gives each issue its own workspace, runs an agent in it, and goes on until the tracker says
/// that the issue is done. Each subcommand is one step over shared files in `.baton/`; `baton run` loops them all. Any
/// process may be killed at any time: the next command carries on.
#[derive(Debug, Parser)]
#[command(name = "baton", version, max_term_width = 100, after_long_help = generate::top_help())]
pub struct Cli {
    /// Options of every subcommand.
    #[command(flatten)]
    pub global: Global,
    /// The step.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every subcommand.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = "Global options")]
    pub directory: Option<PathBuf>,
    /// Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global options")]
    pub workflow: Option<PathBuf>,
    /// Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "", value_parser = OsStringValueParser::new().map(PathBuf::from), global = true, help_heading = "Global options")]
    pub store: Option<PathBuf>,
    /// Print one JSON document, or one object per line for streams; errors are JSON as well
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// Say less; twice: no warnings either
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Global options")]
    pub quiet: u8,
    /// Say more; twice: details for debugging
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Global options")]
    pub verbose: u8,
    /// When to use colour: auto, always or never
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        global = true,
        help_heading = "Global options"
    )]
    pub color: ColorChoice,
    /// Show no progress display
    #[arg(long, global = true, help_heading = "Global options")]
    pub no_progress: bool,
    /// How long to wait for the store's lock: 500ms, 5s, 2m
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", default_value = "5s", value_parser = duration, global = true, help_heading = "Global options")]
    pub lock_timeout: Duration,
    /// For scripts that say so to every tool: nothing here ever asks
    #[arg(long, global = true, help_heading = "Global options")]
    pub no_input: bool,
    /// Let an agent use steering commands from inside its own run
    #[arg(long, global = true, help_heading = "Global options")]
    pub allow_nested: bool,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Write WORKFLOW.md and the store for this repository
    Init(init::Args),
    /// Loop all steps until told to stop
    Run(run::Args),
    /// Show what is going on, and what needs a person first
    Status(status::Args),
    /// Read the tracker and print what may run, and why the rest may not
    Poll(poll::Args),
    /// Launch eligible issues until the slots are full
    Dispatch(dispatch::Args),
    /// End stalled and unwanted workers, clean terminal workspaces
    Reconcile(reconcile::Args),
    /// Settle what a crash left behind
    Recover(recover::Args),
    /// Let what has been over for long leave the working set
    Gc(gc::Args),
    /// Make, find and inspect workspaces
    #[command(subcommand)]
    Workspace(workspace::Command),
    /// Launch, watch and stop workers
    #[command(subcommand)]
    Worker(worker::Command),
    /// Put a waiting or blocked issue back into the queue
    Retry(retry::Args),
    /// Put an issue aside that is being worked on
    Pause(pause::Args),
    /// Put a paused issue back into the queue
    Resume(resume::Args),
    /// Comment on an issue in the tracker
    Comment(issue::comment::Args),
    /// Read and write the tracker's issues
    #[command(subcommand)]
    Issue(issue::Command),
    /// Serve a run's tracker tools over the Model Context Protocol
    ToolServer(tool_server::Args),
    /// Print the journal as a feed
    Events(events::Args),
    /// Explain what is configured, and whether it works
    Doctor(doctor::Args),
    /// Bring an older store up to date, and take over what other tools left
    MigrateStore(migrate_store::Args),
    /// Show the configuration in force
    #[command(subcommand)]
    Config(config::Command),
    /// Try everything on a small repository made for it
    Demo(demo::Args),
    /// Print what --json prints, as JSON schemas
    Schema(schema::Args),
    /// Write the manual pages
    Man(generate::Man),
    /// Print a shell's completion script
    Completions(generate::Completions),
    /// `baton foo` runs `baton-foo` from PATH.
    #[command(external_subcommand)]
    External(Vec<OsString>),
}

impl Command {
    /// Whether it changes what Baton does, rather than reads, or writes to the tracker: refused inside a run.
    #[must_use]
    pub fn steers(&self) -> bool {
        match self {
            Self::Init(_)
            | Self::Poll(_)
            | Self::Dispatch(_)
            | Self::Reconcile(_)
            | Self::Recover(_)
            | Self::Gc(_)
            | Self::Run(_)
            | Self::Retry(_)
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::MigrateStore(_)
            | Self::Demo(_) => true,
            Self::Workspace(command) => command.steers(),
            Self::Worker(command) => command.steers(),
            Self::Status(_)
            | Self::Comment(_)
            | Self::Doctor(_)
            | Self::Events(_)
            | Self::Issue(_)
            | Self::ToolServer(_)
            | Self::Config(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::External(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}

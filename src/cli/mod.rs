//! The command line: arguments, wiring and rendering. One file per subcommand, nested nouns are folders. No domain
//! logic: a subcommand opens what it needs, calls one step, and renders the value that the step returns.

mod args;
#[cfg(test)]
mod checked_in;
mod config;
mod context;
mod demo;
mod dispatch;
mod doctor;
mod dry_run;
mod events;
mod external;
mod gc;
mod generate;
mod init;
mod issue;
mod migrate_store;
mod pause;
mod poll;
mod progress;
mod reconcile;
mod recover;
mod render;
mod resume;
mod retry;
mod run;
mod schema;
mod status;
mod tool_server;
mod ui;
mod values;
mod worker;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

pub use args::{Cli, Command, Global};
pub use context::Ctx;
pub(in crate::cli) use dry_run::DryRun;
pub use ui::Ui;

use crate::crash;
use crate::error::Result;
use crate::seams::Seams;

/// Parses the process's arguments, runs the subcommand, reports a failure, and returns how to exit.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(supervisor) = worker::Supervisor::asked(std::env::args_os()) {
        return supervisor.main();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ui::usage(&error, asks_for_json(std::env::args_os())).into(),
    };
    let mut ui = Ui::new(&cli.global);
    ui::start_log(&cli.global);
    let seams = Seams::of_process();
    crash::arm(&seams.env, false);
    let outcome = Ctx::new(cli.global, seams).and_then(|cx| run(cli.command, &cx, &mut ui));
    let outcome = outcome.and_then(|exit| ui.check_output().map(|()| exit));
    match outcome {
        Ok(exit) => exit,
        Err(error) => {
            ui.error(&error);
            error.exit.into()
        }
    }
}

/// Whether a command line that could not be parsed asks for JSON.
fn asks_for_json(arguments: impl Iterator<Item = std::ffi::OsString>) -> bool {
    arguments.take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

fn run(command: Command, cx: &Ctx, ui: &mut Ui) -> Result<ExitCode> {
    cx.refuse_store_without_name(&command)?;
    cx.refuse_inside_run(&command)?;
    let exit = match command {
        Command::Init(args) => init::run(&args, cx, ui),
        Command::Poll(args) => poll::run(&args, cx, ui),
        Command::Dispatch(args) => dispatch::run(&args, cx, ui),
        Command::Reconcile(args) => reconcile::run(&args, cx, ui),
        // A person's own program has an exit status of its own.
        Command::Workspace(command) => return workspace::run(command, cx, ui),
        Command::Worker(command) => worker::run(command, cx, ui),
        Command::Recover(args) => recover::run(&args, cx, ui),
        Command::Gc(args) => gc::run(&args, cx, ui),
        Command::Status(args) => status::run(&args, cx, ui),
        Command::Run(args) => run::run(&args, cx, ui),
        Command::Retry(args) => retry::run(&args, cx, ui),
        Command::Pause(args) => pause::run(&args, cx, ui),
        Command::Resume(args) => resume::run(&args, cx, ui),
        Command::Comment(args) => issue::comment::run(&args, cx, ui),
        Command::MigrateStore(args) => migrate_store::run(&args, cx, ui),
        Command::Doctor(args) => doctor::run(&args, cx, ui),
        Command::Events(args) => events::run(&args, cx, ui),
        Command::Issue(command) => issue::run(command, cx, ui),
        Command::ToolServer(args) => tool_server::run(&args, cx),
        Command::Config(command) => config::run(command, cx, ui),
        Command::Completions(args) => generate::completions(&args, ui),
        Command::Schema(args) => schema::run(&args, ui),
        Command::Man(args) => generate::man(&args, ui),
        Command::Demo(args) => demo::run(&args, cx, ui),
        Command::External(args) => external::run(&args, cx),
    };
    exit.map(ExitCode::from)
}

//! `baton workspace shell`.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::context::block_on;
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::Result;
use crate::steps;

/// Work in the issue's workspace by hand
///
/// Makes the workspace if it is not there, and runs your shell or CMD in it with an agent's environment. While it lives
/// the issue is held: no agent is launched for it, and its workspace is not cleaned. Afterwards the issue is what it
/// was. Exits with the exit status of CMD. The hold of a shell that was killed is released by the next step.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    issue: String,
    #[command(flatten)]
    dry_run: DryRun,
    /// Run this instead of $SHELL
    #[arg(last = true, value_name = "CMD")]
    command: Vec<OsString>,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<ExitCode> {
    let project = args.dry_run.project_or_last_good(cx, "workspace shell", ui)?;
    if args.dry_run.is_asked() {
        let plan = super::ensure::plan(&args.issue, cx, &project)?;
        ui.show(&plan);
        return Ok(args.dry_run.exit(plan.created).into());
    }
    let code = block_on(async {
        let found = steps::find(&project, &cx.target(&args.issue)).await?;
        steps::shell(&project, &found, &args.command, cx.patience(), |path, run| {
            if args.command.is_empty() {
                let issue = &found.work.identifier;
                ui.note(&format!("{issue} is yours ({run}) until this shell ends, in {}", path.display()));
            }
        })
        .await
    })??;
    Ok(ExitCode::from(code))
}

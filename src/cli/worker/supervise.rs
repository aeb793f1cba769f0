//! `baton worker supervise`: the process that owns one run. Hidden; started by a launch.

use crate::cli::Ctx;
use crate::error::{Exit, Result};
use crate::model::RunId;
use crate::worker;

/// The process that owns one run; started by the others
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run
    run: RunId,
}

pub(super) fn run(args: &Args, cx: &Ctx) -> Result<Exit> {
    Ok(worker::supervise_main(cx.place()?.store, args.run.clone(), cx.seams.clone()))
}

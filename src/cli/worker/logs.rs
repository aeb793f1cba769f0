//! `baton worker logs`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{Ctx, Ui};
use crate::error::{Error, Exit, Result};
use crate::model::RunId;
use crate::process::{self, Lifeline};
use crate::steps;

/// Print what a run's agent said
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton worker logs TASK-1
  baton worker logs --follow TASK-1.1")]
pub struct Args {
    /// Run id, or an issue for its last run
    run: String,
    /// Go on as long as the run lives
    #[arg(short, long)]
    follow: bool,
    /// The supervisor's own log instead of the agent's
    #[arg(long)]
    supervisor: bool,
    /// Print the file's path alone
    #[arg(long)]
    path: bool,
}

const FOLLOW_INTERVAL: Duration = Duration::from_millis(200);

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let target = cx.target(&args.run);
    let store = cx.store_to_read()?.ok_or_else(|| steps::unknown(&target))?;
    let record = super::find_run(&args.run, cx, &store)?;
    let folder = store.layout().run(&record.run);
    let file = folder.join(if args.supervisor { "supervisor.log" } else { "agent.log" });
    if args.path {
        ui.data(&format!("{}\n", file.display()));
        return Ok(Exit::Done);
    }
    let mut log = Log { file, position: 0 };
    log.print_news(&record.run, ui)?;
    while args.follow && process::probe_lifeline(&folder.join("lifeline"), Duration::ZERO) == Lifeline::Held {
        std::thread::sleep(FOLLOW_INTERVAL);
        log.print_news(&record.run, ui)?;
    }
    log.print_news(&record.run, ui)?;
    Ok(Exit::Done)
}

struct Log {
    file: PathBuf,
    position: u64,
}

impl Log {
    /// Prints what has been added. A log that is not there yet is an empty one.
    fn print_news(&mut self, run: &RunId, ui: &Ui) -> Result<()> {
        let failed = |error: std::io::Error| {
            Error::new(Exit::Failed, "io", format!("cannot read the log of run {run}")).because(error)
        };
        let mut file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let mut news = Vec::new();
        file.seek(SeekFrom::Start(self.position)).map_err(failed)?;
        file.read_to_end(&mut news).map_err(failed)?;
        self.position += news.len() as u64;
        ui.bytes(&news);
        Ok(())
    }
}

//! The hidden `baton worker supervise`: what a launcher starts.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tracing::Level;

use super::WorkerError;
use super::report::Reporter;
use super::spec::Spec;
use super::supervise::supervise;
use crate::chain::chain;
use crate::error::Exit;
use crate::model::RunId;
use crate::process;
use crate::run_folder::RunFolder;
use crate::seams::Seams;
use crate::store::{Layout, Redactor};

/// Supervises `run` of the store to its end. The standard descriptors are those of
/// [`spawn_supervisor`](crate::process::spawn_supervisor). What goes wrong before the run is taken up is in its log, and
/// its launcher settles it.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "the entry of a process: it owns what it was started with")]
pub fn supervise_main(store: PathBuf, run: RunId, seams: Seams) -> Exit {
    log_to_stderr();
    let inherited = match process::take_inherited() {
        Ok(inherited) => inherited,
        Err(error) => {
            tracing::error!(%run, %error, "no supervisor without its lifeline");
            return Exit::Failed;
        }
    };
    if !process::is_held_by(&RunFolder::of(&Layout { root: store.clone() }, &run).lifeline(), &inherited.lifeline) {
        tracing::error!(%run, "its lifeline was not handed over: `baton worker launch` starts a worker");
        return Exit::Conflict;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%run, %error, "no runtime");
            return Exit::Failed;
        }
    };
    let exit = runtime.block_on(run_it(&store, &run, seams, Reporter::to(inherited.report)));
    // A helper thread that still waits for something holds nobody up.
    runtime.shutdown_background();
    drop(inherited.lifeline);
    exit.unwrap_or_else(|error| {
        tracing::error!(%run, code = error.code(), reason = chain(&error), "run not taken up");
        Exit::Failed
    })
}

async fn run_it(store: &Path, run: &RunId, seams: Seams, reporter: Reporter) -> Result<Exit, WorkerError> {
    let spec = Spec::read(store, run)?;
    let project = spec.open(seams)?;
    let _ = SECRETS.set(project.store.redactor().clone());
    Ok(supervise(&project, &spec, reporter).await?.exit())
}

/// `key=value` lines in the run's log (SPEC 13.1).
fn log_to_stderr() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::INFO)
        .with_target(false)
        .with_ansi(false)
        .with_writer(|| Clean(io::stderr()))
        .finish();
    // Where one is set already (a test), that one stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// What is taken out of the log, once the configuration has said what that is.
static SECRETS: OnceLock<Redactor> = OnceLock::new();

/// Takes secrets out of whole lines, as the subscriber writes them.
struct Clean(io::Stderr);

impl Write for Clean {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match SECRETS.get() {
            Some(secrets) => self.0.write_all(secrets.redact(&String::from_utf8_lossy(line)).as_bytes())?,
            None => self.0.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

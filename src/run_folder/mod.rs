//! A run's folder, `runs/<id>/`: what the supervisor leaves for people, for observers and for `recover` (DESIGN §3).
//!
//! None of it is the authority. The journal is; these files are the agent's stream, and what a command needs that finds
//! a run whose supervisor is dead.

mod activity;
mod append;
mod checkpoints;
mod events;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::crash;
use crate::model::{HookReceipt, Outcome, Process, RunId};
use crate::store::Layout;

pub use activity::{Activity, ActivityFile, read_activity, silence_ms};
pub use checkpoints::{CheckpointLog, last_checkpoint};
pub use events::{EventLog, RunEvent, recent_events, thread_totals, used};

/// `runs/<id>/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// The folder of `run`.
    #[must_use]
    pub fn of(layout: &Layout, run: &RunId) -> Self {
        Self { path: layout.run(run) }
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is still there; a supervisor whose folder vanished ends.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.is_dir()
    }

    /// Makes the folder where it is not there: it vanished, and its run is to be settled.
    pub fn make_anew(&self) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).recursive(true).create(&self.path)
    }

    /// Held by the supervisor as long as it lives.
    #[must_use]
    pub fn lifeline(&self) -> PathBuf {
        self.path.join("lifeline")
    }

    /// Held by the agent's process and all that inherited it.
    #[must_use]
    pub fn agent_lifeline(&self) -> PathBuf {
        self.path.join("agent.lifeline")
    }

    /// Held by the command that settles the run after its supervisor's death.
    #[must_use]
    pub fn recovery_lifeline(&self) -> PathBuf {
        self.path.join("recovery.lifeline")
    }

    /// What the supervisor works from.
    #[must_use]
    pub fn spec(&self) -> PathBuf {
        self.path.join("spec.json")
    }

    /// The outcome, written before it is committed.
    #[must_use]
    pub fn outcome(&self) -> PathBuf {
        self.path.join("outcome.json")
    }

    /// The agent's stream.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    /// The boundaries between the run's steps.
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints.jsonl")
    }

    /// When the agent last gave a sign of life.
    #[must_use]
    pub fn activity(&self) -> PathBuf {
        self.path.join("activity")
    }

    /// The supervisor's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.path.join("supervisor.log")
    }

    /// The last thing that the supervisor said.
    #[must_use]
    pub fn last_log_line(&self) -> Option<String> {
        let text = fs::read(self.log()).ok()?;
        let tail = String::from_utf8_lossy(&text[text.len().saturating_sub(4096)..]).into_owned();
        tail.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned)
    }

    /// The prompt of a turn, from 1.
    #[must_use]
    pub fn prompt(&self, turn: u32) -> PathBuf {
        self.path.join(format!("prompt-{turn}.md"))
    }

    /// How to run the last turn again by hand.
    #[must_use]
    pub fn rerun(&self) -> PathBuf {
        self.path.join("rerun.sh")
    }

    /// Where the tracker's tools are asked for while the run lives.
    #[must_use]
    pub fn tool_socket(&self) -> PathBuf {
        self.path.join("tools.sock")
    }

    /// How an agent starts the server of the tracker's tools.
    #[must_use]
    pub fn mcp_config(&self) -> PathBuf {
        self.path.join("mcp.json")
    }

    fn agent(&self) -> PathBuf {
        self.path.join("agent.json")
    }

    /// The agent's process of the last turn that began.
    #[must_use]
    pub fn read_agent(&self) -> Option<Process> {
        read_json(&self.agent())
    }

    /// Notes the agent's process: of no use after a reboot.
    pub fn write_agent(&self, process: &Process) -> io::Result<()> {
        write_json(&self.agent(), process, Flush::No)
    }

    fn after_run(&self) -> PathBuf {
        self.path.join("after_run.json")
    }

    /// The outcome that was left here, if it is whole.
    #[must_use]
    pub fn read_outcome(&self) -> Option<Outcome> {
        read_json(&self.outcome())
    }

    /// Leaves the outcome, flushed.
    pub fn write_outcome(&self, outcome: &Outcome) -> io::Result<()> {
        write_json(&self.outcome(), outcome, Flush::Yes)
    }

    /// The receipt of `after_run`, if it ran to its end.
    #[must_use]
    pub fn read_after_run(&self) -> Option<HookReceipt> {
        read_json(&self.after_run())
    }

    /// Notes that `after_run` ran, so that it runs once.
    pub fn write_after_run(&self, receipt: &HookReceipt) -> io::Result<()> {
        write_json(&self.after_run(), receipt, Flush::Yes)
    }
}

/// Reads a JSON file; `None` where it is missing, torn or something else.
#[must_use]
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Whether a file must outlive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flush {
    /// It must.
    Yes,
    /// It is of no use after one.
    No,
}

/// Writes a JSON file whole or not at all, readable by its owner alone.
pub fn write_json<T: Serialize>(path: &Path, value: &T, flush: Flush) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    let aside = path.with_extension("new");
    let mut file = private(&aside, 0o600)?;
    file.write_all(&text)?;
    if flush == Flush::Yes {
        file.sync_data()?;
    }
    crash::point();
    fs::rename(&aside, path)
}

/// Writes a file that nothing depends on.
pub fn write_text(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    private(path, mode)?.write_all(text.as_bytes())
}

fn private(path: &Path, mode: u32) -> io::Result<File> {
    crash::point();
    OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::outcome::{End, Tally, classify};

    #[test]
    fn an_outcome_is_read_back_whole_or_not_at_all() {
        let directory = tempfile::tempdir().expect("a directory");
        let folder = RunFolder { path: directory.path().to_owned() };
        assert_eq!(folder.read_outcome(), None);
        let outcome = classify(&End::WorkerDied("gone".into()), Tally::default(), Timestamp::UNIX_EPOCH);
        folder.write_outcome(&outcome).expect("written");
        assert_eq!(folder.read_outcome(), Some(outcome));
        let whole = fs::read(folder.outcome()).expect("readable");
        for length in [0, 1, whole.len() / 2] {
            fs::write(folder.outcome(), &whole[..length]).expect("torn");
            assert_eq!(folder.read_outcome(), None, "{length} bytes");
        }
    }
}

//! `runs/<id>/activity`: when the agent last gave a sign of life, for observers (DESIGN §5, "Time").

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::read_json;
use crate::process;
use crate::seams::Clock;

/// At most one write in this time.
const INTERVAL_MS: u64 = 1_000;

/// The instant of a sign of life. Monotonic times are comparable within one boot only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// CLOCK_MONOTONIC, in milliseconds.
    pub monotonic_ms: u64,
    /// The boot to which it belongs; empty where the system does not say.
    pub boot_id: String,
}

/// What the file at `path` says.
#[must_use]
pub fn read_activity(path: &Path) -> Option<Activity> {
    read_json(path)
}

/// For how long the agent has been silent, in milliseconds; `None` where that cannot be told (no file, another boot).
#[must_use]
pub fn silence_ms(path: &Path, clock: &dyn Clock) -> Option<u64> {
    let last = read_activity(path)?;
    (last.boot_id == process::current().boot_id).then(|| clock.monotonic_ms().saturating_sub(last.monotonic_ms))
}

/// The supervisor's side: the agent's signs of life while a turn is under way, its own between two turns and at the end.
#[derive(Debug)]
pub struct ActivityFile {
    file: File,
    boot_id: String,
    written_ms: Cell<Option<u64>>,
    in_turn: Cell<bool>,
}

impl ActivityFile {
    /// Makes the file.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        Ok(Self { file, boot_id: process::current().boot_id, written_ms: Cell::new(None), in_turn: Cell::new(false) })
    }

    /// Notes a sign of life, at most once a second. A failure is no concern of the run: silence is judged by the
    /// supervisor itself, this is what others see.
    pub fn note(&self, monotonic_ms: u64) {
        if self.written_ms.get().is_some_and(|before| monotonic_ms < before + INTERVAL_MS) {
            return;
        }
        self.written_ms.set(Some(monotonic_ms));
        let activity = Activity { monotonic_ms, boot_id: self.boot_id.clone() };
        // One write over the old text, which never shrinks within a boot: readers see the one or the other.
        let _ = self.file.write_all_at(&serde_json::to_vec(&activity).unwrap_or_default(), 0);
    }
    /// Says whether a turn is under way, whose silence is the agent's.
    pub fn set_in_turn(&self, in_turn: bool) {
        self.in_turn.set(in_turn);
    }

    /// Notes that the supervisor itself still answers, unless it is the agent's turn. Nothing before the first turn:
    /// how long that takes is the launch's concern.
    pub fn note_own(&self, monotonic_ms: u64) {
        if !self.in_turn.get() && self.written_ms.get().is_some() {
            self.note(monotonic_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_at_most_once_a_second() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("activity");
        assert_eq!(read_activity(&path), None);
        let file = ActivityFile::create(&path).expect("made");
        for (now, expected) in [(500, 500), (1_400, 500), (1_500, 1_500), (123_456, 123_456)] {
            file.note(now);
            assert_eq!(read_activity(&path).expect("readable").monotonic_ms, expected);
        }
    }
    #[test]
    fn a_supervisor_answers_for_itself_between_turns_only() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("activity");
        let file = ActivityFile::create(&path).expect("made");
        file.note_own(1_000);
        assert_eq!(read_activity(&path), None, "no turn has begun");
        file.set_in_turn(true);
        file.note(2_000);
        file.note_own(9_000);
        assert_eq!(read_activity(&path).expect("readable").monotonic_ms, 2_000);
        file.set_in_turn(false);
        file.note_own(10_000);
        assert_eq!(read_activity(&path).expect("readable").monotonic_ms, 10_000);
    }
}

//! `runs/<id>/events.jsonl`: what happened in a run, in order and without gaps (DESIGN §3, "Run events"; SPEC 10.4).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::append::Lines;
use crate::model::{Timestamp, Tokens};

/// Bytes of the file's end in which its last event is looked for.
const TAIL: u64 = 64 << 10;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// From 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// `phase`, `hook_completed`, `session_started`, `turn_completed`, `message`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// What the type says.
    pub data: Value,
}

/// The file, written by the run's supervisor alone.
#[derive(Debug)]
pub struct EventLog {
    lines: Lines,
    seq: u64,
}

impl EventLog {
    /// A new one.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { lines: Lines::create(path)?, seq: 0 })
    }

    /// Appends an event by one write. One that cannot be written (a full disk) leaves no trace and no gap.
    pub fn write(&mut self, at: Timestamp, kind: &str, data: Value) {
        let event = RunEvent { seq: self.seq + 1, at, kind: kind.to_owned(), data };
        match self.lines.append(serde_json::to_vec(&event).unwrap_or_default()) {
            Ok(()) => self.seq += 1,
            Err(error) => tracing::warn!(event = kind, %error, "event not written"),
        }
    }

    /// Flushes what was written, at the boundaries of turns.
    pub fn sync(&self) {
        if let Err(error) = self.lines.sync() {
            tracing::warn!(%error, "events not flushed");
        }
    }
}

impl RunEvent {
    /// What it says to a person, where it says something.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        let text = |name: &str| self.data.get(name)?.as_str().filter(|text| !text.is_empty());
        ["text", "message", "error", "summary"].into_iter().find_map(text)
    }
}

/// The last whole events of a run, the newest first, at most `limit`; reads the file's end alone.
#[must_use]
pub fn recent_events(path: &Path, limit: usize) -> Vec<RunEvent> {
    last_lines(path).into_iter().take(limit).collect()
}

/// The last whole line of a file, read as JSON; reads the file's end alone.
pub(super) fn last_line<T: DeserializeOwned>(path: &Path) -> Option<T> {
    last_lines(path).into_iter().next()
}

/// What can be read as JSON of the lines at a file's end, the newest first.
fn last_lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let tail = tail(path).unwrap_or_default();
    let lines = tail.split(|byte| *byte == b'\n').rev().filter(|line| !line.is_empty());
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(tail)
}

/// What a run used, as far as its events say: turns started, and the last token totals. For a run whose supervisor did
/// not live to write an outcome.
#[must_use]
pub fn used(path: &Path) -> (u32, Tokens) {
    let mut used = (0, Tokens::default());
    let Ok(file) = File::open(path) else { return used };
    for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
        let Ok(event) = serde_json::from_slice::<RunEvent>(&line) else { continue };
        match event.kind.as_str() {
            "turn_started" => used.0 += 1,
            "usage" => used.1 = serde_json::from_value(event.data).unwrap_or(used.1),
            _ => {}
        }
    }
    used
}

/// What the run last said of its conversation: the agent's own id of it, and the absolute totals.
#[must_use]
pub fn thread_totals(path: &Path) -> Option<(String, Tokens)> {
    let lines = BufReader::new(File::open(path).ok()?).split(b'\n').map_while(Result::ok);
    let events = lines.filter_map(|line| serde_json::from_slice::<RunEvent>(&line).ok());
    let last = events.filter(|event| event.kind == "usage").last()?;
    let thread = &last.data["thread"];
    Some((thread["thread_id"].as_str()?.to_owned(), Tokens::deserialize(&thread["tokens"]).ok()?))
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_have_no_gaps() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("events.jsonl");
        let mut log = EventLog::create(&path).expect("made");
        for n in 0..3 {
            log.write(Timestamp::UNIX_EPOCH, "message", json!({ "n": n }));
        }
        let text = std::fs::read_to_string(&path).expect("readable");
        let events: Vec<RunEvent> = text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
        assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(events[2].data, json!({ "n": 2 }));
    }

    #[test]
    fn the_end_of_the_file_says_what_happened_last() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("events.jsonl");
        assert!(recent_events(&path, 5).is_empty());
        let mut log = EventLog::create(&path).expect("made");
        log.write(Timestamp::UNIX_EPOCH, "message", json!({ "text": "x".repeat(100_000) }));
        log.write(Timestamp::UNIX_EPOCH, "message", json!({ "text": "hello" }));
        log.write(Timestamp::UNIX_EPOCH, "turn_failed", json!({ "error": "no", "turn": 1 }));
        let recent = recent_events(&path, 5);
        let said: Vec<_> = recent.iter().map(|event| (event.kind.as_str(), event.message())).collect();
        assert_eq!(said, [("turn_failed", Some("no")), ("message", Some("hello"))], "half a line is none");
        assert_eq!(recent_events(&path, 1).len(), 1);
    }

    #[test]
    fn what_a_dead_run_used_is_read_off_its_events() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("events.jsonl");
        assert_eq!(used(&path), (0, Tokens::default()));
        let mut log = EventLog::create(&path).expect("made");
        for total_tokens in [10, 25] {
            let tokens = Tokens { total_tokens, ..Tokens::default() };
            log.write(Timestamp::UNIX_EPOCH, "turn_started", json!({}));
            let mut data = serde_json::to_value(tokens).expect("json");
            data["thread"] = json!({ "thread_id": "t", "tokens": { "input_tokens": 0, "output_tokens": 0, "total_tokens": total_tokens + 100 } });
            log.write(Timestamp::UNIX_EPOCH, "usage", data);
        }
        // What a kill leaves of the last line is no event.
        OpenOptions::new().append(true).open(&path).expect("open").write_all(b"{\"seq\":5").expect("torn");
        assert_eq!(used(&path), (2, Tokens { total_tokens: 25, ..Tokens::default() }));
        let totals = Tokens { total_tokens: 125, ..Tokens::default() };
        assert_eq!(thread_totals(&path), Some(("t".to_owned(), totals)));
    }
}

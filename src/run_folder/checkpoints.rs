//! `runs/<id>/checkpoints.jsonl`: the boundaries between the steps of a run, append-only (DESIGN §4, "Checkpoint").
//!
//! They come from the run's own events, whatever agent it is. A line says where the run was and nothing of what was done
//! there, which is in `events.jsonl`: a run with many tools costs by their number, not by what they wrote.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::append::Lines;
use super::events::last_line;
use crate::model::{Checkpoint, Phase, ReplaySafety, Timestamp};

/// The file, written by the run's supervisor alone.
#[derive(Debug)]
pub struct CheckpointLog {
    lines: Lines,
    last: Checkpoint,
}

impl CheckpointLog {
    /// A new one.
    pub fn create(path: &Path) -> io::Result<Self> {
        let last = Checkpoint {
            seq: 0,
            at: Timestamp::UNIX_EPOCH,
            stage: Phase::PreparingWorkspace,
            boundary: String::new(),
            replay_safety: ReplaySafety::IdempotentWrite,
            turn: 0,
            tool_calls: 0,
            session_id: None,
        };
        Ok(Self { lines: Lines::create(path)?, last })
    }

    /// Takes up an event of the run; where that is a boundary, writes it and answers with its class. `session_id`: the
    /// agent's conversation, where it has one.
    pub fn take_up(
        &mut self,
        at: Timestamp,
        kind: &str,
        data: &Value,
        session_id: Option<String>,
    ) -> Option<ReplaySafety> {
        let next = after(&self.last, kind, data, session_id.is_some())?;
        let next = Checkpoint { seq: self.last.seq + 1, at, session_id, ..next };
        let class = next.replay_safety;
        match self.lines.append(serde_json::to_vec(&next).unwrap_or_default()) {
            Ok(()) => self.last = next,
            Err(error) => tracing::warn!(boundary = next.boundary, %error, "checkpoint not written"),
        }
        if is_settled(kind)
            && let Err(error) = self.lines.sync()
        {
            tracing::warn!(%error, "checkpoints not flushed");
        }
        Some(class)
    }
}

/// The last whole checkpoint of a run.
#[must_use]
pub fn last_checkpoint(path: &Path) -> Option<Checkpoint> {
    last_line(path)
}

/// The boundary that an event is, if it is one. Pure.
fn after(last: &Checkpoint, kind: &str, data: &Value, has_session: bool) -> Option<Checkpoint> {
    // What an agent without a conversation does, it does not say.
    let working = if has_session { ReplaySafety::CheckpointResumable } else { ReplaySafety::OperatorGated };
    let step = |boundary: String, replay_safety| Some(Checkpoint { boundary, replay_safety, ..last.clone() });
    match kind {
        "phase" => {
            let stage: Phase = serde_json::from_value(data["phase"].clone()).ok()?;
            let replay_safety = match stage {
                // The workspace is made once, and hooks are made to be run again.
                Phase::PreparingWorkspace | Phase::Finishing => ReplaySafety::IdempotentWrite,
                Phase::BuildingPrompt | Phase::LaunchingAgent | Phase::InitializingSession => {
                    ReplaySafety::PureReadonly
                }
                Phase::StreamingTurn => working,
            };
            Some(Checkpoint { stage, boundary: stage.as_str().to_owned(), replay_safety, ..last.clone() })
        }
        "turn_started" => {
            let turn = u32::try_from(data["turn"].as_u64()?).ok()?;
            let boundary = format!("before turn {turn}");
            Some(Checkpoint { turn, boundary, replay_safety: working, ..last.clone() })
        }
        "tool_call_started" => step(format!("before tool {}", tool(data)), class_of_tool(data)),
        "tool_call_completed" => {
            let tool_calls = last.tool_calls.saturating_add(1);
            let boundary = format!("after tool {}", tool(data));
            Some(Checkpoint { tool_calls, boundary, replay_safety: ReplaySafety::CheckpointResumable, ..last.clone() })
        }
        _ if is_settled(kind) => step(format!("after turn {}", last.turn), ReplaySafety::CheckpointResumable),
        _ => None,
    }
}

/// Whether the event ends a turn, however.
fn is_settled(kind: &str) -> bool {
    matches!(
        kind,
        "turn_completed" | "turn_failed" | "turn_timed_out" | "turn_stalled" | "turn_input_required" | "turn_cancelled"
    )
}

fn tool(data: &Value) -> &str {
    data["kind"].as_str().unwrap_or("other")
}

/// What it means to do a use of a tool again, by the kind that the agent reports. What changes the workspace is seen there
/// by whoever goes on; what leaves it is judged by name; of the rest nobody knows.
fn class_of_tool(data: &Value) -> ReplaySafety {
    match tool(data) {
        "read" => ReplaySafety::PureReadonly,
        "command" | "edit" => ReplaySafety::CheckpointResumable,
        "tracker" => class_of_tracker_tool(data["title"].as_str().unwrap_or_default()),
        _ => ReplaySafety::OperatorGated,
    }
}

fn class_of_tracker_tool(title: &str) -> ReplaySafety {
    let name = title.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if any(&["comment", "create", "graphql"]) {
        ReplaySafety::NonReplayableSideEffect
    } else if any(&["read", "list", "show", "search"]) {
        ReplaySafety::PureReadonly
    } else if any(&["edit", "update", "state", "set", "workpad"]) {
        ReplaySafety::IdempotentWrite
    } else {
        ReplaySafety::OperatorGated
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::run_folder::EventLog;

    fn log(directory: &Path) -> CheckpointLog {
        CheckpointLog::create(&directory.join("checkpoints.jsonl")).expect("made")
    }

    #[test]
    fn boundaries_and_their_classes() {
        use ReplaySafety as R;
        let directory = tempfile::tempdir().expect("a directory");
        let mut log = log(directory.path());
        let session = || Some("thread-1".to_owned());
        let title = |title: &str| json!({ "kind": "tracker", "title": title });
        for (kind, data, session, class, boundary) in [
            ("phase", json!({ "phase": "preparing_workspace" }), None, R::IdempotentWrite, "preparing_workspace"),
            ("phase", json!({ "phase": "initializing_session" }), None, R::PureReadonly, "initializing_session"),
            ("turn_started", json!({ "turn": 1 }), None, R::OperatorGated, "before turn 1"),
            ("turn_started", json!({ "turn": 1 }), session(), R::CheckpointResumable, "before turn 1"),
            (
                "tool_call_started",
                json!({ "kind": "command" }),
                session(),
                R::CheckpointResumable,
                "before tool command",
            ),
            (
                "tool_call_completed",
                json!({ "kind": "command" }),
                session(),
                R::CheckpointResumable,
                "after tool command",
            ),
            ("tool_call_started", json!({ "kind": "read" }), session(), R::PureReadonly, "before tool read"),
            ("tool_call_started", json!({ "kind": "other" }), session(), R::OperatorGated, "before tool other"),
            ("tool_call_started", json!({}), session(), R::OperatorGated, "before tool other"),
            (
                "tool_call_started",
                title("issue_comment {}"),
                session(),
                R::NonReplayableSideEffect,
                "before tool tracker",
            ),
            ("tool_call_started", title("issue_read {}"), session(), R::PureReadonly, "before tool tracker"),
            ("tool_call_started", title("issue_edit {}"), session(), R::IdempotentWrite, "before tool tracker"),
            ("turn_completed", json!({}), session(), R::CheckpointResumable, "after turn 1"),
            ("phase", json!({ "phase": "finishing" }), session(), R::IdempotentWrite, "finishing"),
        ] {
            assert_eq!(log.take_up(Timestamp::UNIX_EPOCH, kind, &data, session), Some(class), "{kind} {data}");
            assert_eq!(log.last.boundary, boundary);
        }
        assert_eq!(log.take_up(Timestamp::UNIX_EPOCH, "message", &json!({ "text": "hi" }), None), None);
        let last = last_checkpoint(&directory.path().join("checkpoints.jsonl")).expect("one");
        assert_eq!((last.seq, last.turn, last.tool_calls, last.stage), (14, 1, 1, Phase::Finishing));
    }

    #[test]
    fn a_hundred_tool_results_of_4_kb_cost_at_most_half_a_megabyte() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut checkpoints = log(directory.path());
        let mut events = EventLog::create(&directory.path().join("events.jsonl")).expect("made");
        let session = || Some("0190f3c2-9a7b-7c1d-8e2f-1234567890ab-019a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8".to_owned());
        let now = Timestamp::UNIX_EPOCH;
        for number in 0..100 {
            let call =
                json!({ "id": format!("call_{number:024}"), "kind": "command", "title": "cargo test --workspace" });
            let mut done = call.clone();
            done["ok"] = true.into();
            done["detail"] = json!({ "output": "x".repeat(4096) });
            for (kind, data) in [("tool_call_started", call), ("tool_call_completed", done)] {
                checkpoints.take_up(now, kind, &data, session());
                events.write(now, kind, data);
            }
        }
        let size = |name: &str| fs::metadata(directory.path().join(name)).expect("there").len();
        let (events, checkpoints) = (size("events.jsonl"), size("checkpoints.jsonl"));
        assert!(events > 100 * 4096, "the results are kept: {events}");
        assert!(events + checkpoints <= 512 << 10, "{events} + {checkpoints}");
        assert!(checkpoints <= 64 << 10, "{checkpoints}: a boundary does not repeat what was done");
    }

    #[test]
    fn what_a_kill_leaves_of_the_last_line_is_no_checkpoint() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("checkpoints.jsonl");
        assert_eq!(last_checkpoint(&path), None);
        let mut log = log(directory.path());
        log.take_up(Timestamp::UNIX_EPOCH, "turn_started", &json!({ "turn": 1 }), None);
        let whole = fs::read(&path).expect("one line");
        fs::write(&path, [whole.as_slice(), b"{\"seq\":2,\"at"].concat()).expect("torn");
        assert_eq!(last_checkpoint(&path).expect("the first").boundary, "before turn 1");
    }
}

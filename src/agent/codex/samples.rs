//! What Codex 0.169.0 was heard to say, turn by turn. These recordings must be understood for ever.

use std::path::Path;

use serde_json::Value;

use super::lines::Line;
use super::stream::{Desk, Stream};
use super::transport::Outbox;
use super::usage::RateLimits;
use crate::agent::log::AgentLog;
use crate::agent::testing::{issue, tracker};
use crate::agent::transcript::Transcript;
use crate::agent::{AgentEvent, Failure, Tools, TurnEnd};
use crate::store::Redactor;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/codex/", $name, ".jsonl"))
    };
}

/// A recording, taken turn by turn: what was told of each, and the log of all.
fn replay(recording: &str) -> (Vec<String>, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, tracker, issue) = (directory.path().join("agent.log"), tracker(directory.path()), issue());
    let mut transcript = Transcript::new(AgentLog::open(&path, &Redactor::default()).expect("a log"));
    let (mut outbox, mut limits, mut active_turn) = (Outbox::default(), RateLimits::default(), None);
    let (mut thread, mut stream, mut told) = (String::new(), None, String::new());
    let mut turns = Vec::new();
    for line in recording.lines() {
        let line: Value = serde_json::from_str(line).expect("a recorded line");
        let (is_ours, message) = (line["dir"] == "->", &line["msg"]);
        if is_ours {
            if let ("turn/start", Some(of)) =
                (message["method"].as_str().unwrap_or_default(), message["params"]["threadId"].as_str())
            {
                of.clone_into(&mut thread);
                let id = message["id"].as_str().and_then(|id| id.strip_prefix("baton-")).expect("an id");
                stream.get_or_insert_with(|| Stream::new(id.parse().expect("a number")));
            }
            continue;
        }
        let Some(current) = &mut stream else { continue };
        let mut desk = Desk {
            stream: current,
            outbox: &mut outbox,
            transcript: &mut transcript,
            limits: &mut limits,
            thread: &thread,
            active_turn: &mut active_turn,
            workspace: Path::new("/w/ws-patch"),
            tools: Tools::new(&*tracker, &issue, "ABC-1.1"),
            on: &mut |event| told += &format!("{}\n", shown(&event)),
        };
        let end = desk.take(Line::Whole(message.to_string().as_bytes()));
        if let Some(end) = end {
            turns.push(std::mem::take(&mut told) + &how(&end));
            stream = None;
        }
    }
    transcript.finish().expect("written");
    (turns, std::fs::read_to_string(&path).expect("a log"))
}

fn shown(event: &AgentEvent) -> String {
    match event {
        AgentEvent::TurnStarted { .. } => "taken".to_owned(),
        AgentEvent::Message { text } => format!("says {text}"),
        AgentEvent::ToolStarted(call) => format!("{:?} {}", call.kind, call.title),
        AgentEvent::ToolFinished { call, ok } => format!("{:?} ok={ok}", call.kind),
        AgentEvent::Usage { tokens } => format!("used {}", tokens.total_tokens),
        AgentEvent::RateLimits(limits) => format!("limits {limits}"),
        AgentEvent::Retrying { reason } => format!("retrying {reason}"),
        AgentEvent::Other { kind, data } => format!("{kind} {data}"),
        AgentEvent::Started { .. } | AgentEvent::Output { .. } | AgentEvent::Deltas { .. } => "counted".to_owned(),
    }
}

fn how(end: &TurnEnd) -> String {
    match end {
        TurnEnd::Failed(Failure { error, not_before, ends_session, .. }) => {
            let reset = not_before.map_or_else(String::new, |at| format!(" until {at}"));
            format!("failed: {error}{reset}{}", if *ends_session { " for good" } else { "" })
        }
        TurnEnd::NeedsInput { question } => format!("needs a person: {question}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn turns_that_go_well_are_told_and_logged() {
    let (turns, log) = replay(sample!("basic"));
    assert_eq!(
        turns,
        [
            "taken\nCommand /bin/bash -lc 'echo hello > out.txt && cat out.txt'\nCommand ok=true\nused 1050\nsays I wrote out.txt\nused 3120\nCompleted { message: Some(\"I wrote out.txt\") }",
            "taken\nsays second turn done\nused 4170\nCompleted { message: Some(\"second turn done\") }",
        ]
    );
    let warning = "[codex] Model metadata for `fake-model` not found. Defaulting to fallback metadata; this can degrade performance and cause issues.\n";
    assert_eq!(
        log.replace(warning, ""),
        "$ /bin/bash -lc 'echo hello > out.txt && cat out.txt'\nhello\nI wrote out.txt \nsecond turn done \n"
    );
    let (turns, _) = replay(sample!("resume"));
    assert_eq!(turns, ["used 4170\ntaken\nsays resumed ok\nused 5220\nCompleted { message: Some(\"resumed ok\") }"]);
    let (turns, _) = replay(sample!("patch"));
    assert!(turns[0].contains("Edit add patched2.txt\nEdit ok=true"), "{turns:#?}");
}

#[test]
fn tools_are_told_and_those_that_nobody_has_are_named() {
    let (turns, log) = replay(sample!("tools"));
    assert!(
        turns[0].starts_with("taken\nTracker tracker_comment {\"body\":\"hi\"}\nunsupported_tool_call {\"tool\":\"tracker_comment\"}\nTracker ok=true\n"),
        "{turns:#?}"
    );
    assert!(turns[1].contains("Tracker ok=false"), "{turns:#?}");
    assert!(log.contains("* tracker_comment {\"body\":\"hi2\"}\n[failed]\n"), "{log}");
}

#[test]
fn every_approval_that_was_ever_asked_for_needs_a_person() {
    let (turns, _) = replay(sample!("approval"));
    let asked: Vec<&str> =
        turns.iter().filter_map(|turn| turn.rsplit_once("needs a person: ")).map(|(_, q)| q).collect();
    assert_eq!(
        asked,
        [
            "may Codex run /bin/bash -lc 'touch accept.txt'?",
            "may Codex run /bin/bash -lc 'touch decline.txt'?",
            "may Codex run /bin/bash -lc 'touch cancel.txt'?",
            "may Codex run /bin/bash -lc 'touch esc.txt'? It says: need to write",
        ]
    );
}

#[test]
fn every_failure_is_a_failure() {
    let (turns, _) = replay(sample!("errors"));
    let ends = turns.iter().filter_map(|turn| turn.lines().last());
    let (failed, completed): (Vec<&str>, Vec<&str>) = ends.partition(|end| end.starts_with("failed: "));
    let said = |text: &str| format!("Completed {{ message: Some(\"{text}\") }}");
    assert_eq!(completed, [said("recovered"), said("ok after"), said("with headers")]);
    let brief: Vec<(&str, &str)> = failed.iter().filter_map(|end| end["failed: ".len()..].rsplit_once(" (")).collect();
    assert_eq!(
        brief.iter().map(|(_, word)| *word).collect::<Vec<_>>(),
        [
            "other)",
            "internalServerError)",
            "other)",
            "httpConnectionFailed 401)",
            "responseTooManyFailedAttempts 429)",
            "usageLimitExceeded) until 2030-01-01 00:00:00 UTC",
            "contextWindowExceeded) for good",
            "usageLimitExceeded) until 2030-01-01 00:00:00 UTC",
        ]
    );
    assert!(brief[0].0.starts_with("stream disconnected before completion"), "{}", brief[0].0);
    let (turns, _) = replay(sample!("interrupt"));
    assert_eq!(turns[0].lines().last(), Some("failed: Codex says that the turn was interrupted"));
    let (turns, _) = replay(sample!("down"));
    assert_eq!(turns[0].matches("retrying Reconnecting... waiting for network").count(), 10, "{turns:#?}");
}

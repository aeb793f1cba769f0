//! The items of a turn: what Codex said, and what it did with tools. Pure.

use std::path::Path;

use serde_json::{Value, json};

use crate::agent::{AgentEvent, ToolCall, ToolKind};

/// An item as Baton looks at it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// Something that it said.
    Message(String),
    /// A use of a tool.
    Tool {
        /// The use.
        call: ToolCall,
        /// What came of it, once it is over.
        status: Status,
    },
    /// Something worth keeping, by a stable word.
    Note(&'static str, Value),
    /// Nothing that anybody misses.
    Nothing,
}

/// What came of a use of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// Whether it did what it was to do.
    pub(super) ok: bool,
    /// What it wrote.
    pub(super) output: Option<String>,
    /// What else is to be said of it: `exit status 1`, `declined`.
    pub(super) remark: Option<String>,
}

/// Looks at an item of a thread that works in `workspace`.
pub(super) fn read(item: &Value, workspace: &Path) -> Item {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let tool = |kind, title: String| Item::Tool {
        call: ToolCall { id: text("id"), kind, title: one_line(&title), detail: item.clone() },
        status: status(item),
    };
    match item["type"].as_str().unwrap_or_default() {
        "agentMessage" => Item::Message(text("text")),
        "commandExecution" => tool(ToolKind::Command, text("command")),
        "fileChange" => tool(ToolKind::Edit, changes(item, workspace)),
        "dynamicToolCall" => tool(ToolKind::Tracker, format!("{} {}", text("tool"), item["arguments"])),
        "mcpToolCall" => tool(ToolKind::Other, format!("{}.{} {}", text("server"), text("tool"), item["arguments"])),
        "collabAgentToolCall" => tool(ToolKind::Other, text("tool")),
        "webSearch" => tool(ToolKind::Read, format!("search {}", text("query"))),
        "imageView" => tool(ToolKind::Read, format!("look at {}", text("path"))),
        "imageGeneration" => tool(ToolKind::Other, "make an image".to_owned()),
        "reasoning" => note("reasoning", &joined(&item["summary"])),
        "plan" => note("plan", &text("text")),
        "contextCompaction" => Item::Note("context_compacted", json!({})),
        _ => Item::Nothing,
    }
}

fn note(kind: &'static str, text: &str) -> Item {
    if text.is_empty() { Item::Nothing } else { Item::Note(kind, json!({ "text": text })) }
}

fn joined(texts: &Value) -> String {
    let texts = texts.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.collect::<Vec<_>>().join("\n")
}

fn status(item: &Value) -> Status {
    let exit = item["exitCode"].as_i64().filter(|code| *code != 0).map(|code| format!("exit status {code}"));
    let word = item["status"].as_str().unwrap_or_default();
    let remark = exit.or_else(|| matches!(word, "failed" | "declined").then(|| word.to_owned()));
    let output = item["aggregatedOutput"].as_str().filter(|output| !output.is_empty()).map(str::to_owned);
    Status { ok: matches!(word, "completed" | "") && remark.is_none(), output, remark }
}

/// The files of an edit, those of the workspace by their names in it.
fn changes(item: &Value, workspace: &Path) -> String {
    let changes = item["changes"].as_array().into_iter().flatten();
    let change = |change: &Value| {
        let path = change["path"].as_str().unwrap_or_default();
        let name = Path::new(path).strip_prefix(workspace).unwrap_or(Path::new(path));
        format!("{} {}", change["kind"]["type"].as_str().unwrap_or("change"), name.display())
    };
    changes.map(change).collect::<Vec<_>>().join(", ")
}

fn one_line(text: &str) -> String {
    text.trim_end().replace('\n', "\\n")
}

impl Item {
    /// What is told of an item that begins.
    pub(super) fn started(self) -> Option<AgentEvent> {
        match self {
            Self::Tool { call, .. } => Some(AgentEvent::ToolStarted(call)),
            Self::Message(_) | Self::Note(..) | Self::Nothing => None,
        }
    }

    /// What is told of an item that is complete.
    pub(super) fn completed(self) -> Option<AgentEvent> {
        match self {
            Self::Tool { call, status } => Some(AgentEvent::ToolFinished { call, ok: status.ok }),
            Self::Message(text) => Some(AgentEvent::Message { text }),
            Self::Note(kind, data) => Some(AgentEvent::Other { kind, data }),
            Self::Nothing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(item: &Value) -> (ToolKind, String, Status) {
        match read(item, "/w".as_ref()) {
            Item::Tool { call, status } => (call.kind, call.title, status),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_it_did_is_told_by_kind_title_and_result() {
        let done = || Status { ok: true, ..Status::default() };
        let remark = |text: &str| Status { remark: Some(text.into()), ..Status::default() };
        for (item, kind, title, status) in [
            (
                json!({ "type": "commandExecution", "id": "c", "command": "echo a\nb", "status": "completed", "exitCode": 0, "aggregatedOutput": "a\n" }),
                ToolKind::Command,
                "echo a\\nb",
                Status { output: Some("a\n".into()), ..done() },
            ),
            (
                json!({ "type": "commandExecution", "command": "false", "status": "failed", "exitCode": 1, "aggregatedOutput": "" }),
                ToolKind::Command,
                "false",
                remark("exit status 1"),
            ),
            (
                json!({ "type": "commandExecution", "command": "x", "status": "declined" }),
                ToolKind::Command,
                "x",
                remark("declined"),
            ),
            (
                json!({ "type": "fileChange", "status": "completed", "changes": [
                    { "path": "/w/src/a.rs", "kind": { "type": "add" } }, { "path": "/etc/b", "kind": { "type": "update" } },
                ] }),
                ToolKind::Edit,
                "add src/a.rs, update /etc/b",
                done(),
            ),
            (
                json!({ "type": "dynamicToolCall", "tool": "issue_read", "arguments": { "issue": "A" }, "status": "completed" }),
                ToolKind::Tracker,
                r#"issue_read {"issue":"A"}"#,
                done(),
            ),
            (
                json!({ "type": "mcpToolCall", "server": "s", "tool": "t", "arguments": {}, "status": "failed" }),
                ToolKind::Other,
                "s.t {}",
                remark("failed"),
            ),
            (json!({ "type": "webSearch", "query": "rust" }), ToolKind::Read, "search rust", done()),
        ] {
            assert_eq!(tool(&item), (kind, title.to_owned(), status), "{item}");
        }
    }

    #[test]
    fn what_it_said_is_told_once_it_is_whole() {
        let message = read(&json!({ "type": "agentMessage", "text": "hi" }), "/w".as_ref());
        assert_eq!(message.clone().started(), None);
        assert_eq!(message.completed(), Some(AgentEvent::Message { text: "hi".into() }));
        let thought = read(&json!({ "type": "reasoning", "summary": ["a", "b"] }), "/w".as_ref());
        let data = json!({ "text": "a\nb" });
        assert_eq!(thought.completed(), Some(AgentEvent::Other { kind: "reasoning", data }));
        for nothing in [
            json!({ "type": "userMessage" }),
            json!({ "type": "reasoning", "summary": [] }),
            json!({ "type": "new" }),
            json!({}),
        ] {
            assert_eq!(read(&nothing, "/w".as_ref()).completed(), None, "{nothing}");
        }
    }
}

//! What an agent says while it works.

use serde::Serialize;
use serde_json::Value;

use crate::model::{Process, Tokens};

/// Something that an agent said or did. Each one but [`AgentEvent::Retrying`] is a sign of life and ends a silence.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentEvent {
    /// A process was started for the turn.
    Started {
        /// Which, the leader of its session.
        process: Process,
    },
    /// The agent took the turn.
    TurnStarted {
        /// Its own id of it.
        turn_id: String,
    },
    /// It wrote something.
    Output {
        /// How much.
        bytes: usize,
    },
    /// Pieces of text or output that it streamed; they are in its log, and the whole item follows.
    Deltas {
        /// How many.
        count: u64,
    },
    /// It said something.
    Message {
        /// What.
        text: String,
    },
    /// It began to use a tool.
    ToolStarted(ToolCall),
    /// It has used a tool.
    ToolFinished {
        /// Which call: the same `id` as when it began.
        call: ToolCall,
        /// Whether the tool did what it was to do.
        ok: bool,
    },
    /// What the thread used so far.
    Usage {
        /// Absolute totals.
        tokens: Tokens,
    },
    /// The agent's limits, merged from what it said so far.
    RateLimits(Value),
    /// It lives, but does not get on: it tries again to reach its model, say. No sign of life.
    Retrying {
        /// What it waits for.
        reason: String,
    },
    /// Anything else.
    Other {
        /// A stable word.
        kind: &'static str,
        /// What it says.
        data: Value,
    },
}

/// One use of a tool, as the agent reports it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolCall {
    /// The agent's own id of the call.
    pub id: String,
    /// What kind of tool.
    pub kind: ToolKind,
    /// The command, the files or the tool's name, in one line.
    pub title: String,
    /// As the agent reports it, long texts shortened.
    pub detail: Value,
}

/// Kinds of tools, by what they can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolKind {
    /// A shell command.
    Command,
    /// An edit of files in the workspace.
    Edit,
    /// One of the tracker's, run by the supervisor.
    Tracker,
    /// A look at something: a search, an image.
    Read,
    /// Anything else, an MCP server's for example.
    Other,
}

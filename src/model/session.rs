//! The agent's conversation for an issue.

use serde::{Deserialize, Serialize};

use super::{Extra, Key, RunId, Timestamp, Tokens};

/// `sessions/<key>.json`: one conversation, reused across runs (FEATURES O13).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Whose.
    pub key: Key,
    /// The agent's kind.
    pub agent: String,
    /// The agent's own id of the conversation.
    pub thread_id: String,
    /// Turns in it.
    pub turns: u32,
    /// The highest totals seen for this thread.
    pub tokens: Tokens,
    /// The run that used it last. What that run's events tell of tokens counts as well: it may have died before its end.
    #[serde(default)]
    pub run: Option<RunId>,
    /// Grows with every change.
    pub version: u64,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What a newer Baton wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

//! What is kept of an issue that has left the working set.

use serde::{Deserialize, Serialize};

use super::{Extra, Issue, Key, RunRecord, SessionRecord, Timestamp, Work};

/// `archive/<key>.json`: everything that the store knew of the issue. Its runs' folders lie in `archive/runs/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArchivedIssue {
    /// The file-safe name.
    pub key: Key,
    /// The highest run number ever given out: an issue that comes back goes on behind it.
    pub last_run: u32,
    /// When it was archived.
    pub at: Timestamp,
    /// Baton's part.
    pub work: Work,
    /// The tracker's part.
    pub issue: Option<Issue>,
    /// The agent's conversation.
    pub session: Option<SessionRecord>,
    /// Its runs, oldest first, as far as they were kept.
    pub runs: Vec<RunRecord>,
    /// What a newer Baton wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

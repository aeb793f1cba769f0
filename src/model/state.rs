//! What the store remembers of the whole project.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, Timestamp, Tokens, Work};

/// `state.json`: one document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StateRecord {
    /// The last poll's failure; gone with the next good one.
    pub poll_error: Option<PollError>,
    /// The last configuration that validated, secrets by name only.
    pub last_good: Option<Value>,
    /// Until when a tracker wants to be left alone, by what it limits as one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tracker_limits: BTreeMap<String, Timestamp>,
    /// What is left of the agent's subscription, as the last run that heard of it was told (SPEC 13.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<Value>,
    /// What the issues used that have left the working set.
    #[serde(default, skip_serializing_if = "ArchivedTotals::is_empty")]
    pub archived: ArchivedTotals,
    /// What a newer Baton wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Sums over the issues in the archive, so that what was used is counted for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedTotals {
    /// How often an issue was archived.
    pub issues: u64,
    /// What their runs used.
    pub tokens: Tokens,
    /// How long their runs took.
    pub runtime_ms: u64,
}

impl ArchivedTotals {
    /// Whether nothing was archived yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.issues == 0
    }

    /// With one more.
    pub fn add(&mut self, work: &Work) {
        self.issues += 1;
        self.tokens.input_tokens += work.tokens.input_tokens;
        self.tokens.output_tokens += work.tokens.output_tokens;
        self.tokens.total_tokens += work.tokens.total_tokens;
        self.runtime_ms += work.runtime_ms;
    }
}

/// Why the tracker could not be read.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct PollError {
    /// When it failed first.
    pub at: Timestamp,
    /// The category (SPEC 11.4).
    pub code: String,
    /// The text.
    pub message: String,
}

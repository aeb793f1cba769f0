//! What the store remembers of the whole project.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, Timestamp};

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
    /// What a newer Baton wrote.
    #[serde(flatten)]
    pub extra: Extra,
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

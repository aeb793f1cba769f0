//! What happened, and who said so: events and the writer's identity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{RunId, Timestamp};

/// Who writes: goes into every transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The subcommand (`poll`, `worker supervise`, …).
    pub command: String,
    /// The process.
    pub pid: u32,
    /// The run and fence on whose behalf; [`Store::transact`](super::Store::transact) refuses it (`stale_fence`) unless
    /// that claim is the live one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Fence>,
}

/// The right under which a worker writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// The run.
    pub run: RunId,
    /// The journal number of its claim event.
    pub seq: u64,
}

/// An event, as it is journalled.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Event {
    /// Its number, from 1, without gaps, for the life of the store.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// `run.started`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The issue's identifier.
    pub issue: Option<String>,
    /// The run.
    pub run: Option<RunId>,
    /// What the type says.
    pub data: serde_json::Value,
}

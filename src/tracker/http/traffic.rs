//! What reading the tracker cost.

use schemars::JsonSchema;
use serde::Serialize;

use super::Quota;
use crate::model::Timestamp;

/// What was sent, and what the tracker said about its limits.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize)]
pub struct Traffic {
    /// Requests that were sent, repetitions included.
    pub requests: u64,
    /// How many of them brought "not modified".
    pub not_modified: u64,
    /// What may still be sent, where the tracker says so: the tightest of its limits.
    pub quota: Option<Quota>,
    /// Before this time nothing is sent, by no process of this project.
    pub next_poll_at: Option<Timestamp>,
}

impl Traffic {
    /// What came after `earlier`.
    #[must_use]
    pub fn since(self, earlier: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            not_modified: self.not_modified.saturating_sub(earlier.not_modified),
            ..self
        }
    }
}

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Meter {
    requests: u64,
    not_modified: u64,
    quota: Option<Quota>,
    buckets: Vec<String>,
}

impl Meter {
    pub(super) fn sent(&mut self, bucket: String) {
        self.requests += 1;
        if !self.buckets.contains(&bucket) {
            self.buckets.push(bucket);
        }
    }

    pub(super) fn unchanged(&mut self) {
        self.not_modified += 1;
    }

    pub(super) fn quota(&mut self, quota: Option<Quota>) {
        if quota.is_some() {
            self.quota = quota;
        }
    }

    /// What was sent to.
    pub(super) fn buckets(&self) -> Vec<String> {
        self.buckets.clone()
    }

    pub(super) fn traffic(&self, next_poll_at: Option<Timestamp>) -> Traffic {
        let Self { requests, not_modified, ref quota, .. } = *self;
        Traffic { requests, not_modified, quota: quota.clone(), next_poll_at }
    }
}

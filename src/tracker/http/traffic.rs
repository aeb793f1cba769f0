//! What reading the tracker cost.

use std::collections::BTreeMap;

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
    /// What was sent to, and what is left of it as far as it says so.
    buckets: BTreeMap<String, Option<Quota>>,
}

impl Meter {
    pub(super) fn sent(&mut self, bucket: String) {
        self.requests += 1;
        self.buckets.entry(bucket).or_default();
    }

    pub(super) fn unchanged(&mut self) {
        self.not_modified += 1;
    }

    pub(super) fn quota(&mut self, bucket: String, quota: Option<Quota>) {
        if quota.is_some() {
            self.buckets.insert(bucket, quota);
        }
    }

    /// What was sent to.
    pub(super) fn buckets(&self) -> Vec<String> {
        self.buckets.keys().cloned().collect()
    }

    pub(super) fn traffic(&self, next_poll_at: Option<Timestamp>, now: Timestamp) -> Traffic {
        let Self { requests, not_modified, ref buckets } = *self;
        let is_current = |quota: &&Quota| quota.reset_at.is_none_or(|reset| reset > now);
        let quotas = buckets.values().flatten().filter(is_current);
        let quota = quotas.min_by_key(|quota| quota.remaining).cloned();
        Traffic { requests, not_modified, quota, next_poll_at }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_tightest_quota_of_all_parts_is_told_until_it_is_full_again() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::hours(1);
        let quota = |remaining, minutes| {
            Some(Quota { limit: None, remaining, reset_at: Some(now + TimeDelta::minutes(minutes)) })
        };
        let mut meter = Meter::default();
        meter.quota("api".to_owned(), quota(9, 30));
        meter.quota("graphql".to_owned(), quota(4000, 30));
        meter.quota("graphql".to_owned(), None);
        meter.quota("search".to_owned(), quota(0, -1));
        assert_eq!(meter.traffic(None, now).quota, quota(9, 30));
        assert_eq!(meter.traffic(None, now + TimeDelta::hours(1)).quota, None);
    }
}

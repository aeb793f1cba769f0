//! What the store keeps of a tracker: its limits, so that every process of the project leaves it alone when it asks for
//! that, and its last answers, so that no process asks for what has not changed.

use std::sync::Arc;

use serde_json::json;

use super::STATE;
use crate::model::{StateRecord, Timestamp};
use crate::seams::Seams;
use crate::store::{By, Store, StoreError};
use crate::tracker::Memory;

/// The limits in `state.json`.
pub(super) struct StoredLimits {
    pub(super) store: Arc<Store>,
    pub(super) seams: Seams,
    pub(super) command: String,
}

impl Memory for StoredLimits {
    fn closed_until(&self, bucket: &str) -> Option<Timestamp> {
        // A store that cannot be read has an error of its own for whoever reads it next.
        self.store.get::<StateRecord>(STATE).ok().flatten()?.tracker_limits.get(bucket).copied()
    }

    fn answers(&self) -> Vec<String> {
        self.store.answers()
    }

    fn keep_answers(&self, lines: &[String]) {
        self.store.keep_answers(lines);
    }

    fn close(&self, bucket: &str, until: Timestamp) {
        if self.closed_until(bucket).is_some_and(|known| known >= until) {
            return;
        }
        let now = self.seams.now();
        let by = By { command: self.command.clone(), pid: std::process::id(), fence: None };
        let kept = self.store.transact(now, &by, |tx| {
            let mut state: StateRecord = tx.get(STATE)?.unwrap_or_default();
            state.tracker_limits.retain(|_, until| *until > now);
            state.tracker_limits.insert(bucket.to_owned(), until);
            tx.event("tracker.limited", None, None, json!({ "bucket": bucket, "until": until }));
            tx.put(&state)?;
            Ok::<_, StoreError>(())
        });
        if let Err(error) = kept {
            tracing::warn!(%error, bucket, "the tracker's limit could not be kept: other processes do not know of it");
        }
    }
}

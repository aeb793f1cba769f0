//! What the loop waits for: live runs and scheduled retries, read once from the store and kept current by the journal.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::model::{Status, Timestamp};
use crate::retry;
use crate::store::{Event, Store};

/// Live runs and scheduled retries, by identifier.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    seen: u64,
    waits: BTreeMap<String, Wait>,
}

#[derive(Debug, PartialEq)]
enum Wait {
    Run,
    Retry { due_at: Timestamp, delay_ms: u64 },
}

impl Agenda {
    pub(super) fn of(store: &Store) -> Result<Self> {
        let rows = store.rows()?;
        let mut agenda = Self { seen: rows.as_of(), waits: BTreeMap::new() };
        for row in &rows.rows {
            agenda.enter(&row.identifier, &row.status);
        }
        Ok(agenda)
    }

    /// The number of the last event that it knows.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes up an event; says whether it ended a run.
    pub(super) fn note(&mut self, event: &Event) -> bool {
        self.seen = event.seq;
        let Some(issue) = event.issue.as_deref() else { return false };
        match event.kind.as_str() {
            "run.claimed" | "run.started" => {
                self.waits.insert(issue.to_owned(), Wait::Run);
            }
            "issue.retrying" | "issue.blocked" | "issue.done" | "issue.released" | "issue.idle" | "issue.paused"
            | "issue.unheld" => {
                if let Ok(status) = serde_json::from_value(event.data.clone()) {
                    self.enter(issue, &status);
                }
            }
            "issue.retried" | "issue.held" => {
                self.waits.remove(issue);
            }
            _ => {}
        }
        event.kind == "run.finished"
    }

    /// Whether nothing runs and no retry is scheduled.
    pub(super) fn is_empty(&self) -> bool {
        self.waits.is_empty()
    }

    /// Whether a retry became due after `since`; one that was due then had its chance.
    pub(super) fn is_due(&self, since: Timestamp, now: Timestamp) -> bool {
        self.waits.values().any(|wait| match wait {
            Wait::Run => false,
            Wait::Retry { due_at, delay_ms } => {
                retry::is_due(*due_at, *delay_ms, now) && !retry::is_due(*due_at, *delay_ms, since)
            }
        })
    }

    /// The issues with a live run.
    pub(super) fn running(&self) -> Vec<String> {
        self.waits.iter().filter(|(_, wait)| **wait == Wait::Run).map(|(issue, _)| issue.clone()).collect()
    }

    fn enter(&mut self, issue: &str, status: &Status) {
        match status {
            Status::Claimed { .. } | Status::Running { .. } => {
                self.waits.insert(issue.to_owned(), Wait::Run);
            }
            Status::Retrying { due_at, delay_ms, .. } => {
                self.waits.insert(issue.to_owned(), Wait::Retry { due_at: *due_at, delay_ms: *delay_ms });
            }
            Status::Idle
            | Status::Held { .. }
            | Status::Blocked { .. }
            | Status::Paused
            | Status::Done
            | Status::Released => {
                self.waits.remove(issue);
            }
        }
    }
}

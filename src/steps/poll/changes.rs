//! What a poll changes in the store: found against a snapshot, decided again under the lock.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::Answer;
use crate::error::Result;
use crate::model::{Issue, Key, Status, Work};
use crate::project::Project;
use crate::queue::{self, Policy, Seen};
use crate::store::{IssueRecord, Snapshot, StoreError, Transaction};

/// Changes that one transaction takes: well under its size limit.
const BATCH: usize = 50;

/// What is to be written about one issue.
pub(super) struct Change {
    pub(super) key: Key,
    /// The tracker's id.
    id: String,
    /// `None`: the tracker no longer shows it.
    issue: Option<Issue>,
}

/// Everything that differs from what the store knows. An issue whose manifest is damaged is left alone.
pub(super) fn find(answer: &Answer, asked_at: u64, policy: &Policy) -> Vec<Change> {
    let fetched = answer.fetched.issues.iter().map(|issue| (issue.id.as_str(), Some(issue)));
    let looked_up = answer.looked_up.iter().map(|(id, issue)| (id.as_str(), issue.as_ref()));
    let heard_of: Vec<(&str, Option<&Issue>)> = fetched.chain(looked_up).collect();
    let ids: HashSet<&str> = heard_of.iter().map(|(id, _)| *id).collect();
    let rows = answer.rows.rows.iter().filter(|row| ids.contains(row.issue_id.as_str()));
    let known: HashMap<&str, &Key> = rows.map(|row| (row.issue_id.as_str(), &row.key)).collect();
    let mut keys = LazyCell::new(|| Keys::new(answer));
    let mut changes = Vec::new();
    for (id, issue) in heard_of {
        let key = match (known.get(id), issue) {
            (Some(key), _) if differs(&answer.known, key, issue, asked_at, policy) => (*key).clone(),
            (None, Some(issue)) => match keys.give(issue) {
                Some(key) => key,
                None => continue,
            },
            (Some(_), _) | (None, None) => continue,
        };
        changes.push(Change { key, id: id.to_owned(), issue: issue.cloned() });
    }
    changes
}

/// The keys that are taken, without regard to case.
struct Keys {
    taken: BTreeMap<String, String>,
    damaged: BTreeSet<String>,
}

impl Keys {
    fn new(answer: &Answer) -> Self {
        let rows = answer.rows.rows.iter();
        let taken = rows.map(|row| (row.key.as_str().to_lowercase(), row.identifier.clone())).collect();
        let damaged = answer.rows.damaged.iter().map(|(doc, _)| doc.name.to_lowercase()).collect();
        Self { taken, damaged }
    }

    /// A newcomer's key; none where a damaged manifest may be its own.
    fn give(&mut self, issue: &Issue) -> Option<Key> {
        let identifier = &issue.identifier;
        let key = Key::for_identifier(identifier, |key| {
            self.taken.get(&key.to_lowercase()).is_some_and(|other| other != identifier)
        });
        let lower = key.as_str().to_lowercase();
        if self.damaged.contains(&lower) {
            return None;
        }
        self.taken.insert(lower, identifier.clone());
        Some(key)
    }
}

fn differs(known: &Snapshot, key: &Key, issue: Option<&Issue>, asked_at: u64, policy: &Policy) -> bool {
    let Ok(Some(work)) = known.get::<Work>(key.as_str()) else { return false };
    let Ok(record) = known.get::<IssueRecord>(key.as_str()) else { return false };
    let same = match (&record, issue) {
        (Some(record), Some(issue)) => record.issue == *issue || record.asked_at > asked_at,
        (None, Some(_)) => false,
        (_, None) => true,
    };
    let seen = issue.map_or(Seen::Invisible, Seen::Issue);
    !same || queue::observe(&work, record.as_ref().map(|record| &record.issue), seen, policy).is_some()
}

/// Commits in several transactions, each of which decides again on what it reads under the lock.
pub(super) fn commit(project: &Project, changes: &[Change], asked_at: u64, policy: &Policy) -> Result<()> {
    let by = project.by(None);
    for batch in changes.chunks(BATCH) {
        project.store.transact(project.seams.now(), &by, |tx| {
            for change in batch {
                match apply(tx, change, asked_at, policy) {
                    Err(StoreError::DamagedDocument { doc, reason, .. }) => {
                        tracing::warn!(document = %doc, reason, "left alone: it is damaged");
                    }
                    result => result?,
                }
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(())
}

fn apply(
    tx: &mut Transaction<'_>,
    change: &Change,
    asked_at: u64,
    policy: &Policy,
) -> std::result::Result<(), StoreError> {
    let record: Option<IssueRecord> = tx.get(change.key.as_str())?;
    let work: Option<Work> = tx.get(change.key.as_str())?;
    let somebody_else_s = work.as_ref().is_some_and(|work| work.issue_id != change.id);
    if somebody_else_s || record.as_ref().is_some_and(|record| record.asked_at > asked_at) {
        return Ok(());
    }
    let known = work.as_ref().map(|work| work.identifier.clone());
    let identifier = change.issue.as_ref().map(|issue| issue.identifier.clone()).or(known).unwrap_or_default();
    if let Some(issue) = &change.issue
        && queue::claim::refresh(tx, &change.key, issue, asked_at)?
    {
        let kind = if record.is_some() { "issue.changed" } else { "issue.seen" };
        tx.event(kind, Some(&identifier), None, json!({ "state": issue.state, "title": issue.title }));
    }
    let newcomer = work.is_none();
    let work = work.unwrap_or_else(|| Work::new(change.key.clone(), identifier.clone(), change.id.clone()));
    let seen = change.issue.as_ref().map_or(Seen::Invisible, Seen::Issue);
    let before = record.as_ref().map(|record| &record.issue);
    match queue::observe(&work, before, seen, policy) {
        Some(mut moved) => {
            let data = serde_json::to_value(&moved.status).unwrap_or_default();
            let number = tx.event(queue::event_of(&moved.status), Some(&identifier), None, data);
            if matches!(moved.status, Status::Done | Status::Released) {
                moved.over_at = number;
            }
            tx.put(&moved)
        }
        None if newcomer => tx.put(&work),
        None => Ok(()),
    }
}

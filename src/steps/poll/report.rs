//! What a poll says: the dispatch order, and why the rest waits.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Answer;
use crate::model::{ClaimRecord, Issue, Key, Reason, ReasonCode, RunId, Timestamp, Work};
use crate::project::Project;
use crate::queue::{self, Plan, Policy, Slots};
use crate::store::{IssueRecord, Rows, Snapshot};
use crate::tracker::{Problem, Traffic};

/// What a poll found.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct PollReport {
    /// When.
    pub polled_at: Timestamp,
    /// `tracker.kind`.
    pub tracker: String,
    /// Issues that the tracker brought.
    pub fetched: usize,
    /// Issues whose manifests changed.
    pub changed: usize,
    /// What has a slot now, in dispatch order.
    pub queue: Vec<QueueEntry>,
    /// What waits, and why.
    pub waiting: Vec<WaitingEntry>,
    /// Records that could not be used.
    pub problems: Vec<Problem>,
    /// What asking cost, and when the tracker may be asked again.
    pub traffic: Traffic,
    /// The journal number at which the request began.
    #[serde(skip)]
    pub asked_at: u64,
    /// The issues behind `queue`, in its order.
    #[serde(skip)]
    pub eligible: Vec<(Key, Issue)>,
}

/// An issue that may run now.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct QueueEntry {
    /// Its identifier.
    pub identifier: String,
    /// Its key.
    pub key: Key,
    /// Its title.
    pub title: String,
    /// Its tracker state.
    pub state: String,
    /// Its priority.
    pub priority: Option<i64>,
}

/// An issue that may not run now.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct WaitingEntry {
    /// Its identifier.
    pub identifier: String,
    /// Its key.
    pub key: Key,
    /// Why, never empty.
    pub reasons: Vec<Reason>,
}

pub(super) fn make(
    project: &Project,
    answer: &Answer,
    dead: &[RunId],
    changed: usize,
    asked_at: u64,
    policy: &Policy,
) -> PollReport {
    let now = project.seams.now();
    let Answer { fetched, known: snapshot, .. } = answer;
    let works: BTreeMap<String, Work> =
        snapshot.all::<Work>().into_iter().map(|work| (work.issue_id.clone(), work)).collect();
    // Issues that a dry run does not write, or whose manifest is damaged, have no work of their own.
    let (known, unknown): (Vec<&Issue>, Vec<&Issue>) =
        fetched.issues.iter().partition(|issue| works.contains_key(&issue.id));
    let stand_ins: Vec<Work> =
        unknown.iter().map(|issue| unreadable(&answer.rows, issue).unwrap_or_else(|| stand_in(issue))).collect();
    let (damaged, new): (Vec<_>, Vec<_>) =
        unknown.into_iter().zip(&stand_ins).partition(|(_, work)| is_damaged(answer, &work.key));
    let pairs = known.into_iter().filter_map(|issue| works.get(&issue.id).map(|work| (issue, work))).chain(new);
    let Plan { queue, waiting } =
        queue::plan(pairs, Slots::new(policy, running_states(snapshot, policy, dead)), policy, now);
    let waiting = waiting.into_iter().map(|waiting| (waiting.issue, &waiting.work.key, waiting.reasons));
    let damaged = damaged.into_iter().map(|(issue, work)| {
        let reason = Reason::new(ReasonCode::Damaged, "its manifest is damaged; `baton status` says how");
        (issue, &work.key, vec![reason])
    });
    PollReport {
        polled_at: now,
        tracker: project.tracker.kind().to_owned(),
        fetched: fetched.issues.len(),
        changed,
        queue: queue.iter().map(|(issue, work)| entry(issue, &work.key)).collect(),
        waiting: waiting
            .chain(damaged)
            .map(|(issue, key, reasons)| WaitingEntry {
                identifier: issue.identifier.clone(),
                key: key.clone(),
                reasons,
            })
            .collect(),
        problems: fetched.problems.clone(),
        traffic: Traffic::default(),
        asked_at,
        eligible: queue.into_iter().map(|(issue, work)| (work.key.clone(), issue.clone())).collect(),
    }
}

/// The same of one that it knows, and whose manifest cannot be read.
fn unreadable(rows: &Rows, issue: &Issue) -> Option<Work> {
    let row = rows.rows.iter().find(|row| row.issue_id == issue.id)?;
    Some(Work::new(row.key.clone(), issue.identifier.clone(), issue.id.clone()))
}

/// The work of an issue that the store does not know yet.
pub(in crate::steps) fn stand_in(issue: &Issue) -> Work {
    let key = Key::for_identifier(&issue.identifier, |_| false);
    Work::new(key, issue.identifier.clone(), issue.id.clone())
}

fn is_damaged(answer: &Answer, key: &Key) -> bool {
    let damaged = answer.rows.damaged.iter().chain(answer.known.damaged());
    damaged.into_iter().any(|(doc, _)| doc.name == key.as_str())
}

pub(in crate::steps) fn entry(issue: &Issue, key: &Key) -> QueueEntry {
    QueueEntry {
        identifier: issue.identifier.clone(),
        key: key.clone(),
        title: issue.title.clone(),
        state: issue.state.clone(),
        priority: issue.priority,
    }
}

/// The tracker states of the issues that have a live claim, but for these runs, whose worker is dead. A person's hold
/// takes no slot but a shared workspace.
pub(in crate::steps) fn running_states(snapshot: &Snapshot, policy: &Policy, dead: &[RunId]) -> Vec<String> {
    let is_held = |claim: &ClaimRecord| {
        snapshot.get::<Work>(claim.key.as_str()).ok().flatten().is_some_and(|work| work.is_held())
    };
    let state = |claim: &ClaimRecord| {
        snapshot
            .get::<IssueRecord>(claim.key.as_str())
            .ok()
            .flatten()
            .map(|record| record.issue.state)
            .unwrap_or_default()
    };
    let claims = snapshot.all::<ClaimRecord>();
    let live = claims.iter().filter(|record| !dead.contains(&record.claim.run));
    live.filter(|claim| policy.shared_workspace || !is_held(claim)).map(state).collect()
}

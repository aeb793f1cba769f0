//! `status`: what is going on, by SPEC 13.7's names. Reads without a lock, and starts nothing.

mod issue;
mod recent;
mod report;
mod why;

pub use issue::{IssueStatus, status_of};
pub use recent::RecentEvent;
pub use report::{RunningRow, StatusReport};
pub use why::explain;

use recent::{RateLimits, Recent};
use report::{BlockedRow, Counts, Damaged, HeldRow, IssueRow, LastPoll, RetryRow, Totals};

use crate::error::Result;
use crate::model::{Issue, PollError, RunId, RunRecord, StateRecord, Status, Timestamp, Work};
use crate::project::STATE;
use crate::queue::{Policy, Slots};
use crate::retry;
use crate::seams::Seams;
use crate::store::{DocId, Row, Store};

/// Why a retry that is due has not begun (SPEC 8.4).
const NO_SLOTS: &str = "no available orchestrator slots";

/// The state of the whole project.
pub fn status(store: &Store, seams: &Seams) -> Result<StatusReport> {
    let rows = store.rows()?;
    let state: StateRecord = store.get(STATE)?.unwrap_or_default();
    let now = seams.now();
    let mut report = StatusReport {
        as_of: rows.as_of(),
        last_poll: last_poll(store, state.poll_error),
        rate_limits: state.rate_limits,
        damaged: damaged(&rows.damaged),
        ..StatusReport::empty(now)
    };
    // What a live agent said is newer than what an ended run left.
    let mut live: Option<RateLimits> = None;
    report.codex_totals.tokens = state.archived.tokens;
    report.codex_totals.add_runtime(state.archived.runtime_ms);
    for row in rows.rows {
        if let Some(told) = report.add(store, row, now) {
            live = live.filter(|known| known.at >= told.at).or(Some(told));
        }
    }
    if let Some(live) = live {
        report.rate_limits = Some(live.limits);
    }
    report.counts.damaged = report.damaged.len();
    Ok(report)
}

impl StatusReport {
    /// The state of a project that has no store yet.
    #[must_use]
    pub fn empty(now: Timestamp) -> Self {
        Self {
            as_of: 0,
            generated_at: now,
            counts: Counts::default(),
            running: Vec::new(),
            held: Vec::new(),
            retrying: Vec::new(),
            blocked: Vec::new(),
            paused: Vec::new(),
            idle: Vec::new(),
            codex_totals: Totals::default(),
            rate_limits: None,
            last_poll: LastPoll { at: None, ok: None, error: None },
            damaged: Vec::new(),
            queue: None,
            waiting: None,
        }
    }

    /// Adds an issue; what a live agent said of limits comes back.
    fn add(&mut self, store: &Store, known: Row, now: Timestamp) -> Option<RateLimits> {
        let mut limits = None;
        self.codex_totals.tokens.input_tokens += known.tokens.input_tokens;
        self.codex_totals.tokens.output_tokens += known.tokens.output_tokens;
        self.codex_totals.tokens.total_tokens += known.tokens.total_tokens;
        self.codex_totals.add_runtime(known.runtime_ms);
        let (status, acknowledged) = (known.status.clone(), known.acknowledged.clone());
        let row = IssueRow::from(known);
        match &status {
            Status::Claimed { claim } | Status::Running { claim } => {
                self.counts.running += 1;
                self.codex_totals.add_runtime(u64::try_from((now - claim.at).num_milliseconds()).unwrap_or(0));
                let recent = Recent::of(store, &claim.run);
                limits = recent.rate_limits();
                self.running.push(running_row(store, row, &claim.run, claim.at, &recent));
            }
            Status::Held { .. } => {
                self.counts.held += 1;
                self.held.extend(held_row(store, row, &status));
            }
            Status::Retrying { .. } => {
                self.counts.retrying += 1;
                self.retrying.extend(retry_row(row, &status, now));
            }
            Status::Blocked { reasons } => {
                self.counts.blocked += 1;
                self.blocked.push(BlockedRow { issue: row, reasons: reasons.clone(), acknowledged });
            }
            Status::Paused => {
                self.counts.paused += 1;
                self.paused.push(row);
            }
            Status::Idle => {
                self.counts.idle += 1;
                self.idle.push(row);
            }
            Status::Done => self.counts.done += 1,
            Status::Released => self.counts.released += 1,
        }
        limits
    }

    /// Says of a retry that is due, and for which there is no slot, that this is why it still waits (SPEC 8.4).
    pub fn tell_who_has_no_slot(&mut self, policy: &Policy) {
        let running: Vec<String> = self.running.iter().map(|row| row.issue.state.clone()).collect();
        let now = self.generated_at;
        for row in self.retrying.iter_mut().filter(|row| row.due_at <= now) {
            if Slots::new(policy, &running).take(&row.issue.state).is_err() {
                row.error = Some(NO_SLOTS.to_owned());
            }
        }
    }
}

impl From<Row> for IssueRow {
    fn from(row: Row) -> Self {
        let (state, title, url) = row.issue.map(|issue| (issue.state, issue.title, issue.url)).unwrap_or_default();
        Self {
            issue_id: row.issue_id,
            issue_identifier: row.identifier.clone(),
            issue_url: url,
            identifier: row.identifier,
            key: row.key,
            status: row.status.as_str(),
            state,
            title,
        }
    }
}

fn row(work: &Work, issue: Option<&Issue>) -> IssueRow {
    IssueRow {
        issue_id: work.issue_id.clone(),
        issue_identifier: work.identifier.clone(),
        issue_url: issue.and_then(|issue| issue.url.clone()),
        identifier: work.identifier.clone(),
        key: work.key.clone(),
        status: work.status.as_str(),
        state: issue.map(|issue| issue.state.clone()).unwrap_or_default(),
        title: issue.map(|issue| issue.title.clone()).unwrap_or_default(),
    }
}

fn running_row(store: &Store, issue: IssueRow, run: &RunId, started_at: Timestamp, recent: &Recent) -> RunningRow {
    let record = store.get::<RunRecord>(&run.to_string()).ok().flatten();
    let last = recent.events.first();
    RunningRow {
        issue,
        run: run.clone(),
        phase: record.as_ref().map(|record| record.phase),
        pid: record.as_ref().and_then(|record| record.supervisor.as_ref()).map(|process| process.pid),
        session_id: record.as_ref().and_then(|record| record.session_id.clone()),
        turn_count: record.as_ref().map(|record| record.turns).unwrap_or_default(),
        started_at,
        last_event: last.map(|event| event.kind.clone()),
        last_event_at: last.map(|event| event.at),
        last_message: recent.message(),
        tokens: record.map(|record| record.tokens).unwrap_or_default(),
    }
}

fn held_row(store: &Store, issue: IssueRow, status: &Status) -> Option<HeldRow> {
    let Status::Held { claim, .. } = status else { return None };
    let record = store.get::<RunRecord>(&claim.run.to_string()).ok().flatten();
    let pid = record.and_then(|record| record.supervisor).map(|process| process.pid);
    Some(HeldRow { issue, run: claim.run.clone(), pid, started_at: claim.at })
}

fn retry_row(issue: IssueRow, status: &Status, now: Timestamp) -> Option<RetryRow> {
    match status {
        Status::Retrying { kind, attempt, due_at, delay_ms, error } => {
            // After a jump of the clock it may be due though its time is far off.
            let due_at = if retry::is_due(*due_at, *delay_ms, now) { (*due_at).min(now) } else { *due_at };
            Some(RetryRow { issue, kind: *kind, attempt: *attempt, due_at, error: error.clone() })
        }
        Status::Idle
        | Status::Claimed { .. }
        | Status::Running { .. }
        | Status::Held { .. }
        | Status::Blocked { .. }
        | Status::Paused
        | Status::Done
        | Status::Released => None,
    }
}

fn last_poll(store: &Store, error: Option<PollError>) -> LastPoll {
    let at = store.polled_at();
    let ok = if error.is_some() { Some(false) } else { at.map(|_| true) };
    LastPoll { at, ok, error }
}

fn damaged(damaged: &[(DocId, String)]) -> Vec<Damaged> {
    damaged.iter().map(|(doc, message)| Damaged { document: doc.to_string(), message: message.clone() }).collect()
}

//! Why nobody works on an issue: the queue's own answer, on what the store knows.

use std::collections::BTreeMap;

use super::StatusReport;
use crate::error::Result;
use crate::model::{Issue, Key, Status, Timestamp, Work};
use crate::queue::{self, Plan, Policy, Slots};
use crate::steps::WaitingEntry;
use crate::steps::poll::{entry, running_states};
use crate::store::{IssueRecord, Kind, Store};

/// Adds to the report what could be launched now, and why the rest waits: every issue that is not over and has no run.
/// The tracker is not asked; the last poll's answer counts.
pub fn explain(store: &Store, report: &mut StatusReport, policy: &Policy, now: Timestamp) -> Result<()> {
    let snapshot = store.snapshot(&[Kind::Work, Kind::Issues, Kind::Claims])?;
    let issues: BTreeMap<Key, Issue> =
        snapshot.all::<IssueRecord>().into_iter().map(|record| (record.key, record.issue)).collect();
    let works: Vec<Work> = snapshot.all::<Work>().into_iter().filter(|work| waits(&work.status)).collect();
    let pairs = works.iter().filter_map(|work| Some((issues.get(&work.key)?, work)));
    let Plan { queue, waiting } =
        queue::plan(pairs, Slots::new(policy, running_states(&snapshot, policy, &[])), policy, now);
    report.queue = Some(queue.into_iter().map(|(issue, work)| entry(issue, &work.key)).collect());
    let waiting = waiting.into_iter().map(|waiting| WaitingEntry {
        identifier: waiting.issue.identifier.clone(),
        key: waiting.work.key.clone(),
        reasons: waiting.reasons,
    });
    report.waiting = Some(waiting.collect());
    Ok(())
}

fn waits(status: &Status) -> bool {
    match status {
        Status::Idle | Status::Held { .. } | Status::Retrying { .. } | Status::Blocked { .. } | Status::Paused => true,
        Status::Claimed { .. } | Status::Running { .. } | Status::Done | Status::Released => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Reason, ReasonCode};
    use crate::queue::Override;
    use crate::steps;
    use crate::worker::testing::Bench;

    use super::*;

    #[tokio::test]
    async fn every_issue_that_waits_has_a_reason_and_a_running_one_takes_its_slot() {
        let bench = Bench::new("true", "agent:\n  max_concurrent_agents: 2");
        let [a, b, _c, _d] = ["A-1", "B-1", "C-1", "D-1"].map(|name| bench.issue(name));
        steps::poll(&bench.project, false).await.expect("a poll");
        let fresh = bench.project.tracker.fetch_issues_by_ids(&["A-1".to_owned()]).await.expect("issues").remove(0);
        steps::claim(&bench.project, &a, &fresh, bench.journal(), Override::Nothing).expect("a claim");
        let added = bench.project.store.transact(bench.project.seams.now(), &bench.by(), |tx| {
            let reasons = vec![Reason::new(ReasonCode::Budget, "used up")];
            tx.event("test", None, None, serde_json::json!({}));
            tx.put(&Work { status: Status::Blocked { reasons }, ..bench.work(&b) })
        });
        added.expect("blocked");
        let (store, now) = (&bench.project.store, bench.project.seams.now());
        let mut report = steps::status(store, &bench.project.seams).expect("a report");
        explain(store, &mut report, &bench.project.policy(), now).expect("reasons");
        let queue: Vec<_> = report.queue.iter().flatten().map(|entry| entry.identifier.as_str()).collect();
        let first = |entry: &WaitingEntry| (entry.identifier.clone(), entry.reasons[0].code);
        let waiting: Vec<_> = report.waiting.iter().flatten().map(first).collect();
        assert_eq!(queue, ["C-1"]);
        assert_eq!(waiting, [("B-1".to_owned(), ReasonCode::Blocked), ("D-1".to_owned(), ReasonCode::NoSlot)]);
    }
}

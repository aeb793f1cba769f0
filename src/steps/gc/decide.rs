//! What may leave the working set. Pure.

use chrono::TimeDelta;

use crate::model::{Health, Issue, RunRecord, Status, Timestamp, Work};

/// The instant before which something must have ended to be old enough.
pub(super) fn before(now: Timestamp, older_than_ms: u64) -> Timestamp {
    let age = i64::try_from(older_than_ms).ok().and_then(TimeDelta::try_milliseconds).unwrap_or(TimeDelta::MAX);
    now.checked_sub_signed(age).unwrap_or(Timestamp::MIN_UTC)
}

/// Whether the issue is terminal, or not ours any more, and nobody has it.
pub(super) fn is_over(status: &Status) -> bool {
    match status {
        Status::Done | Status::Released => true,
        Status::Idle
        | Status::Claimed { .. }
        | Status::Running { .. }
        | Status::Held { .. }
        | Status::Retrying { .. }
        | Status::Blocked { .. }
        | Status::Paused => false,
    }
}

/// Since when nothing has happened to the issue, as far as anything says: the last of its runs, its tracker and its
/// workspace. `None`: nothing does, which is no ground for anything.
pub(super) fn over_since(work: &Work, issue: Option<&Issue>, runs: &[&RunRecord]) -> Option<Timestamp> {
    let ended = runs.iter().map(|run| run.outcome.as_ref().map_or(run.started_at, |outcome| outcome.finished_at));
    let tracker = issue.and_then(|issue| issue.updated_at.max(issue.created_at));
    let workspace = work.workspace.as_ref().map(|record| record.created_at);
    ended.chain(tracker).chain(workspace).max()
}

/// The ended runs that may go: all but the last `keep`, of those that ended before. `runs` are one issue's.
pub(super) fn old_runs<'r>(runs: &[&'r RunRecord], keep: usize, before: Timestamp) -> Vec<&'r RunRecord> {
    let mut ended: Vec<&RunRecord> = runs.iter().copied().filter(|run| run.outcome.is_some()).collect();
    ended.sort_by_key(|run| run.run.number);
    ended.truncate(ended.len().saturating_sub(keep));
    ended.retain(|run| run.outcome.as_ref().is_some_and(|outcome| outcome.finished_at < before));
    ended
}

/// Why a workspace of an issue that is over stays; `None`: it is clean, and may go.
pub(super) fn why_kept(health: Health) -> Option<&'static str> {
    match health {
        Health::Clean | Health::Missing => None,
        Health::Dirty => Some("dirty"),
        Health::Drifted | Health::Orphaned | Health::Unknown => Some("unverified"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Claim, Key, RunId};
    use crate::outcome::{End, Tally, classify};
    use crate::queue::testing::{issue, work};

    fn at(days: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::days(days)
    }

    fn run(number: u32, ended: Option<i64>) -> RunRecord {
        let key: Key = "A-1".parse().expect("a key");
        let claim = Claim { run: RunId { key, number }, fence: 1, at: at(0) };
        let outcome = ended.map(|days| classify(&End::Completed, Tally::default(), at(days)));
        RunRecord { outcome, ..RunRecord::new(&work("A-1", Status::Done), &claim, "command") }
    }

    #[test]
    fn the_last_sign_of_life_counts() {
        let done = work("A-1", Status::Done);
        let updated = Issue { updated_at: Some(at(5)), created_at: Some(at(1)), ..issue("A-1", "Done") };
        let (first, second, live) = (run(1, Some(3)), run(2, Some(9)), run(3, None));
        let plain = Issue { updated_at: None, created_at: None, ..issue("A-1", "Done") };
        assert_eq!(over_since(&done, Some(&updated), &[&first]), Some(at(5)));
        assert_eq!(over_since(&done, Some(&updated), &[&first, &second]), Some(at(9)));
        assert_eq!(over_since(&done, Some(&plain), &[&live]), Some(at(0)));
        assert_eq!(over_since(&done, Some(&plain), &[]), None);
    }

    #[test]
    fn the_last_runs_and_the_live_ones_stay() {
        let runs = [run(1, Some(1)), run(2, Some(2)), run(3, Some(3)), run(4, None)];
        let all: Vec<&RunRecord> = runs.iter().collect();
        let old = |keep, days| old_runs(&all, keep, at(days)).iter().map(|run| run.run.number).collect::<Vec<_>>();
        assert_eq!(old(0, 10), [1, 2, 3]);
        assert_eq!(old(2, 10), [1]);
        assert_eq!(old(0, 3), [1, 2]);
        assert_eq!(old(9, 10), Vec::<u32>::new());
    }

    #[test]
    fn what_is_dirty_or_cannot_be_told_stays() {
        let stays = [Health::Clean, Health::Missing, Health::Dirty, Health::Drifted, Health::Orphaned, Health::Unknown]
            .map(|health| why_kept(health).is_some());
        assert_eq!(stays, [false, false, true, true, true, true]);
    }

    #[test]
    fn an_age_beyond_all_dates_is_before_them() {
        assert_eq!(before(at(20), 86_400_000), at(19));
        assert_eq!(before(at(20), u64::MAX), Timestamp::MIN_UTC);
    }
}

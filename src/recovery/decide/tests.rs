use super::*;
use crate::model::{Reason, RetryKind, Timestamp};

/// The rows of a table of docs/operations.md, by its heading: the cells without back quotes.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = include_str!("../../../docs/operations.md");
    let section = page.split(heading).nth(1).unwrap_or_else(|| panic!("docs/operations.md has no {heading}"));
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect()
}

/// The word of a value in JSON.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).expect("json").as_str().expect("a word").to_owned()
}

fn blocked(code: ReasonCode) -> Status {
    Status::Blocked { reasons: vec![Reason::new(code, "")] }
}

fn retrying() -> Status {
    let due_at = Timestamp::UNIX_EPOCH;
    Status::Retrying { kind: RetryKind::Failure, attempt: 1, due_at, delay_ms: 0, error: None }
}

#[test]
fn each_dead_run_has_one_name() {
    let none = RunSeen { outcome_left: false, supervised: false, held: false, tree: false };
    for (seen, found) in [
        (none, Found::ClaimWithoutWorker),
        (RunSeen { supervised: true, ..none }, Found::DeadWorker),
        (RunSeen { supervised: true, tree: true, ..none }, Found::LiveTree),
        (RunSeen { tree: true, ..none }, Found::LiveTree),
        (RunSeen { supervised: true, outcome_left: true, ..none }, Found::OutcomeNotCommitted),
        (RunSeen { supervised: true, outcome_left: true, tree: true, ..none }, Found::OutcomeNotCommitted),
        (RunSeen { supervised: true, held: true, tree: true, ..none }, Found::DeadHolder),
    ] {
        assert_eq!(of_run(seen), found, "{seen:?}");
    }
}

#[test]
fn what_is_done_about_a_dead_run_is_named_by_what_follows() {
    for (as_left, status, resumable, action) in [
        (false, retrying(), false, Action::RetryScheduled),
        (false, retrying(), true, Action::ResumeScheduled),
        (false, Status::Done, true, Action::Released),
        (false, Status::Paused, false, Action::Released),
        (false, Status::Idle, false, Action::Released),
        (false, blocked(ReasonCode::AttemptsExhausted), true, Action::Blocked),
        (true, retrying(), true, Action::OutcomeCommitted),
        (true, Status::Done, false, Action::OutcomeCommitted),
        (true, blocked(ReasonCode::NeedsInput), false, Action::OutcomeCommitted),
        (true, blocked(ReasonCode::Unkillable), false, Action::Blocked),
        (true, blocked(ReasonCode::OrphanUnreachable), false, Action::Blocked),
    ] {
        assert_eq!(action_after(as_left, &status, resumable), action, "{as_left} {status:?} {resumable}");
    }
}

const SEEN: WorkspaceSeen = WorkspaceSeen {
    state: WorkspaceState::Ready,
    mode: Mode::Worktree,
    place: Place::There,
    lease: LeaseSeen::Free,
    standing: Standing::Idle,
    kept: false,
    noted: false,
};

const STATES: [WorkspaceState; 10] = [
    WorkspaceState::Requested,
    WorkspaceState::Provisioning,
    WorkspaceState::Ready,
    WorkspaceState::InUse,
    WorkspaceState::CleanupQueued,
    WorkspaceState::Cleaning,
    WorkspaceState::Archived,
    WorkspaceState::Removed,
    WorkspaceState::Recovering,
    WorkspaceState::Failed,
];
const PLACES: [Place; 5] = [Place::There, Place::Missing, Place::HalfMade, Place::Drifted, Place::Unknown];
const STANDINGS: [Standing; 8] = [
    Standing::Claimed,
    Standing::Scheduled,
    Standing::Idle,
    Standing::Blocked { for_drift: false },
    Standing::Blocked { for_drift: true },
    Standing::Paused,
    Standing::Done,
    Standing::Released,
];
const LEASES: [LeaseSeen; 3] = [LeaseSeen::Free, LeaseSeen::Held, LeaseSeen::Left];

/// Every combination of what can be seen.
fn every() -> Vec<WorkspaceSeen> {
    let mut all = Vec::new();
    for state in STATES {
        for place in PLACES {
            for standing in STANDINGS {
                for lease in LEASES {
                    for mode in [Mode::Worktree, Mode::Shared] {
                        for (kept, noted) in [(false, false), (true, false), (false, true), (true, true)] {
                            all.push(WorkspaceSeen { state, mode, place, lease, standing, kept, noted });
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn what_is_done_about_a_workspace() {
    use Standing as St;
    use WorkspaceState as S;
    let missing = WorkspaceSeen { place: Place::Missing, ..SEEN };
    let drifted = WorkspaceSeen { place: Place::Drifted, ..SEEN };
    for (seen, decided) in [
        (SEEN, None),
        (WorkspaceSeen { standing: St::Scheduled, ..missing }, Some((Found::WorkspaceMissing, Action::Recreated))),
        (missing, Some((Found::WorkspaceMissing, Action::Noted))),
        (WorkspaceSeen { noted: true, ..missing }, None),
        (WorkspaceSeen { mode: Mode::Shared, ..missing }, Some((Found::WorkspaceMissing, Action::Blocked))),
        (drifted, Some((Found::WorkspaceDrifted, Action::Blocked))),
        (WorkspaceSeen { standing: St::Paused, ..drifted }, None),
        (WorkspaceSeen { standing: St::Blocked { for_drift: true }, ..drifted }, None),
        (
            WorkspaceSeen { standing: St::Blocked { for_drift: true }, ..SEEN },
            Some((Found::WorkspaceBack, Action::Unblocked)),
        ),
        (
            WorkspaceSeen { standing: St::Scheduled, state: S::Provisioning, ..SEEN },
            Some((Found::WorkspaceHalfMade, Action::Recreated)),
        ),
        (
            WorkspaceSeen { standing: St::Scheduled, place: Place::HalfMade, ..SEEN },
            Some((Found::WorkspaceHalfMade, Action::Recreated)),
        ),
        (WorkspaceSeen { state: S::Cleaning, ..missing }, Some((Found::CleanupHalfDone, Action::Cleaned))),
        // Somebody wants it again: it is used as it is.
        (WorkspaceSeen { state: S::Cleaning, ..SEEN }, None),
        (
            WorkspaceSeen { state: S::Cleaning, standing: St::Released, ..SEEN },
            Some((Found::CleanupHalfDone, Action::Cleaned)),
        ),
        (WorkspaceSeen { standing: St::Done, ..SEEN }, Some((Found::WorkspaceLeft, Action::Cleaned))),
        (WorkspaceSeen { standing: St::Done, kept: true, ..SEEN }, None),
        (WorkspaceSeen { state: S::InUse, ..SEEN }, Some((Found::LeaseLeft, Action::LeaseReleased))),
        (WorkspaceSeen { lease: LeaseSeen::Left, ..SEEN }, Some((Found::LeaseLeft, Action::LeaseReleased))),
    ] {
        assert_eq!(of_workspace(&seen), decided, "{seen:?}");
    }
}

#[test]
fn what_somebody_has_or_nobody_can_tell_is_left_alone() {
    for seen in every() {
        let hands_off =
            seen.standing == Standing::Claimed || seen.lease == LeaseSeen::Held || seen.place == Place::Unknown;
        assert!(!hands_off || of_workspace(&seen).is_none(), "{seen:?}");
    }
}

#[test]
fn what_was_taken_away_or_never_was_is_never_brought_back() {
    use WorkspaceState as S;
    for seen in every().into_iter().filter(|seen| matches!(seen.state, S::Archived | S::Removed | S::Failed)) {
        let decided = of_workspace(&seen);
        assert!(decided.is_none_or(|(found, _)| found == Found::LeaseLeft), "{seen:?}: {decided:?}");
    }
}

#[test]
fn nothing_blocks_an_issue_that_is_over_or_put_aside_and_nothing_blocks_twice() {
    for seen in
        every().into_iter().filter(|seen| of_workspace(seen).is_some_and(|(_, action)| action == Action::Blocked))
    {
        let fine =
            matches!(seen.standing, Standing::Scheduled | Standing::Idle | Standing::Blocked { for_drift: false });
        assert!(fine, "{seen:?}");
    }
}

#[test]
fn the_documentation_has_every_pair() {
    let page = table("### What recover finds");
    let mut pairs: Vec<(String, String)> = every()
        .iter()
        .filter_map(of_workspace)
        .map(|(found, action)| (word(found), word(action)))
        .chain([(word(Found::WorkspaceOrphaned), word(Action::Archived))])
        .collect();
    pairs.sort();
    pairs.dedup();
    let told: Vec<(String, String)> = page.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    for pair in &pairs {
        assert!(told.contains(pair), "docs/operations.md lacks {pair:?}");
    }
    for found in [Found::DeadWorker, Found::LiveTree, Found::ClaimWithoutWorker, Found::DeadHolder] {
        assert!(told.iter().any(|(told, _)| *told == word(found)), "docs/operations.md lacks {found:?}");
    }
    for (found, _) in told.iter().filter(|(found, _)| found.starts_with("workspace") || found.starts_with("cleanup")) {
        assert!(pairs.iter().any(|(pair, _)| pair == found), "nothing finds {found}");
    }
}

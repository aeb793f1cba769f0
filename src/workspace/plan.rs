//! What `ensure` does (SPEC 9.2; DESIGN §7), decided from what is there, what is on record and whether `after_create` is
//! configured. Pure.

use crate::model::{WorkspaceRecord, WorkspaceState};

/// What is where the workspace should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A workspace of the mode that is wanted.
    There,
    /// One that was never through: git was killed while it made it.
    HalfMade,
    /// Something else, and why.
    Foreign(String),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    /// Make it.
    Make,
    /// Put what is there aside, and make it.
    MakeAnew,
    /// It is on record: use it as it is.
    Reuse(Box<WorkspaceRecord>),
    /// It is not on record: use it as it is, without `after_create`.
    Adopt,
    /// Leave it alone and fail.
    Refuse(String),
}

pub(super) fn plan(found: Found, record: Option<&WorkspaceRecord>, hook: bool) -> Plan {
    use WorkspaceState as S;
    match found {
        Found::Nothing => Plan::Make,
        Found::HalfMade => Plan::MakeAnew,
        Found::Foreign(why) => Plan::Refuse(why),
        Found::There => match record.map(|record| (record.state, record)) {
            None | Some((S::Requested | S::Archived | S::Removed, _)) => Plan::Adopt,
            Some((S::Provisioning | S::Failed, record)) if !record.created => Plan::Adopt,
            Some((S::Provisioning | S::Failed, record)) if hook && !hook_succeeded(record) => Plan::MakeAnew,
            Some((
                S::Provisioning | S::Failed | S::Ready | S::InUse | S::CleanupQueued | S::Cleaning | S::Recovering,
                record,
            )) => Plan::Reuse(Box::new(record.clone())),
        },
    }
}

fn hook_succeeded(record: &WorkspaceRecord) -> bool {
    record.after_create.as_ref().is_some_and(|receipt| receipt.ok)
}

/// Whether the record describes what is at its path: a workspace keeps the mode that it was made with.
pub(super) fn describes(record: &WorkspaceRecord) -> bool {
    use WorkspaceState as S;
    match record.state {
        S::Requested | S::Archived | S::Removed => false,
        S::Failed => record.created,
        S::Provisioning | S::Ready | S::InUse | S::CleanupQueued | S::Cleaning | S::Recovering => true,
    }
}

/// What was made before stays made: only what never was has failed.
pub(super) fn after_failure(state: WorkspaceState) -> WorkspaceState {
    use WorkspaceState as S;
    match state {
        S::Requested | S::Provisioning | S::Failed | S::Archived | S::Removed => S::Failed,
        S::Ready | S::InUse | S::CleanupQueued | S::Cleaning | S::Recovering => state,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::model::{Health, HookReceipt, Mode};

    fn record(state: WorkspaceState, created: bool, hook_ok: Option<bool>) -> WorkspaceRecord {
        let receipt = |ok: bool| HookReceipt {
            hook: "after_create".to_owned(),
            started_at: crate::model::Timestamp::UNIX_EPOCH,
            duration_ms: 1,
            exit_code: Some(i32::from(!ok)),
            timed_out: false,
            ok,
            output: String::new(),
        };
        WorkspaceRecord {
            mode: Mode::Directory,
            path: PathBuf::from("/root/A"),
            branch: None,
            base_commit: None,
            state,
            health: Health::Clean,
            after_create: hook_ok.map(receipt),
            created,
            created_at: crate::model::Timestamp::UNIX_EPOCH,
            archived_path: None,
            cleanup_result: None,
            head: None,
            failure: None,
        }
    }

    #[test]
    fn what_is_there_decides_first() {
        for record in [None, Some(&record(WorkspaceState::Ready, true, Some(true)))] {
            assert_eq!(plan(Found::Nothing, record, true), Plan::Make);
            assert_eq!(plan(Found::HalfMade, record, true), Plan::MakeAnew);
            assert_eq!(plan(Found::Foreign("no".to_owned()), record, true), Plan::Refuse("no".to_owned()));
        }
    }

    #[test]
    fn what_was_found_is_adopted_and_what_was_made_is_reused() {
        use WorkspaceState as S;
        let reuse = |record: &WorkspaceRecord| Plan::Reuse(Box::new(record.clone()));
        for hook in [true, false] {
            assert_eq!(plan(Found::There, None, hook), Plan::Adopt);
            for state in [S::Requested, S::Archived, S::Removed] {
                assert_eq!(plan(Found::There, Some(&record(state, true, Some(true))), hook), Plan::Adopt, "{state:?}");
            }
            for state in [S::Ready, S::InUse, S::CleanupQueued, S::Cleaning, S::Recovering] {
                // A hook that was configured later does not undo what is there.
                for record in [record(state, true, None), record(state, false, None), record(state, true, Some(true))] {
                    assert_eq!(plan(Found::There, Some(&record), hook), reuse(&record), "{state:?}");
                }
            }
        }
    }

    #[test]
    fn without_the_hook_s_success_it_was_not_made() {
        use WorkspaceState as S;
        for state in [S::Provisioning, S::Failed] {
            for unfinished in [record(state, true, None), record(state, true, Some(false))] {
                assert_eq!(plan(Found::There, Some(&unfinished), true), Plan::MakeAnew, "{state:?}");
                assert_eq!(plan(Found::There, Some(&unfinished), false), Plan::Reuse(Box::new(unfinished)), "no hook");
            }
            let finished = record(state, true, Some(true));
            assert_eq!(plan(Found::There, Some(&finished), true), Plan::Reuse(Box::new(finished)));
            let found = record(state, false, None);
            assert_eq!(plan(Found::There, Some(&found), true), Plan::Adopt, "somebody else's is never thrown away");
        }
    }
}

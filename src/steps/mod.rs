//! The orchestration steps: what a subcommand does, called alike by `baton run`, which has no private path.
//!
//! Every step reads the same way: take a snapshot, do what is slow, then decide in one transaction on the state under
//! the lock; then the side effect; then commit its result. Each returns the value that text and JSON are made from.

mod act;
mod by_ids;
mod clean;
mod dispatch;
pub mod doctor;
mod gc;
mod issue;
mod issue_plan;
mod lookup;
mod making;
pub mod migrate;
mod once;
mod poll;
mod preview;
mod reconcile;
mod recover;
mod release;
mod run;
mod starter;
mod status;
mod tick;
mod workspace;

pub use clean::{CleanOptions, Cleaned, clean_all, clean_issue, clean_terminal};
pub use dispatch::{
    DispatchReport, FailedLaunch, LaunchError, LaunchedRun, ToLaunch, Wanted, claim, dispatch, launch, preflight,
};
pub use gc::{Collected, CollectedKind, GcOptions, GcReport, Kept, NotCollected, gc};
pub use issue::{IssueView, Scope, WorkpadView, comment, create, edit, issues, keep_workpad, show, workpad};
pub use issue_plan::{comment_plan, create_plan, edit_plan};
pub use lookup::{Found, Fresh, Target, find, find_as_it_is, find_known, refetch, unknown};
pub use making::{CREATE, comment_once, create_once, done_before};
pub use once::{LaunchedBefore, claim_once, launch_request, launched_again, launched_before};
pub use poll::{PollReport, QueueEntry, WaitingEntry, poll};
pub use preview::{LaunchPlan, preview_dispatch, preview_launch};
pub use reconcile::{NotEnded, ReconcileReport, Stopped, reconcile};
pub use recover::{
    FailedRepair, OperatorAction, OperatorRequired, RecoverOptions, RecoverReport, Recovered, act, recover,
};
pub use release::{Action, ActionKind, ActionStatus, pause, pause_plan, resume, resume_plan, retry, retry_plan};
pub use run::{RunEnd, RunMode, RunNews, RunOptions, RunSummary, run};
pub use starter::{NewFile, Starter, repository_or_here};
pub use status::{IssueStatus, RecentEvent, RunningRow, StatusReport, explain, status, status_of};
pub use tick::{TickLock, TickReport, tick};
pub use workspace::{
    EnsureReport, Look, StateCategory, Verified, VerifyReport, WorkspaceView, ensure, ensure_plan, shell, verify,
    verify_all, workspace_of, workspaces,
};

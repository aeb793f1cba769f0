//! The nouns that every part of Baton shares: issues, keys, runs, claims and the manifests that describe them.
//!
//! These are plain values. They know no file, no clock, no tracker and no agent; a state is an enum that carries its own data, so that an illegal combination does not compile.

mod archive;
mod checkpoint;
mod issue;
mod key;
mod outcome;
mod receipt;
mod run;
mod session;
mod state;
mod work;
mod workspace;

pub use archive::ArchivedIssue;
pub use checkpoint::{Checkpoint, ReplayClasses, ReplaySafety, ResumeDisposition};
pub use issue::{Issue, IssueRef, is_same_state, normal_state};
pub use key::{Key, KeyError, RunId};
pub use outcome::{Outcome, OutcomeCode, OutcomeKind, Tokens};
pub use receipt::{Mark, Receipt};
pub use run::{HookReceipt, Phase, Process, Request, RequestKind, RunRecord};
pub use session::SessionRecord;
pub use state::{ArchivedTotals, PollError, StateRecord};
pub use work::{Acknowledgement, Claim, ClaimRecord, Reason, ReasonCode, RetryKind, Status, Work};
pub use workspace::{CleanupPolicy, Disposition, Health, Mode, WorkspaceRecord, WorkspaceState};

/// An instant as it is written: RFC 3339, UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// Fields that a newer Baton wrote and this one does not know; they survive a rewrite.
pub type Extra = serde_json::Map<String, serde_json::Value>;

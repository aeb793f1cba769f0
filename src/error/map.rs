//! From the library's errors to the program's: exit code, hints, and whether trying again can help. The only place that
//! decides this.

use std::io::ErrorKind;

use super::{Error, Exit};
use crate::agent::AgentError;
use crate::place::PlaceError;
use crate::queue::claim::is_passing;
use crate::queue::{ClaimError, KeyReused};
use crate::recovery::RecoveryError;
use crate::store::StoreError;
use crate::tracker::TrackerError;
use crate::worker::WorkerError;
use crate::workflow::WorkflowError;
use crate::workspace::{NOT_A_WORKTREE, STORE_MARKER, WorkspaceError};

/// The error with its cause chain, but without its own text a second time.
fn caused(exit: Exit, code: &'static str, error: &(dyn std::error::Error + 'static)) -> Error {
    let mut chain = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        chain.push(cause.to_string());
        source = cause.source();
    }
    let cause = chain.into_iter().rev().map(anyhow::Error::msg).reduce(anyhow::Error::context);
    Error { cause, ..Error::new(exit, code, error.to_string()) }.advise(io_kind(error))
}

/// What the system refused, if that lies behind it.
fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.filter_map(|error| error.downcast_ref::<std::io::Error>()).map(std::io::Error::kind).last()
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let make = |exit| caused(exit, error.code(), &error);
        match &error {
            StoreError::NotFound { .. } => {
                make(Exit::NotFound).hint("`baton init` makes a project; steps that write make its store")
            }
            StoreError::LockBusy { .. } => make(Exit::LockBusy)
                .hint("try again, or wait longer with `--lock-timeout 1m`")
                .hint("a process that is stopped (state T in `ps`) holds it until `kill -CONT`")
                .retryable(),
            StoreError::WrongOwner { .. } => make(Exit::WrongState).hint("run it as the user who owns the store"),
            StoreError::StaleFence { .. } => make(Exit::Conflict),
            StoreError::CursorExpired { first, .. } => {
                make(Exit::WrongState).hint(format!("start again behind {}", first.saturating_sub(1)))
            }
            StoreError::Newer { .. } => make(Exit::Store).hint("use the newer Baton that wrote it"),
            StoreError::Older { .. } => {
                make(Exit::Store).hint("`baton migrate-store --dry-run` shows what would be done")
            }
            StoreError::NetworkFs { .. } => make(Exit::Store)
                .hint("put the store on a local disk (`store.path`), or set `store.allow_network_fs: true`"),
            StoreError::NotAStore { .. } => {
                make(Exit::Store).hint("it was left as it is; name another place with `--store` or `store.path`")
            }
            StoreError::Damaged { .. } | StoreError::LostTail { .. } => {
                make(Exit::Store).hint("nothing was changed; keep a copy of the directory before anything else")
            }
            StoreError::DamagedDocument { .. } => {
                make(Exit::Store).hint("only this issue is affected; `baton status` lists what is damaged")
            }
            StoreError::TransactionTooLarge { .. }
            | StoreError::ChangeWithoutEvent { .. }
            | StoreError::BadName { .. }
            | StoreError::Unwritable { .. }
            | StoreError::Io { .. } => make(Exit::Failed),
        }
    }
}

impl From<PlaceError> for Error {
    fn from(error: PlaceError) -> Self {
        match &error {
            PlaceError::None(_) => Self::new(Exit::Config, "missing_workflow_file", error.to_string())
                .hint("`baton init` writes one for this repository; `--workflow FILE` names another"),
            PlaceError::Foreign { path, .. } => Self::new(Exit::WrongState, "wrong_owner", error.to_string())
                .hint(format!("if you trust it, name it: `--workflow {}`", path.display())),
        }
    }
}

impl From<WorkflowError> for Error {
    fn from(error: WorkflowError) -> Self {
        let mapped = caused(Exit::Config, error.code(), &error);
        match &error {
            WorkflowError::NotFound { .. } => mapped.hint("`baton init` writes one for this repository"),
            WorkflowError::MissingTrackerKind { .. } => mapped
                .hint("`tracker.kind: local` keeps issues as files beside WORKFLOW.md")
                .hint("the configuration stands between two lines `---`, the first of which begins the file"),
            WorkflowError::UnsupportedTrackerKind { .. } => {
                mapped.hint("`tracker.kind: local` keeps issues as files beside WORKFLOW.md")
            }
            WorkflowError::Unreadable { .. }
            | WorkflowError::Kept(_)
            | WorkflowError::Parse { .. }
            | WorkflowError::NotAMap { .. }
            | WorkflowError::InvalidConfig { .. }
            | WorkflowError::TemplateParse { .. }
            | WorkflowError::TemplateRender { .. } => mapped,
        }
    }
}

impl From<TrackerError> for Error {
    fn from(error: TrackerError) -> Self {
        let exit = match &error {
            TrackerError::UnsupportedKind { .. }
            | TrackerError::InvalidConfig { .. }
            | TrackerError::MissingSecret { .. } => Exit::Config,
            TrackerError::IssueNotFound(_) => Exit::NotFound,
            TrackerError::KeyReused(_) => Exit::Conflict,
            TrackerError::InvalidIssue(_) | TrackerError::ReadOnly { .. } | TrackerError::Unsupported { .. } => {
                Exit::WrongState
            }
            TrackerError::Request { .. }
            | TrackerError::Status { .. }
            | TrackerError::Response(_)
            | TrackerError::Pagination(_)
            | TrackerError::RateLimited { .. }
            | TrackerError::Busy { .. } => Exit::Tracker,
        };
        let mapped = Self { retryable: error.retryable(), ..caused(exit, error.code(), &error) };
        match &error {
            TrackerError::MissingSecret { key, variable } => {
                mapped.hint(format!("set {variable} in the environment, or name another variable: `{key}: $NAME`"))
            }
            TrackerError::Status { status: 401 | 403, .. } => {
                mapped.hint("the tracker refuses the credential in `tracker.provider`, or what it may do is not enough")
            }
            TrackerError::Status { status: 404, .. } => mapped.hint(
                "what `tracker.provider` names is not there, or its credential may not see it; `baton config show` lists it",
            ),
            TrackerError::Request { .. } if io_kind(&error) == Some(ErrorKind::NotFound) => {
                mapped.hint("`baton init` makes the directory of issues; `tracker.provider.path` names another")
            }
            _ => mapped,
        }
    }
}

impl From<WorkspaceError> for Error {
    fn from(error: WorkspaceError) -> Self {
        let (code, mapped) = (error.code(), |exit| caused(exit, error.code(), &error));
        match error {
            WorkspaceError::Store(error) => error.into(),
            WorkspaceError::LeaseConflict { .. } => mapped(Exit::Conflict).retryable(),
            WorkspaceError::WrongStore { ref root, .. } => mapped(Exit::WrongState).hint(format!(
                "set another `workspace.root`; if that store was moved here, say so in {}",
                root.join(STORE_MARKER).display()
            )),
            WorkspaceError::HookFailed { ref receipt, .. } if !receipt.output.is_empty() => {
                let hint =
                    format!("the hook's last words: {}", receipt.output.trim().lines().next_back().unwrap_or_default());
                mapped(Exit::Workspace).hint(hint)
            }
            WorkspaceError::UnbornHead(_) => mapped(Exit::Workspace)
                .hint("`git commit --allow-empty -m 'first commit'`")
                .hint("where HEAD names a branch that is not there, `workspace.base` names another"),
            WorkspaceError::UnknownBase { .. } => mapped(Exit::Workspace).hint("`git branch --all` lists the branches"),
            WorkspaceError::UntrustedRepository(ref path) => mapped(Exit::Workspace)
                .hint(format!("if you trust it: `git config --global --add safe.directory {}`", path.display())),
            WorkspaceError::Conflict { ref path, ref why } if why.starts_with(NOT_A_WORKTREE) => {
                mapped(Exit::Workspace)
                    .hint("it was left as it is; move it away, or set another `workspace.root`")
                    .hint(format!("if the repository was moved: `git worktree repair {}`", path.display()))
            }
            WorkspaceError::InTheWay { .. }
            | WorkspaceError::Symlink(_)
            | WorkspaceError::NotOurs { .. }
            | WorkspaceError::Conflict { .. } => {
                mapped(Exit::Workspace).hint("it was left as it is; move it away, or set another `workspace.root`")
            }
            WorkspaceError::NotARepository(_) => {
                mapped(Exit::Workspace).hint("`git init` here, or set `workspace.mode: directory`")
            }
            WorkspaceError::Outside { .. }
            | WorkspaceError::Io { .. }
            | WorkspaceError::HookFailed { .. }
            | WorkspaceError::NoGit(_)
            | WorkspaceError::Git { .. } => Self { code, ..mapped(Exit::Workspace) },
        }
    }
}

impl From<WorkerError> for Error {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Store(error) => error.into(),
            WorkerError::Workflow(error) => error.into(),
            WorkerError::Recovery(error) => error.into(),
            WorkerError::Project(error) => *error,
            WorkerError::NoWorker(_) => caused(Exit::WrongState, error.code(), &error),
            WorkerError::UnknownRun(_) => caused(Exit::NotFound, error.code(), &error),
            WorkerError::DidNotEnd { .. } => caused(Exit::Person, error.code(), &error)
                .hint("`baton worker show` names its process; `baton recover` tries again"),
            WorkerError::Io { .. } => caused(Exit::Failed, error.code(), &error),
        }
    }
}

impl From<AgentError> for Error {
    fn from(error: AgentError) -> Self {
        match &error {
            AgentError::NotSupported { .. } => caused(Exit::Config, error.code(), &error)
                .hint("`agent.kind: command` with `command.run` runs any program"),
            AgentError::NotConfigured { .. } => caused(Exit::Config, error.code(), &error),
            AgentError::InvalidWorkspace { .. } => caused(Exit::Workspace, error.code(), &error),
            AgentError::SessionInUse { .. } => caused(Exit::Conflict, error.code(), &error),
            AgentError::Log { .. }
            | AgentError::Spawn { .. }
            | AgentError::NotFound { .. }
            | AgentError::Exited { .. }
            | AgentError::ResponseTimeout { .. }
            | AgentError::Response { .. } => caused(Exit::WorkerFailed, error.code(), &error),
        }
    }
}

impl From<RecoveryError> for Error {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::Store(error) => error.into(),
            RecoveryError::Io { .. } => caused(Exit::Failed, error.code(), &error),
        }
    }
}

impl From<KeyReused> for Error {
    fn from(error: KeyReused) -> Self {
        Self::new(Exit::Conflict, "idempotency_key_reused", error.to_string())
            .hint("take another key for another request; a key belongs to its first one for good")
    }
}

impl From<ClaimError> for Error {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Store(error) => error.into(),
            ClaimError::NotEligible { ref reasons, .. } => {
                let mapped = Self::new(Exit::WrongState, "not_eligible", error.to_string());
                if is_passing(reasons) { mapped.retryable() } else { mapped }
            }
            ClaimError::Claimed { .. } => Self::new(Exit::Conflict, "already_claimed", error.to_string())
                .hint("`baton worker list` shows the live workers")
                .retryable(),
            ClaimError::Held { .. } => Self::new(Exit::Conflict, "held", error.to_string())
                .hint("try again when that shell has ended")
                .retryable(),
            ClaimError::Stale { .. } => Self::new(Exit::WrongState, "stale_snapshot", error.to_string()).retryable(),
            ClaimError::KeyReused(error) => error.into(),
            ClaimError::Unknown(_) => Self::new(Exit::NotFound, "not_found", error.to_string()),
            ClaimError::Io { .. } => caused(Exit::Failed, "io", &error),
        }
    }
}

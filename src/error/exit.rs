//! How the program ends. This table is the one source of the exit codes: of the code, the help, the manual pages and
//! the documentation.

/// How the program ends. The numbers are an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Failed, for a reason that has no code of its own.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// "No", where that was asked for (`--exit-code`).
    No = 3,
    /// No such issue, run or workspace.
    NotFound = 4,
    /// Not in this state.
    WrongState = 5,
    /// Somebody else has it.
    Conflict = 6,
    /// The store is damaged, newer, or to be migrated.
    Store = 7,
    /// A person must act.
    Person = 8,
    /// The store's lock is held; try again.
    LockBusy = 9,
    /// WORKFLOW.md is missing or invalid.
    Config = 10,
    /// The tracker failed.
    Tracker = 11,
    /// The workspace failed.
    Workspace = 12,
    /// The worker failed or was interrupted.
    WorkerFailed = 20,
    /// The worker timed out or stalled.
    WorkerTimedOut = 21,
    /// The worker needs a person.
    WorkerNeedsInput = 22,
    /// The worker was canceled.
    WorkerCanceled = 23,
    /// Ended by SIGINT.
    Interrupted = 130,
    /// Ended by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// All of them, by number.
    pub const ALL: [Self; 19] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::No,
        Self::NotFound,
        Self::WrongState,
        Self::Conflict,
        Self::Store,
        Self::Person,
        Self::LockBusy,
        Self::Config,
        Self::Tracker,
        Self::Workspace,
        Self::WorkerFailed,
        Self::WorkerTimedOut,
        Self::WorkerNeedsInput,
        Self::WorkerCanceled,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// What it says, for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Failed => "failed, for a reason that has no code of its own",
            Self::Usage => "the command line is wrong",
            Self::No => "\"no\", where that was asked for with --exit-code",
            Self::NotFound => "no such issue, run, workspace or store",
            Self::WrongState => "not possible as things stand: not eligible, inside a run, another user's store",
            Self::Conflict => "somebody else has it: a live claim, a workspace in use",
            Self::Store => "the store is damaged, of a newer format, or to be migrated",
            Self::Person => "a person must act",
            Self::LockBusy => "the store's lock is held by another process; try again",
            Self::Config => "WORKFLOW.md is missing or invalid",
            Self::Tracker => "the tracker failed",
            Self::Workspace => "the workspace failed: a hook, its path, git",
            Self::WorkerFailed => "the worker failed or was interrupted; run --until-idle: issues were given up",
            Self::WorkerTimedOut => "the worker timed out or stalled; run --timeout: the time is over",
            Self::WorkerNeedsInput => "the worker needs a person; run --until-idle: issues wait for one",
            Self::WorkerCanceled => "the worker was canceled",
            Self::Interrupted => "ended by SIGINT",
            Self::Terminated => "ended by SIGTERM",
        }
    }

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_without_gaps_in_meaning() {
        assert!(Exit::ALL.is_sorted());
        assert!(Exit::ALL.iter().all(|exit| !exit.meaning().is_empty()));
    }
}

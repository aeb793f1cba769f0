//! Running it: launch, supervise, control (DESIGN §4, §5; SPEC 7, 10.7, 16.5).
//!
//! A launcher ([`launch()`]) hands a claim to a supervisor, a process of its own that works from a [`Spec`] alone
//! ([`supervise_main`]): workspace, prompt, agent, turns, outcome. It outlives the launcher. Other commands leave requests
//! in its claim ([`stop`], [`stop_run`]) and wait on its lifeline ([`wait`]).

mod attempt;
mod control;
mod entry;
mod error;
mod finish;
mod launch;
mod patience;
mod refresh;
mod report;
mod rerun;
mod session;
mod shorten;
mod spec;
mod state;
mod supervise;
mod tools;
mod turns;
mod watch;

#[cfg(test)]
pub(crate) use control::request_stop;
pub use control::{pause, stop, stop_run, wait};
pub use entry::supervise_main;
pub use error::WorkerError;
pub use launch::{LaunchOptions, LaunchReport, LaunchResult, launch};
pub use report::{HookEdge, Launched, Report, Reporter};
pub use spec::{Spec, stall_timeout_ms};
pub use supervise::{Supervised, foreground, supervise};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use crate::error::Exit;
use crate::model::{Outcome, OutcomeKind};

/// How a command ends that waited for a run with this outcome.
#[must_use]
pub fn exit_of(outcome: &Outcome) -> Exit {
    match outcome.outcome {
        OutcomeKind::Succeeded => Exit::Done,
        OutcomeKind::Failed | OutcomeKind::Interrupted => Exit::WorkerFailed,
        OutcomeKind::TimedOut | OutcomeKind::Stalled => Exit::WorkerTimedOut,
        OutcomeKind::NeedsInput => Exit::WorkerNeedsInput,
        OutcomeKind::Canceled => Exit::WorkerCanceled,
    }
}

/// The outcome's code as it is written in JSON.
fn code_of(outcome: &Outcome) -> String {
    serde_json::to_value(outcome.code).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
}

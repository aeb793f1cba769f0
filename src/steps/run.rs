//! `run`: the loop over all steps (SPEC 8.1, 16.1, 16.2). It has no state of its own but what is under way right now:
//! everything else is in the store, and any other process may do any step meanwhile.

mod agenda;
mod chores;
mod looping;

use std::time::Duration;

use super::reconcile::NotEnded;
use super::{Cleaned, Recovered, WaitingEntry};
use crate::error::{Error, Exit, Result};
use crate::model::{Reason, ReasonCode};
use crate::process::{EndSignal, Signals};
use crate::project::Project;
use crate::recovery::Settled;
use crate::store::Event;
use crate::workflow::Watch;
use looping::Loop;

/// When the loop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunMode {
    /// At a signal.
    Forever,
    /// After one tick.
    Once,
    /// When nothing runs, no retry is scheduled and nothing is eligible.
    UntilIdle,
}

/// How to loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOptions {
    /// When it ends.
    pub mode: RunMode,
    /// When it ends at the latest; the workers go on.
    pub timeout: Option<Duration>,
    /// How long a phase of a launch may take.
    pub launch_timeout: Duration,
}

/// What the loop tells while it goes.
#[derive(Debug)]
pub enum RunNews<'a> {
    /// Something was committed, by this process or another.
    Event(&'a Event),
    /// A workspace was cleaned, or could not be.
    Cleaned(&'a Cleaned),
    /// A dead worker was settled.
    Settled(&'a Settled),
    /// A workspace that a crash left was put right.
    Repaired(&'a Recovered),
    /// A worker that is not wanted any more could not be ended.
    NotEnded(&'a NotEnded),
    /// WORKFLOW.md has changed and is in force.
    Reloaded,
    /// Something went wrong and the loop goes on.
    Trouble(&'a Error),
    /// A signal: nothing more is dispatched.
    Ending(EndSignal),
}

/// How the loop ended.
#[derive(Debug)]
pub struct RunSummary {
    /// Why.
    pub end: RunEnd,
    /// What waits, and why, as of the last tick.
    pub waiting: Vec<WaitingEntry>,
    /// Live workers, which go on.
    pub running: Vec<String>,
}

/// Why the loop ended.
#[derive(Debug)]
pub enum RunEnd {
    /// One tick was asked for.
    Once,
    /// One tick was asked for, and something in it failed.
    Failed(Error),
    /// Another tick was under way, and one tick was asked for.
    Elsewhere,
    /// There is nothing to do.
    Idle,
    /// The time was over.
    Timeout,
    /// A signal.
    Signal(EndSignal),
}

impl RunSummary {
    /// The exit code that follows (DESIGN §6).
    #[must_use]
    pub fn exit(&self) -> Exit {
        match &self.end {
            RunEnd::Once | RunEnd::Elsewhere => Exit::Done,
            RunEnd::Failed(error) => error.exit,
            RunEnd::Timeout => Exit::WorkerTimedOut,
            RunEnd::Signal(EndSignal::Interrupt) => Exit::Interrupted,
            RunEnd::Signal(EndSignal::Terminate) => Exit::Terminated,
            RunEnd::Idle if self.any(gave_up) => Exit::WorkerFailed,
            RunEnd::Idle if self.any(|reason| reason.code == ReasonCode::Blocked) => Exit::WorkerNeedsInput,
            RunEnd::Idle => Exit::Done,
        }
    }

    fn any(&self, test: impl Fn(&Reason) -> bool) -> bool {
        self.waiting.iter().flat_map(|entry| &entry.reasons).any(test)
    }
}

fn gave_up(reason: &Reason) -> bool {
    matches!(reason.code, ReasonCode::AttemptsExhausted | ReasonCode::NoProgress | ReasonCode::Budget)
}

/// Loops until `options` say that it is over. Must run inside a `LocalSet`.
pub async fn run(
    project: Project,
    mut watch: Watch,
    options: RunOptions,
    tell: &mut dyn FnMut(RunNews<'_>),
) -> Result<RunSummary> {
    let cannot = |error| Error::new(Exit::Failed, "io", "cannot listen to signals").because(error);
    let mut signals = Signals::listen().map_err(cannot)?;
    let mut looping = Loop::new(project, options)?;
    let deadline = options.timeout.map(|timeout| tokio::time::Instant::now() + timeout);
    let end = tokio::select! {
        end = looping.turn(&mut watch, tell) => end?,
        signal = signals.next() => RunEnd::Signal(signal),
        () = until(deadline) => RunEnd::Timeout,
    };
    if let RunEnd::Signal(signal) = end {
        tell(RunNews::Ending(signal));
    }
    tokio::select! {
        () = looping.finish_launches(tell) => {}
        _ = signals.next() => {}
    }
    looping.tell_news(tell)?;
    Ok(looping.summary(end))
}

async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

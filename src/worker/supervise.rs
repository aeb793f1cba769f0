//! The supervisor: owns one run from its claim to its outcome (DESIGN §5).

use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

use super::attempt::Attempt;
use super::launch::refuse;
use super::report::Reporter;
use super::spec::Spec;
use super::state::{State, Stop};
use super::watch::{Interruption, Watch};
use super::{WorkerError, exit_of};
use crate::error::Exit;
use crate::model::{Issue, Key, Outcome, Request, RequestKind};
use crate::outcome::End;
use crate::process::{self, EndSignal};
use crate::project::Project;
use crate::queue::Claimed;
use crate::run_folder::RunFolder;

/// What an agent is given to end its turn by itself when its issue became terminal.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How supervising ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Supervised {
    /// The run has its outcome.
    Finished {
        /// The outcome.
        outcome: Outcome,
        /// The signal that ended it, if one did.
        signal: Option<EndSignal>,
    },
    /// The claim, the run's folder or the store is no longer this worker's: it ended its agent and changed nothing.
    Lost {
        /// Why.
        reason: String,
    },
    /// A second signal: everything is left to `recover`.
    Abandoned {
        /// Which.
        signal: EndSignal,
    },
}

impl Supervised {
    /// How the program ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Finished { outcome, signal: None } => exit_of(outcome),
            Self::Finished { signal: Some(signal), .. } | Self::Abandoned { signal } => match signal {
                EndSignal::Interrupt => Exit::Interrupted,
                EndSignal::Terminate => Exit::Terminated,
            },
            Self::Lost { .. } => Exit::Conflict,
        }
    }
}

/// Supervises a run that was just claimed in this process (`--foreground`): the first signal ends the agent in order,
/// the second leaves everything to `recover`. A run that cannot be begun is an outcome as well.
pub async fn foreground(
    project: &Project,
    claimed: Claimed,
    issue: &Issue,
    key: &Key,
    asked_at: u64,
) -> Result<Supervised, WorkerError> {
    let spec = Spec::new(project, &claimed, key, issue, asked_at);
    let folder = RunFolder::of(project.store.layout(), &spec.run);
    let written = spec.write(&folder).map_err(|source| WorkerError::io("write", &folder.spec(), source));
    let supervised = match written {
        Ok(()) => supervise(project, &spec, Reporter::silent()).await,
        Err(error) => Err(error),
    };
    let supervised = supervised.or_else(|error| {
        let outcome = refuse(project, &spec, &error)?;
        Ok(Supervised::Finished { outcome, signal: None })
    });
    drop(claimed.lifeline);
    supervised
}

/// Supervises the run of `spec`, whose lifeline the caller holds. An error means that nothing was begun.
pub async fn supervise(project: &Project, spec: &Spec, reporter: Reporter) -> Result<Supervised, WorkerError> {
    let span = tracing::info_span!("run", issue_id = spec.issue.id, issue_identifier = spec.issue.identifier);
    supervise_inside(project, spec, reporter).instrument(span).await
}

async fn supervise_inside(project: &Project, spec: &Spec, reporter: Reporter) -> Result<Supervised, WorkerError> {
    if let Err(error) = process::become_subreaper() {
        tracing::debug!(%error, "not the reaper of orphaned descendants");
    }
    let folder = RunFolder::of(project.store.layout(), &spec.run);
    let state = State::new(project, spec, &folder, reporter)?;
    let mut watch = Watch::begin(project, spec, &folder, state.activity.clone())?;
    let mut attempt = Attempt { state, agent: None, desk: None };
    let stopped = work(&mut attempt, &mut watch).await;
    let (end, signal) = match stopped {
        Ok(Stop::End(end)) => (end, None),
        Ok(Stop::Lost(reason)) | Err(Interruption::Lost(reason)) => {
            tracing::error!(reason, "run lost; its agent is ended and nothing is changed");
            attempt.end_agent().await;
            return Ok(Supervised::Lost { reason });
        }
        Err(Interruption::Requested(request)) => {
            tracing::info!(reason = request.reason, "run is asked to stop");
            (End::Requested(request.kind, request.reason), None)
        }
        Err(Interruption::Signal(signal)) => (End::Signal(name_of(signal).to_owned()), Some(signal)),
    };
    let mut told = signal.is_some();
    let finish = attempt.finish(end);
    tokio::pin!(finish);
    loop {
        tokio::select! {
            biased;
            finished = &mut finish => return Ok(match finished {
                Ok(outcome) => Supervised::Finished { outcome, signal },
                Err(reason) => {
                    tracing::error!(reason, "outcome not committed");
                    Supervised::Lost { reason }
                }
            }),
            again = watch.signal() => {
                if std::mem::replace(&mut told, true) {
                    return Ok(Supervised::Abandoned { signal: again });
                }
            }
        }
    }
}

/// Works to the end, or until something interrupts it. An agent whose issue became terminal may have said so itself, and
/// be at its last words.
async fn work(attempt: &mut Attempt<'_>, watch: &mut Watch<'_>) -> Result<Stop, Interruption> {
    let work = attempt.work();
    tokio::pin!(work);
    let mut over: Option<(Instant, Request)> = None;
    loop {
        let deadline = over.as_ref().map(|(deadline, _)| *deadline);
        let interruption = tokio::select! {
            biased;
            stop = &mut work => return Ok(stop),
            () = until(deadline) => None,
            interruption = watch.next() => Some(interruption),
        };
        match (interruption, over.take()) {
            (None, Some((_, request))) => return Err(Interruption::Requested(request)),
            (Some(Interruption::Requested(request)), known) if request.kind == RequestKind::IssueTerminal => {
                over = known.or_else(|| Some((Instant::now() + LAST_WORDS, request)));
            }
            (Some(other), _) => return Err(other),
            (None, None) => {}
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn name_of(signal: EndSignal) -> &'static str {
    match signal {
        EndSignal::Interrupt => "SIGINT",
        EndSignal::Terminate => "SIGTERM",
    }
}

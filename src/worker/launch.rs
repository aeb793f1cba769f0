//! Starting a worker for a claim that was just taken, and listening until its agent works (DESIGN §5).

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, sleep_until};

use super::report::{HookEdge, Launched, Report};
use super::spec::Spec;
use super::{WorkerError, code_of, control};
use crate::chain::chain;
use crate::model::{Issue, Key, Outcome, Phase, RunId};
use crate::outcome::{End, Tally, classify};
use crate::process::{self, RUN_MARK, SupervisorCommand, spawn_supervisor};
use crate::project::Project;
use crate::queue::{self, Claimed};
use crate::recovery;
use crate::run_folder::RunFolder;
use crate::store::StoreError;

/// How a launch is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaunchOptions {
    /// How long each phase may take, hooks not counted.
    pub launch_timeout: Duration,
}

impl Default for LaunchOptions {
    fn default() -> Self {
        Self { launch_timeout: Duration::from_secs(60) }
    }
}

/// What became of a launch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LaunchReport {
    /// The run.
    pub run: RunId,
    /// Its supervisor's process; `None` where none could be started.
    pub pid: Option<u32>,
    /// Runs before this one.
    pub attempt: Option<u32>,
    /// The workspace's absolute path.
    pub workspace: Option<String>,
    /// `<thread>-<turn>`, for agents that have sessions.
    pub session_id: Option<String>,
    /// Whether the agent works.
    pub result: LaunchResult,
}

/// Whether the agent works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LaunchResult {
    /// It does.
    Launched,
    /// The run has ended, and its outcome is committed.
    Failed {
        /// The outcome's code; where the outcome could not be committed, the error's.
        code: String,
        /// Why.
        message: String,
    },
}

/// Starts the supervisor of a claim and listens until the agent works or the run has ended. Several launches can be
/// awaited side by side; nothing here waits for more than its own worker. Dropped, the worker goes on.
pub async fn launch(
    project: &Project,
    claimed: Claimed,
    issue: &Issue,
    key: &Key,
    asked_at: u64,
    options: LaunchOptions,
) -> LaunchReport {
    let (run, attempt) = (claimed.run.clone(), claimed.attempt);
    let mut report =
        LaunchReport { run, pid: None, attempt, workspace: None, session_id: None, result: LaunchResult::Launched };
    let spec = Spec::new(project, &claimed, key, issue, asked_at);
    // Kept until the claim is the supervisor's or released: nobody takes it for dead in between.
    let lifeline = claimed.lifeline.try_clone();
    let started = start(project, claimed, &spec);
    let end = match started {
        Ok((child, lines)) => {
            drop(lifeline);
            report.pid = Some(child.id());
            let heard = listen(lines, options.launch_timeout).await;
            conclude(project, &spec.run, child, heard).await
        }
        Err(error) => refuse(project, &spec, &error).map(Heard::from),
    };
    match end {
        Ok(Heard::Launched(launched)) => {
            report.workspace = launched.workspace;
            report.session_id = launched.session_id;
        }
        Ok(Heard::Failed { code, message }) => report.result = LaunchResult::Failed { code, message },
        Err(error) => {
            let message = chain(&error);
            report.result = LaunchResult::Failed { code: error.code().to_owned(), message };
        }
    }
    report
}

/// How a launch ended.
enum Heard {
    Launched(Launched),
    Failed { code: String, message: String },
}

impl From<Outcome> for Heard {
    fn from(outcome: Outcome) -> Self {
        Self::Failed { code: code_of(&outcome), message: outcome.error.unwrap_or(outcome.summary) }
    }
}

type Reports = Lines<BufReader<Receiver>>;

fn start(project: &Project, claimed: Claimed, spec: &Spec) -> Result<(Child, Reports), WorkerError> {
    let folder = RunFolder::of(project.store.layout(), &spec.run);
    spec.write(&folder).map_err(|source| WorkerError::io("write", &folder.spec(), source))?;
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(folder.log());
    let log = log.map_err(|source| WorkerError::io("open", &folder.log(), source))?;
    let cannot = |source| WorkerError::io("start the supervisor in", folder.path(), source);
    let (reports, report) = std::io::pipe().map_err(cannot)?;
    let reports = Receiver::from_owned_fd(OwnedFd::from(reports)).map_err(cannot)?;
    let mut env = project.seams.env.clone();
    env.set(RUN_MARK, recovery::run_mark(&project.store, &spec.run));
    let root = &spec.store;
    let args = ["worker", "supervise", "--store"].map(OsString::from).into_iter();
    let args: Vec<OsString> = args.chain([root.into(), spec.run.to_string().into()]).collect();
    let child = spawn_supervisor(SupervisorCommand {
        exe: program(project),
        args: &args,
        cwd: root,
        env: &env,
        lifeline: claimed.lifeline,
        report: report.into(),
        log,
    });
    Ok((child.map_err(cannot)?, BufReader::new(reports).lines()))
}

/// The very program that runs now, also after an upgrade has replaced its file.
fn program(project: &Project) -> &Path {
    if cfg!(all(target_os = "linux", not(test))) { Path::new("/proc/self/exe") } else { &project.exe }
}

/// What a launch that was listened to ended in.
enum Listened {
    Heard(Heard),
    /// The pipe closed without a last word.
    Died,
    /// A phase took too long.
    TimedOut(Phase),
}

async fn listen(mut reports: Reports, limit: Duration) -> Listened {
    let mut phase = Phase::PreparingWorkspace;
    let mut deadline = Some(Instant::now() + limit);
    loop {
        let line = tokio::select! {
            line = reports.next_line() => line,
            () = async { sleep_until(deadline.unwrap_or_else(Instant::now)).await }, if deadline.is_some() => {
                return Listened::TimedOut(phase);
            }
        };
        let Ok(Some(line)) = line else { return Listened::Died };
        match serde_json::from_str::<Report>(&line) {
            Ok(Report::Launched(launched)) => return Listened::Heard(Heard::Launched(launched)),
            Ok(Report::Failed { code, message }) => return Listened::Heard(Heard::Failed { code, message }),
            Ok(Report::Phase(reached)) => {
                phase = reached;
                deadline = Some(Instant::now() + limit);
            }
            Ok(Report::Hook(HookEdge::Start)) => deadline = None,
            Ok(Report::Accepted { .. } | Report::Hook(HookEdge::End)) => deadline = Some(Instant::now() + limit),
            Err(error) => tracing::warn!(%error, line, "a line of the launch is not understood"),
        }
    }
}

async fn conclude(project: &Project, run: &RunId, child: Child, listened: Listened) -> Result<Heard, WorkerError> {
    let supervisor = process::of_pid(child.id());
    match listened {
        Listened::Heard(heard) => {
            reap(child);
            return Ok(heard);
        }
        Listened::Died => reap(child),
        Listened::TimedOut(phase) => {
            if let Some(supervisor) = supervisor {
                control::kill(project, run, supervisor).await?;
            }
            reap(child);
            let end = End::LaunchTimeout(format!("it got no further than {}", phase.as_str()));
            recovery::settle_as(project, run, end).await?;
        }
    }
    control::wait(project, run).await.map(Heard::from)
}

/// The supervisor could not be started: its claim is given back at once, under its own fence.
pub(super) fn refuse(project: &Project, spec: &Spec, error: &WorkerError) -> Result<Outcome, WorkerError> {
    let now = project.seams.now();
    let outcome = classify(&End::AgentStart(chain(error)), Tally::default(), now);
    project.store.transact(now, &project.by(Some(spec.fence())), |tx| {
        queue::finish(tx, &spec.run, &outcome, None, &project.policy(), now)?;
        Ok::<_, StoreError>(())
    })?;
    Ok(outcome)
}

/// Waits for the supervisor's end in the background: a launcher that stays collects no zombies.
fn reap(mut child: Child) {
    use tokio::signal::unix::{SignalKind, signal};
    tokio::spawn(async move {
        let Ok(mut ends) = signal(SignalKind::child()) else { return };
        while matches!(child.try_wait(), Ok(None)) {
            ends.recv().await;
        }
    });
}

//! `baton worker list` and `show`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::render::{distance, table};
use crate::cli::ui::{Style, View};
use crate::cli::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::model::{HookReceipt, OutcomeCode, OutcomeKind, Phase, Process, RunId, RunRecord, Timestamp, Tokens};
use crate::process::{self, Lifeline};
use crate::steps::{self, RunningRow};
use crate::store::Store;

/// List the live workers
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton worker list
  baton worker list --json | jq -r '.data.workers[].run'")]
pub struct List {}

/// Show one run
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton worker show TASK-1.1
  baton worker show TASK-1 --json")]
pub struct Args {
    /// Run id, or an issue for its last run
    run: String,
}

/// The live workers.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::cli) struct Workers {
    /// One for each live claim, by key.
    workers: Vec<RunningRow>,
    #[serde(skip)]
    now: Timestamp,
}

/// A run, with whether its worker lives and where its files are.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::cli) struct Shown {
    /// The issue.
    identifier: String,
    /// The issue's tracker id.
    issue_id: String,
    /// Its id.
    run: RunId,
    /// Which retry it is; absent for the first run.
    attempt: Option<u32>,
    /// Where it is, or was when it ended.
    phase: Phase,
    /// How it ended.
    outcome: Option<OutcomeKind>,
    /// Why, in a stable word.
    code: Option<OutcomeCode>,
    /// One sentence for a person.
    summary: Option<String>,
    /// The error text, where there is one.
    error: Option<String>,
    /// The supervisor, once it is up.
    pid: Option<u32>,
    /// Whether its supervisor lives.
    alive: bool,
    /// The agent's kind.
    agent: String,
    /// The supervisor, told from every other process.
    supervisor: Option<Process>,
    /// The agent's process.
    agent_process: Option<Process>,
    /// The workspace's path.
    workspace: Option<String>,
    /// The agent's session, where it has one.
    session_id: Option<String>,
    /// Turns started.
    turns: u32,
    /// What it used.
    tokens: Tokens,
    /// The claim's fence.
    fence: u64,
    /// When it was claimed.
    started_at: Timestamp,
    /// When it ended.
    finished_at: Option<Timestamp>,
    /// Not to be retried before.
    not_before: Option<Timestamp>,
    /// Receipts of the hooks that ran.
    hooks: Vec<HookReceipt>,
    /// What is in its folder, by name.
    files: BTreeMap<&'static str, PathBuf>,
}

pub(super) fn list(_: &List, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let workers = match cx.store_to_read()? {
        Some(store) => steps::status(&store, &cx.seams)?.running,
        None => Vec::new(),
    };
    ui.show(&Workers { workers, now: cx.seams.now() });
    Ok(Exit::Done)
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let target = cx.target(&args.run);
    let store = cx.store_to_read()?.ok_or_else(|| steps::unknown(&target))?;
    let record = super::find_run(&args.run, cx, &store)?;
    ui.show(&Shown::new(&store, record));
    Ok(Exit::Done)
}

impl Shown {
    fn new(store: &Store, record: RunRecord) -> Self {
        let folder = store.layout().run(&record.run);
        let names =
            ["spec.json", "outcome.json", "events.jsonl", "agent.log", "supervisor.log", "rerun.sh", "changes.patch"];
        let files = names.into_iter().map(|name| (name, folder.join(name))).filter(|(_, path)| path.exists()).collect();
        let alive = record.outcome.is_none()
            && process::probe_lifeline(&folder.join("lifeline"), Duration::ZERO) == Lifeline::Held;
        let outcome = record.outcome.as_ref();
        Self {
            outcome: outcome.map(|outcome| outcome.outcome),
            code: outcome.map(|outcome| outcome.code),
            summary: outcome.map(|outcome| outcome.summary.clone()),
            error: outcome.and_then(|outcome| outcome.error.clone()),
            finished_at: outcome.map(|outcome| outcome.finished_at),
            not_before: outcome.and_then(|outcome| outcome.not_before),
            pid: record.supervisor.as_ref().map(|process| process.pid),
            supervisor: record.supervisor,
            agent_process: record.agent_process,
            identifier: record.identifier,
            issue_id: record.issue_id,
            run: record.run,
            attempt: record.attempt,
            phase: record.phase,
            alive,
            agent: record.agent,
            workspace: record.workspace,
            session_id: record.session_id,
            turns: record.turns,
            tokens: record.tokens,
            fence: record.fence,
            started_at: record.started_at,
            hooks: record.hooks,
            files,
        }
    }
}

impl View for Workers {
    const KIND: &'static str = "workers";

    fn text(&self, style: Style) -> String {
        let rows = self.workers.iter().map(|row| {
            let pid = row.pid.map(|pid| pid.to_string()).unwrap_or_default();
            let phase = row.phase.map(|phase| phase.as_str().to_owned()).unwrap_or_default();
            [row.run.to_string(), pid, phase, distance(row.started_at, self.now), row.issue.title.clone()]
        });
        table(style, ["RUN", "PID", "PHASE", "SINCE", "TITLE"], rows)
    }
}

impl View for Shown {
    const KIND: &'static str = "run";

    fn text(&self, _: Style) -> String {
        let record = self;
        let mut text = format!("run {} of {}\n", record.run, record.identifier);
        let mut line = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                text += &format!("{name:>14}  {}\n", crate::cli::render::escape(&value));
            }
        };
        line("outcome", record.outcome.map(|outcome| outcome.as_str().to_owned()));
        line("error", record.error.clone());
        line("phase", record.outcome.is_none().then(|| record.phase.as_str().to_owned()));
        line("worker", self.pid.map(|pid| format!("{pid} ({})", if self.alive { "alive" } else { "gone" })));
        line("started", Some(record.started_at.to_rfc3339()));
        line("finished", self.finished_at.map(|at| at.to_rfc3339()));
        line("turns", Some(record.turns.to_string()));
        line("workspace", record.workspace.clone());
        for hook in &record.hooks {
            let result = if hook.ok { "ok" } else { "failed" };
            line("hook", Some(format!("{} {result} in {} ms", hook.hook, hook.duration_ms)));
        }
        for (name, path) in &self.files {
            line(name, Some(path.display().to_string()));
        }
        text
    }
}

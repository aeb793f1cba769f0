//! A run as its supervisor carries it: what it knows, what it has counted, and where it writes that down.

use std::path::PathBuf;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::WorkerError;
use super::patience::{insist, refusal};
use super::report::{HookEdge, Launched, Report, Reporter};
use super::session::Session;
use super::shorten::shorten;
use super::spec::Spec;
use crate::agent::AgentEvent;
use crate::chain::chain;
use crate::model::{ClaimRecord, Extra, HookReceipt, Issue, Phase, Process, RunRecord, SessionRecord, Tokens, Work};
use crate::outcome::{End, Tally};
use crate::process;
use crate::project::Project;
use crate::queue::{self, Policy};
use crate::run_folder::{self, ActivityFile, CheckpointLog, EventLog, RunFolder};
use crate::store::{By, StoreError};
use crate::workspace::{Lease, RunContext, Workspaces};

/// Why a run does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// It has an outcome.
    End(End),
    /// It may change nothing any more, or cannot.
    Lost(String),
}

/// A step of a run.
pub(super) type Step<T> = Result<T, Stop>;

/// What the tracker said last, since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// It was not asked.
    Never,
    /// It shows the issue; the request began at this journal number.
    Visible {
        /// The journal number.
        asked_at: u64,
    },
    /// It does not show it.
    Invisible,
}

/// The run.
pub(super) struct State<'p> {
    pub(super) project: &'p Project,
    pub(super) spec: &'p Spec,
    pub(super) folder: &'p RunFolder,
    pub(super) by: By,
    pub(super) policy: Policy,
    pub(super) context: RunContext,
    pub(super) reporter: Reporter,
    pub(super) events: EventLog,
    pub(super) checkpoints: CheckpointLog,
    pub(super) activity: Rc<ActivityFile>,
    /// The issue as last seen.
    pub(super) issue: Issue,
    pub(super) asked: Asked,
    pub(super) lease: Option<Lease>,
    pub(super) workspace: Option<PathBuf>,
    pub(super) hooks: Vec<HookReceipt>,
    pub(super) session: Session,
    pub(super) tally: Tally,
    /// Tokens of the issue's earlier runs.
    pub(super) tokens_before: u64,
    /// Bytes that the agent wrote in this turn.
    pub(super) output_bytes: usize,
    /// Pieces that the agent streamed in this turn.
    pub(super) deltas: u64,
    /// What a subscription's limits are, as the agent last said.
    pub(super) rate_limits: Option<Value>,
    /// Whether the agent's first sign was committed and reported.
    pub(super) announced: bool,
    /// Set from within the agent's stream, where nothing can be returned.
    stop: Option<Stop>,
    /// Rung when `stop` is set.
    pub(super) alarm: Rc<Notify>,
}

impl<'p> State<'p> {
    /// Makes the run's files.
    pub(super) fn new(
        project: &'p Project,
        spec: &'p Spec,
        folder: &'p RunFolder,
        reporter: Reporter,
    ) -> Result<Self, WorkerError> {
        let events = EventLog::create(&folder.events());
        let checkpoints = CheckpointLog::create(&folder.checkpoints());
        let activity = ActivityFile::create(&folder.activity());
        Ok(Self {
            project,
            spec,
            folder,
            by: project.by(Some(spec.fence())),
            policy: project.policy(),
            context: RunContext { run: spec.run.clone(), attempt: spec.attempt },
            reporter,
            events: events.map_err(|source| WorkerError::io("write", &folder.events(), source))?,
            checkpoints: checkpoints.map_err(|source| WorkerError::io("write", &folder.checkpoints(), source))?,
            activity: Rc::new(activity.map_err(|source| WorkerError::io("write", &folder.activity(), source))?),
            issue: spec.issue.clone(),
            asked: Asked::Never,
            lease: None,
            workspace: None,
            hooks: Vec::new(),
            session: Session::default(),
            tally: Tally::default(),
            tokens_before: 0,
            output_bytes: 0,
            deltas: 0,
            rate_limits: None,
            announced: false,
            stop: None,
            alarm: Rc::default(),
        })
    }

    /// The workspaces, in this run's name.
    pub(super) fn workspaces(&self) -> Workspaces<'_> {
        self.project.workspaces(&self.by)
    }

    /// Takes the claim up: one transaction, which also says what the issue has behind it.
    pub(super) async fn take_up(&mut self) -> Step<()> {
        let (key, run) = (self.spec.key.as_str(), &self.spec.run);
        let (work, session) = insist(&self.project.store, || {
            self.project.store.transact(self.project.seams.now(), &self.by, |tx| {
                queue::started(tx, run, &process::current())?;
                Ok::<_, StoreError>((tx.get::<Work>(key)?, tx.get::<SessionRecord>(key)?))
            })
        })
        .await?;
        let work = work.ok_or_else(|| Stop::Lost("its issue has left the store".to_owned()))?;
        self.tokens_before = work.tokens.total_tokens;
        self.tally.progress = work.progress;
        self.tally.idle_continuations = Some(work.idle_continuations);
        let kind = self.project.workflow.config.agent.kind.as_str();
        self.session.before = session.filter(|session| session.agent == kind);
        self.count_unsaid();
        self.reporter.say(&Report::Accepted { pid: std::process::id() });
        tracing::info!(run = %self.spec.run, attempt = self.spec.attempt, "run started");
        Ok(())
    }

    /// A run that died may have used more of the conversation than the store knows: its events tell.
    fn count_unsaid(&mut self) {
        let Some(run) = self.session.before.as_ref().and_then(|before| before.run.clone()) else { return };
        let events = RunFolder::of(self.project.store.layout(), &run).events();
        if let Some((thread_id, totals)) = run_folder::thread_totals(&events) {
            self.session.add_unsaid(&thread_id, totals);
        }
    }

    /// Fails where the claim is another's by now. What is in the store is guarded by the fence; this guards what is not:
    /// hooks, the tracker, the run's outcome on disk. What cannot be read now is left to the next transaction.
    pub(super) fn still_ours(&self) -> Step<()> {
        match self.project.store.get::<ClaimRecord>(self.spec.key.as_str()) {
            Ok(Some(record)) if record.claim.run == self.spec.run && record.claim.fence == self.spec.fence => Ok(()),
            Ok(_) => Err(Stop::Lost("its claim was taken over".to_owned())),
            Err(error) => refusal(&error).map_or(Ok(()), |reason| Err(Stop::Lost(reason))),
        }
    }

    /// Says that the run got to `phase`.
    pub(super) fn phase(&mut self, phase: Phase) {
        self.event("phase", json!({ "phase": phase }));
        self.reporter.say(&Report::Phase(phase));
    }

    /// Writes an event of the run.
    pub(super) fn event(&mut self, kind: &str, mut data: Value) {
        self.project.store.redactor().redact_value(&mut data);
        shorten(&mut data);
        let now = self.project.seams.now();
        let class = self.checkpoints.take_up(now, kind, &data, self.session.thread_id.clone());
        self.tally.replay_safety = class.or(self.tally.replay_safety);
        self.events.write(now, kind, data);
    }

    /// Says that a hook starts or has ended.
    pub(super) fn hook(&mut self, edge: HookEdge) {
        self.reporter.say(&Report::Hook(edge));
    }

    /// Keeps the receipts of hooks that ran.
    pub(super) fn keep(&mut self, receipts: impl IntoIterator<Item = HookReceipt>) {
        for receipt in receipts {
            self.event("hook_completed", serde_json::to_value(&receipt).unwrap_or_default());
            self.hooks.push(receipt);
        }
    }

    /// What the agent says while it works.
    pub(super) fn on_agent(&mut self, event: AgentEvent) {
        if !matches!(event, AgentEvent::Retrying { .. }) {
            self.activity.note(self.project.seams.clock.monotonic_ms());
        }
        match event {
            AgentEvent::Started { process } => {
                self.note_process(process);
                self.announce();
            }
            AgentEvent::TurnStarted { turn_id } => {
                self.event("turn_accepted", json!({ "turn": self.tally.turns, "turn_id": turn_id }));
                self.session.turn_id = Some(turn_id);
                self.announce();
            }
            AgentEvent::Output { bytes } => self.output_bytes += bytes,
            AgentEvent::Deltas { count } => self.deltas += count,
            AgentEvent::Message { text } => self.event("message", json!({ "text": text })),
            AgentEvent::ToolStarted(call) => {
                self.event("tool_call_started", serde_json::to_value(&call).unwrap_or_default());
            }
            AgentEvent::ToolFinished { call, ok } => {
                let mut data = serde_json::to_value(&call).unwrap_or_default();
                data["ok"] = ok.into();
                self.event("tool_call_completed", data);
            }
            AgentEvent::Retrying { reason } => self.event("agent_retrying", json!({ "reason": reason })),
            AgentEvent::Usage { tokens } => self.count(tokens),
            AgentEvent::RateLimits(limits) => {
                self.event("rate_limits", limits.clone());
                self.rate_limits = Some(limits);
            }
            AgentEvent::Other { kind, data } => self.event(kind, data),
        }
    }

    /// Notes the agent's process, for those who must end it when this one is dead.
    pub(super) fn note_process(&mut self, process: Process) {
        if let Err(error) = self.folder.write_agent(&process) {
            tracing::warn!(%error, "the agent's process not noted");
        }
        self.session.process = Some(process);
    }

    fn count(&mut self, totals: Tokens) {
        self.tally.tokens = self.session.count(totals);
        let mut data = serde_json::to_value(self.tally.tokens).unwrap_or_default();
        data["thread"] = json!({ "thread_id": self.session.thread_id, "tokens": self.session.totals });
        self.event("usage", data);
        if let Err(stop) = self.within_budget() {
            self.interrupt(stop);
        }
    }

    /// Fails once the issue has used its budget.
    pub(super) fn within_budget(&self) -> Step<()> {
        let (used, max) = (self.tokens_before + self.tally.tokens.total_tokens, self.policy.retry.max_tokens);
        if max > 0 && used >= max {
            let error = format!("used {used} tokens of {max} (agent.max_tokens_per_issue)");
            return Err(Stop::End(End::Turn { error, not_before: None }));
        }
        Ok(())
    }

    /// The agent works: one transaction, and the launcher's last word.
    pub(super) fn announce(&mut self) {
        if std::mem::replace(&mut self.announced, true) {
            return;
        }
        self.phase(Phase::StreamingTurn);
        if let Err(error) = self.commit_streaming() {
            if let Some(reason) = refusal(&error) {
                self.interrupt(Stop::Lost(reason));
                return;
            }
            // The outcome's transaction says it all again.
            tracing::warn!(error = chain(&error), "the agent works, but that is not committed");
        }
        let launched = Launched {
            session_id: self.session.id(),
            agent_pid: self.session.process.as_ref().map(|process| process.pid),
            workspace: self.workspace_text(),
        };
        tracing::info!(session_id = launched.session_id, agent_pid = launched.agent_pid, "agent launched");
        self.event("session_started", serde_json::to_value(&launched).unwrap_or_default());
        self.reporter.conclude(&Report::Launched(launched));
    }

    fn commit_streaming(&self) -> Result<(), StoreError> {
        let session_id = self.session.id();
        let agent_pid = self.session.process.as_ref().map(|process| process.pid);
        self.project.store.transact(self.project.seams.now(), &self.by, |tx| {
            let Some(record) = tx.get::<RunRecord>(&self.spec.run.to_string())? else { return Ok(()) };
            let data = json!({ "session_id": session_id, "agent_pid": agent_pid });
            tx.event("run.streaming", Some(&self.issue.identifier), Some(&self.spec.run), data);
            if let Some(session) = self.session_record() {
                tx.put(&session)?;
            }
            queue::in_use(tx, &self.spec.run)?;
            tx.put(&RunRecord { phase: Phase::StreamingTurn, ..self.recorded(record) })
        })
    }

    /// The run's manifest with what is known by now.
    pub(super) fn recorded(&self, record: RunRecord) -> RunRecord {
        RunRecord {
            agent_process: self.session.process.clone(),
            workspace: self.workspace_text(),
            session_id: self.session.id(),
            turns: self.tally.turns,
            tokens: self.tally.tokens,
            hooks: self.hooks.clone(),
            ..record
        }
    }

    /// The conversation as it is now; `None` for an agent that has none.
    pub(super) fn session_record(&self) -> Option<SessionRecord> {
        let thread_id = self.session.thread_id.clone()?;
        let before = self.session.before.as_ref();
        let same = before.filter(|before| before.thread_id == thread_id);
        Some(SessionRecord {
            key: self.spec.key.clone(),
            agent: self.project.workflow.config.agent.kind.as_str().to_owned(),
            turns: same.map_or(0, |before| before.turns) + self.tally.turns,
            tokens: self.session.totals,
            run: Some(self.spec.run.clone()),
            version: before.map_or(0, |before| before.version) + 1,
            updated_at: self.project.seams.now(),
            extra: before.map_or_else(Extra::new, |before| before.extra.clone()),
            thread_id,
        })
    }

    fn workspace_text(&self) -> Option<String> {
        self.workspace.as_ref().map(|path| path.display().to_string())
    }

    fn interrupt(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
        self.alarm.notify_one();
    }

    /// What was set from within the agent's stream.
    pub(super) fn interrupted(&mut self) -> Step<()> {
        self.stop.take().map_or(Ok(()), Err)
    }
}

//! One attempt at an issue, from the workspace to the last turn (SPEC 16.5; DESIGN §5).

use std::time::Duration;

use serde_json::json;

use super::patience::refusal;
use super::report::HookEdge;
use super::state::{State, Step, Stop};
use super::turns::take_turns;
use crate::agent::{self, Agent, SessionContext, Tools};
use crate::chain::chain;
use crate::model::{HookReceipt, Phase};
use crate::outcome::End;
use crate::tool_server::{Desk, MCP_CONFIG};
use crate::workspace::WorkspaceError;

/// How long a lease that somebody else holds is waited for.
const LEASE_PATIENCE: Duration = Duration::from_secs(10);

/// A run and its agent, kept apart so that the one can be told what the other does.
pub(super) struct Attempt<'p> {
    pub(super) state: State<'p>,
    /// Once it was started, and until it was stopped.
    pub(super) agent: Option<Box<dyn Agent>>,
    /// Where its tool servers come to, as long as the agent is there.
    pub(super) desk: Option<Desk>,
}

impl Attempt<'_> {
    /// Everything up to the end of the last turn. What it started is ended by the caller, however it ends.
    pub(super) async fn work(&mut self) -> Stop {
        match self.steps().await {
            Ok(()) => Stop::End(End::Completed),
            Err(stop) => stop,
        }
    }

    async fn steps(&mut self) -> Step<()> {
        let state = &mut self.state;
        state.take_up().await?;
        state.prepare_workspace().await?;
        state.phase(Phase::BuildingPrompt);
        let workflow = &state.project.workflow;
        let workpad = if workflow.uses_workpad() { state.workpad().await? } else { None };
        let prompt = workflow.render_prompt(&state.issue, state.spec.attempt, workpad.as_deref());
        let prompt = prompt.map_err(|error| Stop::End(End::Prompt(chain(&error))))?;
        state.phase(Phase::LaunchingAgent);
        let agent = agent::from_config(&workflow.config);
        let agent = self.agent.insert(agent.map_err(|error| Stop::End(End::AgentStart(chain(&error))))?);
        self.desk = state.open_desk(agent.capabilities().tools);
        open_session(agent.as_mut(), state, self.desk.is_some()).await?;
        take_turns(agent.as_mut(), state, self.desk.as_mut(), prompt).await?;
        state.hand_off().await
    }
}

async fn open_session(agent: &mut dyn Agent, state: &mut State<'_>, has_desk: bool) -> Step<()> {
    state.phase(Phase::InitializingSession);
    let workspace = state.workspace.clone().unwrap_or_default();
    let workspaces = state.workspaces();
    let (mut env, mut unset) =
        workspaces.child_environment(&state.issue, &state.spec.key, &workspace, Some(&state.context));
    if has_desk {
        env.set(MCP_CONFIG, state.folder.mcp_config());
    }
    workspaces.add_agent_env(&mut env, &mut unset);
    let run = state.spec.run.to_string();
    let context = SessionContext {
        issue: &state.issue,
        workspace: &workspace,
        env,
        unset,
        run_dir: state.folder.path(),
        lifeline: state.folder.agent_lifeline(),
        redactor: state.project.store.redactor(),
        resume: state.session.before.as_ref(),
        tools: Tools::new(&*state.project.tracker, &state.issue, &run),
    };
    let started = match agent.start(context).await {
        Ok(started) => started,
        Err(error) => {
            let text = chain(&error);
            state.event("startup_failed", json!({ "code": error.code(), "error": text }));
            return Err(Stop::End(End::AgentStart(text)));
        }
    };
    if let Some(process) = started.process.clone() {
        state.note_process(process);
    }
    if let Some(reason) = &started.replaced {
        let before = state.session.before.as_ref().map(|before| before.thread_id.clone());
        tracing::warn!(reason, "the agent's conversation cannot be gone on with; it begins a new one");
        state.event("session_replaced", json!({ "thread_id": before, "reason": reason }));
    }
    state.session.open(started);
    Ok(())
}

impl State<'_> {
    async fn prepare_workspace(&mut self) -> Step<()> {
        self.phase(Phase::PreparingWorkspace);
        let has_hook = self.project.workflow.config.hooks.after_create.is_some();
        if has_hook {
            self.hook(HookEdge::Start);
        }
        let workspaces = self.project.workspaces(&self.by);
        let lease = workspaces.lease_within(&self.spec.key, LEASE_PATIENCE).await.map_err(unusable)?;
        // Held to the run's end, also where the making is interrupted.
        let lease = self.lease.insert(lease);
        let ensured = workspaces.ensure(lease, &self.issue, &self.spec.key, Some(&self.context)).await;
        let ensured = ensured.map_err(unusable)?;
        if has_hook {
            self.hook(HookEdge::End);
        }
        self.keep(ensured.hooks);
        self.workspace = Some(ensured.record.path);
        self.before_run().await
    }

    async fn before_run(&mut self) -> Step<()> {
        let Some(receipt) = self.run_hook("before_run").await.map_err(|error| Stop::End(End::BeforeRun(error)))? else {
            return Ok(());
        };
        if receipt.ok { Ok(()) } else { Err(Stop::End(End::BeforeRun(failure(&receipt)))) }
    }

    /// Runs a hook in the workspace, if it is configured, and keeps its receipt.
    pub(super) async fn run_hook(&mut self, name: &str) -> Result<Option<HookReceipt>, String> {
        let Some(path) = self.workspace.clone() else { return Ok(None) };
        self.hook(HookEdge::Start);
        let ran = self.workspaces().hook(name, &self.issue, &self.spec.key, &path, Some(&self.context)).await;
        self.hook(HookEdge::End);
        let receipt = ran.map_err(|error| chain(&error))?;
        self.keep(receipt.clone());
        Ok(receipt)
    }
}

/// A workspace that cannot be used ends the run; a store that refuses this worker takes the run from it.
fn unusable(error: WorkspaceError) -> Stop {
    match error {
        WorkspaceError::Store(error) => {
            refusal(&error).map_or_else(|| Stop::End(End::Workspace(chain(&error))), Stop::Lost)
        }
        other => Stop::End(End::Workspace(chain(&other))),
    }
}

/// Why a hook failed, in one line.
pub(super) fn failure(receipt: &HookReceipt) -> String {
    let how = match receipt.exit_code {
        _ if receipt.timed_out => format!("{} timed out after {} ms", receipt.hook, receipt.duration_ms),
        Some(code) => format!("{} exited with status {code}", receipt.hook),
        None => format!("{} was ended by a signal", receipt.hook),
    };
    let output = receipt.output.trim_end();
    let last = output.lines().next_back().unwrap_or_default().trim();
    if last.is_empty() { how } else { format!("{how}: {last}") }
}

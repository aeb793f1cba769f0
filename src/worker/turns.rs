//! The turns of a run (SPEC 7.1, 16.5): prompt, turn, and a look at the tracker after each.

use std::cell::RefCell;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::state::{Asked, State, Step, Stop};
use super::tools;
use crate::agent::{Agent, Failure, Tools, TurnEnd, TurnInput};
use crate::outcome::End;
use crate::retry::{idle_after, is_idle_for_too_long};
use crate::run_folder::write_text;
use crate::tool_server::Desk;
use crate::workflow::continuation_prompt;

/// Turns until there is nothing more to do, or no more may be done.
pub(super) async fn take_turns(
    agent: &mut dyn Agent,
    state: &mut State<'_>,
    mut desk: Option<&mut Desk>,
    first_prompt: String,
) -> Step<()> {
    let sessions = agent.capabilities().sessions;
    loop {
        let prompt = prompt(state, &first_prompt, sessions);
        turn(agent, state, desk.as_deref_mut(), prompt).await?;
        state.refresh().await?;
        count_idle(state);
        if !goes_on(state, sessions) {
            return Ok(());
        }
        state.within_budget()?;
    }
}

/// The full prompt first; then guidance alone where the conversation holds the prompt, else both.
fn prompt(state: &State<'_>, first: &str, sessions: bool) -> String {
    let turn = state.tally.turns + 1;
    if turn == 1 {
        return first.to_owned();
    }
    let guidance = continuation_prompt(turn, state.project.workflow.config.agent.max_turns);
    if sessions { guidance } else { format!("{first}\n\n{guidance}") }
}

async fn turn(agent: &mut dyn Agent, state: &mut State<'_>, desk: Option<&mut Desk>, prompt: String) -> Step<()> {
    state.tally.turns += 1;
    state.output_bytes = 0;
    state.deltas = 0;
    let number = state.tally.turns;
    let prompt_file = state.folder.prompt(number);
    write_text(&prompt_file, &state.project.store.redactor().redact(&prompt), 0o600)
        .map_err(|error| Stop::End(End::Prompt(format!("cannot write {}: {error}", prompt_file.display()))))?;
    state.leave_rerun(number, &prompt_file);
    state.event("turn_started", json!({ "turn": number }));
    let alarm = state.alarm.clone();
    let (issue, run) = (state.issue.clone(), state.spec.run.to_string());
    let offered = Tools::new(&*state.project.tracker, &issue, &run);
    let input = TurnInput { number, prompt: &prompt, prompt_file: &prompt_file, tools: offered };
    state.activity.set_in_turn(true);
    let end = {
        // The agent and its tool servers both tell what they do, in turn: each call is over before the next begins.
        let state = RefCell::new(&mut *state);
        let mut on = |event| state.borrow_mut().on_agent(event);
        let may = || state.borrow().still_ours().is_ok();
        let serving = tools::serve(desk, offered, may, |event| state.borrow_mut().on_agent(event));
        tokio::select! {
            biased;
            end = agent.turn(input, &mut on) => Some(end),
            () = alarm.notified() => None,
            never = serving => match never {},
        }
    };
    state.activity.set_in_turn(false);
    state.still_ours()?;
    state.interrupted()?;
    let Some(end) = end else { return Ok(()) };
    state.announce();
    state.interrupted()?;
    if let TurnEnd::Failed(Failure { ends_session: true, error, .. }) = &end {
        state.session.ended = Some(error.clone());
    }
    let (kind, mut data, step) = judge(end);
    data["turn"] = number.into();
    data["session_id"] = state.session.id().into();
    data["output_bytes"] = state.output_bytes.into();
    data["deltas"] = state.deltas.into();
    state.event(kind, data);
    state.events.sync();
    tracing::info!(session_id = state.session.id(), turn = number, outcome = kind, "turn ended");
    step
}

/// What the end of a turn means, by the names of SPEC 10.4.
fn judge(end: TurnEnd) -> (&'static str, serde_json::Value, Step<()>) {
    let failed = |kind, error: String, end: fn(String) -> End| {
        (kind, json!({ "error": error.clone() }), Err(Stop::End(end(error))))
    };
    match end {
        TurnEnd::Completed { message } => ("turn_completed", json!({ "message": message }), Ok(())),
        TurnEnd::Failed(Failure { code, error, not_before, ends_session: _ }) => {
            let data = json!({ "code": code.as_str(), "error": error, "not_before": not_before });
            (code.event(), data, Err(Stop::End(End::Turn { error, not_before })))
        }
        TurnEnd::TimedOut { error } => failed("turn_timed_out", error, End::TurnTimeout),
        TurnEnd::Stalled { error } => failed("turn_stalled", error, End::Stalled),
        TurnEnd::NeedsInput { question } => failed("turn_input_required", question, End::NeedsInput),
        TurnEnd::StartFailed { error } => failed("startup_failed", error, End::AgentStart),
    }
}

/// Compares what would show progress with what the last turn left, this run's or an earlier one's.
fn count_idle(state: &mut State<'_>) {
    let moved = state.workspace.as_deref().and_then(|path| state.workspaces().progress(path));
    let digest = moved.map(|moved| {
        let mut hash = Sha256::new();
        hash.update(serde_json::to_vec(&state.issue).unwrap_or_default());
        hash.update(moved);
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    let before = state.tally.idle_continuations.unwrap_or(0);
    let count = idle_after(before, state.tally.progress.as_deref(), digest.as_deref());
    state.tally.idle_continuations = Some(count);
    state.tally.progress = digest;
}

fn goes_on(state: &State<'_>, sessions: bool) -> bool {
    let config = &state.project.workflow.config;
    // A program without a conversation that ends well has said all that it will: its work is handed over.
    let is_handed_over = !sessions && config.tracker.handoff_state.is_some();
    let idle = state.tally.idle_continuations.unwrap_or(0);
    state.is_wanted()
        && !is_handed_over
        && state.tally.turns < config.agent.max_turns
        && !is_idle_for_too_long(idle, &state.policy.retry)
}

impl State<'_> {
    /// Whether the tracker still wants the issue to be worked on, as far as it was asked.
    pub(super) fn is_wanted(&self) -> bool {
        self.asked != Asked::Invisible
            && self.policy.tracker.is_active(&self.issue.state)
            && self.policy.is_routable(&self.issue)
    }
}

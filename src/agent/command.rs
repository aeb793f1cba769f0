//! The agent that is any program: `command.run` by `bash -lc`, one process per turn (DESIGN §7).
//!
//! The prompt comes on stdin, the workspace is the directory, exit status 0 is success. A turn ends with its process;
//! what that left in the background is ended with it, so that every turn begins alone.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

use super::ended::Ended;
use super::log::AgentLog;
use super::{
    Agent, AgentError, AgentEvent, Capabilities, Failure, FailureCode, SessionContext, SessionStarted, ToolDelivery,
    TurnEnd, TurnInput, Working,
};
use crate::process::{Output, Running, Shell, Tail};
use crate::workflow::config::{AgentKind, CommandConfig, Config};

/// How long the program has between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);
/// How long its tree is then tried to be ended.
const KILL_LIMIT: Duration = Duration::from_secs(10);
/// What is kept in mind of the output, in bytes, for its last line.
const TAIL: usize = 4096;
/// Characters of the last line in a message.
const LAST_LINE: usize = 400;

/// A program as an agent.
#[derive(Debug)]
struct CommandAgent {
    config: CommandConfig,
    session: Option<Session>,
}

/// What all turns of a run share.
#[derive(Debug)]
struct Session {
    shell: Shell,
    log: AgentLog,
    log_failed: bool,
    current: Option<Current>,
}

/// The turn that runs.
#[derive(Debug)]
struct Current {
    running: Running,
    output: Output,
}

/// Why a turn is over.
enum Over {
    Exited(ExitStatus),
    OutOfTime,
    Silent,
    Lost(io::Error),
}

/// The agent of `command`.
pub(super) fn build(config: &Config) -> Result<Box<dyn Agent>, AgentError> {
    let section = config.command.clone().ok_or(AgentError::NotConfigured { kind: AgentKind::Command.as_str() })?;
    Ok(Box::new(CommandAgent::new(section)))
}

impl Agent for CommandAgent {
    fn capabilities(&self) -> Capabilities {
        Capabilities { sessions: false, tools: ToolDelivery::Server }
    }

    fn start<'a>(&'a mut self, context: SessionContext<'a>) -> Working<'a, Result<SessionStarted, AgentError>> {
        Box::pin(async move { self.open(context) })
    }

    fn turn<'a>(&'a mut self, input: TurnInput<'a>, on: &'a mut dyn FnMut(AgentEvent)) -> Working<'a, TurnEnd> {
        Box::pin(self.work(input, on))
    }

    fn stop(&mut self) -> Working<'_, ()> {
        Box::pin(self.end())
    }
}

impl CommandAgent {
    fn new(config: CommandConfig) -> Self {
        Self { config, session: None }
    }

    fn open(&mut self, context: SessionContext<'_>) -> Result<SessionStarted, AgentError> {
        let SessionContext { workspace, env, unset, run_dir, lifeline, redactor, issue: _, resume: _, tools: _ } =
            context;
        if !workspace.is_dir() {
            return Err(AgentError::InvalidWorkspace { path: workspace.to_owned() });
        }
        let path: PathBuf = run_dir.join("agent.log");
        let log = AgentLog::open(&path, redactor).map_err(|source| AgentError::Log { path, source })?;
        let script = self.config.run.clone();
        let shell = Shell { script, cwd: workspace.to_owned(), env, unset, lifeline: Some(lifeline) };
        self.session = Some(Session { shell, log, log_failed: false, current: None });
        Ok(SessionStarted::default())
    }

    async fn work(&mut self, input: TurnInput<'_>, on: &mut dyn FnMut(AgentEvent)) -> TurnEnd {
        self.end().await;
        let Some(session) = &mut self.session else {
            return TurnEnd::StartFailed { error: "the agent's session was not started".into() };
        };
        if let Err(error) = session.begin(&input) {
            return TurnEnd::StartFailed { error: start_error(&error) };
        }
        let mut tail = Tail::new(TAIL);
        let over = session.follow(&self.config, input.prompt, &mut tail, on).await;
        session.end(&mut tail, on).await;
        self.judge(over, tail.last_line(LAST_LINE))
    }

    async fn end(&mut self) {
        if let Some(session) = &mut self.session {
            session.end(&mut Tail::new(0), &mut |_| ()).await;
        }
    }

    fn judge(&self, over: Over, last_line: Option<String>) -> TurnEnd {
        let CommandConfig { timeout_ms, stall_timeout_ms, .. } = self.config;
        match over {
            Over::Exited(status) if status.success() => TurnEnd::Completed { message: last_line },
            Over::Exited(status) => {
                let said = last_line.map_or_else(String::new, |line| format!(": {line}"));
                Failure::new(FailureCode::TurnFailed, format!("command.run {}{said}", Ended(status))).into()
            }
            Over::OutOfTime => TurnEnd::TimedOut {
                error: format!("command.run did not end within command.timeout_ms ({timeout_ms} ms)"),
            },
            Over::Silent => TurnEnd::Stalled {
                error: format!("command.run was silent for command.stall_timeout_ms ({stall_timeout_ms} ms)"),
            },
            Over::Lost(error) => {
                Failure::new(FailureCode::PortExit, format!("cannot wait for command.run: {error}")).into()
            }
        }
    }
}

fn start_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock => "cannot start command.run: a process of an earlier turn is still there".into(),
        _ => format!("cannot start command.run: {error}"),
    }
}

impl Session {
    fn begin(&mut self, input: &TurnInput<'_>) -> io::Result<()> {
        let mut shell = self.shell.clone();
        shell.env.set("BATON_TURN", input.number.to_string());
        shell.env.set("BATON_PROMPT_FILE", input.prompt_file);
        let (output, stdout, stderr) = Output::new()?;
        let running = shell.spawn(Stdio::piped(), stdout, stderr)?;
        self.current = Some(Current { running, output });
        Ok(())
    }

    /// Until the process has ended or its time is up. Dropped, it leaves the process in `current`.
    async fn follow(
        &mut self,
        config: &CommandConfig,
        prompt: &str,
        tail: &mut Tail,
        on: &mut dyn FnMut(AgentEvent),
    ) -> Over {
        let Some(Current { running, output }) = &mut self.current else {
            return Over::Lost(io::ErrorKind::NotFound.into());
        };
        on(AgentEvent::Started { process: running.process().clone() });
        let stdin = running.take_stdin();
        let speak = async {
            if let Some(mut stdin) = stdin {
                // A program that does not want to hear all of it is free to.
                let _ = stdin.write_all(prompt.as_bytes()).await;
            }
        };
        let (mut is_told, stall) = (false, Duration::from_millis(config.stall_timeout_ms));
        let (out_of_time, silent) = (sleep(Duration::from_millis(config.timeout_ms)), sleep(stall));
        tokio::pin!(speak, out_of_time, silent);
        loop {
            tokio::select! {
                status = running.wait() => return status.map_or_else(Over::Lost, Over::Exited),
                bytes = output.read() => {
                    tail.push(bytes);
                    record(&mut self.log, &mut self.log_failed, bytes, on);
                    if let Some(later) = Instant::now().checked_add(stall) {
                        silent.as_mut().reset(later);
                    }
                }
                () = &mut speak, if !is_told => is_told = true,
                () = &mut out_of_time => return Over::OutOfTime,
                () = &mut silent, if !stall.is_zero() => return Over::Silent,
            }
        }
    }

    /// Ends all that is left of the turn, and hears its last words.
    async fn end(&mut self, tail: &mut Tail, on: &mut dyn FnMut(AgentEvent)) {
        let Some(Current { running, output }) = &mut self.current else { return };
        let tree = running.tree().clone();
        let mut take = |bytes: &[u8]| {
            tail.push(bytes);
            record(&mut self.log, &mut self.log_failed, bytes, on);
        };
        let ended = async {
            // What cannot be ended is the supervisor's to report.
            let _ = tree.end(GRACE, KILL_LIMIT).await;
        };
        tokio::pin!(ended);
        loop {
            tokio::select! {
                () = &mut ended => break,
                bytes = output.read() => take(bytes),
            }
        }
        output.drain(take);
        let flushed = self.log.flush();
        note_loss(flushed, &mut self.log_failed, on);
        // Reaped, unless it could not be ended.
        let _ = tokio::time::timeout(Duration::from_secs(1), running.wait()).await;
        self.current = None;
    }
}

fn record(log: &mut AgentLog, failed: &mut bool, bytes: &[u8], on: &mut dyn FnMut(AgentEvent)) {
    note_loss(log.write(bytes), failed, on);
    on(AgentEvent::Output { bytes: bytes.len() });
}

/// The log's loss is said once, and costs nobody the turn.
fn note_loss(result: io::Result<()>, failed: &mut bool, on: &mut dyn FnMut(AgentEvent)) {
    if let Err(error) = result
        && !std::mem::replace(failed, true)
    {
        on(AgentEvent::Other { kind: "agent_log_failed", data: json!({ "error": error.to_string() }) });
    }
}

#[cfg(test)]
mod tests;

//! A session: the process is started, introduced to us, and given a thread to work in (SPEC 10.1, 10.2).

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};

use super::Settings;
use super::lines::Line;
use super::protocol::{self, Incoming};
use super::sandbox::{Posture, git_directories};
use super::tools;
use super::transport::{Moved, Transport};
use super::usage::RateLimits;
use crate::agent::log::AgentLog;
use crate::agent::transcript::Transcript;
use crate::agent::{AgentError, SessionContext, SessionStarted};
use crate::process::{Shell, holders_of};

/// What is said in messages of the command.
const COMMAND: &str = "codex.command";
const READ_TIMEOUT: &str = "codex.read_timeout_ms";
/// How long a turn that is interrupted may take to say so.
const INTERRUPT: Duration = Duration::from_secs(2);

/// A process that speaks the protocol, and its thread.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) transport: Transport,
    pub(super) transcript: Transcript,
    /// Whether the loss of the log was said.
    pub(super) log_failed: bool,
    pub(super) workspace: PathBuf,
    pub(super) posture: Posture,
    pub(super) limits: RateLimits,
    /// Codex's own id of the thread, once there is one.
    pub(super) thread: String,
    /// The turn that is under way.
    pub(super) active_turn: Option<String>,
    requests: u64,
}

/// Why a request brought nothing.
#[derive(Debug)]
pub(super) enum CallError {
    /// Codex refused it, in its own words.
    Refused(String),
    /// Codex said nothing in time.
    Late,
    /// Its process has ended.
    Ended { not_found: bool, how: String },
}

/// The answer to `thread/start` and `thread/resume`.
#[derive(Deserialize)]
struct Opened {
    thread: Thread,
}

#[derive(Deserialize)]
struct Thread {
    id: String,
}

impl Session {
    /// Starts the process.
    pub(super) fn begin(settings: &Settings, context: &SessionContext<'_>) -> Result<Self, AgentError> {
        let workspace = context.workspace.to_owned();
        if !workspace.is_dir() {
            return Err(AgentError::InvalidWorkspace { path: workspace });
        }
        let path = context.run_dir.join("agent.log");
        let log = AgentLog::open(&path, context.redactor).map_err(|source| AgentError::Log { path, source })?;
        let shell = Shell {
            script: settings.command.clone(),
            cwd: workspace.clone(),
            env: context.env.clone(),
            unset: context.unset.clone(),
            lifeline: Some(context.lifeline.clone()),
        };
        let transport = Transport::start(&shell).map_err(|source| AgentError::Spawn { what: COMMAND, source })?;
        Ok(Self {
            transport,
            transcript: Transcript::new(log),
            log_failed: false,
            posture: Posture::new(&settings.section, &workspace, &git_directories(&workspace)),
            workspace,
            limits: RateLimits::default(),
            thread: String::new(),
            active_turn: None,
            requests: 0,
        })
    }

    /// Introduces us, and opens the thread: the one to be resumed where there is one, else, or where Codex does not go on
    /// with it, a new one.
    pub(super) async fn open(
        &mut self,
        settings: &Settings,
        context: &SessionContext<'_>,
    ) -> Result<SessionStarted, AgentError> {
        let limit = Duration::from_millis(settings.timeouts.read_timeout_ms);
        let who = json!({ "name": "baton", "title": "Baton", "version": env!("CARGO_PKG_VERSION") });
        let hello = json!({ "clientInfo": who, "capabilities": { "experimentalApi": true } });
        self.ask("initialize", &hello, limit).await?;
        self.transport.outbox.send(&protocol::notification("initialized"));
        let resumed = match context.resume {
            Some(before) => self.resume(&before.thread_id, limit).await?,
            None => Resumed::Nothing,
        };
        let replaced = match resumed {
            Resumed::Thread => None,
            Resumed::Nothing => self.start_thread(context, limit).await.map(|()| None)?,
            Resumed::Refused(why) => self.start_thread(context, limit).await.map(|()| Some(why))?,
        };
        let process = Some(self.transport.process().clone());
        Ok(SessionStarted { thread_id: Some(self.thread.clone()), process, replaced })
    }

    async fn resume(&mut self, thread: &str, limit: Duration) -> Result<Resumed, AgentError> {
        const REQUEST: &str = "thread/resume";
        let mut params = self.place();
        params["threadId"] = thread.into();
        params["excludeTurns"] = true.into();
        match self.call(REQUEST, &params, limit).await {
            Ok(answer) => {
                self.thread = opened(REQUEST, &answer)?;
                Ok(Resumed::Thread)
            }
            Err(CallError::Refused(message)) if message.contains("already has an active writer") => {
                let processes = holders_of(thread);
                Err(AgentError::SessionInUse { thread_id: thread.to_owned(), processes, message })
            }
            // Never used, deleted, archived, of another home: work goes on without its history. What is wrong with more
            // than the thread is refused again when a new one is started.
            Err(CallError::Refused(message)) => Ok(Resumed::Refused(message)),
            Err(error) => Err(why(error, REQUEST, limit)),
        }
    }

    async fn start_thread(&mut self, context: &SessionContext<'_>, limit: Duration) -> Result<(), AgentError> {
        const REQUEST: &str = "thread/start";
        let mut params = self.place();
        params["dynamicTools"] = tools::advertised(&context.tools.specs());
        let answer = self.ask(REQUEST, &params, limit).await?;
        self.thread = opened(REQUEST, &answer)?;
        // So that a person finds it in Codex's own list. Nobody waits for the answer.
        let name = format!("{}: {}", context.issue.identifier, context.issue.title);
        self.send("thread/name/set", &json!({ "threadId": self.thread, "name": name }));
        Ok(())
    }

    /// Where, and with which rights.
    fn place(&self) -> Value {
        let Posture { approval_policy, thread_sandbox, .. } = &self.posture;
        json!({ "cwd": self.workspace, "approvalPolicy": approval_policy, "sandbox": thread_sandbox })
    }

    async fn ask(&mut self, request: &'static str, params: &Value, limit: Duration) -> Result<Value, AgentError> {
        self.call(request, params, limit).await.map_err(|error| why(error, request, limit))
    }

    /// Sends a request; its number.
    pub(super) fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.requests += 1;
        self.transport.outbox.send(&protocol::request(self.requests, method, params));
        self.requests
    }

    /// Sends a request outside of turns, and waits for the answer. What else comes meanwhile concerns nobody, but what
    /// asks is answered.
    async fn call(&mut self, method: &'static str, params: &Value, limit: Duration) -> Result<Value, CallError> {
        let number = self.send(method, params);
        let deadline = Instant::now() + limit;
        loop {
            while let Some(line) = self.transport.lines.next() {
                let Line::Whole(line) = line else { continue };
                match protocol::classify(line) {
                    Incoming::Reply { id, answer } if id == number => {
                        let read = |raw| protocol::read(raw).unwrap_or_default();
                        return answer.map(read).map_err(CallError::Refused);
                    }
                    Incoming::Request { id, method, .. } => {
                        let refusal = format!("`{method}` is not served outside of turns");
                        self.transport.outbox.send(&protocol::refusal(id, &refusal));
                    }
                    Incoming::Reply { .. } | Incoming::Notification { .. } | Incoming::Malformed => {}
                }
            }
            let Self { transport, transcript, .. } = self;
            let mut said = |line: &str| transcript.lines(&format!("[codex] {line}"));
            tokio::select! {
                moved = transport.pump(&mut said) => {
                    // The log's loss is told by the next turn, if there is one.
                    let _ = transcript.flush();
                    if let Moved::Ended { not_found, how } = moved {
                        return Err(CallError::Ended { not_found, how });
                    }
                }
                () = sleep_until(deadline) => return Err(CallError::Late),
            }
        }
    }

    /// Interrupts the turn that is under way, and ends the process and its tree.
    pub(super) async fn close(&mut self) {
        if let Some(turn) = self.active_turn.take() {
            let params = json!({ "threadId": self.thread, "turnId": turn });
            // Whether it obeys or not, it ends.
            let _ = self.call("turn/interrupt", &params, INTERRUPT).await;
        }
        // What waits to be said, the answer to a question for example.
        let Self { transport, transcript, .. } = self;
        let mut said = |line: &str| transcript.lines(&format!("[codex] {line}"));
        let rest = async {
            while !transport.outbox.is_empty() && !matches!(transport.pump(&mut said).await, Moved::Ended { .. }) {}
        };
        let _ = timeout(INTERRUPT, rest).await;
        transport.close(&mut said).await;
        let _ = transcript.finish();
    }
}

/// What became of the thread that was to be resumed.
enum Resumed {
    /// It goes on.
    Thread,
    /// There was none.
    Nothing,
    /// Codex does not go on with it, in its own words.
    Refused(String),
}

fn opened(request: &'static str, answer: &Value) -> Result<String, AgentError> {
    let opened = Opened::deserialize(answer);
    let missing = |_| AgentError::Response { request, message: "the answer names no thread".to_owned() };
    opened.map(|opened| opened.thread.id).map_err(missing)
}

fn why(error: CallError, request: &'static str, limit: Duration) -> AgentError {
    match error {
        CallError::Refused(message) => AgentError::Response { request, message },
        CallError::Late => {
            let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            AgentError::ResponseTimeout { request, setting: READ_TIMEOUT, limit_ms }
        }
        CallError::Ended { not_found: true, how } => {
            AgentError::NotFound { what: COMMAND, said: how.trim_start_matches("was not found").to_owned() }
        }
        CallError::Ended { not_found: false, how } => AgentError::Exited { what: COMMAND, how },
    }
}

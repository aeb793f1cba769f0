//! One turn: the prompt is sent, and everything that comes is taken until the turn is over (SPEC 10.3).

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::clocks::Clocks;
use super::protocol;
use super::session::Session;
use super::stream::{Desk, Stream, ToolRequest};
use super::tools;
use super::transport::{Moved, Transport};
use crate::agent::{AgentEvent, Failure, FailureCode, Tools, TurnEnd, TurnInput, Working};
use crate::tracker::ToolResult;
use crate::workflow::config::Timeouts;

impl Session {
    /// Works on a turn to its end. What is under way when it is dropped, or gives up, is interrupted by
    /// [`Session::close`].
    pub(super) async fn turn(
        &mut self,
        timeouts: &Timeouts,
        input: TurnInput<'_>,
        on: &mut dyn FnMut(AgentEvent),
    ) -> TurnEnd {
        let params = self.turn_params(input.prompt);
        let mut stream = Stream::new(self.send("turn/start", &params));
        let mut clocks = Clocks::start(*timeouts, Instant::now());
        let mut tool: Option<Working<'_, Served>> = None;
        let end = loop {
            if let Some(end) = self.take_lines(&mut stream, input.tools, on) {
                break end;
            }
            clocks.note(&mut stream.signs, Instant::now());
            if tool.is_none() {
                tool = stream.tool_requests.pop_front().map(|request| serve(input.tools, request));
            }
            let Self { transport, transcript, .. } = self;
            let mut said = |line: &str| transcript.lines(&format!("[codex] {line}"));
            tokio::select! {
                moved = transport.pump(&mut said) => match moved {
                    Moved::Came(bytes) => stream.signs.came(bytes),
                    Moved::Other => {}
                    Moved::Ended { how, .. } => {
                        self.active_turn = None;
                        break Failure::new(FailureCode::PortExit, format!("codex.command {how}")).into();
                    }
                },
                served = finished(&mut tool) => {
                    tool = None;
                    stream.signs.got_on();
                    transport.outbox.send(&protocol::result(&served.id, &tools::answer(&served.result)));
                }
                () = sleep_until(clocks.next()) => break clocks.over(),
            }
            self.write_log(on);
        };
        self.write_log(on);
        end
    }

    fn turn_params(&self, prompt: &str) -> Value {
        let mut params = json!({
            "threadId": self.thread,
            "input": [{ "type": "text", "text": prompt }],
            "cwd": self.workspace,
            "approvalPolicy": self.posture.approval_policy,
        });
        if let Some(policy) = &self.posture.turn_sandbox_policy {
            params["sandboxPolicy"] = policy.clone();
        }
        params
    }

    /// Takes every line that has come; the turn's end, where it is among them.
    fn take_lines(&mut self, stream: &mut Stream, tools: Tools<'_>, on: &mut dyn FnMut(AgentEvent)) -> Option<TurnEnd> {
        let Self {
            transport: Transport { lines, outbox, .. }, transcript, limits, thread, active_turn, workspace, ..
        } = self;
        let mut desk = Desk { stream, outbox, transcript, limits, thread, active_turn, workspace, tools, on };
        let mut end = None;
        while end.is_none()
            && let Some(line) = lines.next()
        {
            end = desk.take(line);
        }
        desk.count();
        end
    }

    /// The log's loss is said once, and costs nobody the turn.
    fn write_log(&mut self, on: &mut dyn FnMut(AgentEvent)) {
        if let Err(error) = self.transcript.flush()
            && !std::mem::replace(&mut self.log_failed, true)
        {
            on(AgentEvent::Other { kind: "agent_log_failed", data: json!({ "error": error.to_string() }) });
        }
    }
}

/// A tool that has run.
struct Served {
    id: Box<serde_json::value::RawValue>,
    result: ToolResult,
}

fn serve(tools: Tools<'_>, request: ToolRequest) -> Working<'_, Served> {
    Box::pin(async move {
        let result = tools.execute(&request.call.name(), &request.call.arguments).await;
        Served { id: request.id, result }
    })
}

async fn finished<T>(work: &mut Option<Working<'_, T>>) -> T {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

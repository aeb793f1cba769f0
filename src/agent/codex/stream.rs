//! What comes in a turn, line by line: what is told to the run, what is written to the log, what is answered.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::approvals::{Answer, Decision, decide};
use super::clocks::Signs;
use super::ending::{self, Turn, TurnError};
use super::items::{self, Item};
use super::lines::Line;
use super::protocol::{self, Incoming, Params};
use super::tools::Call;
use super::transport::Outbox;
use super::usage::{self, RateLimits};
use crate::agent::transcript::Transcript;
use crate::agent::{AgentEvent, Failure, FailureCode, ToolKind, Tools, TurnEnd};

/// Characters of a line that is not understood.
const SHOWN: usize = 200;

/// What is known of the turn so far.
#[derive(Debug)]
pub(super) struct Stream {
    /// The number of `turn/start`.
    request: u64,
    /// The last thing that it said.
    message: Option<String>,
    /// Items whose text or output came in pieces, and is in the log already.
    streamed: BTreeSet<String>,
    deltas: u64,
    /// Tools that it waits for.
    pub(super) tool_requests: VecDeque<ToolRequest>,
    pub(super) signs: Signs,
}

/// A tool that Codex waits for.
#[derive(Debug)]
pub(super) struct ToolRequest {
    /// To be given back as it came.
    pub(super) id: Box<RawValue>,
    /// Which, and what for.
    pub(super) call: Call,
}

impl Stream {
    pub(super) fn new(request: u64) -> Self {
        Self {
            request,
            message: None,
            streamed: BTreeSet::new(),
            deltas: 0,
            tool_requests: VecDeque::new(),
            signs: Signs::default(),
        }
    }
}

/// Where the lines of a turn are taken.
pub(super) struct Desk<'d> {
    pub(super) stream: &'d mut Stream,
    pub(super) outbox: &'d mut Outbox,
    pub(super) transcript: &'d mut Transcript,
    pub(super) limits: &'d mut RateLimits,
    pub(super) thread: &'d str,
    pub(super) active_turn: &'d mut Option<String>,
    pub(super) workspace: &'d Path,
    pub(super) tools: Tools<'d>,
    pub(super) on: &'d mut dyn FnMut(AgentEvent),
}

/// A piece of text or output.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta<'a> {
    #[serde(borrow)]
    thread_id: Cow<'a, str>,
    #[serde(borrow)]
    item_id: Cow<'a, str>,
    #[serde(borrow)]
    delta: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AboutItem {
    thread_id: String,
    item: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AboutTurn {
    thread_id: String,
    turn: Turn,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AboutError {
    thread_id: String,
    error: TurnError,
    #[serde(default)]
    will_retry: bool,
}

#[derive(Deserialize)]
struct Answered {
    turn: Turn,
}

impl Desk<'_> {
    /// Takes a line; the turn's end, if it says so.
    pub(super) fn take(&mut self, line: Line<'_>) -> Option<TurnEnd> {
        let Line::Whole(line) = line else {
            self.tell("malformed", json!({ "line": "longer than 10 MiB" }));
            return None;
        };
        match protocol::classify(line) {
            Incoming::Notification { method, params } => return self.hear(&method, params),
            Incoming::Request { id, method, params } => return self.serve(id, &method, params),
            Incoming::Reply { id, answer } if id == self.stream.request => match answer {
                Ok(answer) => {
                    let turn = protocol::read::<Answered>(answer).map(|answered| answered.turn.id);
                    self.begun(turn.unwrap_or_default());
                }
                Err(message) => {
                    let error = format!("`turn/start` was refused: {message}");
                    return Some(Failure::new(FailureCode::ResponseError, error).into());
                }
            },
            Incoming::Reply { .. } => {}
            Incoming::Malformed => {
                let text = String::from_utf8_lossy(&line[..line.len().min(4 * SHOWN)]);
                let shown: String = text.chars().take(SHOWN).collect();
                self.tell("malformed", json!({ "line": shown }));
            }
        }
        None
    }

    /// Tells what was counted.
    pub(super) fn count(&mut self) {
        let count = std::mem::take(&mut self.stream.deltas);
        if count > 0 {
            (self.on)(AgentEvent::Deltas { count });
        }
        if self.stream.signs.has_got_on() {
            (self.on)(AgentEvent::Output { bytes: std::mem::take(&mut self.stream.signs.bytes) });
        }
    }

    fn hear(&mut self, method: &str, params: Params<'_>) -> Option<TurnEnd> {
        match method {
            "item/agentMessage/delta" | "item/commandExecution/outputDelta" => self.piece(params),
            "item/plan/delta"
            | "item/reasoning/summaryTextDelta"
            | "item/reasoning/textDelta"
            | "item/fileChange/outputDelta" => {
                self.stream.deltas += 1;
                self.stream.signs.got_on();
            }
            "item/started" => self.item_started(params),
            "item/completed" => self.item_completed(params),
            "thread/tokenUsage/updated" => {
                self.stream.signs.got_on();
                if let Some(tokens) = usage::totals(params, self.thread) {
                    (self.on)(AgentEvent::Usage { tokens });
                }
            }
            "account/rateLimits/updated" => {
                if let Some(limits) = self.limits.merge(&params.value()) {
                    (self.on)(AgentEvent::RateLimits(limits.clone()));
                }
            }
            "turn/started" => {
                if let Some(AboutTurn { turn, .. }) = params.read().filter(|about| self.is_ours(about)) {
                    self.begun(turn.id);
                }
            }
            "turn/completed" => return self.turn_completed(params),
            "error" => self.error(params),
            "warning" | "configWarning" | "guardianWarning" | "deprecationNotice" => {
                let params = params.value();
                let text = params["message"].as_str().or_else(|| params["summary"].as_str()).unwrap_or_default();
                self.transcript.lines(&format!("[codex] {text}"));
            }
            _ => {}
        }
        None
    }

    fn is_ours(&self, about: &AboutTurn) -> bool {
        about.thread_id == self.thread
    }

    /// Codex took the turn: its answer and its notification say so, in either order.
    fn begun(&mut self, turn_id: String) {
        self.stream.signs.taken();
        self.stream.signs.got_on();
        if self.active_turn.as_ref() != Some(&turn_id) && !turn_id.is_empty() {
            *self.active_turn = Some(turn_id.clone());
            (self.on)(AgentEvent::TurnStarted { turn_id });
        }
    }

    fn turn_completed(&mut self, params: Params<'_>) -> Option<TurnEnd> {
        let AboutTurn { turn, .. } = params.read().filter(|about| self.is_ours(about))?;
        if self.active_turn.as_ref().is_some_and(|active| *active != turn.id) {
            return None;
        }
        self.begun(turn.id.clone());
        *self.active_turn = None;
        self.transcript.end_line();
        Some(ending::judge(&turn, self.stream.message.take(), self.limits))
    }

    fn piece(&mut self, params: Params<'_>) {
        self.stream.signs.got_on();
        self.stream.deltas += 1;
        let Some(Delta { thread_id, item_id, delta }) = params.read() else { return };
        if thread_id != self.thread {
            return;
        }
        if !self.stream.streamed.contains(item_id.as_ref()) {
            self.stream.streamed.insert(item_id.clone().into_owned());
        }
        self.transcript.piece(&item_id, &delta);
    }

    fn item(&mut self, params: Params<'_>) -> Option<(String, Item)> {
        self.stream.signs.got_on();
        let AboutItem { thread_id, item } = params.read()?;
        let id = item["id"].as_str().unwrap_or_default().to_owned();
        (thread_id == self.thread).then(|| (id, items::read(&item, self.workspace)))
    }

    fn item_started(&mut self, params: Params<'_>) {
        let Some((_, item)) = self.item(params) else { return };
        if let Item::Tool { call, .. } = &item
            && call.kind == ToolKind::Command
        {
            self.transcript.lines(&format!("$ {}", call.title));
        }
        if let Some(event) = item.started() {
            (self.on)(event);
        }
    }

    fn item_completed(&mut self, params: Params<'_>) {
        let Some((id, item)) = self.item(params) else { return };
        let is_shown = self.stream.streamed.remove(&id);
        self.transcript.end_line();
        match &item {
            Item::Message(text) => {
                if !is_shown && !text.is_empty() {
                    self.transcript.lines(text);
                }
                self.stream.message = Some(text.clone());
            }
            Item::Tool { call, status } => {
                if call.kind != ToolKind::Command {
                    self.transcript.lines(&format!("* {}", call.title));
                }
                if let Some(output) = status.output.as_deref().filter(|_| !is_shown) {
                    self.transcript.lines(output);
                }
                if let Some(remark) = &status.remark {
                    self.transcript.lines(&format!("[{remark}]"));
                }
            }
            Item::Note(kind, data) => {
                self.transcript.lines(&format!("({kind}) {}", data["text"].as_str().unwrap_or_default()));
            }
            Item::Nothing => {}
        }
        if let Some(event) = item.completed() {
            (self.on)(event);
        }
    }

    fn error(&mut self, params: Params<'_>) {
        let Some(AboutError { thread_id, error, will_retry }) = params.read() else { return };
        if thread_id != self.thread {
            return;
        }
        let reason = error.line();
        self.transcript.lines(&format!("! {reason}"));
        if will_retry {
            self.stream.signs.retrying(reason.clone());
            (self.on)(AgentEvent::Retrying { reason });
        }
    }

    fn serve(&mut self, id: &RawValue, method: &str, params: Params<'_>) -> Option<TurnEnd> {
        self.stream.signs.got_on();
        match decide(method, &params.value()) {
            Decision::Tool => {
                self.tool(id, params);
                None
            }
            Decision::Answer(answer) => {
                self.answer(id, &answer);
                self.tell("request_answered", json!({ "method": method }));
                None
            }
            Decision::Person { answer, question } => {
                self.answer(id, &answer);
                self.transcript.lines(&format!("? {question}"));
                Some(TurnEnd::NeedsInput { question })
            }
        }
    }

    fn tool(&mut self, id: &RawValue, params: Params<'_>) {
        let Some(call) = params.read::<Call>() else {
            self.answer(id, &Answer::Refusal("the tool call cannot be read".to_owned()));
            return;
        };
        if !self.tools.has(&call.name()) {
            self.tell("unsupported_tool_call", json!({ "tool": call.name() }));
        }
        self.stream.tool_requests.push_back(ToolRequest { id: id.to_owned(), call });
    }

    fn answer(&mut self, id: &RawValue, answer: &Answer) {
        self.outbox.send(&match answer {
            Answer::Result(result) => protocol::result(id, result),
            Answer::Refusal(message) => protocol::refusal(id, message),
        });
    }

    fn tell(&mut self, kind: &'static str, data: Value) {
        (self.on)(AgentEvent::Other { kind, data });
    }
}

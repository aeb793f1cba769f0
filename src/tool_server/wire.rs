//! What a tool server and a supervisor say to each other: one line of JSON each way.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use crate::tracker::{ToolResult, ToolSpec};

/// No line is longer, in bytes: as much as an adapter's answer may have, escaped once.
const LONGEST: u64 = 64 * 1024 * 1024;

/// What a tool server asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    /// Which tools there are.
    List,
    /// A call.
    Call {
        /// The tool.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
}

/// What a supervisor answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// The tools.
    Tools(Vec<Tool>),
    /// What a call came to.
    Called(Called),
}

/// A tool, as it is advertised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) description: String,
    /// JSON schema of its arguments.
    pub(super) input_schema: Map<String, Value>,
}

impl From<&ToolSpec> for Tool {
    fn from(spec: &ToolSpec) -> Self {
        Self {
            name: spec.name.to_owned(),
            description: spec.description.to_owned(),
            input_schema: spec.input_schema.as_object().cloned().unwrap_or_default(),
        }
    }
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Called {
    /// Whether the tool did what it was to do.
    pub(super) ok: bool,
    /// Its result, the tracker's refusal, or `{"error":{"code","message"}}`.
    pub(super) output: Value,
}

impl From<&ToolResult> for Called {
    fn from(result: &ToolResult) -> Self {
        Self { ok: matches!(result, ToolResult::Success(_)), output: result.output() }
    }
}

/// Writes a line.
pub(super) async fn say<T: Serialize>(stream: &mut UnixStream, what: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    stream.write_all(&line).await
}

/// Reads a line; `None` where the other side has gone before it had said one.
pub(super) async fn hear<T: DeserializeOwned>(stream: &mut UnixStream) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(LONGEST)).read_until(b'\n', &mut line).await?;
    if !line.ends_with(b"\n") {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

//! The tool server's side: each call goes to the run's supervisor, for as long as it is there.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::socket;
use super::wire::{self, Answer, Ask, Called, Tool};
use crate::model::RunId;
use crate::run_folder::RunFolder;

/// Calls the tools of one run.
#[derive(Debug, Clone)]
pub struct Caller {
    run: RunId,
    socket: PathBuf,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// Nobody serves the tools.
    #[error("run {0} is over: its tools are served no more")]
    Over(RunId),
    /// The supervisor has gone while it was asked.
    #[error("run {0} ended before the answer: whether the call took effect is not known")]
    Lost(RunId),
    /// The supervisor cannot be asked.
    #[error("the supervisor of run {run} cannot be asked: {error}")]
    Unreachable { run: RunId, error: io::Error },
}

impl NoAnswer {
    fn code(&self) -> &'static str {
        match self {
            Self::Over(_) => "run_over",
            Self::Lost(_) => "answer_lost",
            Self::Unreachable { .. } => "supervisor_unreachable",
        }
    }
}

impl Caller {
    /// For the run in this folder.
    #[must_use]
    pub fn new(run: RunId, folder: &RunFolder) -> Self {
        Self { run, socket: folder.tool_socket() }
    }

    /// The tools that the run has.
    pub(super) async fn tools(&self) -> Result<Vec<Tool>, NoAnswer> {
        match self.ask(&Ask::List).await? {
            Answer::Tools(tools) => Ok(tools),
            Answer::Called(_) => Err(self.lost()),
        }
    }

    /// Calls one. Every failure is an answer for the agent.
    pub(super) async fn call(&self, name: String, arguments: Value) -> Called {
        let answer = self.ask(&Ask::Call { name, arguments }).await.and_then(|answer| match answer {
            Answer::Called(called) => Ok(called),
            Answer::Tools(_) => Err(self.lost()),
        });
        answer.unwrap_or_else(|error| {
            let output = json!({ "error": { "code": error.code(), "message": error.to_string() } });
            Called { ok: false, output }
        })
    }

    async fn ask(&self, ask: &Ask) -> Result<Answer, NoAnswer> {
        let mut stream = match socket::connect(&self.socket).await {
            Ok(stream) => stream,
            Err(error) if is_gone(&error) => return Err(NoAnswer::Over(self.run.clone())),
            Err(error) => return Err(NoAnswer::Unreachable { run: self.run.clone(), error }),
        };
        let heard = match wire::say(&mut stream, ask).await {
            Ok(()) => wire::hear(&mut stream).await,
            Err(error) => Err(error),
        };
        match heard {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(self.lost()),
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
                Err(self.lost())
            }
            Err(error) => Err(NoAnswer::Unreachable { run: self.run.clone(), error }),
        }
    }

    fn lost(&self) -> NoAnswer {
        NoAnswer::Lost(self.run.clone())
    }
}

/// Whether it means that nobody listens: the socket was taken away, or its owner was killed.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

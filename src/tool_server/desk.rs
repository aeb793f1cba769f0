//! The supervisor's side: calls come in at any time, and wait until they are taken.

use std::io;
use std::path::PathBuf;

use serde_json::Value;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::socket;
use super::wire::{self, Answer, Ask, Called, Tool};
use crate::run_folder::RunFolder;
use crate::tracker::{ToolResult, ToolSpec};

/// Calls that wait at most; further ones wait to be heard.
const QUEUE: usize = 16;

/// Where a run's tools are asked for. Dropped, it is gone, and whoever waits is told nothing more.
#[derive(Debug)]
pub struct Desk {
    socket: PathBuf,
    pub(super) calls: mpsc::Receiver<Waiting>,
    accepting: AbortHandle,
    taken: u32,
}

/// A call that waits for its answer.
#[derive(Debug)]
pub struct Waiting {
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
    /// Its id within the run.
    pub id: String,
    stream: UnixStream,
}

impl Desk {
    /// Opens one in the run's folder. Which tools there are is answered at once, calls are taken by [`Desk::next`].
    pub fn open(folder: &RunFolder, tools: &[ToolSpec]) -> io::Result<Self> {
        let socket = folder.tool_socket();
        let listener = socket::listen(&socket)?;
        let (queue, calls) = mpsc::channel(QUEUE);
        let tools = tools.iter().map(Tool::from).collect();
        let accepting = tokio::spawn(accept(listener, tools, queue)).abort_handle();
        Ok(Self { socket, calls, accepting, taken: 0 })
    }

    /// The next call whose caller is still there, in the order in which they came.
    pub async fn next(&mut self) -> Waiting {
        loop {
            match self.calls.recv().await {
                Some(call) if call.is_abandoned() => {}
                Some(call) => {
                    self.taken += 1;
                    return Waiting { id: format!("tool-{}", self.taken), ..call };
                }
                None => std::future::pending().await,
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.accepting.abort();
        // What a killed supervisor leaves there serves nobody either.
        let _ = std::fs::remove_file(&self.socket);
    }
}

impl Waiting {
    /// Whether nobody waits for it any more.
    fn is_abandoned(&self) -> bool {
        matches!(self.stream.try_read(&mut [0]), Ok(0))
    }

    /// Answers it. A caller that does not listen holds nobody up.
    pub fn answer(mut self, result: &ToolResult) {
        let answer = Answer::Called(Called::from(result));
        tokio::spawn(async move {
            // Whoever has gone meanwhile misses nothing.
            let _ = wire::say(&mut self.stream, &answer).await;
        });
    }
}

async fn accept(listener: UnixListener, tools: Vec<Tool>, queue: mpsc::Sender<Waiting>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(hear(stream, tools.clone(), queue.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a call of a tool was not heard");
                // Too many open files, for example: what is there may be closed soon.
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

/// Hears what somebody asks. One who says nothing, or nothing that makes sense, is not answered.
async fn hear(mut stream: UnixStream, tools: Vec<Tool>, queue: mpsc::Sender<Waiting>) {
    match wire::hear(&mut stream).await {
        Ok(Some(Ask::List)) => {
            let _ = wire::say(&mut stream, &Answer::Tools(tools)).await;
        }
        Ok(Some(Ask::Call { name, arguments })) => {
            let _ = queue.send(Waiting { name, arguments, id: String::new(), stream }).await;
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "a call of a tool was not understood"),
    }
}

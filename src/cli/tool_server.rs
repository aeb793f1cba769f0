//! `baton tool-server`.

use super::Ctx;
use crate::error::{Error, Exit, Result};
use crate::model::RunId;
use crate::run_folder::RunFolder;
use crate::store::Layout;
use crate::tool_server::{self, Caller};

/// Serve a run's tracker tools over the Model Context Protocol
///
/// An agent starts it, speaks the Model Context Protocol with it on its standard input and output, and ends it by closing
/// them. The tools are those of the tracker, for the issue of one run. The tracker's credential stays with the run's
/// supervisor, which carries out every call; when the run is over, every call fails and says so.
///
/// BATON_MCP_CONFIG in an agent's environment names a file that tells how this is started, in the shape that
/// `mcpServers` has in most agents' configuration.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  claude --print --mcp-config \"$BATON_MCP_CONFIG\" --allowedTools mcp__baton
  baton tool-server run:TASK-1.1")]
pub struct Args {
    /// The run, as `run:ID` or ID [default: the one that this is started in, by BATON_RUN]
    run: Option<String>,
}

pub(super) fn run(args: &Args, cx: &Ctx) -> Result<Exit> {
    let usage = |message: String| Error::new(Exit::Usage, "usage", message);
    let named = args.run.as_deref().or_else(|| cx.seams.env.get("BATON_RUN"));
    let named = named.ok_or_else(|| usage("which run is not said: name one, or start it as an agent".to_owned()))?;
    let name = named.strip_prefix("run:").unwrap_or(named);
    let run: RunId = name.parse().map_err(|_| usage(format!("`{named}` is no run's id, such as `TASK-1.1`")))?;
    let folder = RunFolder::of(&Layout { root: cx.place()?.store }, &run);
    if !folder.exists() {
        return Err(Error::new(Exit::NotFound, "not_found", format!("no run `{run}`"))
            .hint("`baton worker list` shows the live ones"));
    }
    let failed = |what: &str, error| Error::new(Exit::Failed, "io", what).because(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed("cannot start the runtime", error))?;
    let caller = Caller::new(run, &folder);
    let served = runtime.block_on(tool_server::serve(caller, tokio::io::stdin(), tokio::io::stdout()));
    // A thread that still reads from a client that is of no use holds nobody up.
    runtime.shutdown_background();
    served.map_err(|error| failed("the client was not understood", error))?;
    Ok(Exit::Done)
}

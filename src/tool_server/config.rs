//! How an agent is told to start the tool server: the shape that `mcpServers` has with most of them.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::model::RunId;
use crate::run_folder::{Flush, RunFolder, write_json};

/// The name of the server: agents call its tools `mcp__baton__NAME` or the like.
const NAME: &str = "baton";

/// The variable that names the file to the agent.
pub const MCP_CONFIG: &str = "BATON_MCP_CONFIG";

/// `runs/<id>/mcp.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct McpConfig(Value);

impl McpConfig {
    /// For the tools of `run`. Everything is an argument: not every agent hands its environment on.
    #[must_use]
    pub fn new(exe: &Path, store: &Path, run: &RunId) -> Self {
        let run = format!("run:{run}");
        let server = json!({ "type": "stdio", "command": exe, "args": ["--store", store, "tool-server", run] });
        Self(json!({ "mcpServers": { NAME: server } }))
    }

    /// Leaves it in the run's folder.
    pub fn write(&self, folder: &RunFolder) -> io::Result<()> {
        write_json(&folder.mcp_config(), &self.0, Flush::No)
    }
}

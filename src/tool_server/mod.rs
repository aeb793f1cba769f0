//! The tracker's tools for agents that speak the Model Context Protocol (SPEC 10.5).
//!
//! ```text
//! agent ──stdio, MCP──▶ baton tool-server ──runs/<id>/tools.sock──▶ supervisor ──HTTP──▶ tracker
//! ```
//!
//! The tool server is a child of the agent and holds no credential: it hands each call to the run's supervisor, which
//! carries it out as it does for Codex's dynamic tools, and brings the answer back. A run that is over serves nothing.
//!
//! | part | what it is |
//! |---|---|
//! | `wire` | what the two say to each other: one line each way, one connection a call |
//! | `socket` | where they meet, however long the path |
//! | [`Desk`] | the supervisor's side |
//! | [`Caller`] | the tool server's side |
//! | [`serve`] | the Model Context Protocol over a caller |
//! | [`McpConfig`] | how an agent is told to start the server |

mod caller;
mod config;
mod desk;
mod mcp;
mod socket;
#[cfg(test)]
mod tests;
mod wire;

pub use caller::Caller;
pub use config::{MCP_CONFIG, McpConfig};
pub use desk::{Desk, Waiting};
pub use mcp::serve;

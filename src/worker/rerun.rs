//! `runs/<id>/rerun.sh`: how to run a turn again by hand.

use std::fmt::Write;
use std::path::Path;

use super::state::State;
use crate::process::{OWN_PATH, RUN_MARK, quoted};
use crate::run_folder::write_text;
use crate::seams::Environment;
use crate::tool_server::MCP_CONFIG;
use crate::workflow::config::{AgentKind, Config};

impl State<'_> {
    /// Leaves the script of the turn that begins, for agents that are a command. Best effort.
    pub(super) fn leave_rerun(&self, turn: u32, prompt_file: &Path) {
        let Some(workspace) = &self.workspace else { return };
        let (mut env, _) =
            self.workspaces().child_environment(&self.issue, &self.spec.key, workspace, Some(&self.context));
        if self.folder.mcp_config().exists() {
            env.set(MCP_CONFIG, self.folder.mcp_config());
        }
        let config = &self.project.workflow.config;
        let Some(script) = script(config, workspace, &env, turn, prompt_file) else { return };
        if let Err(error) = write_text(&self.folder.rerun(), &script, 0o700) {
            tracing::warn!(%error, "rerun.sh not written");
        }
    }
}

/// Only Baton's own variables are in it: everything else is the caller's, so that no secret is written down.
fn script(config: &Config, workspace: &Path, env: &Environment, turn: u32, prompt_file: &Path) -> Option<String> {
    let AgentKind::Command = config.agent.kind else { return None };
    let command = &config.command.as_ref()?.run;
    let mut text = String::from("#!/bin/sh\n# Runs this turn again by hand. Baton takes no note of it.\n");
    for (name, value) in env.iter().map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy())) {
        // With BATON_RUN set, commands would take themselves for a worker's.
        if name.starts_with("BATON_") && name != RUN_MARK && name != "BATON_RUN" {
            let _ = writeln!(text, "export {name}={}", quoted(&value));
        }
    }
    let prompt = quoted(&prompt_file.to_string_lossy());
    let _ = writeln!(text, "export BATON_TURN={turn} BATON_PROMPT_FILE={prompt}");
    let _ = writeln!(text, "cd {} || exit 1", quoted(&workspace.to_string_lossy()));
    let _ = writeln!(text, "exec bash -lc {} < {prompt}", quoted(&format!("{OWN_PATH}{command}")));
    Some(text)
}

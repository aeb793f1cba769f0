//! What `init` writes for a repository that has nothing yet.

use std::path::{Path, PathBuf};

use crate::place::WORKFLOW_FILE;
use crate::seams::Environment;

/// Claude Code, with the tracker's tools.
const CLAUDE: &str = "claude --print --permission-mode acceptEdits \\
  --mcp-config \"$BATON_MCP_CONFIG\" --allowedTools mcp__baton";

/// The first WORKFLOW.md of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starter {
    agent: Agent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Agent {
    /// A command line that was given.
    Given(String),
    /// Claude Code on PATH, one shot a turn.
    Claude,
    /// Codex, by its app-server.
    Codex,
    /// None was found: the command says so and fails.
    None,
}

/// A file to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub text: String,
}

impl Starter {
    /// With the agent that is on PATH.
    #[must_use]
    pub fn find(env: &Environment) -> Self {
        let on_path = |name: &str| {
            env.get_os("PATH").is_some_and(|path| std::env::split_paths(path).any(|entry| entry.join(name).is_file()))
        };
        let agent = match () {
            () if on_path("codex") => Agent::Codex,
            () if on_path("claude") => Agent::Claude,
            () => Agent::None,
        };
        Self { agent }
    }

    /// With a command line.
    #[must_use]
    pub fn with_command(command: &str) -> Self {
        Self { agent: Agent::Given(command.to_owned()) }
    }

    /// With Codex.
    #[must_use]
    pub fn with_codex() -> Self {
        Self { agent: Agent::Codex }
    }

    /// With Claude Code.
    #[must_use]
    pub fn with_claude() -> Self {
        Self { agent: Agent::Claude }
    }

    /// The agent's name.
    #[must_use]
    pub fn agent(&self) -> &str {
        match &self.agent {
            Agent::Given(command) => command,
            Agent::Codex => "codex",
            Agent::Claude => "claude",
            Agent::None => "none",
        }
    }

    /// What a person must still do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self.agent {
            Agent::None => Some("no agent was found on PATH: set `command.run` in WORKFLOW.md"),
            Agent::Given(_) | Agent::Codex | Agent::Claude => None,
        }
    }

    /// WORKFLOW.md, and the directory of issues, which git ignores so that neither branches nor stashes touch it.
    #[must_use]
    pub fn files(&self, directory: &Path) -> Vec<NewFile> {
        vec![
            NewFile { path: directory.join(WORKFLOW_FILE), text: self.workflow(directory) },
            NewFile { path: directory.join("issues/.gitignore"), text: "*\n".to_owned() },
        ]
    }

    fn workflow(&self, directory: &Path) -> String {
        let command = |run: &str| {
            let run: String = run.lines().map(|line| format!("    {line}\n")).collect();
            format!("command:\n  run: |\n{run}")
        };
        let agent = match &self.agent {
            Agent::Given(run) => command(run),
            Agent::Codex => "codex:\n  command: codex app-server\n".to_owned(),
            Agent::Claude => command(CLAUDE),
            Agent::None => {
                command("echo 'set command.run in WORKFLOW.md to the agent that shall work here' >&2; exit 1")
            }
        };
        let finish = match &self.agent {
            Agent::Codex | Agent::Claude => "Then call the tool `issue_update` with the state Done.\n",
            Agent::Given(_) | Agent::None => "",
        };
        let mode = if directory.join(".git").exists() {
            "worktree         # a git worktree for each issue, on branch baton/<key>"
        } else {
            "directory        # an empty directory for each issue; `worktree` where this is a git repository"
        };
        format!(
            "---\n\
             # `docs/configuration.md` lists every key; `baton config show` prints the values in force.\n\
             tracker:\n\
             \x20 kind: local            # issues are Markdown files in issues/\n\
             \x20 handoff_state: Done    # set when a run succeeds and left the issue active\n\
             workspace:\n\
             \x20 mode: {mode}\n\
             agent:\n\
             \x20 max_concurrent_agents: 4\n\
             {agent}\
             ---\n\
             You are working on {{{{ issue.identifier }}}}: {{{{ issue.title }}}}\n\
             \n\
             {{{{ issue.description }}}}\n\
             \n\
             Work in the current directory, test what you did, and commit it.\n\
             {finish}\
             {{% if attempt %}}\n\
             This is attempt {{{{ attempt }}}}: look at what is there already before you go on.\n\
             {{% endif %}}\n"
        )
    }
}

/// The top of the git repository that `here` lies in, else `here`.
#[must_use]
pub fn repository_or_here(here: &Path) -> PathBuf {
    here.ancestors().find(|directory| directory.join(".git").exists()).unwrap_or(here).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::Workflow;
    use crate::workflow::config::AgentKind;

    #[test]
    fn every_starter_validates() {
        for (starter, kind) in [
            (Starter::find(&Environment::default()), AgentKind::Command),
            (Starter::with_command("my-agent --flag"), AgentKind::Command),
            (Starter::with_command("one\ntwo"), AgentKind::Command),
            (Starter::with_claude(), AgentKind::Command),
            (Starter::with_codex(), AgentKind::Codex),
        ] {
            let file = starter.files(Path::new("/p")).remove(0);
            let loaded = Workflow::from_text(&file.path, &file.text, &Environment::default(), &crate::tracker::profile);
            let workflow = loaded.unwrap_or_else(|error| panic!("{error}\n{}", file.text));
            assert_eq!(workflow.config.agent.kind, kind, "{}", file.text);
            assert!(workflow.notices().is_empty());
        }
    }
}

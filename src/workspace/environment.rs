//! What children inherit (DESIGN §5): everything but secrets and what `env.deny` names, and the `BATON_*` variables.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use super::{RunContext, Workspaces, git};
use crate::model::{Issue, Key};
use crate::process::RUN_MARK;
use crate::seams::Environment;
use crate::workflow::config::EnvConfig;

/// Variables that tie git to one repository. Baton may itself have been started by a git hook, which sets them; a child
/// that inherited them would work on that repository instead of its workspace.
pub(super) const GIT_LOCATION: [&str; 11] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Variables of one run that must not leak into something that is not that run.
const OF_A_RUN: [&str; 5] = ["BATON_RUN", "BATON_ATTEMPT", "BATON_TURN", "BATON_PROMPT_FILE", "BATON_MCP_CONFIG"];

/// Where programs are found when nobody says.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

impl Workspaces<'_> {
    /// The environment of a child for this issue: what is inherited, less secrets and `env.deny`, plus `BATON_*` and,
    /// where there is a run, the run mark. The second value: names to `unset` in a login shell.
    #[must_use]
    pub fn child_environment(
        &self,
        issue: &Issue,
        _key: &Key,
        path: &Path,
        run: Option<&RunContext>,
    ) -> (Environment, Vec<String>) {
        let withheld = withheld(self.secret_names, &self.config.env);
        let mut env = self.seams.env.clone();
        for name in withheld.iter().map(String::as_str).chain(GIT_LOCATION).chain(OF_A_RUN) {
            env.remove(name);
        }
        env.set("BATON_ISSUE", &issue.identifier);
        env.set("BATON_ISSUE_ID", &issue.id);
        env.set("BATON_STORE", &self.store.layout().root);
        env.set("BATON_WORKFLOW", self.workflow_path);
        env.set("BATON_WORKSPACE", path);
        env.set("BATON_EXE", self.exe);
        if let Some(root) = path.parent().filter(|root| *root == self.root()) {
            // In a workspace that is no repository, git must not find the one that the root may lie in.
            env.set("GIT_CEILING_DIRECTORIES", git::ceilings(root, &env));
        }
        if let Some(context) = run {
            env.set("BATON_RUN", context.run.to_string());
            if let Some(attempt) = context.attempt {
                env.set("BATON_ATTEMPT", attempt.to_string());
            }
            env.set(RUN_MARK, self.store.layout().root.join(context.run.to_string()));
        }
        if let Some(directory) = self.exe.parent() {
            let path = with_first(directory, env.get_os("PATH").map(OsString::from));
            env.set("PATH", path);
        }
        (env, withheld.into_iter().collect())
    }

    /// Adds `agent.env`, for the agent alone. What it names is given on purpose, so it is not unset.
    pub fn add_agent_env(&self, env: &mut Environment, unset: &mut Vec<String>) {
        for (name, value) in &self.config.agent.env {
            env.set(name, value);
            unset.retain(|withheld| withheld != name);
        }
    }

    /// The environment of the git that Baton runs itself: no secret, whatever `env.allow` gives to others.
    pub(super) fn git_environment(&self) -> Environment {
        let mut env = self.seams.env.clone();
        let config = &self.config.env;
        for name in self.secret_names.iter().chain(&config.secrets).chain(&config.deny) {
            env.remove(name);
        }
        env
    }

    /// The values that no text may show.
    pub(super) fn secret_values(&self) -> Vec<String> {
        let names = self.secret_names.iter().chain(&self.config.env.secrets);
        names.filter_map(|name| self.seams.env.get(name)).map(str::to_owned).collect()
    }
}

/// The names that children do not inherit. `env.allow` gives back what a secret rule takes, not what `env.deny` does.
fn withheld(secret_names: &[String], config: &EnvConfig) -> BTreeSet<String> {
    let secrets = secret_names.iter().chain(&config.secrets).filter(|name| !config.allow.contains(name));
    secrets.chain(&config.deny).cloned().collect()
}

fn with_first(directory: &Path, path: Option<OsString>) -> OsString {
    let path = path.unwrap_or_else(|| USUAL_PATH.into());
    let others = std::env::split_paths(&path).filter(|known| known != directory);
    let all = std::iter::once(directory.to_owned()).chain(others);
    // A directory with a colon in its name cannot be in PATH.
    std::env::join_paths(all).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn secrets_are_withheld_unless_allowed_and_denied_names_always() {
        let config = EnvConfig {
            deny: names(&["SSH_AUTH_SOCK", "BOTH"]),
            allow: names(&["LINEAR_API_KEY", "BOTH"]),
            secrets: names(&["OPENAI_API_KEY", "BOTH"]),
        };
        let withheld = withheld(&names(&["LINEAR_API_KEY", "REDMINE_KEY"]), &config);
        assert_eq!(Vec::from_iter(withheld), names(&["BOTH", "OPENAI_API_KEY", "REDMINE_KEY", "SSH_AUTH_SOCK"]));
    }

    #[test]
    fn the_program_s_directory_comes_first_in_path_and_once() {
        for (before, after) in [
            (Some("/usr/bin:/bin"), "/opt/baton:/usr/bin:/bin"),
            (Some("/bin:/opt/baton"), "/opt/baton:/bin"),
            (None, "/opt/baton:/usr/local/bin:/usr/bin:/bin"),
        ] {
            assert_eq!(with_first(Path::new("/opt/baton"), before.map(OsString::from)), after, "{before:?}");
        }
        assert_eq!(with_first(Path::new("/a:b"), Some("/bin".into())), "/bin");
    }
}

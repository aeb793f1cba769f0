//! The `git` program as Baton runs it: without secrets, without the repository's hooks and monitors, bound to the
//! repository it is pointed at (DESIGN §5). An agent can write the `.git/config` that git reads here.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use super::WorkspaceError;
use super::environment::GIT_LOCATION;
use crate::seams::Environment;

/// The end of git's complaint that an error keeps, in characters.
const DETAIL: usize = 600;

/// How Baton runs git.
#[derive(Debug, Clone)]
pub(super) struct Git {
    env: Environment,
}

impl Git {
    /// `env` is free of secrets already; git looks for no repository above `ceiling`, the workspace root.
    pub(super) fn new(mut env: Environment, ceiling: &Path) -> Self {
        for name in GIT_LOCATION {
            env.remove(name);
        }
        for name in ["GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_DISCOVERY_ACROSS_FILESYSTEM"] {
            env.remove(name);
        }
        env.set("GIT_CEILING_DIRECTORIES", ceilings(ceiling, &env));
        env.set("GIT_TERMINAL_PROMPT", "0");
        // Looking at a workspace must not write its index.
        env.set("GIT_OPTIONAL_LOCKS", "0");
        env.set("LC_ALL", "C");
        Self { env }
    }

    /// The same with an index and a place for new objects of its own, so that staging leaves no trace.
    pub(super) fn with_scratch(&self, index: &Path, new_objects: &Path, objects: &Path) -> Self {
        let mut env = self.env.clone();
        env.set("GIT_INDEX_FILE", index);
        env.set("GIT_OBJECT_DIRECTORY", new_objects);
        env.set("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects);
        Self { env }
    }

    /// Runs it to the end in `at`. A status other than 0 is an answer here.
    pub(super) fn output<A: AsRef<OsStr>>(&self, at: &Path, args: &[A]) -> Result<Output, WorkspaceError> {
        let mut command = self.command(at, args);
        command.output().map_err(|error| self.not_started(error, at))
    }

    /// Runs it to the end in `at`; answers with its stdout.
    pub(super) fn read<A: AsRef<OsStr>>(&self, at: &Path, args: &[A]) -> Result<Vec<u8>, WorkspaceError> {
        succeeded(self.output(at, args)?, at, args)
    }

    /// The same without blocking. `lock` stays locked until git has ended, even if Baton is killed meanwhile: git
    /// inherits it as its stdin.
    pub(super) async fn write<A: AsRef<OsStr>>(
        &self,
        at: &Path,
        args: &[A],
        lock: &File,
    ) -> Result<Vec<u8>, WorkspaceError> {
        let lock = lock.try_clone().map_err(WorkspaceError::io("share the git lock for", at))?;
        let mut command = self.command(at, args);
        command.stdin(lock);
        let output = tokio::process::Command::from(command).output().await;
        succeeded(output.map_err(|error| self.not_started(error, at))?, at, args)
    }

    fn command<A: AsRef<OsStr>>(&self, at: &Path, args: &[A]) -> std::process::Command {
        let mut command = std::process::Command::new("git");
        command.env_clear().envs(self.env.iter()).current_dir(at).stdin(Stdio::null());
        command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]).args(args);
        command
    }

    fn not_started(&self, error: std::io::Error, at: &Path) -> WorkspaceError {
        if at.is_dir() {
            WorkspaceError::NoGit(error)
        } else {
            WorkspaceError::Io { doing: "enter", path: at.to_owned(), source: error }
        }
    }
}

/// `GIT_CEILING_DIRECTORIES` with one more: git looks for no repository above it.
pub(super) fn ceilings(ceiling: &Path, env: &Environment) -> OsString {
    let mut all = ceiling.as_os_str().to_owned();
    if let Some(inherited) = env.get_os("GIT_CEILING_DIRECTORIES") {
        all.push(":");
        all.push(inherited);
    }
    all
}

fn succeeded<A: AsRef<OsStr>>(output: Output, at: &Path, args: &[A]) -> Result<Vec<u8>, WorkspaceError> {
    if output.status.success() { Ok(output.stdout) } else { Err(failure(&output, at, args)) }
}

/// What a failed git becomes.
pub(super) fn failure<A: AsRef<OsStr>>(output: &Output, at: &Path, args: &[A]) -> WorkspaceError {
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("dubious ownership") {
        return WorkspaceError::UntrustedRepository(at.to_owned());
    }
    if said.contains("not a git repository") {
        return WorkspaceError::NotARepository(at.to_owned());
    }
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let skip = said.chars().count().saturating_sub(DETAIL);
    let detail = match (said.is_empty(), output.status.code()) {
        (false, _) => said.chars().skip(skip).collect(),
        (true, Some(code)) => format!("exit status {code}"),
        (true, None) => "a signal ended it".to_owned(),
    };
    WorkspaceError::Git { command: command_name(args), at: at.to_owned(), detail }
}

/// `worktree add`, `status`: the words before the first option.
fn command_name<A: AsRef<OsStr>>(args: &[A]) -> String {
    let words = args.iter().map(|arg| arg.as_ref().to_string_lossy().into_owned());
    let name: Vec<String> = words.take(2).take_while(|word| !word.starts_with('-') && !word.contains('/')).collect();
    name.join(" ")
}

/// Arguments of different types in one list.
pub(super) fn args<const N: usize>(all: [&dyn AsRef<OsStr>; N]) -> Vec<OsString> {
    all.iter().map(|arg| arg.as_ref().to_owned()).collect()
}

/// One line as git printed it.
pub(super) fn printed_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A path as git printed it.
pub(super) fn printed_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(bytes.strip_suffix(b"\n").unwrap_or(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_variable_of_another_repository_is_not_followed() {
        let dir = tempfile::tempdir().expect("a directory");
        let env: Environment = Environment::of_process()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain([("GIT_DIR".into(), "/somewhere/else".into())])
            .collect();
        let git = Git::new(env, Path::new("/nowhere"));
        git.read(dir.path(), &["init", "--quiet", "."]).expect("a repository");
        let found = git.read(dir.path(), &["rev-parse", "--absolute-git-dir"]).expect("its place");
        assert_eq!(printed_path(&found), dir.path().canonicalize().expect("canonical").join(".git"));
    }

    #[test]
    fn failures_say_which_command_failed_where_and_why() {
        let dir = tempfile::tempdir().expect("a directory");
        let git = Git::new(Environment::of_process(), dir.path());
        let error = git.read(dir.path(), &["config", "--get-all"]).expect_err("wrong usage");
        assert_eq!(error.code(), "git_failed");
        assert!(error.to_string().starts_with(&format!("git config failed in {}: ", dir.path().display())), "{error}");
        let error = git.read(dir.path(), &["rev-parse", "--git-dir"]).expect_err("no repository");
        assert_eq!(error.code(), "not_a_repository");
        let error = git.read(&dir.path().join("gone"), &["version"]).expect_err("no directory");
        assert_eq!(error.code(), "workspace_io");
    }

    #[test]
    fn git_that_is_not_installed_is_said() {
        let dir = tempfile::tempdir().expect("a directory");
        let git = Git::new([("PATH", "/nowhere")].into_iter().collect(), dir.path());
        assert_eq!(git.read(dir.path(), &["version"]).expect_err("no git").code(), "no_git");
    }
}

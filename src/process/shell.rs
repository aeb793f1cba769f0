//! Scripts of the configuration, as children: hooks and agents.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use super::spawn::{Own, end_with_parent, isolate};
use super::tree::Tree;
use super::{RUN_MARK, identity};
use crate::model::Process;
use crate::seams::Environment;

/// The variable by which everything that one script started is found, whatever it did to its session and parents.
pub(super) const SCRIPT_MARK: &str = "BATON_SCRIPT_MARK";

/// What goes before a script: a login shell's profile may have set PATH anew; `baton` must still be this very program.
pub const OWN_PATH: &str = "PATH=${BATON_EXE%/*}:$PATH\n";

/// A child to be started: by `bash -lc`, in a new session, in `cwd`, with exactly this environment (and a mark of its
/// own), every descriptor but the standard three closed.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The script, as written.
    pub script: String,
    /// Absolute.
    pub cwd: PathBuf,
    /// All of it; [`super::RUN_MARK`] included where there is a run.
    pub env: Environment,
    /// Names that a login shell's profile must not bring back (`unset NAMES` on a line of its own before the script).
    pub unset: Vec<String>,
    /// A second lifeline: created, locked and kept open in the child alone (in its `pre_exec`).
    pub lifeline: Option<PathBuf>,
}

impl Shell {
    /// Starts it. Within a tokio runtime. Errors say whether the directory or bash is missing; `WouldBlock` says that the
    /// lifeline is held by what an earlier child left.
    pub fn spawn(&self, stdin: Stdio, stdout: Stdio, stderr: Stdio) -> io::Result<Running> {
        self.start(stdin, stdout, stderr, |_| {})
    }

    /// The same for a child that is of no use without its parent: on Linux it is told to end (SIGTERM) when the thread
    /// that starts it is gone, though it be killed.
    pub fn spawn_tied(&self, stdin: Stdio, stdout: Stdio, stderr: Stdio) -> io::Result<Running> {
        self.start(stdin, stdout, stderr, end_with_parent)
    }

    fn start(
        &self,
        stdin: Stdio,
        stdout: Stdio,
        stderr: Stdio,
        prepare: impl FnOnce(&mut Command),
    ) -> io::Result<Running> {
        // Exec could not tell a missing directory from a missing shell.
        let lifeline_in = self.lifeline.as_deref().and_then(Path::parent);
        if let Some(missing) = [Some(self.cwd.as_path()), lifeline_in].into_iter().flatten().find(|path| !path.is_dir())
        {
            let text = format!("directory {} is not there", missing.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        let mark = new_mark();
        let mut env = self.env.clone();
        env.set(SCRIPT_MARK, &mark);
        let mut command = Command::new("bash");
        command.arg("-lc").arg(self.full_script()).stdin(stdin).stdout(stdout).stderr(stderr);
        isolate(&mut command, &self.cwd, &env, self.lifeline.as_deref())?;
        prepare(&mut command);
        let own = Own::spawn(command).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::new(error.kind(), "bash is not on PATH"),
            _ => error,
        })?;
        let process = identity::of_child(own.pid);
        let tree = Tree { root: process, mark, run_mark: self.env.get(RUN_MARK).map(ToOwned::to_owned) };
        Ok(Running { own, tree })
    }

    fn full_script(&self) -> String {
        let names: Vec<&str> = self.unset.iter().map(String::as_str).filter(|name| is_name(name)).collect();
        let mut prelude = String::new();
        if !names.is_empty() {
            prelude += &format!("unset -v {}\n", names.join(" "));
        }
        if self.env.get("BATON_EXE").is_some() {
            prelude += OWN_PATH;
        }
        prelude + &self.script
    }
}

/// What a shell can set at all.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

fn new_mark() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let Process { pid, started_ticks, .. } = identity::current();
    format!("{pid}.{started_ticks}.{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A child that runs. Dropped, it goes on; what it started is ended through its [`Tree`].
#[derive(Debug)]
pub struct Running {
    own: Own,
    tree: Tree,
}

impl Running {
    /// Who it is: the leader of its session.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.tree.root
    }

    /// All that it started.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Its stdin, once, where it was piped.
    pub fn take_stdin(&mut self) -> Option<tokio::process::ChildStdin> {
        self.own.child.stdin.take()
    }

    /// Waits for its end, not for that of its children. Cancel-safe.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.own.child.wait().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_shell_can_set_are_unset() {
        let shell = |unset: &[&str]| {
            let unset = unset.iter().map(ToString::to_string).collect();
            Shell { script: "run".into(), cwd: "/".into(), env: Environment::default(), unset, lifeline: None }
                .full_script()
        };
        assert_eq!(shell(&[]), "run");
        assert_eq!(shell(&["A_B", "_1"]), "unset -v A_B _1\nrun");
        assert_eq!(shell(&["A; rm -rf", "1A", "", "a-b", "é"]), "run");
    }

    #[test]
    fn marks_differ() {
        assert_ne!(new_mark(), new_mark());
    }
}

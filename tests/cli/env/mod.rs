//! A hermetic place for one test: its own home, temporary directory, project and agent. Nothing of the machine's user
//! gets in, and no process that is started in it outlives it.

mod agent;
mod codex;
mod command;
mod files;
mod model;
mod privilege;
mod processes;
mod real;
mod redact;
mod redmine;
mod schema;
mod wait;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use insta::internals::SettingsBindDropGuard;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use codex::FAKE_CODEX;
pub(crate) use command::{Done, Started};
pub(crate) use privilege::{is_root, skip};
pub(crate) use processes::{is_alive, kill};
pub(crate) use real::Real;
pub(crate) use redmine::Redmine;
pub(crate) use wait::{patiently, wait_until};

/// The place. Dropped, it kills what still runs in it, and after a failed test prints the runs' logs.
pub(crate) struct TestEnv {
    root: PathBuf,
    _redacting: SettingsBindDropGuard,
    _dir: TempDir,
}

impl TestEnv {
    /// With an empty directory `p`, in which commands run.
    pub(crate) fn empty() -> Self {
        Self::under(&std::env::temp_dir())
    }

    /// The same below a directory of one's choice.
    pub(crate) fn under(parent: &Path) -> Self {
        let dir = tempfile::Builder::new().prefix("baton-test-").tempdir_in(parent).expect("a directory");
        let root = dir.path().canonicalize().expect("a path");
        for name in ["home", "tmp", "bin", "p", "agent", "said", "go"] {
            fs::create_dir(root.join(name)).expect(name);
        }
        let env = Self { _redacting: redact::bind(&root), root, _dir: dir };
        env.install_agent();
        env
    }

    /// With a WORKFLOW.md of the defaults: local issues, workspaces that are directories, the fake agent.
    pub(crate) fn new() -> Self {
        let env = Self::empty();
        env.workflow("");
        fs::create_dir(env.path("p/issues")).expect("issues");
        env
    }

    /// The same in a git repository with one commit, and a worktree for each issue.
    pub(crate) fn with_git() -> Self {
        let env = Self::new();
        env.workflow("workspace:\n  mode: worktree\n");
        env.make_repository();
        fs::write(env.path("p/.git/info/exclude"), "/WORKFLOW.md\n/issues/\n").expect("exclude");
        env
    }

    /// Makes the project a git repository with one commit.
    pub(crate) fn make_repository(&self) {
        self.bash("git init -q -b main && echo one > file && git add file && git commit -q -m first").ok();
    }

    /// A path below the test's directory.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A path in the store.
    pub(crate) fn store(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join("p/.baton").join(relative)
    }

    /// Where an issue's workspace is by default.
    pub(crate) fn workspace(&self, key: &str) -> PathBuf {
        self.store("workspaces").join(key)
    }

    /// Writes WORKFLOW.md: this front matter, with the local tracker, a short interval and the fake agent where it does
    /// not say otherwise.
    pub(crate) fn workflow(&self, front_matter: &str) {
        self.workflow_with(front_matter, "Work on {{ issue.identifier }}.\n");
    }

    /// The same with another prompt.
    pub(crate) fn workflow_with(&self, front_matter: &str, prompt: &str) {
        let mut text = "---\n".to_owned();
        for (section, default) in [
            ("tracker:", "  kind: local\n"),
            ("polling:", "  interval_ms: 200\n"),
            ("command:", "  run: bash \"$TEST_ROOT/agent.sh\"\n"),
        ] {
            if !front_matter.lines().any(|line| line == section) {
                text += &format!("{section}\n{default}");
            }
        }
        fs::write(self.path("p/WORKFLOW.md"), format!("{text}{front_matter}---\n{prompt}")).expect("WORKFLOW.md");
    }

    /// Writes an issue by hand, as a person would: `state: Todo` and what else the front matter is to hold.
    pub(crate) fn issue(&self, id: &str, front_matter: &str) {
        let state = if front_matter.lines().any(|line| line.starts_with("state:")) { "" } else { "state: Todo\n" };
        let text = format!("---\nid: {id}\ntitle: Title of {id}\n{state}{}\n---\nDo {id}.\n", front_matter.trim_end());
        self.put_issue(id, &text.replace("\n\n", "\n"));
    }

    /// Writes an issue's file with this very text, as an editor does: beside it, then renamed.
    pub(crate) fn put_issue(&self, id: &str, text: &str) {
        let (aside, path) = (self.path(format!("p/issues/.{id}")), self.path(format!("p/issues/{id}.md")));
        fs::write(&aside, text).and_then(|()| fs::rename(&aside, path)).expect("an issue");
    }

    /// Writes an issue into another directory than `issues`.
    pub(crate) fn issue_elsewhere(&self, directory: &str, id: &str) {
        let text = format!("---\nid: {id}\ntitle: Title of {id}\nstate: Todo\n---\n");
        fs::write(self.path(directory).join(format!("{id}.md")), text).expect("an issue");
    }

    /// Holds the store's lock, as a writer that hangs does, until it is killed.
    pub(crate) fn hold_lock(&self) -> Started {
        let holder =
            self.script("exec 9< .baton/lock && flock 9 && touch $TEST_ROOT/said/locked && exec sleep 1000").start();
        wait_until("the lock is held", || self.said("locked").exists());
        holder
    }

    /// Puts a program on the search path of all commands.
    pub(crate) fn program_on_path(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, script).expect("a script");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    /// Changes an issue's state by hand.
    pub(crate) fn set_state(&self, id: &str, state: &str) {
        let path = self.path(format!("p/issues/{id}.md"));
        let text = fs::read_to_string(path).expect("an issue");
        let lines =
            text.lines().map(|line| if line.starts_with("state:") { format!("state: {state}") } else { line.into() });
        self.put_issue(id, &(lines.collect::<Vec<_>>().join("\n") + "\n"));
    }

    /// An issue's state in the tracker.
    pub(crate) fn state(&self, id: &str) -> String {
        let text = fs::read_to_string(self.path(format!("p/issues/{id}.md"))).expect("an issue");
        text.lines().find_map(|line| line.strip_prefix("state: ")).expect("a state").to_owned()
    }

    /// `baton status ISSUE --json`.
    pub(crate) fn status(&self, issue: &str) -> Value {
        self.baton(["status", issue, "--json"]).json()
    }

    /// The word for what Baton does with an issue.
    pub(crate) fn status_word(&self, issue: &str) -> String {
        self.status(issue)["status"].as_str().expect("a status").to_owned()
    }

    /// `baton worker show RUN --json`.
    pub(crate) fn run(&self, run: &str) -> Value {
        self.baton(["worker", "show", run, "--json"]).json()
    }

    /// Waits until a run has ended; the run's outcome.
    pub(crate) fn outcome(&self, run: &str) -> String {
        let waited = self.baton(["worker", "wait", run, "--json"]);
        waited.any_json()["outcome"].as_str().expect("an outcome").to_owned()
    }

    /// Waits until Baton says this of an issue.
    pub(crate) fn wait_for_status(&self, issue: &str, word: &str) {
        wait_until(&format!("{issue} is {word}"), || self.status_word(issue) == word);
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.print_logs();
        }
        self.kill_everything();
    }
}

/// The texts under `name` in a list of objects.
pub(crate) fn texts<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    list.as_array().expect("a list").iter().map(|row| row[name].as_str().expect(name)).collect()
}

/// The stable codes of a list of reasons.
pub(crate) fn codes(reasons: &Value) -> Vec<&str> {
    texts(reasons, "code")
}

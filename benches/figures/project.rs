//! A project to measure in, made anew: a directory on a real disk, with an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use baton::model::ClaimRecord;
use baton::seams::Seams;
use baton::store::{Kind, Options, Store};
use baton::workflow::Workflow;
use tempfile::TempDir;

use crate::timing::time;

/// The program that is measured.
pub(crate) const BATON: &str = env!("CARGO_BIN_EXE_baton");

/// What the agent writes down: when its first line ran, in microseconds since 1970.
pub(crate) const FIRST_LINE: &str = "echo ${EPOCHREALTIME/[^0-9]/} > \"$HOME/started-$BATON_ISSUE\"";

/// How a project differs from the plainest one.
pub(crate) struct Settings<'a> {
    /// `workspace.mode`.
    pub(crate) mode: &'a str,
    /// `command.run`.
    pub(crate) agent: &'a str,
    /// `hooks.after_create`.
    pub(crate) after_create: Option<&'a str>,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self { mode: "directory", agent: "true", after_create: None }
    }
}

/// A directory that is removed at the end.
pub(crate) struct Project {
    directory: TempDir,
}

impl Project {
    /// A project without issues, whose store is made.
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self> {
        let project = Self { directory: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))? };
        fs::create_dir_all(project.home())?;
        fs::create_dir_all(project.path().join("issues"))?;
        if settings.mode == "worktree" {
            project.commit_files(&[("README.md".to_owned(), "A repository.\n".to_owned())])?;
        }
        let Settings { mode, agent, after_create } = settings;
        let hook = after_create.map(|script| format!("hooks:\n  after_create: {script}\n")).unwrap_or_default();
        let text = format!(
            "---\ntracker:\n  kind: local\n  handoff_state: Done\nworkspace:\n  mode: {mode}\n{hook}agent:\n  \
             max_concurrent_agents: 100000\ncommand:\n  run: |\n    {agent}\n---\nWork on {{{{ issue.identifier }}}}.\n"
        );
        fs::write(project.path().join("WORKFLOW.md"), text)?;
        time(project.baton().arg("poll"))?;
        Ok(project)
    }

    /// Where WORKFLOW.md is.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("project")
    }

    /// Where agents leave their word.
    fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// `program` in the project, with an environment that holds nothing of the caller's but PATH.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).env_clear().env("HOME", self.home()).env("GIT_CONFIG_NOSYSTEM", "1");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// `baton` in the project.
    pub(crate) fn baton(&self) -> Command {
        self.command(BATON)
    }

    /// `git` in the project.
    pub(crate) fn git(&self) -> Command {
        let mut command = self.command("git");
        command.args(["-c", "user.name=Bench", "-c", "user.email=bench@localhost"]);
        command
    }

    /// Makes the project a git repository with these files in its first commit.
    pub(crate) fn commit_files(&self, files: &[(String, String)]) -> Result<()> {
        fs::write(self.path().join(".gitignore"), "/.baton/\n/issues/\n")?;
        for (name, text) in files {
            fs::write(self.path().join(name), text)?;
        }
        time(self.git().args(["init", "--quiet", "--initial-branch=main"]))?;
        time(self.git().args(["add", "--all"]))?;
        time(self.git().args(["commit", "--quiet", "--message", "the beginning"]))?;
        Ok(())
    }

    /// Writes an issue for the tracker.
    pub(crate) fn issue(&self, id: &str, state: &str) -> Result<()> {
        let text = format!(
            "---\nid: {id}\ntitle: The issue {id}\nstate: {state}\npriority: 2\nlabels: [backend, bench]\n\
             created_at: 2026-01-01T00:00:00Z\nupdated_at: 2026-01-01T00:00:00Z\n---\n\nWhat is to be done.\n"
        );
        fs::write(self.path().join(format!("issues/{id}.md")), text)?;
        Ok(())
    }

    /// The store, opened in this process.
    pub(crate) fn store(&self) -> Result<Store> {
        Ok(Store::open(&self.path().join(".baton"), Options { lock_timeout: None, ..Options::default() })?)
    }

    /// When the agent of `issue` ran its first line, in microseconds since 1970; waits for it.
    pub(crate) fn first_line_us(&self, issue: &str) -> Result<u128> {
        let path = self.home().join(format!("started-{issue}"));
        wait_until(|| Ok(fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok())))
            .with_context(|| format!("the agent of {issue} does not start"))
    }

    /// Waits until no worker is left.
    pub(crate) fn settle(&self) -> Result<()> {
        let store = self.store()?;
        wait_until(|| {
            let claims = store.snapshot(&[Kind::Claims])?;
            Ok(claims.all::<ClaimRecord>().is_empty().then_some(()))
        })
        .context("workers do not end")
    }
}

/// The project at `path` as a step gets it, for helpers that take steps in their own process.
pub(crate) fn open(path: &Path) -> Result<baton::project::Project> {
    let seams = Seams::of_process();
    let workflow = Workflow::load(&path.join("WORKFLOW.md"), &seams.env, &baton::tracker::profile)?;
    let store = Store::open(&path.join(".baton"), Options { lock_timeout: None, ..Options::default() })?;
    baton::project::Project::new(seams, workflow, store, BATON.into(), "bench").map_err(|error| {
        let causes: Vec<String> = error.causes().collect();
        anyhow::anyhow!("{error} {}", causes.join(": "))
    })
}

/// Looks again and again, for at most a minute.
fn wait_until<T>(mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let mut found = None;
    for _ in 0..30_000 {
        found = look()?;
        if found.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    ensure!(found.is_some(), "waited for a minute in vain");
    found.context("found")
}

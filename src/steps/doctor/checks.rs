//! One thing each: is it there, and does it work? Nothing is changed by asking.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustix::fs::{Access, access, statvfs};

use super::{Check, Health, failure};
use crate::agent;
use crate::error::{Error, Exit};
use crate::model::{Mode, StateRecord, Timestamp};
use crate::project::STATE;
use crate::seams::Seams;
use crate::store::Store;
use crate::tracker::{self, Memory};
use crate::workflow::Workflow;
use crate::workflow::config::{AgentKind, Config};

/// Free space below which a disk is as good as full, in bytes.
const LITTLE: u64 = 64 << 20;

pub(super) fn workflow(path: &Path, workflow: Result<Option<&Workflow>, Error>) -> Check {
    match workflow {
        Err(error) => Check::failed("workflow", error),
        Ok(None) => Check::new("workflow", Health::Skipped, "not read"),
        Ok(Some(workflow)) => {
            if let Err(error) = workflow.check_prompt() {
                return Check::failed("workflow", Error::from(error));
            }
            let notices = workflow.notices();
            if notices.is_empty() {
                return Check::new("workflow", Health::Ok, path.display().to_string());
            }
            let message = format!(
                "{} says what Baton does not know: {}",
                path.display(),
                notices.iter().map(|notice| notice.key.clone()).collect::<Vec<_>>().join(", ")
            );
            Check::new("workflow", Health::Warning, message).hint("`baton config show` says more")
        }
    }
}

pub(super) fn store(path: &Path, store: Result<Option<&Store>, Error>) -> Check {
    match store {
        Err(error) => Check::failed("store", error),
        Ok(None) => {
            Check::new("store", Health::Ok, format!("none yet; the first step that writes makes {}", path.display()))
        }
        Ok(Some(store)) => match store.check_owner().and_then(|()| store.last_seq()) {
            Err(error) => Check::failed("store", error),
            Ok(last) => Check::new("store", Health::Ok, format!("{}, {last} events", path.display())),
        },
    }
}

/// The first file of this name on the search path that may be run.
fn on_path(program: &str, seams: &Seams) -> Option<PathBuf> {
    let path = seams.env.get_os("PATH")?;
    let mut candidates = std::env::split_paths(path).map(|dir| dir.join(program));
    candidates.find(|file| file.is_file() && access(file, Access::EXEC_OK).is_ok())
}

/// The first line that a program prints of itself.
fn version(program: &str, seams: &Seams) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--version").env_clear().envs(seams.env.iter()).stdin(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}

pub(super) fn shell(seams: &Seams) -> Check {
    match version("bash", seams) {
        Some(version) => Check::new("shell", Health::Ok, version),
        None => {
            Check::failed("shell", failure(Exit::Workspace, "shell_missing", "bash is not on PATH, or does not run"))
                .hint("hooks and agents are run by `bash -lc`")
        }
    }
}

pub(super) fn git(config: &Config, base: &Path, seams: &Seams) -> Check {
    let is_needed = matches!(config.workspace.mode, Mode::Worktree | Mode::Clone);
    let Some(version) = version("git", seams) else {
        let message = "git is not on PATH, or does not run";
        return if is_needed {
            Check::failed("git", failure(Exit::Workspace, "git_missing", message))
        } else {
            Check::new("git", Health::Skipped, format!("{message}; workspaces of this mode do without it"))
        };
    };
    if !is_needed {
        return Check::new("git", Health::Ok, version);
    }
    match git2::Repository::discover(base) {
        Err(_) => {
            let message = format!("{} is in no git repository, which workspaces of this mode need", base.display());
            Check::failed("git", failure(Exit::Workspace, "not_a_repository", message))
                .hint("`git init` here, or set `workspace.mode: directory`")
        }
        Ok(repository) if config.workspace.base.is_none() && repository.head().is_err() => {
            let message = format!("the repository of {} has no commit yet", base.display());
            Check::failed("git", failure(Exit::Workspace, "unborn_head", message))
                .hint("`git commit --allow-empty -m 'first commit'`")
        }
        Ok(_) => Check::new("git", Health::Ok, format!("{version}; a repository with commits")),
    }
}

pub(super) fn agent_of(config: &Config, seams: &Seams) -> Check {
    if let Err(error) = agent::from_config(config) {
        return Check::failed("agent", error);
    }
    let kind = config.agent.kind;
    let script = match kind {
        AgentKind::Command => config.command.as_ref().map_or("", |command| command.run.as_str()),
        AgentKind::Codex => config.codex_command(),
        AgentKind::Openhands | AgentKind::Acp | AgentKind::Claude => "",
    };
    let words: Vec<&str> = script.split_whitespace().collect();
    let Some(program) = words.first().filter(|word| is_plain(word)) else {
        return Check::new("agent", Health::Ok, format!("{}: a script that only running it can try", kind.as_str()));
    };
    match on_path(program, seams) {
        Some(path) => Check::new("agent", Health::Ok, format!("{}: {}", kind.as_str(), path.display())),
        // A login shell's profile may know another place.
        None => Check::new("agent", Health::Warning, format!("{}: `{program}` is not on this PATH", kind.as_str()))
            .hint("it is run by `bash -lc`, whose profile may find it all the same"),
    }
}

/// Whether a word names a program, rather than being a piece of shell.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte))
}

/// What the store knows of the tracker's limits: they are kept here too, and nothing is noted.
pub(super) struct Limits(BTreeMap<String, Timestamp>);

impl Limits {
    /// As the store has them; none where it cannot say.
    pub(super) fn of(store: Option<&Store>) -> Self {
        let state = store.and_then(|store| store.get::<StateRecord>(STATE).ok().flatten());
        Self(state.map(|state| state.tracker_limits).unwrap_or_default())
    }
}

impl Memory for Limits {
    fn closed_until(&self, bucket: &str) -> Option<Timestamp> {
        self.0.get(bucket).copied()
    }

    fn close(&self, _: &str, _: Timestamp) {}
}

pub(super) async fn tracker(config: &Config, base: &Path, store: &Path, seams: &Seams, limits: Limits) -> Check {
    let limits: Arc<dyn Memory> = Arc::new(limits);
    let tracker = match tracker::build(&config.tracker, base, store, seams, &limits) {
        Ok(tracker) => tracker,
        Err(error) => return Check::failed("tracker", error),
    };
    match tracker.fetch_issues_by_states(&config.tracker.active_states).await {
        Err(error) => Check::failed("tracker", error),
        Ok(fetched) => {
            let active = fetched.issues.len();
            let message =
                format!("{}: {active} active {}", tracker.kind(), if active == 1 { "issue" } else { "issues" });
            match fetched.problems.len() {
                0 => Check::new("tracker", Health::Ok, message),
                unusable => {
                    Check::new("tracker", Health::Warning, format!("{message}; {unusable} records cannot be used"))
                        .hint("`baton poll` names them")
                }
            }
        }
    }
}

/// The path itself, or what of it is there.
fn there(path: &Path) -> &Path {
    path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"))
}

pub(super) fn workspaces(config: &Config, store: &Path) -> Check {
    let root = match (config.workspace.mode, &config.workspace.path, &config.workspace.root) {
        (Mode::Shared, Some(path), _) | (_, _, Some(path)) => path.clone(),
        _ => store.join("workspaces"),
    };
    let mode = match config.workspace.mode {
        Mode::Directory => "directory",
        Mode::Worktree => "worktree",
        Mode::Clone => "clone",
        Mode::Shared => "shared",
    };
    let message = format!("{mode}: {}", root.display());
    match access(there(&root), Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Check::new("workspaces", Health::Ok, message),
        Err(error) => {
            let message = format!("{} cannot be written: {error}", there(&root).display());
            Check::failed("workspaces", failure(Exit::Workspace, "workspace_root", message))
        }
    }
}

pub(super) fn disk(store: &Path) -> Check {
    match statvfs(there(store)) {
        Err(error) => Check::new("disk", Health::Skipped, format!("cannot be asked: {error}")),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let message = format!("{} MiB free for the store", free >> 20);
            let status = if free < LITTLE { Health::Warning } else { Health::Ok };
            Check::new("disk", status, message)
        }
    }
}

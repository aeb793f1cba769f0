//! What Codex may do without asking: `codex.approval_policy`, `codex.thread_sandbox` and `codex.turn_sandbox_policy`
//! (SPEC 5.3.6, 10.5), and what holds where the file does not say.
//!
//! The values are Codex's own and go to it as they are written. By default Codex asks nobody and writes to the workspace
//! alone. "The workspace" is not enough for `git commit`: in a worktree the index and the objects lie in the
//! repository's own `.git`, and in a clone Codex keeps `.git` read-only unless it is named.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// The sandbox mode in which the default policy makes sense.
const WORKSPACE_WRITE: &str = "workspace-write";

/// What is sent to Codex.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Posture {
    /// `approvalPolicy` of the thread and its turns.
    pub(super) approval_policy: Value,
    /// `sandbox` of the thread.
    pub(super) thread_sandbox: Value,
    /// `sandboxPolicy` of a turn; `None` leaves the thread's.
    pub(super) turn_sandbox_policy: Option<Value>,
}

impl Posture {
    /// By the section as written, for a workspace that git keeps its data for in `git_directories`.
    pub(super) fn new(section: &Map<String, Value>, workspace: &Path, git_directories: &[PathBuf]) -> Self {
        let written = |name: &str| section.get(name).filter(|value| !value.is_null()).cloned();
        let thread_sandbox = written("thread_sandbox").unwrap_or_else(|| WORKSPACE_WRITE.into());
        let writable_roots = || {
            let roots = [workspace].into_iter().chain(git_directories.iter().map(PathBuf::as_path));
            roots.map(|root| root.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        let turn_sandbox_policy = written("turn_sandbox_policy").or_else(|| {
            (thread_sandbox == WORKSPACE_WRITE).then(|| {
                json!({
                    "type": "workspaceWrite", "writableRoots": writable_roots(), "networkAccess": false,
                    "excludeTmpdirEnvVar": false, "excludeSlashTmp": false,
                })
            })
        });
        let approval_policy = written("approval_policy").unwrap_or_else(|| "never".into());
        Self { approval_policy, thread_sandbox, turn_sandbox_policy }
    }
}

/// Where git keeps the data of `workspace`: its own directory, and the one that it shares with other worktrees. Nothing
/// where the workspace is not itself a repository: one that merely lies inside another must not write to that one's
/// `.git`.
pub(super) fn git_directories(workspace: &Path) -> Vec<PathBuf> {
    let Ok(repository) = git2::Repository::open(workspace) else { return Vec::new() };
    let mut found = Vec::new();
    for directory in [repository.path(), repository.commondir()] {
        let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
        if !found.contains(&directory) {
            found.push(directory);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(directory: &Path, arguments: &str) {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]).args(arguments.split(' '));
        let status = command.current_dir(directory).status().expect("git");
        assert!(status.success(), "git {arguments}");
    }

    fn section(text: &str) -> Map<String, Value> {
        serde_yaml::from_str(text).expect("a map")
    }

    #[test]
    fn by_default_the_workspace_and_what_git_needs_can_be_written() {
        let posture = Posture::new(&Map::new(), "/w/A".as_ref(), &["/r/.git/worktrees/A".into(), "/r/.git".into()]);
        assert_eq!((posture.approval_policy, posture.thread_sandbox), ("never".into(), "workspace-write".into()));
        let policy = posture.turn_sandbox_policy.expect("a policy");
        assert_eq!(policy["writableRoots"], json!(["/w/A", "/r/.git/worktrees/A", "/r/.git"]));
        assert_eq!((&policy["type"], &policy["networkAccess"]), (&"workspaceWrite".into(), &false.into()));
    }

    #[test]
    fn what_the_file_says_goes_to_codex_as_it_is() {
        for (text, approval, thread, turn) in [
            ("{thread_sandbox: read-only}", json!("never"), json!("read-only"), None),
            ("{thread_sandbox: danger-full-access}", json!("never"), json!("danger-full-access"), None),
            (
                "{approval_policy: {granular: {rules: true}}, turn_sandbox_policy: {type: readOnly, extra: 1}}",
                json!({ "granular": { "rules": true } }),
                json!("workspace-write"),
                Some(json!({ "type": "readOnly", "extra": 1 })),
            ),
        ] {
            let posture = Posture::new(&section(text), "/w".as_ref(), &[]);
            let expected = Posture { approval_policy: approval, thread_sandbox: thread, turn_sandbox_policy: turn };
            assert_eq!(posture, expected, "{text}");
        }
    }

    #[test]
    fn the_directories_are_those_that_git_names() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().canonicalize().expect("canonical");
        git(&root, "init -q -b main repo");
        git(&root.join("repo"), "commit -q --allow-empty -m first");
        git(&root.join("repo"), "worktree add -q ../tree");
        std::fs::create_dir(root.join("repo/inside")).expect("made");
        for (workspace, expected) in [
            ("repo", vec!["repo/.git"]),
            ("tree", vec!["repo/.git/worktrees/tree", "repo/.git"]),
            ("repo/inside", vec![]),
            ("nowhere", vec![]),
        ] {
            let expected: Vec<PathBuf> = expected.into_iter().map(|path| root.join(path)).collect();
            assert_eq!(git_directories(&root.join(workspace)), expected, "{workspace}");
        }
    }
}

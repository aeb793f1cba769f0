//! Real repositories in temporary directories.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::model::Key;
use crate::seams::Environment;

pub(super) fn key(text: &str) -> Key {
    text.parse().expect("a key")
}

/// A temporary directory, and git in it without anybody's configuration.
pub(super) struct Scratch {
    _dir: tempfile::TempDir,
    root: PathBuf,
}

impl Scratch {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().canonicalize().expect("canonical");
        Self { _dir: dir, root }
    }

    /// With a repository `repo` that has one commit, on `main`.
    pub(super) fn with_repository() -> Self {
        let scratch = Self::new();
        scratch.git(".", "init -q -b main repo");
        fs::write(scratch.path("repo/README"), "hello\n").expect("a file");
        scratch.git("repo", "add README");
        scratch.git("repo", "commit -q -m first");
        scratch
    }

    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(super) fn environment(&self) -> Environment {
        let mut env = Environment::of_process();
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.com"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@example.com"),
        ] {
            env.set(name, value);
        }
        env.set("HOME", &self.root);
        env
    }

    /// Runs git, which must succeed; answers with its trimmed stdout.
    pub(super) fn git(&self, at: &str, arguments: &str) -> String {
        let mut command = Command::new("git");
        command.env_clear().envs(self.environment().iter()).current_dir(self.path(at));
        let output = command.args(arguments.split(' ')).output().expect("git");
        assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(super) fn script(&self, path: &Path, text: &str) {
        fs::write(path, text).expect("a script");
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("chmod");
    }
}

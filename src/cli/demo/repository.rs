//! The demo's repository: a few files, one commit, three issues.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Exit, Result};
use crate::seams::Seams;

const README: &str = "# Greetings\n\nSmall programs that greet.\n";
const HELLO: &str = "#!/bin/sh\necho \"Hello, world!\"\n";
const TESTS: &str = "test -n \"$(./hello)\"\n";
const IGNORED: &str = "/.baton/\n/issues/\n";

/// Title, description, and what must be done first.
const ISSUES: [(&str, &str, Option<&str>); 3] = [
    ("Greet people by name", "`./hello Ada` prints `Hello, Ada!`, and is tested.", None),
    ("Say goodbye as well", "`./goodbye Ada` prints `Goodbye, Ada.`, and is tested.", None),
    ("Document the usage", "README.md shows how to greet somebody by name.", Some("TASK-1")),
];

/// The issues' titles.
pub(super) fn titles() -> Vec<&'static str> {
    ISSUES.iter().map(|(title, _, _)| *title).collect()
}

/// Makes it in `directory`, which is made where it is not; returns the directory's real path.
pub(super) fn make(directory: &Path, seams: &Seams) -> Result<PathBuf> {
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    let directory = directory.canonicalize().map_err(|error| failed(directory, error))?;
    if std::fs::read_dir(&directory).map_err(|error| failed(&directory, error))?.next().is_some() {
        let text = format!("{} is not empty", directory.display());
        return Err(Error::new(Exit::WrongState, "not_empty", text).hint("name a directory that does not exist"));
    }
    for (name, text) in [
        ("README.md", README),
        ("hello", HELLO),
        ("tests/hello", TESTS),
        (".gitignore", IGNORED),
        ("agent.sh", include_str!("agent.sh")),
        ("WORKFLOW.md", include_str!("WORKFLOW.md")),
    ] {
        write(&directory.join(name), text)?;
    }
    executable(&directory.join("hello"))?;
    git(&directory, seams, &["init", "--quiet", "--initial-branch=main"])?;
    git(&directory, seams, &["config", "user.name", "Baton's demo"])?;
    git(&directory, seams, &["config", "user.email", "demo@localhost"])?;
    git(&directory, seams, &["config", "commit.gpgsign", "false"])?;
    git(&directory, seams, &["add", "--all"])?;
    git(&directory, seams, &["commit", "--quiet", "--message", "the beginning"])?;
    let issues = directory.join("issues");
    let now = seams.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for (number, (title, description, blocker)) in (1..).zip(ISSUES) {
        let blocked_by = blocker.map(|blocker| format!("blocked_by: [{blocker}]\n")).unwrap_or_default();
        let text = format!(
            "---\nid: TASK-{number}\ntitle: {title}\nstate: Todo\n{blocked_by}created_at: {now}\nupdated_at: {now}\n---\n\n{description}\n"
        );
        write(&issues.join(format!("TASK-{number}.md")), &text)?;
    }
    Ok(directory)
}

fn write(path: &Path, text: &str) -> Result<()> {
    path.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| failed(path, error))
}

fn executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).map_err(|error| failed(path, error))
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::new(Exit::Failed, "io", format!("cannot write {}", path.display())).because(error)
}

fn git(directory: &Path, seams: &Seams, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(arguments).env_clear().envs(seams.env.iter());
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    let output = command.output().map_err(|error| {
        Error::new(Exit::Workspace, "no_git", "cannot run git").because(error).hint("the demo needs git on PATH")
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::new(Exit::Workspace, "git_failed", format!("git {} failed in {}", arguments[0], directory.display()))
        .because(anyhow::Error::msg(said)))
}

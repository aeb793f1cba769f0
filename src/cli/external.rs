//! `baton foo` runs `baton-foo` from PATH, as git does.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use super::Ctx;
use crate::error::{Error, Exit, Result};

pub(super) fn run(args: &[OsString], cx: &Ctx) -> Result<Exit> {
    let Some((name, rest)) = args.split_first() else { return Ok(Exit::Usage) };
    let name = name.to_string_lossy();
    let unknown = || {
        Error::new(
            Exit::Usage,
            "unknown_command",
            format!("`{name}` is no subcommand, and no `baton-{name}` is on PATH"),
        )
        .hint("`baton --help` lists the subcommands")
    };
    let legal = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let program = legal.then(|| find(&format!("baton-{name}"), cx)).flatten().ok_or_else(unknown)?;
    let mut command = std::process::Command::new(&program);
    command.args(rest).env("BATON_EXE", &cx.exe);
    if let Ok(place) = cx.place() {
        command.env("BATON_STORE", place.store).env("BATON_WORKFLOW", place.workflow);
    }
    let error = command.exec();
    Err(Error::new(Exit::Failed, "io", format!("cannot run {}", program.display())).because(error))
}

/// The program in an absolute entry of PATH; relative entries are not trusted.
fn find(name: &str, cx: &Ctx) -> Option<PathBuf> {
    let path = cx.seams.env.get_os("PATH")?;
    std::env::split_paths(path)
        .filter(|entry| entry.is_absolute())
        .map(|entry| entry.join(name))
        .find(|file| is_executable(file))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

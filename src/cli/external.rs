//! `baton foo` runs `baton-foo` from PATH, as git does.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;

use super::Ctx;
use crate::error::{Error, Exit, Result};
use crate::process::find_program;

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
    let program = legal.then(|| find_program(&format!("baton-{name}"), &cx.seams.env)).flatten().ok_or_else(unknown)?;
    let mut command = std::process::Command::new(&program);
    command.args(rest).env("BATON_EXE", &cx.exe);
    if let Ok(place) = cx.place() {
        command.env("BATON_STORE", place.store).env("BATON_WORKFLOW", place.workflow);
    }
    let error = command.exec();
    Err(Error::new(Exit::Failed, "io", format!("cannot run {}", program.display())).because(error))
}

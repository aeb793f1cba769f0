//! System calls, where `strace` is there to count them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// What stands in the table where it is not.
pub(crate) const MISSING: &str = "strace is not installed";

/// One system call of a traced process.
pub(crate) struct Call {
    /// Its name.
    pub(crate) name: String,
    /// Its arguments, and what it returned.
    pub(crate) rest: String,
}

/// Whether it can be used.
pub(crate) fn is_there() -> bool {
    let mut command = Command::new("strace");
    command.args(["-o", "/dev/null", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs a command and returns the system calls of all its threads and children in the order in which they were made.
/// `options` are strace's own.
pub(crate) fn trace(command: &Command, options: &[&str]) -> Result<(String, Vec<Call>)> {
    let log = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-e", "signal=none"]).args(options).arg("-o").arg(log.path());
    traced.arg(command.get_program()).args(command.get_args()).env_clear();
    traced.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(directory) = command.get_current_dir() {
        traced.current_dir(directory);
    }
    let output = traced.stdin(Stdio::null()).output().context("cannot run strace")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} under strace ended with {}: {said}", output.status);
    Ok((String::from_utf8(output.stdout)?, read(log.path())?))
}

fn read(log: &Path) -> Result<Vec<Call>> {
    Ok(fs::read_to_string(log)?.lines().filter_map(parse).collect())
}

/// `PID name(arguments) = result`. The second half of a call that another thread interrupted is no call.
fn parse(line: &str) -> Option<Call> {
    let (_, line) = line.split_once(' ')?;
    let (name, rest) = line.trim_start().split_once('(')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| Call { name: name.to_owned(), rest: rest.to_owned() })
}

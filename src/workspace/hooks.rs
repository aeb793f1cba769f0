//! Hooks (SPEC 9.4, 15.4): the configuration's scripts around a workspace, and the receipts of what they did. They are
//! shell, never templates.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::{RunContext, WorkspaceError, Workspaces, path};
use crate::model::{HookReceipt, Issue, Key, Timestamp};
use crate::process::{Finished, Shell, run_script};
use crate::store::Redactor;
use crate::store::redact::REDACTED;
use crate::workflow::config::HooksConfig;

/// How much of a hook's output a receipt keeps, in bytes.
const OUTPUT: usize = 4096;
/// How much of it the workspace's record keeps: the whole manifest stays under 4 KB.
const RECORDED: usize = 1024;

impl Workspaces<'_> {
    /// Runs `hooks.<name>` in the workspace, if it is configured. A hook that fails, hangs or cannot be started is a
    /// receipt that says so; what that means is the caller's business.
    pub async fn hook(
        &self,
        name: &str,
        issue: &Issue,
        key: &Key,
        path: &Path,
        run: Option<&RunContext>,
    ) -> Result<Option<HookReceipt>, WorkspaceError> {
        let Some(script) = script(&self.config.hooks, name) else { return Ok(None) };
        if !self.is_shared(path) {
            path::check_cwd(path, path, &self.root_of(path)?)?;
        }
        let (env, unset) = self.child_environment(issue, key, path, run);
        let secrets = self.secret_values();
        let longest = secrets.iter().map(String::len).max().unwrap_or(0);
        let shell = Shell { script: script.to_owned(), cwd: path.to_owned(), env, unset, lifeline: None };
        let timeout = Duration::from_millis(self.config.hooks.timeout_ms);
        let (issue_id, issue_identifier) = (&*issue.id, &*issue.identifier);
        tracing::info!(hook = name, issue_id, issue_identifier, "hook started");
        let (started_at, start) = (self.seams.now(), self.seams.clock.monotonic_ms());
        let ended = run_script(shell, timeout, OUTPUT + longest).await;
        let duration_ms = self.seams.clock.monotonic_ms().saturating_sub(start);
        let receipt = receipt(name, started_at, duration_ms, &ended, &secrets);
        if receipt.ok {
            tracing::info!(hook = name, issue_id, issue_identifier, duration_ms, "hook succeeded");
        } else {
            let (exit_code, timed_out) = (receipt.exit_code, receipt.timed_out);
            tracing::warn!(hook = name, issue_id, issue_identifier, duration_ms, exit_code, timed_out, "hook failed");
        }
        Ok(Some(receipt))
    }
}

pub(super) fn script<'c>(hooks: &'c HooksConfig, name: &str) -> Option<&'c str> {
    let script = match name {
        "after_create" => &hooks.after_create,
        "before_run" => &hooks.before_run,
        "after_run" => &hooks.after_run,
        "before_remove" => &hooks.before_remove,
        _ => &None,
    };
    script.as_deref().filter(|script| !script.trim().is_empty())
}

fn receipt(
    hook: &str,
    started_at: Timestamp,
    duration_ms: u64,
    ended: &io::Result<Finished>,
    secrets: &[String],
) -> HookReceipt {
    let (exit_code, timed_out, output) = match ended {
        Ok(finished) => (finished.exit_code, finished.timed_out, shown(&finished.output, secrets)),
        Err(error) => (None, false, format!("could not be started: {error}")),
    };
    let ok = exit_code == Some(0) && !timed_out;
    HookReceipt { hook: hook.to_owned(), started_at, duration_ms, exit_code, timed_out, ok, output }
}

/// The end of the output as text, without secrets.
fn shown(output: &[u8], secrets: &[String]) -> String {
    let text = String::from_utf8_lossy(output);
    // The output may have been cut in the middle of a secret.
    let rests = secrets.iter().flat_map(|secret| (1..secret.len()).filter_map(|at| secret.get(at..)));
    let rest = rests.filter(|rest| rest.len() > 3 && text.starts_with(rest)).max_by_key(|rest| rest.len());
    let text = match rest {
        Some(rest) => format!("{REDACTED}{}", &text[rest.len()..]).into(),
        None => text,
    };
    tail(&Redactor::new(secrets).redact(&text), OUTPUT).to_owned()
}

/// The receipt as the workspace's record keeps it.
pub(super) fn for_the_record(receipt: &HookReceipt) -> HookReceipt {
    HookReceipt { output: tail(&receipt.output, RECORDED).to_owned(), ..receipt.clone() }
}

/// At most the last `limit` bytes, whole characters.
fn tail(text: &str, limit: usize) -> &str {
    let mut from = text.len().saturating_sub(limit);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(exit_code: Option<i32>, timed_out: bool, output: &[u8]) -> io::Result<Finished> {
        Ok(Finished { exit_code, signal: None, timed_out, output: output.to_vec() })
    }

    #[test]
    fn only_exit_status_0_in_time_is_success() {
        let cases = [
            (finished(Some(0), false, b""), true),
            (finished(Some(1), false, b""), false),
            (finished(None, false, b""), false),
            (finished(None, true, b""), false),
            (finished(Some(0), true, b""), false),
            (Err(io::ErrorKind::NotFound.into()), false),
        ];
        for (ended, ok) in cases {
            assert_eq!(receipt("before_run", Timestamp::UNIX_EPOCH, 1, &ended, &[]).ok, ok, "{ended:?}");
        }
    }

    #[test]
    fn secrets_are_not_shown_not_even_in_part() {
        let secrets = ["hunter2-long".to_owned(), "hunter2".to_owned(), String::new()];
        for (output, text) in [
            ("a hunter2-long b", "a [redacted] b"),
            ("a hunter2 b", "a [redacted] b"),
            ("ter2-long b", "[redacted] b"),
            ("plain", "plain"),
        ] {
            assert_eq!(shown(output.as_bytes(), &secrets), text);
        }
    }

    #[test]
    fn the_end_of_the_output_is_kept() {
        let long = format!("{}é{}", "x".repeat(5000), "y".repeat(OUTPUT - 1));
        let kept = shown(long.as_bytes(), &[]);
        assert_eq!(kept, "y".repeat(OUTPUT - 1), "cut at a whole character");
        let receipt = receipt("after_create", Timestamp::UNIX_EPOCH, 1, &finished(Some(0), false, &[b'z'; 9000]), &[]);
        assert_eq!(receipt.output.len(), OUTPUT);
        assert_eq!(for_the_record(&receipt).output.len(), RECORDED);
        assert_eq!(shown(b"\xff\x00ok", &[]), "\u{fffd}\u{0}ok");
    }
}

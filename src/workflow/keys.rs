//! Every key that Baton knows, in one table: the documentation and the warnings about unknown keys come from it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::lines::Lines;

/// When a changed value takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Applied {
    /// At the next tick of `baton run`, and with every command.
    Reload,
    /// When `baton run` is started anew, and with every other command.
    Restart,
    /// Not at all: checked and kept, but this version has nothing that uses it.
    NotYet,
}

/// A key as it is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Key {
    /// The dotted name; `*` stands for any name, and for everything below it.
    pub name: &'static str,
    /// The type in words.
    pub kind: &'static str,
    /// The default in words.
    pub default: &'static str,
    /// When a change takes effect.
    pub applied: Applied,
}

const fn key(name: &'static str, kind: &'static str, default: &'static str, applied: Applied) -> Key {
    Key { name, kind, default, applied }
}

use Applied::{NotYet, Reload, Restart};

/// All of them, in the order of the documentation.
pub const KEYS: &[Key] = &[
    key("tracker.kind", "text", "required", Reload),
    key("tracker.provider.*", "the tracker's own keys", "the tracker's", Reload),
    key("tracker.project_slug", "text", "`tracker.provider.project_slug`", Reload),
    key("tracker.api_key", "secret", "`tracker.provider.api_key`", Reload),
    key("tracker.endpoint", "text", "`tracker.provider.endpoint`", Reload),
    key("tracker.assignee", "text", "`tracker.provider.assignee`", Reload),
    key("tracker.required_labels", "list of texts", "`[]`", Reload),
    key("tracker.active_states", "list of texts", "the tracker's", Reload),
    key("tracker.terminal_states", "list of texts", "the tracker's", Reload),
    key("tracker.handoff_state", "text", "none", Reload),
    key("polling.interval_ms", "milliseconds, at least 1", "`30000`", Reload),
    key("workspace.root", "path", "`workspaces` in the store", Reload),
    key("workspace.mode", "`directory`, `worktree`, `clone` or `shared`", "`directory`", Reload),
    key("workspace.base", "text", "the repository's HEAD", Reload),
    key("workspace.path", "path", "the directory of WORKFLOW.md", Reload),
    key(
        "workspace.cleanup",
        "`keep_always`, `remove_on_success`, `archive_on_failure`, `archive_always` or `remove_when_clean_otherwise_archive`",
        "`remove_when_clean_otherwise_archive`",
        Reload,
    ),
    key("hooks.after_create", "script", "none", Reload),
    key("hooks.before_run", "script", "none", Reload),
    key("hooks.after_run", "script", "none", Reload),
    key("hooks.before_remove", "script", "none", Reload),
    key("hooks.timeout_ms", "milliseconds, at least 1", "`60000`", Reload),
    key(
        "agent.kind",
        "`command`, `codex`, `openhands`, `acp` or `claude`",
        "the one whose section is present, else `codex`",
        Reload,
    ),
    key("agent.max_concurrent_agents", "whole number, at least 1", "`10`", Reload),
    key("agent.max_concurrent_agents_by_state.*", "whole number, at least 1; others are dropped", "none", Reload),
    key("agent.max_turns", "whole number, at least 1", "`20`", Reload),
    key("agent.max_retry_backoff_ms", "milliseconds, at least 1", "`300000`", Reload),
    key("agent.max_attempts", "whole number; 0 = no limit", "`10`", Reload),
    key("agent.max_idle_continuations", "whole number; 0 = no limit", "`5`", Reload),
    key("agent.max_tokens_per_issue", "whole number; 0 = no limit", "`0`", Reload),
    key("agent.stall_timeout_ms", "milliseconds; 0 or less = off", "each agent's own", Reload),
    key("agent.env.*", "text; `$NAME` is resolved", "none", Reload),
    key("agent.by_label.*", "map", "none", NotYet),
    key("agent.by_state.*", "map", "none", NotYet),
    key("agents.*", "map", "none", NotYet),
    key("command.run", "script", "required with `agent.kind: command`", Reload),
    key("command.timeout_ms", "milliseconds, at least 1", "`3600000`", Reload),
    key("command.stall_timeout_ms", "milliseconds; 0 or less = off", "`0`", Reload),
    key("codex.command", "script", "`codex app-server`", Reload),
    key("codex.approval_policy", "Codex's own", "`never`", Reload),
    key("codex.thread_sandbox", "Codex's own", "`workspace-write`", Reload),
    key("codex.turn_sandbox_policy", "Codex's own", "the workspace and its git directories can be written", Reload),
    key("codex.turn_timeout_ms", "milliseconds, at least 1", "`3600000`", Reload),
    key("codex.read_timeout_ms", "milliseconds, at least 1", "`5000`", Reload),
    key("codex.stall_timeout_ms", "milliseconds; 0 or less = off", "`300000`", Reload),
    key("openhands.*", "OpenHands' own", "OpenHands'", NotYet),
    key("acp.*", "the ACP agent's own", "the agent's", NotYet),
    key("claude.*", "Claude Code's own", "Claude Code's", NotYet),
    key("env.deny", "list of names", "`[]`", Reload),
    key("env.allow", "list of names", "`[]`", Reload),
    key("store.path", "path", "`.baton` beside WORKFLOW.md", Restart),
    key("store.allow_network_fs", "true or false", "`false`", Restart),
    key("store.archive_after", "time such as `14d`, `12h`, `30m`, or milliseconds", "`14d`", Reload),
    key(
        "recovery.block_on",
        "list of `pure_readonly`, `idempotent_write`, `checkpoint_resumable`, `operator_gated`, `non_replayable_side_effect`",
        "`[]`",
        Reload,
    ),
    key("server.port", "whole number up to 65535", "none", NotYet),
    key("server.host", "text", "`127.0.0.1`", NotYet),
    key("server.token", "secret", "none", NotYet),
    key("worker.ssh_hosts", "list of texts", "`[]`", NotYet),
    key("worker.max_concurrent_agents_per_host", "whole number, at least 1", "none", NotYet),
    key("logging.*", "map", "none", NotYet),
];

/// What `config show` warns of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The dotted key.
    pub key: String,
    /// Its line, where it is known.
    pub line: Option<usize>,
    /// One sentence.
    pub message: String,
}

/// The keys of `front_matter` that Baton does not know, or knows and does not use yet.
pub(super) fn notices(front_matter: &Map<String, Value>, lines: &Lines) -> Vec<Notice> {
    let mut found = Vec::new();
    look(front_matter, "", lines, &mut found);
    found
}

fn look(map: &Map<String, Value>, above: &str, lines: &Lines, found: &mut Vec<Notice>) {
    for (name, value) in map {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        let line = lines.of(&path);
        match KEYS.iter().find(|known| covers(known.name, &path)) {
            Some(known) => {
                if known.applied == NotYet {
                    let message = format!("{path} is kept, but this version of Baton does not use it");
                    found.push(Notice { key: path, line, message });
                }
            }
            None => match value {
                Value::Object(inner) if is_section(&path) => look(inner, &path, lines, found),
                Value::Null if is_section(&path) => {}
                _ => {
                    let message = format!("{path} is unknown to Baton, and ignored");
                    found.push(Notice { key: path, line, message });
                }
            },
        }
    }
}

/// Whether the known name speaks of the path: `a.b` of itself, `a.*` of `a` and everything below.
fn covers(known: &str, path: &str) -> bool {
    known.strip_suffix(".*").map_or(known == path, |section| {
        path.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn is_section(path: &str) -> bool {
    KEYS.iter().any(|known| known.name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::tests::with;
    use super::*;

    /// The table of `docs/configuration.md`.
    fn table() -> String {
        let rows = KEYS.iter().map(|key| {
            let applied = match key.applied {
                Reload => "reload",
                Restart => "restart",
                NotYet => "not yet used",
            };
            format!("| `{}` | {} | {} | {applied} |\n", key.name, key.kind, key.default)
        });
        format!("| key | type | default | applied on |\n|---|---|---|---|\n{}", rows.collect::<String>())
    }

    #[test]
    fn the_documentation_has_this_table() {
        let page = include_str!("../../docs/configuration.md");
        assert!(page.contains(&table()), "docs/configuration.md needs this table:\n{}", table());
    }

    #[test]
    fn what_is_read_is_in_the_table_and_what_is_in_the_table_is_read() {
        let sections = "command: {run: x}\ncodex: {}\nopenhands: {}\nacp: {}\nclaude: {}";
        let workflow = with(sections).expect("a valid file");
        let read: BTreeSet<&str> = workflow.effective().iter().map(|effective| effective.key.as_str()).collect();
        for key in &read {
            assert!(KEYS.iter().any(|known| covers(known.name, key)), "{key} is read, but not in the table");
        }
        let aliases = ["project_slug", "api_key", "endpoint", "assignee"].map(|alias| format!("tracker.{alias}"));
        let plain = KEYS.iter().map(|known| known.name).filter(|name| !name.ends_with(".*"));
        for name in plain.filter(|name| !aliases.iter().any(|alias| alias == name)) {
            assert!(read.contains(name), "{name} is in the table, but not read");
        }
    }

    #[test]
    fn defaults_in_the_table_are_the_defaults() {
        let workflow = with("command: {run: x}\ncodex: {}").expect("a valid file");
        for effective in workflow.effective() {
            let Some(known) = KEYS.iter().find(|known| known.name == effective.key) else { continue };
            if let Ok(number) = known.default.trim_matches('`').parse::<u64>() {
                assert_eq!(effective.value, number, "{}", known.name);
            }
        }
    }
}

//! From the front matter to the typed configuration: defaults, `$VAR`, `~`, ranges (SPEC 6.1).

use std::collections::BTreeMap;

use serde_json::Value;

use super::config::{
    AgentConfig, AgentKind, BackendConfig, CODEX_COMMAND, CommandConfig, Config, EnvConfig, HooksConfig, PollingConfig,
    RecoveryConfig, ServerConfig, StoreConfig, Timeouts, WorkerConfig, WorkspaceConfig,
};
use super::error::WorkflowError;
use super::fields::{Origin, Reader};
use super::secrets::{is_name, variable, variables_in};
use super::tracker::tracker;
use super::{Profiles, values};
use crate::model::{CleanupPolicy, Mode, ReplaySafety, normal_state};

const ARCHIVE_AFTER_MS: u64 = 14 * 86_400_000;

/// Reads everything.
pub(super) fn config(reader: &mut Reader<'_>, profiles: Profiles<'_>) -> Result<Config, WorkflowError> {
    for section in ["tracker", "polling", "workspace", "hooks", "agent", "command", "env", "store"] {
        reader.map(section)?;
    }
    let tracker = tracker(reader, profiles)?;
    let polling = PollingConfig { interval_ms: reader.millis("polling.interval_ms", 30_000, 1)? };
    let workspace = workspace(reader)?;
    let hooks = hooks(reader)?;
    let stall_ms = stall_override(reader)?;
    let agent = agent(reader)?;
    let command = command(reader, agent.kind, stall_ms)?;
    let backends = backends(reader, agent.kind, stall_ms)?;
    let server = server(reader)?;
    let mut secrets = Vec::new();
    variables_in(&tracker.provider, &mut secrets);
    secrets.extend(server.token.as_deref().and_then(variable).map(str::to_owned));
    let env = EnvConfig { deny: names(reader, "env.deny")?, allow: names(reader, "env.allow")?, secrets };
    let store = StoreConfig {
        path: reader.path("store.path")?,
        allow_network_fs: reader.flag("store.allow_network_fs")?,
        archive_after_ms: reader.duration("store.archive_after", ARCHIVE_AFTER_MS)?,
    };
    let recovery = RecoveryConfig { block_on: block_on(reader)? };
    let worker = worker(reader)?;
    Ok(Config { tracker, polling, workspace, hooks, agent, command, env, store, backends, recovery, server, worker })
}

fn workspace(reader: &mut Reader<'_>) -> Result<WorkspaceConfig, WorkflowError> {
    const MODES: [(&str, Mode); 4] = [
        ("directory", Mode::Directory),
        ("worktree", Mode::Worktree),
        ("clone", Mode::Clone),
        ("shared", Mode::Shared),
    ];
    const POLICIES: [(&str, CleanupPolicy); 5] = [
        ("keep_always", CleanupPolicy::KeepAlways),
        ("remove_on_success", CleanupPolicy::RemoveOnSuccess),
        ("archive_on_failure", CleanupPolicy::ArchiveOnFailure),
        ("archive_always", CleanupPolicy::ArchiveAlways),
        ("remove_when_clean_otherwise_archive", CleanupPolicy::RemoveWhenCleanOtherwiseArchive),
    ];
    Ok(WorkspaceConfig {
        root: reader.path("workspace.root")?,
        mode: reader.one_of("workspace.mode", &MODES, Mode::Directory)?,
        base: reader.name("workspace.base")?,
        path: reader.path("workspace.path")?,
        cleanup: reader.one_of("workspace.cleanup", &POLICIES, CleanupPolicy::RemoveWhenCleanOtherwiseArchive)?,
    })
}

fn hooks(reader: &mut Reader<'_>) -> Result<HooksConfig, WorkflowError> {
    Ok(HooksConfig {
        after_create: reader.script("hooks.after_create")?,
        before_run: reader.script("hooks.before_run")?,
        after_run: reader.script("hooks.after_run")?,
        before_remove: reader.script("hooks.before_remove")?,
        timeout_ms: reader.millis("hooks.timeout_ms", 60_000, 1)?,
    })
}

fn agent(reader: &mut Reader<'_>) -> Result<AgentConfig, WorkflowError> {
    Ok(AgentConfig {
        kind: agent_kind(reader)?,
        max_concurrent_agents: reader.whole("agent.max_concurrent_agents", 10, 1)?,
        max_concurrent_agents_by_state: by_state(reader)?,
        max_turns: reader.whole("agent.max_turns", 20, 1)?,
        max_retry_backoff_ms: reader.millis("agent.max_retry_backoff_ms", 300_000, 1)?,
        max_attempts: reader.whole("agent.max_attempts", 10, 0)?,
        max_idle_continuations: reader.whole("agent.max_idle_continuations", 5, 0)?,
        max_tokens_per_issue: reader.whole("agent.max_tokens_per_issue", 0_u64, 0)?,
        env: agent_env(reader)?,
    })
}

/// `agent.kind`; where it is not written, the backend whose section alone is present, else Codex.
fn agent_kind(reader: &mut Reader<'_>) -> Result<AgentKind, WorkflowError> {
    let words = AgentKind::ALL.map(|kind| (kind.as_str(), kind));
    if reader.written("agent.kind").is_some() {
        return reader.one_of("agent.kind", &words, AgentKind::Codex);
    }
    let mut present = AgentKind::ALL.into_iter().filter(|kind| reader.has_section(kind.as_str()));
    let (kind, origin) = match (present.next(), present.next()) {
        (Some(kind), None) => (kind, Origin::File { line: reader.at(kind.as_str()).line }),
        _ => (AgentKind::Codex, Origin::Default),
    };
    reader.note("agent.kind", kind.as_str(), origin);
    Ok(kind)
}

/// Entries that are no positive whole number are dropped (SPEC 5.3.5).
fn by_state(reader: &mut Reader<'_>) -> Result<BTreeMap<String, u32>, WorkflowError> {
    const KEY: &str = "agent.max_concurrent_agents_by_state";
    let mut limits = BTreeMap::new();
    for (state, limit) in reader.map(KEY)? {
        let limit = values::whole(&limit).and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0);
        if let Some(limit) = limit {
            let key = format!("{KEY}.{state}");
            reader.note(&key, limit, reader.origin(&key));
            limits.insert(normal_state(&state), limit);
        }
    }
    Ok(limits)
}

/// `agent.env`: values that are exactly `$NAME` are taken from the environment, or left out where NAME is not set.
fn agent_env(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, WorkflowError> {
    let mut made = BTreeMap::new();
    for (name, value) in reader.map("agent.env")? {
        let key = format!("agent.env.{name}");
        if !is_name(&name) {
            return Err(reader.invalid(&key, "a name of letters, digits and `_`"));
        }
        let text = match value {
            Value::String(text) if !text.contains('\0') => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null => String::new(),
            Value::String(_) | Value::Array(_) | Value::Object(_) => return Err(reader.invalid(&key, "a text")),
        };
        match variable(&text).map(str::to_owned) {
            None => {
                reader.note(&key, text.as_str(), reader.origin(&key));
                made.insert(name, text);
            }
            Some(source) => {
                if let Some(value) = reader.env.get(&source) {
                    made.insert(name, value.to_owned());
                }
                reader.note(&key, text, Origin::Environment { name: source });
            }
        }
    }
    Ok(made)
}

/// `agent.stall_timeout_ms`: OpenSymphony's name for the stall timeout of whichever agent runs.
fn stall_override(reader: &mut Reader<'_>) -> Result<Option<u64>, WorkflowError> {
    const KEY: &str = "agent.stall_timeout_ms";
    if reader.written(KEY).is_some() {
        return reader.millis_or_off(KEY, 0).map(Some);
    }
    reader.note(KEY, Value::Null, Origin::Default);
    Ok(None)
}

fn command(
    reader: &mut Reader<'_>,
    kind: AgentKind,
    stall_ms: Option<u64>,
) -> Result<Option<CommandConfig>, WorkflowError> {
    if kind != AgentKind::Command && reader.written("command").is_none() {
        return Ok(None);
    }
    let Some(run) = reader.script("command.run")? else {
        let near = if reader.has_section("command") { "command.run" } else { "agent.kind" };
        return Err(reader.invalid_near(near, "command.run", "a shell command that works on an issue"));
    };
    Ok(Some(CommandConfig {
        run,
        timeout_ms: reader.millis("command.timeout_ms", 3_600_000, 1)?,
        stall_timeout_ms: reader.millis_or_off("command.stall_timeout_ms", stall_ms.unwrap_or(0))?,
    }))
}

fn backends(
    reader: &mut Reader<'_>,
    chosen: AgentKind,
    stall_ms: Option<u64>,
) -> Result<BTreeMap<AgentKind, BackendConfig>, WorkflowError> {
    let mut made = BTreeMap::new();
    for kind in AgentKind::ALL.into_iter().filter(|kind| *kind != AgentKind::Command) {
        let name = kind.as_str();
        let section = reader.map(name)?;
        let defaults = timeouts_by_default(stall_ms);
        if kind != chosen && !reader.has_section(name) {
            made.insert(kind, BackendConfig { timeouts: defaults, section });
            continue;
        }
        let [turn, read, stall] = TIMEOUTS.map(|timeout| format!("{name}.{timeout}"));
        let timeouts = Timeouts {
            turn_timeout_ms: reader.millis(&turn, defaults.turn_timeout_ms, 1)?,
            read_timeout_ms: reader.millis(&read, defaults.read_timeout_ms, 1)?,
            stall_timeout_ms: reader.millis_or_off(&stall, defaults.stall_timeout_ms)?,
        };
        if kind == AgentKind::Codex {
            codex(reader)?;
        }
        let of_baton = |field: &str| TIMEOUTS.contains(&field) || (kind == AgentKind::Codex && CODEX.contains(&field));
        for (field, value) in section.iter().filter(|(field, _)| !of_baton(field)) {
            let key = format!("{name}.{field}");
            reader.note(&key, value.clone(), reader.origin(&key));
        }
        made.insert(kind, BackendConfig { timeouts, section });
    }
    Ok(made)
}

const TIMEOUTS: [&str; 3] = ["turn_timeout_ms", "read_timeout_ms", "stall_timeout_ms"];
const CODEX: [&str; 4] = ["command", "approval_policy", "thread_sandbox", "turn_sandbox_policy"];

fn timeouts_by_default(stall_ms: Option<u64>) -> Timeouts {
    let defaults = Timeouts::default();
    Timeouts { stall_timeout_ms: stall_ms.unwrap_or(defaults.stall_timeout_ms), ..defaults }
}

fn codex(reader: &mut Reader<'_>) -> Result<(), WorkflowError> {
    const KEY: &str = "codex.command";
    if reader.written(KEY).is_none() {
        reader.note(KEY, CODEX_COMMAND, Origin::Default);
    } else if reader.script(KEY)?.is_none() {
        return Err(reader.invalid(KEY, "a shell command"));
    }
    for field in &CODEX[1..] {
        let key = format!("codex.{field}");
        reader.note(&key, reader.written(&key).cloned().unwrap_or_default(), reader.origin(&key));
    }
    Ok(())
}

fn server(reader: &mut Reader<'_>) -> Result<ServerConfig, WorkflowError> {
    reader.map("server")?;
    let port = limit(reader, "server.port", 0_u16, 0)?;
    let host = reader.name("server.host")?.unwrap_or_else(|| "127.0.0.1".into());
    Ok(ServerConfig { port, host, token: reader.name("server.token")? })
}

fn worker(reader: &mut Reader<'_>) -> Result<WorkerConfig, WorkflowError> {
    const PER_HOST: &str = "worker.max_concurrent_agents_per_host";
    reader.map("worker")?;
    let ssh_hosts = reader.list("worker.ssh_hosts")?.unwrap_or_default();
    reader.note("worker.ssh_hosts", ssh_hosts.clone(), reader.origin("worker.ssh_hosts"));
    Ok(WorkerConfig { ssh_hosts, max_concurrent_agents_per_host: limit(reader, PER_HOST, 1_u32, 1)? })
}

/// A whole number that may be left out.
fn limit<T>(reader: &mut Reader<'_>, key: &str, unused: T, min: u64) -> Result<Option<T>, WorkflowError>
where
    T: TryFrom<u64> + Into<Value> + Copy,
{
    if reader.written(key).is_some() {
        return reader.whole(key, unused, min).map(Some);
    }
    reader.note(key, Value::Null, Origin::Default);
    Ok(None)
}

fn block_on(reader: &mut Reader<'_>) -> Result<Vec<ReplaySafety>, WorkflowError> {
    const KEY: &str = "recovery.block_on";
    reader.map("recovery")?;
    let written = reader.list(KEY)?.unwrap_or_default();
    let class = |word: &String| ReplaySafety::ALL.into_iter().find(|class| class.as_str() == word);
    let Some(classes) = written.iter().map(class).collect::<Option<Vec<_>>>() else {
        let words = ReplaySafety::ALL.map(ReplaySafety::as_str);
        return Err(reader.invalid(KEY, format!("a list of {}", words.join(", "))));
    };
    reader.note(KEY, written, reader.origin(KEY));
    Ok(classes)
}

fn names(reader: &mut Reader<'_>, key: &str) -> Result<Vec<String>, WorkflowError> {
    let names = reader.list(key)?.unwrap_or_default();
    if !names.iter().all(|name| is_name(name)) {
        return Err(reader.invalid(key, "a list of names of environment variables"));
    }
    reader.note(key, names.clone(), reader.origin(key));
    Ok(names)
}

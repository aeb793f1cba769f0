//! Values in effect, their origins, and what is noticed.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::model::{CleanupPolicy, Mode};
use config::AgentKind;

#[test]
fn defaults_are_those_of_the_specification() {
    let workflow = with("").expect("a minimal file");
    let config = &workflow.config;
    assert_eq!(config.polling.interval_ms, 30_000);
    assert_eq!(config.hooks.timeout_ms, 60_000);
    assert_eq!(config.agent.max_concurrent_agents, 10);
    assert_eq!(config.agent.max_turns, 20);
    assert_eq!(config.agent.max_retry_backoff_ms, 300_000);
    assert_eq!(config.agent.max_attempts, 10);
    assert_eq!(config.agent.max_idle_continuations, 5);
    assert_eq!(config.agent.max_tokens_per_issue, 0);
    assert_eq!(config.agent.kind, AgentKind::Codex);
    assert_eq!(config.codex_command(), "codex app-server");
    let codex = config.timeouts(AgentKind::Codex);
    assert_eq!((codex.turn_timeout_ms, codex.read_timeout_ms, codex.stall_timeout_ms), (3_600_000, 5_000, 300_000));
    assert_eq!(config.workspace.root, None);
    assert_eq!(config.workspace.mode, Mode::Directory);
    assert_eq!(config.workspace.cleanup, CleanupPolicy::RemoveWhenCleanOtherwiseArchive);
    assert_eq!(config.store.archive_after_ms, 14 * 86_400_000);
    assert_eq!(config.tracker.active_states, ["Todo", "In Progress"]);
    assert_eq!(config.tracker.terminal_states, ["Done", "Closed"]);
    assert_eq!(config.command, None);
    assert_eq!(workflow.prompt_template, "Body");
}

/// Every section, every core key, with values other than the defaults.
const FULL: &str = r#"---
tracker:
  kind: local
  provider: {path: work, token: $TOKEN_VAR}
  api_key: literal
  endpoint: https://ann:pw@example.org/api
  required_labels: [" Ready ", 7, ""]
  active_states: [Open]
  terminal_states: [Shut]
  handoff_state: Review
polling: {interval_ms: "5000"}
workspace: {root: ~/ws, mode: worktree, base: main, path: ../x, cleanup: keep_always}
hooks:
  after_create: |
    git init
  before_run: ""
  timeout_ms: 1
agent:
  kind: command
  max_concurrent_agents: 2
  max_concurrent_agents_by_state: {" Open ": 1, Shut: 0, Other: many, More: "3"}
  max_turns: 3
  max_retry_backoff_ms: 4
  max_attempts: 0
  max_idle_continuations: 6
  max_tokens_per_issue: 7
  env: {A: $TOKEN_VAR, B: $NOT_SET, C: x$HOME, D: 5, MY_TOKEN: literal}
command: {run: ./work.sh, timeout_ms: 8, stall_timeout_ms: -1}
codex: {approval_policy: never, model: big}
env: {deny: [X], allow: [Y]}
store: {path: $ROOT/store, allow_network_fs: true, archive_after: 12h}
recovery: {block_on: [operator_gated]}
server: {port: 0, host: 0.0.0.0, token: $SERVER_TOKEN_VAR}
worker: {ssh_hosts: [a], max_concurrent_agents_per_host: 2}
logging: {level: debug}
polish: yes
---
Body
"#;

#[test]
fn every_key_takes_effect() {
    let config = parse(FULL).expect("a valid file").config;
    let tracker = &config.tracker;
    assert_eq!(tracker.required_labels, ["ready", "7", ""]);
    assert_eq!(
        (&tracker.active_states[..], &tracker.terminal_states[..]),
        (&["Open".into()][..], &["Shut".into()][..])
    );
    assert_eq!(tracker.handoff_state.as_deref(), Some("Review"));
    assert_eq!(tracker.provider.get("token"), Some(&json!("$TOKEN_VAR")));
    assert_eq!(tracker.provider.get("api_key"), Some(&json!("literal")));
    assert_eq!(config.polling.interval_ms, 5000);
    assert_eq!(config.workspace.root.as_deref(), Some(Path::new("/home/ann/ws")));
    assert_eq!(config.workspace.path.as_deref(), Some(Path::new("/x")));
    assert_eq!((config.workspace.mode, config.workspace.cleanup), (Mode::Worktree, CleanupPolicy::KeepAlways));
    assert_eq!(config.hooks.after_create.as_deref(), Some("git init\n"));
    assert_eq!((config.hooks.before_run, config.hooks.timeout_ms), (None, 1));
    let limits: Vec<_> = config.agent.max_concurrent_agents_by_state.into_iter().collect();
    assert_eq!(limits, [("more".to_owned(), 3), ("open".to_owned(), 1)]);
    assert_eq!((config.agent.max_attempts, config.agent.max_turns, config.agent.max_tokens_per_issue), (0, 3, 7));
    let env: Vec<_> = config.agent.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(env, [("A", "s3cret"), ("C", "x$HOME"), ("D", "5"), ("MY_TOKEN", "literal")]);
    let command = config.command.as_ref().expect("a section");
    assert_eq!((command.timeout_ms, command.stall_timeout_ms), (8, 0));
    assert_eq!(config.env.secrets, ["TOKEN_VAR", "SERVER_TOKEN_VAR"]);
    assert_eq!(config.store.path.as_deref(), Some(Path::new("/srv/ws/store")));
    assert_eq!(config.store.archive_after_ms, 43_200_000);
    assert_eq!(config.server.port, Some(0));
    assert_eq!(config.backends[&AgentKind::Codex].section.get("model"), Some(&json!("big")));
}

#[test]
fn no_literal_secret_is_shown() {
    let workflow = parse(FULL).expect("a valid file");
    let shown = serde_json::to_string(&(workflow.effective(), &workflow.config)).expect("JSON");
    for secret in ["literal", "ann:pw", "s3cret"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn every_effective_value_has_its_origin() {
    let workflow = parse(FULL).expect("a valid file");
    let of = |key: &str| {
        let found: Vec<_> = workflow.effective().iter().filter(|effective| effective.key == key).collect();
        assert_eq!(found.len(), 1, "{key}");
        (found[0].value.clone(), serde_json::to_value(&found[0].origin).expect("JSON"))
    };
    for (key, value, origin) in [
        ("tracker.kind", json!("local"), json!({"from": "file", "line": 3})),
        ("tracker.provider.token", json!("$TOKEN_VAR"), json!({"from": "environment", "name": "TOKEN_VAR"})),
        ("tracker.provider.api_key", json!("(hidden by baton)"), json!({"from": "file", "line": 5})),
        ("polling.interval_ms", json!(5000), json!({"from": "file", "line": 11})),
        ("store.path", json!("/srv/ws/store"), json!({"from": "environment", "name": "ROOT"})),
        ("hooks.before_run", json!(null), json!({"from": "file", "line": 16})),
        ("hooks.after_run", json!(null), json!({"from": "default"})),
        ("codex.command", json!("codex app-server"), json!({"from": "default"})),
        ("codex.model", json!("big"), json!({"from": "file", "line": 29})),
        ("agent.env.MY_TOKEN", json!("(hidden by baton)"), json!({"from": "file", "line": 27})),
    ] {
        assert_eq!(of(key), (value, origin), "{key}");
    }
    let minimal = with("").expect("a minimal file");
    let active = minimal.effective().iter().find(|effective| effective.key == "tracker.active_states");
    assert_eq!(active.map(|active| &active.origin), Some(&Origin::Profile { kind: "local".into() }));
}

#[test]
fn what_is_unknown_unused_or_unset_is_noticed() {
    let workflow = parse(FULL).expect("a valid file");
    let notices: Vec<_> = workflow.notices().into_iter().map(|notice| (notice.line, notice.message)).collect();
    for expected in [
        (Some(36), "polish is unknown to Baton, and ignored"),
        (Some(29), "codex.model is unknown to Baton, and ignored"),
        (Some(35), "logging is kept, but this version of Baton does not use it"),
        (Some(27), "agent.env.B is $NOT_SET, which is not set"),
    ] {
        assert!(
            notices.iter().any(|(line, message)| (*line, message.as_str()) == expected),
            "{expected:?} in {notices:?}"
        );
    }
    assert!(!notices.iter().any(|(_, message)| message.starts_with("tracker")), "{notices:?}");
    assert_eq!(workflow.front_matter.get("polish"), Some(&json!("yes")));
    assert_eq!(with("").expect("a minimal file").notices(), []);
}

#[test]
fn what_the_tracker_does_not_know_is_noticed() {
    let text = "---\ntracker:\n  kind: bare\n  active_states: [a]\n  terminal_states: [b]\n  api_key: k\n  provider:\n    path: p\n    query: x\n---\n";
    let workflow = parse(text).expect("a valid file");
    let notices: Vec<_> = workflow.notices().into_iter().map(|notice| (notice.line, notice.message)).collect();
    let expected = |line, key: &str| (line, format!("{key} is unknown to the tracker `bare`, and ignored"));
    assert_eq!(notices, [expected(Some(9), "tracker.provider.query"), expected(Some(6), "tracker.api_key")]);
}

#[test]
fn the_agent_is_the_one_whose_section_alone_is_present() {
    for (yaml, kind) in [
        ("", AgentKind::Codex),
        ("command: {run: x}", AgentKind::Command),
        ("claude:", AgentKind::Claude),
        ("openhands: {transport: {base_url: 'http://127.0.0.1:8000'}}", AgentKind::Openhands),
        ("openhands: {}\nclaude: {}", AgentKind::Codex),
        ("openhands: {}\nagent: {kind: acp}", AgentKind::Acp),
    ] {
        assert_eq!(with(yaml).expect(yaml).config.agent.kind, kind, "{yaml}");
    }
}

#[test]
fn stall_timeouts_follow_the_agent() {
    let stall = |yaml: &str, kind| with(yaml).expect(yaml).config.timeouts(kind).stall_timeout_ms;
    assert_eq!(stall("", AgentKind::Codex), 300_000);
    assert_eq!(stall("codex: {stall_timeout_ms: -1}", AgentKind::Codex), 0);
    assert_eq!(stall("agent: {stall_timeout_ms: 9}", AgentKind::Openhands), 9);
    assert_eq!(stall("agent: {stall_timeout_ms: 9}\nclaude: {stall_timeout_ms: 8}", AgentKind::Claude), 8);
    assert_eq!(stall("command: {run: x}", AgentKind::Command), 0);
    assert_eq!(stall("command: {run: x}\nagent: {stall_timeout_ms: 9}", AgentKind::Command), 9);
}

#[test]
fn flat_tracker_aliases_give_way_to_provider() {
    let text = "---\ntracker: {kind: local, project_slug: a, api_key: $TOKEN_VAR, assignee: me, provider: {project_slug: b}}\n---\n";
    let config = parse(text).expect("a valid file").config;
    let expected = json!({"project_slug": "b", "api_key": "$TOKEN_VAR", "assignee": "me"});
    assert_eq!(Value::Object(config.tracker.provider), expected);
    assert_eq!(config.env.secrets, ["TOKEN_VAR"]);
}

#[test]
fn front_matter_is_found_as_people_write_it() {
    for text in [
        "---\ntracker: {kind: local}\n---\nBody\n",
        "---\r\ntracker:\r\n  kind: local\r\n---\r\n\r\nBody\r\n",
        "\u{feff}--- \ntracker: {kind: local}\n---\t\nBody",
        "---\nbase: &base {kind: local}\ntracker:\n  <<: *base\n---\nBody",
        "---\ntracker: !mine {kind: local}\n1: x\ntrue: y\nnull: z\n---\n\n\nBody\n\n",
    ] {
        assert_eq!(parse(text).expect(text).prompt_template, "Body", "{text}");
    }
    let rule = parse("---\ntracker: {kind: local}\n---\nA\n---\nB").expect("a valid file");
    assert_eq!(rule.prompt_template, "A\n---\nB", "a later `---` is the prompt's");
}

#[test]
fn parts_that_were_kept_make_the_same_configuration() {
    let workflow = parse(FULL).expect("a valid file");
    let again = Workflow::from_parts(
        &workflow.path,
        workflow.front_matter.clone(),
        workflow.prompt_template.clone(),
        &environment(),
        &profiles,
    )
    .expect("valid parts");
    assert_eq!((again.config, again.prompt_template), (workflow.config, workflow.prompt_template));
}

#[test]
fn the_example_is_valid_and_complete() {
    let text = include_str!("../../../WORKFLOW.example.md");
    let workflow = parse(text).expect("a valid file");
    assert_eq!(workflow.notices(), []);
    let prompt = workflow.render_prompt(&issue(), Some(2), None).expect("a valid template");
    for part in ["issue ABC-1: Fix the door", "attempt 2", "Labels: bug, home", "blocked by ABC-2 (Done)"] {
        assert!(prompt.contains(part), "{part:?} in {prompt}");
    }
    for key in keys::KEYS.iter().filter(|key| key.applied != keys::Applied::NotYet) {
        let field = key.name.trim_end_matches(".*").rsplit('.').next().unwrap_or_default();
        assert!(
            text.contains(&format!("  {field}:")) || text.contains(&format!("# {field}:")),
            "{} is missing",
            key.name
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_file_panics(text in "(---\n)?([a-z]{1,7}:? ?[\\[{\"'|>&*!$~0-9-]{0,3}\n|  [a-z_]{1,9}: .{0,9}\n|.{0,20}\n){0,9}(---\n)?.{0,20}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_front_matter_panics(
        section in proptest::sample::select(vec!["tracker", "polling", "workspace", "hooks", "agent", "command", "env", "store", "codex", "server"]),
        field in proptest::sample::select(vec!["kind", "provider", "interval_ms", "root", "mode", "timeout_ms", "env", "run", "deny", "path", "archive_after", "port", "token"]),
        value in "[0-9a-z$~/\\-.]{0,24}|[\\[{].{0,9}[\\]}]|.{0,12}",
    ) {
        let _ = with(&format!("{section}:\n  {field}: {value}"));
        let _ = parse(&format!("---\n{section}:\n  kind: local\n  {field}: {value}\n---\n"));
    }
}

//! `baton config show`.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, skip, texts};

#[test]
fn it_shows_every_setting_with_its_origin() {
    let env = TestEnv::new();
    env.workflow("agent:\n  max_turns: 3\nworkspace:\n  root: $WHERE/ws\n");
    let config = env.command("config show --json").env("WHERE", "/srv").run().json();
    let setting = |key: &str| {
        let settings = config["settings"].as_array().expect("a list");
        settings.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no {key}: {config}"))["value"].clone()
    };
    assert_eq!((setting("agent.max_turns"), setting("workspace.root")), (3.into(), "/srv/ws".into()));
    assert_eq!((setting("agent.max_concurrent_agents"), setting("polling.interval_ms")), (10.into(), 200.into()));
    let text = env.command("config show --origin").env("WHERE", "/srv").run().ok().stdout;
    let line = |key: &str| text.lines().find(|line| line.starts_with(&format!("{key} "))).expect("a line").to_owned();
    assert!(line("agent.max_turns").ends_with("WORKFLOW.md:9"), "{text}");
    assert!(line("hooks.timeout_ms").ends_with("default"), "{text}");
    assert!(!env.store("").exists());
}

#[test]
fn secrets_are_never_shown_and_unknown_keys_are() {
    let env = TestEnv::new();
    env.workflow("tracker:\n  kind: local\n  api_key: $TOKEN\n  provider:\n    prefix: T\n    qery: x\nagent:\n  max_trns: 3\nfancy: true\n");
    let done = env.command("config show --json").env("TOKEN", "s3cret-token").run().ok();
    assert!(!done.to_string().contains("s3cret-token"), "{done}");
    let unknown = &done.any_json()["unknown"];
    let named: Vec<bool> = ["agent.max_trns", "fancy", "tracker.provider.qery", "tracker.api_key"]
        .iter()
        .map(|key| unknown.as_array().is_some_and(|all| all.iter().any(|line| line.to_string().contains(key))))
        .collect();
    assert_eq!((unknown.as_array().map(Vec::len), named), (Some(4), vec![true; 4]), "{unknown}");
    let shown = env.command("config show").env("TOKEN", "s3cret-token").run().ok();
    assert!(shown.stderr.contains("max_trns") && shown.stderr.contains("fancy"), "{shown}");
    assert!(shown.stderr.contains("tracker.provider.qery is unknown to the tracker `local`"), "{shown}");
}

#[test]
fn the_example_is_valid() {
    let env = TestEnv::new();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/WORKFLOW.example.md");
    let config = env.baton(["config", "show", "--json", "--workflow", example]).json();
    assert_eq!(config["unknown"], json!([]));
    assert!(!texts(&config["settings"], "key").is_empty());
}

/// A WORKFLOW.md as others write it, resolved: its settings, and what Baton says of it.
fn resolved(env: &TestEnv, text: &str) -> Option<(Value, String)> {
    fs::write(env.path("p/WORKFLOW.md"), text).expect("a workflow");
    let shown = env.command("config show --json").env("LINEAR_API_KEY", "key").run();
    if shown.stderr.contains("unsupported_tracker_kind") {
        return None;
    }
    let data = shown.json();
    let setting = |row: &Value| (row["key"].as_str().expect("a key").to_owned(), row["value"].clone());
    let settings = data["settings"].as_array().expect("a list").iter().map(setting).collect();
    Some((Value::Object(settings), data["unknown"].to_string()))
}

#[test]
fn the_files_of_symphony_and_of_opensymphony_resolve_without_an_edit() {
    let env = TestEnv::empty();
    let codex = |root: &str, agents: u32, turns: u32, sandbox: &str, policy: Value| {
        json!({
            "agent.kind": "codex", "agent.max_concurrent_agents": agents, "agent.max_turns": turns,
            "polling.interval_ms": 5000, "codex.approval_policy": "never", "codex.thread_sandbox": sandbox,
            "codex.turn_sandbox_policy": policy, "workspace.root": env.path(root),
        })
    };
    let write = json!({ "type": "workspaceWrite", "networkAccess": true });
    let full = json!({ "type": "dangerFullAccess" });
    let server = json!({ "base_url": "http://127.0.0.1:8000" });
    for (text, expected, warnings) in [
        (
            include_str!("../data/compat/symphony.md"),
            codex("home/code/workspaces", 10, 20, "workspace-write", write),
            vec![],
        ),
        (
            include_str!("../data/compat/opensymphony.md"),
            codex("home/code/workspaces", 16, 50, "danger-full-access", full),
            vec!["logging"],
        ),
        (
            include_str!("../data/compat/opensymphony-target.md"),
            json!({ "agent.kind": "openhands", "openhands.transport": server, "workspace.root": env.path("p/var/workspaces") }),
            vec![],
        ),
    ] {
        // All but the tracker does not depend on which trackers this build has.
        let with_local = text.replace("kind: linear", "kind: local");
        let linear = resolved(&env, text);
        if linear.is_none() {
            skip("the tracker of these files: this build has no adapter for linear");
        }
        for (settings, unknown) in linear.into_iter().chain(resolved(&env, &with_local)) {
            for (key, value) in expected.as_object().expect("settings") {
                assert_eq!(&settings[key], value, "{key} of\n{text}");
            }
            for warning in &warnings {
                assert!(unknown.contains(warning), "{warning} in {unknown}");
            }
        }
    }
}

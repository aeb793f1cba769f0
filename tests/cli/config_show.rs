//! `baton config show`.

use crate::env::{TestEnv, texts};

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
    env.workflow("tracker:\n  kind: local\n  api_key: $TOKEN\nagent:\n  max_trns: 3\nfancy: true\n");
    let done = env.command("config show --json").env("TOKEN", "s3cret-token").run().ok();
    assert!(!done.to_string().contains("s3cret-token"), "{done}");
    let unknown = &done.any_json()["unknown"];
    assert_eq!(unknown.as_array().map(Vec::len), Some(2), "{unknown}");
    let shown = env.command("config show").env("TOKEN", "s3cret-token").run().ok();
    assert!(shown.stderr.contains("max_trns") && shown.stderr.contains("fancy"), "{shown}");
}

#[test]
fn the_example_is_valid() {
    let env = TestEnv::new();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/WORKFLOW.example.md");
    let config = env.baton(["config", "show", "--json", "--workflow", example]).json();
    assert_eq!(config["unknown"], serde_json::json!([]));
    assert!(!texts(&config["settings"], "key").is_empty());
}

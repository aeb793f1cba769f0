//! The program as its users meet it: the built `baton`, with real git, shell, files, processes and signals.
#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test says what it expected and what it got")]
#![allow(clippy::needless_pass_by_value, reason = "a command's words are given away")]

mod env;
mod fakes;

mod agents;
mod bad_agent;
mod bad_arguments;
mod bad_disk;
mod bad_hooks;
mod bad_issues;
mod bad_store;
mod bad_workflow;
mod bad_workspace;
mod codex;
mod codex_real;
mod config_show;
mod crash_points;
mod damage;
mod dispatch;
mod doctor;
mod dry_run;
mod errors;
mod events;
mod fake_codex;
mod fencing;
mod gc;
mod idempotency;
mod init;
mod issue;
mod laptop;
mod migrate_store;
mod pause;
mod pipeline;
mod place;
mod poll;
mod real_project;
mod reconcile;
mod recover;
mod recover_workspaces;
mod redmine_real;
mod run;
mod schema;
mod signals;
mod status;
mod storm;
mod symphony;
mod tool_server;
mod tracker_asana;
mod tracker_command;
mod tracker_github;
mod tracker_github_failures;
mod tracker_github_writes;
mod tracker_gitlab;
mod tracker_http;
mod tracker_jira;
mod tracker_linear;
mod tracker_linear_graphql;
mod tracker_redmine;
mod tracker_traffic;
mod turns;
mod watch;
mod worker;
mod workpad;
mod workspace;
mod workspace_care;
mod workspace_shell;

/// A file that is not declared above is not compiled, and its tests never run.
#[test]
fn no_file_is_forgotten() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let declared: Vec<&str> = include_str!("main.rs").lines().filter_map(|line| line.strip_prefix("mod ")).collect();
    for entry in std::fs::read_dir(here).expect("tests/cli") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let module = format!("{};", name.trim_end_matches(".rs"));
        let is_none = name == "main.rs" || name.starts_with('.');
        assert!(is_none || declared.contains(&module.as_str()), "main.rs does not declare {name}");
    }
}

//! A WORKFLOW.md that cannot be used: exit 10, the file with line and `section.field`, and nothing is lost.
//!
//! | case | test |
//! |---|---|
//! | missing, here and above | `errors::without_a_workflow_there_is_no_project` |
//! | not YAML, a list, without `tracker.kind` | `errors::a_workflow_that_is_not_valid_names_file_line_and_key` |
//! | an unknown template variable | `turns::a_prompt_with_an_unknown_variable_fails_before_anything_runs` |
//! | a prompt that fails for one issue alone | `turns::a_prompt_that_does_not_render_fails_its_run_alone` |
//! | broken while `run` loops | `run::a_broken_workflow_stops_dispatching_and_nothing_else` |

use std::fs;
use std::os::unix::fs::{chown, symlink};

use crate::env::{TestEnv, is_root, skip, texts};

#[test]
fn one_that_is_named_and_not_there_is_not_looked_for_elsewhere() {
    let env = TestEnv::new();
    insta::assert_snapshot!(env.baton("poll --workflow sub/WORKFLOW.md"), @"
    ------- stderr -------
    error: <root>/p/sub/WORKFLOW.md: there is no such workflow file
    hint: `baton init` writes one for this repository
    [exit status: 10]
    ");
    assert!(!env.path("p/sub").exists() && !env.store("").exists());
}

#[test]
fn one_that_cannot_be_read_says_why() {
    let env = TestEnv::empty();
    let path = env.path("p/WORKFLOW.md");
    fs::create_dir(&path).expect("a directory");
    insta::assert_snapshot!(env.baton("poll"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md: the workflow file cannot be read
    caused by: it is not a regular file
    [exit status: 10]
    ");
    fs::remove_dir(&path).expect("removed");
    symlink("nowhere", &path).expect("a link");
    insta::assert_snapshot!(env.baton("poll"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md: there is no such workflow file
    hint: `baton init` writes one for this repository
    [exit status: 10]
    ");
    fs::remove_file(&path).expect("removed");
    fs::write(&path, b"---\ntracker:\n  kind: \xff\n---\n").expect("written");
    insta::assert_snapshot!(env.baton("poll"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md:3: the file is not UTF-8
    [exit status: 10]
    ");
    assert!(!env.store("").exists());
}

#[test]
fn one_without_front_matter_to_go_by_says_what_is_missing() {
    let env = TestEnv::empty();
    let poll = |text: &str| {
        fs::write(env.path("p/WORKFLOW.md"), text).expect("written");
        env.baton("poll")
    };
    insta::assert_snapshot!(poll(""), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md: tracker.kind is missing
    hint: `tracker.kind: local` keeps issues as files beside WORKFLOW.md
    hint: the configuration stands between two lines `---`, the first of which begins the file
    [exit status: 10]
    ");
    insta::assert_snapshot!(poll("---\njust a text\n---\n"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md:2: the front matter is a text, expected a map of keys to values
    [exit status: 10]
    ");
    insta::assert_snapshot!(poll("---\ntracker: local\n---\n"), @r#"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md:2: tracker is "local", expected a map
    [exit status: 10]
    "#);
    insta::assert_snapshot!(poll("---\ntracker:\n  kind: local\n"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md:1: the front matter begins with `---`, but no second `---` line ends it
    [exit status: 10]
    ");
    insta::assert_snapshot!(poll("---\ntracker:\n  kind: local\n\tcommand: tab\n---\n"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md:4: the front matter is not valid YAML: found a tab character that violates indentation at line 4 column 1, while scanning a plain scalar at line 3 column 9
    [exit status: 10]
    ");
    insta::assert_snapshot!(poll("---\ntracker:\n  kind: local\nagent:\n  max_turns: 5\ntracker:\n  kind: local\n---\n"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md:6: the front matter is not valid YAML: the key `tracker` is there twice
    [exit status: 10]
    ");
}

#[test]
fn a_wrong_type_or_range_names_the_field_and_what_it_wants() {
    let env = TestEnv::new();
    let table: Vec<String> = [
        "agent:\n  max_concurrent_agents: 0\n",
        "agent:\n  max_turns: -1\n",
        "agent:\n  max_turns: 1.5\n",
        "agent:\n  max_attempts: 99999999999999999999\n",
        "agent:\n  kind: vim\n",
        "agent:\n  env: [PATH]\n",
        "hooks:\n  timeout_ms: 0\n",
        "hooks:\n  before_run: [a, b]\n",
        "workspace:\n  mode: tree\n",
        "workspace:\n  cleanup: never\n",
        "workspace:\n  root: 5\n",
        "workspace:\n  root: ''\n",
        "workspace:\n  root: $NOT_SET/ws\n",
        "store:\n  path: ''\n",
        "store:\n  archive_after: later\n",
        "env:\n  deny: SECRET\n",
        "server:\n  port: 70000\n",
        "recovery:\n  block_on: [danger]\n",
        "command:\n  run: ''\n",
        "command:\n  run: 'true'\n  timeout_ms: -5\n",
        "tracker:\n  kind: local\n  active_states: 7\n",
        "tracker:\n  kind: local\n  provider:\n    path: 5\n",
        "tracker:\n  kind: local\n  provider:\n    prefix: a b/\n",
    ]
    .into_iter()
    .map(|front_matter| {
        env.workflow(front_matter);
        let error = env.baton("poll --json").exits(10).error();
        format!("{}: {}", error["code"].as_str().expect("a code"), error["message"].as_str().expect("a message"))
    })
    .collect();
    insta::assert_snapshot!(table.join("\n"), @r#"
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: agent.max_concurrent_agents is 0, expected a whole number of at least 1
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: agent.max_turns is -1, expected a whole number of at least 1
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: agent.max_turns is 1.5, expected a whole number of at least 1
    workflow_parse_error: <root>/p/WORKFLOW.md:9: the front matter is not valid YAML: agent.max_attempts is 99999999999999999999, which is too large a number
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: agent.kind is "vim", expected one of command, codex, openhands, acp, claude
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: agent.env is ["PATH"], expected a map
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: hooks.timeout_ms is 0, expected a whole number of at least 1
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: hooks.before_run is ["a","b"], expected a text
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: workspace.mode is "tree", expected one of directory, worktree, clone, shared
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: workspace.cleanup is "never", expected one of keep_always, remove_on_success, archive_on_failure, archive_always, remove_when_clean_otherwise_archive
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: workspace.root is 5, expected a text
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: workspace.root is "", expected a path
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: workspace.root is "$NOT_SET/ws", expected the environment variable NOT_SET to be set
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: store.path is "", expected a path
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: store.archive_after is "later", expected a time such as 14d, 12h, 30m, or milliseconds
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: env.deny is "SECRET", expected a list of texts
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: server.port is 70000, expected a smaller whole number
    workflow_invalid_config: <root>/p/WORKFLOW.md:9: recovery.block_on is ["danger"], expected a list of pure_readonly, idempotent_write, checkpoint_resumable, operator_gated, non_replayable_side_effect
    workflow_invalid_config: <root>/p/WORKFLOW.md:7: command.run is "", expected a shell command that works on an issue
    workflow_invalid_config: <root>/p/WORKFLOW.md:8: command.timeout_ms is -5, expected a whole number of at least 1
    workflow_invalid_config: <root>/p/WORKFLOW.md:8: tracker.active_states is 7, expected a list of texts
    invalid_tracker_config: <root>/p/WORKFLOW.md: tracker.provider.path: `5` is no text, or an empty one
    invalid_tracker_config: <root>/p/WORKFLOW.md: tracker.provider.prefix: `a b/` cannot begin an identifier; use letters, digits, `_`, `-` and single dots
    "#);
}

#[test]
fn somebody_else_s_is_used_only_where_it_is_named() {
    if !is_root() {
        return skip("only root can give a file to somebody else");
    }
    let env = TestEnv::new();
    env.issue("A", "");
    chown(env.path("p/WORKFLOW.md"), Some(12_345), None).expect("given away");
    for args in ["poll", "dispatch", "run --once", "status", "worker launch A"] {
        assert_eq!(env.baton(format!("{args} --json").as_str()).exits(5).error()["code"], "wrong_owner", "{args}");
    }
    insta::assert_snapshot!(env.baton("poll"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md belongs to user 12345, not to you
    hint: if you trust it, name it: `--workflow <root>/p/WORKFLOW.md`
    [exit status: 5]
    ");
    assert!(!env.store("").exists());
    env.baton("poll --workflow WORKFLOW.md").ok();
}

#[test]
fn while_it_is_broken_readers_go_by_the_last_good_one_and_nothing_is_launched() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    let good = fs::read(env.path("p/WORKFLOW.md")).expect("text");
    let break_it: [&dyn Fn(); 2] =
        [&|| fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: [\n---\n").expect("written"), &|| {
            fs::remove_file(env.path("p/WORKFLOW.md")).expect("removed");
        }];
    for how in break_it {
        how();
        for args in ["status", "status A", "issue list", "workspace list", "reconcile", "recover"] {
            let done = env.baton(args).ok();
            assert!(done.stderr.contains("going on with the last good configuration"), "{args}: {done}");
        }
        for args in ["poll", "dispatch", "worker launch A", "run", "run --once"] {
            let error = env.baton(format!("{args} --json").as_str()).exits(10).error();
            assert!(error["message"].as_str().expect("text").contains("p/WORKFLOW.md"), "{args}: {error}");
        }
    }
    insta::assert_snapshot!(env.baton("status"), @"
    IDLE  STATE  TITLE
    A     Todo   Title of A

    0 running, 0 retrying, 0 blocked, 0 paused, 1 idle, 0 done; polled <age> ago
    ------- stderr -------
    warning: <root>/p/WORKFLOW.md: there is no such workflow file; going on with the last good configuration
    [exit status: 0]
    ");
    insta::assert_snapshot!(env.baton("dispatch"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md: there is no such workflow file
    hint: `baton init` writes one for this repository
    [exit status: 10]
    ");
    fs::write(env.path("p/WORKFLOW.md"), good).expect("written");
    assert_eq!(texts(&env.baton("poll --json").json()["queue"], "identifier"), ["A"]);
    assert!(env.turns().is_empty());
}

#[test]
fn a_store_that_lies_elsewhere_is_not_taken_for_none_while_it_is_broken() {
    let env = TestEnv::new();
    env.workflow("store:\n  path: ../elsewhere\n");
    env.issue("A", "");
    env.baton("poll").ok();
    assert!(env.path("elsewhere/FORMAT").exists() && !env.store("").exists());
    fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: [\n---\n").expect("written");
    for args in ["status", "events", "worker list", "workspace list", "recover"] {
        env.baton(args).exits(10);
    }
    env.command("status A").env("BATON_STORE", env.path("elsewhere")).run().ok();
}

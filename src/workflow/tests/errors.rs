//! The exact text of every error.

use std::path::Path;

use super::*;

/// The text of the error.
fn error_of(result: Result<Workflow, WorkflowError>) -> (String, &'static str) {
    match result {
        Ok(workflow) => panic!("valid: {:?}", workflow.front_matter),
        Err(error) => (error.to_string(), error.code()),
    }
}

#[test]
fn every_wrong_value_is_named_with_its_line_and_what_is_expected() {
    for (yaml, message) in [
        ("polling: 5", "3: polling is 5, expected a map"),
        ("polling:\n  interval_ms: soon", "4: polling.interval_ms is \"soon\", expected a whole number of at least 1"),
        ("polling: {interval_ms: 0}", "3: polling.interval_ms is 0, expected a whole number of at least 1"),
        ("polling: {interval_ms: 1.5}", "3: polling.interval_ms is 1.5, expected a whole number of at least 1"),
        (
            "polling: {interval_ms: 999999999999}",
            "3: polling.interval_ms is 999999999999, expected at most 315360000000 milliseconds",
        ),
        ("agent:\n  # how many\n  max_turns: 0", "5: agent.max_turns is 0, expected a whole number of at least 1"),
        ("agent:\n  max_turns: -3", "4: agent.max_turns is -3, expected a whole number of at least 1"),
        ("agent:\n  max_turns: 4294967296", "4: agent.max_turns is 4294967296, expected a smaller whole number"),
        ("agent:\n  max_turns: true", "4: agent.max_turns is true, expected a whole number of at least 1"),
        (
            "agent: {max_concurrent_agents: 0}",
            "3: agent.max_concurrent_agents is 0, expected a whole number of at least 1",
        ),
        ("agent: {max_attempts: -1}", "3: agent.max_attempts is -1, expected a whole number of at least 0"),
        ("agent: {kind: robot}", "3: agent.kind is \"robot\", expected one of command, codex, openhands, acp, claude"),
        ("agent: {kind: command}", "3: command.run is missing, expected a shell command that works on an issue"),
        ("command: {run: ' '}", "3: command.run is \" \", expected a shell command that works on an issue"),
        ("command: [run]", "3: command is [\"run\"], expected a map"),
        ("agent: {env: {A-B: x}}", "3: agent.env.A-B is \"x\", expected a name of letters, digits and `_`"),
        ("agent: {env: {A.B: x}}", "3: agent.env.A.B is \"x\", expected a name of letters, digits and `_`"),
        ("agent: {env: {A: [x]}}", "3: agent.env.A is [\"x\"], expected a text"),
        ("agent: {env: {A_TOKEN: [x]}}", "3: agent.env.A_TOKEN is [\"(hidden by baton)\"], expected a text"),
        ("agent: {max_concurrent_agents_by_state: 3}", "3: agent.max_concurrent_agents_by_state is 3, expected a map"),
        ("hooks: {timeout_ms: 0}", "3: hooks.timeout_ms is 0, expected a whole number of at least 1"),
        ("hooks:\n  after_create: |\n    x: y\n  before_run: [ls]", "6: hooks.before_run is [\"ls\"], expected a text"),
        (
            "workspace: {mode: tree}",
            "3: workspace.mode is \"tree\", expected one of directory, worktree, clone, shared",
        ),
        (
            "workspace: {cleanup: never}",
            "3: workspace.cleanup is \"never\", expected one of keep_always, remove_on_success, archive_on_failure, \
             archive_always, remove_when_clean_otherwise_archive",
        ),
        (
            "workspace: {root: $NOPE}",
            "3: workspace.root is \"$NOPE\", expected the environment variable NOPE to be set",
        ),
        ("workspace: {root: 3}", "3: workspace.root is 3, expected a text"),
        (
            "store: {archive_after: soon}",
            "3: store.archive_after is \"soon\", expected a time such as 14d, 12h, 30m, or milliseconds",
        ),
        ("store: {allow_network_fs: 'yes'}", "3: store.allow_network_fs is \"yes\", expected true or false"),
        ("env: {deny: [A B]}", "3: env.deny is [\"A B\"], expected a list of names of environment variables"),
        ("env: {deny: A}", "3: env.deny is \"A\", expected a list of texts"),
        ("codex: {command: ''}", "3: codex.command is \"\", expected a shell command"),
        ("codex: {read_timeout_ms: 0}", "3: codex.read_timeout_ms is 0, expected a whole number of at least 1"),
        ("server: {port: 70000}", "3: server.port is 70000, expected a smaller whole number"),
        ("server: {token: [1]}", "3: server.token is [\"(hidden by baton)\"], expected a text"),
        (
            "recovery: {block_on: [all]}",
            "3: recovery.block_on is [\"all\"], expected a list of pure_readonly, idempotent_write, \
             checkpoint_resumable, operator_gated, non_replayable_side_effect",
        ),
    ] {
        let message = format!("{FILE}:{message}").replace("             ", "");
        assert_eq!(error_of(with(yaml)), (message, "workflow_invalid_config"), "{yaml}");
    }
    let long = format!("agent: {{kind: {}}}", "x".repeat(500));
    let (message, _) = error_of(with(&long));
    assert!(message.contains(&format!("agent.kind is \"{}…,", "x".repeat(58))), "{message}");
}

#[test]
fn every_wrong_tracker_is_named() {
    for (tracker, code, message) in [
        ("{}", "missing_tracker_kind", "2: tracker.kind is missing"),
        ("", "missing_tracker_kind", "2: tracker.kind is missing"),
        ("{kind: ' '}", "missing_tracker_kind", "2: tracker.kind is missing"),
        (
            "{kind: jura}",
            "unsupported_tracker_kind",
            "2: tracker.kind is \"jura\", which is not supported: there are local and bare",
        ),
        ("{kind: 3}", "workflow_invalid_config", "2: tracker.kind is 3, expected a text"),
        ("local", "workflow_invalid_config", "2: tracker is \"local\", expected a map"),
        ("{kind: local, provider: x}", "workflow_invalid_config", "2: tracker.provider is \"x\", expected a map"),
        (
            "{kind: bare}",
            "workflow_invalid_config",
            "2: tracker.active_states is missing, expected a list of states, because `bare` has no defaults",
        ),
        (
            "{kind: local, active_states: Todo}",
            "workflow_invalid_config",
            "2: tracker.active_states is \"Todo\", expected a list of texts",
        ),
        (
            "{kind: local, terminal_states: [Done, ' ']}",
            "workflow_invalid_config",
            "2: tracker.terminal_states is [\"Done\",\" \"], expected a list of states without a blank one",
        ),
        (
            "{kind: local, handoff_state: todo}",
            "workflow_invalid_config",
            "2: tracker.handoff_state is \"todo\", expected a state that is not one of tracker.active_states",
        ),
    ] {
        let result = parse(&format!("---\ntracker: {tracker}\n---\n"));
        assert_eq!(error_of(result), (format!("{FILE}:{message}"), code), "{tracker}");
    }
    assert_eq!(error_of(parse("Just a prompt")), (format!("{FILE}: tracker.kind is missing"), "missing_tracker_kind"));
}

#[test]
fn every_broken_front_matter_is_named() {
    for (text, code, message) in [
        (
            "---\ntracker: {kind: local}\n",
            "workflow_parse_error",
            "1: the front matter begins with `---`, but no second `---` line ends it",
        ),
        (
            "---\ntracker:\n  kind: [\n---\n",
            "workflow_parse_error",
            "4: the front matter is not valid YAML: did not find expected node content at line 4 column 1, while parsing a flow node",
        ),
        (
            "---\na: 1\na: 2\n---\n",
            "workflow_parse_error",
            "3: the front matter is not valid YAML: the key `a` is there twice",
        ),
        (
            "---\ntracker: x\n\tkind: y\n---\n",
            "workflow_parse_error",
            "3: the front matter is not valid YAML: found a tab character that violates indentation at line 3 column 1, while scanning a plain scalar at line 2 column 10",
        ),
        (
            "---\n[a, b]\n---\n",
            "workflow_front_matter_not_a_map",
            "2: the front matter is a list, expected a map of keys to values",
        ),
        (
            "---\nhello\n---\n",
            "workflow_front_matter_not_a_map",
            "2: the front matter is a text, expected a map of keys to values",
        ),
        (
            "---\n7\n---\n",
            "workflow_front_matter_not_a_map",
            "2: the front matter is a number, expected a map of keys to values",
        ),
    ] {
        assert_eq!(error_of(parse(text)), (format!("{FILE}:{message}"), code), "{text}");
    }
    let (message, code) = error_of(parse("---\n? [a]\n: b\n---\n"));
    assert_eq!(
        (message.as_str(), code),
        ("/repo/WORKFLOW.md: the front matter is not valid YAML: a key is not a text", "workflow_parse_error")
    );
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let folder = tempfile::tempdir().expect("a directory");
    let load = |path: &Path| error_of(Workflow::load(path, &environment(), &profiles));
    let missing = folder.path().join("WORKFLOW.md");
    let text = missing.display();
    assert_eq!(load(&missing), (format!("{text}: there is no such workflow file"), "missing_workflow_file"));

    std::fs::create_dir(&missing).expect("a directory");
    let error = Workflow::load(&missing, &environment(), &profiles).expect_err("a directory");
    assert_eq!(
        (error.to_string(), error.code()),
        (format!("{text}: the workflow file cannot be read"), "missing_workflow_file")
    );
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("it is not a regular file"));

    let binary = folder.path().join("binary");
    std::fs::write(&binary, b"a\nb\n\xff").expect("written");
    assert_eq!(load(&binary), (format!("{}:3: the file is not UTF-8", binary.display()), "workflow_parse_error"));
}

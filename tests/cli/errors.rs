//! What goes wrong, and how it is said.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::env::TestEnv;

#[test]
fn without_a_workflow_there_is_no_project() {
    let env = TestEnv::empty();
    insta::assert_snapshot!(env.baton("poll"), @"
    ------- stderr -------
    error: no WORKFLOW.md in <root>/p or above it
    hint: `baton init` writes one for this repository; `--workflow FILE` names another
    [exit status: 10]
    ");
    for args in ["poll", "dispatch", "run --once", "worker launch A", "status", "events", "recover", "reconcile"] {
        let error = env.baton(format!("{args} --json").as_str()).exits(10).error();
        assert_eq!(error["code"], "missing_workflow_file", "{args}");
    }
    assert_eq!(fs::read_dir(env.path("p")).expect("a directory").count(), 0);
}

#[test]
fn a_workflow_that_is_not_valid_names_file_line_and_key() {
    let env = TestEnv::new();
    let broken = |text: &str| {
        fs::write(env.path("p/WORKFLOW.md"), text).expect("written");
        env.baton("poll")
    };
    insta::assert_snapshot!(broken("---\ntracker: [\n---\n"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md:3: the front matter is not valid YAML: did not find expected node content at line 3 column 1, while parsing a flow node
    [exit status: 10]
    ");
    insta::assert_snapshot!(broken("---\n- a list\n---\n"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md:2: the front matter is a list, expected a map of keys to values
    [exit status: 10]
    ");
    insta::assert_snapshot!(broken("---\ncommand: {run: 'true'}\n---\n"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md: tracker.kind is missing
    hint: `tracker.kind: local` keeps issues as files beside WORKFLOW.md
    hint: the configuration stands between two lines `---`, the first of which begins the file
    [exit status: 10]
    ");
    insta::assert_snapshot!(broken("---\ntracker:\n  kind: local\npolling:\n  interval_ms: soon\n---\n"), @r#"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md:5: polling.interval_ms is "soon", expected a whole number of at least 1
    [exit status: 10]
    "#);
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let env = TestEnv::new();
    for args in [
        "",
        "pol",
        "poll extra",
        "poll --nothing",
        "dispatch --limit 0",
        "dispatch --limit many",
        "events --limit -1",
        "run --once --until-idle",
        "poll --lock-timeout 5d",
        "worker launch",
        "worker launch A --wait --foreground",
        "worker stop",
        "reconcile --exit-code",
        "issue edit A",
        "status A --summary",
        "poll --json=yes",
    ] {
        let done = env.baton(args).exits(2);
        assert!(done.stdout.is_empty() && !done.stderr.is_empty(), "{args}: {done}");
    }
    assert!(!env.store("").exists());
    insta::assert_snapshot!(env.baton("-C nowhere poll"), @"
    ------- stderr -------
    error: cannot change to nowhere
    caused by: No such file or directory (os error 2)
    [exit status: 2]
    ");
}

#[test]
fn help_and_version_are_data() {
    let env = TestEnv::empty();
    for args in ["--help", "-h", "--version", "worker --help", "worker launch --help"] {
        let done = env.baton(args).ok();
        assert!(done.stderr.is_empty() && !done.stdout.is_empty(), "{args}: {done}");
    }
}

#[test]
fn with_json_an_error_is_one_object_on_stderr() {
    let env = TestEnv::new();
    insta::assert_snapshot!(env.baton("worker launch A -q --json"), @r#"
    ------- stderr -------
    {"type":"error","code":"not_found","exit":4,"message":"no issue `A`","causes":[],"retryable":false,"hints":["`baton status` lists the issues that are known"]}
    [exit status: 4]
    "#);
    insta::assert_snapshot!(env.baton("worker show A --json"), @r#"
    ------- stderr -------
    {"type":"error","code":"not_found","exit":4,"message":"no run `A`","causes":[],"retryable":false,"hints":["`baton worker list` shows the live ones"]}
    [exit status: 4]
    "#);
}

#[test]
fn a_store_of_a_newer_format_is_left_alone() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    let format = fs::read_to_string(env.store("FORMAT")).expect("a file");
    fs::write(env.store("FORMAT"), format.replace("\"major\":1", "\"major\":2")).expect("written");
    insta::assert_snapshot!(env.baton("status"), @"
    ------- stderr -------
    error: <root>/p/.baton/FORMAT has format 2, and this program knows 1
    hint: use the newer Baton that wrote it
    [exit status: 7]
    ");
    env.writing_nothing(|| {
        for args in ["poll", "dispatch", "recover", "run --once", "status", "events", "worker launch A"] {
            env.baton(args).exits(7);
        }
    });
}

#[test]
fn damage_in_the_middle_of_the_journal_is_located_and_nothing_is_changed() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "");
    env.baton("dispatch --wait").ok();
    let segment =
        fs::read_dir(env.store("journal")).expect("a directory").next().expect("a segment").expect("one").path();
    let text = fs::read_to_string(&segment).expect("text");
    fs::write(&segment, text.replacen("\"title\":\"Title of A\"", "\"title\":\"Title of X\"", 1)).expect("written");
    let events = env.writing_nothing(|| env.baton("events"));
    insta::assert_snapshot!(events, @"
    ------- stderr -------
    error: <root>/p/.baton/journal/00000000000001.jsonl line 2 byte <n>: its sum is <sum>, and it says <sum>
    hint: nothing was changed; keep a copy of the directory before anything else
    [exit status: 7]
    ");
}

#[test]
fn a_torn_last_line_is_dropped_and_said_once() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    let before = env.baton("events").ok().stdout;
    env.bash("printf '{\"sum\":\"12' >> .baton/journal/*.jsonl").ok();
    assert_eq!(env.baton("events").ok().stdout, before);
    env.issue("B", "");
    let poll = env.baton("poll").ok();
    assert!(!poll.stderr.is_empty(), "{poll}");
    assert_eq!(env.baton("poll").ok().stderr, "");
    assert!(env.baton("events").ok().stdout.contains("Title of B"));
}

#[test]
fn a_closed_stdout_ends_the_output_and_not_the_step() {
    let env = TestEnv::new();
    for id in ["A", "B"] {
        env.issue(id, "");
    }
    // The reader is gone before the first byte is written.
    let closed = "set +e; (sleep 0.2; baton dispatch --wait; echo $? > $TEST_ROOT/said/exit) | head -0";
    env.bash(closed).ok();
    assert_eq!(env.said_lines("exit"), ["0"]);
    assert_eq!(["A", "B"].map(|id| env.status_word(id)), ["done", "done"]);
    env.bash("baton poll >&-").ok();
}

#[test]
fn a_store_that_cannot_be_written_is_still_read() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    if rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: root writes where it likes");
        return;
    }
    fs::set_permissions(env.store("journal"), fs::Permissions::from_mode(0o500)).expect("permissions");
    env.baton("status").ok();
    fs::set_permissions(env.store("journal"), fs::Permissions::from_mode(0o700)).expect("permissions");
}

#[test]
fn what_is_baton_s_is_the_owner_s_alone() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    for entry in walkdir::WalkDir::new(env.store("")).into_iter().flatten() {
        let is_workspace = entry.path().starts_with(env.store("workspaces/A"));
        let mode = entry.metadata().expect("metadata").permissions().mode() & 0o777;
        assert!(is_workspace || mode & 0o077 == 0, "{} is open to others: {mode:o}", entry.path().display());
    }
}

//! What an agent is given, and what it may do.

use std::fs;

use crate::env::TestEnv;

#[test]
fn it_gets_its_issue_in_the_environment_and_its_prompt_on_stdin() {
    let env = TestEnv::with_git();
    env.workflow_with(
        "workspace:\n  mode: worktree\nagent:\n  env:\n    EXTRA: more\n",
        "{{ issue.identifier }}: {{ issue.title }}\n{{ issue.description }}\n{{ issue.labels | join: \",\" }}\n",
    );
    env.agent("env > $TEST_ROOT/said/env; pwd > $TEST_ROOT/said/pwd; baton --version >/dev/null; finish");
    env.issue("A", "labels: [one, Two]");
    env.baton("worker launch A --wait").ok();
    assert_eq!(env.prompt("A.1", 1), "A: Title of A\nDo A.\none,two");
    let given = env.said_lines("env");
    let value = |name: &str| {
        let start = format!("{name}=");
        given.iter().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("no {name}: {given:#?}"))
    };
    let text = |path: std::path::PathBuf| path.to_str().expect("text").trim_end_matches('/').to_owned();
    for (name, expected) in [
        ("BATON_ISSUE", "A".to_owned()),
        ("BATON_ISSUE_ID", "A".to_owned()),
        ("BATON_RUN", "A.1".to_owned()),
        ("BATON_TURN", "1".to_owned()),
        ("BATON_STORE", text(env.store(""))),
        ("BATON_WORKFLOW", text(env.path("p/WORKFLOW.md"))),
        ("BATON_WORKSPACE", text(env.workspace("A"))),
        ("BATON_EXE", env!("CARGO_BIN_EXE_baton").to_owned()),
        ("EXTRA", "more".to_owned()),
    ] {
        assert_eq!(value(name), expected, "{name}");
    }
    assert_eq!(fs::read_to_string(value("BATON_PROMPT_FILE")).expect("a prompt"), env.prompt("A.1", 1));
    assert_eq!(env.said_lines("pwd"), [text(env.workspace("A"))]);
}

#[test]
fn a_login_shell_s_profile_brings_no_secret_back_and_hides_no_baton() {
    let env = TestEnv::new();
    fs::write(env.path("home/.bash_profile"), "export TRACKER_TOKEN=s3cret-profile\nPATH=/usr/bin:/bin\n")
        .expect("a profile");
    env.workflow(
        "tracker:\n  kind: local\n  api_key: $TRACKER_TOKEN\nhooks:\n  before_run: echo \"${TRACKER_TOKEN-none}\" > $TEST_ROOT/said/hook\n",
    );
    env.agent("echo \"${TRACKER_TOKEN-none}\" > $TEST_ROOT/said/agent; finish");
    env.issue("A", "");
    env.command("worker launch A --wait").env("TRACKER_TOKEN", "s3cret-token").run().ok();
    assert_eq!((env.said_lines("hook"), env.said_lines("agent")), (vec!["none".to_owned()], vec!["none".to_owned()]));
}

#[test]
fn what_is_allowed_is_given_and_what_is_written_down_holds_no_secret() {
    let env = TestEnv::new();
    env.workflow("tracker:\n  kind: local\n  api_key: $TRACKER_TOKEN\nenv:\n  allow: [TRACKER_TOKEN]\nhooks:\n  before_run: echo token $TRACKER_TOKEN\n");
    env.agent("[ \"$TRACKER_TOKEN\" = s3cret-token ]; echo token $TRACKER_TOKEN; echo $TRACKER_TOKEN >&2; exit 1");
    env.issue("A", "");
    let launch = env.command("worker launch A --wait --json").env("TRACKER_TOKEN", "s3cret-token").run().exits(20);
    assert!(!launch.to_string().contains("s3cret"), "{launch}");
    assert_eq!(env.bash("grep -rl s3cret .baton || true").ok().stdout, "");
    assert!(env.baton("worker logs A").ok().stdout.contains("token [redacted]"));
}

#[test]
fn output_of_any_size_and_kind_is_kept_and_printed_as_it_is() {
    let env = TestEnv::new();
    env.agent("head -c 3000000 /dev/zero | tr '\\0' x; printf '\\377\\000\\033[31m\\n'; finish");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    let size = env.bash("baton worker logs A | wc -c").ok().stdout;
    assert_eq!(size.trim(), (3_000_000 + 8).to_string());
    assert_eq!(
        env.bash("baton worker logs A | tail -c 9 | od -An -tx1").ok().stdout.trim(),
        "78 ff 00 1b 5b 33 31 6d 0a"
    );
}

#[test]
fn an_agent_that_does_not_read_its_prompt_is_no_failure() {
    let env = TestEnv::new();
    env.workflow_with(
        "command:\n  run: exec < /dev/null; baton issue edit \"$BATON_ISSUE\" --state Done\n",
        &"A long prompt. ".repeat(20_000),
    );
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
}

#[test]
fn text_of_the_tracker_and_of_agents_paints_nothing_on_a_terminal() {
    let env = TestEnv::new();
    env.put_issue("A", "---\nid: A\ntitle: \"red \\e[31m alert\"\nstate: Todo\n---\n");
    env.agent("printf 'bad \\033[31m luck\\n'; exit 1");
    for args in ["poll", "issue list", "issue show A", "worker launch A --wait", "status", "status A", "worker show A"]
    {
        let shown = env.baton(args);
        assert!(!format!("{}{}", shown.stdout, shown.stderr).contains('\u{1b}'), "{args}: {shown}");
    }
}

#[test]
fn a_shared_workspace_takes_one_at_a_time() {
    let env = TestEnv::new();
    env.workflow("workspace:\n  mode: shared\n");
    env.agent_of("A", "pwd > $TEST_ROOT/said/pwd; hold; finish");
    env.issue("A", "priority: 1");
    env.issue("B", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let refused = env.baton("worker launch B --json").exits(5).error();
    assert_eq!(refused["retryable"], true);
    let waiting = env.baton("poll --json").json()["waiting"].clone();
    assert_eq!((&waiting[1]["identifier"], &waiting[1]["reasons"][0]["code"]), (&"B".into(), &"workspace_busy".into()));
    env.go_on("A");
    env.wait_for_status("A", "done");
    env.baton("dispatch --wait").ok();
    assert_eq!(env.said_lines("pwd"), [env.path("p").to_str().expect("text")]);
    env.baton("reconcile").ok();
    assert!(env.path("p/WORKFLOW.md").exists(), "never cleaned");
}

#[test]
fn under_ci_a_worker_that_is_left_alone_is_warned_of() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "");
    let alone = env.command("worker launch A").env("CI", "true").run().ok();
    assert!(alone.stderr.contains("warning: CI=true"), "{alone}");
    let waited = env.command("worker launch B --wait").env("CI", "true").run().ok();
    assert_eq!(waited.stderr, "");
}

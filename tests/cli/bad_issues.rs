//! Issue files that are none: each is named with what is wrong, none hides another, and no file is touched.
//!
//! | case | test |
//! |---|---|
//! | names that are no file names get workspaces of their own | `workspace::names_that_are_no_file_names_get_workspaces_of_their_own` |
//! | a directory that is not there on the first poll | `poll::a_tracker_that_fails_is_never_an_empty_tracker` |

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::symlink;

use crate::env::{TestEnv, texts};

/// One file of every kind that is no issue, beside the issue `GOOD`.
fn with_bad_files() -> TestEnv {
    let env = TestEnv::new();
    env.issue("GOOD", "");
    for (name, text) in [
        ("yaml", "---\nid: yaml\ntitle: T\nstate: Todo\n labels: [\n---\n"),
        ("type", "---\nid: type\ntitle: [T]\nstate: Todo\n---\n"),
        ("none", "only a text\n"),
        ("unclosed", "---\nid: unclosed\ntitle: T\nstate: Todo\n"),
        ("empty", ""),
        ("stateless", "---\nid: stateless\ntitle: T\n---\n"),
        ("untitled", "---\nid: untitled\ntitle: '  '\nstate: Todo\n---\n"),
        ("no-id", "---\nid: ''\ntitle: T\nstate: Todo\n---\n"),
        ("bell-id", "---\nid: \"a\\u0007b\"\ntitle: T\nstate: Todo\n---\n"),
        ("bell", "---\nid: bell\ntitle: a\u{7}b\nstate: Todo\n---\n"),
        ("twin", "---\nid: twins\ntitle: One\nstate: Todo\n---\n"),
        ("other", "---\nid: twins\ntitle: Two\nstate: Todo\n---\n"),
    ] {
        env.put_issue(name, text);
    }
    fs::write(env.path("p/issues/bytes.md"), b"---\nid: bytes\ntitle: \xff\nstate: Todo\n---\n").expect("a file");
    symlink("loop.md", env.path("p/issues/loop.md")).expect("a link");
    symlink("nowhere.md", env.path("p/issues/dead.md")).expect("a link");
    env.bash("mkfifo issues/pipe.md && mkdir issues/folder.md").ok();
    env
}

#[test]
fn every_bad_file_is_named_with_what_is_wrong_and_holds_up_nobody() {
    let env = with_bad_files();
    insta::assert_snapshot!(env.baton("poll"), @"
    NEXT  STATE  PRIORITY  TITLE
    GOOD  Todo             Title of GOOD
    ------- stderr -------
    made the store <root>/p/.baton
    warning: <root>/p/issues/bell-id.md: `id` holds the control character U+0007
    warning: <root>/p/issues/bell.md: line 3: this holds a control character
    warning: <root>/p/issues/bytes.md: line 3: this is not UTF-8
    warning: <root>/p/issues/dead.md: cannot read the file: No such file or directory (os error 2)
    warning: <root>/p/issues/empty.md: the file is empty
    warning: <root>/p/issues/loop.md: cannot read the file: Too many levels of symbolic links (os error 40)
    warning: <root>/p/issues/no-id.md: `id` is empty
    warning: <root>/p/issues/none.md: line 1: an issue begins with front matter between two lines `---`
    warning: <root>/p/issues/other.md: `twins` is also the id of twin.md
    warning: <root>/p/issues/pipe.md: cannot read the file: it is no regular file
    warning: <root>/p/issues/stateless.md: `state` is missing or empty
    warning: <root>/p/issues/twin.md: `twins` is also the id of other.md
    warning: <root>/p/issues/type.md: line 3: title: invalid type: sequence, expected a string
    warning: <root>/p/issues/unclosed.md: line 1: the line `---` that ends the front matter is missing
    warning: <root>/p/issues/untitled.md: `title` is missing or empty
    warning: <root>/p/issues/yaml.md: line 5: mapping values are not allowed in this context
    [exit status: 0]
    ");
    env.writing_nothing(|| env.baton("poll -qq").ok());
    assert_eq!(env.baton("dispatch -qq --wait").ok().stdout, "GOOD.1\n");
    assert_eq!(env.state("GOOD"), "Done");
}

#[test]
fn one_that_is_asked_for_by_name_says_what_is_wrong_with_its_file() {
    let env = with_bad_files();
    env.baton("poll -qq").ok();
    let before = fs::read(env.path("p/issues/stateless.md")).expect("text");
    for command in
        ["issue show ID", "issue edit ID --state Done", "comment ID hello", "worker launch ID", "workspace ensure ID"]
    {
        for (id, file, problem) in [
            ("stateless", "issues/stateless.md", "`state` is missing or empty"),
            ("twins", "issues/", "is also the id of"),
        ] {
            let done = env.baton(command.replace("ID", id).as_str());
            assert!([4, 5, 11].contains(&done.code()), "{command} {id}: {done}");
            assert!(done.stderr.contains(file) && done.stderr.contains(problem), "{command} {id}: {done}");
        }
    }
    insta::assert_snapshot!(env.baton("worker launch stateless"), @"
    ------- stderr -------
    error: no issue `stateless`
    hint: `baton status` lists the issues that are known
    hint: <root>/p/issues/stateless.md: `state` is missing or empty
    [exit status: 4]
    ");
    assert_eq!(fs::read(env.path("p/issues/stateless.md")).expect("text"), before);
}

#[test]
fn a_file_that_breaks_while_its_issue_is_known_releases_nothing() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let good = fs::read_to_string(env.path("p/issues/A.md")).expect("text");
    env.put_issue("A", &good.replace("state: Todo", "state:"));
    let poll = env.baton("poll --json").ok().any_json();
    assert_eq!(texts(&poll["problems"], "code"), ["no_state"]);
    let reconciled = env.baton("reconcile --json").json();
    assert_eq!((&reconciled["stopped"], &reconciled["unknown"]), (&serde_json::json!([]), &serde_json::json!(["A"])));
    assert_eq!(env.status_word("A"), "running");
    env.put_issue("A", &good);
    env.go_on("A");
    env.wait_for_status("A", "done");
}

#[test]
fn names_equal_but_for_case_are_two_issues() {
    let env = TestEnv::new();
    env.put_issue("1", "---\nid: abc-1\ntitle: Lower\nstate: Todo\n---\n");
    env.put_issue("2", "---\nid: ABC-1\ntitle: Upper\nstate: Todo\n---\n");
    let poll = env.baton("poll --json").json();
    let keys: HashSet<String> = texts(&poll["queue"], "key").into_iter().map(str::to_lowercase).collect();
    assert_eq!((texts(&poll["queue"], "identifier").len(), keys.len()), (2, 2), "{poll}");
    for (id, title) in [("abc-1", "Lower"), ("ABC-1", "Upper")] {
        assert_eq!(env.status(id)["title"], title);
    }
    assert_ne!(env.baton("workspace ensure abc-1").ok().line(), env.baton("workspace ensure ABC-1").ok().line());
    env.baton("status Abc-1").exits(4);
}

#[test]
fn every_identifier_is_legal_and_has_a_key_a_run_and_a_workspace_of_its_own() {
    let env = TestEnv::new();
    env.workflow("agent:\n  max_concurrent_agents: 100\n");
    env.agent("pwd -P >> $TEST_ROOT/said/where; finish");
    let names = [
        "a/b",
        "a_b",
        "../../up",
        "..",
        ".hidden",
        "-dash",
        "a b",
        " c",
        "x.lock",
        "z.",
        "日本語",
        "Ünï",
        "ünï",
        "emoji😀",
        "$(touch pwned)",
        "`x`;'\"",
        "a\\b",
        "%2e%2e",
        "con:1",
        "rtl\u{202e}abc",
        &"long".repeat(75),
        &format!("{}x", "long".repeat(74)),
    ];
    for (number, name) in names.iter().enumerate() {
        let id = serde_json::to_string(name).expect("text");
        env.put_issue(&number.to_string(), &format!("---\nid: {id}\ntitle: T\nstate: Todo\n---\n"));
    }
    let poll = env.baton("poll --json").json();
    let keys: HashSet<String> = texts(&poll["queue"], "key").into_iter().map(str::to_lowercase).collect();
    assert_eq!(keys.len(), names.len(), "{poll}");
    for name in ["a/b", "../../up", "$(touch pwned)", "日本語", &"long".repeat(75)] {
        assert_eq!(env.baton(["worker", "launch", name, "--wait"]).ok().stderr, "", "{name}");
        assert_eq!(env.status_word(name), "done", "{name}");
    }
    let root = env.store("workspaces").canonicalize().expect("a path");
    let places: HashSet<String> = env.said_lines("where").into_iter().collect();
    assert_eq!(places.len(), 5);
    for place in places {
        assert_eq!(fs::canonicalize(&place).expect("a workspace").parent(), Some(root.as_path()), "{place}");
    }
    assert!(!env.path("p/pwned").exists());
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let env = TestEnv::new();
    env.put_issue(
        "red",
        "---\nid: red\ntitle: \"a\\e[31mb\\u202ec\"\nstate: Todo\nlabels: [\"\\e]0;x\\a\"]\n---\nbody \u{1b}[2J\n",
    );
    for args in ["poll", "status", "status red", "issue list", "issue show red"] {
        let done = env.baton(args).ok();
        assert!(!done.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{args}: {done:?}", done = done.stdout);
    }
}

#[test]
fn a_directory_that_vanishes_stops_no_worker_and_loses_no_issue() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    env.issue("B", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    fs::rename(env.path("p/issues"), env.path("p/away")).expect("renamed");
    for args in ["poll", "dispatch", "run --once", "worker launch B", "issue create new"] {
        let error = env.baton(format!("{args} --json").as_str()).exits(11).error();
        assert!(error["message"].as_str().expect("text").contains("p/issues"), "{args}: {error}");
        assert_eq!(error["retryable"], true, "{args}");
    }
    env.baton("reconcile").exits(11);
    insta::assert_snapshot!(env.baton("run --once"), @"
    ------- stderr -------
    error: cannot read the issue directory <root>/p/issues
    caused by: No such file or directory (os error 2)
    hint: `baton init` makes the directory of issues; `tracker.provider.path` names another
    [exit status: 11]
    ");
    assert_eq!((env.status_word("A"), env.status_word("B")), ("running".to_owned(), "idle".to_owned()));
    fs::rename(env.path("p/away"), env.path("p/issues")).expect("renamed");
    env.go_on("A");
    env.wait_for_status("A", "done");
    assert_eq!(texts(&env.baton("poll --json").json()["queue"], "identifier"), ["B"]);
}

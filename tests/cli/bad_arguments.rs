//! Arguments that mean nothing or too much, and places that are not there: exit 2, 4 or 5 before anything is done.
//!
//! | case | test |
//! |---|---|
//! | unknown, missing and conflicting options | `errors::wrong_arguments_are_usage_errors` |
//! | cursors of another store | `events::cursors_that_mean_nothing_are_refused` |
//! | a pipe on stdout that is closed | `errors::a_closed_stdout_ends_the_output_and_not_the_step` |
//! | `issue` with what is not there or not legal | `issue::what_is_not_there_or_not_legal_is_said` |

use std::fs;

use crate::env::TestEnv;

#[test]
fn numbers_and_times_out_of_range_are_named() {
    let env = TestEnv::new();
    let said: Vec<String> = [
        "dispatch --limit 0",
        "dispatch --limit -1",
        "dispatch --limit 1.5",
        "dispatch --limit 99999999999999999999",
        "events --limit 0",
        "events --after -1",
        "events --after 99999999999999999999",
        "poll --lock-timeout -5s",
        "poll --lock-timeout 5d",
        "poll --lock-timeout 99999999999999999999h",
        "run --timeout soon",
        "worker stop A --timeout -1",
        "worker launch A --launch-timeout 1e3",
        "issue edit A --priority high",
        "issue edit A --priority 99999999999999999999",
        "status --color pink",
        "completions tcsh",
    ]
    .into_iter()
    .map(|args| {
        let done = env.baton(args).exits(2);
        format!("{args}: {}", done.stderr.lines().next().expect("a line"))
    })
    .collect();
    insta::assert_snapshot!(said.join("\n"), @"
    dispatch --limit 0: error: invalid value '0' for '--limit <N>': must be a whole number from 1 to 18446744073709551615
    dispatch --limit -1: error: invalid value '-1' for '--limit <N>': must be a whole number from 1 to 18446744073709551615
    dispatch --limit 1.5: error: invalid value '1.5' for '--limit <N>': must be a whole number from 1 to 18446744073709551615
    dispatch --limit 99999999999999999999: error: invalid value '99999999999999999999' for '--limit <N>': must be a whole number from 1 to 18446744073709551615
    events --limit 0: error: invalid value '0' for '--limit <N>': must be a whole number from 1 to 18446744073709551615
    events --after -1: error: `-1` is no cursor
    events --after 99999999999999999999: error: `99999999999999999999` is no cursor
    poll --lock-timeout -<age>: error: invalid value '-<age>' for '--lock-timeout <TIME>': `-<age>` is no duration (try `<age>`)
    poll --lock-timeout 5d: error: invalid value '5d' for '--lock-timeout <TIME>': `d` is no unit of time (ms, s, m, h)
    poll --lock-timeout 99999999999999999999h: error: invalid value '99999999999999999999h' for '--lock-timeout <TIME>': `99999999999999999999h` is no duration (try `<age>`)
    run --timeout soon: error: invalid value 'soon' for '--timeout <TIME>': `soon` is no duration (try `<age>`)
    worker stop A --timeout -1: error: invalid value '-1' for '--timeout <TIME>': `-1` is no duration (try `<age>`)
    worker launch A --launch-timeout 1e3: error: invalid value '1e3' for '--launch-timeout <TIME>': `e3` is no unit of time (ms, s, m, h)
    issue edit A --priority high: error: invalid value 'high' for '--priority <N>': invalid digit found in string
    issue edit A --priority 99999999999999999999: error: invalid value '99999999999999999999' for '--priority <N>': number too large to fit in target type
    status --color pink: error: invalid value 'pink' for '--color <WHEN>'
    completions tcsh: error: invalid value 'tcsh' for '<SHELL>'
    ");
}

#[test]
fn a_cursor_ahead_of_the_journal_is_of_something_else() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    insta::assert_snapshot!(env.baton("events --after 999"), @"
    ------- stderr -------
    error: cursor 999 is ahead of the journal, which ends at 2
    hint: it may be of a store that is gone; `--after 0` starts again
    [exit status: 5]
    ");
}

#[test]
fn names_that_nothing_has_are_not_found_whatever_they_hold() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    let long = "x".repeat(100_000);
    env.writing_nothing(|| {
        for name in ["", " ", "B", "../A", "/etc/passwd", "A/", "A.1", "A\u{1b}[31m", "日本語", "--", long.as_str()]
        {
            for command in
                [["status"].as_slice(), &["worker", "launch"], &["workspace", "path"], &["issue", "show"], &["retry"]]
            {
                let words = command.iter().copied().chain(["--", name]);
                let done = env.baton(words.collect::<Vec<_>>()).exits(4);
                assert!(done.stdout.is_empty() && !done.stderr.contains('\u{1b}'), "{command:?} {name:?}: {done}");
            }
            for command in ["show", "wait", "logs"] {
                env.baton(["worker", command, "--", name]).exits(4);
            }
        }
    });
}

#[test]
fn texts_that_no_issue_can_hold_are_refused_and_nothing_is_written() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    let before = fs::read(env.path("p/issues/A.md")).expect("text");
    let said: Vec<String> = [
        ["issue", "create", ""].as_slice(),
        &["issue", "create", "x", "--parent", "nowhere"],
        &["issue", "edit", "A", "--state", ""],
        &["issue", "edit", "A", "--state", "a\u{7}b"],
        &["issue", "edit", "A", "--title", " "],
        &["issue", "edit", "A", "--add-blocked-by", "A"],
        &["comment", "A", ""],
    ]
    .into_iter()
    .map(|words| {
        let done = env.baton(words.to_vec()).exits(5);
        format!("{words:?}: {}", done.stderr.lines().next().expect("a line"))
    })
    .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    ["issue", "create", ""]: error: the title is empty
    ["issue", "create", "x", "--parent", "nowhere"]: error: parent: there is no issue `nowhere`
    ["issue", "edit", "A", "--state", ""]: error: the state is empty
    ["issue", "edit", "A", "--state", "a\u{7}b"]: error: the state holds the control character U+0007
    ["issue", "edit", "A", "--title", " "]: error: the title is empty
    ["issue", "edit", "A", "--add-blocked-by", "A"]: error: `A` cannot be its own blocker
    ["comment", "A", ""]: error: the comment is empty
    "#);
    assert_eq!(fs::read(env.path("p/issues/A.md")).expect("text"), before);
    assert_eq!(fs::read_dir(env.path("p/issues")).expect("a directory").count(), 1);
}

#[test]
fn directories_that_are_none_are_named() {
    let env = TestEnv::new();
    insta::assert_snapshot!(env.baton("-C WORKFLOW.md poll"), @"
    ------- stderr -------
    error: cannot change to WORKFLOW.md
    caused by: not a directory
    [exit status: 2]
    ");
    insta::assert_snapshot!(env.baton("-C nowhere poll"), @"
    ------- stderr -------
    error: cannot change to nowhere
    caused by: No such file or directory (os error 2)
    [exit status: 2]
    ");
    let gone = "mkdir gone && cd gone && rmdir ../gone";
    insta::assert_snapshot!(env.bash(&format!("{gone} && baton poll")), @"
    ------- stderr -------
    error: cannot tell the current directory
    caused by: No such file or directory (os error 2)
    hint: it may be gone; `cd` to one that is there, or name one with `-C DIR`
    [exit status: 2]
    ");
    env.bash(&format!("{gone} && baton -C \"$TEST_ROOT/p\" poll")).ok();
}

#[test]
fn an_argument_that_is_no_text_is_a_usage_error() {
    let env = TestEnv::new();
    env.bash("code=0; baton status $'\\xff' || code=$?; [ $code = 2 ]").ok();
    env.bash("code=0; baton $'\\xff' || code=$?; [ $code = 2 ]").ok();
    // A path that is no text cannot be recorded.
    let elsewhere = "mkdir $'../\\xff' && cp -r WORKFLOW.md issues $'../\\xff' && baton -C $'../\\xff' poll";
    insta::assert_snapshot!(env.bash(elsewhere), @"
    ------- stderr -------
    error: <root>/�/WORKFLOW.md is a path that is not UTF-8
    hint: use a directory with another name
    [exit status: 2]
    ");
    env.bash(
        "ln -s $'../\\xff/store' .baton && code=0; baton poll 2> $TEST_ROOT/said/error || code=$?; [ $code != 0 ]",
    )
    .ok();
    let said = env.said_lines("error").concat();
    assert!(said.contains("error:") && !said.contains("panicked"), "{said}");
}

#[test]
fn what_stdout_cannot_take_is_said() {
    let env = TestEnv::new();
    env.issue("A", "");
    if !fs::exists("/dev/full").unwrap_or(false) {
        return crate::env::skip("there is no /dev/full");
    }
    insta::assert_snapshot!(env.bash("baton poll > /dev/full"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: cannot write to stdout
    caused by: No space left on device (os error 28)
    hint: the disk is full: free some space, then run it again; what was acknowledged is kept
    hint: the step itself was carried out; only what it printed is incomplete
    [exit status: 1]
    ");
    env.bash("code=0; baton status --json > /dev/full || code=$?; [ $code = 1 ]").ok();
    // The step was carried out, and a reader that went away is no failure.
    env.bash("baton status A && baton events | true && baton status >&- && baton status 2>&-").ok();
}

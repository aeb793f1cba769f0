//! `baton issue`: the embedded tracker.

use std::fs;

use crate::env::{TestEnv, texts};

#[test]
fn an_issue_is_made_shown_changed_and_commented_on() {
    let env = TestEnv::new();
    let create = ["issue", "create", "Say hello", "-d", "In English.", "--priority", "2", "--label", "Speech"];
    insta::assert_snapshot!(env.baton(create), @"
    TASK-1
    ------- stderr -------
    made the store <root>/p/.baton
    [exit status: 0]
    ");
    env.baton(["issue", "create", "Then goodbye", "--blocked-by", "TASK-1", "--parent", "TASK-1"]).ok();
    insta::assert_snapshot!(env.baton("issue list"), @"
    ISSUE   STATE  PRIORITY  TITLE
    TASK-1  Todo   2         Say hello
    TASK-2  Todo             Then goodbye
    [exit status: 0]
    ");
    insta::assert_snapshot!(env.baton("issue show TASK-2"), @"
    TASK-2  Then goodbye
           state  Todo
      blocked by  TASK-1
          parent  TASK-1
    [exit status: 0]
    ");
    env.baton(["issue", "edit", "TASK-1", "--state", "In Progress", "--title", "Say hallo", "--add-label", "de"]).ok();
    env.command("issue comment TASK-1 -").stdin("In German.\n").run().ok();
    env.baton(["comment", "TASK-1", "Twice."]).ok();
    let text = fs::read_to_string(env.path("p/issues/TASK-1.md")).expect("a file");
    assert!(text.contains("## Comments") && text.find("In German.") < text.find("Twice."), "{text}");
    insta::assert_snapshot!(env.baton("issue show TASK-1"), @"
    TASK-1  Say hallo
           state  In Progress
        priority  2
          labels  speech, de
      sub-issues  TASK-2

        In English.

    unknown, <time>:
        In German.

    unknown, <time>:
        Twice.
    [exit status: 0]
    ");
    let shown = env.baton("issue show TASK-1 --json").json();
    assert_eq!((&shown["state"], &shown["labels"]), (&"In Progress".into(), &serde_json::json!(["speech", "de"])));
}

#[test]
fn a_file_written_by_hand_is_an_issue_and_what_it_holds_besides_is_kept() {
    let env = TestEnv::new();
    env.put_issue("X-7", "---\nid: X-7\ntitle: By hand\nstate: Todo # mine\nestimate: 3\n---\nText.\n");
    env.baton(["issue", "edit", "X-7", "--priority", "1"]).ok();
    let text = fs::read_to_string(env.path("p/issues/X-7.md")).expect("a file");
    assert!(text.contains("state: Todo # mine\nestimate: 3\n") && text.contains("priority: 1"), "{text}");
    env.put_issue("TASK-9", "---\nid: TASK-9\ntitle: Nine\nstate: Todo\n---\n");
    assert_eq!(env.baton(["issue", "create", "Ten"]).ok().stdout, "TASK-10\n");
}

#[test]
fn two_writers_at_once_lose_nothing() {
    let env = TestEnv::new();
    env.issue("A", "");
    let comment = |n: usize| env.command(["comment", "A", &format!("number {n}.")]).start();
    let create = |n: usize| env.command(["issue", "create", &format!("made {n}")]).start();
    let writers: Vec<_> = (0..8).flat_map(|n| [comment(n), create(n)]).collect();
    for writer in writers {
        writer.wait().ok();
    }
    let text = fs::read_to_string(env.path("p/issues/A.md")).expect("a file");
    let listed = env.baton("issue list --json").json();
    for n in 0..8 {
        assert_eq!(text.matches(&format!("number {n}.")).count(), 1, "{text}");
        assert!(texts(&listed["issues"], "title").contains(&format!("made {n}").as_str()), "{listed}");
    }
}

#[test]
fn what_is_not_there_or_not_legal_is_said() {
    let env = TestEnv::new();
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("issue show B"), @"
    ------- stderr -------
    error: no issue `B` in the tracker
    hint: `baton issue list` shows the active ones
    [exit status: 4]
    ");
    insta::assert_snapshot!(env.baton("issue edit B --state Done"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: no issue `B` in the tracker
    hint: `baton issue list` shows the active ones
    [exit status: 4]
    ");
    insta::assert_snapshot!(env.baton("issue edit A"), @"
    ------- stderr -------
    error: the following required arguments were not provided:
      <--state <STATE>|--title <TEXT>|--description <TEXT>|--priority <N>|--no-priority|--add-label <LABEL>|--remove-label <LABEL>|--add-blocked-by <ISSUE>|--remove-blocked-by <ISSUE>|--parent <ISSUE>|--no-parent|--assignee <NAME>|--no-assignee>

    Usage: baton issue edit [OPTIONS] <ISSUE>

    For more information, try '--help'.
    [exit status: 2]
    ");
    assert_eq!(env.baton(["issue", "create", "x", "--parent", "../A", "--json"]).error()["exit"], 5);
    assert_eq!(env.baton("issue list --state Done").ok().stdout, "");
}

#[test]
fn an_issue_becomes_a_part_of_another_and_leaves_it() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "");
    let parent = || env.baton("issue show B --json").json()["parent"]["identifier"].take();
    let planned = env.baton("issue edit B --parent A --dry-run --exit-code --json").exits(3).any_json();
    assert_eq!((&planned["parent"]["identifier"], parent()), (&"A".into(), serde_json::Value::Null));
    env.baton("issue edit B --parent A").ok();
    assert_eq!(parent(), "A");
    assert_eq!(env.baton("issue edit B --parent nowhere --json").exits(5).error()["code"], "invalid_issue");
    env.baton("issue edit B --no-parent").ok();
    assert_eq!(parent(), serde_json::Value::Null);
    env.baton("issue edit B --parent A --no-parent").exits(2);
}

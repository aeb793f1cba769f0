//! Reading the directory as the scheduler sees it.

use std::fs;

use super::*;
use crate::model::IssueRef;

fn names(issues: &[Issue]) -> Vec<&str> {
    issues.iter().map(|issue| issue.identifier.as_str()).collect()
}

fn refers(id: &str, state: Option<&str>) -> IssueRef {
    IssueRef { id: Some(id.into()), identifier: Some(id.into()), state: state.map(Into::into) }
}

#[test]
fn states_compare_without_case_and_keep_their_spelling() {
    let project = Project::new();
    project.issue("A-10.md", "title: t\nstate: in progress");
    project.issue("A-9.md", "title: t\nstate: TODO");
    project.issue("A-1.md", "title: t\nstate: Human Review");
    project.issue("A-2.md", "title: t\nstate: Done");
    let fetched = project.states(&["Todo", " In Progress "]);
    assert_eq!(names(&fetched.issues), ["A-9", "A-10"]);
    assert_eq!(fetched.issues[0].state, "TODO");
    assert!(fetched.issues.iter().all(|issue| issue.dispatchable));
    let all = ready(project.tracker().fetch_all_issues()).expect("issues");
    assert_eq!(names(&all.issues), ["A-1", "A-2", "A-9", "A-10"]);
}

#[test]
fn only_issue_files_directly_in_the_directory_count() {
    let project = Project::new();
    let front = "title: t\nstate: Todo";
    project.issue("A.md", front);
    project.issue("B.MD", front);
    for other in [".hidden.md", "README.md", "readme.md", "notes.txt", "C.md~", "md"] {
        project.issue(other, front);
    }
    fs::create_dir(project.path("folder.md")).expect("a directory");
    project.issue("folder.md/D.md", front);
    let fetched = project.states(&["Todo"]);
    assert_eq!(names(&fetched.issues), ["A", "B"]);
    assert_eq!(fetched.problems, []);
}

#[test]
fn references_carry_the_others_current_state() {
    let project = Project::new();
    project.issue("P.md", "title: t\nstate: Todo");
    project.issue("A.md", "title: t\nstate: Todo\nparent: P\nblocked_by: [B, gone]");
    project.issue("B.md", "title: t\nstate: Done\nparent: P");
    let issues = project.ids(&["A", "P", "A"]).expect("issues");
    assert_eq!(names(&issues), ["A", "P"]);
    assert_eq!(issues[0].blocked_by, [refers("B", Some("Done")), refers("gone", None)]);
    assert_eq!(issues[0].parent, Some(refers("P", Some("Todo"))));
    assert_eq!(issues[1].sub_issues, [refers("A", Some("Todo")), refers("B", Some("Done"))]);
}

#[test]
fn a_malformed_file_is_named_and_hides_no_other() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo");
    project.issue("bad.md", "id: X\ntitle: [t\nstate: Todo");
    fs::write(project.path("latin.md"), b"---\ntitle: b\xfcro\nstate: Todo\n---\n").expect("a file");
    std::os::unix::fs::symlink("nowhere", project.path("link.md")).expect("a link");
    let fetched = project.states(&["Todo"]);
    assert_eq!(names(&fetched.issues), ["A"]);
    let found: Vec<_> = fetched.problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(found, ["invalid_front_matter", "not_utf8", "unreadable"]);
    assert_eq!(fetched.problems[1].message, "line 2: this is not UTF-8");
    assert_eq!(fetched.problems[0].source, project.path("bad.md").display().to_string());
    assert!(fetched.problems[0].message.starts_with("line "), "{:?}", fetched.problems[0]);
}

#[test]
fn an_id_twice_is_nobodys_and_still_holds_its_parent_back() {
    let project = Project::new();
    project.issue("one.md", "id: A\ntitle: t\nstate: Todo\nparent: P");
    project.issue("two.md", "id: A\ntitle: t\nstate: Done\nparent: P");
    project.issue("a.md", "title: t\nstate: Todo\nblocked_by: A");
    project.issue("P.md", "title: t\nstate: Todo");
    let fetched = project.states(&["Todo", "Done"]);
    assert_eq!(names(&fetched.issues), ["P", "a"], "equal but for case is another issue");
    assert_eq!(fetched.issues[0].sub_issues, [refers("A", None)]);
    assert_eq!(fetched.issues[1].blocked_by, [refers("A", None)]);
    let messages: Vec<_> = fetched.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["`A` is also the id of two.md", "`A` is also the id of one.md"]);
}

#[test]
fn a_refresh_is_complete_or_fails() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo");
    project.issue("file.md", "id: X\ntitle: t");
    assert_eq!(names(&project.ids(&["A", "gone"]).expect("issues")), ["A"]);
    let error = project.ids(&["A", "X"]).expect_err("a malformed one");
    assert_eq!(error.code(), "tracker_response");
    assert!(error.to_string().contains("file.md: `state` is missing"), "{error}");
    assert!(ready(project.tracker().fetch_issue_by_identifier("X")).is_err());
    assert_eq!(ready(project.tracker().fetch_issue_by_identifier("gone")).expect("an answer"), None);
}

#[test]
fn a_file_that_may_be_any_issue_makes_none_invisible() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo");
    project.put("half-written.md", "");
    assert_eq!(project.ids(&["A"]).expect("issues").len(), 1);
    assert_eq!(project.ids(&["gone"]).expect_err("it may be that file").code(), "tracker_response");
}

#[test]
fn a_missing_directory_is_a_failure_and_not_no_issues() {
    let project = Project::new();
    let tracker = project.tracker_at(&project.root.path().join("elsewhere"));
    for error in [
        ready(tracker.fetch_issues_by_states(&owned(&["Todo"]))).expect_err("no directory"),
        ready(tracker.fetch_issues_by_ids(&owned(&["A"]))).map(drop).expect_err("no directory"),
    ] {
        assert_eq!(error.code(), "tracker_request");
        assert!(error.retryable());
        assert!(error.to_string().contains("elsewhere/issues"), "{error}");
    }
    assert_eq!(ready(tracker.fetch_issues_by_states(&[])).expect("no request"), Fetched::default());
    assert_eq!(ready(tracker.fetch_issues_by_ids(&[])).expect("no request"), []);
}

#[test]
fn ignored_values_are_said_where_the_issue_is() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo\npriority: soon");
    let fetched = project.states(&["Todo"]);
    assert_eq!(names(&fetched.issues), ["A"]);
    assert_eq!((fetched.problems.len(), fetched.problems[0].code.as_str()), (1, "ignored_value"));
    assert_eq!(project.states(&["Done"]).problems, []);
}

#[test]
fn a_kind_that_is_none_names_those_that_are() {
    let project = Project::new();
    let config = TrackerConfig { kind: "lokal".into(), ..config(&serde_json::json!({})) };
    let error =
        build(&config, project.root.path(), project.root.path(), &Seams::of_process(), &testing::memory()).map(drop);
    let error = error.expect_err("no such kind");
    assert_eq!(error.code(), "unsupported_tracker_kind");
    let text = error.to_string();
    assert!(
        text.starts_with("tracker.kind `lokal` is not supported: this build has ") && text.contains("local"),
        "{text}"
    );
    assert!(text.ends_with(", and no program `baton-tracker-lokal` is on PATH"), "{text}");
}

#[test]
fn the_documented_issue_is_one() {
    let page = include_str!("../../../../docs/trackers.md");
    let example = page.split("```markdown\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let project = Project::new();
    project.put("TASK-7.md", example);
    let fetched = project.states(&["Todo"]);
    assert_eq!(fetched.problems, []);
    assert_eq!(fetched.issues[0].title, "Login: reject empty passwords");
    let description = "An empty password is accepted by the form and by the API.";
    assert_eq!(fetched.issues[0].description.as_deref(), Some(description));
}

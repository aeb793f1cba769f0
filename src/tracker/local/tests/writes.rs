//! Creating, editing and commenting.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::model::IssueRef;
use crate::tracker::{IssueEdit, NewIssue};

fn create(project: &Project, title: &str) -> Issue {
    let new = NewIssue { title: title.into(), ..NewIssue::default() };
    ready(project.tracker().writer().expect("a writer").create(&new)).expect("an issue")
}

fn edit(project: &Project, id: &str, edit: &IssueEdit) -> Result<Issue, TrackerError> {
    ready(project.tracker().writer().expect("a writer").edit(id, edit))
}

fn comment(project: &Project, id: &str, text: &str) -> Result<Issue, TrackerError> {
    ready(project.tracker().writer().expect("a writer").comment(id, text))
}

fn state(state: &str) -> IssueEdit {
    IssueEdit { state: Some(state.into()), ..IssueEdit::default() }
}

/// The text with its `updated_at` line replaced.
fn without_time(text: &str) -> String {
    let line = |line: &str| if line.starts_with("updated_at:") { "updated_at: …\n".into() } else { line.to_owned() };
    text.split_inclusive('\n').map(line).collect()
}

#[test]
fn a_new_issue_takes_the_next_number_of_all_files() {
    let project = Project::new();
    assert_eq!(create(&project, "first").identifier, "TASK-1");
    project.issue("task-7.md", "id: other\ntitle: t\nstate: Todo");
    assert_eq!(create(&project, "second").identifier, "TASK-8");
    project.issue("mine.md", "id: Task-11\ntitle: t\nstate: Todo");
    project.issue("broken.md", "id: TASK-20\ntitle: [");
    assert_eq!(create(&project, "third").identifier, "TASK-21");
    fs::remove_file(project.path("TASK-21.md")).expect("removed");
    assert_eq!(create(&project, "fourth").identifier, "TASK-22", "a number never comes back");
}

#[test]
fn a_new_issue_is_what_was_asked_for() {
    let project = Project::new();
    create(&project, "the parent");
    let new = NewIssue {
        title: " Fix: the \"thing\" # now ".into(),
        description: Some("First.\r\n\r\nSecond.\n".into()),
        state: Some("In Progress".into()),
        priority: Some(2),
        labels: vec!["Bug".into(), "bug".into(), "a, b".into()],
        blocked_by: vec!["TASK-1".into()],
        parent: Some("TASK-1".into()),
        assignee: Some("ann".into()),
        mark: None,
    };
    let made = ready(project.tracker().writer().expect("a writer").create(&new)).expect("an issue");
    let read = ready(project.tracker().fetch_issue_by_identifier("TASK-2")).expect("an answer").expect("an issue");
    assert_eq!(made, read);
    assert_eq!(read.title, "Fix: the \"thing\" # now");
    assert_eq!(read.description.as_deref(), Some("First.\n\nSecond."));
    assert_eq!(read.labels, ["bug", "a, b"]);
    assert_eq!(read.blocked_by[0].state.as_deref(), Some("Todo"));
    assert!(read.created_at.is_some() && read.created_at == read.updated_at);
    let mode = fs::metadata(project.path("TASK-2.md")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777 & !0o022, 0o644 & !0o022);
}

#[test]
fn an_edit_keeps_every_other_byte() {
    let project = Project::new();
    let before = "\u{feff}---\r\n# mine\r\nid: A\r\ntitle:  t \r\nstate: Todo # why\r\nown: {a: [1.10, x]}\r\n\r\nlabels:\r\n  - Big # so\r\nupdated_at: old\r\n---  \r\nbody\r\n\r\n## Comments\r\nhi";
    project.put("A.md", before);
    let issue = edit(
        &project,
        "A",
        &IssueEdit { add_labels: vec!["NEW".into(), "big".into()], priority: Some(Some(1)), ..state("Human Review") },
    )
    .expect("edited");
    assert_eq!((issue.state.as_str(), issue.priority), ("Human Review", Some(1)));
    assert_eq!(issue.labels, ["big", "new"]);
    let expected = before
        .replace("Todo # why", "Human Review # why")
        .replace("  - Big # so\r\n", "  - Big # so\r\n  - new\r\n")
        .replace("---  \r\n", "priority: 1\r\n---  \r\n");
    let after = project.text("A.md");
    assert_eq!(without_time(&after), without_time(&expected));
}

#[test]
fn an_edit_that_changes_nothing_writes_nothing() {
    let project = Project::new();
    project.put("A.md", "---\ntitle: t\nstate: Todo\nlabels: [X]\npriority: 3\n---\n\ntext\n");
    let before = fs::metadata(project.path("A.md")).expect("a file").modified().expect("a time");
    let same = IssueEdit {
        title: Some("t".into()),
        description: Some("text".into()),
        priority: Some(Some(3)),
        add_labels: vec!["x".into()],
        remove_labels: vec!["y".into()],
        remove_blocked_by: vec!["B".into()],
        assignee: Some(None),
        ..state("Todo")
    };
    assert_eq!(edit(&project, "A", &same).expect("unchanged").updated_at, None);
    assert_eq!(fs::metadata(project.path("A.md")).expect("a file").modified().expect("a time"), before);
}

#[test]
fn the_time_of_a_change_never_goes_back() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo\nupdated_at: 2999-01-01T00:00:00Z");
    let first = edit(&project, "A", &state("Done")).expect("edited").updated_at.expect("a time");
    let second = edit(&project, "A", &state("Todo")).expect("edited").updated_at.expect("a time");
    assert_eq!(first.to_rfc3339(), "2999-01-01T00:00:00.001+00:00");
    assert!(second > first);
}

#[test]
fn fields_can_be_cleared_and_references_changed() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo\npriority: 1\nassignee: ann\nblocked_by: [B, C]\nparent: P");
    project.issue("C.md", "title: t\nstate: Todo");
    let change = IssueEdit {
        priority: Some(None),
        assignee: Some(None),
        parent: Some(Some("C".into())),
        remove_blocked_by: vec!["B".into()],
        description: Some("now with text".into()),
        ..IssueEdit::default()
    };
    let issue = edit(&project, "A", &change).expect("edited");
    assert_eq!((issue.priority, issue.assignee_id), (None, None));
    assert_eq!(issue.parent.expect("a parent").name(), "C");
    assert_eq!(issue.blocked_by.iter().map(IssueRef::name).collect::<Vec<_>>(), ["C"]);
    assert_eq!(issue.description.as_deref(), Some("now with text"));
}

#[test]
fn comments_are_appended_and_are_no_description() {
    let project = Project::new();
    project.put("A.md", "---\ntitle: t\nstate: Todo\n---\nbody");
    comment(&project, "A", "first\n\n## Heading\n").expect("commented");
    let issue = comment(&project, "A", "second").expect("commented");
    assert_eq!(issue.description.as_deref(), Some("body"));
    let text = project.text("A.md");
    let (head, comments) = text.split_once("\n\n## Comments\n\n### ").expect("a section");
    assert!(head.ends_with("---\nbody"), "{text}");
    assert_eq!(comments.matches(" · A.7\n\n").count(), 2, "{comments}");
    let bodies: Vec<_> = comments.split("\n### ").map(|one| one.split_once("\n\n").expect("a heading").1).collect();
    assert_eq!(bodies, ["first\n\n## Heading\n", "second\n"]);
    let change = IssueEdit { description: Some("new body".into()), ..IssueEdit::default() };
    edit(&project, "A", &change).expect("edited");
    let after = project.text("A.md");
    assert!(after.contains("---\n\nnew body\n\n## Comments\n"), "{after}");
    assert!(after.ends_with(&format!("### {comments}")), "{after}");
}

#[test]
fn what_would_be_no_issue_is_refused() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo");
    project.issue("B.md", "title: t");
    let before = project.text("A.md");
    let default = IssueEdit::default;
    for (change, expected) in [
        (IssueEdit { title: Some("a\nb".into()), ..default() }, "the title holds the control character U+000A"),
        (IssueEdit { title: Some(" ".into()), ..default() }, "the title is empty"),
        (state("\u{1b}[1m"), "the state holds the control character U+001B"),
        (IssueEdit { add_labels: vec![String::new()], ..default() }, "the label is empty"),
        (IssueEdit { add_blocked_by: vec!["X".into()], ..default() }, "blocker: there is no issue `X`"),
        (IssueEdit { add_blocked_by: vec!["A".into()], ..default() }, "`A` cannot be its own blocker"),
        (IssueEdit { description: Some("a\n## Comments\n".into()), ..default() }, "the description holds a line"),
    ] {
        let error = edit(&project, "A", &change).expect_err(expected);
        assert_eq!(error.code(), "invalid_issue");
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    assert_eq!(comment(&project, "A", " \n").expect_err("empty").to_string(), "the comment is empty");
    assert_eq!(project.text("A.md"), before);
    assert_eq!(edit(&project, "X", &state("Done")).expect_err("unknown").code(), "issue_not_found");
    let error = edit(&project, "B", &state("Todo")).expect_err("malformed");
    assert!(error.to_string().ends_with("B.md: `state` is missing or empty"), "{error}");
}

#[test]
fn a_link_stays_a_link_and_permissions_stay() {
    let project = Project::new();
    let target = project.root.path().join("elsewhere.md");
    fs::write(&target, "---\ntitle: t\nstate: Todo\n---\n").expect("a file");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).expect("permissions");
    symlink(&target, project.path("A.md")).expect("a link");
    edit(&project, "A", &state("Done")).expect("edited");
    assert!(project.path("A.md").is_symlink());
    assert!(fs::read_to_string(&target).expect("a file").contains("state: Done"));
    assert_eq!(fs::metadata(&target).expect("a file").permissions().mode() & 0o777, 0o640);
}

#[test]
fn writers_at_once_lose_nothing() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let project = &project;
            scope.spawn(move || {
                for n in 0..5 {
                    create(project, &format!("{writer}.{n}"));
                    comment(project, "A", &format!("note {writer}.{n}")).expect("commented");
                    let label = IssueEdit { add_labels: vec![format!("l{writer}.{n}")], ..IssueEdit::default() };
                    edit(project, "A", &label).expect("edited");
                }
            });
        }
    });
    let all = ready(project.tracker().fetch_all_issues()).expect("issues");
    assert_eq!(all.problems, []);
    let mut titles: Vec<_> = all.issues.iter().skip(1).map(|issue| issue.title.clone()).collect();
    titles.sort();
    let expected: Vec<_> = (0..4).flat_map(|writer| (0..5).map(move |n| format!("{writer}.{n}"))).collect();
    assert_eq!(titles, expected);
    assert_eq!(all.issues.last().expect("an issue").identifier, "TASK-20");
    assert_eq!(all.issues[0].labels.len(), 20);
    assert_eq!(project.text("A.md").matches("\nnote ").count(), 20);
    let left: Vec<_> =
        fs::read_dir(project.path("")).expect("issues").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 21, "no temporary file stays: {left:?}");
}

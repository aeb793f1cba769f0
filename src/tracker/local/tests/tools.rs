//! The agent's tools.

use serde_json::json;

use super::*;
use crate::tracker::{ToolContext, ToolResult};

fn call(project: &Project, name: &str, arguments: &Value) -> ToolResult {
    let tracker = project.tracker();
    let issue = ready(tracker.fetch_issue_by_identifier("A")).expect("an answer").expect("an issue");
    ready(tracker.execute_agent_tool(name, arguments, ToolContext { issue: &issue, run: "A.3" }))
}

fn code(result: &ToolResult) -> &'static str {
    match result {
        ToolResult::Success(value) | ToolResult::Refused(value) => panic!("an answer: {value}"),
        ToolResult::Failure { code, .. } => code,
    }
}

#[test]
fn an_update_is_one_write_and_a_read_shows_it() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo\nlabels: [old]");
    let update = json!({ "state": "Done", "add_labels": ["new"], "remove_labels": ["OLD"], "comment": "It works." });
    let ToolResult::Success(updated) = call(&project, "issue_update", &update) else { panic!("a failure") };
    assert_eq!((&updated["issue"]["state"], &updated["issue"]["labels"]), (&json!("Done"), &json!(["new"])));
    let ToolResult::Success(read) = call(&project, "issue_read", &json!({})) else { panic!("a failure") };
    assert_eq!(read["issue"], updated["issue"]);
    let comments = read["comments"].as_str().expect("comments");
    assert!(comments.starts_with("### ") && comments.ends_with(" · A.3\n\nIt works."), "{comments}");
}

#[test]
fn another_issue_can_be_read_and_not_changed() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo");
    project.issue("B.md", "title: other\nstate: Todo");
    let ToolResult::Success(read) = call(&project, "issue_read", &json!({ "issue": "B" })) else { panic!("a failure") };
    assert_eq!((&read["issue"]["title"], &read["comments"]), (&json!("other"), &Value::Null));
    assert_eq!(code(&call(&project, "issue_update", &json!({ "issue": "B", "state": "Done" }))), "invalid_arguments");
}

#[test]
fn a_failure_is_an_answer_and_changes_nothing() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo");
    let before = project.text("A.md");
    for (name, arguments, expected) in [
        ("issue_delete", json!({}), "unsupported_tool"),
        ("issue_read", json!({ "issue": "X" }), "issue_not_found"),
        ("issue_read", json!([1]), "invalid_arguments"),
        ("issue_update", json!({}), "invalid_issue"),
        ("issue_update", json!({ "state": 1 }), "invalid_arguments"),
        ("issue_update", json!({ "state": "Done", "comment": " " }), "invalid_issue"),
    ] {
        let result = call(&project, name, &arguments);
        assert_eq!(code(&result), expected, "{name} {arguments}");
        assert_eq!(result.output()["error"]["code"], expected);
    }
    assert_eq!(project.text("A.md"), before);
}

#[test]
fn every_tool_that_is_advertised_runs() {
    let project = Project::new();
    project.issue("A.md", "title: t\nstate: Todo");
    for spec in project.tracker().agent_tool_specs() {
        assert_eq!(spec.input_schema["type"], "object");
        let result = call(&project, spec.name, &json!({}));
        assert!(!matches!(result, ToolResult::Failure { code: "unsupported_tool", .. }), "{}", spec.name);
    }
}

//! Where a description is wrong, and what is right: each with its reason, and each refused once it is not needed.

use serde_json::{Value, json};

/// A place of a description, what stands there, and what ought to; null is nothing.
struct Gap {
    file: &'static str,
    place: String,
    is: Value,
    ought: Value,
}

fn gaps() -> Vec<Gap> {
    let gap = |file, place: &str, is, ought| Gap { file, place: place.to_owned(), is, ought };
    let asana = |place: &str, is, ought| gap("asana.json", place, is, ought);
    let redmine = |place: &str, is, ought| gap("redmine.yaml", place, is, ought);
    let number_or_name = || json!(["integer", "string"]);
    let mut gaps = vec![
        // Most tasks are no part of another one.
        asana("/components/schemas/TaskResponse/allOf/1/properties/parent/nullable", Value::Null, json!(true)),
        // The zone is written without a colon, as every example of the description shows.
        gap("jira.json", "/components/schemas/Comment/properties/created/format", json!("date-time"), Value::Null),
        // Each of Redmine's is met by tests/cli/redmine_real.rs. The user's own standard filter must be off,
        redmine(
            "/paths/~1issues.json/get/parameters/44",
            Value::Null,
            json!({ "name": "set_filter", "in": "query", "schema": { "type": "string" } }),
        ),
        // the list tells of relations, and all tell of parents,
        redmine(
            "/components/schemas/issue.simple/properties/relations",
            Value::Null,
            json!({ "type": "array", "items": { "$ref": "#/components/schemas/issue_relation" } }),
        ),
        redmine("/components/schemas/issue.simple/properties/parent", Value::Null, parent()),
        redmine("/components/schemas/issue/properties/parent", Value::Null, parent()),
        // and a project's identifier is as good as its number.
        redmine("/components/parameters/project_id/schema/type", json!("integer"), number_or_name()),
        redmine(
            "/paths/~1issues.json/post/requestBody/content/application~1json/schema/properties/issue\
             /properties/project_id/type",
            json!("integer"),
            number_or_name(),
        ),
    ];
    for (list, kind) in [
        ("/projects/{project_gid}/tasks", "Task"),
        ("/projects/{project_gid}/sections", "Section"),
        ("/tasks/{task_gid}/subtasks", "Task"),
        ("/tasks/{task_gid}/dependencies", "Task"),
        ("/tasks/{task_gid}/stories", "Story"),
    ] {
        let list = format!("/paths/{}/get/responses/200/content", list.replace('/', "~1"));
        let members = format!("{list}/application~1json/schema/properties");
        let form = |form: &str| json!(format!("#/components/schemas/{kind}{form}"));
        // Lists hold what `opt_fields` asks for of the whole record (Asana's "input and output options"),
        gaps.push(asana(&format!("{members}/data/items/$ref"), form("Compact"), form("Response")));
        // and are paged (its "pagination").
        gaps.push(asana(&format!("{members}/next_page"), Value::Null, next_page()));
    }
    gaps
}

fn parent() -> Value {
    json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "integer" } } })
}

fn next_page() -> Value {
    let page = json!({ "type": "object", "required": ["offset"], "properties": { "offset": { "type": "string" } } });
    json!({ "anyOf": [page, { "type": "null" }] })
}

/// Puts a description right.
pub(super) fn fill(file: &str, document: &mut Value) {
    for gap in gaps().into_iter().filter(|gap| gap.file == file) {
        let (parent, name) = gap.place.rsplit_once('/').expect("a place");
        let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{file} has no {parent}"));
        let at = name.parse::<usize>().ok();
        let now = at.map_or_else(|| parent.get(name), |at| parent.get(at)).cloned().unwrap_or_default();
        assert_eq!(now, gap.is, "{file} does not say so of {} any more: take the gap out", gap.place);
        match parent {
            Value::Object(members) if gap.ought.is_null() => drop(members.remove(name)),
            Value::Object(members) => drop(members.insert(name.to_owned(), gap.ought)),
            Value::Array(items) => items.push(gap.ought),
            other => panic!("{} is {other}", gap.place),
        }
    }
}

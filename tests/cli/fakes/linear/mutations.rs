//! Linear's mutations: each makes or changes one object.

use apollo_compiler::resolvers::FieldError;
use serde_json::{Value, json};

use super::errors::{lacking, not_found, refusal};
use super::model::{Record, blank, target};
use super::records::Workspace;

/// Carries one out; the type and id of what it made or changed.
pub(super) fn run(
    workspace: &mut Workspace,
    name: &str,
    arguments: &Value,
) -> Result<(&'static str, String), FieldError> {
    let given = arguments.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    if let Some((other, _)) = given.into_iter().find(|(name, _)| !["id", "input"].contains(&name.as_str())) {
        return Err(lacking(&format!("the argument `{other}` of {name}")));
    }
    let (id, input) = (arguments["id"].as_str().unwrap_or_default(), &arguments["input"]);
    match name {
        "issueCreate" => {
            let issue = accepted(workspace, "Issue", input)?;
            let made = new_issue(workspace, issue)?;
            Ok(("Issue", made))
        }
        "issueUpdate" => update_issue(workspace, id, input),
        "commentCreate" => {
            let mut comment = accepted(workspace, "Comment", input)?;
            comment.insert("userId".to_owned(), me(workspace));
            Ok(("Comment", workspace.insert("Comment", comment)))
        }
        "commentUpdate" => {
            let changes = accepted(workspace, "Comment", input)?;
            change(workspace, "Comment", id, changes)
        }
        "issueRelationCreate" => {
            let relation = accepted(workspace, "IssueRelation", input)?;
            Ok(("IssueRelation", workspace.insert("IssueRelation", relation)))
        }
        "issueRelationDelete" => {
            workspace.remove("IssueRelation", id).ok_or_else(|| not_found("IssueRelation"))?;
            Ok(("IssueRelation", id.to_owned()))
        }
        "issueLabelCreate" => {
            let label = accepted(workspace, "IssueLabel", input)?;
            let is_same = |known: &Record| {
                let names = [known, &label].map(|label| label["name"].as_str().map(str::to_lowercase));
                names[0] == names[1] && Some(&known["teamId"]) == label.get("teamId")
            };
            if workspace.all("IssueLabel").iter().any(is_same) {
                return Err(refusal("Duplicate label name", "A label with this name already exists."));
            }
            Ok(("IssueLabel", workspace.insert("IssueLabel", label)))
        }
        name => Err(lacking(&format!("Mutation.{name}"))),
    }
}

/// Puts an issue into its team, in the team's first state where none is given.
pub(super) fn new_issue(workspace: &mut Workspace, mut issue: Record) -> Result<String, FieldError> {
    let number = match issue.get("number").and_then(Value::as_f64) {
        Some(number) => number,
        None => workspace.all("Issue").iter().filter_map(|issue| issue["number"].as_f64()).fold(0.0, f64::max) + 1.0,
    };
    let team = workspace.find("Team", issue["teamId"].as_str().unwrap_or_default());
    let key = team.and_then(|team| team["key"].as_str()).ok_or_else(|| not_found("Team"))?.to_owned();
    let state =
        workspace.having("WorkflowState", "teamId", &issue["teamId"]).ok_or_else(|| not_found("WorkflowState"))?;
    let identifier = format!("{key}-{number}");
    let usual = json!({
        "id": super::id(number as u32), "number": number, "identifier": identifier, "stateId": state["id"],
        "branchName": format!("ann/{}", identifier.to_lowercase()), "url": format!("https://linear.example/{identifier}"),
    });
    for (field, value) in usual.as_object().into_iter().flatten() {
        issue.entry(field).or_insert_with(|| value.clone());
    }
    Ok(workspace.insert("Issue", issue))
}

/// Labels may be told as what is added and what is removed.
fn update_issue(workspace: &mut Workspace, id: &str, input: &Value) -> Result<(&'static str, String), FieldError> {
    let mut input = input.as_object().cloned().unwrap_or_default();
    let mut ids = |field: &str| input.remove(field).and_then(|ids| ids.as_array().cloned());
    let (added, removed) = (ids("addedLabelIds"), ids("removedLabelIds"));
    let issue = workspace.find("Issue", id).ok_or_else(|| not_found("Issue"))?;
    let id = issue["id"].as_str().unwrap_or_default().to_owned();
    if added.is_some() || removed.is_some() {
        let (added, removed) = (added.unwrap_or_default(), removed.unwrap_or_default());
        let own = issue["labelIds"].as_array().into_iter().flatten().chain(&added);
        let kept: Vec<Value> = own.filter(|label| !removed.contains(label)).cloned().collect();
        input.insert("labelIds".to_owned(), kept.into());
    }
    let changes = accepted(workspace, "Issue", &input.into())?;
    change(workspace, "Issue", &id, changes)
}

fn change(
    workspace: &mut Workspace,
    kind: &'static str,
    id: &str,
    changes: Record,
) -> Result<(&'static str, String), FieldError> {
    let record = workspace.find_mut(kind, id).ok_or_else(|| not_found(kind))?;
    record.extend(changes);
    Ok((kind, id.to_owned()))
}

/// The input as fields of the type, where the fake has them and what they name is there.
fn accepted(workspace: &Workspace, kind: &str, input: &Value) -> Result<Record, FieldError> {
    let known = blank(kind).unwrap_or_default();
    let mut accepted = Record::new();
    for (field, value) in input.as_object().into_iter().flatten() {
        let Some(usual) = known.get(field) else {
            return Err(lacking(&format!("`{field}` in the input for {kind}")));
        };
        let value = match (value, target(field)) {
            (Value::Array(ids), Some(target)) => {
                ids.iter().map(|id| id_of(workspace, target, id)).collect::<Result<Value, _>>()?
            }
            (id @ Value::String(_), Some(target)) => id_of(workspace, target, id)?,
            (Value::Number(number), _) if usual.is_f64() => number.as_f64().into(),
            (value, _) => value.clone(),
        };
        accepted.insert(field.clone(), value);
    }
    if let Some(id) = accepted.get("id").and_then(Value::as_str)
        && workspace.find(kind, id).is_some()
    {
        return Err(refusal(&format!("Conflict on insert of {kind}"), &format!("{kind} {id} already exists.")));
    }
    Ok(accepted)
}

/// An id; issues may be named by their identifiers.
fn id_of(workspace: &Workspace, kind: &str, id: &Value) -> Result<Value, FieldError> {
    let found = workspace.find(kind, id.as_str().unwrap_or_default());
    found.map(|record| record["id"].clone()).ok_or_else(|| not_found(kind))
}

fn me(workspace: &Workspace) -> Value {
    workspace.having("User", "isMe", &true.into()).map(|user| user["id"].clone()).unwrap_or_default()
}

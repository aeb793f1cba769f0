//! Writes. Redmine leaves out without a word what a user's role may not change; what was written is read again.

use serde_json::{Map, Value, json};

use super::Redmine;
use super::record::{identifier, number};
use crate::model::{Issue, is_same_state};
use crate::tracker::http::{Http, Method, Request};
use crate::tracker::remote::{Writes, text};
use crate::tracker::{IssueEdit, NewIssue, TrackerError};

impl Writes for Redmine {
    const HAS_LABELS: bool = false;

    async fn create(&self, http: &Http, new: &NewIssue) -> Result<String, TrackerError> {
        let edit = IssueEdit {
            title: Some(new.title.clone()),
            description: new.description.clone(),
            state: new.state.clone(),
            priority: new.priority.map(Some),
            parent: new.parent.clone().map(Some),
            assignee: new.assignee.clone().map(Some),
            ..IssueEdit::default()
        };
        let blockers = numbers(&new.blocked_by)?;
        let mut fields = self.fields(http, &edit).await?;
        fields.insert("project_id".to_owned(), self.config.project.clone().into());
        let answer = http.send(&Request::post("/issues.json", json!({ "issue": fields }))).await?;
        let made = answer.json()?["issue"].take();
        let id = made["id"].as_u64().ok_or_else(|| answer.nonsense("no `id` in the new issue"))?;
        for blocker in blockers {
            block(http, id, blocker).await?;
        }
        let state = text(&made["status"]["name"]).unwrap_or_default();
        match &new.state {
            // A role may not be allowed to make an issue in this state, and still to set it.
            Some(wanted) if !is_same_state(wanted, &state) => {
                let edit = IssueEdit { state: Some(wanted.clone()), ..IssueEdit::default() };
                put(http, id, self.fields(http, &edit).await?).await?;
                self.check_state(http, id, wanted).await?;
            }
            Some(_) | None => {}
        }
        Ok(id.to_string())
    }

    async fn edit(&self, http: &Http, issue: &Issue, edit: &IssueEdit) -> Result<(), TrackerError> {
        let id = number(&issue.id).ok_or_else(|| TrackerError::IssueNotFound(issue.id.clone()))?;
        let (add, remove) = (numbers(&edit.add_blocked_by)?, numbers(&edit.remove_blocked_by)?);
        let fields = self.fields(http, edit).await?;
        if !remove.is_empty() {
            unblock(http, id, &remove).await?;
        }
        for blocker in add {
            block(http, id, blocker).await?;
        }
        if fields.is_empty() { Ok(()) } else { put(http, id, fields).await }
    }

    async fn comment(&self, http: &Http, id: &str, text: &str) -> Result<(), TrackerError> {
        let request =
            Request::new(Method::Put, format!("/issues/{id}.json")).json(json!({ "issue": { "notes": text } }));
        http.send(&request).await?.success()?;
        Ok(())
    }

    fn comment_edit(&self, _id: &str, comment: &str, text: &str) -> Option<Request> {
        let request = Request::new(Method::Put, format!("/journals/{comment}.json"));
        Some(request.json(json!({ "journal": { "notes": text } })).repeatable())
    }
}

impl Redmine {
    /// What Redmine calls the fields of a change, but for blockers.
    async fn fields(&self, http: &Http, edit: &IssueEdit) -> Result<Map<String, Value>, TrackerError> {
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        if let Some(title) = &edit.title {
            set("subject", title.clone().into());
        }
        if let Some(description) = &edit.description {
            set("description", description.clone().into());
        }
        if let Some(state) = &edit.state {
            set("status_id", self.status(state)?.into());
        }
        match edit.priority {
            Some(Some(priority)) => drop(set("priority_id", self.priority_id(http, priority).await?.into())),
            Some(None) => return Err(unsupported("take an issue's priority away")),
            None => {}
        }
        match &edit.parent {
            Some(Some(parent)) => drop(set("parent_issue_id", one_number(parent)?.into())),
            Some(None) => drop(set("parent_issue_id", "".into())),
            None => {}
        }
        match &edit.assignee {
            Some(Some(name)) => drop(set("assigned_to_id", self.user(http, name).await?.into())),
            Some(None) => drop(set("assigned_to_id", "".into())),
            None => {}
        }
        Ok(fields)
    }

    fn status(&self, state: &str) -> Result<u64, TrackerError> {
        let Some(statuses) = self.statuses.get() else {
            return Err(TrackerError::Response("the states of this Redmine are not known".to_owned()));
        };
        statuses.id(state).ok_or_else(|| {
            TrackerError::InvalidIssue(format!("`{state}` is no status here, which are {}", statuses.names()))
        })
    }

    async fn priority_id(&self, http: &Http, priority: i64) -> Result<u64, TrackerError> {
        let place = usize::try_from(priority).ok().and_then(|place| place.checked_sub(1));
        let name = place.and_then(|place| self.config.priorities.get(place)).ok_or_else(|| {
            let last = self.config.priorities.len();
            TrackerError::InvalidIssue(format!("`{priority}` is no priority here, which are 1 to {last}"))
        })?;
        let answer = http.send(&Request::get("/enumerations/issue_priorities.json")).await?.json()?;
        let known = answer["issue_priorities"].as_array().into_iter().flatten();
        let is_it = |record: &&Value| record["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
        let id = known.clone().find(is_it).and_then(|record| record["id"].as_u64());
        id.ok_or_else(|| TrackerError::InvalidIssue(format!("this Redmine has no priority `{name}`")))
    }

    /// A user's number, by number or by name among the members of the project.
    async fn user(&self, http: &Http, name: &str) -> Result<u64, TrackerError> {
        if let Ok(id) = name.parse() {
            return Ok(id);
        }
        let request = Request::get(format!("/projects/{}/memberships.json", self.config.project)).query("limit", "100");
        let answer = http.send(&request).await?.json()?;
        let members = answer["memberships"].as_array().into_iter().flatten().map(|membership| &membership["user"]);
        let mut found =
            members.filter(|user| user["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)));
        let id = found.next().and_then(|user| user["id"].as_u64());
        id.ok_or_else(|| TrackerError::InvalidIssue(format!("the project has no member `{name}`")))
    }

    async fn check_state(&self, http: &Http, id: u64, wanted: &str) -> Result<(), TrackerError> {
        let answer = http.send(&Request::get(format!("/issues/{id}.json"))).await?.json()?;
        let state = text(&answer["issue"]["status"]["name"]).unwrap_or_default();
        if is_same_state(&state, wanted) {
            return Ok(());
        }
        let name = identifier(id);
        Err(TrackerError::Response(format!("{name} was made; it was to be set to `{wanted}`, and is in `{state}`")))
    }
}

/// It names the result, so it may be sent twice.
async fn put(http: &Http, id: u64, fields: Map<String, Value>) -> Result<(), TrackerError> {
    let request = Request::new(Method::Put, format!("/issues/{id}.json")).json(json!({ "issue": fields }));
    http.send(&request.repeatable()).await?.success()?;
    Ok(())
}

async fn block(http: &Http, id: u64, blocker: u64) -> Result<(), TrackerError> {
    let relation = json!({ "relation": { "issue_to_id": blocker, "relation_type": "blocked" } });
    http.send(&Request::post(format!("/issues/{id}/relations.json"), relation)).await?.success()?;
    Ok(())
}

async fn unblock(http: &Http, id: u64, blockers: &[u64]) -> Result<(), TrackerError> {
    let answer = http.send(&Request::get(format!("/issues/{id}/relations.json"))).await?.json()?;
    let blocks = answer["relations"].as_array().into_iter().flatten().filter(|relation| {
        relation["relation_type"] == "blocks"
            && relation["issue_to_id"] == id
            && relation["issue_id"].as_u64().is_some_and(|blocker| blockers.contains(&blocker))
    });
    for relation in blocks.filter_map(|relation| relation["id"].as_u64()) {
        http.send(&Request::new(Method::Delete, format!("/relations/{relation}.json"))).await?.success()?;
    }
    Ok(())
}

fn numbers(names: &[String]) -> Result<Vec<u64>, TrackerError> {
    names.iter().map(|name| one_number(name)).collect()
}

fn one_number(name: &str) -> Result<u64, TrackerError> {
    number(name).ok_or_else(|| TrackerError::InvalidIssue(format!("`{name}` is no issue of a Redmine, such as RM-7")))
}

fn unsupported(operation: &'static str) -> TrackerError {
    TrackerError::Unsupported { kind: super::ADAPTER.kind, operation }
}

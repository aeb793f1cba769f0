//! Writes: fields by one request, the state by one of the transitions that Jira offers, blockers as links.

use serde_json::{Map, Value, json};

use super::config::Deployment;
use super::{Jira, document, record};
use crate::model::{Issue, is_same_state};
use crate::tracker::http::{Http, Method, Request};
use crate::tracker::remote::{Writes, text};
use crate::tracker::{IssueEdit, NewIssue, TrackerError};

impl Writes for Jira {
    async fn create(&self, http: &Http, new: &NewIssue) -> Result<String, TrackerError> {
        let mut fields = Map::new();
        fields.insert("project".to_owned(), json!({ "key": self.config.project }));
        fields.insert("issuetype".to_owned(), json!({ "name": self.config.issue_type }));
        fields.insert("summary".to_owned(), new.title.clone().into());
        if let Some(description) = &new.description {
            fields.insert("description".to_owned(), self.text(description));
        }
        if !new.labels.is_empty() {
            fields.insert("labels".to_owned(), new.labels.clone().into());
        }
        if let Some(priority) = new.priority {
            fields.insert("priority".to_owned(), self.priority_named(Some(priority))?);
        }
        if let Some(parent) = &new.parent {
            fields.insert("parent".to_owned(), handle(parent));
        }
        if let Some(assignee) = &new.assignee {
            fields.insert("assignee".to_owned(), self.user(http, assignee).await?);
        }
        let answer = http.send(&Request::post(self.path("issue"), json!({ "fields": fields }))).await?;
        let made = answer.json()?;
        let id = text(&made["id"]).ok_or_else(|| answer.nonsense("no `id` in the new issue"))?;
        for blocker in &new.blocked_by {
            self.block(http, &id, blocker).await?;
        }
        if let Some(state) = &new.state {
            let now = self.look(http, &id, "status").await?;
            let now = text(&now["status"]["name"]).unwrap_or_default();
            if !is_same_state(&now, state) {
                self.go_to(http, &id, &now, state).await?;
            }
        }
        Ok(id)
    }

    async fn edit(&self, http: &Http, issue: &Issue, edit: &IssueEdit) -> Result<(), TrackerError> {
        let fields = self.fields(http, edit).await?;
        let labels = self.label_changes(http, issue, edit).await?;
        if !fields.is_empty() || !labels.is_empty() {
            let mut body = json!({ "fields": fields });
            if !labels.is_empty() {
                body["update"] = json!({ "labels": labels });
            }
            // It names the result, so it may be sent twice.
            let request = Request::new(Method::Put, self.issue_path(&issue.id)).json(body).repeatable();
            http.send(&request).await?.success()?;
        }
        for blocker in &edit.add_blocked_by {
            self.block(http, &issue.id, blocker).await?;
        }
        if !edit.remove_blocked_by.is_empty() {
            self.unblock(http, issue, &edit.remove_blocked_by).await?;
        }
        match &edit.state {
            Some(state) => self.go_to(http, &issue.id, &issue.state, state).await,
            None => Ok(()),
        }
    }

    async fn comment(&self, http: &Http, id: &str, text: &str) -> Result<(), TrackerError> {
        let path = format!("{}/comment", self.issue_path(id));
        http.send(&Request::post(path, json!({ "body": self.text(text) }))).await?.success()?;
        Ok(())
    }

    fn comment_edit(&self, id: &str, comment: &str, text: &str) -> Option<Request> {
        let path = format!("{}/comment/{comment}", self.issue_path(id));
        Some(Request::new(Method::Put, path).json(json!({ "body": self.text(text) })).repeatable())
    }
}

impl Jira {
    /// The fields of an edit, but for labels.
    async fn fields(&self, http: &Http, edit: &IssueEdit) -> Result<Map<String, Value>, TrackerError> {
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        if let Some(title) = &edit.title {
            set("summary", title.clone().into());
        }
        if let Some(description) = &edit.description {
            set("description", self.text(description));
        }
        if let Some(priority) = edit.priority {
            set("priority", self.priority_named(priority)?);
        }
        if let Some(parent) = &edit.parent {
            set("parent", parent.as_deref().map_or(Value::Null, handle));
        }
        if let Some(assignee) = &edit.assignee {
            let user = match assignee {
                Some(name) => self.user(http, name).await?,
                None => Value::Null,
            };
            set("assignee", user);
        }
        Ok(fields)
    }

    /// Labels to add and to remove; the latter in Jira's spelling, which has upper and lower case.
    async fn label_changes(&self, http: &Http, issue: &Issue, edit: &IssueEdit) -> Result<Vec<Value>, TrackerError> {
        let mut changes: Vec<Value> = edit.add_labels.iter().map(|label| json!({ "add": label })).collect();
        if !edit.remove_labels.is_empty() {
            let fields = self.look(http, &issue.id, "labels").await?;
            let known = fields["labels"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let removed = known.filter(|known| edit.remove_labels.iter().any(|label| is_same_state(label, known)));
            changes.extend(removed.map(|label| json!({ "remove": label })));
        }
        Ok(changes)
    }

    /// Takes the transition that leads there.
    async fn go_to(&self, http: &Http, id: &str, from: &str, to: &str) -> Result<(), TrackerError> {
        let path = format!("{}/transitions", self.issue_path(id));
        let answer = http.send(&Request::new(Method::Get, path.clone())).await?;
        let body = answer.json()?;
        let offered = body["transitions"].as_array().ok_or_else(|| answer.nonsense("no list of transitions"))?;
        let name = |transition: &Value| text(&transition["to"]["name"]);
        let leads = |transition: &&Value| name(transition).is_some_and(|name| is_same_state(&name, to));
        let Some(id) = offered.iter().find(leads).and_then(|transition| text(&transition["id"])) else {
            let names: Vec<String> = offered.iter().filter_map(name).map(|name| format!("`{name}`")).collect();
            let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            let message = format!("no transition leads from `{from}` to `{to}`; Jira offers {names}");
            return Err(TrackerError::InvalidIssue(message));
        };
        http.send(&Request::post(path, json!({ "transition": { "id": id } }))).await?.success()?;
        Ok(())
    }

    /// Makes an issue wait for another one.
    async fn block(&self, http: &Http, id: &str, blocker: &str) -> Result<(), TrackerError> {
        let body =
            json!({ "type": { "name": "Blocks" }, "inwardIssue": handle(blocker), "outwardIssue": { "id": id } });
        http.send(&Request::post(self.path("issueLink"), body)).await?.success()?;
        Ok(())
    }

    /// Makes it wait for these no more.
    async fn unblock(&self, http: &Http, issue: &Issue, blockers: &[String]) -> Result<(), TrackerError> {
        let fields = self.look(http, &issue.id, "issuelinks").await?;
        let is_one = |link: &&Value| {
            let names = ["id", "key"].map(|name| link["inwardIssue"][name].as_str().unwrap_or_default());
            blockers.iter().any(|blocker| names.iter().any(|name| name.eq_ignore_ascii_case(blocker.trim())))
        };
        for id in record::links(&fields).filter(is_one).filter_map(|link| text(&link["id"])) {
            let path = self.path(&format!("issueLink/{id}"));
            http.send(&Request::new(Method::Delete, path)).await?.success()?;
        }
        Ok(())
    }

    /// One field of an issue as it is now.
    async fn look(&self, http: &Http, id: &str, field: &str) -> Result<Value, TrackerError> {
        let request = Request::new(Method::Get, self.issue_path(id)).query("fields", field);
        Ok(http.send(&request).await?.json()?["fields"].take())
    }

    /// A user, as an assignee is given. The cloud knows people by account; who is not found by name or address is taken
    /// for one.
    async fn user(&self, http: &Http, name: &str) -> Result<Value, TrackerError> {
        if self.config.deployment == Deployment::Server {
            return Ok(json!({ "name": name }));
        }
        let request = Request::new(Method::Get, self.path("user/assignable/search"));
        let found = http.send(&request.query("project", &self.config.project).query("query", name)).await?.json()?;
        let users = found.as_array().map(Vec::as_slice).unwrap_or_default();
        let is_named = |user: &&Value| {
            let names = ["accountId", "displayName", "emailAddress"].map(|field| user[field].as_str());
            names.into_iter().flatten().any(|known| known.eq_ignore_ascii_case(name.trim()))
        };
        let user = match users {
            [] => return Ok(json!({ "accountId": name })),
            [user] => Some(user),
            several => several.iter().find(is_named),
        };
        let account = user.and_then(|user| text(&user["accountId"]));
        let account = account.ok_or_else(|| TrackerError::InvalidIssue(format!("`{name}` may be several users")))?;
        Ok(json!({ "accountId": account }))
    }

    fn priority_named(&self, priority: Option<i64>) -> Result<Value, TrackerError> {
        let Some(number) = priority else { return Ok(Value::Null) };
        let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let name = place.and_then(|place| self.config.priorities.get(place));
        let most = self.config.priorities.len();
        let name = name.ok_or_else(|| {
            TrackerError::InvalidIssue(format!("priority {number}: `provider.priorities` names 1 to {most}"))
        })?;
        Ok(json!({ "name": name }))
    }

    /// A text as this Jira keeps it.
    fn text(&self, text: &str) -> Value {
        match self.config.deployment {
            Deployment::Cloud => document::write(text),
            Deployment::Server => text.into(),
        }
    }
}

/// Another issue, by id or key.
fn handle(name: &str) -> Value {
    let name = name.trim();
    let is_id = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { json!({ "id": name }) } else { json!({ "key": name }) }
}

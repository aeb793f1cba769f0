//! Writes: fields by one request, a state by moving the task to its section and completing it where the state is terminal,
//! tags and dependencies one by one.

use serde_json::{Map, Value, json};

use super::record::gid;
use super::{Asana, batch};
use crate::model::{Issue, is_same_state};
use crate::tracker::http::{Http, Method, Request};
use crate::tracker::remote::{Pages, Writes, text};
use crate::tracker::{IssueEdit, NewIssue, TrackerError};

impl Writes for Asana {
    fn ranks(&self) -> Option<&[String]> {
        Some(&self.config.priority_labels)
    }

    async fn create(&self, http: &Http, new: &NewIssue) -> Result<String, TrackerError> {
        let sections = self.sections(http).await?;
        let section = match &new.state {
            Some(state) => self.section(&sections, state)?,
            None => self.config.first_active().and_then(|state| gid_of(&sections, state)),
        };
        let mut tags = Vec::new();
        for label in &new.labels {
            tags.push(self.tag(http, label).await?);
        }
        let data = json!({
            "name": new.title,
            "notes": new.description.as_deref().unwrap_or_default(),
            "projects": [self.config.project],
            "assignee": new.assignee,
            "parent": new.parent.as_deref().map(gid),
            "tags": tags,
            "completed": new.state.as_deref().is_some_and(|state| self.config.is_terminal(state)),
        });
        let answer = http.send(&Request::post("/tasks", json!({ "data": data }))).await?;
        let id = text(&answer.json()?["data"]["gid"]).ok_or_else(|| answer.nonsense("no `gid` in the new task"))?;
        if let Some(section) = section {
            self.change(http, &format!("/sections/{section}/addTask"), json!({ "task": id })).await?;
        }
        self.depend(http, &id, "addDependencies", &new.blocked_by).await?;
        Ok(id)
    }

    async fn edit(&self, http: &Http, issue: &Issue, edit: &IssueEdit) -> Result<(), TrackerError> {
        let task = format!("/tasks/{}", issue.id);
        if let Some(state) = &edit.state
            && let Some(section) = self.section(&self.sections(http).await?, state)?
        {
            self.change(http, &format!("/sections/{section}/addTask"), json!({ "task": issue.id })).await?;
        }
        let fields = self.fields(edit);
        if !fields.is_empty() {
            // It names the result, so it may be sent twice.
            let request = Request::new(Method::Put, task.clone()).json(json!({ "data": fields })).repeatable();
            http.send(&request).await?.success()?;
        }
        if let Some(parent) = &edit.parent {
            let parent = parent.as_deref().map(gid);
            self.change(http, &format!("{task}/setParent"), json!({ "parent": parent })).await?;
        }
        for label in &edit.add_labels {
            let tag = self.tag(http, label).await?;
            self.change(http, &format!("{task}/addTag"), json!({ "tag": tag })).await?;
        }
        for tag in self.tags_called(http, issue, &edit.remove_labels).await? {
            self.change(http, &format!("{task}/removeTag"), json!({ "tag": tag })).await?;
        }
        self.depend(http, &issue.id, "addDependencies", &edit.add_blocked_by).await?;
        self.depend(http, &issue.id, "removeDependencies", &edit.remove_blocked_by).await
    }

    async fn comment(&self, http: &Http, id: &str, text: &str) -> Result<(), TrackerError> {
        self.change(http, &format!("/tasks/{id}/stories"), json!({ "text": text })).await
    }

    fn comment_edit(&self, _id: &str, comment: &str, text: &str) -> Option<Request> {
        let data = json!({ "data": { "text": text } });
        Some(Request::new(Method::Put, format!("/stories/{comment}")).json(data).repeatable())
    }
}

impl Asana {
    /// The task's own fields, as far as they change.
    fn fields(&self, edit: &IssueEdit) -> Map<String, Value> {
        let fields = [
            ("name", edit.title.clone().map(Value::from)),
            ("notes", edit.description.clone().map(Value::from)),
            ("assignee", edit.assignee.clone().map(Value::from)),
            ("completed", edit.state.as_deref().map(|state| self.config.is_terminal(state).into())),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    async fn change(&self, http: &Http, path: &str, data: Value) -> Result<(), TrackerError> {
        http.send(&Request::post(path, json!({ "data": data }))).await?.success()?;
        Ok(())
    }

    /// Adds or removes what a task waits for.
    async fn depend(&self, http: &Http, id: &str, how: &str, names: &[String]) -> Result<(), TrackerError> {
        if names.is_empty() {
            return Ok(());
        }
        let gids: Vec<&str> = names.iter().map(|name| gid(name)).collect();
        self.change(http, &format!("/tasks/{id}/{how}"), json!({ "dependencies": gids })).await
    }

    /// The section of a state. None for the state that completed tasks have, where no section is called so.
    fn section(&self, sections: &[Value], state: &str) -> Result<Option<String>, TrackerError> {
        match gid_of(sections, state) {
            Some(section) => Ok(Some(section)),
            None if is_same_state(state, self.config.completed()) => Ok(None),
            None => Err(TrackerError::InvalidIssue(format!("the project has no section `{state}`"))),
        }
    }

    /// The sections of the project.
    async fn sections(&self, http: &Http) -> Result<Vec<Value>, TrackerError> {
        let path = format!("/projects/{}/sections", self.config.project);
        let first = Request::new(Method::Get, path).query("limit", "100").query("opt_fields", "name");
        let (mut sections, mut next, mut pages) = (Vec::new(), Some(first.clone()), Pages::default());
        while let Some(request) = next {
            let answer = http.send(&request).await?;
            let mut body = answer.json()?;
            let offset = batch::offset(&body, &answer)?;
            let Value::Array(page) = body["data"].take() else { return Err(answer.nonsense("no list of sections")) };
            next = pages.turn(&request, offset.map(|offset| first.clone().query("offset", offset)))?;
            sections.extend(page);
        }
        Ok(sections)
    }

    /// The tag of this name, which is made where there is none.
    async fn tag(&self, http: &Http, label: &str) -> Result<String, TrackerError> {
        let project = Request::new(Method::Get, format!("/projects/{}", self.config.project));
        let answer = http.send(&project.query("opt_fields", "workspace.gid")).await?;
        let workspace = text(&answer.json()?["data"]["workspace"]["gid"]);
        let workspace = workspace.ok_or_else(|| answer.nonsense("a project without a workspace"))?;
        let search = Request::new(Method::Get, format!("/workspaces/{workspace}/typeahead"))
            .query("resource_type", "tag")
            .query("query", label.trim())
            .query("count", "100")
            .query("opt_fields", "name");
        let found = http.send(&search).await?.json()?;
        if let Some(tag) = found["data"].as_array().and_then(|tags| gid_of(tags, label)) {
            return Ok(tag);
        }
        let make = Request::post(format!("/workspaces/{workspace}/tags"), json!({ "data": { "name": label.trim() } }));
        let answer = http.send(&make).await?;
        text(&answer.json()?["data"]["gid"]).ok_or_else(|| answer.nonsense("no `gid` in the new tag"))
    }

    /// The tags of a task that are called so.
    async fn tags_called(&self, http: &Http, issue: &Issue, labels: &[String]) -> Result<Vec<String>, TrackerError> {
        if labels.is_empty() {
            return Ok(Vec::new());
        }
        let request = Request::new(Method::Get, format!("/tasks/{}", issue.id)).query("opt_fields", "tags.name");
        let body = http.send(&request).await?.json()?;
        let is_one = |tag: &&Value| {
            let name = tag["name"].as_str();
            name.is_some_and(|name| labels.iter().any(|label| is_same_state(label, name)))
        };
        let tags = body["data"]["tags"].as_array().into_iter().flatten().filter(is_one);
        Ok(tags.filter_map(|tag| text(&tag["gid"])).collect())
    }
}

/// The gid of what is called so.
fn gid_of(things: &[Value], name: &str) -> Option<String> {
    let is_it = |thing: &&Value| thing["name"].as_str().is_some_and(|known| is_same_state(known, name));
    things.iter().find(is_it).and_then(|thing| text(&thing["gid"]))
}

//! Writes: one `PATCH` for what REST can change, a request for each link, and GraphQL for the field of a project.

use serde_json::{Map, Value, json};

use super::Github;
use super::states::{CLOSED, OPEN, StateFrom};
use crate::model::{Issue, is_same_state, normal_state};
use crate::tracker::http::{Http, Method, Request};
use crate::tracker::remote::{Writes, text};
use crate::tracker::{IssueEdit, NewIssue, TrackerError};

impl Writes for Github {
    fn ranks(&self) -> Option<&[String]> {
        Some(&self.config.priority_labels)
    }

    async fn create(&self, http: &Http, new: &NewIssue) -> Result<String, TrackerError> {
        let state = new.state.as_deref().unwrap_or(self.config.states.first_active());
        let is_open = normal_state(state) == OPEN;
        if normal_state(state) == CLOSED || (self.config.states.from == StateFrom::Issue && !is_open) {
            return Err(unsupported("create an issue that is not open"));
        }
        let mut labels = new.labels.clone();
        if self.config.states.from == StateFrom::Label && !is_open {
            labels.push(self.state_label(state)?);
        }
        let place = match &self.config.states.from {
            StateFrom::Project(project) => Some(self.project_place(http, project, state).await?),
            StateFrom::Issue | StateFrom::Label => None,
        };
        let links = self.new_links(http, new).await?;
        let assignees: Vec<&String> = new.assignee.iter().collect();
        let mut body = json!({ "title": new.title, "labels": labels, "assignees": assignees });
        if let Some(text) = &new.description {
            body["body"] = text.as_str().into();
        }
        let answer = http.send(&Request::post(self.issues_path(), body)).await?;
        let made = answer.json()?;
        let number = made["number"].as_u64();
        let number = number.ok_or_else(|| answer.nonsense("no `number` in the new issue"))?.to_string();
        if let Some(place) = place {
            let node = text(&made["node_id"]).ok_or_else(|| answer.nonsense("no `node_id` in the new issue"))?;
            self.put_into_project(http, &place, &node).await?;
        }
        self.link(http, &number, &links).await?;
        Ok(number)
    }

    async fn edit(&self, http: &Http, issue: &Issue, edit: &IssueEdit) -> Result<(), TrackerError> {
        let fields = self.fields(issue, edit)?;
        let links = self.changed_links(http, issue, edit).await?;
        if let (StateFrom::Project(project), Some(state)) = (&self.config.states.from, &edit.state)
            && normal_state(state) != CLOSED
        {
            self.set_status(http, project, issue, state).await?;
        }
        if !fields.is_empty() {
            let path = format!("{}/{}", self.issues_path(), issue.id);
            http.send(&Request::new(Method::Patch, path).json(fields.into()).repeatable()).await?.success()?;
        }
        self.link(http, &issue.id, &links).await
    }

    async fn comment(&self, http: &Http, id: &str, text: &str) -> Result<(), TrackerError> {
        let request = Request::post(format!("{}/{id}/comments", self.issues_path()), json!({ "body": text }));
        http.send(&request).await?.success()?;
        Ok(())
    }

    fn comment_edit(&self, _id: &str, comment: &str, text: &str) -> Option<Request> {
        let path = format!("{}/comments/{comment}", self.issues_path());
        Some(Request::new(Method::Patch, path).json(json!({ "body": text })).repeatable())
    }
}

impl Github {
    /// What REST is told. A `PATCH` names the result, so it may be sent twice.
    fn fields(&self, issue: &Issue, edit: &IssueEdit) -> Result<Map<String, Value>, TrackerError> {
        let mut fields = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        set("title", edit.title.clone().map(Value::from));
        set("body", edit.description.clone().map(Value::from));
        set("assignees", edit.assignee.as_ref().map(|login| login.iter().cloned().collect()));
        let (own, labels) = self.state_and_labels(issue, edit)?;
        set("state", own.map(Value::from));
        set("labels", labels.map(Value::from));
        Ok(fields)
    }

    /// GitHub's own state and the whole list of labels, as far as they change.
    fn state_and_labels(
        &self,
        issue: &Issue,
        edit: &IssueEdit,
    ) -> Result<(Option<&'static str>, Option<Vec<String>>), TrackerError> {
        let wanted = edit.state.as_deref().map(normal_state);
        let own = match wanted.as_deref() {
            Some(CLOSED) => Some(CLOSED),
            Some(OPEN) => Some(OPEN),
            Some(_) if normal_state(&issue.state) == CLOSED => Some(OPEN),
            Some(_) | None => None,
        };
        let mut labels = issue.labels.clone();
        labels.retain(|label| !edit.remove_labels.iter().any(|remove| normal_state(remove) == *label));
        labels.extend(edit.add_labels.iter().cloned());
        match (&self.config.states.from, &edit.state) {
            (StateFrom::Label, Some(state)) if wanted.as_deref() != Some(CLOSED) => {
                labels.retain(|label| !self.config.states.labels().iter().any(|name| normal_state(name) == *label));
                if wanted.as_deref() != Some(OPEN) {
                    labels.push(self.state_label(state)?);
                }
            }
            (StateFrom::Issue, Some(state)) if own.is_none() => {
                let message = format!("`{state}` is no state of a GitHub issue: it is `open` or `closed`");
                return Err(TrackerError::InvalidIssue(message));
            }
            _ => {}
        }
        let labels = Some(labels).filter(|labels| *labels != issue.labels);
        Ok((own, labels))
    }

    /// The label of a state, in the spelling of the configuration.
    fn state_label(&self, state: &str) -> Result<String, TrackerError> {
        let known = self.config.states.labels().iter().find(|name| is_same_state(name, state));
        known.cloned().ok_or_else(|| {
            let message = format!("`{state}` is none of the configured states, so no label stands for it");
            TrackerError::InvalidIssue(message)
        })
    }
}

fn unsupported(operation: &'static str) -> TrackerError {
    TrackerError::Unsupported { kind: super::ADAPTER.kind, operation }
}

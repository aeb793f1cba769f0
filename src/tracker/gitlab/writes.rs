//! Writes: one request each, one for each blocker, and GraphQL for the parent.

use serde_json::{Map, Value, json};

use super::{CLOSED, Gitlab, OPENED};
use crate::model::{Issue, is_same_state, normal_state};
use crate::tracker::http::{Http, Method, Request};
use crate::tracker::remote::Writes;
use crate::tracker::{IssueEdit, NewIssue, TrackerError};

impl Writes for Gitlab {
    fn ranks(&self) -> Option<&[String]> {
        Some(&self.config.priority_labels)
    }

    async fn create(&self, http: &Http, new: &NewIssue) -> Result<String, TrackerError> {
        if new.state.as_deref().is_some_and(|state| normal_state(state) != OPENED) {
            return Err(unsupported("create an issue in another state than `opened`"));
        }
        let blockers = self.places(&new.blocked_by)?;
        let parent = match &new.parent {
            Some(parent) => Some(self.work_item(http, parent).await?),
            None => None,
        };
        let mut body = json!({ "title": new.title, "description": new.description, "labels": new.labels.join(",") });
        if let Some(name) = &new.assignee {
            body["assignee_ids"] = json!([self.user(http, name).await?]);
        }
        let answer = http.send(&Request::post(self.issues_path(), body)).await?;
        let iid = answer.json()?["iid"].as_u64();
        let iid = iid.ok_or_else(|| answer.nonsense("no `iid` in the new issue"))?.to_string();
        self.link(http, &iid, &blockers, &[]).await?;
        if parent.is_some() {
            let made = self.work_item(http, &iid).await?;
            self.set_parent(http, &made, parent.as_ref()).await.map_err(|error| match error {
                TrackerError::InvalidIssue(why) => TrackerError::InvalidIssue(format!("GL-{iid} was made; {why}")),
                other => other,
            })?;
        }
        Ok(iid)
    }

    async fn edit(&self, http: &Http, issue: &Issue, edit: &IssueEdit) -> Result<(), TrackerError> {
        let (blockers, no_blockers) = (self.places(&edit.add_blocked_by)?, self.places(&edit.remove_blocked_by)?);
        if let Some(parent) = &edit.parent {
            let item = self.work_item(http, &issue.id).await?;
            let parent = match parent {
                Some(parent) => Some(self.work_item(http, parent).await?),
                None => None,
            };
            // It is what GitLab may refuse: first, so that nothing is changed then.
            self.set_parent(http, &item, parent.as_ref()).await?;
        }
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        if let Some(title) = &edit.title {
            set("title", title.clone().into());
        }
        if let Some(description) = &edit.description {
            set("description", description.clone().into());
        }
        if let Some(state) = &edit.state {
            set("state_event", event(state)?.into());
        }
        if !edit.add_labels.is_empty() {
            set("add_labels", edit.add_labels.join(",").into());
        }
        if !edit.remove_labels.is_empty() {
            let labels = self.spelled(http, issue, &edit.remove_labels).await?;
            set("remove_labels", labels.join(",").into());
        }
        if let Some(assignee) = &edit.assignee {
            let id = match assignee {
                Some(name) => self.user(http, name).await?,
                // What GitLab takes for "nobody".
                None => 0,
            };
            set("assignee_ids", json!([id]));
        }
        if !fields.is_empty() {
            // It names the result, so it may be sent twice.
            let path = format!("{}/{}", self.issues_path(), issue.id);
            http.send(&Request::new(Method::Put, path).json(fields.into()).repeatable()).await?.success()?;
        }
        self.link(http, &issue.id, &blockers, &no_blockers).await
    }

    async fn comment(&self, http: &Http, id: &str, text: &str) -> Result<(), TrackerError> {
        let request = Request::post(format!("{}/{id}/notes", self.issues_path()), json!({ "body": text }));
        http.send(&request).await?.success()?;
        Ok(())
    }

    fn comment_edit(&self, id: &str, comment: &str, text: &str) -> Option<Request> {
        let path = format!("{}/{id}/notes/{comment}", self.issues_path());
        Some(Request::new(Method::Put, path).json(json!({ "body": text })).repeatable())
    }
}

impl Gitlab {
    /// An issue's labels that are called so, in GitLab's spelling: it tells upper from lower case.
    async fn spelled(&self, http: &Http, issue: &Issue, labels: &[String]) -> Result<Vec<String>, TrackerError> {
        let request = Request::new(Method::Get, format!("{}/{}", self.issues_path(), issue.id));
        let body = http.send(&request).await?.json()?;
        let known = body["labels"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let is_one = |known: &&str| labels.iter().any(|label| is_same_state(label, known));
        Ok(known.filter(is_one).map(str::to_owned).collect())
    }

    /// A user's number, by number or name.
    async fn user(&self, http: &Http, name: &str) -> Result<u64, TrackerError> {
        if let Ok(id) = name.parse() {
            return Ok(id);
        }
        let found = http.send(&Request::get("/users").query("username", name)).await?.json()?;
        found[0]["id"].as_u64().ok_or_else(|| TrackerError::InvalidIssue(format!("GitLab has no user `{name}`")))
    }
}

fn event(state: &str) -> Result<&'static str, TrackerError> {
    match normal_state(state).as_str() {
        CLOSED => Ok("close"),
        OPENED => Ok("reopen"),
        _ => {
            let message = format!("`{state}` is no state of a GitLab issue: it is `opened` or `closed`");
            Err(TrackerError::InvalidIssue(message))
        }
    }
}

fn unsupported(operation: &'static str) -> TrackerError {
    TrackerError::Unsupported { kind: super::ADAPTER.kind, operation }
}

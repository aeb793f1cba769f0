//! Writes: names become ids first, then there is one mutation.

use serde_json::{Map, Value, json};

use super::{Linear, queries, record};
use crate::model::{Issue, is_same_state};
use crate::tracker::http::graphql::Reply;
use crate::tracker::http::{Answer, Http, Request};
use crate::tracker::remote::{Pages, Writes, text};
use crate::tracker::{IssueEdit, NewIssue, TrackerError};

impl Writes for Linear {
    async fn create(&self, http: &Http, new: &NewIssue) -> Result<String, TrackerError> {
        let state = new.state.clone().unwrap_or_default();
        let place = self.query(http, queries::PROJECT, json!({ "slug": self.config.project, "state": state })).await?;
        let project = &place["projects"]["nodes"][0];
        let team = &project["teams"]["nodes"][0];
        let (Some(project_id), Some(team_id)) = (text(&project["id"]), text(&team["id"])) else {
            let message = format!("Linear shows no project `{}` with a team", self.config.project);
            return Err(TrackerError::Response(message));
        };
        let mut input = json!({ "title": new.title, "projectId": project_id, "teamId": team_id });
        if new.state.is_some() {
            input["stateId"] = text(&team["states"]["nodes"][0]["id"]).ok_or_else(|| no_state(&state))?.into();
        }
        let optional = [
            ("description", new.description.clone().map(Value::from)),
            ("priority", new.priority.map(Value::from)),
            ("assigneeId", new.assignee.clone().map(Value::from)),
            ("parentId", new.parent.clone().map(Value::from)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                input[name] = value;
            }
        }
        if !new.labels.is_empty() {
            input["labelIds"] = self.label_ids(http, &team_id, &new.labels).await?.into();
        }
        let made = self.mutate(http, queries::CREATE, json!({ "input": input })).await?;
        let id = text(&made["issueCreate"]["issue"]["id"])
            .ok_or_else(|| TrackerError::Response("Linear made an issue without an id".to_owned()))?;
        self.block(http, &id, &new.blocked_by).await?;
        Ok(id)
    }

    async fn edit(&self, http: &Http, issue: &Issue, edit: &IssueEdit) -> Result<(), TrackerError> {
        let mut input = Map::new();
        let optional = [
            ("title", edit.title.clone().map(Value::from)),
            ("description", edit.description.clone().map(Value::from)),
            // 0 is "no priority".
            ("priority", edit.priority.map(|priority| priority.unwrap_or(0).into())),
            ("assigneeId", edit.assignee.clone().map(Value::from)),
            ("parentId", edit.parent.clone().map(Value::from)),
        ];
        input.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        if let Some(state) = &edit.state {
            let found = self.query(http, queries::STATE, json!({ "id": issue.id, "name": state.trim() })).await?;
            let id = text(&found["issue"]["team"]["states"]["nodes"][0]["id"]).ok_or_else(|| no_state(state))?;
            input.insert("stateId".to_owned(), id.into());
        }
        if !edit.add_labels.is_empty() || !edit.remove_labels.is_empty() {
            self.label_changes(http, issue, edit, &mut input).await?;
        }
        if !input.is_empty() {
            self.mutate(http, queries::UPDATE, json!({ "id": issue.id, "input": input })).await?;
        }
        self.block(http, &issue.id, &edit.add_blocked_by).await?;
        self.unblock(http, &issue.id, &edit.remove_blocked_by).await
    }

    async fn comment(&self, http: &Http, id: &str, text: &str) -> Result<(), TrackerError> {
        let input = json!({ "issueId": id, "body": text });
        self.mutate(http, queries::COMMENT, json!({ "input": input })).await?;
        Ok(())
    }

    fn comment_edit(&self, _id: &str, comment: &str, text: &str) -> Option<Request> {
        let variables = json!({ "id": comment, "input": { "body": text } });
        Some(self.ask("", queries::EDIT_COMMENT, variables).repeatable())
    }

    fn comment_edited(&self, answer: &Answer) -> Result<(), TrackerError> {
        done(answer).map(drop)
    }
}

impl Linear {
    /// Labels as ids: those to add are made where there are none.
    async fn label_changes(
        &self,
        http: &Http,
        issue: &Issue,
        edit: &IssueEdit,
        input: &mut Map<String, Value>,
    ) -> Result<(), TrackerError> {
        let own = self.query(http, queries::OWN_LABELS, json!({ "id": issue.id })).await?;
        let team = text(&own["issue"]["team"]["id"]).unwrap_or_default();
        let removed = own["issue"]["labels"]["nodes"].as_array().into_iter().flatten().filter(|label| {
            let name = label["name"].as_str();
            name.is_some_and(|name| edit.remove_labels.iter().any(|remove| is_same_state(remove, name)))
        });
        let removed: Vec<Value> = removed.map(|label| label["id"].clone()).collect();
        if !removed.is_empty() {
            input.insert("removedLabelIds".to_owned(), removed.into());
        }
        if !edit.add_labels.is_empty() {
            input.insert("addedLabelIds".to_owned(), self.label_ids(http, &team, &edit.add_labels).await?.into());
        }
        Ok(())
    }

    async fn label_ids(&self, http: &Http, team: &str, names: &[String]) -> Result<Vec<String>, TrackerError> {
        let mut ids = Vec::new();
        for name in names {
            let filter = json!({ "name": { "eqIgnoreCase": name.trim() } });
            let found = self.query(http, queries::LABELS, json!({ "filter": filter })).await?;
            let mut labels = found["issueLabels"]["nodes"].as_array().into_iter().flatten();
            let usable = labels.find(|label| label["team"].is_null() || label["team"]["id"] == *team);
            let id = match usable.and_then(|label| text(&label["id"])) {
                Some(id) => Some(id),
                None => {
                    let input = json!({ "name": name.trim(), "teamId": team });
                    let made = self.mutate(http, queries::CREATE_LABEL, json!({ "input": input })).await?;
                    text(&made["issueLabelCreate"]["issueLabel"]["id"])
                }
            };
            ids.push(id.ok_or_else(|| TrackerError::Response(format!("Linear made no label `{name}`")))?);
        }
        Ok(ids)
    }

    /// Makes the issue wait for others, each by id or identifier.
    async fn block(&self, http: &Http, id: &str, blockers: &[String]) -> Result<(), TrackerError> {
        for blocker in blockers {
            let input = json!({ "issueId": blocker, "relatedIssueId": id, "type": "blocks" });
            self.mutate(http, queries::BLOCK, json!({ "input": input })).await?;
        }
        Ok(())
    }

    /// Ends that the issue waits for others, each by id or identifier.
    async fn unblock(&self, http: &Http, id: &str, blockers: &[String]) -> Result<(), TrackerError> {
        let is_one = |relation: &&Value| {
            let names = ["id", "identifier"].map(|name| relation["issue"][name].as_str().unwrap_or_default());
            let is_named = |blocker: &String| names.iter().any(|name| name.eq_ignore_ascii_case(blocker.trim()));
            record::is_blocking(relation) && blockers.iter().any(is_named)
        };
        let mut ended = Vec::new();
        let first = || self.ask("", queries::BLOCKERS, json!({ "id": id, "after": null }));
        let (mut next, mut pages) = ((!blockers.is_empty()).then(first), Pages::default());
        while let Some(request) = next {
            let answer = http.send(&request).await?;
            let data = Reply::complete(&answer)?;
            let relations = &data["issue"]["inverseRelations"];
            let page = relations["nodes"].as_array().into_iter().flatten();
            ended.extend(page.filter(is_one).filter_map(|relation| text(&relation["id"])));
            next = pages.turn(&request, self.next(&request, &answer, relations)?)?;
        }
        for relation in ended {
            self.mutate(http, queries::UNBLOCK, json!({ "id": relation })).await?;
        }
        Ok(())
    }

    async fn query(&self, http: &Http, document: &str, variables: Value) -> Result<Value, TrackerError> {
        Reply::complete(&http.send(&self.ask("", document, variables)).await?)
    }

    /// A mutation; Linear says of each whether it was done.
    async fn mutate(&self, http: &Http, document: &str, variables: Value) -> Result<Value, TrackerError> {
        done(&http.send(&self.ask("", document, variables)).await?)
    }
}

/// What a mutation brought, where Linear says that it was done.
fn done(answer: &Answer) -> Result<Value, TrackerError> {
    let data = Reply::complete(answer)?;
    let done = data.as_object().is_some_and(|data| data.values().all(|result| result["success"] == true));
    if done { Ok(data) } else { Err(answer.nonsense("Linear did not do it")) }
}

fn no_state(state: &str) -> TrackerError {
    TrackerError::InvalidIssue(format!("the team has no state `{state}`"))
}

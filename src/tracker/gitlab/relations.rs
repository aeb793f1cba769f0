//! Blockers and child items: GitLab's work items, by GraphQL.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{Gitlab, OPENED};
use crate::model::IssueRef;
use crate::tracker::TrackerError;
use crate::tracker::http::graphql::Reply;
use crate::tracker::http::{Answer, Request};
use crate::tracker::remote::{Found, reference, text};

const LINKED: &str = "linkedItems";
const CHILDREN: &str = "children";

/// What these issues wait for, and what they are made of.
fn relations() -> String {
    format!(
        "query BatonRelations($path:ID!,$iids:[String!]){{project(fullPath:$path){{workItems(iids:$iids,first:100){{\
         nodes{{iid widgets{{...on WorkItemWidgetHierarchy{{parent{{iid namespace{{fullPath}}}} {}}} \
         ...on WorkItemWidgetLinkedItems{{{}}}}}}}}}}}}}",
        connection(CHILDREN, "first:100"),
        connection(LINKED, "first:100"),
    )
}

/// A further page of one issue's.
fn further(name: &str) -> String {
    let widget = if name == LINKED { "WorkItemWidgetLinkedItems" } else { "WorkItemWidgetHierarchy" };
    format!(
        "query BatonFurther($path:ID!,$iids:[String!],$after:String){{project(fullPath:$path){{workItems(iids:$iids){{\
         nodes{{iid widgets{{...on {widget}{{{}}}}}}}}}}}}}",
        connection(name, "first:100,after:$after")
    )
}

/// All that is asked.
#[cfg(test)]
pub(super) fn documents() -> Vec<String> {
    vec![relations(), further(CHILDREN), further(LINKED)]
}

fn connection(name: &str, page: &str) -> String {
    let other = "iid state namespace{fullPath}";
    let fields = if name == LINKED { format!("linkType workItem{{{other}}}") } else { other.to_owned() };
    format!("{name}({page}){{nodes{{{fields}}} pageInfo{{hasNextPage endCursor}}}}")
}

impl Gitlab {
    /// The request for these issues' relations.
    pub(super) fn relations(&self, iids: &[&str]) -> Request {
        let variables = json!({ "path": self.config.project, "iids": iids });
        Request::graphql(&self.config.graphql, &relations(), variables)
    }

    /// Takes up an answer with relations.
    pub(super) fn take_up(
        &self,
        _request: &Request,
        answer: &Answer,
        found: &mut Found,
    ) -> Result<Vec<Request>, TrackerError> {
        let reply = Reply::read(answer)?;
        if let Some(error) = reply.errors.first() {
            // This GitLab is older than its relations.
            if !error.is_undefined() {
                return Err(reply.failure(answer, error));
            }
            self.without_relations.store(true, Ordering::Relaxed);
            return Ok(Vec::new());
        }
        let items = reply.data.pointer("/project/workItems/nodes").and_then(Value::as_array);
        let items = items.ok_or_else(|| answer.nonsense("no list of work items"))?;
        let mut more = Vec::new();
        for item in items {
            let Some(iid) = text(&item["iid"]) else { continue };
            let Some(issue) = found.get_mut(&iid) else { continue };
            for widget in item["widgets"].as_array().into_iter().flatten() {
                issue.parent = self
                    .other(&widget["parent"])
                    .map(|parent| IssueRef { state: None, ..parent })
                    .or(issue.parent.take());
                issue.sub_issues.extend(nodes(&widget[CHILDREN]).filter_map(|child| self.other(child)));
                let links = nodes(&widget[LINKED]).filter(|link| link["linkType"] == "is_blocked_by");
                issue.blocked_by.extend(links.filter_map(|link| self.other(&link["workItem"])));
                more.extend([CHILDREN, LINKED].into_iter().filter_map(|name| self.further(&iid, name, &widget[name])));
            }
        }
        Ok(more)
    }

    fn further(&self, iid: &str, name: &'static str, connection: &Value) -> Option<Request> {
        let info = &connection["pageInfo"];
        let after = text(&info["endCursor"]).filter(|_| info["hasNextPage"] == true)?;
        let variables = json!({ "path": self.config.project, "iids": [iid], "after": after });
        Some(Request::graphql(&self.config.graphql, &further(name), variables))
    }

    /// Another work item; GraphQL's `OPEN` is `opened` in REST.
    fn other(&self, item: &Value) -> Option<IssueRef> {
        let iid = text(&item["iid"])?;
        let state = text(&item["state"]).map(|state| match state.to_lowercase().as_str() {
            "open" => OPENED.to_owned(),
            other => other.to_owned(),
        });
        let place = item["namespace"]["fullPath"].as_str().unwrap_or(&self.config.project);
        if place.eq_ignore_ascii_case(&self.config.project) {
            return Some(reference(iid.clone(), format!("GL-{iid}"), state));
        }
        let name = format!("{place}#{iid}");
        Some(reference(name.clone(), name, state))
    }
}

fn nodes(connection: &Value) -> impl Iterator<Item = &Value> {
    connection["nodes"].as_array().into_iter().flatten()
}

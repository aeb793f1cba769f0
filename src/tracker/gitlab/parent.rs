//! The parent of an issue as it is written: GitLab's hierarchy of work items, by GraphQL. Which type of item may have which
//! parent is GitLab's to say.

use serde_json::json;

use super::Gitlab;
use super::links::Place;
use crate::tracker::TrackerError;
use crate::tracker::http::graphql::Reply;
use crate::tracker::http::{Http, Request};
use crate::tracker::remote::text;

pub(super) const FIND: &str =
    "query BatonItem($path:ID!,$iids:[String!]){project(fullPath:$path){workItems(iids:$iids){nodes{id}}}}";
pub(super) const SET: &str = "mutation BatonParent($input:WorkItemUpdateInput!){workItemUpdate(input:$input){errors}}";

/// A work item, by its global id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WorkItem(String);

impl Gitlab {
    /// The issue that is called so. One that is not there fails before anything is changed.
    pub(super) async fn work_item(&self, http: &Http, name: &str) -> Result<WorkItem, TrackerError> {
        let Place { project, iid } = self.place(name)?;
        let variables = json!({ "path": project, "iids": [iid.to_string()] });
        let answer = http.send(&Request::graphql(&self.config.graphql, FIND, variables)).await?;
        let reply = Reply::read(&answer)?;
        if let Some(error) = reply.errors.first() {
            if error.is_undefined() {
                let operation = "change parents: it is older than its hierarchy of work items";
                return Err(TrackerError::Unsupported { kind: super::ADAPTER.kind, operation });
            }
            return Err(reply.failure(&answer, error));
        }
        let found = reply.data.pointer("/project/workItems/nodes/0/id").and_then(text);
        found.map(WorkItem).ok_or_else(|| TrackerError::InvalidIssue(format!("GitLab shows no issue `{name}`")))
    }

    /// Makes the item a part of another one, or of none.
    pub(super) async fn set_parent(
        &self,
        http: &Http,
        item: &WorkItem,
        parent: Option<&WorkItem>,
    ) -> Result<(), TrackerError> {
        let parent = parent.map(|parent| parent.0.as_str());
        let input = json!({ "input": { "id": item.0, "hierarchyWidget": { "parentId": parent } } });
        let answer = http.send(&Request::graphql(&self.config.graphql, SET, input)).await?;
        let data = Reply::complete(&answer)?;
        let errors = data["workItemUpdate"]["errors"].as_array();
        let errors = errors.ok_or_else(|| answer.nonsense("it does not say whether it was done"))?;
        match errors.first() {
            None => Ok(()),
            Some(refused) => {
                let said = text(refused).unwrap_or_else(|| "no reason given".to_owned());
                Err(TrackerError::InvalidIssue(format!("GitLab refuses the parent: {}", answer.words(&said))))
            }
        }
    }
}

//! The field of a project as it is written, and how an issue gets into the project: by GraphQL alone.

use serde_json::{Value, json};

use super::states::{NO_STATUS, OPEN, Project};
use super::{Github, queries};
use crate::model::{Issue, is_same_state};
use crate::tracker::TrackerError;
use crate::tracker::http::Http;
use crate::tracker::http::graphql::Reply;
use crate::tracker::remote::text;

/// A project, and the option of its field that stands for a state; none for an issue without one.
pub(super) struct Place {
    project: String,
    option: Option<FieldOption>,
}

struct FieldOption {
    field: String,
    option: Value,
}

impl Github {
    /// Where a new issue in this state goes. What is not there fails before anything is made.
    pub(super) async fn project_place(
        &self,
        http: &Http,
        project: &Project,
        state: &str,
    ) -> Result<Place, TrackerError> {
        let variables = json!({ "login": project.owner, "number": project.number });
        let answer = http.send(&self.graphql("project id", queries::PROJECT_ID, variables)).await?;
        let data = Reply::complete(&answer)?;
        let id = text(&data["repositoryOwner"]["projectV2"]["id"]);
        let id =
            id.ok_or_else(|| answer.nonsense("there is no such project, or the credential may not read projects"))?;
        let has_none = [OPEN, NO_STATUS].into_iter().any(|none| is_same_state(none, state));
        let option = if has_none { None } else { Some(self.option(http, project, &id, state).await?) };
        Ok(Place { project: id, option })
    }

    /// Puts a new issue there.
    pub(super) async fn put_into_project(&self, http: &Http, place: &Place, node: &str) -> Result<(), TrackerError> {
        let input = json!({ "input": { "projectId": place.project, "contentId": node } });
        let answer = http.send(&self.graphql("add", queries::ADD_ITEM, input)).await?;
        let data = Reply::complete(&answer)?;
        let item = text(&data["addProjectV2ItemById"]["item"]["id"]);
        let item = item.ok_or_else(|| answer.nonsense("no item of the project"))?;
        match &place.option {
            Some(option) => self.set_option(http, &place.project, &item, option).await,
            None => Ok(()),
        }
    }

    /// Gives an issue of the project this state.
    pub(super) async fn set_status(
        &self,
        http: &Http,
        project: &Project,
        issue: &Issue,
        state: &str,
    ) -> Result<(), TrackerError> {
        let native = |name: &str| issue.native_ref.as_ref().and_then(|native| text(&native[name]));
        let (Some(project_id), Some(item_id)) = (native("project_id"), native("project_item_id")) else {
            return Err(TrackerError::InvalidIssue(format!("{} is not in the project", issue.identifier)));
        };
        let option = self.option(http, project, &project_id, state).await?;
        self.set_option(http, &project_id, &item_id, &option).await
    }

    /// The option of the project's field that stands for a state.
    async fn option(
        &self,
        http: &Http,
        project: &Project,
        project_id: &str,
        state: &str,
    ) -> Result<FieldOption, TrackerError> {
        let variables = json!({ "project": project_id, "field": project.field });
        let data = Reply::complete(&http.send(&self.graphql("field", queries::FIELD, variables)).await?)?;
        let field = &data["node"]["field"];
        let mut options = field["options"].as_array().into_iter().flatten();
        let is_it = |option: &&Value| option["name"].as_str().is_some_and(|name| is_same_state(name, state));
        match (text(&field["id"]), options.find(is_it)) {
            (Some(field), Some(option)) => Ok(FieldOption { field, option: option["id"].clone() }),
            _ => {
                let message = format!("the project's field `{}` has no option `{state}`", project.field);
                Err(TrackerError::InvalidIssue(message))
            }
        }
    }

    async fn set_option(
        &self,
        http: &Http,
        project_id: &str,
        item_id: &str,
        option: &FieldOption,
    ) -> Result<(), TrackerError> {
        let value = json!({ "singleSelectOptionId": option.option });
        let input = json!({ "projectId": project_id, "itemId": item_id, "fieldId": option.field, "value": value });
        let request = self.graphql("set", queries::SET_FIELD, json!({ "input": input }));
        Reply::complete(&http.send(&request).await?)?;
        Ok(())
    }
}

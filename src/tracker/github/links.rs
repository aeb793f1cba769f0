//! Blockers and parents as they are written. REST takes issues by a number of its own there, so each is looked up first:
//! one that is not there fails before anything is changed.

use serde_json::json;

use super::Github;
use crate::model::Issue;
use crate::tracker::http::{Http, Method, Request};
use crate::tracker::{IssueEdit, NewIssue, TrackerError};

/// An issue of the repository.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// As people count.
    number: u64,
    /// As REST names it in links.
    id: u64,
}

/// What is to be linked with an issue, and what no more.
#[derive(Debug, Default)]
pub(super) struct Links {
    blockers: Vec<Place>,
    no_blockers: Vec<Place>,
    parent: Option<Place>,
    no_parent: Option<Place>,
}

impl Github {
    /// The links of a new issue.
    pub(super) async fn new_links(&self, http: &Http, new: &NewIssue) -> Result<Links, TrackerError> {
        Ok(Links {
            blockers: self.places(http, &new.blocked_by).await?,
            parent: self.places(http, new.parent.as_slice()).await?.pop(),
            ..Links::default()
        })
    }

    /// The links that an edit changes.
    pub(super) async fn changed_links(
        &self,
        http: &Http,
        issue: &Issue,
        edit: &IssueEdit,
    ) -> Result<Links, TrackerError> {
        let (parent, no_parent) = match &edit.parent {
            None => (None, None),
            Some(Some(parent)) => (Some(parent.clone()), None),
            Some(None) => (None, issue.parent.as_ref().map(|parent| parent.name().to_owned())),
        };
        Ok(Links {
            blockers: self.places(http, &edit.add_blocked_by).await?,
            no_blockers: self.places(http, &edit.remove_blocked_by).await?,
            parent: self.places(http, parent.as_slice()).await?.pop(),
            no_parent: self.places(http, no_parent.as_slice()).await?.pop(),
        })
    }

    /// Links the issue of this number.
    pub(super) async fn link(&self, http: &Http, number: &str, links: &Links) -> Result<(), TrackerError> {
        let issues = self.issues_path();
        let blocked_by = format!("{issues}/{number}/dependencies/blocked_by");
        for blocker in &links.blockers {
            let request = Request::post(&blocked_by, json!({ "issue_id": blocker.id }));
            http.send(&request).await?.success()?;
        }
        for blocker in &links.no_blockers {
            http.send(&Request::new(Method::Delete, format!("{blocked_by}/{}", blocker.id))).await?.success()?;
        }
        if links.parent.is_none() && links.no_parent.is_none() {
            return Ok(());
        }
        let own = self.place(http, number).await?.id;
        let request = match (links.parent, links.no_parent) {
            (Some(parent), _) => {
                let body = json!({ "sub_issue_id": own, "replace_parent": true });
                Request::post(format!("{issues}/{}/sub_issues", parent.number), body)
            }
            (None, Some(parent)) => Request::new(Method::Delete, format!("{issues}/{}/sub_issue", parent.number))
                .json(json!({ "sub_issue_id": own })),
            (None, None) => return Ok(()),
        };
        http.send(&request).await?.success()?;
        Ok(())
    }

    async fn places(&self, http: &Http, names: &[String]) -> Result<Vec<Place>, TrackerError> {
        let mut places = Vec::new();
        for name in names {
            places.push(self.place(http, name).await?);
        }
        Ok(places)
    }

    /// An issue by its identifier or number.
    async fn place(&self, http: &Http, name: &str) -> Result<Place, TrackerError> {
        let unknown =
            || TrackerError::InvalidIssue(format!("there is no issue `{name}` in {}", self.config.full_name()));
        let name = name.trim();
        let digits = name.get(..3).filter(|start| start.eq_ignore_ascii_case("GH-")).map_or(name, |_| &name[3..]);
        let number: u64 = digits.parse().map_err(|_| unknown())?;
        let answer = http.send(&Request::get(format!("{}/{number}", self.issues_path()))).await?;
        if matches!(answer.status(), 404 | 410) {
            return Err(unknown());
        }
        let id = answer.json()?["id"].as_u64().ok_or_else(|| answer.nonsense("an issue without an `id`"))?;
        Ok(Place { number, id })
    }
}

//! Blockers as they are written: links of the type `is_blocked_by`, by REST.

use serde_json::{Value, json};

use super::Gitlab;
use crate::tracker::TrackerError;
use crate::tracker::http::{Http, Method, Request};
use crate::tracker::remote::id;

/// The type of link that makes an issue wait.
const BLOCKED: &str = "is_blocked_by";

/// An issue of any project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) project: String,
    pub(super) iid: u64,
}

impl Gitlab {
    /// The issues that are called so: `GL-5`, `5`, or `group/project#5` for one of another project.
    pub(super) fn places(&self, names: &[String]) -> Result<Vec<Place>, TrackerError> {
        names.iter().map(|name| self.place(name)).collect()
    }

    pub(super) fn place(&self, name: &str) -> Result<Place, TrackerError> {
        let name = name.trim();
        let (project, number) = match name.rsplit_once('#') {
            Some((project, number)) if !project.is_empty() => (project, number),
            _ => {
                let is_own = name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("GL-"));
                (self.config.project.as_str(), if is_own { &name[3..] } else { name })
            }
        };
        let iid =
            number.parse().map_err(|_| TrackerError::InvalidIssue(format!("`{name}` names no issue of GitLab")))?;
        Ok(Place { project: project.to_owned(), iid })
    }

    /// Makes the issue `iid` wait for some, and no more for others.
    pub(super) async fn link(
        &self,
        http: &Http,
        iid: &str,
        blockers: &[Place],
        no_blockers: &[Place],
    ) -> Result<(), TrackerError> {
        let links = format!("{}/{iid}/links", self.issues_path());
        for Place { project, iid } in blockers {
            let body = json!({ "target_project_id": project, "target_issue_iid": iid, "link_type": BLOCKED });
            http.send(&Request::post(&links, body)).await?.success()?;
        }
        if no_blockers.is_empty() {
            return Ok(());
        }
        let answer = http.send(&Request::get(&links)).await?;
        let known = answer.json()?;
        let known = known.as_array().ok_or_else(|| answer.nonsense("no list of links"))?;
        let is_gone = |link: &&Value| {
            let names = |place: &Place| link["references"]["full"] == format!("{}#{}", place.project, place.iid);
            link["link_type"] == BLOCKED && no_blockers.iter().any(names)
        };
        for link in known.iter().filter(is_gone).filter_map(|link| id(&link["issue_link_id"])) {
            http.send(&Request::new(Method::Delete, format!("{links}/{link}"))).await?.success()?;
        }
        Ok(())
    }
}

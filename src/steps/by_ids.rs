//! A refresh by id in which one bad record hides no other.

use crate::model::Issue;
use crate::project::Project;
use crate::tracker::TrackerError;

/// What a refresh brought.
#[derive(Debug, Default)]
pub(super) struct Refreshed {
    /// The issues that are visible.
    pub(super) issues: Vec<Issue>,
    /// Ids of which nothing could be learned, and why; unknown is not invisible.
    pub(super) unknown: Vec<(String, TrackerError)>,
}

impl Refreshed {
    /// Why nothing is known of `id`, if so.
    pub(super) fn is_unknown(&self, id: &str) -> bool {
        self.unknown.iter().any(|(unknown, _)| unknown == id)
    }
}

/// Fetches `ids` in one call. Where one bad record fails the whole call (SPEC 11.1), asks again one by one.
pub(super) async fn by_ids(project: &Project, ids: &[String]) -> Result<Refreshed, TrackerError> {
    match project.tracker.fetch_issues_by_ids(ids).await {
        Ok(issues) => Ok(Refreshed { issues, unknown: Vec::new() }),
        Err(error @ TrackerError::Response(_)) if ids.len() == 1 => {
            Ok(Refreshed { issues: Vec::new(), unknown: vec![(ids[0].clone(), error)] })
        }
        Err(TrackerError::Response(_)) => one_by_one(project, ids).await,
        Err(error) => Err(error),
    }
}

async fn one_by_one(project: &Project, ids: &[String]) -> Result<Refreshed, TrackerError> {
    let mut refreshed = Refreshed::default();
    for id in ids {
        match project.tracker.fetch_issues_by_ids(std::slice::from_ref(id)).await {
            Ok(issues) => refreshed.issues.extend(issues),
            Err(error @ TrackerError::Response(_)) => refreshed.unknown.push((id.clone(), error)),
            Err(error) => return Err(error),
        }
    }
    Ok(refreshed)
}

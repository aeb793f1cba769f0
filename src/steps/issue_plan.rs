//! What `issue create`, `issue edit` and `comment` would leave, without writing.

use super::IssueView;
use super::issue::{find, view, writer};
use crate::error::Result;
use crate::model::{Issue, IssueRef};
use crate::project::Project;
use crate::tracker::{IssueEdit, NewIssue, Write, Writer};

/// The identifier of an issue whose tracker alone will give it one.
const NAMELESS: &str = "(new)";

/// The issue that `create` would make.
pub async fn create_plan(project: &Project, new: &NewIssue) -> Result<IssueView> {
    let first_state = project.workflow.config.tracker.active_states.first();
    let made = writer(project)?.foresee(Write::Create(new)).await?;
    Ok(planned(project, made.unwrap_or_else(|| created(new, first_state))))
}

/// The issue as it is, and as `edit` would leave it.
pub async fn edit_plan(project: &Project, identifier: &str, edit: &IssueEdit) -> Result<(Issue, IssueView)> {
    let issue = find(project, identifier).await?.issue;
    let after = foresee(writer(project)?, Write::Edit { id: &issue.id, edit }).await?;
    let after = planned(project, after.unwrap_or_else(|| edited(issue.clone(), edit)));
    Ok((issue, after))
}

/// The issue that `comment` would comment on.
pub async fn comment_plan(project: &Project, identifier: &str, text: &str) -> Result<IssueView> {
    let issue = find(project, identifier).await?.issue;
    let after = foresee(writer(project)?, Write::Comment { id: &issue.id, text }).await?;
    Ok(planned(project, after.unwrap_or(issue)))
}

fn planned(project: &Project, issue: Issue) -> IssueView {
    IssueView { dry_run: true, ..view(project, issue) }
}

async fn foresee(writer: &dyn Writer, write: Write<'_>) -> Result<Option<Issue>> {
    Ok(writer.foresee(write).await?)
}

fn created(new: &NewIssue, first_state: Option<&String>) -> Issue {
    let named = |name: &String| IssueRef { id: None, identifier: Some(name.clone()), state: None };
    let state = new.state.as_ref().or(first_state).map_or("", String::as_str);
    Issue {
        description: new.description.clone(),
        priority: new.priority,
        assignee_id: new.assignee.clone(),
        labels: new.labels.iter().map(|label| normal_label(label)).collect(),
        blocked_by: new.blocked_by.iter().map(named).collect(),
        parent: new.parent.as_ref().map(named),
        ..Issue::blank(NAMELESS, NAMELESS, &new.title, state)
    }
}

fn edited(mut issue: Issue, edit: &IssueEdit) -> Issue {
    let named = |name: &String| IssueRef { id: None, identifier: Some(name.clone()), state: None };
    issue.title = edit.title.clone().unwrap_or(issue.title);
    issue.state = edit.state.clone().unwrap_or(issue.state);
    issue.description = edit.description.clone().or(issue.description);
    issue.priority = edit.priority.unwrap_or(issue.priority);
    issue.assignee_id = edit.assignee.clone().unwrap_or(issue.assignee_id);
    if let Some(parent) = &edit.parent {
        issue.parent = parent.as_ref().map(named);
    }
    let removed: Vec<String> = edit.remove_labels.iter().map(|label| normal_label(label)).collect();
    issue.labels.retain(|label| !removed.contains(label));
    for label in edit.add_labels.iter().map(|label| normal_label(label)) {
        if !issue.labels.contains(&label) {
            issue.labels.push(label);
        }
    }
    let is_named =
        |other: &IssueRef, name: &String| other.identifier.as_ref() == Some(name) || other.id.as_ref() == Some(name);
    issue.blocked_by.retain(|other| !edit.remove_blocked_by.iter().any(|name| is_named(other, name)));
    for name in &edit.add_blocked_by {
        if !issue.blocked_by.iter().any(|other| is_named(other, name)) {
            issue.blocked_by.push(named(name));
        }
    }
    issue
}

/// A label as issues have them.
fn normal_label(label: &str) -> String {
    label.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_tracker_cannot_tell_the_request_does() {
        let new = NewIssue { title: "One".to_owned(), labels: vec!["Bug ".to_owned()], ..NewIssue::default() };
        let issue = created(&new, Some(&"Todo".to_owned()));
        assert_eq!(
            (issue.identifier.as_str(), issue.state.as_str(), issue.labels.clone()),
            ("(new)", "Todo", vec!["bug".to_owned()])
        );
        let edit = IssueEdit {
            state: Some("Done".to_owned()),
            priority: Some(Some(2)),
            add_labels: vec!["Urgent".to_owned(), "urgent".to_owned()],
            remove_labels: vec!["BUG".to_owned()],
            add_blocked_by: vec!["A-1".to_owned(), "A-2".to_owned()],
            ..IssueEdit::default()
        };
        let after = edited(issue, &edit);
        assert_eq!((after.title.as_str(), after.state.as_str(), after.priority), ("One", "Done", Some(2)));
        assert_eq!(after.labels, ["urgent"]);
        let edit =
            IssueEdit { remove_blocked_by: vec!["A-1".to_owned()], priority: Some(None), ..IssueEdit::default() };
        let after = edited(after, &edit);
        assert_eq!((after.priority, after.blocked_by.len(), after.blocked_by[0].name()), (None, 1, "A-2"));
    }
}

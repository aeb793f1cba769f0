//! What GitHub tells of an issue, of a comment and of a person: Baton reads little of it.

use serde_json::{Value, json};

use crate::fakes::Reply;

const API: &str = "https://api.github.example";
const SITE: &str = "https://github.example";

/// A person.
pub(crate) fn user(login: &str) -> Value {
    let at = |end: &str| format!("{API}/users/{login}{end}");
    json!({
        "login": login, "id": 1, "node_id": "U_1", "avatar_url": format!("{SITE}/{login}.png"), "gravatar_id": "",
        "url": at(""), "html_url": format!("{SITE}/{login}"), "followers_url": at("/followers"),
        "following_url": at("/following{/other_user}"), "gists_url": at("/gists{/gist_id}"),
        "starred_url": at("/starred{/owner}{/repo}"), "subscriptions_url": at("/subscriptions"),
        "organizations_url": at("/orgs"), "repos_url": at("/repos"), "events_url": at("/events{/privacy}"),
        "received_events_url": at("/received_events"), "type": "User", "site_admin": false,
    })
}

/// A new issue.
pub(super) fn issue(number: u64, labels: &[&str]) -> Value {
    let labels: Vec<Value> = labels.iter().map(|name| json!({ "name": name })).collect();
    let at = |end: &str| format!("{API}/repos/o/r/issues/{number}{end}");
    json!({
        "number": number, "id": 1000 + number, "node_id": format!("I_{number}"),
        "title": format!("Issue {number}"), "body": format!("Body {number}"), "state": "open",
        "html_url": format!("{SITE}/o/r/issues/{number}"),
        "url": at(""), "repository_url": format!("{API}/repos/o/r"), "labels_url": at("/labels{/name}"),
        "comments_url": at("/comments"), "events_url": at("/events"), "user": user("ann"),
        "labels": labels, "assignee": null, "assignees": [], "milestone": null, "locked": false, "comments": 0,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "closed_at": null,
    })
}

/// What somebody said about an issue, and when.
pub(super) struct Said {
    pub(super) issue: u64,
    pub(super) text: String,
    pub(super) time: String,
}

/// The comment at this place.
pub(super) fn comment(at: usize, said: &Said) -> Value {
    let Said { issue, text, time } = said;
    json!({
        "id": at, "node_id": format!("IC_{at}"), "user": user("ann"), "created_at": time, "updated_at": time,
        "url": format!("{API}/repos/o/r/issues/comments/{at}"), "issue_url": format!("{API}/repos/o/r/issues/{issue}"),
        "html_url": format!("{SITE}/o/r/issues/{issue}#issuecomment-{at}"), "body": text,
    })
}

/// The answer where there is no such thing.
pub(super) fn not_found() -> Reply {
    Reply::json(404, &json!({ "message": "Not Found" }))
}

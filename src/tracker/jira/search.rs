//! The requests for issues, and the pages that answer them. The cloud gives a token for the next page and has a request of
//! its own for issues by name, which knows what was written a moment ago; a server counts, and searches for them.

use serde_json::{Value, json};

use super::config::{Deployment, PROJECT_KEY};
use super::record::FIELDS;
use super::{Jira, jql};
use crate::tracker::TrackerError;
use crate::tracker::http::{Answer, Request};
use crate::tracker::remote::{Malformed, Page, invalid, text};

/// Issues in one request.
const BATCH: usize = 100;
/// The tag of a request that names its issues.
const NAMED: &str = "named";
/// The tag of one that searches for them.
const SEARCH: &str = "search";
/// The tag of one that lists what is in the project.
const LIST: &str = "list";

impl Jira {
    /// The first page of what this JQL finds.
    pub(super) fn search(&self, jql: &str) -> Request {
        let mut body = json!({ "jql": jql, "fields": FIELDS, "maxResults": BATCH });
        if self.config.deployment == Deployment::Server {
            body["startAt"] = json!(0);
        }
        self.search_with(LIST, body)
    }

    /// These issues, each by id or key. What is not there does not fail the rest.
    pub(super) fn named_issues(&self, names: &[&str]) -> Vec<Request> {
        let batch = |names: &[&str]| match self.config.deployment {
            Deployment::Cloud => {
                let body = json!({ "issueIdsOrKeys": names, "fields": FIELDS });
                Request::post(self.path("issue/bulkfetch"), body).repeatable().tagged(NAMED)
            }
            Deployment::Server => {
                let jql = jql::named(names);
                let body = json!({
                    "jql": jql, "fields": FIELDS, "maxResults": BATCH, "startAt": 0, "validateQuery": false,
                });
                self.search_with(SEARCH, body)
            }
        };
        names.chunks(BATCH).map(batch).collect()
    }

    fn search_with(&self, tag: &'static str, body: Value) -> Request {
        let path = match self.config.deployment {
            Deployment::Cloud => "search/jql",
            Deployment::Server => "search",
        };
        Request::post(self.path(path), body).repeatable().tagged(tag)
    }

    /// Fails where the project has another key by now. Jira goes on finding it by the old one; what it finds would be taken
    /// for issues of another project. A single one of these has just been moved there.
    fn check_project(&self, found: &[Value]) -> Result<(), TrackerError> {
        let mut keys = found.iter().filter_map(|record| record["fields"]["project"]["key"].as_str());
        let own = &self.config.project;
        match keys.clone().next() {
            Some(key) if keys.all(|key| !key.eq_ignore_ascii_case(own)) => {
                Err(invalid(PROJECT_KEY, format!("Jira calls the project `{own}` by the key `{key}` now")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A page of issues.
    pub(super) fn issue_page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        let body = answer.json()?;
        let found = body["issues"].as_array().ok_or_else(|| answer.nonsense("no list of issues"))?;
        if request.tag() == LIST {
            self.check_project(found)?;
        }
        let mut records: Vec<_> = found.iter().filter_map(|record| self.issue(record)).collect();
        if request.tag() == NAMED {
            records
                .extend(body["issueErrors"].as_array().into_iter().flatten().map(|error| Err(failed(error, answer))));
            return Ok(Page { records, ..Page::default() });
        }
        let next = match self.config.deployment {
            Deployment::Cloud => by_token(&body, answer)?,
            Deployment::Server => by_count(&body, found.len(), answer)?,
        };
        let next = next.zip(request.body().cloned()).map(|((name, value), mut body)| {
            body[name] = value;
            self.search_with(request.tag(), body)
        });
        Ok(Page { records, next, ..Page::default() })
    }
}

/// An issue that is there and that Jira could not give: it must not be taken for one that is gone.
fn failed(error: &Value, answer: &Answer) -> Malformed {
    let source = text(&error["id"]).unwrap_or_else(|| "an issue".to_owned());
    let message = text(&error["errorMessage"]).unwrap_or_else(|| "Jira did not give it".to_owned());
    Malformed { source, message: answer.words(&message) }
}

/// What the next request must say.
type Next = Option<(&'static str, Value)>;

fn by_token(body: &Value, answer: &Answer) -> Result<Next, TrackerError> {
    match (body["isLast"].as_bool(), text(&body["nextPageToken"])) {
        (Some(true), _) => Ok(None),
        (Some(false) | None, Some(token)) => Ok(Some(("nextPageToken", token.into()))),
        (Some(false), None) => Err(answer.bad_page("there is a next page, but no token for it")),
        (None, None) => Err(answer.nonsense("it does not say whether it is the last page")),
    }
}

fn by_count(body: &Value, found: usize, answer: &Answer) -> Result<Next, TrackerError> {
    let number = |name: &str| body[name].as_u64().ok_or_else(|| answer.nonsense(&format!("no `{name}`")));
    let end = number("startAt")? + found as u64;
    if end >= number("total")? {
        return Ok(None);
    }
    if found == 0 {
        return Err(answer.bad_page("there are more issues, but this page has none"));
    }
    Ok(Some(("startAt", end.into())))
}

//! Blockers and sub-issues, and a project's items: what REST does not bring.

use serde_json::{Value, json};

use super::states::{StateFrom, nodes};
use super::{Github, queries, record};
use crate::model::IssueRef;
use crate::tracker::TrackerError;
use crate::tracker::http::graphql::Reply;
use crate::tracker::http::{Answer, Request};
use crate::tracker::remote::{Found, Page};

/// Whether a record of REST says that there is something to ask about.
pub(super) fn has_any(record: &Value) -> bool {
    let count = |pointer| record.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    count("/sub_issues_summary/total") > 0 || count("/issue_dependencies_summary/total_blocked_by") > 0
}

/// The issues that a connection names. One that the credential may not see is there without a name, and holds back what
/// waits for it.
pub(super) fn references(github: &Github, connection: &Value) -> Vec<IssueRef> {
    let reference = |other: &Value| {
        if other.is_null() {
            return Some(IssueRef { id: None, identifier: None, state: None });
        }
        let repository = other["repository"]["nameWithOwner"].as_str().unwrap_or_default();
        let own = || other["state"].as_str().map(str::to_lowercase);
        // What is in no project still is open or closed.
        let state = github.config.states.of(other).or_else(own);
        Some(github.reference(record::number(other)?, repository, state))
    };
    nodes(connection).filter_map(reference).collect()
}

impl Github {
    /// Requests for the pages of a record's relations that its answer did not hold.
    pub(super) fn further_relations(&self, record: &Value) -> Vec<Request> {
        let Some(number) = record::number(record) else { return Vec::new() };
        let further = |connection: &&'static str| self.further(number, connection, &record[*connection]);
        ["blockedBy", "subIssues"].iter().filter_map(further).collect()
    }

    fn further(&self, number: u64, connection: &'static str, page: &Value) -> Option<Request> {
        let after = page["pageInfo"]["endCursor"].as_str().filter(|_| page["pageInfo"]["hasNextPage"] == true)?;
        let variables = self.variables(json!({ "issue": number, "after": after }));
        Some(self.graphql(connection, &queries::related(connection, &self.config.states), variables))
    }

    /// Takes up the relations of issues that came by REST, or a further page of one issue's.
    pub(super) fn take_up(
        &self,
        request: &Request,
        answer: &Answer,
        found: &mut Found,
    ) -> Result<Vec<Request>, TrackerError> {
        let connection = request.tag();
        if connection != "relations" {
            return self.take_up_page(request, answer, found);
        }
        let reply = Reply::read(answer)?;
        if let Some(plainer) = self.plainer(request, &reply) {
            return Ok(vec![plainer]);
        }
        if let Some(error) = reply.errors.iter().find(|error| error.code != "NOT_FOUND" || error.path.len() < 2) {
            return Err(reply.failure(answer, error));
        }
        self.name.learn(&reply.data["repository"]);
        let records = reply.data["repository"].as_object().ok_or_else(|| answer.nonsense("no repository"))?;
        let mut more = Vec::new();
        for record in records.values().filter(|record| record.is_object()) {
            let Some(number) = record::number(record) else { continue };
            if let Some(issue) = found.get_mut(&number.to_string()) {
                issue.blocked_by = references(self, &record["blockedBy"]);
                issue.sub_issues = references(self, &record["subIssues"]);
                more.extend(self.further_relations(record));
            }
        }
        Ok(more)
    }

    fn take_up_page(
        &self,
        request: &Request,
        answer: &Answer,
        found: &mut Found,
    ) -> Result<Vec<Request>, TrackerError> {
        let connection = request.tag();
        let data = Reply::complete(answer)?;
        let number = request.body().and_then(|body| body["variables"]["issue"].as_u64()).unwrap_or_default();
        let page = &data["repository"]["issue"][connection];
        let others = references(self, page);
        let Some(issue) = found.get_mut(&number.to_string()) else { return Ok(Vec::new()) };
        let (name, known) = match connection {
            "blockedBy" => ("blockedBy", &mut issue.blocked_by),
            _ => ("subIssues", &mut issue.sub_issues),
        };
        known.extend(others);
        Ok(self.further(number, name, page).into_iter().collect())
    }

    /// A page of the project's items: those that are issues of this repository.
    pub(super) fn project_page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        let reply = Reply::read(answer)?;
        if let Some(plainer) = self.plainer(request, &reply) {
            return Ok(Page { next: Some(plainer), ..Page::default() });
        }
        if let Some(error) = reply.errors.first() {
            return Err(reply.failure(answer, error));
        }
        self.name.learn(&reply.data["repository"]);
        let items = &reply.data["repositoryOwner"]["projectV2"]["items"];
        if !items["nodes"].is_array() {
            return Err(answer.nonsense("there is no such project, or the credential may not read projects"));
        }
        let contents = nodes(items).map(|item| &item["content"]);
        let records: Vec<&Value> =
            contents.filter(|record| record["number"].is_u64() && self.is_ours(record)).collect();
        Ok(Page {
            more: records.iter().flat_map(|record| self.further_relations(record)).collect(),
            records: records.iter().filter_map(|record| self.issue(record).transpose()).collect(),
            next: self.next_items(request, items, answer)?,
        })
    }

    fn next_items(&self, request: &Request, items: &Value, answer: &Answer) -> Result<Option<Request>, TrackerError> {
        if items["pageInfo"]["hasNextPage"] != true {
            return Ok(None);
        }
        let after = items["pageInfo"]["endCursor"].as_str().filter(|cursor| !cursor.is_empty());
        let Some(after) = after else { return Err(answer.bad_page("a next page without a cursor")) };
        debug_assert!(matches!(self.config.states.from, StateFrom::Project(_)));
        let body = request.body().cloned().unwrap_or_default();
        let mut variables = body["variables"].clone();
        variables["after"] = after.into();
        Ok(Some(self.graphql("project", body["query"].as_str().unwrap_or_default(), variables)))
    }
}

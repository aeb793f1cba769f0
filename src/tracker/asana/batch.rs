//! Many reads in one request. Asana has no list of tasks by id, and none of what many tasks wait for; it takes up to ten
//! reads in a batch, and answers each with a status of its own.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Asana;
use super::record::{FIELDS, OTHER_FIELDS};
use crate::tracker::TrackerError;
use crate::tracker::http::{Answer, Request};
use crate::tracker::remote::{Found, Malformed, Page, text};

/// Reads in one batch, which is what Asana takes at most.
const BATCH: usize = 10;
/// What a task waits for.
const DEPENDENCIES: &str = "dependencies";
/// What it is made of.
const SUBTASKS: &str = "subtasks";
/// The tag of a batch of tasks.
pub(super) const TASKS: &str = "tasks";
/// The tag of a batch of relations.
const RELATIONS: &str = "relations";
/// The tag of a further page of one relation.
const FURTHER: &str = "further";

/// One answer of a batch.
struct Part<'v> {
    path: &'v str,
    status: u64,
    body: &'v Value,
    headers: &'v Value,
}

/// These tasks.
pub(super) fn tasks(gids: &[&str]) -> Vec<Request> {
    let action = |gid: &&str| action(&format!("/tasks/{gid}"), &json!({ "fields": FIELDS }));
    batches(&gids.iter().map(action).collect::<Vec<_>>(), TASKS)
}

/// What else must be asked about these records: what they wait for, and what they are made of.
pub(super) fn relations<'r>(records: impl Iterator<Item = &'r Value>) -> Vec<Request> {
    let mut actions = Vec::new();
    for record in records {
        let Some(gid) = text(&record["gid"]) else { continue };
        let has_dependencies = record["dependencies"].as_array().is_some_and(|all| !all.is_empty());
        let has_subtasks = record["num_subtasks"].as_u64().is_some_and(|number| number > 0);
        let relations = [(DEPENDENCIES, has_dependencies), (SUBTASKS, has_subtasks)];
        actions.extend(relations.into_iter().filter(|(_, has)| *has).map(|(relation, _)| {
            action(&format!("/tasks/{gid}/{relation}"), &json!({ "fields": OTHER_FIELDS, "limit": 100 }))
        }));
    }
    batches(&actions, RELATIONS)
}

impl Asana {
    /// The tasks that a batch brought. One that is not there is none; one that may not be seen is not gone.
    pub(super) fn tasks_page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        let body = answer.json()?;
        let mut page = Page::default();
        let mut found = Vec::new();
        for part in parts(request, answer, &body)? {
            match part.status {
                200 => found.push(&part.body["data"]),
                404 | 410 => {}
                403 => page.records.push(Err(part.malformed(answer))),
                _ => return Err(part.failure(answer)),
            }
        }
        page.records.extend(found.iter().filter_map(|record| self.issue(record)));
        page.more = relations(found.into_iter().filter(|record| record["completed"] == false));
        Ok(page)
    }

    /// Takes up what tasks wait for and are made of.
    pub(super) fn take_up(
        &self,
        request: &Request,
        answer: &Answer,
        found: &mut Found,
    ) -> Result<Vec<Request>, TrackerError> {
        let body = answer.json()?;
        if request.tag() == FURTHER {
            return Ok(self.relation(request.path(), &body, answer, found)?.into_iter().collect());
        }
        let mut more = Vec::new();
        for part in parts(request, answer, &body)? {
            match part.status {
                200 => more.extend(self.relation(part.path, part.body, answer, found)?),
                // The task went away in between.
                404 | 410 => {}
                _ => return Err(part.failure(answer)),
            }
        }
        Ok(more)
    }

    /// Takes up a page of one relation of one task; the request for the next one.
    fn relation(
        &self,
        path: &str,
        body: &Value,
        answer: &Answer,
        found: &mut Found,
    ) -> Result<Option<Request>, TrackerError> {
        let others = body["data"].as_array().ok_or_else(|| answer.nonsense("no list of tasks"))?;
        let mut words = path.rsplit('/');
        let (relation, gid) = (words.next(), words.next());
        let Some(issue) = gid.and_then(|gid| found.get_mut(gid)) else { return Ok(None) };
        let into = if relation == Some(DEPENDENCIES) { &mut issue.blocked_by } else { &mut issue.sub_issues };
        into.extend(others.iter().filter_map(|other| self.other(other)));
        let offset = offset(body, answer)?;
        Ok(offset.map(|offset| {
            let request = Request::get(path).query("limit", "100").query("opt_fields", OTHER_FIELDS.join(","));
            request.query("offset", offset).tagged(FURTHER)
        }))
    }
}

/// Where the next page begins; every page says whether there is one.
pub(super) fn offset(body: &Value, answer: &Answer) -> Result<Option<String>, TrackerError> {
    match &body["next_page"] {
        Value::Null if body.get("next_page").is_some() => Ok(None),
        Value::Object(next) => {
            let offset = next.get("offset").and_then(text);
            offset.map(Some).ok_or_else(|| answer.bad_page("there is a next page, but no offset for it"))
        }
        _ => Err(answer.nonsense("it does not say whether it is the last page")),
    }
}

fn action(path: &str, options: &Value) -> Value {
    json!({ "method": "get", "relative_path": path, "options": options })
}

/// Reads may be sent twice, whatever the method of the batch.
fn batches(actions: &[Value], tag: &'static str) -> Vec<Request> {
    let batch =
        |actions: &[Value]| Request::post("/batch", json!({ "data": { "actions": actions } })).repeatable().tagged(tag);
    actions.chunks(BATCH).map(batch).collect()
}

/// The answers of a batch, each with the path that was asked.
fn parts<'v>(request: &'v Request, answer: &Answer, body: &'v Value) -> Result<Vec<Part<'v>>, TrackerError> {
    let answers = body["data"].as_array().ok_or_else(|| answer.nonsense("no list of answers"))?;
    let actions = request.body().and_then(|body| body["data"]["actions"].as_array());
    let actions = actions.map(Vec::as_slice).unwrap_or_default();
    if actions.len() != answers.len() {
        return Err(answer.nonsense(&format!("{} answers to {} questions", answers.len(), actions.len())));
    }
    let part = |(action, part): (&'v Value, &'v Value)| {
        let path = action["relative_path"].as_str()?;
        Some(Part { path, status: part["status_code"].as_u64()?, body: &part["body"], headers: &part["headers"] })
    };
    let parts: Option<Vec<Part<'v>>> = actions.iter().zip(answers).map(part).collect();
    parts.ok_or_else(|| answer.nonsense("an answer without a status"))
}

impl Part<'_> {
    fn said(&self, answer: &Answer) -> String {
        answer.words(self.body["errors"][0]["message"].as_str().unwrap_or_default())
    }

    fn malformed(&self, answer: &Answer) -> Malformed {
        let gid = self.path.rsplit('/').next().unwrap_or(self.path);
        Malformed { source: format!("ASANA-{gid}"), message: format!("status {}: {}", self.status, self.said(answer)) }
    }

    fn failure(&self, answer: &Answer) -> TrackerError {
        if self.status == 429 {
            let seconds = self.headers.as_object().into_iter().flatten().find_map(|(name, value)| {
                let is_it = name.eq_ignore_ascii_case("retry-after");
                is_it.then(|| value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())).flatten()
            });
            let wait = seconds.and_then(TimeDelta::try_seconds);
            let retry_after_ms = wait.and_then(|wait| u64::try_from(wait.num_milliseconds()).ok());
            return TrackerError::RateLimited { what: format!("GET {}", self.path), retry_after_ms };
        }
        let status = u16::try_from(self.status).unwrap_or(500);
        answer.failure(status, &format!("{}: {}", self.path, self.said(answer)))
    }
}

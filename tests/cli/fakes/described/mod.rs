//! What providers publish of their requests and answers, and whether what comes and goes at a fake keeps to it.
//!
//! `.ci/run schemas` fetches the descriptions. Where one is not there, nothing is checked, and a test says so.

mod gaps;
mod graphql;
mod operation;
mod schema;
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use super::{Call, Reply};
use graphql::Graphql;
use operation::Operation;

pub(crate) static GITHUB: Described = Described::new(&["github.json"], "", Some("github.graphql"));
/// Of GraphQL alone.
pub(crate) static GITLAB: Described = Described::new(&[], "", Some("gitlab.graphql"));
pub(crate) static JIRA: Described = Described::new(&["jira.json", "jira-search.json"], "", None);
/// Of paths and parameters alone.
pub(crate) static JIRA_SERVER: Described = Described::new(&["jira-server.json"], "/rest", None);
pub(crate) static ASANA: Described = Described::new(&["asana.json"], "/api/1.0", None);
pub(crate) static REDMINE: Described = Described::new(&["redmine.yaml"], "", None);

/// A provider's OpenAPI description, and its GraphQL schema.
pub(crate) struct Described {
    /// Files of `target/schemas`, each with other paths.
    files: &'static [&'static str],
    /// What stands before the paths that are described.
    base: &'static str,
    documents: OnceLock<Option<Vec<Value>>>,
    operations: Mutex<BTreeMap<String, Arc<Operation>>>,
    graphql: Option<Graphql>,
}

impl Described {
    const fn new(files: &'static [&'static str], base: &'static str, graphql: Option<&'static str>) -> Self {
        let graphql = match graphql {
            Some(file) => Some(Graphql::new(file)),
            None => None,
        };
        Self { files, base, documents: OnceLock::new(), operations: Mutex::new(BTreeMap::new()), graphql }
    }

    /// What is wrong with a request.
    pub(super) fn request(&self, call: &Call) -> Vec<String> {
        if let Some(graphql) = self.graphql_of(call) {
            return graphql.request(&call.body);
        }
        self.with(call, |operation, values| operation.request(call, values))
    }

    /// What is wrong with the answer to it; only success is described well enough.
    pub(super) fn answer(&self, call: &Call, reply: &Reply) -> Vec<String> {
        if !(200..300).contains(&reply.status) {
            return Vec::new();
        }
        if let Some(graphql) = self.graphql_of(call) {
            return graphql.answer(&call.body, &serde_json::from_slice(&reply.body).expect("JSON"));
        }
        self.with(call, |operation, _| operation.answer(reply.status, &reply.body))
    }

    fn graphql_of(&self, call: &Call) -> Option<&Graphql> {
        self.graphql.as_ref().filter(|_| call.path.ends_with("/graphql"))
    }

    fn with(&self, call: &Call, check: impl FnOnce(&Operation, &[&str]) -> Vec<String>) -> Vec<String> {
        let Some(documents) = self.documents().filter(|documents| !documents.is_empty()) else { return Vec::new() };
        let path = call.path.strip_prefix(self.base).unwrap_or(&call.path);
        let Some((document, template, values)) = find(documents, &call.method, path) else {
            return vec!["it is not described".to_owned()];
        };
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        let operation = operations
            .entry(format!("{} {template}", call.method))
            .or_insert_with(|| Arc::new(Operation::read(document, template, &call.method)));
        let operation = Arc::clone(operation);
        drop(operations);
        check(&operation, &values)
    }

    /// Its documents, if all of them are there.
    fn documents(&self) -> Option<&Vec<Value>> {
        self.documents.get_or_init(|| self.files.iter().map(|file| read(file)).collect()).as_ref()
    }
}

fn file_of(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/schemas").join(name)
}

fn read(name: &str) -> Option<Value> {
    let text = fs::read_to_string(file_of(name)).ok()?;
    let mut document: Value = if name.ends_with(".yaml") {
        serde_yaml::from_str(&text).expect("YAML")
    } else {
        serde_json::from_str(&text).expect("JSON")
    };
    gaps::fill(name, &mut document);
    schema::translate_all(&mut document);
    Some(document)
}

/// The described path that fits best, with the values of its parameters.
fn find<'d, 'p>(documents: &'d [Value], method: &str, path: &'p str) -> Option<(&'d Value, &'d str, Vec<&'p str>)> {
    let mut found: Option<(&Value, &str, Vec<&str>)> = None;
    for document in documents {
        for (template, item) in document["paths"].as_object().expect("paths") {
            let Some(values) = fit(template, path).filter(|_| item.get(method.to_lowercase()).is_some()) else {
                continue;
            };
            if found.as_ref().is_none_or(|(.., fewest)| values.len() < fewest.len()) {
                found = Some((document, template, values));
            }
        }
    }
    found
}

/// What stands in a path where the template has `{names}`.
fn fit<'p>(template: &str, path: &'p str) -> Option<Vec<&'p str>> {
    let (known, given): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    if known.len() != given.len() {
        return None;
    }
    let mut values = Vec::new();
    for (known, given) in known.into_iter().zip(given) {
        match known.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((_, end)) => values.push(given.strip_suffix(end).filter(|value| !value.is_empty())?),
            None if known == given => {}
            None => return None,
        }
    }
    Some(values)
}

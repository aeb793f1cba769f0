//! A page of what an object has many of, by Linear's arguments.

use apollo_compiler::resolvers::FieldError;
use serde_json::Value;

use super::errors::{lacking, refusal};
use super::filter::Filter;
use super::model::{Many, Record};
use super::records::Workspace;

/// Where `first` is not given.
pub(super) const PAGE: u64 = 50;
const LARGEST_PAGE: u64 = 250;

/// The ids of a page, and what is around it.
#[derive(Clone, Default)]
pub(super) struct Page {
    pub(super) ids: Vec<String>,
    pub(super) has_next: bool,
    pub(super) has_previous: bool,
}

/// The arguments of a connection.
struct Arguments {
    first: usize,
    after: Option<String>,
    filter: Filter,
    with_archived: bool,
    order: &'static str,
}

impl Arguments {
    fn read(kind: &str, given: &Value) -> Result<Self, FieldError> {
        let mut read = Self {
            first: PAGE as usize,
            after: None,
            filter: Filter::All(Vec::new()),
            with_archived: false,
            order: "createdAt",
        };
        for (name, value) in given.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            match (name.as_str(), value) {
                ("first", value) => read.first = first(value)?,
                ("after", Value::String(cursor)) => read.after = Some(cursor.clone()),
                ("filter", filter) => read.filter = Filter::read(kind, filter)?,
                ("includeArchived", Value::Bool(wanted)) => read.with_archived = *wanted,
                ("orderBy", Value::String(order)) if order == "createdAt" => read.order = "createdAt",
                ("orderBy", Value::String(order)) if order == "updatedAt" => read.order = "updatedAt",
                (name, value) => return Err(lacking(&format!("the argument `{name}` with {value}"))),
            }
        }
        Ok(read)
    }
}

fn first(value: &Value) -> Result<usize, FieldError> {
    let wanted = value.as_u64().filter(|wanted| (1..=LARGEST_PAGE).contains(wanted));
    let wanted = wanted.and_then(|wanted| usize::try_from(wanted).ok());
    wanted.ok_or_else(|| refusal("Argument Validation Error", &format!("first must be between 1 and {LARGEST_PAGE}")))
}

impl Page {
    /// The newest first. A cursor is the id of the last one that was seen, whether or not it would pass now.
    pub(super) fn read(
        workspace: &Workspace,
        owner: Option<&Record>,
        (kind, many): (&str, &Many),
        arguments: &Value,
    ) -> Result<Self, FieldError> {
        let arguments = Arguments::read(kind, arguments)?;
        let mut all = workspace.members(owner, kind, many);
        all.sort_by(|one, other| other[arguments.order].as_str().cmp(&one[arguments.order].as_str()));
        let start = match &arguments.after {
            None => 0,
            Some(cursor) => {
                let seen = all.iter().position(|record| record["id"] == *cursor);
                seen.ok_or_else(|| refusal("Argument Validation Error", "after must be a cursor"))? + 1
            }
        };
        let is_visible = |record: &&Record| arguments.with_archived || record["archivedAt"].is_null();
        let mut passing = all
            .drain(start..)
            .filter(|record| is_visible(record) && arguments.filter.passes(workspace, record))
            .filter_map(|record| record["id"].as_str().map(str::to_owned));
        let ids = passing.by_ref().take(arguments.first).collect();
        Ok(Self { ids, has_next: passing.next().is_some(), has_previous: start > 0 })
    }
}

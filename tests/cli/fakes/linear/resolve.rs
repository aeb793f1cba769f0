//! The values of fields: from records, from the objects that they lead to, and an error for what the fake does not know.

use std::cell::RefCell;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;

use super::connection::Page;
use super::errors::{broken, lacking, not_found};
use super::model::{Record, link, many};
use super::mutations;
use super::records::Workspace;

/// What a document is executed on: `Query` or `Mutation`.
pub(super) struct Root<'w> {
    pub(super) kind: &'static str,
    pub(super) workspace: &'w RefCell<Workspace>,
}

/// An object of the workspace.
struct Node<'w> {
    workspace: &'w RefCell<Workspace>,
    kind: &'static str,
    id: String,
}

/// A page of them.
struct Connection<'w> {
    workspace: &'w RefCell<Workspace>,
    kind: &'static str,
    name: String,
    page: Page,
}

struct PageInfo<'p>(&'p Page);

/// What a mutation brings; nothing was made where Linear says that it did nothing.
struct Payload<'w> {
    workspace: &'w RefCell<Workspace>,
    name: String,
    made: Option<(&'static str, String)>,
}

type Resolved<'a> = Result<ResolvedValue<'a>, FieldError>;

impl ObjectValue for Root<'_> {
    fn type_name(&self) -> &str {
        self.kind
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (field, workspace) = (info.field_name(), self.workspace);
        if self.kind == "Mutation" {
            let mut held = workspace.borrow_mut();
            let made = if held.is_frozen { None } else { Some(mutations::run(&mut held, field, &arguments(info))?) };
            return Ok(ResolvedValue::object(Payload { workspace, name: returned(info).to_owned(), made }));
        }
        if field == "viewer" {
            let held = workspace.borrow();
            let me = held.having("User", "isMe", &true.into()).ok_or_else(|| not_found("User"))?;
            return Ok(node(workspace, "User", &me["id"]));
        }
        if let Some(connection) = connection(workspace, ("Query", None), info)? {
            return Ok(connection);
        }
        let kinds = ["Issue", "Project", "Team", "WorkflowState", "IssueLabel", "User", "Comment"];
        let kind = kinds.into_iter().find(|kind| *kind == returned(info));
        let arguments = arguments(info);
        let (Some(kind), Some(id), 1) = (kind, arguments["id"].as_str(), info.arguments().len()) else {
            return Err(lacking(&format!("Query.{field} with {arguments}")));
        };
        let held = workspace.borrow();
        let found = held.find(kind, id).ok_or_else(|| not_found(kind))?;
        Ok(node(workspace, kind, &found["id"]))
    }
}

impl ObjectValue for Node<'_> {
    fn type_name(&self) -> &str {
        self.kind
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (field, held) = (info.field_name(), self.workspace.borrow());
        if held.broken.iter().any(|(id, name)| *id == self.id && *name == field) {
            return Err(broken());
        }
        let record = held.find(self.kind, &self.id).ok_or_else(|| not_found(self.kind))?;
        if let Some(value) = record.get(field) {
            return Ok(ResolvedValue::leaf(value.clone()));
        }
        if let Some((target, id_field)) = link(self.kind, field) {
            return Ok(node(self.workspace, target, &record[&id_field]));
        }
        let connection = connection(self.workspace, (self.kind, Some(record)), info)?;
        connection.ok_or_else(|| lacking(&format!("{}.{field}", self.kind)))
    }
}

impl ObjectValue for Connection<'_> {
    fn type_name(&self) -> &str {
        &self.name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        match info.field_name() {
            "nodes" => {
                let nodes = self.page.ids.iter().map(|id| node(self.workspace, self.kind, &id.as_str().into()));
                Ok(ResolvedValue::list(nodes))
            }
            "pageInfo" => Ok(ResolvedValue::object(PageInfo(&self.page))),
            field => Err(lacking(&format!("{}.{field}", self.name))),
        }
    }
}

impl ObjectValue for PageInfo<'_> {
    fn type_name(&self) -> &str {
        "PageInfo"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let value: Value = match info.field_name() {
            "hasNextPage" => self.0.has_next.into(),
            "hasPreviousPage" => self.0.has_previous.into(),
            "startCursor" => self.0.ids.first().cloned().into(),
            "endCursor" => self.0.ids.last().cloned().into(),
            field => return Err(lacking(&format!("PageInfo.{field}"))),
        };
        Ok(ResolvedValue::leaf(value))
    }
}

impl ObjectValue for Payload<'_> {
    fn type_name(&self) -> &str {
        &self.name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        match (info.field_name(), &self.made) {
            ("success", made) => Ok(ResolvedValue::leaf(made.is_some())),
            (_, Some((kind, id))) if returned(info) == *kind => Ok(node(self.workspace, kind, &id.as_str().into())),
            (field, _) => Err(lacking(&format!("{}.{field}", self.name))),
        }
    }
}

/// The object with this id; null where there is none.
fn node<'w>(workspace: &'w RefCell<Workspace>, kind: &'static str, id: &Value) -> ResolvedValue<'w> {
    ResolvedValue::nullable_object(id.as_str().map(|id| Node { workspace, kind, id: id.to_owned() }))
}

/// A page of what the owner's field leads to, if that is many.
fn connection<'a>(
    workspace: &'a RefCell<Workspace>,
    (kind, owner): (&str, Option<&Record>),
    info: &ResolveInfo<'_>,
) -> Result<Option<ResolvedValue<'a>>, FieldError> {
    let Some((kind, many)) = many(kind, info.field_name()) else { return Ok(None) };
    let page = Page::read(&workspace.borrow(), owner, (kind, &many), &arguments(info))?;
    Ok(Some(ResolvedValue::object(Connection { workspace, kind, name: returned(info).to_owned(), page })))
}

fn arguments(info: &ResolveInfo<'_>) -> Value {
    serde_json::to_value(info.arguments()).expect("JSON")
}

/// The type of the field, without the marks of lists and of what is never null.
fn returned<'a>(info: &ResolveInfo<'a>) -> &'a str {
    info.field_definition().ty.inner_named_type()
}

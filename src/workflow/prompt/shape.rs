//! What the variables of a template look like: enough to say, before rendering, whether a path exists.

use super::scan::{Step, Value};

/// The shape of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// Not known before rendering (`native_ref`, what a filter made).
    Any,
    /// A text, a number, true or false, or nil.
    Scalar,
    /// A list.
    List(&'static Shape),
    /// An object with exactly these fields; it may be nil.
    Object(&'static [(&'static str, Shape)]),
}

use Shape::{Any, List, Object, Scalar};

/// A reference to another issue.
const REFERENCE: Shape = Object(&[("id", Scalar), ("identifier", Scalar), ("state", Scalar)]);

/// `issue` (SPEC 4.1.1).
pub(super) const ISSUE: Shape = Object(&[
    ("id", Scalar),
    ("identifier", Scalar),
    ("title", Scalar),
    ("description", Scalar),
    ("priority", Scalar),
    ("state", Scalar),
    ("branch_name", Scalar),
    ("url", Scalar),
    ("assignee_id", Scalar),
    ("labels", List(&Scalar)),
    ("blocked_by", List(&REFERENCE)),
    ("parent", REFERENCE),
    ("sub_issues", List(&REFERENCE)),
    ("dispatchable", Scalar),
    ("native_ref", Any),
    ("created_at", Scalar),
    ("updated_at", Scalar),
]);

/// `forloop` within `for`.
pub(super) const FORLOOP: Shape = Object(&[
    ("length", Scalar),
    ("parentloop", Any),
    ("index0", Scalar),
    ("index", Scalar),
    ("rindex0", Scalar),
    ("rindex", Scalar),
    ("first", Scalar),
    ("last", Scalar),
]);

/// `tablerow` within `tablerow`.
pub(super) const TABLEROW: Shape = Object(&[
    ("length", Scalar),
    ("index0", Scalar),
    ("index", Scalar),
    ("rindex0", Scalar),
    ("rindex", Scalar),
    ("first", Scalar),
    ("last", Scalar),
    ("col0", Scalar),
    ("col", Scalar),
    ("col_first", Scalar),
    ("col_last", Scalar),
]);

impl Shape {
    /// The shape one step further down, or what there is instead.
    pub(super) fn step(self, step: &Step<'_>) -> Result<Self, String> {
        let name = match step {
            Step::Field(name) | Step::Index(Value::Text(name)) => Some(*name),
            Step::Index(_) => None,
        };
        match (self, name) {
            (Any, _) => Ok(Any),
            (Scalar | List(_), Some("size")) => Ok(Scalar),
            (List(item), Some("first" | "last")) => Ok(*item),
            (List(item), None) => Ok(*item),
            (Object(fields), Some(name)) => match fields.iter().find(|(field, _)| *field == name) {
                Some((_, shape)) => Ok(*shape),
                None if name == "size" => Ok(Scalar),
                None => Err(format!("there are {}", names(fields))),
            },
            (Object(fields), None) => Err(format!("only the names {} can stand there", names(fields))),
            (Scalar, _) => Err("there is nothing but `size` in a single value".into()),
            (List(_), Some(_)) => Err("there are a number in brackets, `first`, `last` and `size`".into()),
        }
    }

    /// The shape of an item, for `for`; `None` where it is no list.
    pub(super) fn item(self) -> Option<Self> {
        match self {
            List(item) => Some(*item),
            Any | Object(_) => Some(Any),
            Scalar => None,
        }
    }

    /// The shape after a filter.
    pub(super) fn filtered(self, filter: &str) -> Self {
        match (self, filter) {
            (List(_), "sort" | "sort_natural" | "reverse" | "uniq" | "compact" | "where" | "slice") => self,
            (List(item), "first" | "last") => *item,
            (Scalar, "split") => List(&Scalar),
            (_, "size" | "join" | "escape" | "strip" | "upcase" | "downcase" | "truncate" | "append" | "prepend") => {
                Scalar
            }
            _ => Any,
        }
    }
}

fn names(fields: &[(&str, Shape)]) -> String {
    fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

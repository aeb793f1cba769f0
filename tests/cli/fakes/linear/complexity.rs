//! What a query costs, as Linear counts it: a tenth of a point for a field, one for an object, and a connection as many
//! times what is in it as it may bring objects.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::Value;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::response::{JsonMap, JsonValue};

use super::connection::PAGE;

/// More than this Linear does not carry out.
pub(super) const LIMIT: f64 = 10_000.0;

/// The points of a selection.
pub(super) fn points(document: &ExecutableDocument, set: &SelectionSet, variables: &JsonMap) -> f64 {
    let again = |set: &SelectionSet| points(document, set, variables);
    let of_selection = |selection: &Selection| match selection {
        Selection::Field(field) if field.selection_set.selections.is_empty() => 0.1,
        Selection::Field(field) if field.ty().inner_named_type().ends_with("Connection") => {
            first(field, variables) * again(&field.selection_set)
        }
        Selection::Field(field) => 1.0 + again(&field.selection_set),
        Selection::InlineFragment(fragment) => again(&fragment.selection_set),
        Selection::FragmentSpread(spread) => {
            spread.fragment_def(document).map_or(0.0, |fragment| again(&fragment.selection_set))
        }
    };
    set.selections.iter().map(of_selection).sum()
}

fn first(field: &Field, variables: &JsonMap) -> f64 {
    let given = match field.specified_argument_by_name("first").map(AsRef::as_ref) {
        Some(Value::Variable(name)) => variables.get(name.as_str()).and_then(JsonValue::as_f64),
        Some(Value::Int(number)) => number.try_to_f64().ok(),
        _ => None,
    };
    given.unwrap_or(PAGE as f64)
}

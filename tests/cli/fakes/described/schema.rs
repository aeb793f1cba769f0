//! The schemas of OpenAPI 3.0 as those of JSON Schema, closed: what a description does not name is not allowed.

use serde_json::{Map, Value, json};

/// Translates every schema of a description.
pub(super) fn translate_all(document: &mut Value) {
    for schema in document.pointer_mut("/components/schemas").and_then(Value::as_object_mut).into_iter().flatten() {
        translate(schema.1, false);
    }
    find_schemas(document);
}

/// Schemas of parameters, of requests and of answers.
fn find_schemas(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "schema" => translate(member, true),
                    // Translated before, or data.
                    "schemas" | "example" | "examples" => {}
                    _ => find_schemas(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(find_schemas),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Translates one. Where a value is used it may have no member that its schema does not name; a schema that another one
/// is made of, or that has a name, cannot tell alone.
fn translate(schema: &mut Value, is_used: bool) {
    let Some(members) = schema.as_object_mut() else { return };
    for (name, is_used) in [("allOf", false), ("anyOf", false), ("oneOf", false)] {
        members
            .get_mut(name)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .for_each(|one| translate(one, is_used));
    }
    members
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
        .for_each(|(_, one)| translate(one, true));
    for name in ["items", "additionalProperties"] {
        members.get_mut(name).into_iter().for_each(|one| translate(one, true));
    }
    close(members, is_used);
    for (exclusive, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if members.get(exclusive).is_some_and(Value::is_boolean) && members.remove(exclusive) == Some(json!(true)) {
            members.extend(members.get(limit).cloned().map(|value| (exclusive.to_owned(), value)));
        }
    }
    if members.remove("nullable") == Some(json!(true)) {
        *schema = json!({ "anyOf": [schema, { "type": "null" }] });
    }
}

fn close(members: &mut Map<String, Value>, is_used: bool) {
    let has = |name: &str| members.contains_key(name);
    let names_members = ["properties", "allOf", "anyOf", "oneOf", "$ref"].into_iter().any(has);
    if has("additionalProperties") {
        return;
    }
    if !names_members {
        // It says that it is an object, or nothing at all.
        members.insert("additionalProperties".to_owned(), json!(true));
    } else if is_used {
        members.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}

/// A schema of what is sent: what only the provider sets is not allowed.
pub(super) fn of_requests(mut schema: Value) -> Value {
    refuse_read_only(&mut schema);
    schema
}

fn refuse_read_only(value: &mut Value) {
    match value {
        Value::Object(members) if members.get("readOnly") == Some(&json!(true)) => *value = json!(false),
        Value::Object(members) => members.values_mut().for_each(refuse_read_only),
        Value::Array(items) => items.iter_mut().for_each(refuse_read_only),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

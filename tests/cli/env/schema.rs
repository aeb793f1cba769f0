//! What the program prints as JSON is what `docs/schema/` says of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

/// Parses a document or a line of a stream, and asserts that its schema allows it and names every field of it.
#[track_caller]
pub(super) fn parse(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let word = |name: &str| value[name].as_str().unwrap_or_else(|| panic!("it does not say its {name}: {text}"));
    let kind = match value.get("schema_version") {
        Some(_) => word("kind"),
        None => match word("type") {
            "status" | "issue_status" => "watch",
            happened if happened.contains('.') => "event",
            kind => kind,
        },
    };
    let errors = errors(kind, &value);
    assert!(errors.is_empty(), "docs/schema/{kind}.json does not allow it: {errors:#?}\n{value:#}");
    value
}

fn errors(kind: &str, value: &Value) -> Vec<String> {
    static VALIDATORS: OnceLock<Mutex<BTreeMap<String, Validator>>> = OnceLock::new();
    let mut validators = VALIDATORS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let validator = validators.entry(kind.to_owned()).or_insert_with(|| read(kind));
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn read(kind: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{kind}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut schema: Value = serde_json::from_str(&text).expect("JSON");
    close(&mut schema);
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

/// Readers must expect new fields, so that schemas allow them; but this Baton prints none that they do not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                members.entry("additionalProperties").or_insert(json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_a_schema_does_not_say_is_refused() {
    let cursor = |more: Value| {
        let mut cursor = json!({ "type": "cursor", "after": 1, "cursor": "01234567:1" });
        cursor.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        errors("cursor", &cursor)
    };
    assert_eq!(cursor(json!({})), [""; 0]);
    for wrong in [json!({ "after": "1" }), json!({ "after": -1 }), json!({ "type": "end" }), json!({ "more": 1 })] {
        assert!(!cursor(wrong.clone()).is_empty(), "{wrong}");
    }
    let event = json!({ "seq": 1, "at": "yesterday", "type": "run.started", "issue": null, "run": null, "data": {} });
    assert!(!errors("event", &event).is_empty(), "times are RFC 3339");
}

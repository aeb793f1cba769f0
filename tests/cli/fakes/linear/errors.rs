//! Errors as Linear words them: a message for programs, and in `extensions` one for people.

use apollo_compiler::resolvers::FieldError;
use apollo_compiler::response::GraphQLError;
use serde_json::{Value, json};

/// What the executor puts before a resolver's words.
const PREFIX: &str = "resolver error: ";

/// What Linear says beside the message where it refuses what it was given.
pub(super) fn invalid_input(to_people: &str) -> Value {
    json!({
        "type": "invalid input", "code": "INPUT_ERROR", "statusCode": 400, "userError": true,
        "userPresentableMessage": to_people,
    })
}

/// Linear refuses what it was given.
pub(super) fn refusal(message: &str, to_people: &str) -> FieldError {
    whole(message, invalid_input(to_people))
}

/// Linear has no such object.
pub(super) fn not_found(kind: &str) -> FieldError {
    refusal(&format!("Entity not found: {kind}"), &format!("Could not find referenced {kind}."))
}

/// Something in Linear broke.
pub(super) fn broken() -> FieldError {
    whole("Internal server error", json!({ "type": "internal error", "code": "INTERNAL_SERVER_ERROR" }))
}

/// Linear has it and this fake has not: the request fails, whatever it was for.
pub(super) fn lacking(what: &str) -> FieldError {
    whole(&format!("the fake Linear does not know {what}"), json!({ "code": "NOT_IN_THE_FAKE" }))
}

/// An error takes only words, so the extensions travel in them.
fn whole(message: &str, extensions: Value) -> FieldError {
    FieldError { message: json!({ "message": message, "extensions": extensions }).to_string() }
}

/// The executor's error as Linear would send it.
pub(super) fn as_sent(error: &GraphQLError) -> Value {
    let mut sent = serde_json::to_value(error).expect("JSON");
    let ours = error.message.strip_prefix(PREFIX).and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let (Some(Value::Object(ours)), Value::Object(sent)) = (ours, &mut sent) {
        sent.extend(ours);
    }
    sent
}

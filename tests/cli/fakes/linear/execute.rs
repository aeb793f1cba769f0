//! From the document that arrived to Linear's answer: validated against the schema, its variables coerced, its cost
//! counted, and executed.

use std::cell::RefCell;

use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::{GraphQLError, JsonMap};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Value, json};

use super::super::Reply;
use super::complexity::{LIMIT, points};
use super::errors::{as_sent, invalid_input};
use super::records::Workspace;
use super::resolve::Root;

/// The answer to the body of a request, and what it cost.
pub(super) fn execute(schema: &Valid<Schema>, workspace: &RefCell<Workspace>, body: &Value) -> (Reply, f64) {
    match answer(schema, workspace, body) {
        Ok((data, points)) => (Reply::json(200, &data), points),
        Err(errors) => (Reply::json(400, &json!({ "errors": errors })), 0.0),
    }
}

/// What it brought and cost; else why it was not begun.
fn answer(schema: &Valid<Schema>, workspace: &RefCell<Workspace>, body: &Value) -> Result<(Value, f64), Vec<Value>> {
    let text = body["query"].as_str().unwrap_or_default();
    let document = ExecutableDocument::parse_and_validate(schema, text, "query.graphql").map_err(|invalid| {
        let errors = invalid.errors.iter().map(|error| error.unstable_to_json_compat());
        errors.map(|error| refused(&error, "GRAPHQL_VALIDATION_FAILED")).collect::<Vec<_>>()
    })?;
    let wrong = |error: apollo_compiler::request::RequestError| {
        vec![refused(&error.to_graphql_error(&document.sources), "BAD_USER_INPUT")]
    };
    let operation = document.operations.get(body["operationName"].as_str()).map_err(wrong)?;
    let variables: Option<JsonMap> = serde_json::from_value(body["variables"].clone()).expect("an object, or nothing");
    let variables = coerce_variable_values(schema, operation, &variables.unwrap_or_default()).map_err(wrong)?;
    let points = points(&document, &operation.selection_set, &variables).ceil();
    if points > LIMIT {
        let to_people = format!("The query is too complex. Complexity: {points}. Maximum allowed complexity: {LIMIT}.");
        return Err(vec![json!({ "message": "Query too complex", "extensions": invalid_input(&to_people) })]);
    }
    let root = Root { kind: if operation.is_mutation() { "Mutation" } else { "Query" }, workspace };
    let execution = Execution::new(schema, &document).operation(operation).coerced_variable_values(&variables);
    let response = execution.execute_sync(&root).map_err(wrong)?;
    let mut answer = json!({ "data": response.data });
    if !response.errors.is_empty() {
        answer["errors"] = response.errors.iter().map(as_sent).collect();
    }
    Ok((answer, points))
}

fn refused(error: &GraphQLError, code: &str) -> Value {
    let mut sent = serde_json::to_value(error).expect("JSON");
    sent["extensions"] = json!({ "type": "graphql error", "code": code, "userError": true, "http": { "status": 400 } });
    sent
}

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
use super::errors::as_sent;
use super::records::Workspace;
use super::resolve::Root;

/// The answer to the body of a request.
pub(super) fn execute(schema: &Valid<Schema>, workspace: &RefCell<Workspace>, body: &Value) -> Reply {
    match answer(schema, workspace, body) {
        Ok((data, points)) => Reply::json(200, &data).header("x-complexity", points),
        Err(errors) => Reply::json(400, &json!({ "errors": errors })),
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
    let variables: JsonMap = serde_json::from_value(body["variables"].clone()).unwrap_or_default();
    let variables = coerce_variable_values(schema, operation, &variables).map_err(wrong)?;
    let points = points(&document, &operation.selection_set, &variables).ceil();
    if points > LIMIT {
        let to_people = format!("The query is too complex. Complexity: {points}. Maximum allowed complexity: {LIMIT}.");
        let extensions = json!({
            "type": "invalid input", "code": "INPUT_ERROR", "statusCode": 400, "userError": true,
            "userPresentableMessage": to_people, "http": { "status": 400 },
        });
        return Err(vec![json!({ "message": "Query too complex", "extensions": extensions })]);
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

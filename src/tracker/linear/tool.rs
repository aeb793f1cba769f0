//! `linear_graphql`: any query or mutation with Baton's credential.

use reqwest::Url;
use serde_json::{Value, json};

use crate::tracker::http::{Answer, Request};
use crate::tracker::remote::ProviderTool;
use crate::tracker::{ToolResult, ToolSpec};

const NAME: &str = "linear_graphql";

/// The tool.
pub(super) struct GraphqlTool {
    /// Where Linear's GraphQL is.
    pub(super) endpoint: Url,
}

impl ProviderTool for GraphqlTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME,
            description: "Sends a GraphQL query or mutation to Linear with Baton's credential.",
            input_schema: json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["query"],
                "properties": {
                    "query": { "type": "string", "description": "The GraphQL document" },
                    "variables": { "type": ["object", "null"], "additionalProperties": true },
                },
            }),
        }
    }

    /// The arguments are a document alone, or an object.
    fn request(&self, arguments: &Value) -> Result<Request, ToolResult> {
        let (query, variables) = match arguments {
            Value::String(query) => (query.as_str(), &Value::Null),
            Value::Object(fields) => {
                let query = fields.get("query").and_then(Value::as_str).unwrap_or_default();
                (query, fields.get("variables").unwrap_or(&Value::Null))
            }
            _ => return Err(wrong("expects a GraphQL document, or an object with `query` and optional `variables`")),
        };
        let variables = match variables {
            Value::Null => json!({}),
            Value::Object(_) => variables.clone(),
            _ => return Err(wrong("`variables` must be a JSON object")),
        };
        match query.trim() {
            "" => Err(wrong("`query` must be a text that is not blank")),
            // Whatever it does, it does it once.
            query => Ok(Request::graphql(&self.endpoint, query, variables).once()),
        }
    }

    /// What Linear said; errors in it mean that it refused.
    fn result(&self, answer: &Answer) -> ToolResult {
        let body = answer.body();
        let has_errors = body["errors"].as_array().is_some_and(|errors| !errors.is_empty());
        match answer.success() {
            Ok(_) if !has_errors => ToolResult::Success(body),
            Err(error) if !body.is_object() => Err(error).into(),
            Ok(_) | Err(_) => ToolResult::Refused(body),
        }
    }
}

fn wrong(message: &str) -> ToolResult {
    ToolResult::Failure { code: "invalid_arguments", message: format!("{NAME}: {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_goes_out_as_it_is() {
        let tool = GraphqlTool { endpoint: Url::parse("https://api.linear.app/graphql").expect("a URL") };
        let sent = |arguments: Value| tool.request(&arguments).ok().and_then(|request| request.body().cloned());
        for arguments in [json!("{viewer{id}}"), json!({ "query": " {viewer{id}} ", "variables": null, "x": 1 })] {
            assert_eq!(sent(arguments), Some(json!({ "query": "{viewer{id}}", "variables": {} })));
        }
        let with_variables = json!({ "query": "q", "variables": { "a": 1 } });
        assert_eq!(sent(with_variables.clone()), Some(with_variables));
        for arguments in [json!({}), json!({ "query": " " }), json!(5), json!({ "query": "q", "variables": [1] })] {
            assert_eq!(sent(arguments.clone()), None, "{arguments}");
        }
    }
}

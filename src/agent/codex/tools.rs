//! The tracker's tools as Codex's dynamic tools (SPEC 10.5). Pure.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::tracker::{ToolResult, ToolSpec};

/// `item/tool/call`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    /// The name, within the namespace.
    tool: String,
    /// Ours have none.
    namespace: Option<String>,
    /// What for.
    #[serde(default)]
    pub(super) arguments: Value,
}

impl Call {
    /// The name by which it is looked up. One in a namespace is none of ours.
    pub(super) fn name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}.{}", self.tool),
            None => self.tool.clone(),
        }
    }
}

/// How the tools are advertised.
pub(super) fn advertised(specs: &[ToolSpec]) -> Value {
    let tool = |spec: &ToolSpec| json!({ "type": "function", "name": spec.name, "description": spec.description, "inputSchema": spec.input_schema });
    specs.iter().map(tool).collect()
}

/// How a result is given to the model.
pub(super) fn answer(result: &ToolResult) -> Value {
    json!({
        "contentItems": [{ "type": "inputText", "text": result.output().to_string() }],
        "success": matches!(result, ToolResult::Success(_)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_goes_to_codex_and_its_result_comes_back() {
        let schema = json!({ "type": "object" });
        let specs = [ToolSpec { name: "issue_read", description: "Reads.", input_schema: schema.clone() }];
        let expected =
            json!([{ "type": "function", "name": "issue_read", "description": "Reads.", "inputSchema": schema }]);
        assert_eq!(advertised(&specs), expected);

        let text = |text: &str, success| json!({ "contentItems": [{ "type": "inputText", "text": text }], "success": success });
        assert_eq!(answer(&ToolResult::Success(json!({ "a": 1 }))), text(r#"{"a":1}"#, true));
        let unknown = r#"{"error":{"code":"unsupported_tool","message":"there is no tool `x`"}}"#;
        assert_eq!(answer(&ToolResult::unsupported("x")), text(unknown, false));
    }

    #[test]
    fn a_tool_of_another_namespace_is_none_of_ours() {
        for (call, name) in [
            (json!({ "tool": "issue_read", "namespace": null, "arguments": {} }), "issue_read"),
            (json!({ "tool": "issue_read" }), "issue_read"),
            (json!({ "tool": "issue_read", "namespace": "other" }), "other.issue_read"),
        ] {
            assert_eq!(serde_json::from_value::<Call>(call.clone()).expect("a call").name(), name, "{call}");
        }
    }
}

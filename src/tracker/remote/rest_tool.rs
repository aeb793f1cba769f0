//! Tools that let the agent call a provider's REST interface: one request a call.

use serde_json::{Map, Value, json};

use super::ProviderTool;
use crate::tracker::http::{Answer, Method, Request};
use crate::tracker::{ToolResult, ToolSpec};

/// What a tool may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What belongs to the configured project.
    Project,
    /// Whatever the credential may.
    Token,
}

/// A provider's REST tool.
pub(crate) struct RestTool {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does, for the model.
    pub(crate) description: &'static str,
    /// The methods that it takes.
    pub(crate) methods: &'static [Method],
    /// What it calls the parameters in the address.
    pub(crate) parameters: &'static str,
    /// What every path begins with.
    pub(crate) prefix: &'static str,
    /// What paths must begin with, or be, in the scope of the project; one of these. `#` at the end of a part stands for a
    /// number.
    pub(crate) project: Vec<String>,
    /// What it may touch.
    pub(crate) scope: Scope,
    /// What paths begin with that the provider counts apart from all others, and its word for them.
    pub(crate) apart: Option<(&'static str, &'static str)>,
}

impl ProviderTool for RestTool {
    fn spec(&self) -> ToolSpec {
        let methods: Vec<&str> = self.methods.iter().map(|method| method.name()).collect();
        let path = match self.scope {
            Scope::Token => format!("Begins with {}", self.prefix),
            Scope::Project => format!("Begins with {}", self.project.join(" or ")),
        };
        ToolSpec {
            name: self.name,
            description: self.description,
            input_schema: json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["method", "path"],
                "properties": {
                    "method": { "type": "string", "enum": methods },
                    "path": { "type": "string", "description": path },
                    self.parameters: { "type": ["object", "null"], "additionalProperties": true },
                    "body": { "description": "JSON, sent where it is not null" },
                },
            }),
        }
    }

    fn request(&self, arguments: &Value) -> Result<Request, ToolResult> {
        let name = self.name;
        let fields =
            arguments.as_object().ok_or_else(|| wrong(format!("{name} expects an object with `method` and `path`")))?;
        let method = self.method(fields)?;
        let path = self.path(fields)?;
        let apart = self.apart.filter(|(start, _)| path.starts_with(start));
        let request = Request::new(method, path);
        let mut request = match apart {
            Some((_, bucket)) => request.in_bucket(bucket),
            None => request,
        };
        for (parameter, value) in self.parameters(fields)? {
            for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                request = request.query(parameter, text);
            }
        }
        Ok(match fields.get("body") {
            None | Some(Value::Null) => request,
            Some(body) => request.json(body.clone()),
        })
    }

    /// `{"status","body"}`, done where the status says so.
    fn result(&self, answer: &Answer) -> ToolResult {
        let output = json!({ "status": answer.status(), "body": answer.body() });
        if answer.is_success() { ToolResult::Success(output) } else { ToolResult::Refused(output) }
    }
}

impl RestTool {
    fn method(&self, fields: &Map<String, Value>) -> Result<Method, ToolResult> {
        let asked = fields.get("method").and_then(Value::as_str).unwrap_or_default().trim().to_ascii_uppercase();
        self.methods.iter().copied().find(|method| method.name() == asked).ok_or_else(|| {
            let names: Vec<&str> = self.methods.iter().map(|method| method.name()).collect();
            wrong(format!("{}.method must be one of {}", self.name, names.join(", ")))
        })
    }

    fn path(&self, fields: &Map<String, Value>) -> Result<String, ToolResult> {
        let path = fields.get("path").and_then(Value::as_str).unwrap_or_default().trim();
        if !path.starts_with(self.prefix) || !is_plain(path) {
            let message = format!(
                "{}.path must begin with {} and be a plain path: no `..`, `//`, `?`, `#`, `\\` or control character",
                self.name, self.prefix
            );
            return Err(wrong(message));
        }
        if self.scope == Scope::Project && !self.project.iter().any(|root| is_below(path, root)) {
            let message = format!("{path} is outside of the project; paths begin with {}", self.project.join(" or "));
            return Err(ToolResult::Failure { code: "out_of_scope", message });
        }
        Ok(path.to_owned())
    }

    fn parameters<'a>(&self, fields: &'a Map<String, Value>) -> Result<Vec<(&'a String, &'a Value)>, ToolResult> {
        match fields.get(self.parameters) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Object(parameters)) => Ok(parameters.iter().collect()),
            Some(_) => Err(wrong(format!("{}.{} must be a JSON object", self.name, self.parameters))),
        }
    }
}

/// Whether a path is this one or below it, whatever its case.
fn is_below(path: &str, root: &str) -> bool {
    let mut parts = path.split('/');
    root.split('/').all(|wanted| {
        let Some(part) = parts.next() else { return false };
        let Some(start) = wanted.strip_suffix('#') else { return part.eq_ignore_ascii_case(wanted) };
        let number = part.split_at_checked(start.len()).filter(|(own, _)| own.eq_ignore_ascii_case(start));
        number.is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Whether a path means what it says: a server or a client between that resolves `..`, decodes it, or takes `\` for `/`
/// would leave what was checked.
fn is_plain(path: &str) -> bool {
    let mut decoded = path.to_owned();
    // An encoded percent sign may hide another one. Nobody in earnest encodes more often.
    for _ in 0..4 {
        let is_bad = decoded.contains("//") || decoded.contains('\\') || decoded.chars().any(char::is_control);
        if is_bad || decoded.split('/').any(is_dots) {
            return false;
        }
        let next = decode(&decoded);
        if next == decoded {
            return !path.contains(['?', '#']);
        }
        decoded = next;
    }
    false
}

/// Whether a server may take a part of a path for this folder or the one above. Some cut parameters off first, as Tomcat
/// does, on which Jira runs: `..;x`.
fn is_dots(part: &str) -> bool {
    matches!(part.split(';').next(), Some("." | ".."))
}

/// The path with characters for their percent codes.
fn decode(path: &str) -> String {
    let mut decoded = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let code = others.get(..2).filter(|code| first == b'%' && code.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        decoded.push(code.unwrap_or(first));
        rest = if code.is_some() { &others[2..] } else { others };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn wrong(message: String) -> ToolResult {
    ToolResult::Failure { code: "invalid_arguments", message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(scope: Scope) -> RestTool {
        RestTool {
            name: "github_api",
            description: "Calls it.",
            methods: &[Method::Get, Method::Post],
            parameters: "params",
            prefix: "/",
            project: vec!["/repos/o/r".into()],
            scope,
            apart: Some(("/search/", "search")),
        }
    }

    fn code(scope: Scope, arguments: &Value) -> &'static str {
        match tool(scope).request(arguments) {
            Ok(_) => "sent",
            Err(ToolResult::Failure { code, .. }) => code,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_tool_sends_what_it_may_and_nothing_else() {
        let get = |path: &str| json!({ "method": "get ", "path": path });
        for (arguments, project, token) in [
            (get("/repos/o/r/issues/1"), "sent", "sent"),
            (get("/repos/o/r"), "sent", "sent"),
            (get("/Repos/O/R/issues"), "sent", "sent"),
            (get("/repos/o/r2/issues"), "out_of_scope", "sent"),
            (get("/repos/o/rest"), "out_of_scope", "sent"),
            (get("/user"), "out_of_scope", "sent"),
            (get("/graphql"), "out_of_scope", "sent"),
            (get("repos/o/r"), "invalid_arguments", "invalid_arguments"),
            (get("https://h/repos/o/r"), "invalid_arguments", "invalid_arguments"),
            (get("//h/x"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/../s"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/%2e%2E/s"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/%252e%252e/s"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/x%2F..%2f../s"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/..%5cs"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r\\..\\s"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/..;/s"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/..;x=1/s"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/%2e%2e%3b/s"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/%2525252e%2525252e/s"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/x%0d%0aHost:h"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/x%00"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r/labels/c%23"), "sent", "sent"),
            (get("/repos/o/r/contents/what%3F100%25"), "sent", "sent"),
            (get("/repos/o/r/contents/%C3%A4%.txt"), "sent", "sent"),
            (get("/repos/o/r?x=1"), "invalid_arguments", "invalid_arguments"),
            (get("/repos/o/r\n"), "sent", "sent"),
            (get("/repos/o\n/r"), "invalid_arguments", "invalid_arguments"),
            (json!({ "method": "DELETE", "path": "/repos/o/r" }), "invalid_arguments", "invalid_arguments"),
            (json!({ "method": "GET" }), "invalid_arguments", "invalid_arguments"),
            (json!({ "method": "GET", "path": "/repos/o/r", "params": 1 }), "invalid_arguments", "invalid_arguments"),
            (json!("GET /repos/o/r"), "invalid_arguments", "invalid_arguments"),
        ] {
            assert_eq!(code(Scope::Project, &arguments), project, "{arguments}");
            assert_eq!(code(Scope::Token, &arguments), token, "{arguments}");
        }
    }

    #[test]
    fn what_is_counted_apart_does_not_use_up_the_rest() {
        let bucket = |path: &str| {
            let request = tool(Scope::Token).request(&json!({ "method": "GET", "path": path }));
            request.expect("a request").bucket()
        };
        assert_eq!((bucket("/search/code"), bucket("/repos/o/r")), ("search", "api"));
    }

    #[test]
    fn a_root_may_end_in_a_number() {
        let root = "/rest/api/3/issue/SYM-#";
        for path in ["/rest/api/3/issue/SYM-1", "/rest/api/3/issue/sym-12/comment/5"] {
            assert!(is_below(path, root), "{path}");
        }
        for path in [
            "/rest/api/3/issue/SYM-",
            "/rest/api/3/issue/SYM-1x",
            "/rest/api/3/issue/SYMB-1",
            "/rest/api/3/issue/OTHER-1",
            "/rest/api/3/issue/10001",
            "/rest/api/3/issue/SYM-1%2f",
            "/rest/api/3/issue/ÄYM-1",
            "/rest/api/3/issue",
        ] {
            assert!(!is_below(path, root), "{path}");
        }
    }

    #[test]
    fn parameters_and_body_are_passed_on() {
        let arguments = json!({
            "method": "POST", "path": "/repos/o/r/issues",
            "params": { "a": "x y", "n": 2, "l": ["p", "q"] }, "body": { "title": "T" },
        });
        let request = tool(Scope::Project).request(&arguments).expect("a request");
        let parameters: Vec<String> =
            request.parameters().iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(parameters, ["a=x y", "n=2", "l=p", "l=q"]);
        assert_eq!(request.body(), Some(&json!({ "title": "T" })));
    }
}

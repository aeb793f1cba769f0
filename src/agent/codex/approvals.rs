//! The answer to each request of the app-server's (SPEC 10.5). Pure.
//!
//! Nobody sits beside a run. What Codex asks of a person is declined at once, and the run ends as `needs_input`, so that
//! a person sees the question; what it asks of a program, and this program does not do, is refused at once, and Codex
//! goes on. No request is left without an answer: Codex would wait for it for ever.

use serde_json::{Value, json};

/// What is done about a request.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    /// It calls a tool.
    Tool,
    /// It needs a person: it is answered so, and the run ends with the question.
    Person {
        /// The answer, which declines.
        answer: Answer,
        /// What a person would have been asked.
        question: String,
    },
    /// It is answered, and the turn goes on.
    Answer(Answer),
}

/// An answer.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// A result.
    Result(Value),
    /// A refusal.
    Refusal(String),
}

/// What is done about the request `method`.
pub(super) fn decide(method: &str, params: &Value) -> Decision {
    let cancel = |question| Decision::Person { answer: Answer::Result(json!({ "decision": "cancel" })), question };
    let abort = |question| Decision::Person { answer: Answer::Result(json!({ "decision": "abort" })), question };
    match method {
        "item/tool/call" => Decision::Tool,
        "item/commandExecution/requestApproval" => cancel(may_it("run", &text(&params["command"]), params)),
        "item/fileChange/requestApproval" => cancel(may_it("edit", &paths(params), params)),
        "execCommandApproval" => abort(may_it("run", &text(&params["command"]), params)),
        "applyPatchApproval" => abort(may_it("edit", &paths(params), params)),
        "item/permissions/requestApproval" => Decision::Person {
            answer: Answer::Refusal("no further permissions are given".to_owned()),
            question: may_it("have these permissions", &text(&params["permissions"]), params),
        },
        "item/tool/requestUserInput" => user_input(params),
        "mcpServer/elicitation/request" => Decision::Person {
            answer: Answer::Result(json!({ "action": "cancel" })),
            question: format!("MCP server {} asks: {}", text(&params["serverName"]), text(&params["message"])),
        },
        other => Decision::Answer(Answer::Refusal(format!("this client does not serve `{other}`"))),
    }
}

/// A question that Codex does not wait for is left open.
fn user_input(params: &Value) -> Decision {
    let answer = Answer::Result(json!({ "answers": {} }));
    if params["isBlocking"] == false {
        return Decision::Answer(answer);
    }
    let questions = params["questions"].as_array().into_iter().flatten();
    let questions: Vec<String> = questions.map(|question| text(&question["question"])).collect();
    Decision::Person { answer, question: format!("Codex asks: {}", questions.join(" ")) }
}

fn may_it(what: &str, object: &str, params: &Value) -> String {
    let object = if object.is_empty() { String::new() } else { format!(" {object}") };
    match params["reason"].as_str() {
        Some(reason) if !reason.is_empty() => format!("may Codex {what}{object}? It says: {reason}"),
        _ => format!("may Codex {what}{object}?"),
    }
}

/// The files of a change: where the request itself names them.
fn paths(params: &Value) -> String {
    let changed = params["fileChanges"].as_object().map(|changes| changes.keys().cloned().collect::<Vec<_>>());
    match (changed, params["grantRoot"].as_str()) {
        (Some(paths), _) if !paths.is_empty() => paths.join(", "),
        (_, Some(root)) => format!("files below {root}"),
        _ => "files".to_owned(),
    }
}

/// A value in one line: text as it is, words joined, anything else as JSON.
fn text(value: &Value) -> String {
    let joined = |items: &[Value]| {
        let words: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
        words.map(|words| words.join(" "))
    };
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => joined(items).unwrap_or_else(|| value.to_string()),
        other => other.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(answer: Value, question: &str) -> Decision {
        Decision::Person { answer: Answer::Result(answer), question: question.to_owned() }
    }

    #[test]
    fn what_needs_a_person_is_declined_and_asked_and_all_else_is_answered_at_once() {
        let cancel = || json!({ "decision": "cancel" });
        for (method, params, expected) in [
            ("item/tool/call", json!({}), Decision::Tool),
            (
                "item/commandExecution/requestApproval",
                json!({ "command": "/bin/bash -lc 'touch x'", "reason": "need to write" }),
                person(cancel(), "may Codex run /bin/bash -lc 'touch x'? It says: need to write"),
            ),
            (
                "item/commandExecution/requestApproval",
                json!({ "command": "a\nb", "reason": null }),
                person(cancel(), "may Codex run a b?"),
            ),
            (
                "item/fileChange/requestApproval",
                json!({ "reason": null, "grantRoot": null }),
                person(cancel(), "may Codex edit files?"),
            ),
            (
                "item/fileChange/requestApproval",
                json!({ "grantRoot": "/r" }),
                person(cancel(), "may Codex edit files below /r?"),
            ),
            (
                "execCommandApproval",
                json!({ "command": ["rm", "-r", "x"] }),
                person(json!({ "decision": "abort" }), "may Codex run rm -r x?"),
            ),
            (
                "applyPatchApproval",
                json!({ "fileChanges": { "/a": {}, "/b": {} } }),
                person(json!({ "decision": "abort" }), "may Codex edit /a, /b?"),
            ),
            (
                "item/tool/requestUserInput",
                json!({ "isBlocking": true, "questions": [{ "question": "Which?" }, { "question": "Why?" }] }),
                person(json!({ "answers": {} }), "Codex asks: Which? Why?"),
            ),
            (
                "item/tool/requestUserInput",
                json!({ "isBlocking": false, "questions": [] }),
                Decision::Answer(Answer::Result(json!({ "answers": {} }))),
            ),
            (
                "mcpServer/elicitation/request",
                json!({ "serverName": "files", "message": "Allow?" }),
                person(json!({ "action": "cancel" }), "MCP server files asks: Allow?"),
            ),
            (
                "item/permissions/requestApproval",
                json!({ "permissions": { "network": { "enabled": true } } }),
                Decision::Person {
                    answer: Answer::Refusal("no further permissions are given".into()),
                    question: r#"may Codex have these permissions {"network":{"enabled":true}}?"#.into(),
                },
            ),
            (
                "account/chatgptAuthTokens/refresh",
                json!({}),
                Decision::Answer(Answer::Refusal(
                    "this client does not serve `account/chatgptAuthTokens/refresh`".into(),
                )),
            ),
            ("no/such", Value::Null, Decision::Answer(Answer::Refusal("this client does not serve `no/such`".into()))),
        ] {
            assert_eq!(decide(method, &params), expected, "{method}");
        }
    }
}

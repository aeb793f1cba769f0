//! From a document to Markdown. A node that is not known gives what is in it.

use chrono::DateTime;
use serde_json::Value;

/// The text of a document, or of a text; none where it is blank.
pub(in crate::tracker::jira) fn read(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Object(_) => blocks(children(value)).trim().to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    };
    Some(text).filter(|text| !text.is_empty())
}

fn children(node: &Value) -> &[Value] {
    node["content"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn kind(node: &Value) -> &str {
    node["type"].as_str().unwrap_or_default()
}

fn attribute<'n>(node: &'n Value, name: &str) -> Option<&'n str> {
    node["attrs"][name].as_str()
}

fn is_inline(node: &Value) -> bool {
    let kind = kind(node);
    kind.starts_with("inline")
        || matches!(
            kind,
            "text" | "hardBreak" | "mention" | "emoji" | "status" | "date" | "placeholder" | "mediaInline"
        )
}

/// Blocks with an empty line between them.
fn blocks(nodes: &[Value]) -> String {
    texts(nodes).join("\n\n")
}

/// The text of each block; pieces of text between blocks are one.
fn texts(nodes: &[Value]) -> Vec<String> {
    let groups = nodes.chunk_by(|one, next| is_inline(one) && is_inline(next));
    let texts = groups.map(|group| match group {
        [node] if !is_inline(node) => block(node),
        pieces => inline(pieces),
    });
    texts.filter(|text| !text.trim().is_empty()).collect()
}

fn block(node: &Value) -> String {
    match kind(node) {
        "paragraph" => inline(children(node)),
        "heading" => {
            let level = node["attrs"]["level"].as_u64().unwrap_or(1).clamp(1, 6);
            format!("{} {}", "#".repeat(level as usize), inline(children(node)))
        }
        "codeBlock" => {
            let language = attribute(node, "language").unwrap_or_default();
            format!("```{language}\n{}\n```", inline(children(node)))
        }
        "blockquote" => prefixed(&blocks(children(node)), "> ", "> "),
        "rule" => "---".to_owned(),
        "bulletList" | "decisionList" => list(node, |_, _| "- ".to_owned()),
        "taskList" => {
            list(node, |_, item| if attribute(item, "state") == Some("DONE") { "- [x] " } else { "- [ ] " }.to_owned())
        }
        "orderedList" => {
            let first = node["attrs"]["order"].as_u64().unwrap_or(1);
            list(node, |place, _| format!("{}. ", first.saturating_add(place as u64)))
        }
        "table" => table(node),
        "media" => attribute(node, "alt").unwrap_or_default().to_owned(),
        "blockCard" | "embedCard" => attribute(node, "url").unwrap_or_default().to_owned(),
        _ => blocks(children(node)),
    }
}

/// The items of a list, each with its mark; a list within an item is indented below it.
fn list(node: &Value, mark: impl Fn(usize, &Value) -> String) -> String {
    let items = children(node).iter().enumerate().map(|(place, item)| {
        let mark = mark(place, item);
        // A list may hold a list without an item around it.
        let is_item = kind(item).ends_with("Item");
        let text = if is_item { texts(children(item)).join("\n") } else { block(item) };
        let indent = " ".repeat(mark.len().min(4));
        if is_item { prefixed(&text, &mark, &indent) } else { prefixed(&text, &indent, &indent) }
    });
    items.collect::<Vec<_>>().join("\n")
}

fn table(node: &Value) -> String {
    let mut lines = Vec::new();
    for row in children(node) {
        let cells = children(row).iter().map(|cell| blocks(children(cell)).replace('\n', " ").replace('|', "\\|"));
        let cells: Vec<String> = cells.collect();
        lines.push(format!("| {} |", cells.join(" | ")));
        if lines.len() == 1 {
            lines.push(format!("|{}", " --- |".repeat(cells.len())));
        }
    }
    lines.join("\n")
}

fn prefixed(text: &str, first: &str, rest: &str) -> String {
    let lines = text.lines().enumerate();
    let lines = lines.map(|(place, line)| format!("{}{line}", if place == 0 { first } else { rest }));
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn inline(nodes: &[Value]) -> String {
    nodes.iter().map(piece).collect()
}

fn piece(node: &Value) -> String {
    match kind(node) {
        "text" => marked(node["text"].as_str().unwrap_or_default(), &node["marks"]),
        "hardBreak" => "\n".to_owned(),
        "date" => date(node).unwrap_or_default(),
        _ => match ["text", "shortName", "url", "alt"].iter().find_map(|name| attribute(node, name)) {
            Some(text) => text.to_owned(),
            None => inline(children(node)),
        },
    }
}

/// A date is milliseconds since 1970, as a text.
fn date(node: &Value) -> Option<String> {
    let at = DateTime::from_timestamp_millis(attribute(node, "timestamp")?.parse().ok()?)?;
    Some(at.format("%Y-%m-%d").to_string())
}

fn marked(text: &str, marks: &Value) -> String {
    marks.as_array().into_iter().flatten().fold(text.to_owned(), |text, mark| match kind(mark) {
        "code" => format!("`{text}`"),
        "strong" => format!("**{text}**"),
        "em" => format!("*{text}*"),
        "strike" => format!("~~{text}~~"),
        "link" => match attribute(mark, "href") {
            Some(to) if to != text => format!("[{text}]({to})"),
            Some(_) | None => text,
        },
        _ => text,
    })
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "documents are written inside out")]
mod tests {
    use serde_json::json;

    use super::*;

    fn doc(content: Value) -> Value {
        json!({ "type": "doc", "version": 1, "content": content })
    }

    fn text(text: &str) -> Value {
        json!({ "type": "text", "text": text })
    }

    fn paragraph(content: Value) -> Value {
        json!({ "type": "paragraph", "content": content })
    }

    #[test]
    fn pieces_of_a_paragraph_follow_each_other() {
        let pieces = json!([
            { "type": "mention", "attrs": { "id": "1", "text": "@Alex" } },
            { "type": "emoji", "attrs": { "shortName": ":wave:" } },
            { "type": "status", "attrs": { "text": "Ready" } },
            { "type": "inlineCard", "attrs": { "url": "https://example.test/card" } },
            { "type": "hardBreak" },
            { "type": "date", "attrs": { "timestamp": "1767225600000" } },
        ]);
        let expected = "@Alex:wave:Readyhttps://example.test/card\n2026-01-01";
        assert_eq!(read(&doc(json!([paragraph(pieces)]))).as_deref(), Some(expected));
    }

    #[test]
    fn blocks_and_items_are_told_apart() {
        let item = |content: Value| json!({ "type": "listItem", "content": content });
        let row = |name: &str, cells: [&str; 2]| {
            let cells = cells.map(|cell| json!({ "type": name, "content": [paragraph(json!([text(cell)]))] }));
            json!({ "type": "tableRow", "content": cells })
        };
        let inner = json!({ "type": "bulletList", "content": [item(json!([paragraph(json!([text("deep")]))]))] });
        let linked = json!({
            "type": "text", "text": "bold link",
            "marks": [{ "type": "strong" }, { "type": "link", "attrs": { "href": "https://x" } }],
        });
        let document = doc(json!([
            { "type": "heading", "attrs": { "level": 2 }, "content": [text("Steps")] },
            { "type": "orderedList", "attrs": { "order": 3 }, "content": [
                item(json!([paragraph(json!([text("first")])), inner])),
                item(json!([paragraph(json!([linked]))])),
            ] },
            { "type": "codeBlock", "attrs": { "language": "sh" }, "content": [text("ls\npwd")] },
            { "type": "panel", "content": [paragraph(json!([text("mind this")]))] },
            { "type": "blockquote", "content": [paragraph(json!([text("said")]))] },
            { "type": "rule" },
            { "type": "taskList", "content": [
                { "type": "taskItem", "attrs": { "state": "DONE" }, "content": [text("one")] },
                { "type": "taskItem", "attrs": { "state": "TODO" }, "content": [text("two")] },
            ] },
            { "type": "mediaSingle", "content": [{ "type": "media", "attrs": { "alt": "a picture" } }] },
            { "type": "table", "content": [row("tableHeader", ["A", "B"]), row("tableCell", ["1", "2|3"])] },
            { "type": "somethingNew", "content": [paragraph(json!([text("still read")]))] },
        ]));
        insta::assert_snapshot!(read(&document).expect("a text"), @r"
        ## Steps

        3. first
           - deep
        4. [**bold link**](https://x)

        ```sh
        ls
        pwd
        ```

        mind this

        > said

        ---

        - [x] one
        - [ ] two

        a picture

        | A | B |
        | --- | --- |
        | 1 | 2\|3 |

        still read
        ");
    }

    #[test]
    fn what_is_blank_is_none() {
        for value in [json!(null), json!("  "), json!(5), doc(json!([])), doc(json!([paragraph(json!([]))]))] {
            assert_eq!(read(&value), None, "{value}");
        }
        assert_eq!(read(&json!(" as on a server ")).as_deref(), Some("as on a server"));
    }
}

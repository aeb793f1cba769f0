//! From Markdown to a document: paragraphs, headings, lists and code become nodes; everything else stays as it is typed.

use serde_json::{Value, json};

/// The document.
pub(in crate::tracker::jira) fn write(text: &str) -> Value {
    let mut lines = text.lines().peekable();
    let mut content: Vec<Value> = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| line.trim_end() != "```").collect();
            content.push(code_block(language.trim(), &code.join("\n")));
        } else if let Some((level, title)) = heading(line) {
            content.push(json!({ "type": "heading", "attrs": { "level": level }, "content": texts(&[title]) }));
        } else if item(line).is_some() {
            let mut items = vec![vec![line]];
            while let Some(next) = lines.next_if(|next| item(next).is_some() || continuation(next).is_some()) {
                match items.last_mut() {
                    Some(lines) if continuation(next).is_some() => lines.push(next),
                    Some(_) | None => items.push(vec![next]),
                }
            }
            content.push(list(&items));
        } else if !line.trim().is_empty() {
            let mut paragraph = vec![line];
            while let Some(next) = lines.next_if(|next| is_plain(next)) {
                paragraph.push(next);
            }
            content.push(json!({ "type": "paragraph", "content": texts(&paragraph) }));
        }
    }
    json!({ "type": "doc", "version": 1, "content": content })
}

fn is_plain(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with("```") && heading(line).is_none() && item(line).is_none()
}

/// `## Title`: 2 and the title.
fn heading(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    let title = title.strip_prefix(' ')?.trim();
    ((1..=6).contains(&level) && !title.is_empty()).then_some((level, title))
}

/// `- item`
fn item(line: &str) -> Option<&str> {
    line.strip_prefix("- ").map(str::trim).filter(|text| !text.is_empty())
}

/// A line that goes on with an item, such as an item of a list in it.
fn continuation(line: &str) -> Option<&str> {
    line.strip_prefix("  ").map(str::trim_end).filter(|text| !text.is_empty())
}

/// A list of items of one or more lines.
fn list(items: &[Vec<&str>]) -> Value {
    let items = items.iter().map(|lines| {
        let lines: Vec<&str> = lines.iter().filter_map(|line| item(line).or_else(|| continuation(line))).collect();
        json!({ "type": "listItem", "content": [{ "type": "paragraph", "content": texts(&lines) }] })
    });
    json!({ "type": "bulletList", "content": items.collect::<Vec<_>>() })
}

fn code_block(language: &str, code: &str) -> Value {
    let mut block = json!({ "type": "codeBlock", "content": texts(&[code]) });
    if !language.is_empty() {
        block["attrs"] = json!({ "language": language });
    }
    block
}

/// Lines with breaks between them. Jira takes no empty text.
fn texts(lines: &[&str]) -> Vec<Value> {
    let mut pieces = Vec::new();
    for line in lines {
        if !pieces.is_empty() {
            pieces.push(json!({ "type": "hardBreak" }));
        }
        if !line.is_empty() {
            pieces.push(json!({ "type": "text", "text": line }));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<String> {
        let document = write(text);
        let blocks = document["content"].as_array().expect("a list");
        blocks.iter().map(|block| block["type"].as_str().expect("a type").to_owned()).collect()
    }

    #[test]
    fn each_block_is_a_node() {
        assert_eq!(
            kinds("# A\ntext\n- x\n  y\n- z\n\nmore\n```\ncode"),
            ["heading", "paragraph", "bulletList", "paragraph", "codeBlock"]
        );
        assert_eq!(kinds("#hash\n-dash\n####### seven"), ["paragraph"]);
        assert_eq!(kinds(" \n\n"), [""; 0]);
    }

    #[test]
    fn no_text_is_empty() {
        let document = write("a\nb\n\n```rust\n```\n\n- \n");
        assert_eq!(
            document["content"],
            json!([
                { "type": "paragraph", "content": [
                    { "type": "text", "text": "a" }, { "type": "hardBreak" }, { "type": "text", "text": "b" },
                ] },
                { "type": "codeBlock", "content": [], "attrs": { "language": "rust" } },
                { "type": "paragraph", "content": [{ "type": "text", "text": "- " }] },
            ])
        );
    }
}

//! The template as the `liquid` crate is given it: with the same lines, but kinder.
//!
//! - Comments are emptied: the crate reads what is in them, and panics at a block in a comment that does not end.
//! - `issue.description contains "x"` of an issue without a description is no, and not an error. Such conditions are
//!   asked of a second `issue` that holds an empty text where the first holds nil.

use std::ops::Range;

use super::check::identifier;
use super::node::Node;
use super::scan::{Chain, Element, Kind, Token, Value};
use super::structure::Template;
use super::variables::text;

/// The name of the second `issue`: no template can use it, because the check does not know it.
pub(super) const FILLED: &str = "issue--filled";

/// The template rewritten.
pub(super) fn rewritten(template: &Template<'_>) -> String {
    let comment =
        |range: &Range<usize>| (range.clone(), "\n".repeat(template.text[range.clone()].matches('\n').count()));
    let mut changes: Vec<(Range<usize>, String)> = template.comments.iter().map(comment).collect();
    if !template.elements.iter().any(redefines_issue) {
        let asked = template.elements.iter().flat_map(asked).filter(|path| path.starts_with("issue"));
        changes.extend(asked.map(|path| {
            let at = path.as_ptr().addr() - template.text.as_ptr().addr();
            (at..at + "issue".len(), FILLED.to_owned())
        }));
    }
    changes.sort_by_key(|(range, _)| range.start);
    let mut made = String::with_capacity(template.text.len());
    let mut done = 0;
    for (range, replacement) in changes {
        made.push_str(&template.text[done..range.start]);
        made.push_str(&replacement);
        done = range.end;
    }
    made + &template.text[done..]
}

fn redefines_issue(element: &Element<'_>) -> bool {
    match &element.kind {
        Kind::Output(_) => false,
        Kind::Tag { name, tokens } => {
            matches!(*name, "assign" | "capture" | "for" | "tablerow" | "increment" | "decrement")
                && identifier(tokens.first()) == Some("issue")
        }
    }
}

/// The fields of `issue` that the element asks for what they contain, as they are written.
fn asked<'a>(element: &Element<'a>) -> Vec<&'a str> {
    let Kind::Tag { name: "if" | "elsif" | "unless", tokens } = &element.kind else { return Vec::new() };
    let pairs = tokens.windows(2).filter(|pair| identifier(pair.last()) == Some("contains"));
    pairs
        .filter_map(|pair| match &pair[0] {
            Token::Chain(Chain { value: Value::Path(path), .. }) if path.name == "issue" => Some(path.text),
            Token::Chain(_) | Token::Range(..) | Token::Symbol(_) => None,
        })
        .collect()
}

/// The value with an empty text for nil.
pub(super) fn filled(node: Node) -> Node {
    match node {
        Node::Absent => text(""),
        Node::Plain(_) => node,
        Node::List(items) => Node::List(items.into_iter().map(filled).collect()),
        Node::Object(fields) => Node::Object(fields.into_iter().map(|(name, value)| (name, filled(value))).collect()),
    }
}

//! The blocks of a template: what opens is closed, and nothing in it makes the `liquid` crate give up with a panic
//! (a number that is too large, nesting without end).

use std::ops::Range;

use super::scan::{Chain, Element, Kind, Step, Token, Value, element};

/// A mistake, and where it begins in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub at: usize,
    pub message: String,
}

impl Mistake {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// Tags that open a block; each is closed by `end` and its name.
const BLOCKS: [&str; 9] = ["if", "unless", "case", "for", "tablerow", "capture", "comment", "raw", "ifchanged"];
/// Tags that stand alone.
const SINGLE: [&str; 6] = ["assign", "break", "continue", "cycle", "decrement", "increment"];
/// Blocks within blocks, `elsif` included.
const MOST_BLOCKS: usize = 64;

/// The largest number that may be written.
const LARGEST: i64 = 1_000_000_000;

/// A template in its parts.
#[derive(Debug)]
pub(super) struct Template<'a> {
    /// As it is written.
    pub text: &'a str,
    /// What counts: not what is in comments and `raw`.
    pub elements: Vec<Element<'a>>,
    /// What is in comments.
    pub comments: Vec<Range<usize>>,
}

impl<'a> Template<'a> {
    /// Reads the template.
    pub(super) fn read(text: &'a str) -> Result<Self, Mistake> {
        let mut template = Self { text, elements: Vec::new(), comments: Vec::new() };
        let mut open = Open(Vec::new());
        let mut from = 0;
        while let Some(at) = next_start(text, from) {
            let inside = open.innermost();
            let ignored = matches!(inside, Some("raw" | "comment"));
            let Some((element, end)) = element(text, at) else {
                if ignored {
                    from = at + 1;
                    continue;
                }
                return Err(Mistake::new(at, format!("`{}` is not Liquid", excerpt(&text[at..]))));
            };
            from = end;
            match inside {
                Some("raw") => open.in_raw(&element),
                Some("comment") => {
                    if let Some(start) = open.in_comment(&element)? {
                        template.comments.push(start..at);
                    }
                }
                _ => {
                    numbers(&element)?;
                    open.outside(&element, end)?;
                    template.elements.push(element);
                }
            }
        }
        open.nothing_left()?;
        Ok(template)
    }
}

fn next_start(text: &str, from: usize) -> Option<usize> {
    text[from..].match_indices('{').map(|(at, _)| from + at).find(|at| text[at + 1..].starts_with(['{', '%']))
}

/// The open blocks, the innermost last; `elsif` opens one that ends with its `if`.
struct Open<'a>(Vec<Block<'a>>);

struct Block<'a> {
    name: &'a str,
    /// Where its tag begins, and ends.
    at: usize,
    end: usize,
}

impl<'a> Open<'a> {
    fn innermost(&self) -> Option<&'a str> {
        self.0.iter().rev().map(|block| block.name).find(|name| *name != "elsif")
    }

    fn push(&mut self, name: &'a str, at: usize, end: usize) -> Result<(), Mistake> {
        self.0.push(Block { name, at, end });
        if self.0.len() > MOST_BLOCKS { Err(Mistake::new(at, "blocks are nested too deeply")) } else { Ok(()) }
    }

    /// In `raw`, only its end counts.
    fn in_raw(&mut self, element: &Element<'a>) {
        if matches!(&element.kind, Kind::Tag { name: "endraw", tokens } if tokens.is_empty()) {
            self.0.pop();
        }
    }

    /// In a comment, only comments and `raw` count. Returns where the outermost comment began, if it ends here.
    fn in_comment(&mut self, element: &Element<'a>) -> Result<Option<usize>, Mistake> {
        match element.kind {
            Kind::Tag { name: name @ ("comment" | "raw"), .. } => self.push(name, element.at, element.at)?,
            Kind::Tag { name: "endcomment", .. } => {
                let ended = self.0.pop();
                if self.innermost() != Some("comment") {
                    return Ok(ended.map(|comment| comment.end));
                }
            }
            Kind::Tag { .. } | Kind::Output(_) => {}
        }
        Ok(None)
    }

    fn outside(&mut self, element: &Element<'a>, end: usize) -> Result<(), Mistake> {
        let Kind::Tag { name, tokens } = &element.kind else { return Ok(()) };
        let (name, at, inside) = (*name, element.at, self.innermost());
        let wrong = |message: String| Err(Mistake::new(at, message));
        if matches!(name, "raw" | "comment") && !tokens.is_empty() {
            return wrong(format!("`{{% {name} %}}` takes nothing behind its name"));
        }
        if BLOCKS.contains(&name) || (name == "elsif" && inside == Some("if")) {
            return self.push(name, at, end);
        }
        if let Some(ended) = name.strip_prefix("end").filter(|ended| BLOCKS.contains(ended)) {
            return match inside {
                Some(block) if block == ended => {
                    while self.0.pop().is_some_and(|block| block.name == "elsif") {}
                    Ok(())
                }
                Some(block) => wrong(format!("`{{% {name} %}}` stands where `{{% end{block} %}}` is due")),
                None => wrong(format!("`{{% {name} %}}` closes nothing")),
            };
        }
        let belongs = match name {
            "else" => matches!(inside, Some("if" | "unless" | "case" | "for")),
            "when" => inside == Some("case"),
            _ => SINGLE.contains(&name),
        };
        if belongs { Ok(()) } else { wrong(format!("unknown tag `{name}`")) }
    }

    fn nothing_left(&self) -> Result<(), Mistake> {
        match self.0.iter().rfind(|block| block.name != "elsif") {
            Some(Block { name, at, .. }) => {
                Err(Mistake::new(*at, format!("`{{% {name} %}}` is not closed by `{{% end{name} %}}`")))
            }
            None => Ok(()),
        }
    }
}

/// Refuses integers with which the crate's arithmetic could overflow.
fn numbers(element: &Element<'_>) -> Result<(), Mistake> {
    let mut values = Vec::new();
    match &element.kind {
        Kind::Output(chain) => of_chain(chain, &mut values),
        Kind::Tag { tokens, .. } => {
            for token in tokens {
                match token {
                    Token::Chain(chain) => of_chain(chain, &mut values),
                    Token::Range(from, to) => values.extend([from, to]),
                    Token::Symbol(_) => {}
                }
            }
        }
    }
    while let Some(value) = values.pop() {
        match value {
            Value::Integer(digits) if !digits.parse::<i64>().is_ok_and(|number| number.abs() <= LARGEST) => {
                return Err(Mistake::new(element.at, format!("the number {digits} is too large")));
            }
            Value::Integer(_) | Value::Text(_) | Value::Other => {}
            Value::Path(path) => values.extend(path.steps.iter().filter_map(|step| match step {
                Step::Index(value) => Some(value),
                Step::Field(_) => None,
            })),
        }
    }
    Ok(())
}

fn of_chain<'e, 'a>(chain: &'e Chain<'a>, values: &mut Vec<&'e Value<'a>>) {
    values.push(&chain.value);
    values.extend(chain.filters.iter().flat_map(|filter| &filter.arguments));
}

/// The beginning of a text, on one line.
fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let end = line.find("}}").or_else(|| line.find("%}")).map_or(line.len(), |at| at + 2);
    line[..end].chars().take(60).collect()
}

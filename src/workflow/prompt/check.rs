//! Strictness (SPEC 5.4): every variable and filter of a template is known, in conditions and loops too, whether or not
//! the branch is taken. A known variable may be nil.

use super::scan::{Chain, Element, Kind, Path, Step, Token, Value};
use super::shape::{FORLOOP, ISSUE, Shape, TABLEROW};
use super::structure::Mistake;
use super::variables::WORKPAD;

/// The largest number in `(1..n)`: each is kept in memory.
const MOST_IN_RANGE: i64 = 10_000;

/// What a template may use. What stands last costs a request to the tracker.
const GIVEN: [(&str, Shape); 3] = [("issue", ISSUE), ("attempt", Shape::Scalar), (WORKPAD, Shape::Scalar)];

/// Checks the elements; `is_filter` knows the filters.
pub(super) fn check(elements: &[Element<'_>], is_filter: &dyn Fn(&str) -> bool) -> Result<(), Mistake> {
    check_with(&GIVEN, elements, is_filter)
}

/// Whether elements that pass the check make use of the workpad.
pub(super) fn uses_workpad(elements: &[Element<'_>], is_filter: &dyn Fn(&str) -> bool) -> bool {
    check_with(&GIVEN[..2], elements, is_filter).is_err()
}

fn check_with<'a>(
    given: &[(&'a str, Shape)],
    elements: &[Element<'a>],
    is_filter: &dyn Fn(&str) -> bool,
) -> Result<(), Mistake> {
    let mut scope = Scope { is_filter, names: given.to_vec(), blocks: Vec::new() };
    elements.iter().try_for_each(|element| {
        let checked = match &element.kind {
            Kind::Output(chain) => scope.chain(chain).map(drop),
            Kind::Tag { name, tokens } => scope.tag(name, tokens),
        };
        checked.map_err(|message| Mistake::new(element.at, message))
    })
}

/// What is known at one place of the template.
struct Scope<'a> {
    is_filter: &'a dyn Fn(&str) -> bool,
    /// What holds everywhere from its definition on; loops hide it.
    names: Vec<(&'a str, Shape)>,
    blocks: Vec<Block<'a>>,
}

/// What ends with a block.
enum Block<'a> {
    /// `for` and `tablerow`: their variables.
    Loop { variable: &'a str, item: Shape, helper: &'a str },
    /// `capture`: its variable begins.
    Capture(&'a str),
}

impl<'a> Scope<'a> {
    fn tag(&mut self, name: &str, tokens: &[Token<'a>]) -> Result<(), String> {
        match name {
            "for" => self.open_loop(tokens, "forloop"),
            "tablerow" => self.open_loop(tokens, "tablerow"),
            "endfor" | "endtablerow" | "endcapture" => {
                if let Some(Block::Capture(variable)) = self.blocks.pop() {
                    self.define(variable, Shape::Scalar);
                }
                Ok(())
            }
            "capture" => {
                self.blocks.push(Block::Capture(identifier(tokens.first()).unwrap_or_default()));
                Ok(())
            }
            "assign" => {
                if let (Some(variable), Some(Token::Chain(chain))) = (identifier(tokens.first()), tokens.get(2)) {
                    let shape = self.chain(chain)?;
                    self.define(variable, shape);
                }
                Ok(())
            }
            "increment" | "decrement" => {
                self.define(identifier(tokens.first()).unwrap_or_default(), Shape::Scalar);
                Ok(())
            }
            "cycle" => {
                let named = matches!(tokens.get(1), Some(Token::Symbol(":")));
                self.operands(&tokens[if named { 2 } else { 0 }..])
            }
            // Values and operators take turns: `a == b and c`, `when a or b`.
            _ => self.operands(tokens),
        }
    }

    /// Every second token is a value, beginning with the first.
    fn operands(&self, tokens: &[Token<'a>]) -> Result<(), String> {
        tokens.iter().step_by(2).try_for_each(|token| self.token(token).map(drop))
    }

    fn open_loop(&mut self, tokens: &[Token<'a>], helper: &'a str) -> Result<(), String> {
        let list = tokens.get(2).map_or(Ok(Shape::Any), |token| self.token(token))?;
        for pair in tokens.get(3..).unwrap_or_default().windows(2) {
            if let [Token::Symbol(":"), value] = pair {
                self.token(value)?;
            }
        }
        if helper == "tablerow" {
            columns(tokens)?;
        }
        let item = match (list.item(), tokens.get(2)) {
            (Some(item), _) => item,
            (None, Some(Token::Chain(Chain { value: Value::Path(path), .. }))) => {
                return Err(format!("`{}` is not a list", path.text));
            }
            (None, _) => Shape::Any,
        };
        let variable = identifier(tokens.first()).unwrap_or_default();
        self.blocks.push(Block::Loop { variable, item, helper });
        Ok(())
    }

    fn token(&self, token: &Token<'a>) -> Result<Shape, String> {
        match token {
            Token::Chain(chain) => self.chain(chain),
            Token::Range(from, to) => {
                for end in [from, to] {
                    self.value(end)?;
                    if let Value::Integer(digits) = end
                        && digits.parse().is_ok_and(|number: i64| number.abs() > MOST_IN_RANGE)
                    {
                        return Err(format!("the range to {digits} is too long"));
                    }
                }
                Ok(Shape::List(&Shape::Scalar))
            }
            Token::Symbol(_) => Ok(Shape::Any),
        }
    }

    fn chain(&self, chain: &Chain<'a>) -> Result<Shape, String> {
        let mut shape = self.value(&chain.value)?;
        for filter in &chain.filters {
            if !(self.is_filter)(filter.name) {
                return Err(format!("unknown filter `{}`", filter.name));
            }
            for argument in &filter.arguments {
                self.value(argument)?;
            }
            shape = shape.filtered(filter.name);
        }
        Ok(shape)
    }

    fn value(&self, value: &Value<'a>) -> Result<Shape, String> {
        match value {
            Value::Integer(_) | Value::Text(_) => Ok(Shape::Scalar),
            Value::Other => Ok(Shape::Any),
            Value::Path(path) => self.path(path),
        }
    }

    fn path(&self, path: &Path<'a>) -> Result<Shape, String> {
        let unknown = |why: String| format!("unknown variable `{}`: {why}", path.text);
        let mut shape = self.find(path.name).ok_or_else(|| unknown(format!("there are {}", self.known())))?;
        for step in &path.steps {
            if let Step::Index(Value::Path(inner)) = step {
                self.path(inner)?;
            }
            shape = shape.step(step).map_err(unknown)?;
        }
        Ok(shape)
    }

    fn find(&self, name: &str) -> Option<Shape> {
        let local = self.blocks.iter().rev().find_map(|block| match block {
            Block::Loop { variable, item, .. } if *variable == name => Some(*item),
            Block::Loop { helper: "forloop", .. } if name == "forloop" => Some(FORLOOP),
            Block::Loop { helper: "tablerow", .. } if name == "tablerow" => Some(TABLEROW),
            Block::Loop { .. } | Block::Capture(_) => None,
        });
        local.or_else(|| self.names.iter().find(|(known, _)| *known == name).map(|(_, shape)| *shape))
    }

    fn known(&self) -> String {
        let locals = self.blocks.iter().flat_map(|block| match block {
            Block::Loop { variable, helper, .. } => vec![*variable, *helper],
            Block::Capture(_) => Vec::new(),
        });
        self.names.iter().map(|(name, _)| *name).chain(locals).collect::<Vec<_>>().join(", ")
    }

    /// A variable from here on; one that had another shape may have either.
    fn define(&mut self, name: &'a str, shape: Shape) {
        match self.names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if *known != shape => *known = Shape::Any,
            Some(_) => {}
            None => self.names.push((name, shape)),
        }
    }
}

/// A token that is a bare name.
pub(super) fn identifier<'a>(token: Option<&Token<'a>>) -> Option<&'a str> {
    match token {
        Some(Token::Chain(Chain { value: Value::Path(path), filters })) if filters.is_empty() => Some(path.name),
        _ => None,
    }
}

/// `cols` of `tablerow` divides.
fn columns(tokens: &[Token<'_>]) -> Result<(), String> {
    for triple in tokens.windows(3) {
        if identifier(triple.first()) == Some("cols") {
            let Token::Chain(Chain { value: Value::Integer(digits), .. }) = &triple[2] else {
                return Err("`cols` of `tablerow` is a number of at least 1".into());
            };
            if digits.parse::<i64>().is_ok_and(|number| number < 1) {
                return Err("`cols` of `tablerow` is a number of at least 1".into());
            }
        }
    }
    Ok(())
}

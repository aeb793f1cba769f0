//! Reads a template as the `liquid` crate's grammar does, so that every expression in it can be checked before it is
//! rendered: the crate itself keeps its syntax tree to itself, and takes unknown variables in conditions for nil.

/// A piece of a template that is not plain text.
#[derive(Debug, PartialEq)]
pub(super) struct Element<'a> {
    /// Where it begins, in bytes.
    pub at: usize,
    /// As it is written.
    pub text: &'a str,
    /// What it is.
    pub kind: Kind<'a>,
}

/// `{{ … }}` or `{% … %}`.
#[derive(Debug, PartialEq)]
pub(super) enum Kind<'a> {
    Output(Chain<'a>),
    Tag { name: &'a str, tokens: Vec<Token<'a>> },
}

/// A part of a tag after its name.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    Chain(Chain<'a>),
    Range(Value<'a>, Value<'a>),
    Symbol(&'a str),
}

/// A value and the filters on it.
#[derive(Debug, PartialEq)]
pub(super) struct Chain<'a> {
    pub value: Value<'a>,
    pub filters: Vec<Filter<'a>>,
}

/// A filter with its arguments, named ones included.
#[derive(Debug, PartialEq)]
pub(super) struct Filter<'a> {
    pub name: &'a str,
    pub arguments: Vec<Value<'a>>,
}

/// A literal or a variable.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'a> {
    Integer(&'a str),
    Text(&'a str),
    Other,
    Path(Path<'a>),
}

/// `name.field[index]…`
#[derive(Debug, PartialEq)]
pub(super) struct Path<'a> {
    /// As it is written.
    pub text: &'a str,
    pub name: &'a str,
    pub steps: Vec<Step<'a>>,
}

/// One step down a path.
#[derive(Debug, PartialEq)]
pub(super) enum Step<'a> {
    Field(&'a str),
    Index(Value<'a>),
}

/// Brackets within brackets that are read; more would only serve to exhaust the stack.
const MOST_BRACKETS: usize = 16;

/// Reads the element that begins at `at` with `{{` or `{%`. Returns it with its end; `None` where it is not Liquid.
pub(super) fn element(text: &str, at: usize) -> Option<(Element<'_>, usize)> {
    let output = text[at..].starts_with("{{");
    let mut cursor = Cursor { text, at: at + 2, brackets: 0 };
    cursor.eat("-");
    cursor.space();
    let kind = if output {
        Kind::Output(cursor.chain()?)
    } else {
        let name = cursor.identifier()?;
        let mut tokens = Vec::new();
        while let Some(token) = cursor.attempt(|cursor| {
            cursor.space();
            cursor.token()
        }) {
            tokens.push(token);
        }
        Kind::Tag { name, tokens }
    };
    cursor.space();
    cursor.eat("-");
    cursor.need(if output { "}}" } else { "%}" })?;
    Some((Element { at, text: &text[at..cursor.at], kind }, cursor.at))
}

/// A place in the template. Each method reads what it is named after, or returns `None`; after `None` the place is
/// undefined, unless it was tried by [`Cursor::attempt`].
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    brackets: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let (at, brackets) = (self.at, self.brackets);
        let made = read(self);
        if made.is_none() {
            (self.at, self.brackets) = (at, brackets);
        }
        made
    }

    fn eat(&mut self, expected: &str) -> bool {
        let there = self.rest().starts_with(expected);
        if there {
            self.at += expected.len();
        }
        there
    }

    fn need(&mut self, expected: &str) -> Option<()> {
        self.eat(expected).then_some(())
    }

    /// Liquid's white space; a tab is none.
    fn space(&mut self) {
        self.take(|c| matches!(c, ' ' | '\n' | '\r'));
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// Letters, digits, `_` and `-`, but for the `-` of `-}}` and `-%}`.
    fn identifier(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let closes = |at: usize| rest[at..].starts_with("-}}") || rest[at..].starts_with("-%}");
        let end = rest
            .char_indices()
            .find(|(at, c)| !(c.is_ascii_alphanumeric() || *c == '_' || *c == '-') || closes(*at))
            .map_or(rest.len(), |(at, _)| at);
        self.at += end;
        (end > 0).then(|| &rest[..end])
    }

    fn token(&mut self) -> Option<Token<'a>> {
        const SYMBOLS: [&str; 10] = ["==", "!=", "<>", ">=", "<=", ">", "<", "=", ",", ":"];
        if let Some((from, to)) = self.attempt(Self::range) {
            return Some(Token::Range(from, to));
        }
        if let Some(chain) = self.attempt(Self::chain) {
            return Some(Token::Chain(chain));
        }
        SYMBOLS.into_iter().find(|symbol| self.eat(symbol)).map(Token::Symbol)
    }

    fn range(&mut self) -> Option<(Value<'a>, Value<'a>)> {
        self.need("(")?;
        self.space();
        let from = self.value()?;
        self.space();
        self.need("..")?;
        self.space();
        let to = self.value()?;
        self.space();
        self.need(")")?;
        Some((from, to))
    }

    fn chain(&mut self) -> Option<Chain<'a>> {
        let value = self.value()?;
        let mut filters = Vec::new();
        while let Some(filter) = self.attempt(|cursor| {
            cursor.space();
            cursor.need("|")?;
            cursor.space();
            cursor.filter()
        }) {
            filters.push(filter);
        }
        Some(Chain { value, filters })
    }

    fn filter(&mut self) -> Option<Filter<'a>> {
        let name = self.identifier()?;
        let mut arguments = Vec::new();
        while let Some(argument) = self.attempt(|cursor| {
            cursor.space();
            cursor.need(if arguments.is_empty() { ":" } else { "," })?;
            cursor.space();
            cursor.argument()
        }) {
            arguments.push(argument);
        }
        Some(Filter { name, arguments })
    }

    fn argument(&mut self) -> Option<Value<'a>> {
        let named = self.attempt(|cursor| {
            cursor.identifier()?;
            cursor.space();
            cursor.need(":")?;
            cursor.space();
            cursor.value()
        });
        named.or_else(|| self.value())
    }

    fn value(&mut self) -> Option<Value<'a>> {
        self.literal().or_else(|| self.path().map(Value::Path))
    }

    /// A literal. The words need no boundary behind them: that is how the crate reads them.
    fn literal(&mut self) -> Option<Value<'a>> {
        if ["nil", "null", "empty", "blank"].into_iter().any(|word| self.eat(word)) {
            return Some(Value::Other);
        }
        let quoted = |cursor: &mut Self, quote: &str| {
            cursor.need(quote)?;
            let inner = cursor.take(|c| !quote.starts_with(c));
            cursor.need(quote).map(|()| Value::Text(inner))
        };
        self.attempt(|cursor| quoted(cursor, "'"))
            .or_else(|| self.attempt(|cursor| quoted(cursor, "\"")))
            .or_else(|| self.attempt(Self::number))
            .or_else(|| ["true", "false"].into_iter().any(|word| self.eat(word)).then_some(Value::Other))
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        let _sign = self.eat("+") || self.eat("-");
        self.digits()?;
        let integer = &self.text[start..self.at];
        let fraction = self.attempt(|cursor| {
            cursor.need(".")?;
            cursor.digits()
        });
        Some(if fraction.is_some() { Value::Other } else { Value::Integer(integer) })
    }

    fn digits(&mut self) -> Option<()> {
        (!self.take(|c| c.is_ascii_digit()).is_empty()).then_some(())
    }

    fn path(&mut self) -> Option<Path<'a>> {
        let start = self.at;
        let name = self.identifier()?;
        let mut steps = Vec::new();
        while let Some(step) = self.attempt(Self::field).or_else(|| self.attempt(Self::index)) {
            steps.push(step);
        }
        Some(Path { text: &self.text[start..self.at], name, steps })
    }

    fn field(&mut self) -> Option<Step<'a>> {
        self.need(".")?;
        self.identifier().map(Step::Field)
    }

    fn index(&mut self) -> Option<Step<'a>> {
        self.need("[")?;
        self.brackets += 1;
        if self.brackets > MOST_BRACKETS {
            return None;
        }
        self.space();
        let value = self.value()?;
        self.space();
        self.need("]")?;
        self.brackets -= 1;
        Some(Step::Index(value))
    }
}

//! JQL: what the lists ask for.

use super::config::Config;

/// The issues of the project in these states (or in any), as far as the configured filter lets them pass. Jira compares
/// states without case.
pub(super) fn issues(config: &Config, states: Option<&[String]>) -> String {
    let mut clauses = vec![format!("project = {}", quoted(&config.project))];
    if let Some(states) = states {
        clauses.push(format!("status IN ({})", list(states.iter().map(|state| quoted(state.trim())))));
    }
    clauses.extend(config.query.iter().map(|query| format!("({query})")));
    format!("{} ORDER BY created ASC", clauses.join(" AND "))
}

/// These issues, by id or key. They are bare: what stands in quotation marks is a key, even if it is a number.
pub(super) fn named(names: &[&str]) -> String {
    format!("issue IN ({})", list(names.iter().map(|&name| name.to_owned())))
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// A text as JQL writes one.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a filter can stand between parentheses: it ends what it begins, and sorts nothing. Else why not.
pub(super) fn check(query: &str) -> Result<(), &'static str> {
    let mut depth = 0_u32;
    let mut plain = String::new();
    let mut characters = query.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' | '\'' => {
                skip_text(&mut characters, character).ok_or("a text without an end")?;
                plain.push(' ');
            }
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or("a `)` without its `(`")?,
            _ => plain.push(character),
        }
    }
    if depth > 0 {
        return Err("a `(` without its `)`");
    }
    let words: Vec<String> = plain.split_whitespace().map(str::to_lowercase).collect();
    if words.windows(2).any(|pair| pair == ["order", "by"]) {
        return Err("`ORDER BY` is Baton's own to set");
    }
    Ok(())
}

/// Skips a text up to the quotation mark that ends it.
fn skip_text(characters: &mut impl Iterator<Item = char>, quotation: char) -> Option<()> {
    loop {
        match characters.next()? {
            '\\' => drop(characters.next()?),
            character if character == quotation => return Some(()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_a_text() {
        for (text, expected) in [
            ("To Do", r#""To Do""#),
            (r#"say "hi""#, r#""say \"hi\"""#),
            (r"back\slash", r#""back\\slash""#),
            (r#"\" OR project = X"#, r#""\\\" OR project = X""#),
        ] {
            assert_eq!(quoted(text), expected);
            assert_eq!(check(&quoted(text)), Ok(()), "it ends where it should");
        }
        assert_eq!(named(&["SYM-1", "10002"]), "issue IN (SYM-1, 10002)");
    }

    #[test]
    fn a_filter_cannot_leave_its_parentheses() {
        for query in
            ["labels = agent", "(a = 1 OR b = 2) AND c = 3", "summary ~ \"order by )\"", "a = '(' ", "border = by"]
        {
            assert_eq!(check(query), Ok(()), "{query}");
        }
        for query in ["a = 1) OR (b = 2", "(a = 1", "a = \"x", "a = 'x\\'", "a = 1 ORDER BY rank", "a = 1 order\n by x"]
        {
            assert!(check(query).is_err(), "{query}");
        }
    }
}

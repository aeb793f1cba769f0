//! The `liquid` crate's errors in one line, and the place that they speak of: the crate gives a line for syntax alone,
//! otherwise the text of the filter or tag, spaced and quoted in its own way.

use super::structure::{Mistake, Template};

/// What the crate says, and where the template says that.
pub(super) fn mistake(error: &liquid::Error, template: &Template<'_>) -> Mistake {
    let elements = &template.elements;
    let text = error.to_string();
    let text = text.strip_prefix("liquid: ").unwrap_or(&text);
    if let Some((place, message)) = syntax(text, template.text) {
        let culprit = elements.iter().rfind(|element| element.at <= place);
        return culprit.map_or_else(
            || Mistake::new(0, message.clone()),
            |element| Mistake::new(element.at, format!("`{}`: {message}", element.text)),
        );
    }
    let report = Report::read(text);
    let at = report.quotations().iter().find_map(|quotation| {
        let wanted = words(quotation);
        elements.iter().find(|element| contains(&words(element.text), &wanted)).map(|element| element.at)
    });
    Mistake::new(at.or_else(|| elements.first().map(|element| element.at)).unwrap_or(0), report.message())
}

/// A syntax error: ` --> 3:6`, a drawing, and `  = what is wrong`.
fn syntax(text: &str, template: &str) -> Option<(usize, String)> {
    let (_, place) = text.split_once("--> ")?;
    let (line, column) = place.lines().next()?.split_once(':')?;
    let line = line.parse::<usize>().ok()?.checked_sub(1)?;
    let before: usize = template.split_inclusive('\n').take(line).map(str::len).sum();
    let column = column.trim().parse::<usize>().ok()?.checked_sub(1)?;
    let within: usize = template[before..].chars().take(column).map(char::len_utf8).sum();
    let (_, message) = text.rsplit_once("\n  = ")?;
    Some((before + within, message.trim_end().trim_end_matches('.').replace('\n', " ")))
}

/// A message, what it is about, and the tags around it, innermost first.
struct Report<'a> {
    message: &'a str,
    about: Vec<(&'a str, &'a str)>,
    around: Vec<&'a str>,
}

impl<'a> Report<'a> {
    fn read(text: &'a str) -> Self {
        let mut lines = text.lines();
        let mut report = Self { message: lines.next().unwrap_or_default(), about: Vec::new(), around: Vec::new() };
        for line in lines {
            if let Some(tag) = line.strip_prefix("from: ") {
                report.around.push(tag);
            } else if let Some((name, value)) = line.strip_prefix("    ").and_then(|pair| pair.split_once('=')) {
                report.about.push((name, value));
            }
        }
        report
    }

    fn of(&self, name: &str) -> Option<&'a str> {
        self.about.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The variable that has no such field.
    fn variable(&self) -> Option<String> {
        let index = self.of("requested index").map(|index| format!(".{index}")).unwrap_or_default();
        let name = self.of("variable").or_else(|| self.of("requested variable"))?;
        Some(format!("{name}{index}"))
    }

    /// What may stand in the template, the most telling first.
    fn quotations(&self) -> Vec<String> {
        let filter = self.of("filter").map(str::to_owned);
        filter.into_iter().chain(self.variable()).chain(self.around.iter().map(ToString::to_string)).collect()
    }

    fn message(&self) -> String {
        if let Some(variable) = self.variable() {
            return format!("unknown variable `{variable}`");
        }
        let about: Vec<String> = self
            .about
            .iter()
            .filter(|(name, _)| !matches!(*name, "input" | "argument"))
            .map(|(name, value)| format!("{name} `{}`", value.trim().chars().take(60).collect::<String>()))
            .collect();
        let message = self.message.to_lowercase();
        if about.is_empty() { message } else { format!("{message}: {}", about.join(", ")) }
    }
}

/// The names and numbers of a text: `a["b"] | c : 1` and `a.b|c:1` have the same.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect()
}

fn contains(words: &[&str], wanted: &[&str]) -> bool {
    !wanted.is_empty() && words.windows(wanted.len()).any(|window| window == wanted)
}

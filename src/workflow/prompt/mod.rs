//! The prompt: a strict Liquid template filled in for one issue (SPEC 5.4, 12).

mod check;
mod continuation;
mod explain;
mod node;
#[cfg(test)]
mod properties;
mod rewrite;
mod scan;
mod shape;
mod structure;
#[cfg(test)]
mod tests;
mod variables;

use std::path::Path;

use liquid::reflection::ParserReflection;

use super::error::{At, WorkflowError};
use crate::model::Issue;
use structure::{Mistake, Template};

pub use continuation::continuation_prompt;

/// What an empty body stands for (SPEC 5.4).
pub const DEFAULT_PROMPT: &str = "You are working on an issue from the configured tracker.";

/// A template and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// The file.
    pub path: &'a Path,
    /// The line on which the template begins, where that is known.
    pub line: Option<usize>,
    /// The template.
    pub text: &'a str,
}

impl Source<'_> {
    /// The place of the byte `at` of the template.
    fn at(&self, at: usize) -> At {
        At::new(self.path, self.line.map(|first| first + self.text[..at].matches('\n').count()))
    }

    fn parse_error(&self, mistake: Mistake) -> WorkflowError {
        WorkflowError::TemplateParse { at: self.at(mistake.at), message: mistake.message }
    }

    fn render_error(&self, mistake: Mistake) -> WorkflowError {
        WorkflowError::TemplateRender { at: self.at(mistake.at), message: mistake.message }
    }
}

/// Reads and checks the template: all that can be said before an issue is known.
pub(super) fn check(source: &Source<'_>) -> Result<(), WorkflowError> {
    compile(source).map(drop)
}

/// Whether the template makes use of the issue's workpad; one that is wrong does not.
pub(super) fn uses_workpad(source: &Source<'_>) -> bool {
    let Ok(template) = Template::read(source.text) else { return false };
    let Ok(parser) = liquid::ParserBuilder::with_stdlib().build() else { return false };
    let is_filter = |name: &str| parser.filters().any(|filter| filter.name() == name);
    let elements = &template.elements;
    check::check(elements, &is_filter).is_ok() && check::uses_workpad(elements, &is_filter)
}

/// Fills in the template.
pub(super) fn render(
    source: &Source<'_>,
    issue: &Issue,
    attempt: Option<u32>,
    workpad: Option<&str>,
) -> Result<String, WorkflowError> {
    if source.text.trim().is_empty() {
        return Ok(DEFAULT_PROMPT.to_owned());
    }
    let (template, compiled) = compile(source)?;
    compiled
        .render(&variables::variables(issue, attempt, workpad))
        .map_err(|error| source.render_error(explain::mistake(&error, &template)))
}

fn compile<'a>(source: &Source<'a>) -> Result<(Template<'a>, liquid::Template), WorkflowError> {
    let template = Template::read(source.text).map_err(|mistake| source.parse_error(mistake))?;
    let broken = |error: &liquid::Error| source.parse_error(explain::mistake(error, &template));
    let parser = liquid::ParserBuilder::with_stdlib().build().map_err(|error| broken(&error))?;
    let is_filter = |name: &str| parser.filters().any(|filter| filter.name() == name);
    check::check(&template.elements, &is_filter).map_err(|mistake| source.render_error(mistake))?;
    let compiled = parser.parse(&rewrite::rewritten(&template)).map_err(|error| broken(&error))?;
    Ok((template, compiled))
}

//! WORKFLOW.md: YAML front matter, a typed configuration, and a strict Liquid prompt (SPEC 5, 6, 12; DESIGN §7).
//!
//! [`Workflow::load`] reads the file, [`Workflow::render_prompt`] fills in the template for one issue, [`Watch`] tells
//! when the file has changed, and [`Workflow::to_kept`] is the form in which the last good configuration is kept.

mod build;
pub mod config;
mod error;
mod fields;
mod front_matter;
mod kept;
pub mod keys;
mod lines;
pub mod prompt;
pub mod secrets;
mod source;
#[cfg(test)]
mod tests;
mod tracker;
mod values;
mod watch;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub use config::Config;
pub use error::{At, WorkflowError};
pub use fields::{Effective, Origin};
pub use keys::Notice;
pub use prompt::{DEFAULT_PROMPT, continuation_prompt};
pub use watch::Watch;

use crate::model::Issue;
use crate::seams::Environment;
use fields::Reader;
use lines::Lines;

/// What a tracker adapter documents of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindProfile {
    /// Default of `tracker.active_states`.
    pub active: Vec<String>,
    /// Default of `tracker.terminal_states`.
    pub terminal: Vec<String>,
    /// The keys below `tracker.provider` that it knows, each in full; `None` where any may mean something to it.
    pub keys: Option<Vec<String>>,
}

/// Looks up the profile of a `tracker.kind`; for a kind that is not supported, which ones are, in words. Programs
/// may bring further kinds, so the environment matters.
pub type Profiles<'a> = &'a dyn Fn(&str, &Environment) -> Result<KindProfile, String>;

/// Resolves a path as WORKFLOW.md writes it: `~/…`, `$NAME/…`, relative to `base` (SPEC 6.1). For the paths that adapters
/// have in `tracker.provider`.
///
/// # Errors
/// What would be right, in words: `the environment variable NAME to be set`.
pub fn resolve_path(written: &str, base: &Path, env: &Environment) -> Result<PathBuf, String> {
    values::path(written, base, env).map(|resolved| resolved.path)
}

/// A WORKFLOW.md that validates.
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    /// The file, absolute.
    pub path: PathBuf,
    /// The front matter as written, `$VAR` unresolved, unknown keys included.
    pub front_matter: Map<String, Value>,
    /// The typed configuration: defaults applied, `$VAR` and `~` resolved, paths absolute.
    pub config: Config,
    /// The prompt template, trimmed (SPEC 5.2).
    pub prompt_template: String,
    /// The line of the file on which the template begins, where that is known.
    prompt_line: Option<usize>,
    lines: Lines,
    effective: Vec<Effective>,
    /// What the tracker knows below `tracker.provider`.
    provider_keys: Option<Vec<String>>,
}

impl Workflow {
    /// Reads and validates the file, whose path must be absolute.
    ///
    /// # Errors
    /// All but the template's: those fail the run alone (SPEC 5.5); see [`Workflow::check_prompt`].
    pub fn load(path: &Path, env: &Environment, profiles: Profiles<'_>) -> Result<Self, WorkflowError> {
        Self::from_text(path, &source::read(path)?.text, env, profiles)
    }

    /// The same from the file's text.
    ///
    /// # Errors
    /// As [`Workflow::load`], but for reading.
    pub fn from_text(
        path: &Path,
        text: &str,
        env: &Environment,
        profiles: Profiles<'_>,
    ) -> Result<Self, WorkflowError> {
        let halves = front_matter::split(path, text)?;
        let yaml = halves.yaml.unwrap_or_default();
        let front_matter = front_matter::parse(path, yaml)?;
        let trimmed = halves.body.trim_start();
        let skipped = halves.body[..halves.body.len() - trimmed.len()].matches('\n').count();
        let place = Place { prompt_line: Some(halves.body_line + skipped), lines: Lines::scan(yaml, 2) };
        Self::assemble(path, front_matter, trimmed.trim_end().to_owned(), place, env, profiles)
    }

    /// The same from a front matter that was kept (a run's spec, the last good configuration).
    ///
    /// # Errors
    /// As [`Workflow::from_text`], without lines.
    pub fn from_parts(
        path: &Path,
        front_matter: Map<String, Value>,
        prompt_template: String,
        env: &Environment,
        profiles: Profiles<'_>,
    ) -> Result<Self, WorkflowError> {
        Self::assemble(path, front_matter, prompt_template, Place::default(), env, profiles)
    }

    fn assemble(
        path: &Path,
        front_matter: Map<String, Value>,
        prompt_template: String,
        place: Place,
        env: &Environment,
        profiles: Profiles<'_>,
    ) -> Result<Self, WorkflowError> {
        let mut reader = Reader::new(path, &front_matter, &place.lines, env);
        let config = build::config(&mut reader, profiles)?;
        let effective = reader.finish();
        let provider_keys = profiles(&config.tracker.kind, env).ok().and_then(|profile| profile.keys);
        let (path, Place { prompt_line, lines }) = (path.to_owned(), place);
        Ok(Self { path, front_matter, config, prompt_template, prompt_line, lines, effective, provider_keys })
    }

    /// Every key with its value in effect and where that came from, secrets hidden (`config show --origin`).
    #[must_use]
    pub fn effective(&self) -> &[Effective] {
        &self.effective
    }

    /// What is no error, but probably not meant: keys that Baton or the tracker does not know, or that are not used yet,
    /// and `agent.env` variables that are not set.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let mut notices = keys::notices(&self.front_matter, &self.lines);
        notices.extend(self.effective.iter().filter_map(|effective| self.unknown_to_the_tracker(&effective.key)));
        notices.extend(self.effective.iter().filter_map(|effective| {
            let Origin::Environment { name } = &effective.origin else { return None };
            let variable = effective.key.strip_prefix("agent.env.")?;
            (!self.config.agent.env.contains_key(variable)).then(|| Notice {
                key: effective.key.clone(),
                line: self.lines.of(&effective.key),
                message: format!("{} is ${name}, which is not set", effective.key),
            })
        }));
        notices
    }

    fn unknown_to_the_tracker(&self, key: &String) -> Option<Notice> {
        let name = key.strip_prefix("tracker.provider.")?;
        if self.provider_keys.as_ref().is_none_or(|known| known.contains(key)) {
            return None;
        }
        let provider = self.front_matter.get("tracker").and_then(|tracker| tracker.get("provider"));
        let is_alias = provider.and_then(|provider| provider.get(name)).is_none();
        let key = if is_alias { format!("tracker.{name}") } else { key.clone() };
        let message = format!("{key} is unknown to the tracker `{}`, and ignored", self.config.tracker.kind);
        Some(Notice { line: self.lines.of(&key), key, message })
    }

    /// Checks the prompt template as far as that is possible without an issue.
    ///
    /// # Errors
    /// As [`Workflow::render_prompt`].
    pub fn check_prompt(&self) -> Result<(), WorkflowError> {
        prompt::check(&self.template())
    }

    /// Renders the prompt strictly: unknown variables and filters fail, inside conditions too (SPEC 5.4, 12).
    ///
    /// # Errors
    /// [`WorkflowError::TemplateParse`] and [`WorkflowError::TemplateRender`].
    pub fn render_prompt(
        &self,
        issue: &Issue,
        attempt: Option<u32>,
        workpad: Option<&str>,
    ) -> Result<String, WorkflowError> {
        prompt::render(&self.template(), issue, attempt, workpad)
    }

    /// Whether the prompt makes use of the issue's workpad, which must then be asked for.
    #[must_use]
    pub fn uses_workpad(&self) -> bool {
        prompt::uses_workpad(&self.template())
    }

    fn template(&self) -> prompt::Source<'_> {
        prompt::Source { path: &self.path, line: self.prompt_line, text: &self.prompt_template }
    }
}

/// Where the parts stand in the file.
#[derive(Default)]
struct Place {
    prompt_line: Option<usize>,
    lines: Lines,
}

//! What can be wrong with a WORKFLOW.md (SPEC 5.5, 6.3).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A place in WORKFLOW.md: `path:line`, or the path alone where the line is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: Option<usize>,
}

impl At {
    /// A place in `path`.
    #[must_use]
    pub fn new(path: &Path, line: Option<usize>) -> Self {
        Self { path: path.to_owned(), line }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// What is wrong with a WORKFLOW.md; each names the file, and line and key where they are known.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// There is no such file.
    #[error("{}: there is no such workflow file", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// It is there, but cannot be read.
    #[error("{}: the workflow file cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The front matter begins and does not end, is not YAML, or the file is not UTF-8.
    #[error("{at}: {message}")]
    Parse {
        /// Where.
        at: At,
        /// What.
        message: String,
    },
    /// The front matter is YAML, but not a map.
    #[error("{at}: the front matter is {found}, expected a map of keys to values")]
    NotAMap {
        /// Where it begins.
        at: At,
        /// What it is.
        found: &'static str,
    },
    /// `tracker.kind` is not given.
    #[error("{at}: tracker.kind is missing")]
    MissingTrackerKind {
        /// The file, and the line of `tracker` where there is one.
        at: At,
    },
    /// `tracker.kind` names a tracker that this build does not have.
    #[error("{at}: tracker.kind is \"{kind}\", which is not supported: {known}")]
    UnsupportedTrackerKind {
        /// Where.
        at: At,
        /// The kind.
        kind: String,
        /// What could be written there, in words.
        known: String,
    },
    /// A key has the wrong type, is out of range, or is missing.
    #[error("{at}: {key} is {found}, expected {expected}")]
    InvalidConfig {
        /// Where.
        at: At,
        /// `section.field`.
        key: String,
        /// The value as it is shown: shortened, secrets hidden.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// The prompt is not a template (SPEC 5.5; fails the run only).
    #[error("{at}: {message}")]
    TemplateParse {
        /// Where.
        at: At,
        /// What, naming the tag or the text.
        message: String,
    },
    /// The prompt uses an unknown variable or filter, or cannot be filled in (SPEC 5.5; fails the run only).
    #[error("{at}: {message}")]
    TemplateRender {
        /// Where.
        at: At,
        /// What, naming the variable or filter.
        message: String,
    },
    /// What the store kept of the last good configuration lacks a part.
    #[error("the kept configuration has no {0}")]
    Kept(&'static str),
}

impl WorkflowError {
    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } | Self::Unreadable { .. } => "missing_workflow_file",
            Self::Parse { .. } => "workflow_parse_error",
            Self::NotAMap { .. } => "workflow_front_matter_not_a_map",
            Self::MissingTrackerKind { .. } => "missing_tracker_kind",
            Self::UnsupportedTrackerKind { .. } => "unsupported_tracker_kind",
            Self::InvalidConfig { .. } => "workflow_invalid_config",
            Self::TemplateParse { .. } => "template_parse_error",
            Self::TemplateRender { .. } => "template_render_error",
            Self::Kept(_) => "workflow_kept_invalid",
        }
    }
}

//! `doctor`: what is configured, whether it works, and whether the store is whole. Writes nothing but what a repair does.

mod checks;
mod store;

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Exit};
use crate::project::Place;
use crate::seams::Seams;
use crate::store::Store;
use crate::workflow::Workflow;

pub use store::{StoreCheck, check_store, repair_store};

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It works.
    Ok,
    /// It works, and somebody should know.
    Warning,
    /// It does not work.
    Failed,
    /// It could not be looked at, or is not needed.
    Skipped,
}

impl Health {
    /// The word, as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Check {
    /// What: `workflow`, `store`, `git`, `shell`, `agent`, `tracker`, `workspaces` or `disk`.
    pub name: &'static str,
    /// How it is.
    pub status: Health,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
    /// Why it failed, as other commands would say.
    #[serde(skip)]
    pub error: Option<Box<Error>>,
}

impl Check {
    fn new(name: &'static str, status: Health, message: impl Into<String>) -> Self {
        Self { name, status, message: message.into(), hints: Vec::new(), error: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    fn failed(name: &'static str, error: impl Into<Error>) -> Self {
        let error = error.into();
        let (message, hints) = (error.line(), error.hints.clone());
        Self { hints, error: Some(Box::new(error)), ..Self::new(name, Health::Failed, message) }
    }
}

/// What was found.
#[derive(Debug, JsonSchema, Serialize)]
pub struct DoctorReport {
    /// What is configured, and whether it works.
    pub checks: Vec<Check>,
    /// The store's parts; `null` where they were not asked for.
    pub store: Option<StoreCheck>,
}

impl DoctorReport {
    /// Why the command fails: the store's damage first, else the first check that failed.
    pub fn take_failure(&mut self) -> Option<Error> {
        let damage = self.store.as_ref().and_then(StoreCheck::failure);
        damage.or_else(|| self.checks.iter_mut().find_map(|check| check.error.take()).map(|error| *error))
    }
}

/// What there is to look at.
pub struct Subject<'a> {
    /// Clock and environment.
    pub seams: &'a Seams,
    /// Where it lies.
    pub place: &'a Place,
    /// The configuration, or why there is none.
    pub workflow: Result<Option<&'a Workflow>, Error>,
    /// The store; `None` where there is none yet.
    pub store: Result<Option<&'a Store>, Error>,
}

/// Looks at everything that a run needs.
pub async fn examine(subject: Subject<'_>) -> Vec<Check> {
    let Subject { seams, place, workflow, store } = subject;
    let limits = checks::Limits::of(store.as_ref().ok().copied().flatten());
    let config = workflow.as_ref().ok().copied().flatten();
    let mut all = vec![checks::workflow(&place.workflow, workflow), checks::store(&place.store, store)];
    all.push(checks::shell(seams));
    match config {
        Some(workflow) => {
            let base = workflow.path.parent().unwrap_or(Path::new("/"));
            all.push(checks::git(&workflow.config, base, seams));
            all.push(checks::agent_of(&workflow.config, seams));
            all.push(checks::tracker(&workflow.config, base, &place.store, seams, limits).await);
            all.push(checks::workspaces(&workflow.config, &place.store));
        }
        None => {
            let skipped = |name| Check::new(name, Health::Skipped, "there is no valid configuration");
            all.extend(["git", "agent", "tracker", "workspaces"].map(skipped));
        }
    }
    all.push(checks::disk(&place.store));
    all
}

/// Why a check that needs a person's hand fails.
fn failure(exit: Exit, code: &'static str, message: impl Into<String>) -> Error {
    Error::new(exit, code, message)
}

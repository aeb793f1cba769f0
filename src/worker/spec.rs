//! What a supervisor works from: `runs/<id>/spec.json`, written by the launcher after the claim's commit.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::WorkerError;
use crate::model::{Issue, Key, RunId};
use crate::project::{self, Project};
use crate::queue::Claimed;
use crate::run_folder::{self, Flush, RunFolder};
use crate::seams::{Environment, Seams};
use crate::store::{Fence, Store};
use crate::tracker;
use crate::workflow::{Workflow, WorkflowError};

/// A run as it was claimed: its right, its issue, and the workflow that was in force. Secrets are in it by name only
/// (`$VAR` is resolved when it is read). Readable by its owner alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The run.
    pub run: RunId,
    /// Its issue's file-safe name.
    pub key: Key,
    /// The claim's fence.
    pub fence: u64,
    /// Runs before this one (SPEC 12.3); `None` for the first.
    pub attempt: Option<u32>,
    /// The issue, fetched just before the claim.
    pub issue: Issue,
    /// The journal number at which that request began.
    pub asked_at: u64,
    /// WORKFLOW.md, absolute.
    pub workflow: PathBuf,
    /// Its front matter as written, `$VAR` unresolved.
    pub front_matter: Map<String, Value>,
    /// Its prompt template.
    pub prompt_template: String,
    /// The store's directory, absolute.
    pub store: PathBuf,
    /// This program: what `BATON_EXE` says.
    pub exe: PathBuf,
}

impl Spec {
    /// The spec of a claim that was just taken. What is secret in the issue's texts stays out of it, as of everything that
    /// is written.
    #[must_use]
    pub fn new(project: &Project, claimed: &Claimed, key: &Key, issue: &Issue, asked_at: u64) -> Self {
        let redact = |text: &str| project.store.redactor().redact(text).into_owned();
        let (title, description) = (redact(&issue.title), issue.description.as_deref().map(redact));
        Self {
            run: claimed.run.clone(),
            key: key.clone(),
            fence: claimed.fence,
            attempt: claimed.attempt,
            issue: Issue { title, description, ..issue.clone() },
            asked_at,
            workflow: project.workflow.path.clone(),
            front_matter: project.workflow.front_matter.clone(),
            prompt_template: project.workflow.prompt_template.clone(),
            store: project.store.layout().root.clone(),
            exe: project.exe.clone(),
        }
    }

    /// Leaves it in the run's folder.
    pub fn write(&self, folder: &RunFolder) -> io::Result<()> {
        run_folder::write_json(&folder.spec(), self, Flush::No)
    }

    /// Reads the spec of `run` below the store's directory.
    pub fn read(store: &Path, run: &RunId) -> Result<Self, WorkerError> {
        let path = store.join("runs").join(run.to_string()).join("spec.json");
        let text = std::fs::read(&path).map_err(|source| WorkerError::io("read", &path, source))?;
        serde_json::from_slice(&text).map_err(|source| WorkerError::io("read", &path, source.into()))
    }

    /// The workflow as it was when the run was claimed.
    pub fn workflow(&self, env: &Environment) -> Result<Workflow, WorkflowError> {
        let (front_matter, template) = (self.front_matter.clone(), self.prompt_template.clone());
        Workflow::from_parts(&self.workflow, front_matter, template, env, &tracker::profile)
    }

    /// Opens the project as it was when the run was claimed.
    pub fn open(&self, seams: Seams) -> Result<Project, WorkerError> {
        let workflow = self.workflow(&seams.env)?;
        // A worker waits for the store's lock without limit: it has nothing better to do.
        let store = Store::open(&self.store, project::store_options(&seams, Some(&workflow), None))?;
        Project::new(seams, workflow, store, self.exe.clone(), "worker supervise")
            .map_err(|error| WorkerError::Project(Box::new(error)))
    }

    /// The right under which the run writes.
    #[must_use]
    pub fn fence(&self) -> Fence {
        Fence { run: self.run.clone(), seq: self.fence }
    }
}

/// For how long the agent of `run` may be silent, in milliseconds, by the workflow that it was claimed with; `None` where
/// it has no such limit, or its spec cannot be read.
#[must_use]
pub fn stall_timeout_ms(project: &Project, run: &RunId) -> Option<u64> {
    let spec = Spec::read(&project.store.layout().root, run).ok()?;
    let config = spec.workflow(&project.seams.env).ok()?.config;
    Some(config.timeouts(config.agent.kind).stall_timeout_ms).filter(|limit| *limit > 0)
}

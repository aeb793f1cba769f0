//! An opened project: its configuration, store and tracker. What every step and every worker works with.

mod limits;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Exit, Result};
use crate::model::StateRecord;
use crate::queue::Policy;
use crate::seams::Seams;
use crate::store::{By, Document, Fence, Kind, Options, Store};
use crate::tracker::{self, Memory, Tracker};
use crate::workflow::Workflow;
use crate::workflow::secrets::is_secret_field;
use crate::workspace::Workspaces;

/// The name of the one [`StateRecord`].
pub const STATE: &str = "state";

impl Document for StateRecord {
    const KIND: Kind = Kind::State;
    fn name(&self) -> String {
        STATE.to_owned()
    }
}

/// Which WORKFLOW.md and which store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// WORKFLOW.md, absolute.
    pub workflow: PathBuf,
    /// The store's directory, absolute.
    pub store: PathBuf,
}

/// An opened project.
pub struct Project {
    /// Clock and environment.
    pub seams: Seams,
    /// The configuration and prompt in force.
    pub workflow: Workflow,
    /// The store.
    pub store: Arc<Store>,
    /// The tracker.
    pub tracker: Box<dyn Tracker>,
    /// The tracker's credentials' names, kept from children.
    pub secret_names: Vec<String>,
    /// This program, absolute: what `BATON_EXE` says and supervisors are started from.
    pub exe: PathBuf,
    /// The subcommand that is running, as it signs its transactions.
    pub command: String,
}

impl Project {
    /// Opens the tracker that the workflow names, over a store that is open already.
    pub fn new(
        seams: Seams,
        workflow: Workflow,
        store: impl Into<Arc<Store>>,
        exe: PathBuf,
        command: &str,
    ) -> Result<Self> {
        let store = store.into();
        let base = directory_of(&workflow.path);
        let limits =
            limits::StoredLimits { store: Arc::clone(&store), seams: seams.clone(), command: command.to_owned() };
        let memory: Arc<dyn Memory> = Arc::new(limits);
        let tracker =
            tracker::build(&workflow.config.tracker, base, &store.layout().root, &seams, &memory).map_err(|error| {
                let error = Error::from(error);
                match error.exit {
                    Exit::Config => {
                        Error { message: format!("{}: {}", workflow.path.display(), error.message), ..error }
                    }
                    _ => error,
                }
            })?;
        let secret_names = tracker.secret_environment_names();
        Ok(Self { seams, workflow, store, tracker, secret_names, exe, command: command.to_owned() })
    }

    /// The same project under a changed WORKFLOW.md. The store is opened anew: it must know what is secret now.
    pub fn reloaded(&self, workflow: Workflow) -> Result<Self> {
        let options = store_options(&self.seams, Some(&workflow), self.store.lock_timeout());
        // Which store it is, and where it may lie, was decided at the start.
        let store = Store::open(&self.store.layout().root, Options { allow_network_fs: true, ..options })?;
        Self::new(self.seams.clone(), workflow, store, self.exe.clone(), &self.command)
    }

    /// Keeps the configuration as the last good one, if it is not the one that is kept (SPEC 6.2).
    pub fn remember_workflow(&self) -> Result<()> {
        let kept = Some(self.workflow.to_kept());
        if self.store.get::<StateRecord>(STATE)?.is_some_and(|state| state.last_good == kept) {
            return Ok(());
        }
        self.store.transact(self.seams.now(), &self.by(None), |tx| {
            let state: StateRecord = tx.get(STATE)?.unwrap_or_default();
            if state.last_good == kept {
                return Ok(());
            }
            tx.event("config.accepted", None, None, serde_json::json!({ "workflow": self.workflow.path }));
            tx.put(&StateRecord { last_good: kept, ..state })
        })?;
        Ok(())
    }

    /// The rules of the queue.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy::from(&self.workflow.config)
    }

    /// How this process signs a transaction.
    #[must_use]
    pub fn by(&self, fence: Option<Fence>) -> By {
        By { command: self.command.clone(), pid: std::process::id(), fence }
    }

    /// The directory of WORKFLOW.md.
    #[must_use]
    pub fn base(&self) -> &Path {
        directory_of(&self.workflow.path)
    }

    /// The workspaces, with transactions signed by `by`.
    #[must_use]
    pub fn workspaces<'a>(&'a self, by: &'a By) -> Workspaces<'a> {
        Workspaces {
            store: &self.store,
            config: &self.workflow.config,
            base: self.base(),
            workflow_path: &self.workflow.path,
            seams: &self.seams,
            secret_names: &self.secret_names,
            exe: &self.exe,
            by,
        }
    }
}

/// How a store is opened for a configuration: secrets are the values of the variables that it names as such, those that
/// hold the tracker's credentials by custom, and what is written as a secret in `tracker.provider` itself.
#[must_use]
pub fn store_options(seams: &Seams, workflow: Option<&Workflow>, lock_timeout: Option<Duration>) -> Options {
    let config = workflow.map(|workflow| &workflow.config);
    let named = config.iter().flat_map(|config| config.env.secrets.iter().map(String::as_str));
    let customary = config.iter().flat_map(|config| tracker::secret_names(&config.tracker)).collect::<Vec<_>>();
    let literal = config.iter().flat_map(|config| &config.tracker.provider);
    let literal = literal.filter(|(name, _)| is_secret_field(name)).filter_map(|(_, value)| value.as_str());
    let values = named.chain(customary.iter().map(String::as_str)).filter_map(|name| seams.env.get(name));
    let secrets = values.chain(literal.filter(|text| !text.trim().starts_with('$')));
    Options {
        lock_timeout,
        allow_network_fs: config.is_some_and(|config| config.store.allow_network_fs),
        secrets: secrets.map(str::to_owned).collect(),
        ..Options::default()
    }
}

fn directory_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("/"))
}

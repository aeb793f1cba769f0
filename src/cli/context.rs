//! What a subcommand works with: where it stands, and how to open the project.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Command, Global, Ui};
use crate::error::{Error, Exit, Result};
use crate::model::StateRecord;
use crate::place::{self, Wanted};
use crate::project::{Place, Project, STATE, store_options};
use crate::seams::Seams;
use crate::steps::Target;
use crate::store::{Store, StoreError};
use crate::tracker;
use crate::workflow::{Workflow, WorkflowError};

/// Where a command stands.
pub struct Ctx {
    /// The global options.
    pub global: Global,
    /// Clock and environment.
    pub seams: Seams,
    /// The current directory, after `-C`; absolute.
    pub here: PathBuf,
    /// This program, absolute.
    pub exe: PathBuf,
    wanted: Wanted,
}

impl Ctx {
    /// Resolves `-C` and the paths given.
    pub fn new(global: Global, seams: Seams) -> Result<Self> {
        let here = current_directory(global.directory.as_deref())?;
        let exe = std::env::current_exe()
            .map_err(|error| Error::new(Exit::Failed, "io", "cannot tell where this program lies").because(error))?;
        let absolute = |path: &PathBuf| here.join(path);
        let wanted = Wanted {
            workflow: global.workflow.as_ref().map(absolute),
            store: global.store.as_ref().filter(|path| !path.as_os_str().is_empty()).map(absolute),
            here: here.clone(),
        };
        Ok(Self { global, seams, here, exe, wanted })
    }

    /// The same with another WORKFLOW.md, as `baton run FILE` names it.
    #[must_use]
    pub fn with_workflow(&self, path: Option<&Path>) -> Self {
        let mut wanted = self.wanted.clone();
        wanted.workflow = path.map(|path| self.here.join(path)).or(wanted.workflow);
        Self {
            global: self.global.clone(),
            seams: self.seams.clone(),
            here: self.here.clone(),
            exe: self.exe.clone(),
            wanted,
        }
    }

    /// The same in another directory, without what was named on the command line.
    #[must_use]
    pub fn at(&self, here: PathBuf) -> Self {
        let wanted = Wanted { here: here.clone(), ..Wanted::default() };
        Self { global: self.global.clone(), seams: self.seams.clone(), here, exe: self.exe.clone(), wanted }
    }

    /// How long to wait for the store's lock.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        Some(self.global.lock_timeout)
    }

    /// An ISSUE argument.
    #[must_use]
    pub fn target(&self, text: &str) -> Target {
        Target::parse(text, &self.here)
    }

    /// Whether `--store` was given, with a name or without: to `doctor` that is the wish to have all of it checked.
    pub(super) fn checks_store(&self) -> bool {
        self.global.store.is_some()
    }

    /// `--store` without a name means something to `doctor` alone.
    pub(super) fn refuse_store_without_name(&self, command: &Command) -> Result<()> {
        let is_empty = self.global.store.as_ref().is_some_and(|path| path.as_os_str().is_empty());
        if !is_empty || matches!(command, Command::Doctor(_)) {
            return Ok(());
        }
        Err(Error::new(Exit::Usage, "usage", "a value is required for `--store <DIR>`"))
    }

    /// Steering commands are refused inside a run (DESIGN §5): an accident, not a security boundary.
    pub fn refuse_inside_run(&self, command: &Command) -> Result<()> {
        let Some(run) = self.seams.env.get("BATON_RUN") else { return Ok(()) };
        if self.global.allow_nested || !command.steers() {
            return Ok(());
        }
        Err(Error::new(
            Exit::WrongState,
            "inside_run",
            format!("this is inside run {run}, which may only read, edit issues and comment"),
        )
        .hint("`--allow-nested` allows it"))
    }

    /// In CI a worker that outlives its job is ended with it.
    pub fn warn_about_ci(&self, waits: bool, ui: &Ui) {
        if self.seams.env.get("CI") == Some("true") && !waits {
            ui.warn("CI=true: the worker may be ended with the job; use --wait, or `worker launch --foreground`");
        }
    }

    /// The place, by flags, environment, workspace or walking up; the workflow is not read.
    pub fn place(&self) -> Result<Place> {
        let place = place::find(&self.wanted, &self.seams.env)?;
        for path in [&place.workflow, &place.store] {
            require_text(path)?;
        }
        if place.workflow.exists() || self.wanted.workflow.is_some() {
            return Ok(place);
        }
        // A store that lies elsewhere knows which WORKFLOW.md it was last used with.
        let store = open(&place.store, store_options(&self.seams, None, self.patience()))?;
        let state = store.map(|store| store.get::<StateRecord>(STATE)).transpose()?.flatten();
        let kept = state.and_then(|state| state.last_good).and_then(|kept| Some(kept.get("path")?.as_str()?.into()));
        Ok(Place { workflow: kept.unwrap_or(place.workflow), store: place.store })
    }

    /// Reads WORKFLOW.md; the place has the store that it configures.
    pub(super) fn examine(&self) -> Result<(Place, std::result::Result<Workflow, WorkflowError>)> {
        let place = self.place()?;
        let loaded = Workflow::load(&place.workflow, &self.seams.env, &tracker::profile);
        let configured = loaded.as_ref().ok().and_then(|workflow| workflow.config.store.path.clone());
        Ok((place::with_configured_store(place, configured.as_deref(), &self.wanted, &self.seams.env), loaded))
    }

    /// The store that was found there, for reading; `None` where there is none.
    pub(super) fn open_store(&self, place: &Place, workflow: Option<&Workflow>) -> Result<Option<Store>> {
        open(&place.store, store_options(&self.seams, workflow, self.patience()))
    }

    /// The workflow alone.
    pub fn workflow(&self) -> Result<Workflow> {
        Ok(self.examine()?.1?)
    }

    /// Opens the project for a step that needs a valid configuration; makes the store where there is none.
    pub fn project(&self, command: &str, ui: &mut Ui) -> Result<Project> {
        let (place, loaded) = self.examine()?;
        let workflow = loaded?;
        let options = store_options(&self.seams, Some(&workflow), self.patience());
        let (store, made) = Store::open_or_create(&place.store, options)?;
        if made {
            ui.note(&format!("made the store {}", place.store.display()));
        }
        store.check_owner()?;
        let project = Project::new(self.seams.clone(), workflow, store, self.exe.clone(), command)?;
        project.remember_workflow()?;
        Ok(project)
    }

    /// Opens the project for a dry run: a store that is not there is read as an empty one, and nothing is written.
    pub fn project_as_it_is(&self, command: &str) -> Result<Project> {
        let (place, loaded) = self.examine()?;
        let workflow = loaded?;
        let options = store_options(&self.seams, Some(&workflow), self.patience());
        let store = match open(&place.store, options.clone())? {
            Some(store) => store,
            None => Store::blank(&place.store, options)?,
        };
        Project::new(self.seams.clone(), workflow, store, self.exe.clone(), command)
    }

    /// Opens the project for `reconcile`, `recover` and readers: with the last good configuration, and a warning, while
    /// WORKFLOW.md is broken (SPEC 6.2).
    pub fn project_or_last_good(&self, command: &str, ui: &mut Ui) -> Result<Project> {
        let (place, loaded) = self.examine()?;
        match loaded {
            Ok(_) => self.project(command, ui),
            Err(error) => {
                let Some(store) = open(&place.store, store_options(&self.seams, None, self.patience()))? else {
                    return Err(error.into());
                };
                let Some(workflow) = self.last_good(&store)? else { return Err(error.into()) };
                warn_of_broken(&error.into(), ui);
                Project::new(self.seams.clone(), workflow, store, self.exe.clone(), command)
            }
        }
    }

    /// Opens the store for reading only; `None` where there is none.
    pub fn store_to_read(&self) -> Result<Option<Store>> {
        let (place, loaded) = self.examine()?;
        let store = open(&place.store, store_options(&self.seams, loaded.as_ref().ok(), self.patience()))?;
        match (store, loaded) {
            // A broken WORKFLOW.md may name a store that lies elsewhere: that is not the same as none.
            (None, Err(error)) => Err(error.into()),
            (store, _) => Ok(store),
        }
    }

    /// The same, with the configuration: the last good one, with a warning, while WORKFLOW.md is broken.
    pub fn store_and_workflow(&self, ui: &Ui) -> Result<(Option<Store>, Option<Workflow>)> {
        let (place, loaded) = self.examine()?;
        let store = open(&place.store, store_options(&self.seams, loaded.as_ref().ok(), self.patience()))?;
        let workflow = match (loaded, &store) {
            (Ok(workflow), _) => Some(workflow),
            (Err(error), Some(store)) => {
                warn_of_broken(&error.into(), ui);
                self.last_good(store)?
            }
            (Err(error), None) => return Err(error.into()),
        };
        Ok((store, workflow))
    }

    /// Opens the store for reading only, with the project where there is a configuration: the last good one, with a
    /// warning, while WORKFLOW.md is broken. `None` where there is no store.
    pub fn reading(&self, command: &str, ui: &Ui) -> Result<Option<Reading>> {
        let (place, loaded) = self.examine()?;
        let Some(store) = open(&place.store, store_options(&self.seams, loaded.as_ref().ok(), self.patience()))? else {
            return loaded.map(|_| None).map_err(Error::from);
        };
        let store = Arc::new(store);
        let workflow = loaded.map_err(Error::from).or_else(|error| match self.last_good(&store)? {
            Some(workflow) => {
                warn_of_broken(&error, ui);
                Ok(workflow)
            }
            None => Err(error),
        });
        let project = workflow.and_then(|workflow| {
            Project::new(self.seams.clone(), workflow, Arc::clone(&store), self.exe.clone(), command)
        });
        Ok(Some(Reading { store, project }))
    }

    fn last_good(&self, store: &Store) -> Result<Option<Workflow>> {
        let state: StateRecord = store.get(STATE)?.unwrap_or_default();
        let kept = state.last_good.as_ref();
        Ok(kept.map(|kept| Workflow::from_kept(kept, &self.seams.env, &tracker::profile)).transpose()?)
    }
}

/// What a reader works with.
pub struct Reading {
    /// The store.
    pub store: Arc<Store>,
    /// The project over it, or why there is none.
    pub project: Result<Project>,
}

/// What is recorded of a path is JSON, which holds text alone.
fn require_text(path: &Path) -> Result<()> {
    if path.to_str().is_some() {
        return Ok(());
    }
    let message = format!("{} is a path that is not UTF-8", path.display());
    Err(Error::new(Exit::Usage, "path_not_utf8", message).hint("use a directory with another name"))
}

fn warn_of_broken(error: &Error, ui: &Ui) {
    ui.warn(&format!("{}; going on with the last good configuration", error.line()));
}

fn open(root: &Path, options: crate::store::Options) -> Result<Option<Store>> {
    match Store::open(root, options) {
        Ok(store) => Ok(Some(store)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks for the current directory")]
fn current_directory(change: Option<&Path>) -> Result<PathBuf> {
    let failed = |path: &Path, error: std::io::Error| {
        Error::new(Exit::Usage, "no_directory", format!("cannot change to {}", path.display())).because(error)
    };
    let here = || {
        std::env::current_dir().map_err(|error| {
            Error::new(Exit::Usage, "no_directory", "cannot tell the current directory")
                .because(error)
                .hint("it may be gone; `cd` to one that is there, or name one with `-C DIR`")
        })
    };
    let Some(path) = change else { return here() };
    let absolute = if path.is_absolute() { path.to_owned() } else { here()?.join(path) };
    let there = absolute.canonicalize().map_err(|error| failed(path, error))?;
    if there.is_dir() { Ok(there) } else { Err(failed(path, std::io::ErrorKind::NotADirectory.into())) }
}

/// A runtime on this thread, for commands that wait.
pub(in crate::cli) fn block_on<F: Future>(future: F) -> Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(Exit::Failed, "io", "cannot start the runtime").because(error))?;
    Ok(tokio::task::LocalSet::new().block_on(&runtime, future))
}

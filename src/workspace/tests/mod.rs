//! Whole ways through the workspace, with a real store, real git and real hooks.

mod clean;
mod ensure;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::testing::{Scratch, key};
use super::{Ensured, WorkspaceError, Workspaces};
use crate::model::{Disposition, Issue, OutcomeKind, Work, WorkspaceRecord};
use crate::seams::{Environment, Seams, SystemClock};
use crate::store::{By, Options, Store};
use crate::workflow::{Config, KindProfile, Workflow};

/// A repository with a store, and what its WORKFLOW.md says.
struct Bench {
    scratch: Scratch,
    store: Store,
    config: Config,
    seams: Seams,
    by: By,
    base: PathBuf,
    workflow: PathBuf,
    secret_names: Vec<String>,
    exe: PathBuf,
}

impl Bench {
    fn new(settings: Value) -> Self {
        let scratch = Scratch::with_repository();
        let options = Options { lock_timeout: None, allow_network_fs: true, ..Options::default() };
        let (store, _) = Store::open_or_create(&scratch.path("repo/.baton"), options).expect("a store");
        let mut env = scratch.environment();
        env.set("TRACKER_TOKEN", "tracker-secret");
        let base = scratch.path("repo");
        let workflow = base.join("WORKFLOW.md");
        let mut bench = Self {
            config: configure(&workflow, settings, &env),
            seams: Seams { clock: std::sync::Arc::new(SystemClock::default()), env },
            by: By { command: "test".to_owned(), pid: std::process::id(), fence: None },
            secret_names: vec!["TRACKER_TOKEN".to_owned()],
            exe: PathBuf::from("/opt/baton/bin/baton"),
            scratch,
            store,
            base,
            workflow,
        };
        bench.config.hooks.timeout_ms = 30_000;
        bench
    }

    fn configure(&mut self, settings: Value) {
        self.config = configure(&self.workflow, settings, &self.seams.env);
    }

    fn workspaces(&self) -> Workspaces<'_> {
        Workspaces {
            store: &self.store,
            config: &self.config,
            base: &self.base,
            workflow_path: &self.workflow,
            seams: &self.seams,
            secret_names: &self.secret_names,
            exe: &self.exe,
            by: &self.by,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path("repo/.baton/workspaces").join(name)
    }

    async fn ensure(&self, name: &str) -> Result<Ensured, WorkspaceError> {
        let workspaces = self.workspaces();
        let lease = workspaces.lease(&key(name), None)?;
        workspaces.ensure(&lease, &issue(name), &key(name), None).await
    }

    async fn clean(&self, name: &str) -> Result<Disposition, WorkspaceError> {
        let workspaces = self.workspaces();
        let lease = workspaces.lease(&key(name), None)?;
        workspaces.clean(&lease, &issue(name), &key(name), self.config.workspace.cleanup).await
    }

    fn work(&self, name: &str) -> Option<Work> {
        self.store.get(name).expect("a readable store")
    }

    fn record(&self, name: &str) -> WorkspaceRecord {
        self.work(name).and_then(|work| work.workspace).expect("a record")
    }

    /// Changes what is on record, as an earlier process may have left it.
    fn change(&self, name: &str, change: impl FnOnce(&mut Work)) {
        let done = self.store.transact(self.seams.now(), &self.by, |transaction| {
            let known: Option<Work> = transaction.get(name)?;
            let mut work = known.unwrap_or_else(|| Work::new(key(name), name.to_owned(), name.to_owned()));
            change(&mut work);
            transaction.put(&work)?;
            transaction.event("test", None, None, json!({}));
            Ok::<_, crate::store::StoreError>(())
        });
        done.expect("a transaction");
    }

    fn succeed(&self, name: &str) {
        self.change(name, |work| work.last_outcome = Some(OutcomeKind::Succeeded));
    }

    fn last_seq(&self) -> u64 {
        self.store.last_seq().expect("a number")
    }
}

fn configure(workflow: &std::path::Path, settings: Value, env: &Environment) -> Config {
    let Value::Object(mut front_matter) = settings else { panic!("settings are a map") };
    front_matter.insert("tracker".to_owned(), json!({"kind": "local"}));
    fs::write(workflow, "").expect("a file");
    let profiles = |_: &str, _: &Environment| {
        Ok(KindProfile { active: vec!["Todo".to_owned()], terminal: vec!["Done".to_owned()], keys: None })
    };
    let parts = Workflow::from_parts(workflow, front_matter, String::new(), env, &profiles);
    parts.expect("a valid configuration").config
}

fn issue(name: &str) -> Issue {
    Issue::blank(&format!("id-{name}"), name, "", "Todo")
}

//! A project in a temporary directory, with the real store, tracker and processes. The supervisor is this very test
//! program, started again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::model::{ClaimRecord, Issue, Key, Outcome, RunId, RunRecord, Status, Work};
use crate::process::{self, Lifeline};
use crate::project::Project;
use crate::queue::{Asked, Claimed, Override, take};
use crate::run_folder::{RunEvent, RunFolder};
use crate::seams::Seams;
use crate::store::{By, IssueRecord, Options, Store, StoreError};
use crate::tracker;
use crate::worker::{LaunchOptions, LaunchReport, launch, supervise_main};
use crate::workflow::Workflow;

/// The supervisor of every test, when it is started by a [`Bench`]'s program; else nothing.
#[test]
#[ignore = "the supervisor that the other tests start"]
fn supervisor() {
    let seams = Seams::of_process();
    if let (Some(store), Some(run)) = (seams.env.path("TEST_STORE"), seams.env.get("TEST_RUN")) {
        let run: RunId = run.parse().expect("a run id");
        let _ = supervise_main(store, run, seams);
    }
}

/// The project.
pub(crate) struct Bench {
    dir: tempfile::TempDir,
    pub(crate) project: Project,
}

impl Bench {
    /// With this front matter, beside a tracker and an agent whose script is `run`.
    pub(crate) fn new(run: &str, front_matter: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().canonicalize().expect("canonical");
        fs::create_dir(root.join("issues")).expect("mkdir");
        let script: String = run.lines().map(|line| format!("    {line}\n")).collect();
        let text = format!(
            "---\ntracker:\n  kind: local\n{front_matter}\ncommand:\n  run: |\n{script}---\nWork on {{{{ issue.identifier }}}}.\n"
        );
        fs::write(root.join("WORKFLOW.md"), text).expect("a workflow");
        let program = root.join("baton");
        let this = std::env::current_exe().expect("this program");
        let text = format!(
            "#!/bin/sh\nTEST_STORE=\"$4\" TEST_RUN=\"$5\" exec '{}' --exact worker::testing::supervisor --ignored --nocapture\n",
            this.display()
        );
        fs::write(&program, text).expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("chmod");
        let mut seams = Seams::of_process();
        seams.env.set("HOME", &root);
        seams.env.set("ROOT", &root);
        let workflow = Workflow::load(&root.join("WORKFLOW.md"), &seams.env, &tracker::profile).expect("a workflow");
        let (store, _) = Store::open_or_create(&root.join(".baton"), Options::default()).expect("a store");
        let project = Project::new(seams, workflow, store, program, "test").expect("a project");
        Self { dir, project }
    }

    /// The same project, opened by another command.
    pub(crate) fn reopened(&self) -> Project {
        let Project { seams, workflow, exe, .. } = &self.project;
        let store = Store::open(&self.project.store.layout().root, Options::default()).expect("a store");
        Project::new(seams.clone(), workflow.clone(), store, exe.clone(), "test").expect("a project")
    }

    /// A path below the project's directory.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().canonicalize().expect("canonical").join(relative)
    }

    /// A program in the place of the supervisor.
    pub(crate) fn replace_program(&self, text: &str) {
        fs::write(self.path("baton"), text).expect("a program");
    }

    /// A new issue, known to the store.
    pub(crate) fn issue(&self, name: &str) -> Key {
        let text = format!("---\ntitle: {name}\nstate: Todo\n---\nDo it.\n");
        fs::write(self.path(&format!("issues/{name}.md")), text).expect("an issue");
        let key = Key::for_identifier(name, |_| false);
        let by = self.project.by(None);
        let added = self.project.store.transact(self.project.seams.now(), &by, |tx| {
            tx.event("issue.added", Some(name), None, json!({}));
            tx.put(&Work::new(key.clone(), name.to_owned(), name.to_owned()))
        });
        added.map_err(|error: StoreError| error).expect("added");
        key
    }

    /// Claims an issue as it is in the tracker.
    pub(crate) async fn claim(&self, key: &Key) -> (Claimed, Issue, u64) {
        let asked_at = self.project.store.last_seq().expect("a number");
        let ids = [key.to_string()];
        let issue = self.project.tracker.fetch_issues_by_ids(&ids).await.expect("issues").remove(0);
        let asked = Asked { key, issue: &issue, asked_at, agent: "command", overriding: Override::RetryNow };
        let (by, now) = (self.project.by(None), self.project.seams.now());
        let claimed = take(&self.project.store, &by, &asked, &self.project.policy(), now).expect("a claim");
        (claimed, issue, asked_at)
    }

    /// Claims and launches.
    pub(crate) async fn launch(&self, key: &Key) -> LaunchReport {
        self.launch_within(key, Duration::from_secs(60)).await
    }

    /// The same with a limit on its phases.
    pub(crate) async fn launch_within(&self, key: &Key, launch_timeout: Duration) -> LaunchReport {
        let (claimed, issue, asked_at) = self.claim(key).await;
        launch(&self.project, claimed, &issue, key, asked_at, LaunchOptions { launch_timeout }).await
    }

    pub(crate) fn work(&self, key: &Key) -> Work {
        self.project.store.get(key.as_str()).expect("readable").expect("there")
    }

    pub(crate) fn status(&self, key: &Key) -> Status {
        self.work(key).status
    }

    pub(crate) fn claim_record(&self, key: &Key) -> Option<ClaimRecord> {
        self.project.store.get(key.as_str()).expect("readable")
    }

    pub(crate) fn record(&self, run: &RunId) -> RunRecord {
        self.project.store.get(&run.to_string()).expect("readable").expect("there")
    }

    pub(crate) fn folder(&self, run: &RunId) -> RunFolder {
        RunFolder::of(self.project.store.layout(), run)
    }

    pub(crate) fn outcome(&self, run: &RunId) -> Outcome {
        self.record(run).outcome.expect("an outcome")
    }

    /// The run's events; their numbers have no gap.
    pub(crate) fn events(&self, run: &RunId) -> Vec<RunEvent> {
        let text = fs::read_to_string(self.folder(run).events()).expect("events");
        let events: Vec<RunEvent> = text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
        assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "{text}");
        events
    }

    /// The number of the journal's last event.
    pub(crate) fn journal(&self) -> u64 {
        self.project.store.last_seq().expect("a number")
    }

    pub(crate) fn by(&self) -> By {
        self.project.by(None)
    }

    pub(crate) fn issue_record(&self, key: &Key) -> Option<IssueRecord> {
        self.project.store.get(key.as_str()).expect("readable")
    }
}

/// Waits until a file is there, and answers with its text.
pub(crate) async fn written(path: &Path) -> String {
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Waits until a lifeline is free.
pub(crate) async fn free(path: &Path) {
    while process::probe_lifeline(path, Duration::ZERO) != Lifeline::Free {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the process with the number in `path` is gone.
pub(crate) async fn gone(path: &Path) {
    let pid: u32 = written(path).await.trim().parse().expect("a pid");
    while process::of_pid(pid).is_some() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

//! A dispatch beside a thousand issues that are done, whose workspaces are still on disk.
//!
//! Two histories are made by the store's own means, and one issue after the other is dispatched beside them:
//! `archived`, where every workspace was cleaned and lies in the archive, which is what stays for good; and `waiting`,
//! where none was cleaned yet, which is what a Baton finds that was away while a thousand issues were closed. There
//! `worktree` is at its worst, because git itself slows with every worktree that is registered.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use baton::model::{Disposition, Health, Issue, Key, Mode, Status, Timestamp, Work, WorkspaceRecord, WorkspaceState};
use baton::store::{By, IssueRecord, Store, StoreError};

use crate::launch::until_first_line;
use crate::project::{FIRST_LINE, Project, Settings};
use crate::table::Figure;
use crate::timing::{in_turns, time};

const NUMBER: u32 = 1000;
const ROUNDS: usize = 7;
const BATCH: usize = 50;
/// A history is older than a few seconds, within which nothing is remembered of a file: it may still be being written.
const AGE: Duration = Duration::from_secs(4);

/// What became of the workspaces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum History {
    None,
    Waiting,
    Archived,
}

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for mode in [Mode::Directory, Mode::Worktree] {
        let mut none = Dispatches::beside(mode, History::None)?;
        let mut waiting = Dispatches::beside(mode, History::Waiting)?;
        let mut archived = Dispatches::beside(mode, History::Archived)?;
        let [none, waiting, archived] =
            in_turns(ROUNDS, [&mut || none.next(), &mut || waiting.next(), &mut || archived.next()])?;
        let mode = name(mode);
        figures.extend([
            Figure::times(format!("dispatch beside 1,000 archived, {mode}"), archived, "beside none", none)
                .reach("1.5×"),
            Figure::times(format!("dispatch beside 1,000 not cleaned yet, {mode}"), waiting, "beside none", none)
                .reach(if mode == "directory" { "1.5×" } else { "" }),
        ]);
    }
    Ok(figures)
}

fn name(mode: Mode) -> &'static str {
    match mode {
        Mode::Directory => "directory",
        Mode::Worktree => "worktree",
        Mode::Clone => "clone",
        Mode::Shared => "shared",
    }
}

/// A project in which one issue after the other is dispatched, up to its agent's first line.
struct Dispatches {
    project: Project,
    issues: u32,
}

impl Dispatches {
    fn beside(mode: Mode, history: History) -> Result<Self> {
        let project = Project::new(&Settings { mode: name(mode), agent: FIRST_LINE, ..Settings::default() })?;
        if history != History::None {
            make(&project, mode, history)?;
        }
        std::thread::sleep(AGE);
        time(project.baton().arg("poll"))?;
        Ok(Self { project, issues: 0 })
    }

    fn next(&mut self) -> Result<Duration> {
        self.issues += 1;
        let issue = format!("NEW-{}", self.issues);
        self.project.issue(&issue, "Todo")?;
        until_first_line(&self.project, &["dispatch"], &[&issue])
    }
}

/// A thousand issues that are done, with their files, records and workspaces.
fn make(project: &Project, mode: Mode, history: History) -> Result<()> {
    let store = project.store()?;
    let at: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let by = By { command: "bench".to_owned(), pid: std::process::id(), fence: None };
    let base = if mode == Mode::Worktree { Some(head(project)?) } else { None };
    let done = (0..NUMBER)
        .map(|number| Done::new(&store, number, mode, history, base.as_deref(), at))
        .collect::<Result<Vec<_>>>()?;
    for done in &done {
        project.issue(done.work.key.as_str(), "Done")?;
        done.make_workspace()?;
    }
    if mode == Mode::Worktree {
        branches(project, &done)?;
        if history == History::Waiting {
            done.iter().try_for_each(|done| done.register(project))?;
        }
    }
    for batch in done.chunks(BATCH) {
        store.transact(at, &by, |tx| {
            for Done { issue, work } in batch {
                tx.event("issue.done", Some(&work.identifier), None, serde_json::json!({}));
                tx.put(issue)?;
                tx.put(work)?;
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(())
}

/// An issue that is done.
struct Done {
    issue: IssueRecord,
    work: Work,
}

impl Done {
    fn new(
        store: &Store,
        number: u32,
        mode: Mode,
        history: History,
        base: Option<&str>,
        at: Timestamp,
    ) -> Result<Self> {
        let id = format!("OLD-{number}");
        let key: Key = id.parse()?;
        let path = store.layout().workspaces().join(&id);
        let archived = history == History::Archived;
        let workspace = WorkspaceRecord {
            mode,
            branch: base.map(|_| format!("baton/{id}")),
            base_commit: base.map(str::to_owned),
            state: if archived { WorkspaceState::Archived } else { WorkspaceState::Ready },
            health: Health::Clean,
            after_create: None,
            created: true,
            created_at: at,
            archived_path: archived.then(|| store.layout().workspaces().join(format!(".archive/{id}.1"))),
            cleanup_result: archived.then_some(Disposition::Archived),
            head: base.map(str::to_owned),
            failure: None,
            path,
        };
        let work = Work::new(key.clone(), id.clone(), id.clone());
        let work = Work { status: Status::Done, last_run: 1, attempts: 1, workspace: Some(workspace), ..work };
        Ok(Self { issue: IssueRecord { key, asked_at: 0, issue: issue(&id, at) }, work })
    }

    /// Where it lies.
    fn place(&self) -> Result<PathBuf> {
        let record = self.work.workspace.as_ref().context("no workspace")?;
        Ok(record.archived_path.as_ref().unwrap_or(&record.path).clone())
    }

    fn make_workspace(&self) -> Result<()> {
        let place = self.place()?;
        fs::create_dir_all(&place)?;
        Ok(fs::write(place.join("README.md"), "A repository.\n")?)
    }

    /// Registers the workspace with git as `git worktree add` does.
    fn register(&self, project: &Project) -> Result<()> {
        let (name, place) = (self.work.key.as_str(), self.place()?);
        let admin = project.path().canonicalize()?.join(".git/worktrees").join(name);
        fs::create_dir_all(&admin)?;
        fs::write(admin.join("HEAD"), format!("ref: refs/heads/baton/{name}\n"))?;
        fs::write(admin.join("commondir"), "../..\n")?;
        fs::write(admin.join("gitdir"), format!("{}\n", place.join(".git").display()))?;
        Ok(fs::write(place.join(".git"), format!("gitdir: {}\n", admin.display()))?)
    }
}

fn issue(id: &str, at: Timestamp) -> Issue {
    let blank = Issue::blank(id, id, &format!("The issue {id}"), "Done");
    Issue { priority: Some(2), created_at: Some(at), updated_at: Some(at), ..blank }
}

fn head(project: &Project) -> Result<String> {
    let output = project.git().args(["rev-parse", "HEAD"]).output()?;
    ensure!(output.status.success(), "git rev-parse failed");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The branches, in one call.
fn branches(project: &Project, done: &[Done]) -> Result<()> {
    let head = head(project)?;
    let mut text = String::new();
    for done in done {
        writeln!(text, "create refs/heads/baton/{} {head}", done.work.key.as_str())?;
    }
    let mut git = project.git().args(["update-ref", "--stdin"]).stdin(Stdio::piped()).spawn()?;
    git.stdin.take().context("no input")?.write_all(text.as_bytes())?;
    ensure!(git.wait()?.success(), "git update-ref failed");
    Ok(())
}

//! What is large: ten thousand issues in the working set, and a hundred thousand transactions behind a claim.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use baton::queue::Override;
use baton::steps;
use baton::store::{By, IssueRecord, Kind};

use crate::claim::with_issues;
use crate::helper::written;
use crate::project::{Project, Settings, open};
use crate::table::Figure;
use crate::timing::{in_turns, median, time};

const ISSUES: u32 = 10_000;
const TRANSACTIONS: u32 = 100_000;
const CLAIMS: u32 = 200;
const ROUNDS: usize = 15;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let mut figures = working_set()?;
    figures.extend(long_history()?);
    Ok(figures)
}

fn working_set() -> Result<Vec<Figure>> {
    let project = with_issues(ISSUES)?;
    let files: Vec<_> = (0..ISSUES).map(|number| (format!("file-{number}"), format!("{number}\n"))).collect();
    let repository = Project::new(&Settings::default())?;
    repository.commit_files(&files)?;
    let [status, git, poll] = in_turns(
        ROUNDS,
        [
            &mut || time(project.baton().args(["status", "--json"])),
            &mut || time(repository.command("git").arg("status")),
            &mut || time(project.baton().arg("poll")),
        ],
    )?;
    Ok(vec![
        Figure::times("status --json, 10,000 issues", status, "git status, 10,000 files", git).reach("3×"),
        Figure::times("a poll of 10,000 unchanged issues", poll, "git status, 10,000 files", git),
    ])
}

/// Claims in a store that is new and in one with a long journal, in turns.
fn long_history() -> Result<Vec<Figure>> {
    let (new, old) = (with_issues(CLAIMS)?, with_issues(CLAIMS)?);
    change_issues(&old, TRANSACTIONS)?;
    let (mut new, mut old) = (Claims::of(&new)?, Claims::of(&old)?);
    for _ in 0..CLAIMS {
        new.next()?;
        old.next()?;
    }
    let (first, last) = (new.bytes, old.bytes);
    Ok(vec![
        Figure::of("a claim after 100,000 transactions: bytes", last)
            .against(format!("{first} in a new store"))
            .ratio(f64::from(u32::try_from(last)?), f64::from(u32::try_from(first)?))
            .reach("1.1×"),
        Figure::times("a claim after 100,000 transactions: time", median(old.times), "new store", median(new.times))
            .reach("1.5×"),
    ])
}

/// So many transactions, each of which changes an issue as a poll does.
pub(crate) fn change_issues(project: &Project, transactions: u32) -> Result<()> {
    let store = project.store()?;
    let by = By { command: "bench".to_owned(), pid: std::process::id(), fence: None };
    let records = store.snapshot(&[Kind::Issues])?.all::<IssueRecord>();
    let at = "2026-01-01T00:00:00Z".parse()?;
    for (number, record) in (0..transactions).zip(records.iter().cycle()) {
        let mut record = record.clone();
        record.issue.title = format!("The title number {number}");
        store.transact(at, &by, |tx| {
            tx.event("issue.changed", Some(&record.issue.identifier), None, serde_json::json!({}));
            tx.put(&record)
        })?;
    }
    Ok(())
}

/// Claims of one issue after the other.
struct Claims {
    project: baton::project::Project,
    issues: std::vec::IntoIter<IssueRecord>,
    times: Vec<Duration>,
    /// What the last one wrote.
    bytes: u64,
}

impl Claims {
    fn of(project: &Project) -> Result<Self> {
        let project = open(&project.path())?;
        let issues = project.store.snapshot(&[Kind::Issues])?.all::<IssueRecord>().into_iter();
        Ok(Self { project, issues, times: Vec::new(), bytes: 0 })
    }

    fn next(&mut self) -> Result<()> {
        let IssueRecord { key, issue, asked_at } = self.issues.next().context("no issue is left")?;
        let (began, before) = (Instant::now(), written()?);
        let claimed = steps::claim(&self.project, &key, &issue, asked_at, Override::Nothing)?;
        self.bytes = written()? - before;
        self.times.push(began.elapsed());
        drop(claimed);
        Ok(())
    }
}

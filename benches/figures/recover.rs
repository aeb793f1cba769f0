//! A large store against a small one: what a recovery of it costs, what opening it costs, and what an event writes.

use anyhow::Result;
use baton::queue::Override;
use baton::steps;
use baton::store::{By, IssueRecord, Kind, StoreError};

use crate::claim::with_issues;
use crate::helper::written;
use crate::project::{Project, open};
use crate::scale::change_issues;
use crate::table::Figure;
use crate::timing::{in_turns, time};

const ISSUES: u32 = 10_000;
const FEW: u32 = 10;
const SEGMENTS: usize = 8;
const WORKERS: u32 = 1000;
const ROUNDS: usize = 9;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let mut figures = large()?;
    figures.push(event()?);
    Ok(figures)
}

fn large() -> Result<Vec<Figure>> {
    let (large, small) = (with_issues(ISSUES)?, with_issues(FEW)?);
    while segments(&large)? < SEGMENTS {
        change_issues(&large, 5_000)?;
    }
    time(large.baton().arg("poll"))?;
    let mut figures = Vec::new();
    let steps: [(&str, &[&str]); 3] = [
        ("recover, nothing to do", &["recover"]),
        ("opening it: events --limit 1", &["events", "--limit", "1"]),
        ("opening it: status --summary", &["status", "--summary"]),
    ];
    for (name, args) in steps {
        let [many, few] =
            in_turns(ROUNDS, [&mut || time(large.baton().args(args)), &mut || time(small.baton().args(args))])?;
        figures.push(Figure::times(format!("{name}, 10,000 issues, 8 segments"), many, "10 issues", few));
    }
    Ok(figures)
}

fn segments(project: &Project) -> Result<usize> {
    Ok(std::fs::read_dir(project.path().join(".baton/journal"))?.count())
}

/// Bytes that a transaction with one event of a worker writes while a thousand others have claims.
fn event() -> Result<Figure> {
    let place = with_issues(WORKERS)?;
    let project = open(&place.path())?;
    let mut lives = Vec::new();
    for IssueRecord { key, issue, asked_at } in project.store.snapshot(&[Kind::Issues])?.all::<IssueRecord>() {
        lives.push(steps::claim(&project, &key, &issue, asked_at, Override::Nothing)?);
    }
    let by = By { command: "bench".to_owned(), pid: std::process::id(), fence: None };
    let data = serde_json::json!({ "turn": 3, "status": "completed", "message": "The tests pass. ".repeat(20) });
    // As `events --json` prints it.
    let shown = serde_json::json!({ "seq": 3001, "at": "2026-01-01T00:00:00.000Z", "type": "turn.completed",
        "issue": "ISSUE-1", "run": null, "data": data });
    let bytes = serde_json::to_vec(&shown)?.len();
    let before = written()?;
    project.store.transact("2026-01-01T00:00:00Z".parse()?, &by, |tx| {
        tx.event("turn.completed", Some("ISSUE-1"), None, data);
        Ok::<_, StoreError>(())
    })?;
    let all = written()? - before;
    Ok(Figure::of("one event at 1,000 live claims: bytes", all)
        .against(format!("{bytes} of the event"))
        .ratio(f64::from(u32::try_from(all)?), f64::from(u32::try_from(bytes)?))
        .reach("2×"))
}

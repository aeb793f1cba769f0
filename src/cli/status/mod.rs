//! `baton status`.

mod watch;

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::render::{distance, escape, reasons, table};
use super::ui::{Line, Style, View};
use super::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::model::Timestamp;
use crate::queue::{HOLDER, Policy};
use crate::steps::{self, IssueStatus, StatusReport};

/// Show what is going on, and what needs a person first
///
/// Reads the store alone, without a lock: it works while a writer hangs and on a read-only file system. With ISSUE,
/// everything that is known of one issue.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    issue: Option<String>,
    /// Exit with 8 when something needs a person, and nobody has acknowledged it (`recover --action acknowledge`)
    #[arg(long, conflicts_with = "watch")]
    check: bool,
    /// Print the counts alone
    #[arg(long, conflicts_with = "issue")]
    summary: bool,
    /// Say of each issue that nobody works on why that is
    #[arg(long, conflicts_with = "summary")]
    why: bool,
    /// Go on, and show it anew each second; with --json a line for each change
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    if args.watch {
        return watch::run(args, cx, ui);
    }
    let shown = look(args, cx, ui)?;
    match &shown {
        Shown::All(report) if args.summary && !ui.json() => ui.data(&summary(report)),
        Shown::All(report) => ui.show(&**report),
        Shown::Issue(status) => ui.show(&**status),
    }
    Ok(if args.check && shown.needs_person() { Exit::Person } else { Exit::Done })
}

/// What is shown.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Shown {
    #[serde(rename = "status")]
    All(Box<StatusReport>),
    #[serde(rename = "issue_status")]
    Issue(Box<IssueStatus>),
}

impl Line for Shown {
    const KIND: &'static str = "watch";
}

impl Shown {
    fn needs_person(&self) -> bool {
        match self {
            Self::All(report) => {
                report.blocked.iter().any(|row| row.acknowledged.is_none()) || !report.damaged.is_empty()
            }
            Self::Issue(status) => status.row.status == "blocked" && status.acknowledged.is_none(),
        }
    }
}

fn look(args: &Args, cx: &Ctx, ui: &Ui) -> Result<Shown> {
    let Some(issue) = &args.issue else { return all(args, cx, ui).map(|report| Shown::All(Box::new(report))) };
    let (store, workflow) = cx.store_and_workflow(ui)?;
    let target = cx.target(issue);
    let store = store.ok_or_else(|| steps::unknown(&target))?;
    let found = steps::find_known(&store, &target)?.ok_or_else(|| steps::unknown(&target))?;
    let policy = workflow.as_ref().map(|workflow| Policy::from(&workflow.config));
    Ok(Shown::Issue(Box::new(steps::status_of(&store, &cx.seams, &found.work, policy.as_ref())?)))
}

fn all(args: &Args, cx: &Ctx, ui: &Ui) -> Result<StatusReport> {
    if !args.why {
        let (store, workflow) = cx.store_and_workflow(ui)?;
        let Some(store) = store else { return Ok(StatusReport::empty(cx.seams.now())) };
        let mut report = steps::status(&store, &cx.seams)?;
        if let Some(workflow) = workflow {
            report.tell_who_has_no_slot(&Policy::from(&workflow.config));
        }
        return Ok(report);
    }
    let Some(reading) = cx.reading("status", ui)? else { return Ok(StatusReport::empty(cx.seams.now())) };
    let mut report = steps::status(&reading.store, &cx.seams)?;
    let policy = reading.project?.policy();
    report.tell_who_has_no_slot(&policy);
    steps::explain(&reading.store, &mut report, &policy, cx.seams.now())?;
    Ok(report)
}

impl View for StatusReport {
    const KIND: &'static str = "status";

    fn text(&self, style: Style) -> String {
        let now = self.generated_at;
        let damaged = self.damaged.iter().map(|row| [row.document.clone(), row.message.clone()]);
        let blocked = self.blocked.iter().map(|row| [row.issue.identifier.clone(), reasons(&row.reasons)]);
        let running = self.running.iter().map(|row| {
            let phase = row.phase.map(|phase| phase.as_str().to_owned()).unwrap_or_default();
            [
                row.issue.identifier.clone(),
                row.run.to_string(),
                phase,
                distance(row.started_at, now),
                row.issue.title.clone(),
            ]
        });
        let held = self.held.iter().map(|row| {
            let pid = row.pid.map(|pid| pid.to_string()).unwrap_or_default();
            [row.issue.identifier.clone(), pid, distance(row.started_at, now), row.issue.title.clone()]
        });
        let retrying = self.retrying.iter().map(|row| {
            let due = if row.due_at <= now { "now".to_owned() } else { format!("in {}", distance(now, row.due_at)) };
            [row.issue.identifier.clone(), row.attempt.to_string(), due, row.error.clone().unwrap_or_default()]
        });
        let idle = self.idle.iter().map(|row| [row.identifier.clone(), row.state.clone(), row.title.clone()]);
        let paused = self.paused.iter().map(|row| [row.identifier.clone(), row.state.clone(), row.title.clone()]);
        let queue =
            self.queue.iter().flatten().map(|row| [row.identifier.clone(), row.state.clone(), row.title.clone()]);
        let waiting = self.waiting.iter().flatten().map(|row| [row.identifier.clone(), reasons(&row.reasons)]);
        let parts = [
            table(style, ["DAMAGED", "WHY"], damaged),
            table(style, ["BLOCKED", "WHY"], blocked),
            table(style, ["RUNNING", "RUN", "PHASE", "SINCE", "TITLE"], running),
            table(style, ["HELD", "PID", "SINCE", "TITLE"], held),
            table(style, ["RETRYING", "ATTEMPT", "DUE", "AFTER"], retrying),
            table(style, ["PAUSED", "STATE", "TITLE"], paused),
            table(style, ["IDLE", "STATE", "TITLE"], idle),
            table(style, ["NEXT", "STATE", "TITLE"], queue),
            table(style, ["WAITS", "WHY"], waiting),
            summary(self),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

fn summary(report: &StatusReport) -> String {
    let counts = &report.counts;
    let mut text = format!(
        "{} running, {} retrying, {} blocked, {} paused, {} idle, {} done",
        counts.running, counts.retrying, counts.blocked, counts.paused, counts.idle, counts.done
    );
    if counts.held > 0 {
        let _ = write!(text, ", {} held", counts.held);
    }
    text += &match (&report.last_poll.error, report.last_poll.at) {
        (Some(error), _) => format!("; the tracker fails since {}: {}", seconds(error.at), escape(&error.message)),
        (None, Some(at)) => format!("; polled {} ago", distance(at, report.generated_at)),
        (None, None) => "; never polled".to_owned(),
    };
    text.push('\n');
    text
}

fn seconds(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

impl View for IssueStatus {
    const KIND: &'static str = "issue_status";

    fn text(&self, style: Style) -> String {
        let mut text = format!("{}  {}\n", escape(&self.row.identifier), escape(&self.row.title));
        let _ = writeln!(text, "  {} in Baton, `{}` in the tracker", self.row.status, escape(&self.row.state));
        // What is done waits for nothing.
        for reason in self.why.iter().filter(|_| self.row.status != "done") {
            let _ = writeln!(text, "  waits: {}", escape(&reason.message));
        }
        if let Some(workspace) = &self.workspace {
            let _ = match (&workspace.archived_path, workspace.state.is_gone()) {
                (Some(path), true) => writeln!(text, "  workspace archived at {}", path.display()),
                (None, true) => writeln!(text, "  workspace removed"),
                (_, false) => writeln!(text, "  workspace {}", workspace.path.display()),
            };
        }
        if !self.available_actions.is_empty() {
            let _ = writeln!(text, "  possible now: {}", self.available_actions.join(", "));
        }
        let runs = self.runs.iter().map(|run| {
            let how = match run.outcome {
                _ if run.agent == HOLDER => "by hand",
                Some(outcome) => outcome.as_str(),
                None => run.phase.as_str(),
            };
            [run.run.to_string(), how.to_owned(), run.turns.to_string(), run.error.clone().unwrap_or_default()]
        });
        let runs = table(style, ["RUN", "OUTCOME", "TURNS", "ERROR"], runs);
        if !runs.is_empty() {
            text += &format!("\n{runs}");
        }
        text
    }
}

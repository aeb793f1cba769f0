//! `baton issue list` and `show`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::context::block_on;
use crate::cli::render::table;
use crate::cli::ui::{Style, View};
use crate::cli::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::project::Project;
use crate::steps::{self, IssueView, Scope};
use crate::tracker::Problem;

/// List issues, the active ones unless --state or --all is given
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton issue list
  baton issue list --state Done --json")]
pub struct List {
    /// Issues in this state; may be given several times
    #[arg(long = "state", value_name = "STATE")]
    states: Vec<String>,
    /// Issues in every state
    #[arg(long, conflicts_with = "states")]
    all: bool,
}

/// Show one issue
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton issue show TASK-1")]
pub struct Show {
    /// Identifier, key or id
    issue: String,
}

/// Issues of the tracker.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::cli) struct Issues {
    /// In dispatch order.
    issues: Vec<IssueView>,
    /// Records that could not be used.
    problems: Vec<Problem>,
}

pub(super) fn list(args: &List, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = reader("issue list", cx, ui)?;
    let scope = match args.states.as_slice() {
        _ if args.all => Scope::All,
        [] => Scope::Active,
        states => Scope::States(states),
    };
    let (issues, problems) = block_on(steps::issues(&project, scope))??;
    for problem in &problems {
        ui.warn(&format!("{}: {}", problem.source, problem.message));
    }
    ui.show(&Issues { issues, problems });
    Ok(Exit::Done)
}

pub(super) fn show(args: &Show, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = reader("issue show", cx, ui)?;
    ui.show(&block_on(steps::show(&project, &args.issue))??);
    Ok(Exit::Done)
}

/// The project to read the tracker with: a store that is there is only read, and may be somebody else's.
pub(super) fn reader(command: &str, cx: &Ctx, ui: &mut Ui) -> Result<Project> {
    match cx.reading(command, ui)? {
        Some(reading) => reading.project,
        None => cx.project_as_it_is(command),
    }
}

impl View for Issues {
    const KIND: &'static str = "issues";

    fn text(&self, style: Style) -> String {
        let rows = self.issues.iter().map(|IssueView { issue, .. }| {
            let priority = issue.priority.map(|priority| priority.to_string()).unwrap_or_default();
            [issue.identifier.clone(), issue.state.clone(), priority, issue.title.clone()]
        });
        table(style, ["ISSUE", "STATE", "PRIORITY", "TITLE"], rows)
    }
}

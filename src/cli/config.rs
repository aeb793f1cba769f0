//! `baton config show`.

use clap::Subcommand;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::render::table;
use super::ui::{Style, View};
use super::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::workflow::{Effective, Notice, Origin};

/// Show the configuration in force
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Print every setting with its value
    Show(Show),
}

/// Print every setting with its value
///
/// The values in force: what WORKFLOW.md says, with defaults, `$VAR`, `~` and relative paths resolved. Secrets are never
/// printed. Keys that Baton does not know are warned of.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton config show
  baton config show --origin")]
pub struct Show {
    /// Print where each value comes from as well
    #[arg(long)]
    origin: bool,
}

/// The configuration in force.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Report {
    /// The WORKFLOW.md.
    workflow: std::path::PathBuf,
    /// Every setting with its value in force.
    settings: Vec<Effective>,
    /// What it says and Baton does not know, one sentence each.
    unknown: Vec<String>,
    #[serde(skip)]
    origin: bool,
}

pub(super) fn run(command: Command, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let Command::Show(args) = command;
    let workflow = cx.workflow()?;
    let unknown: Vec<String> = workflow.notices().iter().map(notice).collect();
    for notice in &unknown {
        ui.warn(notice);
    }
    ui.show(&Report {
        workflow: workflow.path.clone(),
        settings: workflow.effective().to_vec(),
        unknown,
        origin: args.origin,
    });
    Ok(Exit::Done)
}

impl View for Report {
    const KIND: &'static str = "config";

    fn text(&self, style: Style) -> String {
        let rows = || self.settings.iter();
        if self.origin {
            table(
                style,
                ["KEY", "VALUE", "ORIGIN"],
                rows().map(|row| [row.key.clone(), plain(&row.value), origin(&row.origin)]),
            )
        } else {
            table(style, ["KEY", "VALUE"], rows().map(|row| [row.key.clone(), plain(&row.value)]))
        }
    }
}

fn notice(notice: &Notice) -> String {
    let line = notice.line.map(|line| format!("line {line}: ")).unwrap_or_default();
    format!("{line}{}: {}", notice.key, notice.message)
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::File { line: Some(line) } => format!("WORKFLOW.md:{line}"),
        Origin::File { line: None } => "WORKFLOW.md".to_owned(),
        Origin::Environment { name } => format!("${name}"),
        Origin::Profile { kind } => format!("tracker {kind}"),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

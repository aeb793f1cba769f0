//! `baton init`.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::ui::{Style, View};
use super::{Ctx, DryRun, Ui};
use crate::error::{Error, Exit, Result};
use crate::place::WORKFLOW_FILE;
use crate::steps::{self, Starter};

/// Write WORKFLOW.md and the store for this repository
///
/// Makes WORKFLOW.md (issues as files in `issues/`, a git worktree for each, and the agent that is found on PATH), the
/// directory of issues and the store. What is there already is left as it is.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton init
  baton init --agent codex
  baton init --agent-command 'my-agent < \"$BATON_PROMPT_FILE\"'
  baton init --dry-run")]
pub struct Args {
    /// The agent that works on issues, instead of one found on PATH
    #[arg(long, value_enum, conflicts_with = "agent_command")]
    agent: Option<AgentChoice>,
    /// The command that works on an issue, instead of an agent found on PATH
    #[arg(long, value_name = "COMMAND")]
    agent_command: Option<String>,
    #[command(flatten)]
    dry_run: DryRun,
}

/// The agents for which `init` knows what to write.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum AgentChoice {
    /// Codex, by its app-server
    Codex,
    /// Claude Code, one shot a turn
    Claude,
}

/// What was made.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Report {
    /// Files that were, or would be, written.
    made: Vec<PathBuf>,
    /// Files that were there already.
    kept: Vec<PathBuf>,
    /// The agent that was chosen.
    agent: String,
    /// Whether nothing was written.
    dry_run: bool,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let starter = match (args.agent, &args.agent_command) {
        (Some(AgentChoice::Codex), _) => Starter::with_codex(),
        (Some(AgentChoice::Claude), _) => Starter::with_claude(),
        (None, Some(command)) => Starter::with_command(command),
        (None, None) => Starter::find(&cx.seams.env),
    };
    let directory = steps::repository_or_here(&cx.here);
    let files = starter.files(&directory);
    let (kept, made): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.path.exists());
    let report = Report {
        made: made.iter().map(|file| file.path.clone()).collect(),
        kept: kept.into_iter().map(|file| file.path).collect(),
        agent: starter.agent().to_owned(),
        dry_run: args.dry_run.is_asked(),
    };
    if report.dry_run {
        ui.show(&report);
        return Ok(args.dry_run.exit(!report.made.is_empty()));
    }
    for file in &made {
        write_new(&file.path, &file.text)?;
    }
    cx.at(directory).project("init", ui)?;
    ui.show(&report);
    if let Some(hint) = starter.hint().filter(|_| report.makes_workflow()) {
        ui.note(&format!("hint: {hint}"));
    }
    Ok(Exit::Done)
}

/// Writes a file that must not be there.
fn write_new(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    let failed = |error: std::io::Error| {
        Error::new(Exit::Failed, "io", format!("cannot write {}", path.display())).because(error)
    };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let mut file = std::fs::File::options().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

impl Report {
    fn makes_workflow(&self) -> bool {
        self.made.iter().any(|path| path.ends_with(WORKFLOW_FILE))
    }
}

impl View for Report {
    const KIND: &'static str = "init";

    fn text(&self, _: Style) -> String {
        let mut text = String::new();
        let verb = if self.dry_run { "would write" } else { "wrote" };
        for path in &self.made {
            text += &format!("{verb} {}\n", path.display());
        }
        for path in &self.kept {
            text += &format!("kept {}\n", path.display());
        }
        if self.makes_workflow() {
            text += &format!("agent: {}\nnext: baton issue create \"…\", then baton run\n", self.agent);
        }
        text
    }
}

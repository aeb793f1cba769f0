//! `baton issue …` and `baton comment`.

pub(super) mod comment;
mod create;
mod edit;
mod list;
mod workpad;

use chrono::SecondsFormat;
use clap::Subcommand;

pub(super) use list::Issues;

use super::ui::{Style, View};
use super::{Ctx, Ui};
use crate::cli::render::escape;
use crate::error::{Exit, Result};
use crate::steps::IssueView;

/// Read and write the tracker's issues
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// List issues, the active ones unless --state or --all is given
    List(list::List),
    /// Show one issue
    Show(list::Show),
    /// Make an issue
    Create(create::Args),
    /// Change an issue
    Edit(edit::Args),
    /// Comment on an issue
    Comment(comment::Args),
    /// Print or keep the workpad of an issue
    Workpad(workpad::Args),
}

pub(super) fn run(command: Command, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    match command {
        Command::List(args) => list::list(&args, cx, ui),
        Command::Show(args) => list::show(&args, cx, ui),
        Command::Create(args) => create::run(&args, cx, ui),
        Command::Edit(args) => edit::run(&args, cx, ui),
        Command::Comment(args) => comment::run(&args, cx, ui),
        Command::Workpad(args) => workpad::run(&args, cx, ui),
    }
}

impl View for IssueView {
    const KIND: &'static str = "issue";

    fn text(&self, _: Style) -> String {
        let issue = &self.issue;
        let would = if self.dry_run { "would be " } else { "" };
        let mut text = format!("{would}{}  {}\n", escape(&issue.identifier), escape(&issue.title));
        let mut line = |name: &str, value: String| {
            if !value.is_empty() {
                text += &format!("{name:>12}  {}\n", escape(&value));
            }
        };
        let names = |refs: &[crate::model::IssueRef]| {
            refs.iter().map(|other| other.name().to_owned()).collect::<Vec<_>>().join(", ")
        };
        line("state", issue.state.clone());
        line("priority", issue.priority.map(|priority| priority.to_string()).unwrap_or_default());
        line("labels", issue.labels.join(", "));
        line("assignee", issue.assignee_id.clone().unwrap_or_default());
        line("blocked by", names(&issue.blocked_by));
        line("sub-issues", names(&issue.sub_issues));
        line("parent", issue.parent.as_ref().map(|parent| parent.name().to_owned()).unwrap_or_default());
        line("url", issue.url.clone().unwrap_or_default());
        let indented = |text: &str| text.lines().map(|line| format!("    {}\n", escape(line))).collect::<String>();
        if let Some(description) = &issue.description {
            text += &format!("\n{}", indented(description));
        }
        for comment in self.comments.iter().flatten() {
            let author = comment.author.as_deref().unwrap_or("somebody");
            let at = comment.created_at.map(|at| format!(", {}", at.to_rfc3339_opts(SecondsFormat::Secs, true)));
            text += &format!("\n{}{}:\n{}", escape(author), at.unwrap_or_default(), indented(&comment.body));
        }
        text
    }
}

/// An issue's new text: as given, or the whole of standard input for `-`.
fn text_or_stdin(text: &str) -> Result<String> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    std::io::read_to_string(std::io::stdin())
        .map_err(|error| crate::error::Error::new(Exit::Failed, "io", "cannot read standard input").because(error))
}

//! `baton workspace clean`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::context::block_on;
use crate::cli::ui::{Style, View};
use crate::cli::{Ctx, DryRun, Ui};
use crate::error::{Error, Exit, Result};
use crate::model::{CleanupPolicy, Disposition};
use crate::project::Project;
use crate::steps::{self, CleanOptions, Cleaned};

/// Remove or archive workspaces
///
/// What becomes of a workspace is decided by `workspace.cleanup`, or by --policy. What exists nowhere else is never
/// removed: it is moved to the archive, with a patch of what is not committed; a branch stays in its repository. A
/// workspace that a run has, or somebody is in, is refused.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton workspace clean TASK-1
  baton workspace clean --terminal --dry-run")]
pub struct Args {
    /// Identifier, key, id, or `.` in a workspace
    #[arg(required_unless_present = "terminal")]
    issue: Option<String>,
    /// The workspaces of all issues that are done
    #[arg(long, conflicts_with = "issue")]
    terminal: bool,
    /// Instead of `workspace.cleanup`
    #[arg(long, value_name = "POLICY", value_parser = policies())]
    policy: Option<CleanupPolicy>,
    #[command(flatten)]
    dry_run: DryRun,
}

fn policies() -> impl TypedValueParser<Value = CleanupPolicy> {
    let find = |name: String| CleanupPolicy::ALL.into_iter().find(|policy| policy.as_str() == name);
    PossibleValuesParser::new(CleanupPolicy::ALL.map(CleanupPolicy::as_str))
        .try_map(move |name| find(name).ok_or("this policy is not known"))
}

/// What became, or would become, of workspaces.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::cli) struct Report {
    /// Each of them.
    cleaned: Vec<Cleaned>,
    /// Whether nothing was done.
    dry_run: bool,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let project = args.dry_run.project_or_last_good(cx, "workspace clean", ui)?;
    let options = CleanOptions { policy: args.policy, patience: cx.patience(), dry_run: args.dry_run.is_asked() };
    let (cleaned, errors): (Vec<_>, Vec<_>) = clean(args, cx, &project, options)?.into_iter().unzip();
    let changes = cleaned.iter().any(|cleaned| cleaned.disposition.is_some_and(|to| to != Disposition::Kept));
    ui.show(&Report { cleaned, dry_run: options.dry_run });
    let mut errors = errors.into_iter().flatten();
    let Some(first) = errors.next() else { return Ok(args.dry_run.exit(changes)) };
    errors.for_each(|error| ui.error(&error));
    Err(first)
}

fn clean(args: &Args, cx: &Ctx, project: &Project, options: CleanOptions) -> Result<Vec<(Cleaned, Option<Error>)>> {
    let Some(issue) = &args.issue else { return block_on(steps::clean_all(project, options))? };
    let target = cx.target(issue);
    let found = steps::find_known(&project.store, &target)?.ok_or_else(|| steps::unknown(&target))?;
    Ok(vec![(block_on(steps::clean_issue(project, &found.key, options))??, None)])
}

impl View for Report {
    const KIND: &'static str = "workspace_clean";

    fn text(&self, _: Style) -> String {
        let mut text = String::new();
        for cleaned in &self.cleaned {
            let (issue, path) = (&cleaned.identifier, cleaned.path.display());
            let Some(disposition) = cleaned.disposition else { continue };
            let done = match (disposition, self.dry_run) {
                (Disposition::Kept, _) => "stays",
                (Disposition::Archived, true) => "would be archived",
                (Disposition::Removed, true) => "would be removed",
                (Disposition::Archived, false) => "is archived",
                (Disposition::Removed, false) => "is removed",
            };
            text += &format!("{issue}: {path} {done}");
            if let Some(archive) = cleaned.archived_path.as_ref().filter(|_| disposition == Disposition::Archived) {
                text += &format!(" in {}", archive.display());
            }
            text.push('\n');
        }
        text
    }
}

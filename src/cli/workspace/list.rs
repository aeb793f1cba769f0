//! `baton workspace list` and `show`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::render::{escape, table};
use crate::cli::ui::{Style, View};
use crate::cli::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::steps::{self, Look, WorkspaceView};

/// List the workspaces
///
/// Every workspace that the store has a record of, the archived and removed ones included. The health is that of the
/// last look; `baton workspace verify` and --health look again.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Look at each workspace's health now; nothing is recorded
    #[arg(long)]
    health: bool,
    /// Count each workspace's bytes
    #[arg(long)]
    size: bool,
}

/// Show one workspace
///
/// With its health as it is now and its size.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Identifier, key, id, or `.` in a workspace
    issue: String,
}

/// Workspaces on record.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::cli) struct Workspaces {
    /// By key.
    workspaces: Vec<WorkspaceView>,
    #[serde(skip)]
    sized: bool,
}

pub(super) fn list(args: &List, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let look = Look { health: args.health, size: args.size };
    let workspaces = match cx.reading("workspace list", ui)? {
        None => Vec::new(),
        Some(reading) => {
            let project = if args.health { Some(reading.project?) } else { reading.project.ok() };
            steps::workspaces(&reading.store, project.as_ref(), cx.seams.now(), look)?
        }
    };
    ui.show(&Workspaces { workspaces, sized: args.size });
    Ok(Exit::Done)
}

pub(super) fn show(args: &Show, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let target = cx.target(&args.issue);
    let reading = cx.reading("workspace show", ui)?.ok_or_else(|| steps::unknown(&target))?;
    let found = steps::find_known(&reading.store, &target)?.ok_or_else(|| steps::unknown(&target))?;
    let look = Look { health: true, size: true };
    let project = reading.project.ok();
    ui.show(&steps::workspace_of(&reading.store, project.as_ref(), found.work, cx.seams.now(), look)?);
    Ok(Exit::Done)
}

pub(super) fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// How long something has been there, as people say it.
fn age(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Bytes as people say them.
#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
fn bytes(count: u64) -> String {
    let (mut size, mut unit) = (count as f64, "B");
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, next);
    }
    if unit == "B" { format!("{count} B") } else { format!("{size:.1} {unit}") }
}

fn size(view: &WorkspaceView) -> String {
    view.size.map_or_else(String::new, |size| {
        if size.complete { bytes(size.bytes) } else { format!("more than {}", bytes(size.bytes)) }
    })
}

impl View for Workspaces {
    const KIND: &'static str = "workspaces";

    fn text(&self, style: Style) -> String {
        let row = |view: &WorkspaceView| {
            let record = &view.record;
            [
                view.identifier.clone(),
                word(record.state),
                record.health.as_str().to_owned(),
                age(view.age_ms),
                record.branch.clone().unwrap_or_default(),
                record.path.display().to_string(),
            ]
        };
        if !self.sized {
            return table(
                style,
                ["ISSUE", "STATE", "HEALTH", "AGE", "BRANCH", "PATH"],
                self.workspaces.iter().map(row),
            );
        }
        let rows = self.workspaces.iter().map(|view| {
            let [issue, state, health, age, branch, path] = row(view);
            [issue, state, health, size(view), age, branch, path]
        });
        table(style, ["ISSUE", "STATE", "HEALTH", "SIZE", "AGE", "BRANCH", "PATH"], rows)
    }
}

impl View for WorkspaceView {
    const KIND: &'static str = "workspace";

    fn text(&self, _: Style) -> String {
        let record = &self.record;
        let mut text = format!("{} ({})\n", escape(&self.identifier), self.status);
        let mut line = |name: &str, value: String| {
            if !value.is_empty() {
                text += &format!("{name:>12}  {}\n", escape(&value));
            }
        };
        line("path", record.path.display().to_string());
        line("mode", word(record.mode));
        line("state", word(record.state));
        line("health", record.health.as_str().to_owned());
        line("size", size(self));
        line("age", age(self.age_ms));
        line("branch", record.branch.clone().unwrap_or_default());
        line("base", record.base_commit.clone().unwrap_or_default());
        line("archived at", record.archived_path.as_ref().map(|path| path.display().to_string()).unwrap_or_default());
        line("failure", record.failure.clone().unwrap_or_default());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_read_well() {
        for (count, text) in [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB")] {
            assert_eq!(bytes(count), text);
        }
        assert!(bytes(u64::MAX).ends_with(" TiB"));
        for (ms, text) in [(999, "0s"), (61_000, "1m"), (7_200_000, "2h"), (172_800_000, "2d")] {
            assert_eq!(age(ms), text);
        }
    }
}

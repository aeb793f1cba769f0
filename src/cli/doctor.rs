//! `baton doctor`.

use super::context::block_on;
use super::render::table;
use super::ui::{Style, View};
use super::{Ctx, Ui};
use crate::error::{Error, Exit, Result};
use crate::steps::doctor::{self, DoctorReport, StoreCheck, Subject};
use crate::store::{By, Finding, Repair};

/// Explain what is configured, and whether it works
///
/// Looks at WORKFLOW.md, the store, the shell, git, the agent's program, the tracker and the disk, and changes nothing.
/// With --store (which may name one) it also looks at every part of the store: every line of the journal with its sum
/// and number, every manifest, every lifeline, and what documents say of each other. Damage ends with exit code 7, and
/// with the file, line and byte of the first.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton doctor
  baton doctor --store
  baton doctor --repair --dry-run")]
pub struct Args {
    /// Cut off the journal's torn end, put damaged manifests aside, and write again what the journal has; every byte
    /// that is taken out is kept in damaged/
    #[arg(long)]
    repair: bool,
    /// Print what --repair would do, and do nothing
    #[arg(long, requires = "repair")]
    dry_run: bool,
}

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let (place, workflow) = cx.examine()?;
    let (workflow, broken) = match workflow {
        Ok(workflow) => (Some(workflow), None),
        Err(error) => (None, Some(Error::from(error))),
    };
    let store = cx.open_store(&place, workflow.as_ref());
    let subject = Subject {
        seams: &cx.seams,
        place: &place,
        workflow: match broken {
            Some(error) => Err(error),
            None => Ok(workflow.as_ref()),
        },
        store: match &store {
            Ok(store) => Ok(store.as_ref()),
            // The message and the code are all that is said of it here.
            Err(error) => Err(Error::new(error.exit, error.code, error.line())),
        },
    };
    let checks = block_on(doctor::examine(subject))?;
    let mut report = DoctorReport { checks, store: None };
    if let (true, Ok(Some(store))) = (args.repair || cx.checks_store(), &store) {
        let found = doctor::check_store(store)?;
        report.store = Some(if args.repair && !args.dry_run {
            let by = By { command: "doctor".to_owned(), pid: std::process::id(), fence: None };
            doctor::repair_store(store, &found, cx.seams.now(), &by)?
        } else {
            found
        });
        for warning in store.take_warnings() {
            ui.warn(&warning);
        }
    }
    ui.show(&report);
    match report.take_failure() {
        Some(error) => Err(error),
        None => Ok(Exit::Done),
    }
}

impl View for DoctorReport {
    const KIND: &'static str = "doctor";

    fn text(&self, style: Style) -> String {
        let rows = self.checks.iter().map(|check| {
            let hints: String = check.hints.iter().map(|hint| format!(" ({hint})")).collect();
            [check.name.to_owned(), check.status.as_str().to_owned(), format!("{}{hints}", check.message)]
        });
        let store = self.store.as_ref().map(parts).unwrap_or_default();
        format!("{}{store}", table(style, ["CHECK", "RESULT", "DETAILS"], rows))
    }
}

fn parts(store: &StoreCheck) -> String {
    let checked = &store.checked;
    let mut text = format!(
        "\n{}: {} segments, {} transactions, {} events, {} manifests, {} lifelines, {} references\n",
        store.path.display(),
        checked.segments,
        checked.transactions,
        checked.events,
        checked.manifests,
        store.lifelines,
        store.references
    );
    for repaired in &store.repaired {
        let what = repaired.document.as_deref().unwrap_or("the journal's end");
        text += &format!("repaired: {what}: {}\n", repaired.done.as_str());
    }
    for run in &store.dead {
        text += &format!("the worker of run {run} is dead: `baton recover` settles it\n");
    }
    text += &checked.findings.iter().map(line).collect::<String>();
    text + if checked.findings.is_empty() { "no damage\n" } else { "" }
}

fn line(finding: &Finding) -> String {
    let place = [("line", finding.line), ("byte", finding.byte)];
    let place: String = place.iter().filter_map(|(word, n)| n.map(|n| format!(" {word} {n}"))).collect();
    let repair = match finding.repair {
        Some(Repair::Truncate) => " [--repair cuts it off]",
        Some(Repair::Quarantine) => " [--repair puts it aside, and writes it again where the journal has it]",
        None => "",
    };
    format!("{}: {}{place}: {}{repair}\n", finding.code, finding.file.display(), finding.message)
}

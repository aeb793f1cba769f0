//! The store's parts: what it checks itself, and what its documents say of each other and of processes.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Exit, Result};
use crate::model::{ClaimRecord, RunRecord, Timestamp, Work};
use crate::process::{Lifeline, probe_lifeline};
use crate::run_folder::RunFolder;
use crate::store::{By, Checked, Finding, Kind, Repaired, Snapshot, Store};

/// What is known of a store after all of it was looked at.
#[derive(Debug, JsonSchema, Serialize)]
pub struct StoreCheck {
    /// The store.
    pub path: PathBuf,
    /// Its journal and manifests, with all that was found, here too.
    #[serde(flatten)]
    pub checked: Checked,
    /// Lifelines of live claims.
    pub lifelines: u64,
    /// Documents that name others.
    pub references: u64,
    /// Runs whose worker is dead: `baton recover` settles them.
    pub dead: Vec<String>,
    /// What was put right before this was looked at.
    pub repaired: Vec<Repaired>,
}

impl StoreCheck {
    /// The first thing that is wrong, as the command says it at its end.
    pub(super) fn failure(&self) -> Option<Error> {
        let first = self.checked.findings.first()?;
        let place = [("line", first.line), ("byte", first.byte)];
        let place: String = place.iter().filter_map(|(word, n)| n.map(|n| format!(" {word} {n}"))).collect();
        let message = format!("{}{place}: {}", first.file.display(), first.message);
        let error = Error::new(Exit::Store, "store_damaged", message);
        Some(if self.checked.findings.iter().any(|finding| finding.repair.is_some()) {
            error.hint("`baton doctor --repair --dry-run` shows what can be put right; no byte is thrown away")
        } else {
            error.hint("nothing was changed; keep a copy of the directory before anything else")
        })
    }
}

/// Looks at every part.
pub fn check_store(store: &Store) -> Result<StoreCheck> {
    let mut checked = store.check()?;
    let snapshot = store.snapshot(&[Kind::Work, Kind::Claims, Kind::Runs])?;
    let mut found = StoreCheck {
        path: store.layout().root.clone(),
        checked: Checked::default(),
        lifelines: 0,
        references: 0,
        dead: Vec::new(),
        repaired: Vec::new(),
    };
    for claim in snapshot.all::<ClaimRecord>() {
        found.references += 2;
        found.lifelines += 1;
        let folder = RunFolder::of(store.layout(), &claim.claim.run);
        let about = |code, message: String| of_document(store, code, &format!("claims/{}", claim.key), message);
        checked.findings.extend(claim_is_known(&snapshot, &claim).map(|(code, message)| about(code, message)));
        match probe_lifeline(&folder.lifeline(), Duration::ZERO) {
            Lifeline::Held => {}
            Lifeline::Free => found.dead.push(claim.claim.run.to_string()),
            Lifeline::Unknown => {
                let message = format!("the lifeline of run {} is missing or cannot be read", claim.claim.run);
                let finding = about("lifeline_missing", message);
                checked.findings.push(Finding { file: folder.lifeline(), ..finding });
            }
        }
    }
    for work in snapshot.all::<Work>() {
        let Some(claim) = work.claim() else { continue };
        found.references += 1;
        if matches!(snapshot.get::<ClaimRecord>(work.key.as_str()), Ok(None)) {
            let message = format!("is claimed by run {}, and there is no such claim", claim.run);
            checked.findings.push(of_document(store, "work_without_claim", &format!("work/{}", work.key), message));
        }
    }
    found.checked = checked;
    Ok(found)
}

/// What a claim names that is not there, or says otherwise.
fn claim_is_known(snapshot: &Snapshot, claim: &ClaimRecord) -> Option<(&'static str, String)> {
    let run = &claim.claim.run;
    match snapshot.get::<Work>(claim.key.as_str()) {
        Ok(None) => return Some(("claim_without_work", "is a claim on an issue that is not there".to_owned())),
        Ok(Some(work)) if work.claim() != Some(&claim.claim) => {
            return Some(("claim_mismatch", format!("says that run {run} has the issue, which says otherwise")));
        }
        // What is damaged was found already.
        Ok(Some(_)) | Err(_) => {}
    }
    let is_missing = matches!(snapshot.get::<RunRecord>(&run.to_string()), Ok(None));
    is_missing.then(|| ("claim_without_run", format!("names run {run}, which is not there")))
}

fn of_document(store: &Store, code: &'static str, document: &str, message: String) -> Finding {
    let file = store.layout().root.join(format!("{document}.json"));
    Finding { code, file, line: None, byte: None, document: Some(document.to_owned()), message, repair: None }
}

/// Puts right what was found, as far as that can be done without a guess, and looks again.
pub fn repair_store(store: &Store, found: &StoreCheck, at: Timestamp, by: &By) -> Result<StoreCheck> {
    if found.checked.findings.iter().all(|finding| finding.repair.is_none()) {
        return check_store(store);
    }
    let repaired = store.repair(at, by, &found.checked.findings)?;
    Ok(StoreCheck { repaired, ..check_store(store)? })
}

//! Every manifest against what the journal says.

use std::collections::BTreeSet;

use super::super::Store;
use super::super::applied::Applied;
use super::super::checkpoint::Listed;
use super::super::document::{DocId, Kind};
use super::super::error::StoreError;
use super::super::heal::{missing, stale};
use super::super::manifest::{self, Manifest};
use super::super::snapshot::check;
use super::{Checked, Journalled, Repair};

impl Store {
    pub(super) fn check_manifests(
        &self,
        checked: &mut Checked,
        journalled: &Journalled,
        applied: Option<Applied>,
    ) -> Result<(), StoreError> {
        let mut docs: BTreeSet<DocId> = journalled.listing.iter().flat_map(|listing| listing.keys().cloned()).collect();
        for kind in Kind::ALL {
            docs.extend(self.names_on_disk(kind)?.into_iter().map(|name| DocId::new(kind, name)));
        }
        // What is behind `applied` the next writer brings up to date.
        let settled = applied.map_or(0, |applied| applied.position.seq);
        for doc in docs {
            let listed = journalled.listing.as_ref().map(|listing| listing.get(&doc).copied());
            let there = manifest::read(&*self.fs, &self.layout, &doc);
            if matches!(there, Ok(None)) && listed.is_none_or(|listed| listed.is_none()) {
                // A run's folder without a manifest is an aborted launch.
                continue;
            }
            if journalled.deleted.contains(&doc) {
                continue;
            }
            checked.manifests += 1;
            if let Some((code, message, repair)) = wrong(&doc, there, listed, journalled.last, settled) {
                let found = checked.find(code, self.layout.manifest(&doc), message);
                (found.document, found.repair) = (Some(doc.to_string()), repair);
            }
        }
        Ok(())
    }
}

/// What is wrong with a manifest. `listed`: what the journal says of it, where that is known.
fn wrong(
    doc: &DocId,
    there: Result<Option<Manifest>, StoreError>,
    listed: Option<Option<Listed>>,
    last: u64,
    settled: u64,
) -> Option<(&'static str, String, Option<Repair>)> {
    let is_behind = |listed: Listed| listed.seq > settled;
    match (there, listed) {
        (Err(StoreError::DamagedDocument { reason, .. }), listed) => {
            let is_lost = reason.starts_with(manifest::LOST);
            match listed.flatten() {
                Some(listed) if is_behind(listed) => None,
                _ if is_lost => Some(("document_lost", reason, None)),
                _ => Some(("document_damaged", reason, Some(Repair::Quarantine))),
            }
        }
        (Err(error), _) => Some(("document_damaged", error.to_string(), None)),
        (Ok(Some(there)), _) if there.seq > last => {
            Some(("journal_lost_tail", format!("is of event {}, and the journal ends with {last}", there.seq), None))
        }
        (Ok(Some(there)), Some(Some(listed))) if listed.is(&there) => {
            check(doc, &there.data).err().map(|reason| ("document_damaged", reason, None))
        }
        (Ok(Some(_) | None), Some(Some(listed))) if is_behind(listed) => None,
        (Ok(Some(there)), Some(Some(listed))) if there.seq == listed.seq => {
            let message = format!("is not what event {} wrote", there.seq);
            Some(("document_changed", message, Some(Repair::Quarantine)))
        }
        (Ok(Some(there)), Some(Some(listed))) => {
            Some(("document_outdated", stale(there.seq, listed), Some(Repair::Quarantine)))
        }
        (Ok(Some(there)), Some(None)) if there.seq > settled => None,
        (Ok(Some(_)), Some(None)) => {
            Some(("document_unknown", "is there, and no event wrote it".to_owned(), Some(Repair::Quarantine)))
        }
        (Ok(Some(there)), None) => check(doc, &there.data).err().map(|reason| ("document_damaged", reason, None)),
        (Ok(None), Some(Some(listed))) => Some(("document_missing", missing(listed), Some(Repair::Quarantine))),
        (Ok(None), None | Some(None)) => None,
    }
}

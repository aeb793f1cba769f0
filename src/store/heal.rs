//! Manifests that are not what the journal says: restored from a segment that is kept, else left damaged, and never
//! taken for absent.

use serde_json::value::RawValue;

use super::Store;
use super::checkpoint::{Listed, Listing};
use super::document::{DocId, Kind};
use super::error::StoreError;
use super::journal::{Go, Position};
use super::manifest;
use super::redo::{Op, Ops};
use super::rotate::{dirs_of, sync};
use super::writer::Head;
use crate::chain::chain;

/// Whether the journal is asked about a manifest that is not there. Without these an issue would be taken for new; of
/// the others most come and go, and asking each time would cost more than they are worth.
pub(super) fn is_missed(kind: Kind) -> bool {
    match kind {
        Kind::Issues | Kind::Work => true,
        Kind::Claims | Kind::Runs | Kind::Sessions | Kind::Receipts | Kind::Readers | Kind::State => false,
    }
}

/// What is wrong with a manifest that is not there.
pub(super) fn missing(listed: Listed) -> String {
    format!("is missing, though event {} wrote it and none deleted it", listed.seq)
}

/// What is wrong with a manifest of another state.
pub(super) fn stale(there: u64, listed: Listed) -> String {
    format!("is of event {there}, and event {} wrote it last", listed.seq)
}

impl Head {
    /// A document whose manifest is damaged, or is not there: from a kept segment, written again; `None` where the
    /// journal does not have it either.
    pub(super) fn heal(
        &self,
        store: &Store,
        doc: &DocId,
        damage: Option<StoreError>,
    ) -> Result<Option<Box<RawValue>>, StoreError> {
        if damage.is_none() && !store.mentions_any(self.position, [doc])? {
            return Ok(None);
        }
        let listed = store.listing(self.position, |listing| listing.get(doc).copied())?;
        let Some(listed) = listed else { return damage.map_or(Ok(None), Err) };
        let damage = damage.unwrap_or_else(|| store.damaged_document(doc, missing(listed)));
        match store.restore(doc, listed, &damage) {
            Ok(Some(data)) => Ok(Some(data)),
            // What cannot be written concerns this document alone, and so does what cannot be restored.
            Ok(None) | Err(_) => Err(damage),
        }
    }
}

impl Store {
    pub(super) fn damaged_document(&self, doc: &DocId, reason: String) -> StoreError {
        StoreError::DamagedDocument { doc: doc.clone(), file: self.layout.manifest(doc), reason }
    }

    /// Compares the manifests with what a checkpoint lists, but for those that were redone. Once a boot: what was in its
    /// place when the segment began was on the disk. `false`: one that can be restored could not be written.
    pub(super) fn verify(&self, listing: &Listing, redone: &Ops, end: u64) -> Result<bool, StoreError> {
        let mut all = true;
        for (doc, listed) in listing.iter().filter(|(doc, _)| !redone.contains_key(doc)) {
            let damage = match manifest::read(&*self.fs, &self.layout, doc) {
                Ok(Some(there)) if listed.is(&there) => continue,
                Ok(Some(there)) if there.seq > end => {
                    return Err(self.journal().lost_tail(doc.to_string(), there.seq));
                }
                Ok(Some(there)) => self.damaged_document(doc, stale(there.seq, *listed)),
                Ok(None) => self.damaged_document(doc, missing(*listed)),
                Err(damage) => damage,
            };
            let put_right = self.restore(doc, *listed, &damage).and_then(|data| match data {
                Some(_) => Ok(()),
                None => self.lose(doc, *listed, &damage),
            });
            if let Err(error) = put_right {
                self.warn(&format!("{}, and cannot be put right: {}", chain(&damage), chain(&error)));
                all = false;
            }
        }
        Ok(all)
    }

    /// Writes a manifest again, if a segment that is kept has its content.
    pub(super) fn restore(
        &self,
        doc: &DocId,
        listed: Listed,
        damage: &StoreError,
    ) -> Result<Option<Box<RawValue>>, StoreError> {
        let Some(data) = self.last_put(doc, listed) else { return Ok(None) };
        let said = self.keep_manifest(doc, damage)?;
        self.apply(doc, &Op { seq: listed.seq, data: Some(data.clone()) })?;
        // A rotation where single files are synced knows only of what transactions touched.
        sync(self, &self.layout.manifest(doc))?;
        dirs_of(self, doc).try_for_each(|dir| sync(self, &dir))?;
        if !said {
            self.warn(&format!("{}; it is written again from the journal", chain(damage)));
        }
        Ok(Some(data))
    }

    /// Leaves in the place of a manifest that nobody has any more something that is read as damage, in this boot too,
    /// where what is there is trusted.
    pub(super) fn lose(&self, doc: &DocId, listed: Listed, damage: &StoreError) -> Result<(), StoreError> {
        let file = self.layout.manifest(doc);
        if self.fs.read(&file).is_ok_and(|there| there == manifest::encode_lost(listed.seq)) {
            // It was lost before, and there is nothing more to keep.
            return Ok(());
        }
        if !self.keep_manifest(doc, damage)? {
            self.warn(&format!("{}, and no segment that is kept has it", chain(damage)));
        }
        self.replace(&file, &manifest::encode_lost(listed.seq))
    }

    /// A document's content as the transaction `listed.seq` put it, if the segment that has it is kept and readable.
    fn last_put(&self, doc: &DocId, listed: Listed) -> Option<Box<RawValue>> {
        let segments = self.journal().segments().ok()?;
        let segment = segments.into_iter().rfind(|segment| *segment <= listed.seq)?;
        let name = doc.to_string();
        let mut found = None;
        let replayed = self.journal().replay(Position::start_of(segment), &mut |record, _| {
            if record.seq == listed.seq {
                found = record.put.get(name.as_str()).map(|data| (*data).to_owned());
            }
            Ok(if record.seq < listed.seq { Go::On } else { Go::Stop })
        });
        replayed.ok().and(found)
    }
}

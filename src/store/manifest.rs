//! A manifest: the newest state of one document, as its last transaction left it. Never the authority.

use std::borrow::Cow;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::document::DocId;
use super::error::StoreError;
use super::fs::Fs;
use super::layout::Layout;
use super::line::sum;

/// A document's content and the number of the transaction that wrote it.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) seq: u64,
    pub(super) data: Box<RawValue>,
}

/// How it is said that a manifest's content is lost.
pub(super) const LOST: &str = "is lost";

/// What is left in the place of a manifest whose content is lost.
#[derive(Serialize, Deserialize)]
struct Lost {
    lost: u64,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    seq: u64,
    #[serde(borrow)]
    sum: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A manifest's bytes.
pub(super) fn encode(seq: u64, data: &RawValue) -> Vec<u8> {
    let data = data.get();
    format!("{{\"seq\":{seq},\"sum\":\"{}\",\"data\":{data}}}\n", sum(data.as_bytes())).into_bytes()
}

/// The bytes of what is left in the place of a manifest that event `seq` wrote and nobody has any more.
pub(super) fn encode_lost(seq: u64) -> Vec<u8> {
    format!("{{\"lost\":{seq}}}\n").into_bytes()
}

/// A manifest from its bytes, or what is wrong with them.
pub(super) fn decode(bytes: &[u8]) -> Result<Manifest, String> {
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    if let Ok(Lost { lost }) = serde_json::from_slice(bytes) {
        return Err(format!("{LOST}: event {lost} wrote it, and no segment of the journal that is kept has it"));
    }
    let envelope: Envelope<'_> = serde_json::from_slice(bytes).map_err(|error| format!("is no manifest: {error}"))?;
    let sum = sum(envelope.data.get().as_bytes());
    if sum != envelope.sum {
        return Err(format!("its sum is {sum}, and it says {}", envelope.sum));
    }
    Ok(Manifest { seq: envelope.seq, data: envelope.data.to_owned() })
}

/// Reads a document's manifest. `None`: there is none. Whatever is wrong with it concerns this document alone.
pub(super) fn read(fs: &dyn Fs, layout: &Layout, doc: &DocId) -> Result<Option<Manifest>, StoreError> {
    let file = layout.manifest(doc);
    let reason = match fs.read(&file) {
        Ok(bytes) => match decode(&bytes) {
            Ok(manifest) => return Ok(Some(manifest)),
            Err(reason) => reason,
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => format!("cannot be read: {error}"),
    };
    Err(StoreError::DamagedDocument { doc: doc.clone(), file, reason })
}

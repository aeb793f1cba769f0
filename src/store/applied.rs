//! `applied`: a hint that says up to where the manifests hold what the journal says.
//!
//! It is overwritten in place and never synced, so it carries a sum, the boot in which it was written and the identity of
//! the journal. Whatever does not fit counts as absent, and then the journal is redone from the checkpoint.
//!
//! Where a manifest cannot be written it stays behind the commits, so that redo begins before them; `committed` says how
//! far these have come, so that one unwritable file does not hold up the feed of events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fs::Stat;
use super::journal::Position;
use super::line::sum;

/// Its fixed length, so that one write replaces it whole.
const LEN: usize = 256;

#[derive(Serialize, Deserialize)]
struct Hint<'a> {
    seq: u64,
    segment: u64,
    start: u64,
    offset: u64,
    committed: u64,
    #[serde(borrow)]
    boot_id: Cow<'a, str>,
    dev: u64,
    ino: u64,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    sum: Cow<'a, str>,
    #[serde(borrow)]
    applied: &'a RawValue,
}

/// What `applied` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Applied {
    /// The manifests hold everything up to here.
    pub(super) position: Position,
    /// Up to this number everything is flushed and stays.
    pub(super) committed: u64,
}

/// Its bytes; `None` where the system has no boot id, and so no hint.
pub(super) fn encode(applied: Applied, boot_id: &str, journal: &Stat) -> Option<Vec<u8>> {
    if boot_id.is_empty() {
        return None;
    }
    let Applied { position: Position { seq, segment, start, offset }, committed } = applied;
    let (dev, ino) = (journal.dev, journal.ino);
    let applied = Hint { seq, segment, start, offset, committed, boot_id: boot_id.into(), dev, ino };
    let applied = serde_json::to_string(&applied).ok()?;
    let mut bytes = format!("{{\"sum\":\"{}\",\"applied\":{applied}}}", sum(applied.as_bytes())).into_bytes();
    bytes.resize(LEN.max(bytes.len() + 1), b' ');
    if let Some(last) = bytes.last_mut() {
        *last = b'\n';
    }
    Some(bytes)
}

/// What it says, if it was written whole, in this boot, about this journal.
pub(super) fn decode(bytes: &[u8], boot_id: &str, journal: &Stat) -> Option<Applied> {
    let envelope: Envelope<'_> = serde_json::from_slice(bytes).ok()?;
    if sum(envelope.applied.get().as_bytes()) != envelope.sum {
        return None;
    }
    let applied: Hint<'_> = serde_json::from_str(envelope.applied.get()).ok()?;
    let fits =
        !boot_id.is_empty() && applied.boot_id == boot_id && (applied.dev, applied.ino) == (journal.dev, journal.ino);
    let Hint { seq, segment, start, offset, committed, .. } = applied;
    fits.then_some(Applied { position: Position { seq, segment, start, offset }, committed })
}

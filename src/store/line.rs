//! One line of the journal: a transaction, or the checkpoint with which a segment begins; with a checksum over the very
//! bytes of its record.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::{At as _, StoreError};
use super::events::By;
use crate::model::{RunId, Timestamp};

/// The largest line of a transaction, in bytes.
pub(super) const MAX: usize = 1024 * 1024;

/// The record's version.
const VERSION: u32 = 1;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    sum: Cow<'a, str>,
    #[serde(borrow)]
    rec: &'a RawValue,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// A transaction as it is journalled.
#[derive(Serialize, Deserialize)]
pub(super) struct Record<'a> {
    v: u32,
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) by: By,
    #[serde(borrow)]
    pub(super) events: Vec<RecordedEvent<'a>>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) put: BTreeMap<Cow<'a, str>, &'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub(super) del: Vec<Cow<'a, str>>,
}

/// An event in its record, whose time is the record's.
#[derive(Serialize, Deserialize)]
pub(super) struct RecordedEvent<'a> {
    pub(super) seq: u64,
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) issue: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<Cow<'a, RunId>>,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

impl<'a> Record<'a> {
    pub(super) fn new(at: Timestamp, by: By, events: Vec<RecordedEvent<'a>>) -> Self {
        let seq = events.last().map_or(0, |event| event.seq);
        Self { v: VERSION, seq, at, by, events, put: BTreeMap::new(), del: Vec::new() }
    }

    /// Whether its events are numbered one after the other, from the one behind `last`.
    pub(super) fn follows(&self, last: u64) -> bool {
        !self.events.is_empty()
            && self.events.iter().zip(last + 1..).all(|(event, seq)| event.seq == seq)
            && self.events.last().is_some_and(|event| event.seq == self.seq)
    }
}

/// The first line of every segment but the first one of a store.
#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint<'a> {
    v: u32,
    /// By name, number and sum of every manifest.
    #[serde(borrow)]
    pub(super) checkpoint: BTreeMap<Cow<'a, str>, (u64, Cow<'a, str>)>,
}

/// What a line is worth.
pub(super) enum Decoded<'a> {
    /// Its sum is right, and this is it.
    Good(Record<'a>),
    /// Its sum is right, and it is a checkpoint.
    Checkpoint(Checkpoint<'a>),
    /// Its sum is right, and a newer Baton wrote it.
    Newer(u32),
    /// Not what was written, or never written whole.
    Bad(String),
}

/// Reads a line (without its newline).
pub(super) fn decode(bytes: &[u8]) -> Decoded<'_> {
    let line: Line<'_> = match serde_json::from_slice(bytes) {
        Ok(line) => line,
        Err(error) => return Decoded::Bad(format!("not a transaction: {error}")),
    };
    let rec = line.rec.get();
    let sum = sum(rec.as_bytes());
    if sum != line.sum {
        return Decoded::Bad(format!("its sum is {sum}, and it says {}", line.sum));
    }
    match serde_json::from_str::<Record<'_>>(rec) {
        Ok(record) if record.v <= VERSION => Decoded::Good(record),
        Ok(record) => Decoded::Newer(record.v),
        Err(error) => match (serde_json::from_str::<Version>(rec), serde_json::from_str::<Checkpoint<'_>>(rec)) {
            (Ok(Version { v }), _) if v > VERSION => Decoded::Newer(v),
            (_, Ok(checkpoint)) => Decoded::Checkpoint(checkpoint),
            (Ok(_) | Err(_), Err(_)) => Decoded::Bad(format!("not a record: {error}")),
        },
    }
}

/// The line of a record, newline included. `transaction_too_large` beyond [`MAX`].
pub(super) fn encode(record: &Record<'_>) -> Result<Vec<u8>, StoreError> {
    let line = enclose(record)?;
    if line.len() > MAX { Err(StoreError::TransactionTooLarge { bytes: line.len() }) } else { Ok(line) }
}

/// The line of a checkpoint, newline included. It is as long as it must be.
pub(super) fn encode_checkpoint(
    checkpoint: BTreeMap<Cow<'_, str>, (u64, Cow<'_, str>)>,
) -> Result<Vec<u8>, StoreError> {
    enclose(&Checkpoint { v: VERSION, checkpoint })
}

fn enclose(rec: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let encoded = serde_json::to_string(rec).map_err(io::Error::other);
    let rec = encoded.at("encode a line of", Path::new("journal"))?;
    Ok(format!("{{\"sum\":\"{}\",\"rec\":{rec}}}\n", sum(rec.as_bytes())).into_bytes())
}

/// CRC-32 as 8 hex digits.
pub(super) fn sum(bytes: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flipped_bit_goes_unnoticed() {
        let data = serde_json::value::to_raw_value(&serde_json::json!({"a": [1, "zwö"]})).expect("JSON");
        let event = RecordedEvent { seq: 1, kind: "x".into(), issue: None, run: None, data: &data };
        let by = By { command: "test".to_owned(), pid: 1, fence: None };
        let mut record = Record::new("2026-01-02T03:04:05Z".parse().expect("a time"), by, vec![event]);
        record.put.insert("work/ABC-1".into(), &data);
        let line = encode(&record).expect("a line");
        let bytes = line.strip_suffix(b"\n").expect("a newline");
        assert!(matches!(decode(bytes), Decoded::Good(record) if record.follows(0) && !record.follows(1)));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.to_vec();
                flipped[at] ^= 1 << bit;
                assert!(matches!(decode(&flipped), Decoded::Bad(_)), "{}", String::from_utf8_lossy(&flipped));
            }
            assert!(matches!(decode(&bytes[..at]), Decoded::Bad(_)));
        }
    }
}

//! Every line of every segment.

use std::collections::BTreeSet;

use super::super::Store;
use super::super::applied::Applied;
use super::super::checkpoint::{self, Listing, take};
use super::super::document::{DocId, DocIdError};
use super::super::error::{At as _, StoreError};
use super::super::fs::Access;
use super::super::line::{self, Decoded, Record};
use super::super::lines::{Lines, RawLine};
use super::{Checked, Finding, Journalled, Repair};

/// The reading of one segment after the other.
struct Reading<'c> {
    checked: &'c mut Checked,
    /// The last number.
    last: u64,
    /// What is there, as far as it is known.
    listing: Option<Listing>,
    /// Up to this event every manifest is written.
    settled: u64,
    /// What was deleted behind that.
    deleted: BTreeSet<DocId>,
    /// Lines that are not good, and behind which none was yet.
    bad: Vec<Bad>,
}

struct Bad {
    line: u64,
    byte: u64,
    reason: String,
}

impl Store {
    pub(super) fn check_journal(
        &self,
        checked: &mut Checked,
        applied: Option<Applied>,
    ) -> Result<Journalled, StoreError> {
        let segments = self.journal().segments()?;
        let first = segments.first().copied().unwrap_or(1);
        let listing = (first == 1).then(Listing::new);
        let settled = applied.map_or(0, |applied| applied.position.seq);
        let mut reading =
            Reading { checked, last: first - 1, listing, settled, deleted: BTreeSet::new(), bad: Vec::new() };
        for segment in &segments {
            reading.checked.segments += 1;
            self.check_segment(*segment, &mut reading)?;
            let is_last = segments.last() == Some(segment);
            let path = self.layout.segment(*segment);
            // Beyond what was acknowledged, the end of an append that was cut short is no damage.
            let acknowledged = applied.filter(|it| it.position.segment == *segment).map_or(0, |it| it.position.offset);
            let is_torn = is_last
                && reading.bad.first().is_some_and(|bad| bad.byte >= acknowledged && (*segment == 1 || bad.line > 1));
            if is_torn {
                let bad = reading.bad.remove(0);
                reading.bad.clear();
                let message = format!("a transaction that was never acknowledged is not whole: {}", bad.reason);
                let found = reading.checked.find("torn_tail", path, message);
                (found.line, found.byte, found.repair) = (Some(bad.line), Some(bad.byte), Some(Repair::Truncate));
            } else {
                reading.tell_bad(&path);
            }
        }
        let (last, listing, deleted) = (reading.last, reading.listing, reading.deleted);
        if let Some(applied) = applied.filter(|applied| applied.committed > last) {
            let message = format!("`applied` is at event {}, and the journal ends with {last}", applied.committed);
            let path = self.layout.segment(segments.last().copied().unwrap_or(1));
            checked.find("journal_lost_tail", path, message);
        }
        Ok(Journalled { last, listing, deleted })
    }

    fn check_segment(&self, segment: u64, reading: &mut Reading<'_>) -> Result<(), StoreError> {
        let path = self.layout.segment(segment);
        if segment != reading.last + 1 {
            let message = format!("it starts with event {segment}, but the one before it ends with {}", reading.last);
            reading.checked.find("segment_missing", path.clone(), message);
            (reading.last, reading.listing) = (segment - 1, None);
        }
        let file = self.fs.open(&path, Access::Read).at("open", &path)?;
        let mut lines = Lines::new(&*file, 0);
        let (mut number, mut byte) = (0, 0);
        while let Some(RawLine { bytes, whole, end }) = lines.next().at("read", &path)? {
            number += 1;
            let decoded = if whole { line::decode(bytes) } else { Decoded::Bad("it is unfinished".to_owned()) };
            if !matches!(decoded, Decoded::Bad(_)) {
                reading.tell_bad(&path);
            }
            let at = |found: &mut Finding| (found.line, found.byte) = (Some(number), Some(byte));
            match decoded {
                Decoded::Newer(major) => return Err(StoreError::Newer { file: path, major }),
                Decoded::Bad(reason) => reading.bad.push(Bad { line: number, byte, reason }),
                Decoded::Checkpoint(it) if number == 1 && segment > 1 => match checkpoint::read(&it) {
                    Ok(listing) => {
                        if reading.listing.as_ref().is_some_and(|known| *known != listing) {
                            let message = "the checkpoint does not list what the transactions before it left";
                            at(reading.checked.find("checkpoint_wrong", path.clone(), message));
                        }
                        reading.listing = Some(listing);
                    }
                    Err(reason) => at(reading.checked.find("checkpoint_wrong", path.clone(), reason)),
                },
                Decoded::Checkpoint(_) => {
                    at(reading.checked.find("bad_line", path.clone(), "a checkpoint amid transactions"));
                }
                Decoded::Good(record) => {
                    if number == 1 && segment > 1 {
                        let message = "the segment does not begin with a checkpoint";
                        at(reading.checked.find("checkpoint_missing", path.clone(), message));
                        reading.listing = None;
                    }
                    if !record.follows(reading.last) {
                        let message = format!("it has event {} where {} is next", record.seq, reading.last + 1);
                        at(reading.checked.find("out_of_order", path.clone(), message));
                        reading.listing = None;
                    }
                    reading.last = record.seq;
                    reading.checked.transactions += 1;
                    reading.checked.events += record.events.len() as u64;
                    if let Err(error) = reading.take(&record) {
                        at(reading.checked.find("bad_line", path.clone(), error.to_string()));
                        reading.listing = None;
                    }
                }
            }
            byte = end;
        }
        if number == 0 && segment > 1 {
            let message = "the segment does not begin with a checkpoint";
            reading.checked.find("checkpoint_missing", path, message);
            reading.listing = None;
        }
        Ok(())
    }
}

impl Reading<'_> {
    fn take(&mut self, record: &Record<'_>) -> Result<(), DocIdError> {
        if record.seq > self.settled {
            for name in &record.del {
                self.deleted.insert(name.parse()?);
            }
            for name in record.put.keys() {
                self.deleted.remove(&name.parse()?);
            }
        }
        self.listing.as_mut().map_or(Ok(()), |listing| take(listing, record))
    }

    /// Bad lines with something behind them: damage.
    fn tell_bad(&mut self, path: &std::path::Path) {
        for Bad { line, byte, reason } in self.bad.drain(..) {
            let found = self.checked.find("bad_line", path.to_owned(), reason);
            (found.line, found.byte) = (Some(line), Some(byte));
            self.listing = None;
        }
    }
}

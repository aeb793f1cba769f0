//! The journal's segments, read in order. Needs no lock.

use std::io;
use std::path::Path;

use super::checkpoint::{self, Listing};
use super::error::{At as _, StoreError};
use super::fs::{Access, Fs, FsFile, Stat};
use super::layout::Layout;
use super::line::{self, Decoded, Record};
use super::lines::{Lines, RawLine};

/// A point between two lines: after event `seq`, at `offset` of the segment that starts with event `segment`, whose
/// transactions begin at `start`, behind its checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) seq: u64,
    pub(super) segment: u64,
    pub(super) start: u64,
    pub(super) offset: u64,
}

impl Position {
    /// The start of the segment whose first event is `segment`.
    pub(super) fn start_of(segment: u64) -> Self {
        Self { seq: segment.saturating_sub(1), segment, start: 0, offset: 0 }
    }
}

/// Where a replay stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// After the last whole line.
    pub(super) position: Position,
    /// Bytes behind it that are no whole line: an append in progress, or one that was torn.
    pub(super) torn: u64,
}

/// Whether to go on.
pub(super) enum Go {
    /// To the next line.
    On,
    /// No further.
    Stop,
}

/// What is done with each record, and the position behind it.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&Record<'_>, Position) -> Result<Go, StoreError>;

/// What is wrong with a later segment whose first line is no checkpoint.
const NO_CHECKPOINT: &str = "the segment does not begin with a checkpoint";

/// A line that stays bad that often was not just being written.
const ATTEMPTS: u32 = 3;

/// The journal, for reading.
#[derive(Clone, Copy)]
pub(super) struct Journal<'a> {
    pub(super) fs: &'a dyn Fs,
    pub(super) layout: &'a Layout,
}

impl Journal<'_> {
    /// The first events of the segments, in order.
    pub(super) fn segments(self) -> Result<Vec<u64>, StoreError> {
        let dir = self.layout.journal();
        let names = match self.fs.list(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::damaged(dir, "the journal is missing"));
            }
            other => other.at("list", &dir)?,
        };
        let mut segments: Vec<u64> = names.iter().filter_map(|name| first_of(name.to_str()?)).collect();
        segments.sort_unstable();
        if segments.is_empty() {
            return Err(StoreError::damaged(dir, "the journal has no segment"));
        }
        Ok(segments)
    }

    /// The start of the last segment: what lies before it is in the manifests that its checkpoint lists.
    pub(super) fn last_start(self) -> Result<Position, StoreError> {
        Ok(Position::start_of(self.segments()?.last().copied().unwrap_or(1)))
    }

    /// What the segment's checkpoint lists (nothing where it is the first of the store), and the position behind it.
    pub(super) fn checkpoint(self, segment: u64) -> Result<(Listing, Position), StoreError> {
        let start = Position::start_of(segment);
        if segment == 1 {
            return Ok((Listing::new(), start));
        }
        let path = self.layout.segment(segment);
        let file = self.fs.open(&path, Access::Read).at("open", &path)?;
        let mut lines = Lines::new(&*file, 0);
        let line = lines.next().at("read", &path)?.filter(|line| line.whole);
        let Some(RawLine { bytes, end, .. }) = line else { return Err(self.damage(start, NO_CHECKPOINT.to_owned())) };
        match line::decode(bytes) {
            Decoded::Checkpoint(checkpoint) => {
                let listing = checkpoint::read(&checkpoint).map_err(|reason| self.damage(start, reason))?;
                Ok((listing, Position { start: end, offset: end, ..start }))
            }
            Decoded::Newer(major) => Err(StoreError::Newer { file: path, major }),
            Decoded::Good(_) => Err(self.damage(start, NO_CHECKPOINT.to_owned())),
            Decoded::Bad(reason) => Err(self.damage(start, reason)),
        }
    }

    /// The identity of `journal/`.
    pub(super) fn directory(self) -> Result<Stat, StoreError> {
        let dir = self.layout.journal();
        match self.fs.stat(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(StoreError::damaged(dir, "the journal is missing"))
            }
            other => other.at("look at", &dir),
        }
    }

    /// Whether another segment follows the one that ends at `position`.
    pub(super) fn goes_on(self, position: Position) -> Result<bool, StoreError> {
        if position.seq + 1 == position.segment {
            return Ok(false);
        }
        let next = self.layout.segment(position.seq + 1);
        match self.fs.stat(&next) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).at("look at", &next),
        }
    }

    /// Visits each transaction after `from`, segment after segment.
    pub(super) fn replay(self, from: Position, visit: Visit<'_>) -> Result<End, StoreError> {
        let mut position = from;
        // The segment that followed when this one had been read, which counts only if there is nothing new in this one:
        // it may have grown between the two looks.
        let mut follower = None;
        loop {
            let (end, go) = self.replay_segment(position, visit)?;
            if matches!(go, Go::Stop) {
                return Ok(end);
            }
            let read_twice = follower.is_some() && end.position == position;
            follower = self.segments()?.into_iter().find(|segment| *segment > position.segment);
            match follower {
                None => return Ok(end),
                Some(next) if next == end.position.seq + 1 => {
                    position = Position::start_of(next);
                    follower = None;
                }
                Some(next) if read_twice => {
                    let reason =
                        format!("starts with event {next}, but the one before it ends with {}", end.position.seq);
                    return Err(StoreError::damaged(self.layout.segment(next), reason));
                }
                Some(_) => position = end.position,
            }
        }
    }

    fn replay_segment(self, from: Position, visit: Visit<'_>) -> Result<(End, Go), StoreError> {
        let path = self.layout.segment(from.segment);
        let len = match self.fs.stat(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::damaged(path, "the journal's segment is missing"));
            }
            other => other.at("look at", &path)?.len,
        };
        if len < from.offset {
            return Err(self.lost_tail("applied", from.seq));
        }
        let mut position = from;
        if len == 0 && from.segment > 1 {
            return Err(self.damage(from, NO_CHECKPOINT.to_owned()));
        }
        if len == from.offset {
            return Ok((End { position, torn: 0 }, Go::On));
        }
        let file = self.fs.open(&path, Access::Read).at("open", &path)?;
        let mut attempt = 1;
        loop {
            // Asked before the last look, so that a line that was finished meanwhile is not taken for damage.
            let followed = attempt == ATTEMPTS && self.segments()?.last() > Some(&from.segment);
            match scan(&*file, &path, &mut position, visit)? {
                Scan::Whole => return Ok((End { position, torn: 0 }, Go::On)),
                Scan::Stopped => return Ok((End { position, torn: 0 }, Go::Stop)),
                Scan::Bad { .. } if attempt < ATTEMPTS => attempt += 1,
                Scan::Bad { reason, certain, .. } if certain || followed => {
                    return Err(self.damage(position, reason));
                }
                Scan::Bad { end, .. } => return Ok((End { position, torn: end - position.offset }, Go::On)),
            }
        }
    }

    /// Damage at the line that starts at `position`, with its number in the segment.
    fn damage(self, position: Position, reason: String) -> StoreError {
        let file = self.layout.segment(position.segment);
        let line = self.lines_before(position.segment, position.offset).map(|lines| lines + 1);
        StoreError::Damaged { file, line, byte: Some(position.offset), reason }
    }

    /// The error that says that `ahead` names event `seq`, which the journal does not have.
    pub(super) fn lost_tail(self, ahead: impl Into<String>, seq: u64) -> StoreError {
        let segment = self.segments().ok().and_then(|segments| segments.last().copied()).unwrap_or(1);
        let file = self.layout.segment(segment);
        let byte = self.fs.stat(&file).map_or(0, |stat| stat.len);
        let line = self.lines_before(segment, byte).unwrap_or(0);
        StoreError::LostTail { ahead: ahead.into(), seq, file, line, byte }
    }

    fn lines_before(self, segment: u64, offset: u64) -> Option<u64> {
        let bytes = self.fs.read(&self.layout.segment(segment)).ok()?;
        let before = bytes.get(..usize::try_from(offset).ok()?)?;
        Some(before.iter().filter(|byte| **byte == b'\n').count() as u64)
    }
}

/// How a look at a segment ended.
enum Scan {
    /// With its last byte.
    Whole,
    /// Because the visitor had enough.
    Stopped,
    /// At a line that is not good. `certain`: it cannot be the end of an append that was torn.
    Bad { reason: String, certain: bool, end: u64 },
}

/// Visits the lines from `position` on, which it moves.
fn scan(file: &dyn FsFile, path: &Path, position: &mut Position, visit: Visit<'_>) -> Result<Scan, StoreError> {
    let mut lines = Lines::new(file, position.offset);
    let mut bad: Option<(String, u64)> = None;
    while let Some(RawLine { bytes, whole, end }) = lines.next().at("read", path)? {
        let decoded = if whole { line::decode(bytes) } else { Decoded::Bad("it is unfinished".to_owned()) };
        match (decoded, &mut bad) {
            (Decoded::Bad(_), Some((_, bad_end))) => *bad_end = end,
            (Decoded::Bad(reason), None) => bad = Some((reason, end)),
            (Decoded::Good(_) | Decoded::Newer(_) | Decoded::Checkpoint(_), Some((reason, _))) => {
                return Ok(Scan::Bad { reason: std::mem::take(reason), certain: true, end });
            }
            (Decoded::Newer(major), None) => return Err(StoreError::Newer { file: path.to_owned(), major }),
            (Decoded::Checkpoint(_), None) if position.offset == 0 => {
                *position = Position { start: end, offset: end, ..*position };
            }
            (Decoded::Checkpoint(_), None) => {
                let reason = "it is a checkpoint amid transactions".to_owned();
                return Ok(Scan::Bad { reason, certain: true, end });
            }
            (Decoded::Good(_), None) if position.offset == 0 && position.segment > 1 => {
                return Ok(Scan::Bad { reason: NO_CHECKPOINT.to_owned(), certain: true, end });
            }
            (Decoded::Good(record), None) if record.follows(position.seq) => {
                *position = Position { seq: record.seq, offset: end, ..*position };
                if matches!(visit(&record, *position)?, Go::Stop) {
                    return Ok(Scan::Stopped);
                }
            }
            (Decoded::Good(record), None) => {
                let reason = format!("it has event {} where {} is next", record.seq, position.seq + 1);
                return Ok(Scan::Bad { reason, certain: true, end });
            }
        }
    }
    // A segment comes into its place with its checkpoint: that line was never torn.
    let certain = position.offset == 0 && position.segment > 1;
    Ok(bad.map_or(Scan::Whole, |(reason, end)| Scan::Bad { reason, certain, end }))
}

/// The number in a segment's name.
fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".jsonl")?;
    (digits.len() == 14 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
        .filter(|first| *first > 0)
}

//! What a reader of many issues needs of each, in one file: derived, never the authority.
//!
//! `rows` holds the state at one point of the journal, and what the journal says behind that point brings it up to date.
//! Whoever finds it absent, unreadable, of another store, or at odds with the names in `work/` and `issues/` reads the
//! manifests instead, which also say what is damaged.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::Store;
use super::applied::Applied;
use super::document::{DocId, IssueRecord, Kind};
use super::error::{At as _, StoreError};
use super::journal::{Go, Position};
use super::line::sum;
use super::redo::{Op, Ops, collect};
use super::snapshot::{Snapshot, read_as};
use crate::model::{Acknowledgement, Disposition, Key, Status, Tokens, Work, WorkspaceRecord};

/// Fewer issues than this are read as fast from their manifests.
const MIN: usize = 500;

/// One issue, in short.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The file-safe name.
    pub key: Key,
    /// The name for people.
    pub identifier: String,
    /// The tracker's opaque id.
    pub issue_id: String,
    /// What is going on with it.
    pub status: Status,
    /// What all its runs used.
    pub tokens: Tokens,
    /// How long its ended runs took, all in all.
    pub runtime_ms: u64,
    /// Its workspace, by the record; `None` where there never was one.
    pub workspace: Option<RowWorkspace>,
    /// Who has seen that it is blocked.
    pub acknowledged: Option<Acknowledgement>,
    /// What the tracker says; `None` where the store has no snapshot of it.
    pub issue: Option<RowIssue>,
}

/// The tracker's part of a [`Row`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowIssue {
    /// The tracker's own state name.
    pub state: String,
    /// Title, one line.
    pub title: String,
    /// Where a person reads it.
    pub url: Option<String>,
}

/// Where a workspace is, by the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowWorkspace {
    /// Cleaned away when its issue is done.
    There,
    /// Left there on purpose (`workspace.cleanup`).
    Kept,
    /// Cleaned away.
    Gone,
}

impl RowWorkspace {
    /// What a record says.
    #[must_use]
    pub fn of(record: &WorkspaceRecord) -> Self {
        match record.cleanup_result {
            _ if record.state.is_gone() => Self::Gone,
            Some(Disposition::Kept) => Self::Kept,
            Some(Disposition::Archived | Disposition::Removed) | None => Self::There,
        }
    }
}

/// All issues, in short, at one point of the journal.
pub struct Rows {
    position: Position,
    /// Whether all that they hold was flushed before it was read.
    settled: bool,
    /// The point of the file that they come from, and its length in bytes.
    file: Option<(Position, u64)>,
    /// Those that could be read, sorted by key.
    pub rows: Vec<Row>,
    /// Documents that could not be read, with the reason.
    pub damaged: Vec<(DocId, String)>,
}

/// A row in the file: an array, since names would be a third of it. Identifier and id are there where they differ from
/// the key, and a status that is more than a word.
#[derive(Serialize, Deserialize)]
struct Packed(
    Key,
    Option<String>,
    Option<String>,
    Word,
    Option<Status>,
    [u64; 4],
    Option<RowWorkspace>,
    Option<Acknowledgement>,
    Option<(String, String, Option<String>)>,
);

/// A status that carries nothing.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Idle,
    Paused,
    Done,
    Released,
    /// Another one.
    More,
}

/// The file's second line. Its first is the sum of all that follows.
#[derive(Serialize, Deserialize)]
struct Header {
    v: u32,
    store: String,
    seq: u64,
    segment: u64,
    start: u64,
    offset: u64,
}

const VERSION: u32 = 4;

impl Word {
    fn of(status: &Status) -> Self {
        match status {
            Status::Idle => Self::Idle,
            Status::Paused => Self::Paused,
            Status::Done => Self::Done,
            Status::Released => Self::Released,
            Status::Claimed { .. }
            | Status::Running { .. }
            | Status::Held { .. }
            | Status::Retrying { .. }
            | Status::Blocked { .. } => Self::More,
        }
    }

    fn status(self, more: Option<Status>) -> Option<Status> {
        match self {
            Self::Idle => Some(Status::Idle),
            Self::Paused => Some(Status::Paused),
            Self::Done => Some(Status::Done),
            Self::Released => Some(Status::Released),
            Self::More => more,
        }
    }
}

impl Row {
    fn new(work: Work, issue: Option<RowIssue>) -> Self {
        let Work { key, identifier, issue_id, status, tokens, runtime_ms, workspace, acknowledged, .. } = work;
        let workspace = workspace.as_ref().map(RowWorkspace::of);
        Self { key, identifier, issue_id, status, tokens, runtime_ms, workspace, acknowledged, issue }
    }

    fn pack(&self) -> Packed {
        let Self { key, identifier, issue_id, status, tokens, runtime_ms, workspace, acknowledged, issue } =
            self.clone();
        let Tokens { input_tokens, output_tokens, total_tokens } = tokens;
        let numbers = [input_tokens, output_tokens, total_tokens, runtime_ms];
        let issue = issue.map(|issue| (issue.state, issue.title, issue.url));
        let [identifier, issue_id] = [identifier, issue_id].map(|name| (name != key.as_str()).then_some(name));
        let word = Word::of(&status);
        let more = matches!(word, Word::More).then_some(status);
        Packed(key, identifier, issue_id, word, more, numbers, workspace, acknowledged, issue)
    }

    /// `None` where it is none.
    fn unpack(packed: Packed) -> Option<Self> {
        let Packed(key, identifier, issue_id, word, more, numbers, workspace, acknowledged, issue) = packed;
        let [input_tokens, output_tokens, total_tokens, runtime_ms] = numbers;
        let tokens = Tokens { input_tokens, output_tokens, total_tokens };
        let issue = issue.map(|(state, title, url)| RowIssue { state, title, url });
        let [identifier, issue_id] = [identifier, issue_id].map(|name| name.unwrap_or_else(|| key.to_string()));
        let status = word.status(more)?;
        Some(Self { key, identifier, issue_id, status, tokens, runtime_ms, workspace, acknowledged, issue })
    }
}

impl From<IssueRecord> for RowIssue {
    fn from(record: IssueRecord) -> Self {
        Self { state: record.issue.state, title: record.issue.title, url: record.issue.url }
    }
}

impl Rows {
    /// The number of the last event that they hold.
    #[must_use]
    pub fn as_of(&self) -> u64 {
        self.position.seq
    }

    /// Whether the file is to be written anew: what the journal says behind it has become as long as the file.
    fn is_behind(&self) -> bool {
        self.file.is_none_or(|(position, bytes)| {
            position.segment != self.position.segment || self.position.offset - position.offset > bytes
        })
    }
}

impl Store {
    /// All issues in short, at one point of the journal, without a lock and (where `rows` is good) without their manifests.
    pub fn rows(&self) -> Result<Rows, StoreError> {
        if let Some(rows) = self.rows_from_file() {
            return Ok(rows);
        }
        let snapshot = self.snapshot(&[Kind::Issues, Kind::Work])?;
        let (position, settled) = (snapshot.position(), snapshot.is_settled());
        let rows = rows_of(&snapshot);
        Ok(Rows { position, settled, file: None, rows, damaged: snapshot.damaged().to_vec() })
    }

    /// Writes `rows`, where that pays: there are many, and what is there (if anything) is old. A failure is a warning.
    pub fn keep_rows(&self, rows: &Rows) {
        let worth = rows.settled && rows.damaged.is_empty() && rows.rows.len() >= MIN && rows.is_behind();
        if worth && let Err(error) = self.write_rows(rows) {
            self.warn(&format!("rows are not written: {}", crate::chain::chain(&error)));
        }
    }

    fn write_rows(&self, rows: &Rows) -> Result<(), StoreError> {
        self.check_owner()?;
        let path = self.layout.rows();
        let Position { seq, segment, start, offset } = rows.position;
        let header = Header { v: VERSION, store: self.id.clone(), seq, segment, start, offset };
        let mut body = serde_json::to_vec(&header).map_err(std::io::Error::other).at("encode", &path)?;
        for row in &rows.rows {
            body.push(b'\n');
            serde_json::to_writer(&mut body, &row.pack()).map_err(std::io::Error::other).at("encode", &path)?;
        }
        let tmp = self.layout.tmp().join("rows");
        let bytes = [sum(&body).as_bytes(), b"\n", &body, b"\n"].concat();
        // Nobody syncs them, and two may write them at once: their sum tells what is whole.
        self.fs.write(&tmp, &bytes).and_then(|()| self.fs.rename(&tmp, &path)).at("write", &path)
    }

    /// The file's rows and their point, if they are whole and this store's.
    fn read_rows(&self) -> Option<(Position, Vec<u8>)> {
        let bytes = self.fs.read(&self.layout.rows()).ok()?;
        let (says, rest) = (bytes.get(..8)?, bytes.get(9..)?.strip_suffix(b"\n")?);
        if sum(rest).as_bytes() != says {
            return None;
        }
        let header = rest.split(|byte| *byte == b'\n').next()?;
        let rows = rest.get(header.len() + 1..).unwrap_or_default().to_vec();
        let Header { v, store, seq, segment, start, offset } = serde_json::from_slice(header).ok()?;
        (v == VERSION && store == self.id).then_some((Position { seq, segment, start, offset }, rows))
    }

    /// The rows of the file, brought up to date; `None` where the manifests are to be read instead.
    fn rows_from_file(&self) -> Option<Rows> {
        let applied = self.applied().ok()??;
        let (position, packed) = self.read_rows()?;
        if applied.position.seq < position.seq {
            return None;
        }
        let file = Some((position, packed.len() as u64));
        let lines = packed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let row = |line| serde_json::from_slice(line).ok().and_then(Row::unpack);
        let mut rows: Vec<Row> = lines.map(row).collect::<Option<_>>()?;
        if !rows.is_sorted_by(|a, b| a.key < b.key) {
            return None;
        }
        let names = [Kind::Issues, Kind::Work].map(|kind| self.names_on_disk(kind).ok());
        let mut ops = Ops::new();
        let end = self.journal().replay(position, &mut |record, position| {
            collect(record, &self.layout.segment(position.segment), &mut ops)?;
            Ok(Go::On)
        });
        let position = end.ok()?.position;
        if position.seq < applied.committed {
            return None;
        }
        // Those of `work` first: an issue's row hangs on them.
        ops.iter().rev().try_for_each(|(doc, op)| advance(&mut rows, doc, op))?;
        let [issues, work] = names;
        let whole = is_whole(Kind::Issues, &issues?, &rows, &ops, applied)
            && is_whole(Kind::Work, &work?, &rows, &ops, applied);
        let settled = applied.committed == position.seq;
        whole.then_some(Rows { position, settled, file, rows, damaged: Vec::new() })
    }
}

/// The place of a key among sorted rows, or where it belongs.
fn find(rows: &[Row], name: &str) -> Result<usize, usize> {
    rows.binary_search_by(|row| row.key.as_str().cmp(name))
}

/// What the journal's last word on a document does to the rows; `None` where it makes no sense of it.
fn advance(rows: &mut Vec<Row>, doc: &DocId, op: &Op) -> Option<()> {
    let place = find(rows, &doc.name);
    match (doc.kind, &op.data) {
        (Kind::Work, Some(data)) => {
            let work: Work = read_as(doc, data).ok()?;
            match place {
                Ok(place) => {
                    let row = rows.get_mut(place)?;
                    *row = Row::new(work, row.issue.take());
                }
                Err(place) => rows.insert(place, Row::new(work, None)),
            }
        }
        (Kind::Work, None) => drop(place.map(|place| rows.remove(place))),
        (Kind::Issues, Some(data)) => {
            let record: IssueRecord = read_as(doc, data).ok()?;
            rows.get_mut(place.ok()?)?.issue = Some(record.into());
        }
        (Kind::Issues, None) => {
            if let Ok(place) = place {
                rows.get_mut(place)?.issue = None;
            }
        }
        (Kind::Claims | Kind::Runs | Kind::Sessions | Kind::Receipts | Kind::Readers | Kind::State, _) => {}
    }
    Some(())
}

/// Whether the manifests that were there are the ones that should be. One that the journal changed since may be on its
/// way.
fn is_whole(kind: Kind, names: &[String], rows: &[Row], ops: &Ops, applied: Applied) -> bool {
    let is_expected = |row: &Row| kind == Kind::Work || row.issue.is_some();
    let expected = rows.iter().filter(|row| is_expected(row)).map(|row| row.key.as_str());
    let is_known = |name: &String| find(rows, name).is_ok_and(|place| rows.get(place).is_some_and(is_expected));
    if names.len() == expected.clone().count() && names.iter().all(is_known) {
        return true;
    }
    let changed: HashSet<&str> = ops
        .iter()
        .filter(|(doc, op)| doc.kind == kind && op.seq > applied.position.seq)
        .map(|(doc, _)| doc.name.as_str())
        .collect();
    let there: HashSet<&str> = names.iter().map(String::as_str).collect();
    names.iter().all(|name| changed.contains(name.as_str()) || is_known(name))
        && expected.into_iter().all(|name| changed.contains(name) || there.contains(name))
}

fn rows_of(snapshot: &Snapshot) -> Vec<Row> {
    let mut issues: BTreeMap<Key, RowIssue> =
        snapshot.all::<IssueRecord>().into_iter().map(|record| (record.key.clone(), record.into())).collect();
    let works = snapshot.all::<Work>().into_iter();
    works
        .map(|work| {
            let issue = issues.remove(&work.key);
            Row::new(work, issue)
        })
        .collect()
}

//! The directory of issues, read once: every record, every malformed file, and issues with their references resolved.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::known::{Known, remembered};
use super::record::{Malformed, Record};
use crate::model::{Issue, IssueRef, Timestamp};
use crate::tracker::{Problem, TrackerError};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 8 << 20;

/// What the directory held at one look.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Usable records by the bytes of their ids, each id once.
    pub(super) records: Vec<Record>,
    /// Files that are none.
    pub(super) malformed: Vec<Malformed>,
    /// Children whose id several files claim: they hide themselves, but still hold their parents back.
    ambiguous: Vec<(String, String)>,
}

/// Reads the directory. `wanted` (id, state) says which are needed as a whole.
pub(super) fn scan(
    directory: &Path,
    store: &Path,
    now: Timestamp,
    wanted: impl Fn(&str, &str) -> bool,
) -> Result<Scan, TrackerError> {
    let mut scan = Scan::default();
    let files = files(directory)?;
    let remembered = remembered(store, files.len());
    let mut known = Known::new(&remembered, store, directory, files.len(), now);
    for path in files {
        let stamp = match known.recall(&path, &wanted) {
            Ok(record) => {
                scan.records.push(record);
                continue;
            }
            Err(stamp) => stamp,
        };
        match read(&path) {
            Ok(Some(bytes)) => match Record::parse_bytes(&path, &bytes, &wanted) {
                Ok(record) => {
                    known.note(stamp, &record, &wanted);
                    scan.records.push(record);
                }
                Err(malformed) => scan.malformed.push(*malformed),
            },
            Ok(None) => {}
            Err(error) => scan.malformed.push(Malformed {
                path,
                code: "unreadable",
                message: format!("cannot read the file: {error}"),
                id: None,
            }),
        }
    }
    known.keep();
    scan.records.sort_by(|a, b| a.id.cmp(&b.id).then_with(|| a.path.cmp(&b.path)));
    scan.set_aside_duplicates();
    scan.malformed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(scan)
}

/// The files that may be issues, by the bytes of their names: `*.md` directly in the directory, but for hidden ones and README.md.
pub(super) fn files(directory: &Path) -> Result<Vec<PathBuf>, TrackerError> {
    let failed = |cause: io::Error| TrackerError::Request {
        what: format!("cannot read the issue directory {}", directory.display()),
        cause: cause.into(),
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if is_issue_file(&entry.file_name().to_string_lossy()) && !entry.file_type().map_err(failed)?.is_dir() {
            paths.push(entry.path());
        }
    }
    // Byte by byte, which a path's own order is not; ids are mostly the names, so that sorting by them is done already.
    paths.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    Ok(paths)
}

fn is_issue_file(name: &str) -> bool {
    !name.starts_with('.')
        && Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md"))
        && !name.eq_ignore_ascii_case("README.md")
}

/// The file's bytes; `None` where it went away in the meantime, or is a directory behind a link.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // Without waiting: opening a pipe would wait for its writer.
    let opened = File::options().read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed()).open(path);
    let found = opened.and_then(|mut file| {
        let meta = file.metadata()?;
        if meta.is_dir() {
            return Ok(None);
        }
        if !meta.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        if meta.len() > MAX_BYTES {
            return Err(io::Error::other(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let mut bytes = vec![0; usize::try_from(meta.len()).unwrap_or(0)];
        let read = file.read(&mut bytes)?;
        bytes.truncate(read);
        if bytes.len() as u64 != meta.len() {
            file.take(MAX_BYTES).read_to_end(&mut bytes)?;
        }
        Ok(Some(bytes))
    });
    match found {
        // A link to nothing is no deleted issue.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
        other => other,
    }
}

impl Scan {
    /// Two files with one id: which of them is meant cannot be known, so neither is.
    fn set_aside_duplicates(&mut self) {
        if self.records.is_sorted_by(|a, b| a.id < b.id) {
            return;
        }
        let records = std::mem::take(&mut self.records);
        for same in records.chunk_by(|a, b| a.id == b.id) {
            if let [only] = same {
                self.records.push(only.clone());
                continue;
            }
            for record in same {
                let others: Vec<_> =
                    same.iter().filter(|other| other.path != record.path).map(|other| name(&other.path)).collect();
                self.malformed.push(Malformed {
                    path: record.path.clone(),
                    code: "duplicate_id",
                    message: format!("`{}` is also the id of {}", record.id, others.join(", ")),
                    id: Some(record.id.clone()),
                });
                self.ambiguous.extend(record.parent.clone().map(|parent| (parent, record.id.clone())));
            }
        }
    }

    /// The record of this id.
    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.id == id)
    }

    /// The record of this id, or why there is none that could be written or shown.
    pub(super) fn require(&self, id: &str) -> Result<&Record, TrackerError> {
        let malformed = || self.malformed.iter().find(|malformed| malformed.id.as_deref() == Some(id));
        self.get(id).ok_or_else(|| match malformed() {
            Some(bad) => TrackerError::InvalidIssue(bad.to_string()),
            None => TrackerError::IssueNotFound(id.to_owned()),
        })
    }

    /// Whether a file claims this id, usable or not.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.get(id).is_some() || self.malformed.iter().any(|malformed| malformed.id.as_deref() == Some(id))
    }

    /// Takes a record that was just written for the one that was read.
    pub(super) fn put(&mut self, record: Record) {
        match self.records.iter_mut().find(|known| known.id == record.id) {
            Some(known) => *known = record,
            None => self.records.push(record),
        }
    }

    /// Looks references up.
    pub(super) fn index(&self) -> Index<'_> {
        let by_id: HashMap<&str, &Record> = self.records.iter().map(|record| (record.id.as_str(), record)).collect();
        let mut children: HashMap<&str, Vec<IssueRef>> = HashMap::new();
        for record in &self.records {
            if let Some(parent) = &record.parent {
                children.entry(parent).or_default().push(reference(&record.id, Some(&record.state)));
            }
        }
        let mut seen = HashSet::new();
        for (parent, id) in &self.ambiguous {
            if seen.insert((parent, id)) {
                children.entry(parent).or_default().push(reference(id, None));
            }
        }
        Index { by_id, children }
    }

    /// The malformed file that is, or for all that can be known may be, this issue.
    pub(super) fn malformed_as(&self, id: &str) -> Option<&Malformed> {
        let is = |malformed: &&Malformed| malformed.id.as_deref() == Some(id);
        self.malformed.iter().find(is).or_else(|| self.malformed.iter().find(|malformed| malformed.id.is_none()))
    }

    /// What could not be used: every malformed file, and the ignored values of these records.
    pub(super) fn problems<'a>(&self, records: impl IntoIterator<Item = &'a Record>) -> Vec<Problem> {
        let malformed = self.malformed.iter().map(|malformed| Problem {
            source: malformed.path.display().to_string(),
            code: malformed.code.to_owned(),
            message: malformed.message.clone(),
        });
        let ignored = records.into_iter().flat_map(|record| {
            record.ignored.iter().map(|message| Problem {
                source: record.path.display().to_string(),
                code: "ignored_value".to_owned(),
                message: message.clone(),
            })
        });
        malformed.chain(ignored).collect()
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Records by id, and children by parent.
pub(super) struct Index<'a> {
    by_id: HashMap<&'a str, &'a Record>,
    children: HashMap<&'a str, Vec<IssueRef>>,
}

impl Index<'_> {
    /// The record of this id.
    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.by_id.get(id).copied()
    }

    /// The normalised issue (SPEC 4.1.1).
    pub(super) fn issue(&self, record: &Record) -> Issue {
        let refer = |id: &String| reference(id, self.get(id).map(|other| other.state.as_str()));
        Issue {
            description: record.description.clone(),
            priority: record.priority,
            assignee_id: record.assignee.clone(),
            labels: record.labels.clone(),
            blocked_by: record.blocked_by.iter().map(refer).collect(),
            parent: record.parent.as_ref().map(refer),
            sub_issues: self.children.get(record.id.as_str()).cloned().unwrap_or_default(),
            native_ref: record.path.to_str().map(|path| json!({ "path": path })),
            created_at: record.created_at,
            updated_at: record.updated_at,
            ..Issue::blank(&record.id, &record.id, &record.title, &record.state)
        }
    }
}

fn reference(id: &str, state: Option<&str>) -> IssueRef {
    IssueRef { id: Some(id.to_owned()), identifier: Some(id.to_owned()), state: state.map(str::to_owned) }
}

//! Making, editing and commenting issue files. Each write happens under the lock, in a temporary file that is flushed
//! and renamed; everything that it is not about stays as it is, byte for byte.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DurationRound, SecondsFormat, TimeDelta};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::change::{self, Change, Comment, Which};
use super::document::Document;
use super::lock::Lock;
use super::record::Record;
use super::scan::{self, Scan};
use super::{Local, once, order};
use crate::model::{Issue, Timestamp};
use crate::tracker::{BoxFuture, IssueEdit, NewIssue, TrackerError, Writer};

/// How often a file may change under a write before the write gives up.
const ATTEMPTS: usize = 5;

impl Writer for Local {
    fn create<'a>(&'a self, new: &'a NewIssue) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move { self.create_file(new) })
    }

    fn edit<'a>(&'a self, id: &'a str, edit: &'a IssueEdit) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move { self.change_file(id, &Change { edit: Some(edit), comment: None }) })
    }

    fn comment<'a>(&'a self, id: &'a str, text: &'a str) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move {
            let comment = Some(Comment { text, which: Which::New { author: self.author() } });
            self.change_file(id, &Change { edit: None, comment })
        })
    }

    fn edit_comment<'a>(
        &'a self,
        id: &'a str,
        comment: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Result<bool, TrackerError>> {
        Box::pin(async move {
            let comment = Some(Comment { text, which: Which::Known { id: comment } });
            self.change_file(id, &Change { edit: None, comment }).map(|_| true)
        })
    }

    fn keeps_marks(&self) -> bool {
        true
    }

    fn foresee<'a>(&'a self, write: crate::tracker::Write<'a>) -> BoxFuture<'a, Result<Option<Issue>, TrackerError>> {
        Box::pin(async move { Local::foresee(self, &write).map(Some) })
    }
}

impl Local {
    /// Who comments: the run that this process works for, else the person.
    pub(super) fn author(&self) -> &str {
        let env = &self.seams.env;
        env.get("BATON_RUN").or_else(|| env.get("USER")).or_else(|| env.get("LOGNAME")).unwrap_or("unknown")
    }

    fn create_file(&self, new: &NewIssue) -> Result<Issue, TrackerError> {
        let mut lock = Lock::take(&self.store)?;
        let mut scan = self.scan(|_, _| false)?;
        if let Some(mark) = &new.mark
            && let Some(id) = once::made_before(&scan, mark)?
        {
            return issue_of(&scan, &id);
        }
        let mut number = highest(&scan, &self.provider.prefix).max(lock.highest(&self.provider.prefix)?);
        let now = self.stamp(None);
        loop {
            number = number.checked_add(1).ok_or_else(|| {
                TrackerError::InvalidIssue(format!("there is no number after {}-{number}", self.provider.prefix))
            })?;
            let id = format!("{}-{number}", self.provider.prefix);
            let text = change::new_file(&id, new, self.provider.first_state.as_deref(), &now, &scan)?;
            let path = self.provider.directory.join(format!("{id}.md"));
            let temporary = Temporary::write(&self.provider.directory, &lock, &text, None)?;
            lock.remember(&self.provider.prefix, number)?;
            if temporary.publish(&path)? {
                scan.put(read_back(&path, &text)?);
                return issue_of(&scan, &id);
            }
        }
    }

    pub(super) fn change_file(&self, id: &str, change: &Change<'_>) -> Result<Issue, TrackerError> {
        let lock = Lock::take(&self.store)?;
        for _ in 0..ATTEMPTS {
            let mut scan = self.scan(|other, _| other == id)?;
            let path = scan.require(id)?.path.clone();
            let failed = |cause| failed("read", &path, cause);
            // A link is followed: the file that it names is written, the link stays.
            let target = fs::canonicalize(&path).map_err(failed)?;
            let before = fs::metadata(&target).map_err(failed)?;
            // What was read a moment ago may be old by now.
            let Some(bytes) = scan::read(&target).map_err(failed)? else { continue };
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let Ok(record) = Record::parse(&path, &text, |_, _| true) else { continue };
            let Ok(document) = Document::cut(&text) else { continue };
            if record.id != id {
                continue;
            }
            let now = self.stamp(record.updated_at);
            let Some(edited) = change.apply(&document, &record, &now, &scan)? else {
                scan.put(record);
                return issue_of(&scan, id);
            };
            let after = read_back(&path, &edited)?;
            let temporary = Temporary::write(target.parent().unwrap_or(&target), &lock, &edited, Some(&before))?;
            if temporary.replace(&target, &before)? {
                scan.put(after);
                return issue_of(&scan, id);
            }
        }
        Err(TrackerError::Busy { path: id.to_owned(), why: "its file changes again and again while it is edited" })
    }

    /// Now, in milliseconds, and later than `last`.
    pub(super) fn stamp(&self, last: Option<Timestamp>) -> String {
        let now = self.seams.now();
        let now = now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(now);
        let next = last.and_then(|last| last.checked_add_signed(TimeDelta::milliseconds(1)));
        next.map_or(now, |next| next.max(now)).to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// The highest number that an id or a file's name has under this prefix; files that are no usable issues count as well.
pub(super) fn highest(scan: &Scan, prefix: &str) -> u64 {
    let records = scan.records.iter().map(|record| (Some(&record.id), &record.path));
    let malformed = scan.malformed.iter().map(|malformed| (malformed.id.as_ref(), &malformed.path));
    let number = |(id, path): (Option<&String>, &PathBuf)| {
        let id = id.and_then(|id| order::number(id, prefix));
        let name = path.file_stem().and_then(|stem| order::number(stem.to_str()?, prefix));
        id.max(name)
    };
    records.chain(malformed).filter_map(number).max().unwrap_or(0)
}

/// The record in a text that is about to be, or was, written.
pub(super) fn read_back(path: &Path, text: &str) -> Result<Record, TrackerError> {
    Record::parse(path, text, |_, _| true)
        .map_err(|malformed| TrackerError::InvalidIssue(format!("{}: {}", path.display(), malformed.message)))
}

pub(super) fn issue_of(scan: &Scan, id: &str) -> Result<Issue, TrackerError> {
    Ok(scan.index().issue(scan.require(id)?))
}

fn failed(what: &str, path: &Path, cause: io::Error) -> TrackerError {
    TrackerError::Request { what: format!("cannot {what} {}", path.display()), cause: cause.into() }
}

/// A file that is written beside its destination, and gone again unless it gets there.
struct Temporary(Option<PathBuf>);

impl Temporary {
    /// Writes and flushes it, with the permissions of `like` or those of a new file.
    fn write(directory: &Path, lock: &Lock, text: &str, like: Option<&Metadata>) -> Result<Self, TrackerError> {
        let path = directory.join(lock.temporary_name()?);
        let write = || {
            // One that a killed writer left behind.
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path)?;
            if let Some(like) = like {
                file.set_permissions(like.permissions())?;
            }
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        let temporary = Self(Some(path.clone()));
        write().map_err(|cause| failed("write", &path, cause))?;
        Ok(temporary)
    }

    /// Gives it the name `path`, unless there is such a file.
    fn publish(mut self, path: &Path) -> Result<bool, TrackerError> {
        let Some(temporary) = &self.0 else { return Ok(false) };
        match renameat_with(CWD, temporary, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => {
                self.0 = None;
                settle(path);
                Ok(true)
            }
            Err(rustix::io::Errno::EXIST) => Ok(false),
            Err(error) => Err(failed("write", path, error.into())),
        }
    }

    /// Replaces `path`, unless somebody without the lock (an editor, an agent) changed it since `before`.
    fn replace(mut self, path: &Path, before: &Metadata) -> Result<bool, TrackerError> {
        let Some(temporary) = &self.0 else { return Ok(false) };
        let now = fs::metadata(path).map_err(|cause| failed("read", path, cause))?;
        let identity = |meta: &Metadata| (meta.dev(), meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec());
        if identity(before) != identity(&now) {
            return Ok(false);
        }
        fs::rename(temporary, path).map_err(|cause| failed("write", path, cause))?;
        self.0 = None;
        settle(path);
        Ok(true)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _ = fs::remove_file(path);
        }
    }
}

/// Flushes the directory, so that the new name survives a power cut. The write stands even where that is not possible.
fn settle(path: &Path) {
    if let Some(directory) = path.parent() {
        let _ = File::open(directory).and_then(|directory| directory.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_editor_wrote_in_the_meantime_is_not_overwritten() {
        let directory = tempfile::tempdir().expect("a directory");
        let lock = Lock::take(directory.path()).expect("a lock");
        let path = directory.path().join("A.md");
        fs::write(&path, "as it was read").expect("a file");
        let before = fs::metadata(&path).expect("a file");
        let write = |text| Temporary::write(directory.path(), &lock, text, Some(&before)).expect("a temporary file");
        let temporary = write("the edit");
        fs::write(&path, "by the editor").expect("a file");
        assert!(!temporary.replace(&path, &before).expect("an answer"));
        assert_eq!(fs::read_to_string(&path).expect("a file"), "by the editor");
        let now = fs::metadata(&path).expect("a file");
        assert!(write("the next edit").replace(&path, &now).expect("an answer"));
        assert_eq!(fs::read_to_string(&path).expect("a file"), "the next edit");
    }

    #[test]
    fn a_new_file_never_replaces_one_and_leaves_nothing_behind() {
        let directory = tempfile::tempdir().expect("a directory");
        let lock = Lock::take(directory.path()).expect("a lock");
        // As a writer leaves it that was killed.
        let left = directory.path().join(lock.temporary_name().expect("a name"));
        fs::write(&left, "half").expect("a file");
        let path = directory.path().join("A.md");
        let publish = |text| {
            let temporary = Temporary::write(directory.path(), &lock, text, None).expect("a temporary file");
            temporary.publish(&path).expect("an answer")
        };
        assert!(publish("first"));
        assert!(!publish("second"));
        assert_eq!(fs::read_to_string(&path).expect("a file"), "first");
        assert!(!left.exists());
    }
}

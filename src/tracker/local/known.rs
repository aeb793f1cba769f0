//! What is known of the issue files from an earlier look: a thousand that are done cost a stat each, not a read.
//!
//! Derived, and never the authority. An entry counts while its file has the same inode, size and times, and it is only
//! made of a file that had been quiet for a while when it was read: what is changed within one tick of the file system's
//! clock would look the same. Absent, torn or of another directory, the files are read.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, statat};
use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::model::Timestamp;

/// The file in the store.
const NAME: &str = "issue-files";
const VERSION: u32 = 1;
/// Fewer files than this are read as fast.
const MIN: usize = 200;
/// So long a file must have been left alone before it is trusted to show a change: the coarsest clock of a file system.
const QUIET_S: i64 = 3;

/// A file's state: inode, size, and when content and inode last changed, in seconds and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp(u64, u64, (i64, i64), (i64, i64));

impl Stamp {
    /// Of a regular file of the directory; a link may lead elsewhere without any sign of it.
    fn of(directory: &File, name: &OsStr) -> Option<Self> {
        let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let times =
            ((stat.st_mtime, stat.st_mtime_nsec.cast_signed()), (stat.st_ctime, stat.st_ctime_nsec.cast_signed()));
        is_file.then(|| Self(stat.st_ino, stat.st_size.cast_unsigned(), times.0, times.1))
    }

    fn is_quiet(&self, now: Timestamp) -> bool {
        self.2.0.max(self.3.0) + QUIET_S < now.timestamp()
    }
}

/// What others refer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "s")]
    stamp: Stamp,
    id: String,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// Whether its file was found as it says.
    #[serde(skip)]
    good: bool,
}

/// The file's content behind its sum.
#[derive(Default, Serialize, Deserialize)]
struct Content {
    v: u32,
    directory: PathBuf,
    files: HashMap<String, Entry>,
}

/// The files of one directory, as they were when they were last read.
pub(super) struct Known<'a> {
    store: &'a Path,
    directory: &'a Path,
    now: Timestamp,
    /// The directory, open, where there are enough files.
    open: Option<File>,
    old: HashMap<String, Entry>,
    /// Of files that were not known.
    new: HashMap<String, Entry>,
}

impl<'a> Known<'a> {
    /// What the store remembers of `directory`, in which there are so many files.
    pub(super) fn load(store: &'a Path, directory: &'a Path, files: usize, now: Timestamp) -> Self {
        let open = if files >= MIN { File::open(directory).ok() } else { None };
        let old = if open.is_some() { load(store, directory).unwrap_or_default() } else { HashMap::new() };
        Self { store, directory, now, open, old, new: HashMap::new() }
    }

    /// The record of a file that is known and not `wanted` (id, state) as a whole. Else its state, for [`Known::note`].
    pub(super) fn recall(&mut self, path: &Path, wanted: impl Fn(&str, &str) -> bool) -> Result<Record, Option<Stamp>> {
        let stamp = self.open.as_ref().zip(path.file_name()).and_then(|(open, name)| Stamp::of(open, name));
        let entry = path.file_name().and_then(|name| name.to_str()).and_then(|name| self.old.get_mut(name));
        let Some(entry) = entry.filter(|entry| Some(entry.stamp) == stamp) else { return Err(stamp) };
        entry.good = true;
        if wanted(&entry.id, &entry.state) {
            return Err(None);
        }
        let Entry { id, state, parent, .. } = entry.clone();
        Ok(Record { path: path.to_owned(), id, state, parent, ..Record::default() })
    }

    /// Remembers a file that had this state before it was read. Of one that is `wanted` nothing is: it is read each time.
    pub(super) fn note(&mut self, stamp: Option<Stamp>, record: &Record, wanted: impl Fn(&str, &str) -> bool) {
        let name = record.path.file_name().and_then(|name| name.to_str());
        let stamp = stamp.filter(|stamp| stamp.is_quiet(self.now) && !wanted(&record.id, &record.state));
        if let (Some(stamp), Some(name)) = (stamp, name) {
            let Record { id, state, parent, .. } = record.clone();
            self.new.insert(name.to_owned(), Entry { stamp, id, state, parent, good: true });
        }
    }

    /// Writes it down, where much was not known. What cannot be written is read next time.
    pub(super) fn keep(mut self) {
        let new = self.new.len();
        if new * 10 > new + self.old.len()
            && let Err(error) = self.write()
        {
            tracing::debug!(%error, "issue files not remembered");
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let mut files = std::mem::take(&mut self.new);
        files.extend(self.old.drain().filter(|(_, entry)| entry.good));
        let content = Content { v: VERSION, directory: self.directory.to_owned(), files };
        let body = serde_json::to_vec(&content)?;
        let mut file = tempfile::NamedTempFile::new_in(self.store.join("tmp"))?;
        writeln!(file, "{:08x}", crc32fast::hash(&body))?;
        file.write_all(&body)?;
        file.persist(self.store.join(NAME))?;
        Ok(())
    }
}

fn load(store: &Path, directory: &Path) -> Option<HashMap<String, Entry>> {
    let text = fs::read_to_string(store.join(NAME)).ok()?;
    let (sum, body) = text.split_once('\n')?;
    if u32::from_str_radix(sum, 16).ok()? != crc32fast::hash(body.as_bytes()) {
        return None;
    }
    let content: Content = serde_json::from_str(body).ok()?;
    (content.v == VERSION && content.directory == directory).then_some(content.files)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files are dated by the real clock")]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::scan::scan;
    use super::*;

    struct Fixture {
        place: tempfile::TempDir,
    }

    impl Fixture {
        fn new() -> Self {
            let place = tempfile::tempdir().expect("a directory");
            fs::create_dir_all(place.path().join("store/tmp")).expect("mkdir");
            fs::create_dir(place.path().join("issues")).expect("mkdir");
            let fixture = Self { place };
            for number in 1..=MIN {
                fixture.write(number, "Done");
            }
            fixture
        }

        fn issues(&self) -> PathBuf {
            self.place.path().join("issues")
        }

        fn kept(&self) -> PathBuf {
            self.place.path().join("store").join(NAME)
        }

        fn write(&self, number: usize, state: &str) {
            let text = format!("---\ntitle: An issue\nstate: {state}\nparent: T-1\n---\n\nText.\n");
            fs::write(self.issues().join(format!("T-{number}.md")), text).expect("written");
        }

        /// The states of all, looked at so many seconds from now, where those that are `wanted` are read as a whole.
        fn states(&self, in_s: i64, wanted: &str) -> Vec<(String, String, bool)> {
            let now = chrono::Utc::now() + chrono::TimeDelta::seconds(in_s);
            let scan = scan(&self.issues(), &self.place.path().join("store"), now, |_, state| state == wanted);
            let records = scan.expect("a scan").records.into_iter();
            records.map(|record| (record.id, record.state, record.description.is_some())).collect()
        }

        fn state_of(&self, number: usize) -> String {
            let states = self.states(60, "Todo");
            states.into_iter().find(|(id, ..)| *id == format!("T-{number}")).expect("the issue").1
        }
    }

    #[test]
    fn what_is_known_is_what_is_read() {
        let fixture = Fixture::new();
        let read = fixture.states(60, "Todo");
        assert_eq!(read.len(), MIN);
        let kept = fs::read_to_string(fixture.kept()).expect("kept");
        let lie = kept.split_once('\n').expect("two lines").1.replace("\"id\":\"T-7\"", "\"id\":\"lie\"");
        assert_eq!(fixture.states(60, "Todo"), read);
        assert_eq!(fs::read_to_string(fixture.kept()).expect("kept"), kept, "the second look wrote nothing");
        fs::write(fixture.kept(), format!("{:08x}\n{lie}", crc32fast::hash(lie.as_bytes()))).expect("written");
        assert!(fixture.states(60, "Todo").iter().any(|(id, ..)| id == "lie"), "so that the rest means something");
        fs::write(fixture.kept(), format!("00000000\n{lie}")).expect("written");
        assert_eq!(fixture.states(60, "Todo"), read, "a wrong sum");
        fs::write(fixture.kept(), &kept[..kept.len() / 2]).expect("written");
        assert_eq!(fixture.states(60, "Todo"), read, "half of it");
    }

    #[test]
    fn one_that_is_wanted_is_read_as_a_whole() {
        let fixture = Fixture::new();
        assert!(fixture.states(60, "Todo").iter().all(|(_, _, whole)| !whole));
        assert!(fixture.states(60, "Done").iter().all(|(_, _, whole)| *whole));
    }

    #[test]
    fn a_change_is_seen_whatever_was_done_to_hide_it() {
        let fixture = Fixture::new();
        let file = fixture.issues().join("T-9.md");
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        let date_back = || File::options().write(true).open(&file).and_then(|file| file.set_modified(long_ago));
        date_back().expect("dated back");
        assert_eq!(fixture.state_of(9), "Done");
        fixture.write(9, "Todo");
        date_back().expect("dated back");
        assert_eq!(fixture.state_of(9), "Todo", "as long, and of the same time");
        fs::rename(fixture.issues().join("T-8.md"), &file).expect("renamed");
        assert_eq!(fixture.state_of(9), "Done", "another file in its place");
    }

    #[test]
    fn a_file_that_was_changed_just_now_is_not_trusted() {
        let fixture = Fixture::new();
        fixture.states(0, "Todo");
        assert!(!fixture.kept().exists());
        fixture.states(60, "Todo");
        assert!(fixture.kept().exists());
    }

    #[test]
    fn few_files_are_read() {
        let fixture = Fixture::new();
        fs::remove_file(fixture.issues().join("T-1.md")).expect("removed");
        fixture.states(60, "Todo");
        assert!(!fixture.kept().exists());
    }
}

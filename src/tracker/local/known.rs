//! What is known of the issue files from an earlier look: a thousand that are done cost a stat each, not a read.
//!
//! Derived, and never the authority. An entry counts while its file has the same inode, size and time of change, and it
//! is only made of a file that had been quiet for a while when it was read: what is changed within one tick of the file
//! system's clock would look the same. Absent, torn or of another directory, the files are read.
//!
//! The file has a line with the sum of what follows, a header, and a line for each issue file, by the bytes of their
//! names: text that is cut at its tabs and borrowed, since a poll reads it whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, statat};
use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::model::Timestamp;

/// The file in the store.
const NAME: &str = "issue-files";
const VERSION: u32 = 2;
/// Fewer files than this are read as fast.
const MIN: usize = 200;
/// So long a file must have been left alone before it is trusted to show a change: the coarsest clock of a file system.
const QUIET_S: i64 = 3;

/// A file's state: inode, size, and when its inode last changed, in seconds and nanoseconds. Every write changes that,
/// and nobody can set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    size: u64,
    changed_s: i64,
    changed_ns: i64,
}

impl Stamp {
    /// Of a regular file of the directory; a link may lead elsewhere without any sign of it.
    fn of(directory: &File, name: &str) -> Option<Self> {
        let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let changed_ns = i64::try_from(stat.st_ctime_nsec).ok()?;
        let size = stat.st_size.cast_unsigned();
        is_file.then_some(Self { inode: stat.st_ino, size, changed_s: stat.st_ctime, changed_ns })
    }

    fn is_quiet(self, now: Timestamp) -> bool {
        self.changed_s + QUIET_S < now.timestamp()
    }
}

/// What others refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry<'t> {
    /// The file's name.
    name: &'t str,
    stamp: Stamp,
    id: &'t str,
    state: &'t str,
    parent: Option<&'t str>,
    /// Whether its file was found as it says.
    good: bool,
}

impl<'t> Entry<'t> {
    fn parse(line: &'t str) -> Option<Self> {
        let mut parts = line.split('\t');
        let mut part = || parts.next();
        let name = part()?;
        let (inode, size) = (part()?.parse().ok()?, part()?.parse().ok()?);
        let (changed_s, changed_ns) = (part()?.parse().ok()?, part()?.parse().ok()?);
        let (id, state, parent) = (part()?, part()?, part());
        Some(Self { name, stamp: Stamp { inode, size, changed_s, changed_ns }, id, state, parent, good: false })
    }

    /// Its line; `None` where that would not be one.
    fn line(&self) -> Option<String> {
        let Self { name, stamp: Stamp { inode, size, changed_s, changed_ns }, id, state, parent, good: _ } = self;
        let mut line = format!("{name}\t{inode}\t{size}\t{changed_s}\t{changed_ns}\t{id}\t{state}");
        if let Some(parent) = parent {
            line.extend(["\t", parent]);
        }
        let is_one = !line.contains('\n') && Entry::parse(&line) == Some(Entry { good: false, ..*self });
        is_one.then_some(line)
    }
}

/// The header.
#[derive(Serialize, Deserialize)]
struct Header {
    v: u32,
    directory: PathBuf,
}

/// The files of one directory, as they were when they were last read.
pub(super) struct Known<'t> {
    store: &'t Path,
    directory: &'t Path,
    now: Timestamp,
    /// The directory, open, where there are enough files.
    open: Option<File>,
    /// By name.
    old: Vec<Entry<'t>>,
    /// The lines of files that were not known.
    new: Vec<String>,
}

/// What the store remembers of issue files; nothing where there are so few that they are read.
pub(super) fn remembered(store: &Path, files: usize) -> String {
    if files < MIN { String::new() } else { fs::read_to_string(store.join(NAME)).unwrap_or_default() }
}

impl<'t> Known<'t> {
    /// Of `directory`, in which there are so many files, by what is remembered.
    pub(super) fn new(text: &'t str, store: &'t Path, directory: &'t Path, files: usize, now: Timestamp) -> Self {
        let open = if files < MIN { None } else { File::open(directory).ok() };
        let old = if open.is_some() { parse(text, directory).unwrap_or_default() } else { Vec::new() };
        Self { store, directory, now, open, old, new: Vec::new() }
    }

    /// The record of a file that is known and not `wanted` (id, state) as a whole. Else its state, for [`Known::note`].
    pub(super) fn recall(&mut self, path: &Path, wanted: impl Fn(&str, &str) -> bool) -> Result<Record, Option<Stamp>> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(None)?;
        let stamp = self.open.as_ref().and_then(|open| Stamp::of(open, name));
        let place = self.old.binary_search_by(|entry| entry.name.cmp(name));
        let entry = place.ok().and_then(|place| self.old.get_mut(place));
        let Some(entry) = entry.filter(|entry| Some(entry.stamp) == stamp) else { return Err(stamp) };
        entry.good = true;
        let Entry { id, state, parent, .. } = *entry;
        if wanted(id, state) {
            return Err(None);
        }
        let parent = parent.map(str::to_owned);
        Ok(Record { path: path.to_owned(), id: id.to_owned(), state: state.to_owned(), parent, ..Record::default() })
    }

    /// Remembers a file that had this state before it was read. Of one that is `wanted` nothing is: it is read each time.
    pub(super) fn note(&mut self, stamp: Option<Stamp>, record: &Record, wanted: impl Fn(&str, &str) -> bool) {
        let Record { path, id, state, parent, .. } = record;
        let stamp = stamp.filter(|stamp| stamp.is_quiet(self.now) && !wanted(id, state));
        if let (Some(stamp), Some(name)) = (stamp, path.file_name().and_then(|name| name.to_str())) {
            self.new.extend(Entry { name, stamp, id, state, parent: parent.as_deref(), good: true }.line());
        }
    }

    /// Writes it down, where much was not known. What cannot be written is read next time.
    pub(super) fn keep(self) {
        let new = self.new.len();
        if new * 10 > new + self.old.len()
            && let Err(error) = self.write()
        {
            tracing::debug!(%error, "issue files not remembered");
        }
    }

    fn write(self) -> io::Result<()> {
        let mut lines = self.new;
        lines.extend(self.old.iter().filter(|entry| entry.good).filter_map(Entry::line));
        lines.sort_unstable_by(|a, b| name_of(a).cmp(name_of(b)));
        let header = serde_json::to_string(&Header { v: VERSION, directory: self.directory.to_owned() })?;
        let body = [header].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
        let mut file = tempfile::NamedTempFile::new_in(self.store.join("tmp"))?;
        write!(file, "{:08x}\n{body}", crc32fast::hash(body.as_bytes()))?;
        file.persist(self.store.join(NAME))?;
        Ok(())
    }
}

fn name_of(line: &str) -> &str {
    line.split('\t').next().unwrap_or_default()
}

fn parse<'t>(text: &'t str, directory: &Path) -> Option<Vec<Entry<'t>>> {
    let (sum, body) = text.split_once('\n')?;
    if u32::from_str_radix(sum, 16).ok()? != crc32fast::hash(body.as_bytes()) {
        return None;
    }
    let mut lines = body.split('\n');
    let header: Header = serde_json::from_str(lines.next()?).ok()?;
    if header.v != VERSION || header.directory != directory {
        return None;
    }
    lines.map(Entry::parse).collect()
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
        let lie = kept.split_once('\n').expect("two lines").1.replace("\tT-7\t", "\tlie\t");
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
    fn what_would_break_a_line_is_read_each_time() {
        let fixture = Fixture::new();
        let text = "---\nid: X-1\ntitle: An issue\nstate: Done\n---\n";
        fs::write(fixture.issues().join("a\tb.md"), text).expect("written");
        let read = fixture.states(60, "Todo");
        assert!(read.iter().any(|(id, ..)| id == "X-1"));
        let kept = fs::read_to_string(fixture.kept()).expect("kept");
        assert_eq!(kept.lines().count(), MIN + 2, "a sum, a header and the others");
        assert_eq!(fixture.states(60, "Todo"), read);
    }

    #[test]
    fn few_files_are_read() {
        let fixture = Fixture::new();
        fs::remove_file(fixture.issues().join("T-1.md")).expect("removed");
        fixture.states(60, "Todo");
        assert!(!fixture.kept().exists());
    }
}

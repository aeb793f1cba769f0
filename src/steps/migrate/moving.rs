//! Moving one conversation between the active store, the archive and the flat directory that came before them (FEATURES
//! O18). Nothing is deleted but what was copied, on another file system, and found equal; a copy that is less complete
//! than another goes to a backup, and one of two that differ is never touched.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::crash;

/// Where a conversation may lie, in the order in which it is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Active,
    Archived,
    Legacy,
}

impl Place {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Legacy => "legacy",
        }
    }
}

/// What becomes of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// It comes into its place.
    ToTarget,
    /// It is there.
    AlreadyInTarget,
    /// It is nowhere.
    Missing,
}

/// What is to be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) outcome: Moved,
    /// The copy that comes into the target, and where it is.
    pub(super) source: Option<(PathBuf, Place)>,
    /// Where it goes.
    target: PathBuf,
    /// Copies of which another holds everything.
    pub(super) duplicates: Vec<PathBuf>,
}

/// The stores of one repository.
#[derive(Debug)]
pub(super) struct Stores {
    root: PathBuf,
    repository: PathBuf,
}

impl Stores {
    pub(super) fn new(root: &Path, repository_key: &str) -> Self {
        Self { root: root.to_owned(), repository: root.join("repos").join(repository_key) }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn backup(&self) -> PathBuf {
        self.root.join(".baton-backup")
    }

    fn dir(&self, place: Place) -> PathBuf {
        match place {
            Place::Active => self.repository.join("active"),
            Place::Archived => self.repository.join("archived"),
            Place::Legacy => self.root.clone(),
        }
    }

    /// Makes the stores, and takes away what a killed call left half copied.
    pub(super) fn prepare(&self) -> io::Result<()> {
        for place in [Place::Active, Place::Archived] {
            fs::create_dir_all(self.dir(place))?;
            for entry in fs::read_dir(self.dir(place))? {
                let entry = entry?;
                if entry.file_name().as_encoded_bytes().starts_with(HALF.as_bytes()) {
                    fs::remove_dir_all(entry.path())?;
                }
            }
        }
        Ok(())
    }

    /// Every copy, the best known name first.
    fn copies(&self, id: Uuid) -> Vec<(PathBuf, Place)> {
        let names = [id.simple().to_string(), id.hyphenated().to_string()];
        let places = [Place::Active, Place::Archived, Place::Legacy];
        let all =
            places.into_iter().flat_map(|place| names.iter().map(move |name| (self.dir(place).join(name), place)));
        all.filter(|(path, _)| path.is_dir() && !path.is_symlink()).collect()
    }

    /// What is to be done so that `target` has the most complete copy.
    pub(super) fn plan(&self, id: Uuid, target: Place) -> io::Result<Plan> {
        let copies = self.copies(id);
        let name = self.dir(target).join(id.simple().to_string());
        let Some((first, _)) = copies.first() else {
            return Ok(Plan { outcome: Moved::Missing, source: None, target: name, duplicates: Vec::new() });
        };
        // One that is in its place stays, unless another holds all of it and more.
        let mut best = copies.iter().find(|(_, place)| *place == target).map_or(first, |(path, _)| path);
        for (path, _) in &copies {
            if path != best && holds(path, best)? && !holds(best, path)? {
                best = path;
            }
        }
        let mut duplicates = Vec::new();
        for (path, _) in &copies {
            if path != best && holds(best, path)? {
                duplicates.push(path.clone());
            }
        }
        let place = copies.iter().find(|(path, _)| path == best).map_or(target, |(_, place)| *place);
        let is_there = place == target;
        let blocked = !is_there && name.exists() && !duplicates.contains(&name);
        if is_there || blocked {
            return Ok(Plan { outcome: Moved::AlreadyInTarget, source: None, target: name, duplicates });
        }
        Ok(Plan { outcome: Moved::ToTarget, source: Some((best.clone(), place)), target: name, duplicates })
    }

    /// Does it: the less complete copies first, one of which may be in the way.
    pub(super) fn carry_out(&self, plan: &Plan) -> io::Result<()> {
        for duplicate in &plan.duplicates {
            fs::create_dir_all(self.backup())?;
            relocate(duplicate, &self.free_backup(duplicate))?;
        }
        match &plan.source {
            Some((source, _)) => relocate(source, &plan.target),
            None => Ok(()),
        }
    }

    fn free_backup(&self, of: &Path) -> PathBuf {
        let name = of.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let numbered = (1_u32..).map(|n| self.backup().join(format!("{name}.{n}")));
        numbered.into_iter().find(|path| !path.exists()).unwrap_or_else(|| self.backup().join(name))
    }
}

/// The beginning of the name of a copy that is not whole yet.
const HALF: &str = ".baton-half-";

/// Moves a directory; on another file system by a copy that is flushed, renamed and compared before the source goes.
fn relocate(from: &Path, to: &Path) -> io::Result<()> {
    crash::point();
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => copy_over(from, to),
        Err(error) => return Err(error),
        Ok(()) => Ok(()),
    }?;
    for dir in [to.parent(), from.parent()].into_iter().flatten() {
        fs::File::open(dir)?.sync_all()?;
    }
    Ok(())
}

pub(super) fn copy_over(from: &Path, to: &Path) -> io::Result<()> {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let half = to.with_file_name(format!("{HALF}{name}"));
    if half.exists() {
        fs::remove_dir_all(&half)?;
    }
    copy_tree(from, &half)?;
    crash::point();
    fs::rename(&half, to)?;
    if let Some(dir) = to.parent() {
        fs::File::open(dir)?.sync_all()?;
    }
    if tree(from)? != tree(to)? {
        return Err(io::Error::other(format!("the copy {} is not equal to {}", to.display(), from.display())));
    }
    crash::point();
    fs::remove_dir_all(from)
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    crash::point();
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target, kind) = (entry.path(), to.join(entry.file_name()), entry.file_type()?);
        if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else {
            crash::point();
            fs::copy(&source, &target)?;
            fs::File::open(&target)?.sync_all()?;
        }
    }
    fs::File::open(to)?.sync_all()
}

/// What is in a directory: each file's bytes, and where each link leads.
fn tree(dir: &Path) -> io::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for entry in walkdir::WalkDir::new(dir) {
        let entry = entry.map_err(io::Error::other)?;
        let name = entry.path().strip_prefix(dir).unwrap_or(entry.path()).to_owned();
        if entry.file_type().is_symlink() {
            let link = fs::read_link(entry.path())?;
            all.insert(name, [b"link ", link.as_os_str().as_encoded_bytes()].concat());
        } else if entry.file_type().is_file() {
            all.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(all)
}

/// Whether a copy has everything that another has: each of its files, or one that goes on where that one stops.
fn holds(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (tree(one)?, tree(other)?);
    Ok(other.iter().all(|(name, bytes)| one.get(name).is_some_and(|there| there.starts_with(bytes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(0xdd25_8bb7_cc1b_415c_9892_e19a_f34a_2e66);

    fn stores() -> (tempfile::TempDir, Stores) {
        let dir = tempfile::tempdir().expect("a directory");
        let stores = Stores::new(dir.path(), "repo-0123456789ab");
        stores.prepare().expect("prepared");
        (dir, stores)
    }

    fn conversation(stores: &Stores, place: Place, dashed: bool, files: &[(&str, &str)]) -> PathBuf {
        let name = if dashed { ID.hyphenated().to_string() } else { ID.simple().to_string() };
        let path = stores.dir(place).join(name);
        for (name, text) in files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().expect("a directory")).expect("made");
            fs::write(file, text).expect("written");
        }
        path
    }

    fn moved(stores: &Stores, target: Place) -> Moved {
        let plan = stores.plan(ID, target).expect("a plan");
        stores.carry_out(&plan).expect("done");
        plan.outcome
    }

    #[test]
    fn it_is_found_under_both_names_and_moved_once() {
        for (place, dashed) in [(Place::Legacy, false), (Place::Legacy, true), (Place::Active, true)] {
            let (_dir, stores) = stores();
            assert_eq!(moved(&stores, Place::Archived), Moved::Missing);
            let from = conversation(&stores, place, dashed, &[("events/1.json", "one")]);
            assert_eq!(moved(&stores, Place::Archived), Moved::ToTarget);
            let there = stores.dir(Place::Archived).join(ID.simple().to_string());
            assert_eq!(fs::read_to_string(there.join("events/1.json")).expect("text"), "one");
            assert!(!from.exists());
            assert_eq!(moved(&stores, Place::Archived), Moved::AlreadyInTarget);
        }
    }

    #[test]
    fn of_two_copies_the_more_complete_one_comes_into_the_target_and_the_other_is_kept() {
        for more_in_target in [true, false] {
            let (_dir, stores) = stores();
            let [less, more] = [&[("log", "one")][..], &[("log", "one two"), ("state", "x")][..]];
            let (active, legacy) = if more_in_target { (more, less) } else { (less, more) };
            conversation(&stores, Place::Active, false, active);
            let old = conversation(&stores, Place::Legacy, true, legacy);
            assert_eq!(
                moved(&stores, Place::Active),
                if more_in_target { Moved::AlreadyInTarget } else { Moved::ToTarget }
            );
            let there = stores.dir(Place::Active).join(ID.simple().to_string());
            assert_eq!(fs::read_to_string(there.join("log")).expect("text"), "one two");
            assert!(!old.exists());
            let kept = fs::read_dir(stores.backup()).expect("a backup").flatten().next().expect("a copy");
            assert_eq!(fs::read_to_string(kept.path().join("log")).expect("text"), "one");
            assert_eq!(moved(&stores, Place::Active), Moved::AlreadyInTarget);
            assert_eq!(fs::read_dir(stores.backup()).expect("a backup").count(), 1);
        }
    }

    #[test]
    fn copies_that_differ_both_stay() {
        let (_dir, stores) = stores();
        let active = conversation(&stores, Place::Active, false, &[("log", "one")]);
        let legacy = conversation(&stores, Place::Legacy, false, &[("log", "two")]);
        assert_eq!(moved(&stores, Place::Active), Moved::AlreadyInTarget);
        assert_eq!(moved(&stores, Place::Archived), Moved::ToTarget, "the first in order");
        assert!(!active.exists() && legacy.exists());
    }

    #[test]
    fn across_file_systems_the_source_goes_only_when_the_copy_is_equal() {
        let (_dir, stores) = stores();
        let from = conversation(&stores, Place::Legacy, false, &[("a/b", "text"), ("c", "")]);
        std::os::unix::fs::symlink("c", from.join("link")).expect("a link");
        let expected = tree(&from).expect("a tree");
        let to = stores.dir(Place::Active).join("copied");
        // What a killed call left.
        fs::create_dir(stores.dir(Place::Active).join(format!("{HALF}copied"))).expect("made");
        copy_over(&from, &to).expect("copied");
        assert_eq!(tree(&to).expect("a tree"), expected);
        assert!(!from.exists());
    }
}

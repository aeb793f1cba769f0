//! Which WORKFLOW.md and which store a command works with (DESIGN §3): a flag, else the environment, else the
//! `.baton-store` of the workspace that the command stands in, else walking up as git finds `.git`.

use std::path::{Path, PathBuf};

use crate::project::Place;
use crate::seams::Environment;
use crate::workspace::{LEASES, STORE_MARKER};

/// The workflow's file name.
pub const WORKFLOW_FILE: &str = "WORKFLOW.md";
/// The store's directory, beside the workflow.
pub const STORE_DIR: &str = ".baton";

/// What was asked for on the command line, and where the command stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `--workflow`, absolute.
    pub workflow: Option<PathBuf>,
    /// `--store`, absolute.
    pub store: Option<PathBuf>,
    /// The current directory, after `-C`; absolute.
    pub here: PathBuf,
}

/// Why no place was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// There is no WORKFLOW.md here or above.
    #[error("no WORKFLOW.md in {0} or above it")]
    None(PathBuf),
    /// The one above belongs to somebody else.
    #[error("{path} belongs to user {owner}, not to you")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
    },
}

/// Finds the place. `store.path` of the configuration is not looked at here: see [`with_configured_store`].
pub fn find(wanted: &Wanted, env: &Environment) -> Result<Place, PlaceError> {
    let from_env = |name: &str| env.path(name).map(|path| wanted.here.join(path));
    let named_by_flag = wanted.workflow.is_some() || wanted.store.is_some();
    let (workflow, store) = if named_by_flag {
        (wanted.workflow.clone(), wanted.store.clone())
    } else {
        (from_env("BATON_WORKFLOW"), from_env("BATON_STORE"))
    };
    match (workflow, store) {
        (Some(workflow), Some(store)) => Ok(Place { workflow, store }),
        (Some(workflow), None) => Ok(beside(workflow)),
        (None, Some(store)) => Ok(of_store(store)),
        (None, None) => match pointer_above(&wanted.here) {
            Some(store) => Ok(of_store(store)),
            None => walk_up(&wanted.here),
        },
    }
}

/// The place with the store that the configuration names, unless the store was named otherwise.
#[must_use]
pub fn with_configured_store(place: Place, configured: Option<&Path>, wanted: &Wanted, env: &Environment) -> Place {
    let named = wanted.store.is_some() || (wanted.workflow.is_none() && env.path("BATON_STORE").is_some());
    match configured {
        Some(path) if !named && place == beside(place.workflow.clone()) => Place { store: path.to_owned(), ..place },
        _ => place,
    }
}

fn beside(workflow: PathBuf) -> Place {
    let directory = workflow.parent().unwrap_or(Path::new("/"));
    Place { store: directory.join(STORE_DIR), workflow }
}

/// A store's WORKFLOW.md, as far as its place tells: the one beside it.
fn of_store(store: PathBuf) -> Place {
    let directory = store.parent().unwrap_or(Path::new("/"));
    Place { workflow: directory.join(WORKFLOW_FILE), store }
}

/// The store that the nearest `.baton-store` above names. It speaks for the root that it lies in and for the workspaces
/// there, which are those with a lease: a root such as `/tmp` may hold projects of their own as well.
fn pointer_above(here: &Path) -> Option<PathBuf> {
    here.ancestors().find_map(|directory| {
        let marker = directory.join(STORE_MARKER);
        let text = std::fs::read_to_string(&marker).ok().filter(|text| !text.trim().is_empty())?;
        if !is_workspace(here, directory) || owner_of(&marker) != Some(rustix::process::getuid().as_raw()) {
            return None;
        }
        Some(directory.join(text.trim())).filter(|path| path.is_absolute())
    })
}

fn is_workspace(here: &Path, root: &Path) -> bool {
    let below = here.strip_prefix(root).ok().and_then(|below| below.components().next());
    below.is_none_or(|name| root.join(LEASES).join(name).exists())
}

fn walk_up(here: &Path) -> Result<Place, PlaceError> {
    for directory in here.ancestors() {
        let directory = main_checkout(directory);
        let path = directory.join(WORKFLOW_FILE);
        // A store whose WORKFLOW.md is gone is a project that is broken: the one above is not meant.
        let signs = [path.clone(), directory.join(STORE_DIR).join("FORMAT")];
        let Some((owner, sign)) = signs.into_iter().find_map(|sign| Some((owner_of(&sign)?, sign))) else { continue };
        if owner != rustix::process::getuid().as_raw() {
            return Err(PlaceError::Foreign { path: sign, owner });
        }
        return Ok(beside(path));
    }
    Err(PlaceError::None(here.to_owned()))
}

/// Whose it is; a link to nothing is there, too.
fn owner_of(path: &Path) -> Option<u32> {
    let found = std::fs::metadata(path).or_else(|_| std::fs::symlink_metadata(path)).ok()?;
    Some(std::os::unix::fs::MetadataExt::uid(&found))
}

/// In a linked worktree (`.git` is a file that names `<main>/.git/worktrees/<name>`): the main checkout's directory.
fn main_checkout(directory: &Path) -> PathBuf {
    let main = || {
        let text = std::fs::read_to_string(directory.join(".git")).ok()?;
        let git_dir = directory.join(text.strip_prefix("gitdir:")?.trim());
        let common = std::fs::read_to_string(git_dir.join("commondir")).ok()?;
        let common = git_dir.join(common.trim()).canonicalize().ok()?;
        let checkout = common.parent()?;
        (common.file_name()? == ".git" && checkout.join(WORKFLOW_FILE).exists()).then(|| checkout.to_owned())
    };
    main().unwrap_or_else(|| directory.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join(WORKFLOW_FILE), "").expect("a workflow");
        std::fs::create_dir_all(dir.path().join("a/b")).expect("directories");
        dir
    }

    fn at(here: &Path) -> Wanted {
        Wanted { here: here.to_owned(), ..Wanted::default() }
    }

    fn env(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| (*name, *value)).collect()
    }

    #[test]
    fn it_walks_up() {
        let dir = project();
        let place = find(&at(&dir.path().join("a/b")), &env(&[])).expect("a place");
        assert_eq!(place.workflow, dir.path().join(WORKFLOW_FILE));
        assert_eq!(place.store, dir.path().join(STORE_DIR));
    }

    #[test]
    fn nothing_above_is_said_with_the_directory() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(find(&at(dir.path()), &env(&[])), Err(PlaceError::None(dir.path().to_owned())));
    }

    #[test]
    fn a_flag_goes_before_the_environment_and_that_before_walking() {
        let dir = project();
        let both = env(&[("BATON_WORKFLOW", "/w/WORKFLOW.md"), ("BATON_STORE", "/s")]);
        let place = find(&at(dir.path()), &both).expect("a place");
        assert_eq!((place.workflow, place.store), ("/w/WORKFLOW.md".into(), "/s".into()));
        let flagged = Wanted { workflow: Some("/x/WORKFLOW.md".into()), ..at(dir.path()) };
        let place = find(&flagged, &both).expect("a place");
        assert_eq!((place.workflow, place.store), ("/x/WORKFLOW.md".into(), "/x/.baton".into()));
    }

    #[test]
    fn a_workspace_knows_its_store_and_is_no_project_itself() {
        let dir = project();
        let workspace = dir.path().join("roots/W-1");
        std::fs::create_dir_all(&workspace).expect("a workspace");
        std::fs::write(workspace.join(WORKFLOW_FILE), "").expect("the repository's copy");
        std::fs::write(dir.path().join("roots").join(STORE_MARKER), "/the/store\n").expect("a pointer");
        let leases = dir.path().join("roots").join(LEASES);
        std::fs::create_dir(&leases).and_then(|()| std::fs::write(leases.join("W-1"), "")).expect("a lease");
        let place = find(&at(&workspace), &env(&[])).expect("a place");
        assert_eq!((place.workflow, place.store), ("/the/WORKFLOW.md".into(), "/the/store".into()));
    }

    #[test]
    fn a_project_below_a_workspace_root_is_itself() {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::write(root.path().join(STORE_MARKER), "/the/store\n").expect("a pointer");
        let project = root.path().join("mine");
        std::fs::create_dir(&project)
            .and_then(|()| std::fs::write(project.join(WORKFLOW_FILE), ""))
            .expect("a project");
        assert_eq!(find(&at(&project), &env(&[])).expect("a place").store, project.join(STORE_DIR));
        assert_eq!(find(&at(root.path()), &env(&[])).expect("a place").store, Path::new("/the/store"));
    }

    #[test]
    fn a_configured_store_yields_to_a_named_one() {
        let place = Place { workflow: "/p/WORKFLOW.md".into(), store: "/p/.baton".into() };
        let configured = Some(Path::new("/var/s"));
        let moved = with_configured_store(place.clone(), configured, &at(Path::new("/p")), &env(&[]));
        assert_eq!(moved.store, Path::new("/var/s"));
        let named = Wanted { store: Some("/p/.baton".into()), ..at(Path::new("/p")) };
        assert_eq!(with_configured_store(place.clone(), configured, &named, &env(&[])), place);
    }

    #[test]
    fn a_linked_worktree_uses_the_main_checkout() {
        let dir = project();
        let git_dir = dir.path().join(".git/worktrees/side");
        let side = dir.path().join("a/b");
        std::fs::create_dir_all(&git_dir).expect("a git directory");
        std::fs::write(git_dir.join("commondir"), "../..\n").expect("commondir");
        std::fs::write(side.join(".git"), format!("gitdir: {}\n", git_dir.display())).expect("a .git file");
        std::fs::write(side.join(WORKFLOW_FILE), "").expect("its copy");
        let place = find(&at(&side), &env(&[])).expect("a place");
        let main = dir.path().canonicalize().expect("a path");
        assert_eq!(place.workflow, main.join(WORKFLOW_FILE));
    }
}

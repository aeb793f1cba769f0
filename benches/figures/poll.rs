//! A poll of a thousand issues that have not changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;

use crate::claim::with_issues;
use crate::project::{Project, Settings};
use crate::strace;
use crate::table::Figure;
use crate::timing::{in_turns, time};

const ISSUES: u32 = 1000;
const ROUNDS: usize = 10;
/// System calls that change a file or flush one.
const WRITING: &str = "trace=write,pwrite64,writev,pwritev,ftruncate,truncate,rename,renameat,renameat2,unlink,unlinkat,\
                       mkdir,mkdirat,link,linkat,symlink,symlinkat,fsync,fdatasync,syncfs,sync,sync_file_range";

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let project = with_issues(ISSUES)?;
    let before = files(&project)?;
    let mut poll = || time(project.baton().arg("poll"));
    poll()?;
    let touched = files(&project)?.iter().filter(|(path, state)| before.get(*path) != Some(state)).count();
    let repository = repository()?;
    let [poll, status] = in_turns(ROUNDS, [&mut poll, &mut || time(repository.command("git").arg("status"))])?;
    let calls = if strace::is_there() {
        let (_, calls) = strace::trace(project.baton().args(["--quiet", "poll"]), &["-y", "-e", WRITING])?;
        let store = format!("{}/", project.path().canonicalize()?.join(".baton").display());
        let on_store = calls.iter().filter(|call| call.rest.contains(&store) || call.name.contains("sync")).count();
        Figure::of("… its writes and flushes", on_store)
    } else {
        Figure::of("… its writes and flushes", strace::MISSING)
    };
    Ok(vec![
        Figure::times("a poll of 1,000 unchanged issues", poll, "git status, 1,000 files", status),
        Figure::of("… files of the store that changed", touched).reach(0),
        calls.reach(0),
    ])
}

/// A repository with as many files as there are issues.
fn repository() -> Result<Project> {
    let project = Project::new(&Settings::default())?;
    let files: Vec<_> = (0..ISSUES).map(|number| (format!("file-{number}"), format!("{number}\n"))).collect();
    project.commit_files(&files)?;
    Ok(project)
}

/// Every file of the store by path, with content and time; `polled` is but a time, and touched by each poll.
fn files(project: &Project) -> Result<BTreeMap<PathBuf, (Vec<u8>, SystemTime)>> {
    let mut files = BTreeMap::new();
    collect(&project.path().join(".baton"), &mut files)?;
    files.retain(|path, _| !path.ends_with("polled"));
    Ok(files)
}

fn collect(directory: &Path, files: &mut BTreeMap<PathBuf, (Vec<u8>, SystemTime)>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.insert(entry.path(), (fs::read(entry.path())?, entry.metadata()?.modified()?));
        }
    }
    Ok(())
}

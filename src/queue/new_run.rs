//! The folder and the lifeline of a run that a transaction is about to name.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::ClaimError;
use crate::model::{ArchivedIssue, Key, RunId};
use crate::process;
use crate::run_folder::read_json;
use crate::store::Store;

/// A run in the making. Dropped, its folder goes again; [`NewRun::keep`] is for when the claim is committed.
pub(super) struct NewRun<'s> {
    store: &'s Store,
    key: &'s Key,
    made: Option<PathBuf>,
}

impl<'s> NewRun<'s> {
    pub(super) fn of(store: &'s Store, key: &'s Key) -> Self {
        Self { store, key, made: None }
    }

    /// Makes the folder of the next free number behind `last`, and its lifeline.
    pub(super) fn make(&mut self, last: u32) -> Result<(RunId, File), ClaimError> {
        let mut number = if last == 0 { self.archived() } else { last };
        loop {
            number += 1;
            let run = RunId { key: self.key.clone(), number };
            let folder = self.store.layout().run(&run);
            crate::crash::point();
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => {
                    let path = folder.join("lifeline");
                    self.made = Some(folder);
                    let lifeline = process::create_lifeline(&path).map_err(|source| ClaimError::Io { path, source })?;
                    return Ok((run, lifeline));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(ClaimError::Io { path: folder, source }),
            }
        }
    }

    /// The highest number of an issue that was archived and has come back: none up to it is given out again.
    fn archived(&self) -> u32 {
        let path = self.store.layout().archive().join(format!("{}.json", self.key));
        read_json::<ArchivedIssue>(&path).map_or(0, |archived| archived.last_run)
    }

    /// It is named: it stays.
    pub(super) fn keep(mut self) {
        self.made = None;
    }
}

impl Drop for NewRun<'_> {
    fn drop(&mut self) {
        if let Some(folder) = &self.made {
            discard(folder);
        }
    }
}

/// What cannot be removed is an unnamed folder, left to `gc`.
fn discard(folder: &Path) {
    let _ = fs::remove_file(folder.join("lifeline"));
    let _ = fs::remove_dir(folder);
}

//! Files that stay open between transactions, verified each time before they are used again.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::fs::{Access, Fs, FsFile, Stat};

/// An open file, as long as it is the one that its path names.
#[derive(Default)]
pub(super) struct Cached(Option<(Stat, Arc<dyn FsFile>)>);

impl Cached {
    /// The file that `path` names now, and its state; opened anew where another one has taken its place.
    pub(super) fn get(&mut self, fs: &dyn Fs, path: &Path, access: Access) -> io::Result<(Arc<dyn FsFile>, Stat)> {
        let there = match fs.stat(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            other => Some(other?),
        };
        if let (Some((known, file)), Some(there)) = (&self.0, there)
            && (known.dev, known.ino) == (there.dev, there.ino)
        {
            return Ok((Arc::clone(file), there));
        }
        self.0 = None;
        let file: Arc<dyn FsFile> = fs.open(path, access)?.into();
        let there = match there {
            Some(there) => there,
            None => fs.stat(path)?,
        };
        self.0 = Some((there, Arc::clone(&file)));
        Ok((file, there))
    }
}

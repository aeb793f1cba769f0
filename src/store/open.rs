//! Opening and making a store, and who may write it.

use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, OnceLock};

use super::blank::Blank;
use super::error::{At as _, StoreError};
use super::fs::{Fs, RealFs};
use super::layout::Layout;
use super::writer::Writer;
use super::{Options, Redactor, Store, format};

impl Store {
    /// Opens what is there. `NotFound` where there is no store.
    pub fn open(root: &Path, options: Options) -> Result<Self, StoreError> {
        Self::open_on(Arc::new(RealFs), root, options)
    }

    /// Opens it, and makes it first where there is none (built aside, renamed). `true`: made now.
    pub fn open_or_create(root: &Path, options: Options) -> Result<(Self, bool), StoreError> {
        Self::open_or_create_on(Arc::new(RealFs), root, options)
    }

    /// [`Store::open`] on another file system than the real one.
    pub fn open_on(fs: Arc<dyn Fs>, root: &Path, options: Options) -> Result<Self, StoreError> {
        let root = match std::fs::canonicalize(root) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(StoreError::NotFound { root: root.to_owned() });
            }
            other => other.at("resolve", root)?,
        };
        if root.to_str().is_none() {
            let source = io::Error::new(io::ErrorKind::InvalidFilename, "it is not UTF-8, as records must be");
            return Err(source).at("use", &root);
        }
        let layout = Layout { root };
        let id = format::read(&*fs, &layout)?;
        if !options.allow_network_fs {
            format::check_local(&layout.root, &layout.root)?;
        }
        let owner = fs.stat(&layout.root).at("look at", &layout.root)?.uid;
        Ok(Self::new(fs, layout, id, owner, options))
    }

    /// One that is not there, as readers and dry runs see it: empty. What would be written is refused, and nothing is made.
    ///
    /// # Errors
    /// Only where `root` cannot be made absolute.
    pub fn blank(root: &Path, options: Options) -> Result<Self, StoreError> {
        let layout = Layout { root: std::path::absolute(root).at("resolve", root)? };
        let fs = Arc::new(Blank { layout: layout.clone() });
        Ok(Self::new(fs, layout, String::new(), rustix::process::geteuid().as_raw(), options))
    }

    fn new(fs: Arc<dyn Fs>, layout: Layout, id: String, owner: u32, options: Options) -> Self {
        Self {
            writer: Mutex::new(Writer::new(&layout)),
            fs,
            layout,
            id,
            owner,
            lock_timeout: options.lock_timeout,
            segment_bytes: options.segment_bytes,
            redactor: Redactor::new(options.secrets),
            boot_id: OnceLock::new(),
            index: Mutex::default(),
            searches: AtomicU32::default(),
            newcomers: Mutex::default(),
            feed: Mutex::default(),
            warnings: Mutex::default(),
        }
    }

    /// [`Store::open_or_create`] on another file system than the real one.
    pub fn open_or_create_on(fs: Arc<dyn Fs>, root: &Path, options: Options) -> Result<(Self, bool), StoreError> {
        match Self::open_on(Arc::clone(&fs), root, options.clone()) {
            Err(StoreError::NotFound { .. }) => {}
            other => return other.map(|store| (store, false)),
        }
        let root = std::path::absolute(root).at("resolve", root)?;
        let parent = root.parent().unwrap_or(&root);
        make_all(&*fs, parent)?;
        if !options.allow_network_fs {
            format::check_local(parent, &root)?;
        }
        let made = format::create(&*fs, &root)?;
        Ok((Self::open_on(fs, &root, options)?, made))
    }

    /// A store is written by its owner only, root included.
    ///
    /// # Errors
    /// [`StoreError::WrongOwner`].
    pub fn check_owner(&self) -> Result<(), StoreError> {
        let user = rustix::process::geteuid().as_raw();
        if user == self.owner {
            Ok(())
        } else {
            Err(StoreError::WrongOwner { root: self.layout.root.clone(), owner: self.owner, user })
        }
    }

    pub(super) fn boot_id(&self) -> &str {
        self.boot_id.get_or_init(|| self.fs.boot_id())
    }
}

/// Makes a directory, and those above it that are missing, to last.
fn make_all(fs: &dyn Fs, dir: &Path) -> Result<(), StoreError> {
    if fs.stat(dir).is_ok() {
        return Ok(());
    }
    let Some(parent) = dir.parent() else { return Ok(()) };
    make_all(fs, parent)?;
    match fs.mkdir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => other.at("make", dir)?,
    }
    fs.sync(parent).at("sync", parent)
}

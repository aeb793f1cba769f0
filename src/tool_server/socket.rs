//! A socket in a run's folder. The kernel takes addresses of about a hundred bytes; folders may have longer paths.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// What an address may have everywhere, in bytes, its end included: 104 on macOS, 108 on Linux.
const LONGEST: usize = 104;

/// Listens at `path`, which only its owner may connect to.
pub(super) fn listen(path: &Path) -> io::Result<UnixListener> {
    let (address, _folder) = address(path)?;
    let listener = UnixListener::bind(address)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Connects to whoever listens at `path`.
pub(super) async fn connect(path: &Path) -> io::Result<UnixStream> {
    let (address, _folder) = address(path)?;
    UnixStream::connect(address).await
}

/// What names `path` to the kernel, for as long as the second value lives.
fn address(path: &Path) -> io::Result<(PathBuf, Option<fs::File>)> {
    if path.as_os_str().len() < LONGEST {
        return Ok((path.to_owned(), None));
    }
    by_folder(path)
}

/// A folder that is open has a short name as well.
#[cfg(target_os = "linux")]
fn by_folder(path: &Path) -> io::Result<(PathBuf, Option<fs::File>)> {
    use std::os::fd::AsRawFd;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let folder = fs::File::open(folder)?;
    let address = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    Ok((address, Some(folder)))
}

#[cfg(not(target_os = "linux"))]
fn by_folder(_path: &Path) -> io::Result<(PathBuf, Option<fs::File>)> {
    Err(io::Error::new(io::ErrorKind::InvalidInput, "the path is too long for a socket"))
}

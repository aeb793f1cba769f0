//! Who has a file open.

use std::fs;

use super::proc;

/// Processes that have a file open whose path holds `part`, as far as this user may look: a lock or a log that is named
/// after what it belongs to tells who works on it.
#[must_use]
pub fn holders_of(part: &str) -> Vec<u32> {
    let pids = proc::all().into_iter().map(|stat| stat.pid);
    pids.filter(|pid| {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().map_while(Result::ok);
        let mut targets = descriptors.filter_map(|entry| fs::read_link(entry.path()).ok());
        targets.any(|target| target.to_string_lossy().contains(part))
    })
    .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn who_has_it_open_is_found_until_it_is_closed() {
        let file = tempfile::Builder::new().prefix("thread-4711-").tempfile().expect("a file");
        let name = file.path().file_name().expect("a name").to_string_lossy().into_owned();
        // Others of this program's tests start children, which have everything open until they are another program.
        let is_found = || holders_of(&name).contains(&std::process::id());
        assert!(is_found());
        drop(file);
        assert!(!is_found());
    }
}

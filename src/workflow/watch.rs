//! Notices that WORKFLOW.md has changed (SPEC 6.2). A look costs one `stat`; the file is read when that differs, and
//! once more at the look after, because two writes within one tick of the file system's clock have the same stamp.

use std::path::PathBuf;

use super::source::{self, Stamp};
use super::{KindProfile, Workflow, WorkflowError};
use crate::seams::Environment;

/// A WORKFLOW.md under observation.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    env: Environment,
    profiles: fn(&str, &Environment) -> Result<KindProfile, String>,
    stamp: Option<Stamp>,
    settled: bool,
    seen: Seen,
}

/// What the last read brought.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Text(String),
    /// It could not be read: the error's text.
    Failure(String),
}

impl Watch {
    /// Begins to watch the file; the first call of [`Watch::changed`] loads it.
    #[must_use]
    pub fn new(
        path: PathBuf,
        env: Environment,
        profiles: fn(&str, &Environment) -> Result<KindProfile, String>,
    ) -> Self {
        Self { path, env, profiles, stamp: None, settled: false, seen: Seen::Nothing }
    }

    /// The file, where its content has changed since the last call; `None` where it has not. An error is told once, and
    /// again when another takes its place; the file that comes back is a change, too.
    pub fn changed(&mut self) -> Option<Result<Workflow, WorkflowError>> {
        let stamp = std::fs::metadata(&self.path).ok().map(|metadata| Stamp::of(&metadata));
        if stamp.is_some() && stamp == self.stamp && self.settled {
            return None;
        }
        self.settled = stamp.is_some() && stamp == self.stamp;
        let (stamp, seen, failure) = match source::read(&self.path) {
            Ok(read) => (Some(read.stamp), Seen::Text(read.text), None),
            Err(error) => (stamp, Seen::Failure(error.to_string()), Some(error)),
        };
        self.stamp = stamp;
        if seen == self.seen {
            return None;
        }
        self.seen = seen;
        match (failure, &self.seen) {
            (Some(error), _) => Some(Err(error)),
            (None, Seen::Text(text)) => Some(Workflow::from_text(&self.path, text, &self.env, &self.profiles)),
            (None, Seen::Nothing | Seen::Failure(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::super::tests::{environment, profiles};
    use super::*;

    fn text(interval: u32) -> String {
        format!("---\ntracker: {{kind: local}}\npolling: {{interval_ms: {interval}}}\n---\nBody\n")
    }

    fn interval(change: Option<Result<Workflow, WorkflowError>>) -> u64 {
        change.expect("a change").expect("a valid file").config.polling.interval_ms
    }

    fn code(change: Option<Result<Workflow, WorkflowError>>) -> &'static str {
        change.expect("a change").expect_err("an error").code()
    }

    #[test]
    fn a_change_is_told_once() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("WORKFLOW.md");
        let mut watch = Watch::new(path.clone(), environment(), profiles);
        assert_eq!(code(watch.changed()), "missing_workflow_file");
        assert!(watch.changed().is_none(), "still missing");

        fs::write(&path, text(1000)).expect("written");
        assert_eq!(interval(watch.changed()), 1000);
        for _ in 0..3 {
            assert!(watch.changed().is_none());
        }

        // The same size, and perhaps the same tick of the clock.
        fs::write(&path, text(2000)).expect("written");
        assert_eq!(interval(watch.changed()), 2000);
        fs::write(&path, text(3000)).expect("written");
        assert_eq!(interval(watch.changed()), 3000);

        fs::write(&path, text(3000)).expect("touched");
        assert!(watch.changed().is_none(), "the content is the same");
    }

    #[test]
    fn a_broken_file_is_told_once_and_its_repair_too() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("WORKFLOW.md");
        fs::write(&path, text(1000)).expect("written");
        let mut watch = Watch::new(path.clone(), environment(), profiles);
        assert_eq!(interval(watch.changed()), 1000);

        fs::write(&path, "---\ntracker: [\n---\n").expect("written");
        assert_eq!(code(watch.changed()), "workflow_parse_error");
        assert!(watch.changed().is_none());
        fs::remove_file(&path).expect("removed");
        assert_eq!(code(watch.changed()), "missing_workflow_file");

        // As editors save: another file is renamed to its place.
        let other = folder.path().join("other");
        fs::write(&other, text(1000)).expect("written");
        fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).expect("set");
        fs::rename(&other, &path).expect("renamed");
        assert_eq!(interval(watch.changed()), 1000);
    }
}

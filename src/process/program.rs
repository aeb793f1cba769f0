//! Programs by their name.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::seams::Environment;

/// The program of this name in an absolute entry of PATH; relative entries are not trusted.
#[must_use]
pub fn find_program(name: &str, env: &Environment) -> Option<PathBuf> {
    let entries = std::env::split_paths(env.get_os("PATH")?).filter(|entry| entry.is_absolute());
    entries.map(|entry| entry.join(name)).find(|file| is_executable(file))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// A word as a shell reads it, whatever is in it.
#[must_use]
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_a_program_in_an_absolute_place_is_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |name: &str, mode: u32| {
            let path = directory.path().join(name);
            fs::write(&path, "#!/bin/sh\n").expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
            path
        };
        let (program, _) = (file("program", 0o755), file("text", 0o644));
        fs::create_dir(directory.path().join("folder")).expect("a directory");
        let path = format!(".:/nowhere:{}", directory.path().display());
        let env: Environment = [("PATH", path)].into_iter().collect();
        for (name, expected) in [("program", Some(program)), ("text", None), ("folder", None), ("other", None)] {
            assert_eq!(find_program(name, &env), expected, "{name}");
        }
        assert_eq!(find_program("src", &[("PATH", ".")].into_iter().collect()), None);
    }
}

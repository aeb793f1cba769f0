//! The documentation, held to its word: its commands are run, its links followed, its tables compared.
#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test says what it expected and what it got")]

mod conformance;
mod links;
mod page;
mod recipes;
mod session;
mod tables;

use std::path::{Path, PathBuf};

/// Where the package lies.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page, by its path below the package.
fn read(page: &str) -> String {
    std::fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// README.md, and every page in docs/.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).expect("docs/") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path.strip_prefix(root()).expect("below the package").display().to_string());
        }
    }
    pages.sort();
    pages
}

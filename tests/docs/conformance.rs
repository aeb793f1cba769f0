//! docs/conformance.md names tests; each of them is there.

use std::collections::BTreeSet;

use walkdir::WalkDir;

use crate::{read, root};

/// The names of all tests that a test run runs, as functions.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["src", "tests"] {
        for entry in WalkDir::new(root().join(folder)) {
            let entry = entry.expect("an entry");
            if entry.path().extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).expect("a file");
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if line.starts_with("#[ignore") {
                    is_test = false;
                } else if let Some(name) = line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn ")) {
                    if is_test {
                        names.extend(name.split('(').next().map(str::to_owned));
                    }
                    is_test = false;
                }
            }
        }
    }
    names
}

#[test]
fn every_test_that_conformance_names_is_there() {
    let page = read("docs/conformance.md");
    let tests = tests();
    let mut named = 0;
    for (number, line) in page.lines().enumerate() {
        let Some(cell) = line.strip_prefix("| ").and_then(|row| row.trim_end_matches(" |").rsplit(" | ").next()) else {
            continue;
        };
        let before = named;
        for name in cell.split('`').skip(1).step_by(2) {
            if is_test_name(name) {
                assert!(tests.contains(name), "docs/conformance.md:{}: no test `{name}`", number + 1);
                named += 1;
            } else if name.starts_with("tests/") {
                assert!(root().join(name).is_file(), "docs/conformance.md:{}: no file `{name}`", number + 1);
                named += 1;
            }
        }
        let is_said_why = cell.starts_with("not yet: ") || cell.starts_with("not applicable");
        let is_head = cell == "proof" || cell.starts_with("---");
        assert!(named > before || is_said_why || is_head, "docs/conformance.md:{}: no proof", number + 1);
    }
    assert!(named > 400, "only {named} tests are named");
}

/// A snake_case sentence, as all tests are named; options and keys are not.
fn is_test_name(name: &str) -> bool {
    name.matches('_').count() >= 2 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

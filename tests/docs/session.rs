//! Every command of every page is run, as a reader would: in a home of its own, with the built `baton` on PATH.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::page::{Block, Kind, blocks};
use crate::{pages, read};

/// What a reader has, and a stand-in for cargo that knows the three lines of the README; the tests are running already.
const PRELUDE: &str = r#"set -euo pipefail
cargo() {
    case "$*" in
        "run --release -- "*) shift 3; baton "$@" ;;
        "test --locked" | "install --locked --path .") ;;
        *) echo "no stand-in for: cargo $*" >&2; return 1 ;;
    esac
}
git config --global user.name "A reader"
git config --global user.email reader@localhost
"#;

#[test]
fn every_command_of_every_page_is_run() {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let sessions: Vec<_> = pages().into_iter().map(|page| scope.spawn(move || session(&page))).collect();
        sessions.into_iter().flat_map(|session| session.join().expect("a session")).collect()
    });
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Runs a page; what is wrong with it.
fn session(page: &str) -> Vec<String> {
    let blocks = blocks(&read(page));
    if blocks.is_empty() {
        return Vec::new();
    }
    let home = tempfile::Builder::new().prefix("baton-docs-").tempdir().expect("a directory");
    let output = run(home.path(), &script(&blocks, home.path()));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        let last = said.lines().filter_map(|line| line.strip_prefix("@@ ")).next_back().unwrap_or("?");
        return vec![format!("{page}:{last}: {}\n{said}", output.status)];
    }
    blocks.iter().filter_map(|block| compare(page, block, home.path())).collect()
}

/// One script of all blocks; what a console prints goes to a file of its own.
fn script(blocks: &[Block], home: &Path) -> String {
    let mut script = PRELUDE.to_owned();
    for Block { line, kind } in blocks {
        let _ = writeln!(script, "echo '@@ {line}'");
        let _ = match kind {
            Kind::Script(text) => writeln!(script, "{text}"),
            Kind::Console { commands, .. } => {
                writeln!(script, "{{\n{commands}}} > {}/printed-{line} 2>&1", home.display())
            }
        };
    }
    script
}

fn run(home: &Path, script: &str) -> Output {
    let tmp = home.join("tmp");
    std::fs::create_dir(&tmp).expect("a directory");
    let baton = Path::new(env!("CARGO_BIN_EXE_baton")).parent().expect("a directory");
    Command::new("timeout")
        .args(["180", "bash", "-c", script])
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("TMPDIR", tmp)
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", baton.display()))
        .env("DEMO_PACE", "0.1")
        .env("LANG", "C.UTF-8")
        .output()
        .expect("bash")
}

/// Whether a console printed what the page shows.
fn compare(page: &str, block: &Block, home: &Path) -> Option<String> {
    let Kind::Console { prints, more, .. } = &block.kind else { return None };
    let printed = std::fs::read_to_string(home.join(format!("printed-{}", block.line))).expect("what was printed");
    let printed: Vec<String> = printed.lines().map(plain).filter(|line| !line.is_empty()).collect();
    let shown: Vec<String> = prints.iter().map(|line| plain(line)).collect();
    let missing: Vec<&String> = shown.iter().filter(|line| !printed.contains(line)).collect();
    let unshown: Vec<&String> = printed.iter().filter(|line| !*more && !shown.contains(line)).collect();
    (!missing.is_empty() || !unshown.is_empty()).then(|| {
        format!(
            "{page}:{}: shows, but is not printed: {missing:#?}\nis printed, but not shown: {unshown:#?}",
            block.line
        )
    })
}

/// A line without what differs from run to run: the path and name of temporary directories.
fn plain(line: &str) -> String {
    let words = line.trim_end().split(' ').map(|word| match word.split_once("baton-demo-") {
        Some((_, rest)) => format!("DEMO{}", rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric())),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

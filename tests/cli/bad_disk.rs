//! A disk that cannot hold a store: exit 7, 9, 5 or 1 with the file, and not a byte of it is changed or lost.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::bad_store::{polled, segment};
use crate::env::{TestEnv, skip};

#[test]
fn a_file_system_that_is_not_known_as_local_is_refused() {
    if !fs::exists("/proc/self/stat").unwrap_or(false) {
        return skip("there is no /proc to stand for a file system that is not known");
    }
    let env = TestEnv::new();
    env.issue("A", "");
    let refused = env.baton("poll --workflow WORKFLOW.md --store /proc/self/baton --json").exits(7).error();
    assert_eq!(refused["code"], "network_fs");
    let hint = refused["hints"][0].as_str().expect("a hint");
    assert!(hint.contains("store.path") && hint.contains("store.allow_network_fs"), "{refused}");
}

const FULL: &str = r#"
mount -t tmpfs -o size=512k tmpfs ../disk; cd ../disk; cp -r ../p/WORKFLOW.md ../p/issues .
baton poll -q > /dev/null
head -c 10M /dev/zero > fill 2> /dev/null || true
for step in "issue create new" "issue edit A --priority 3" "workspace ensure B" dispatch "worker launch A"; do
    code=0; baton $step --json > /dev/null 2> "$TEST_ROOT/said/stderr" || code=$?
    echo "$code $step: $(tail -n 1 "$TEST_ROOT/said/stderr")"
done
baton status --summary > "$TEST_ROOT/said/status"
rm fill
cmp issues/A.md ../p/issues/A.md
baton reconcile -qq > /dev/null
for id in A B; do baton worker launch $id --now --wait -qq > /dev/null; done
baton events | jq -r 'select(.type == "issue.done").issue' > "$TEST_ROOT/said/done"
"#;

#[test]
fn a_full_disk_says_so_and_loses_nothing_that_was_acknowledged() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "");
    fs::create_dir(env.path("disk")).expect("a directory");
    let Some(done) = env.in_own_mounts(FULL) else { return };
    let done = done.ok();
    assert_eq!(done.stdout.lines().count(), 5, "{done}");
    for line in done.stdout.lines() {
        let (step, said) = line.split_once(": ").expect("what was said");
        // A claim may still have found room, and its launch none: that is exit 20.
        let codes = if step.contains("issue") {
            ["11 "; 2]
        } else if step.contains("workspace") {
            ["12 "; 2]
        } else {
            ["1 ", "20 "]
        };
        assert!(codes.iter().any(|code| step.starts_with(code)), "{line}");
        assert!(said.contains("No space left on device"), "{line}");
        assert!(step.starts_with("20 ") || said.contains("the disk is full: free some space"), "{line}");
    }
    assert_eq!(env.said_lines("done"), ["A", "B"]);
}

#[test]
fn a_limit_on_file_sizes_tears_nothing() {
    let env = polled();
    let before = env.baton("events").ok().stdout;
    let length = fs::metadata(segment(&env)).expect("a segment").size();
    for number in 0..20 {
        env.issue(&format!("N-{number}"), "");
    }
    // In units of 1024 bytes: the next transaction goes beyond it. SIGXFSZ ends whoever does not ignore it.
    let limit = length.div_ceil(1024);
    let killed = env.bash(&format!("set +e; (ulimit -f {limit}; exec baton poll | cat); echo $?"));
    assert!(killed.stdout.ends_with("153\n"), "{killed}");
    let refused = env.bash(&format!("(ulimit -f {limit}; trap '' XFSZ; exec baton poll 2>&1 | cat) || true")).ok();
    for said in ["cannot append to", "File too large", "see `ulimit -f`"] {
        assert!(refused.stdout.contains(said), "{refused}");
    }
    assert_eq!(env.baton("events").ok().stdout, before);
    assert_eq!(env.baton("poll --json").json()["changed"], 20);
}

const READ_ONLY: &str = r#"
mount --bind .baton .baton; mount -o remount,bind,ro .baton
baton status > /dev/null; baton status A > /dev/null; baton events > /dev/null; baton workspace list > /dev/null; baton recover
for step in poll dispatch "worker launch A" "run --once" "workspace ensure A" "issue create new" "retry A"; do
    code=0; baton $step 2> "$TEST_ROOT/said/error" || code=$?
    echo "$step: $code: $(tr '\n' ' ' < "$TEST_ROOT/said/error")"
done
"#;

#[test]
fn a_read_only_store_is_read_and_every_write_says_why_not() {
    let env = polled();
    env.issue("C", "");
    let Some(done) = env.in_own_mounts(READ_ONLY) else { return };
    insta::assert_snapshot!(done, @"
    poll: 1: error: cannot open <root>/p/.baton/lock caused by: Read-only file system (os error 30) hint: the file system is mounted read-only; reading still works 
    dispatch: 1: error: cannot open <root>/p/.baton/lock caused by: Read-only file system (os error 30) hint: the file system is mounted read-only; reading still works 
    worker launch A: 1: error: cannot open <root>/p/.baton/lock caused by: Read-only file system (os error 30) hint: the file system is mounted read-only; reading still works 
    run --once: 1: error: cannot lock <root>/p/.baton/once.lock caused by: Read-only file system (os error 30) hint: the file system is mounted read-only; reading still works 
    workspace ensure A: 12: error: could not create the workspace root <root>/p/.baton/workspaces caused by: Read-only file system (os error 30) hint: the file system is mounted read-only; reading still works 
    issue create new: 11: error: cannot lock <root>/p/.baton/tracker.lock caused by: Read-only file system (os error 30) hint: the file system is mounted read-only; reading still works 
    retry A: 1: error: cannot open <root>/p/.baton/lock caused by: Read-only file system (os error 30) hint: the file system is mounted read-only; reading still works 
    [exit status: 0]
    ");
    env.baton("poll").ok();
}

//! Steps put together by a shell leave what the step that holds them all leaves.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::env::TestEnv;

fn three_issues() -> TestEnv {
    let env = TestEnv::with_git();
    env.agent("echo $BATON_ISSUE > work; git add -A; git commit -qm work; finish");
    for (id, priority) in [("A", 2), ("B", 1), ("C", 3)] {
        env.issue(id, &format!("priority: {priority}"));
    }
    env.issue("D", "blocked_by: [A]");
    env.baton("poll").ok();
    env
}

/// Every manifest of the store, without what differs from one run of the same steps to the next.
fn manifests(env: &TestEnv) -> BTreeMap<String, Value> {
    let root = env.store("");
    let mut found = BTreeMap::new();
    for folder in ["work", "issues", "claims", "runs", "sessions"] {
        for entry in walkdir::WalkDir::new(root.join(folder)).into_iter().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_manifest = folder != "runs" || ["run.json", "outcome.json"].contains(&name.as_str());
            if !is_manifest || !name.ends_with(".json") {
                continue;
            }
            let text = fs::read_to_string(entry.path())
                .expect("text")
                .replace(env.path("").to_str().expect("text"), "<root>/");
            let mut value: Value = serde_json::from_str(&text).expect("JSON");
            normalise(&mut value);
            found.insert(entry.path().strip_prefix(&root).expect("below").display().to_string(), value);
        }
    }
    found
}

/// Takes away numbers of the journal, sums, times, process ids and digests.
fn normalise(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in [
                "seq",
                "over_at",
                "sum",
                "fence",
                "pid",
                "started_ticks",
                "due_at",
                "finished_at",
                "started_at",
                "at",
                "asked_at",
                "updated_at",
                "created_at",
                "duration_ms",
                "runtime_ms",
                "progress",
                "device",
                "inode",
            ] {
                if let Some(field) = fields.get_mut(name) {
                    *field = Value::Null;
                }
            }
            fields.values_mut().for_each(normalise);
        }
        Value::Array(values) => values.iter_mut().for_each(normalise),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn wait_for_all(env: &TestEnv) {
    for id in ["A", "B", "C"] {
        env.wait_for_status(id, "done");
    }
    // Whoever reads the files themselves must let the last writer bring them up to date.
    fs::File::open(env.store("lock")).and_then(|lock| lock.lock()).expect("locked");
}

#[test]
fn a_pipeline_of_launches_leaves_the_manifests_of_dispatch() {
    let (piped, dispatched) = (three_issues(), three_issues());
    let script = "baton poll --json | jq -r '.data.queue[].key' | xargs -r -n1 baton worker launch";
    assert_eq!(piped.bash(script).ok().stdout, "B.1\nA.1\nC.1\n");
    assert_eq!(dispatched.baton("dispatch").ok().stdout, "B.1\nA.1\nC.1\n");
    wait_for_all(&piped);
    wait_for_all(&dispatched);
    let (of_pipe, of_dispatch) = (manifests(&piped), manifests(&dispatched));
    assert_eq!(of_pipe.keys().collect::<Vec<_>>(), of_dispatch.keys().collect::<Vec<_>>());
    for (name, manifest) in &of_pipe {
        assert_eq!(manifest, &of_dispatch[name], "{name}");
    }
    assert!(of_pipe.contains_key("runs/A.1/run.json") && of_pipe.contains_key("work/D.json"), "{:?}", of_pipe.keys());
}

#[test]
fn single_steps_from_a_shell_do_what_run_does() {
    let env = three_issues();
    let script = "while baton poll --exit-code >/dev/null; do baton dispatch --wait >/dev/null; baton reconcile >/dev/null; done; \
                  [ $? = 0 ]; baton status --summary";
    let done = env.bash(script).ok();
    assert!(done.stdout.starts_with("0 running, 0 retrying, 0 blocked, 0 paused, 0 idle, 4 done"), "{done}");
    assert_eq!(env.turns().len(), 4);
}

#[test]
fn the_demo_works_three_issues_to_their_end() {
    let env = TestEnv::empty();
    let demo = env.command("demo try").env("DEMO_PACE", "0").run().ok();
    for branch in ["baton/TASK-1", "baton/TASK-2", "baton/TASK-3"] {
        assert!(demo.stdout.contains(&format!("git merge {branch}")), "{demo}");
    }
    env.bash(
        "cd try && git merge -q baton/TASK-3 && test -s README.md && git merge -q baton/TASK-1 && sh -e tests/hello",
    )
    .ok();
}

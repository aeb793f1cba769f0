//! `baton events`: the journal as a feed.

use serde_json::Value;

use crate::env::{TestEnv, wait_until};

fn feed(env: &TestEnv, args: &str) -> (Vec<Value>, Value) {
    let mut lines = env.baton(format!("events {args}").as_str()).ok().ndjson();
    let cursor = lines.pop().expect("a cursor");
    assert_eq!(cursor["type"], "cursor");
    (lines, cursor)
}

fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["seq"].as_u64().expect("a number")).collect()
}

#[test]
fn the_life_of_an_issue_is_told_in_order() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    let (events, cursor) = feed(&env, "--issue A");
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    insta::assert_snapshot!(kinds.join("\n"), @"
    issue.seen
    run.claimed
    run.started
    workspace.ready
    run.streaming
    run.finished
    issue.done
    ");
    let (of_run, _) = feed(&env, "--run A.1");
    assert!(of_run.iter().all(|event| event["run"] == "A.1") && !of_run.is_empty());
    assert_eq!(cursor["after"], *numbers(&feed(&env, "").0).last().expect("events"));
}

#[test]
fn pages_of_any_size_make_the_whole_without_gaps() {
    let env = TestEnv::new();
    for id in ["A", "B", "C"] {
        env.issue(id, "");
    }
    env.baton("run --until-idle").ok();
    let (all, _) = feed(&env, "");
    let count = u64::try_from(all.len()).expect("few");
    assert_eq!(numbers(&all), (1..=count).collect::<Vec<_>>());
    for size in [1, 2, 7, 1000] {
        let (mut after, mut paged) = ("0".to_owned(), Vec::new());
        loop {
            let (page, cursor) = feed(&env, &format!("--after {after} --limit {size}"));
            assert!(page.len() <= size);
            if page.is_empty() {
                break;
            }
            after = cursor["cursor"].as_str().expect("text").to_owned();
            paged.extend(page);
        }
        assert_eq!(paged, all, "{size}");
    }
}

#[test]
fn a_follower_hears_everything_once() {
    let env = TestEnv::new();
    env.baton("poll").ok();
    let follower = env.start("events --follow");
    for id in ["A", "B", "C"] {
        env.issue(id, "");
    }
    env.baton("run --until-idle").ok();
    let (all, _) = feed(&env, "");
    wait_until("the follower is there", || follower.stdout().lines().count() == all.len());
    let heard: Vec<Value> = follower.kill().exits(137).ndjson();
    assert_eq!(heard, all);
}

#[test]
fn cursors_that_mean_nothing_are_refused() {
    let (env, other) = (TestEnv::new(), TestEnv::new());
    env.issue("A", "");
    env.baton("poll").ok();
    other.baton("poll").ok();
    let (_, cursor) = feed(&other, "");
    let foreign = cursor["cursor"].as_str().expect("text");
    assert_eq!(env.baton(["events", "--json", "--after", foreign]).exits(5).error()["code"], "wrong_store");
    insta::assert_snapshot!(env.baton("events --after soon"), @"
    ------- stderr -------
    error: `soon` is no cursor
    hint: a number, or the `cursor` of an earlier call
    [exit status: 2]
    ");
    env.baton("events --limit 0").exits(2);
}

#[test]
fn without_a_store_there_is_nothing_to_tell() {
    let env = TestEnv::new();
    insta::assert_snapshot!(env.baton("events"), @r#"
    {"type":"cursor","after":0,"cursor":"0"}
    [exit status: 0]
    "#);
    assert!(!env.store("").exists());
}

#[test]
fn an_issue_is_named_as_everywhere_and_a_follower_can_be_limited() {
    let env = TestEnv::new();
    env.put_issue("odd", "---\nid: \"A/1\"\ntitle: T\nstate: Todo\n---\n");
    let workspace = env.baton("workspace ensure A/1").ok().line();
    let key = env.status("A/1")["key"].as_str().expect("a key").to_owned();
    assert_ne!(key, "A/1");
    let (all, _) = feed(&env, "--issue A/1");
    assert!(!all.is_empty());
    assert_eq!(feed(&env, &format!("--issue {key}")).0, all);
    let here = env.command("events --issue .").here(workspace).run().ok().ndjson();
    assert_eq!(here[..here.len() - 1], all);
    env.baton("events --issue .").exits(4);
    assert_eq!(feed(&env, "--issue gone").0, [] as [Value; 0], "events outlive what is known of an issue");
    env.baton("worker launch A/1 --wait").ok();
    let run = format!("{key}.1");
    assert_eq!(feed(&env, &format!("--run run:{run}")).0, feed(&env, &format!("--run {run}")).0);
    let two = env.baton("events --follow --limit 2").ok().ndjson();
    assert_eq!(numbers(&two[..2]), [1, 2]);
    assert_eq!((two.len(), &two[2]["after"]), (3, &2.into()));
}

#[test]
fn pages_of_any_size_have_no_gap_while_others_write() {
    let env = TestEnv::new();
    env.workflow("agent:\n  max_concurrent_agents: 4\n");
    for n in 1..=6 {
        env.issue(&format!("A-{n}"), "");
    }
    env.baton("poll").ok();
    let mut run = env.start("run --until-idle");
    let mut readers: Vec<(usize, String, Vec<u64>)> =
        [1, 2, 5, 100].map(|size| (size, "0".to_owned(), Vec::new())).into();
    let mut is_over = false;
    loop {
        let was_over = is_over;
        is_over = run.has_ended();
        let mut news = 0;
        for (size, after, seen) in &mut readers {
            let (page, cursor) = feed(&env, &format!("--after {after} --limit {size}"));
            seen.extend(numbers(&page));
            *after = cursor["cursor"].as_str().expect("text").to_owned();
            news += page.len();
        }
        if was_over && news == 0 {
            break;
        }
    }
    let all = numbers(&feed(&env, "").0);
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    for (size, _, seen) in readers {
        assert_eq!(seen, all, "{size} at a time");
    }
}

#[test]
fn what_is_filtered_out_makes_no_empty_page_and_limits_are_clamped() {
    let env = TestEnv::new();
    for id in ["A", "B", "C"] {
        env.issue(id, "");
    }
    env.baton("run --until-idle").ok();
    let (whole, _) = feed(&env, "--issue C");
    let (mut after, mut paged) = ("0".to_owned(), Vec::new());
    loop {
        let (page, cursor) = feed(&env, &format!("--issue C --limit 1 --after {after}"));
        if page.is_empty() {
            break;
        }
        after = cursor["cursor"].as_str().expect("text").to_owned();
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    // More than one call ever prints.
    let line = env.bash("head -1 .baton/journal/*.jsonl | jq -c .rec.events[0]").ok();
    assert!(line.stdout.contains("\"seq\":1"));
    for n in 0..30 {
        env.bash(&format!("for i in $(seq 1 20); do printf -- '---\\nid: N{n}-%s\\ntitle: x\\nstate: Backlog\\n---\\n' $i > issues/N{n}-$i.md; done")).ok();
    }
    env.workflow("tracker:\n  kind: local\n  active_states: [Backlog]\n");
    env.baton("poll").ok();
    let (page, cursor) = feed(&env, "--limit 100000");
    assert_eq!((page.len(), &cursor["after"]), (500, &500.into()));
    assert_eq!(feed(&env, "--limit 100000 --after 500").0[0]["seq"], 501);
}

#[test]
fn a_run_s_own_stream_is_paged_by_cursors_of_its_own() {
    let env = TestEnv::new();
    env.agent("echo hello; finish");
    env.issue("A", "");
    env.issue("B", "");
    env.baton("run --until-idle").ok();
    let (all, cursor) = feed(&env, "--run A.1 --stream");
    assert_eq!(numbers(&all), (1..=all.len() as u64).collect::<Vec<_>>());
    assert!(all.iter().all(|event| event["run"] == "A.1" && event["type"].as_str().is_some_and(|kind| kind.starts_with("agent."))));
    assert_eq!(cursor["cursor"], format!("A.1:{}", all.len()));
    let (mut after, mut paged) = ("0".to_owned(), Vec::new());
    loop {
        let (page, cursor) = feed(&env, &format!("--run A.1 --stream --limit 2 --after {after}"));
        if page.is_empty() {
            break;
        }
        after = cursor["cursor"].as_str().expect("text").to_owned();
        paged.extend(page);
    }
    assert_eq!(paged, all);
    let (output, _) = feed(&env, "--run A.1 --stream --output --limit 1");
    assert_eq!(output.len(), 1, "the first page of what was said is not empty, though much was not said before it");
    let (output, _) = feed(&env, "--run A.1 --stream --output");
    assert_eq!(output.last().expect("an event")["type"], "agent.outcome");
    assert!(output.len() < all.len());
    let refused = env.baton("events --run B.1 --stream --after A.1:1 --json").exits(5);
    assert_eq!(refused.error()["code"], "wrong_run");
    env.baton("events --run A.9 --stream").exits(4);
    env.baton("events --stream").exits(2);
}

//! `baton run`: all steps in a loop.

use std::fs;

use rustix::process::Signal;

use crate::env::{TestEnv, is_alive, texts, wait_until};

#[test]
fn once_is_one_tick() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.workflow("agent:\n  max_concurrent_agents: 1\n");
    env.issue("A", "priority: 1");
    env.issue("B", "");
    insta::assert_snapshot!(env.baton("run --once"), @"
    ------- stderr -------
    made the store <root>/p/.baton
         Started A.1 Title of A
    [exit status: 0]
    ");
    env.agent_holds("A");
    insta::assert_snapshot!(env.baton("run --once"), @"[exit status: 0]");
    env.go_on("A");
    env.wait_for_status("A", "done");
    env.baton("run --once").ok();
    env.agent_holds("B");
    assert_eq!(env.runs_begun(), ["A.1", "B.1"]);
    assert!(!env.workspace("A").exists(), "terminal workspaces are cleaned");
}

#[test]
fn once_is_silent_where_another_tick_is_under_way() {
    let env = TestEnv::new();
    env.workflow(
        "hooks:\n  after_run: touch $TEST_ROOT/said/after; until [ -e $TEST_ROOT/go/after ]; do sleep 0.02; done\n",
    );
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    env.set_state("A", "Done");
    let slow = env.start("run --once");
    wait_until("the tick waits for the hook of the worker that it ends", || env.said("after").exists());
    insta::assert_snapshot!(env.baton("run --once"), @"[exit status: 0]");
    env.go_on("after");
    slow.wait().ok();
}

#[test]
fn until_idle_works_everything_to_its_end() {
    let env = TestEnv::with_git();
    // No tick but at the start and after each run: one that falls between an agent's `Done` and its end would cancel it.
    env.workflow("workspace:\n  mode: worktree\npolling:\n  interval_ms: 60000\n");
    env.agent("echo $BATON_ISSUE > work; git add -A; git commit -qm work; finish");
    env.issue("A", "");
    env.issue("B", "blocked_by: [A]");
    env.issue("C", "blocked_by: [B]");
    env.issue("D", "state: Backlog");
    let run = env.baton("run --until-idle").ok();
    insta::assert_snapshot!(run.stdout, @"
    DONE  TITLE       BRANCH   TO MERGE IT
    A     Title of A  baton/A  git merge baton/A
    B     Title of B  baton/B  git merge baton/B
    C     Title of C  baton/C  git merge baton/C
    ");
    // One issue's cleaning and the next one's start come side by side.
    let mut told: Vec<&str> = run.stderr.lines().map(str::trim_start).collect();
    told.sort_unstable();
    insta::assert_snapshot!(told.join("\n"), @"
    Done A Title of A
    Done B Title of B
    Done C Title of C
    Finished A.1 succeeded
    Finished B.1 succeeded
    Finished C.1 succeeded
    Removed workspace <root>/p/.baton/workspaces/A
    Removed workspace <root>/p/.baton/workspaces/B
    Removed workspace <root>/p/.baton/workspaces/C
    Started A.1 Title of A
    Started B.1 Title of B
    Started C.1 Title of C
    made the store <root>/p/.baton
    ");
    assert_eq!(env.turns(), ["A A.1 1 first", "B B.1 1 first", "C C.1 1 first"]);
    assert_eq!(env.bash("git branch --list 'baton/*' | wc -l; git worktree list | wc -l").ok().stdout, "3\n1\n");
    assert_eq!(env.baton("run --until-idle").ok().stdout, "");
}

#[test]
fn until_idle_says_what_gave_up() {
    let env = TestEnv::new();
    env.agent_of("A", "exit 1");
    env.workflow("agent:\n  max_attempts: 1\n");
    env.issue("A", "priority: 1");
    env.issue("B", "blocked_by: [A]");
    insta::assert_snapshot!(env.baton("run --until-idle"), @"
    ------- stderr -------
    made the store <root>/p/.baton
         Started A.1 Title of A
        Finished A.1 failed: command.run ended with exit status 1
         Blocked A: 1 failures in a row; the last: command.run ended with exit status 1
    WAITS  WHY
    A      it is blocked until `baton retry`; 1 failures in a row; the last: command.run ended with exit status 1
    B      it is blocked by A, which is `Todo`
    [exit status: 20]
    ");
}

#[test]
fn until_idle_says_what_needs_a_person() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.baton("worker stop A").ok();
    insta::assert_snapshot!(env.baton("run --until-idle"), @"
    ------- stderr -------
    WAITS  WHY
    A      it is blocked until `baton retry`; stopped by an operator
    [exit status: 22]
    ");
    let ended = env.baton("run --until-idle --json").exits(22);
    let end = ended.ndjson().pop().expect("an end");
    assert_eq!(
        (&end["type"], &end["end"], texts(&end["waiting"], "identifier")),
        (&"end".into(), &"idle".into(), vec!["A"])
    );
}

#[test]
fn a_timeout_leaves_the_workers() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    let run = env.baton("run --until-idle --timeout 300ms").exits(21);
    assert!(run.stderr.contains("still running: A\nthey go on by themselves"), "{run}");
    assert!(is_alive(agent));
}

#[test]
fn a_changed_workflow_is_taken_up_while_it_runs() {
    let env = TestEnv::new();
    env.agent("hold");
    env.workflow("agent:\n  max_concurrent_agents: 1\n");
    env.issue("A", "");
    env.issue("B", "");
    let run = env.start("run");
    env.agent_holds("A");
    env.workflow_with("agent:\n  max_concurrent_agents: 2\n", "New words for {{ issue.identifier }}\n");
    env.agent_holds("B");
    assert_eq!(env.prompt("B.1", 1), "New words for B");
    assert!(run.stderr().contains("Reloaded WORKFLOW.md"), "{}", run.stderr());
    run.signal(Signal::TERM);
    run.wait().exits(143);
}

#[test]
fn a_changed_workflow_is_not_held_up_by_the_old_interval() {
    let env = TestEnv::new();
    env.agent("finish");
    env.workflow("polling:\n  interval_ms: 86400000\n");
    let run = env.start("run");
    wait_until("the first tick is over", || env.store("polled").exists());
    env.workflow("hooks:\n  before_run: echo hooked > $TEST_ROOT/said/hook\n");
    wait_until("it is reloaded", || run.stderr().contains("Reloaded WORKFLOW.md"));
    // Ticks come as often as the new one says, and what they launch goes by it.
    env.issue("A", "");
    wait_until("A is done", || run.stderr().contains("Done A"));
    assert_eq!(env.said_lines("hook"), ["hooked"]);
    fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: [\n---\n").expect("written");
    wait_until("the trouble is told", || run.stderr().contains("warning: "));
    run.signal(Signal::TERM);
    run.wait().exits(143);
}

#[test]
fn what_ended_while_nobody_looked_is_cleaned_at_the_start_as_soon_as_the_tracker_answers() {
    let env = TestEnv::new();
    env.agent("touch work; exit 1");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    env.set_state("A", "Done");
    fs::rename(env.path("p/issues"), env.path("p/away")).expect("renamed");
    let run = env.start("run");
    wait_until("the trouble is told", || run.stderr().contains("cannot read the issue directory"));
    assert!(env.workspace("A").join("work").exists());
    fs::rename(env.path("p/away"), env.path("p/issues")).expect("renamed");
    wait_until("the workspace is cleaned", || !env.workspace("A").exists());
    run.signal(Signal::TERM);
    run.wait().exits(143);
    assert_eq!(env.runs_begun(), ["A.1"]);
}

#[test]
fn the_workflow_may_be_named_and_must_be_there() {
    let env = TestEnv::new();
    env.issue("A", "");
    let elsewhere = env.path("tmp");
    env.command("run ../p/WORKFLOW.md --until-idle").here(&elsewhere).run().ok();
    assert_eq!(env.status_word("A"), "done");
    for args in ["run ../p/NOWHERE.md --json", "run --once --json"] {
        let error = env.command(args).here(&elsewhere).run().exits(10).error();
        assert_eq!(error["code"], "missing_workflow_file", "{args}");
    }
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    if !fs::exists("/dev/full").unwrap_or(false) {
        return crate::env::skip("there is no /dev/full");
    }
    let env = TestEnv::new();
    env.issue("A", "");
    let ended = env.bash("baton run --until-idle 2> /dev/full");
    assert_eq!((ended.code(), env.status_word("A")), (0, "done".to_owned()), "{ended}");
    // A worker whose log takes nothing does its work, and says what was lost.
    env.workflow("hooks:\n  before_run: ln -sf /dev/full \"$BATON_STORE/runs/$BATON_RUN/agent.log\"\n");
    env.agent("echo words; finish");
    env.issue("B", "");
    assert_eq!(env.baton("worker launch B --wait").ok().stdout, "B.1\n");
    assert_eq!(env.status_word("B"), "done");
    assert!(
        env.run_events("B.1", "agent_log_failed")[0]["error"].as_str().is_some_and(|error| error.contains("space"))
    );
}

#[test]
fn a_broken_workflow_stops_dispatching_and_nothing_else() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    let run = env.start("run");
    env.agent_holds("A");
    let good = fs::read_to_string(env.path("p/WORKFLOW.md")).expect("text");
    fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: [\n---\n").expect("written");
    wait_until("the trouble is told", || run.stderr().contains("warning: "));
    env.issue("B", "");
    env.go_on("A");
    wait_until("A is done", || run.stderr().contains("Done A"));
    assert_eq!(env.runs_begun(), ["A.1"]);
    fs::write(env.path("p/WORKFLOW.md"), good).expect("written");
    env.agent_holds("B");
    run.signal(Signal::INT);
    run.wait().exits(130);
}

#[test]
fn once_with_a_broken_workflow_reconciles_and_says_so() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.issue("B", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: [\n---\n").expect("written");
    env.set_state("A", "Done");
    insta::assert_snapshot!(env.baton("run --once"), @"
    ------- stderr -------
    warning: <root>/p/WORKFLOW.md:3: the front matter is not valid YAML: did not find expected node content at line 3 column 1, while parsing a flow node; going on with the last good configuration
    error: <root>/p/WORKFLOW.md:3: the front matter is not valid YAML: did not find expected node content at line 3 column 1, while parsing a flow node
    [exit status: 10]
    ");
    assert!(!is_alive(agent));
    assert_eq!(env.runs_begun(), ["A.1"]);
}

#[test]
fn sigint_leaves_the_workers_and_says_so() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    let run = env.start("run");
    let agent = env.agent_holds("A");
    wait_until("the start is told", || run.stderr().contains("Started A.1"));
    run.signal(Signal::INT);
    insta::assert_snapshot!(run.wait(), @"
    ------- stderr -------
    made the store <root>/p/.baton
         Started A.1 Title of A
    SIGINT: dispatching nothing more; once again ends this at once
    still running: A
    they go on by themselves; `baton status` shows them, `baton worker stop --all` ends them
    [exit status: 130]
    ");
    assert!(is_alive(agent));
    env.go_on("A");
    assert_eq!(env.outcome("A.1"), "succeeded");
}

#[test]
fn a_loop_that_was_killed_is_carried_on_by_the_next() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.workflow("agent:\n  max_concurrent_agents: 2\n");
    for id in ["A", "B", "C"] {
        env.issue(id, "");
    }
    let run = env.start("run");
    let agents = ["A", "B"].map(|id| env.agent_holds(id));
    run.kill().exits(137);
    assert!(agents.iter().all(|pid| is_alive(*pid)));
    let next = env.start("run --until-idle");
    for id in ["A", "B", "C"] {
        env.go_on(id);
    }
    next.wait().ok();
    assert_eq!(env.turns().len(), 3, "{:?}", env.turns());
}

#[test]
fn a_loop_settles_what_a_killed_worker_left() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let supervisor = env.run("A.1")["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("a pid");
    crate::env::kill(supervisor);
    let run = env.start("run");
    wait_until("it is told", || run.stderr().contains("Recovered A:"));
    assert_eq!(env.outcome("A.1"), "interrupted");
}

#[test]
fn loops_and_ticks_beside_each_other_run_every_issue_exactly_once() {
    let env = TestEnv::new();
    env.agent("echo $BATON_ISSUE >> $TEST_ROOT/said/worked; finish");
    env.workflow("agent:\n  max_concurrent_agents: 4\npolling:\n  interval_ms: 20\n");
    let ids: Vec<String> = (10..34).map(|n| format!("N-{n}")).collect();
    for id in &ids {
        env.issue(id, "");
    }
    let loops = [env.start("run --until-idle"), env.start("run --until-idle")];
    let cron = env.script("until [ -e $TEST_ROOT/go/enough ]; do baton run --once -q; done").start();
    for one in loops {
        one.wait().ok();
    }
    env.go_on("enough");
    cron.wait().ok();
    let mut worked = env.said_lines("worked");
    worked.sort();
    assert_eq!(worked, ids);
    assert_eq!(env.runs_begun().len(), ids.len());
}

#[test]
fn a_tracker_that_fails_for_a_while_stops_nothing() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    let run = env.start("run --until-idle");
    env.agent_holds("A");
    fs::rename(env.path("p/issues"), env.path("p/away")).expect("renamed");
    wait_until("the trouble is told", || run.stderr().contains("cannot read the issue directory"));
    env.issue_elsewhere("p/away", "B");
    fs::rename(env.path("p/away"), env.path("p/issues")).expect("renamed");
    env.agent_holds("B");
    env.go_on("A");
    env.go_on("B");
    run.wait().ok();
}

#[test]
fn what_becomes_a_secret_while_it_runs_is_kept_out_of_the_store() {
    let env = TestEnv::new();
    let run = env.command("run").env("LATER_TOKEN", "s3cret-of-later").start();
    let accepted = || env.baton("events").ok().stdout.matches("config.accepted").count();
    wait_until("it runs", || env.store("polled").exists());
    env.workflow("tracker:\n  kind: local\n  api_key: $LATER_TOKEN\n");
    wait_until("the new configuration is taken", || accepted() == 2);
    env.put_issue("A", "---\nid: A\ntitle: knows s3cret-of-later\nstate: Todo\n---\n");
    wait_until("it is seen", || env.baton("events --issue A").ok().stdout.contains("run.claimed"));
    env.wait_for_status("A", "done");
    run.signal(Signal::INT);
    run.wait().exits(130);
    let found = env.bash("grep -rl s3cret-of-later .baton || true").ok();
    assert_eq!(found.stdout, "", "{found}");
    assert!(env.bash("cat .baton/journal/*").ok().stdout.contains("knows [redacted]"));
}

#[test]
fn it_says_where_the_work_is_that_an_agent_did_not_commit() {
    let env = TestEnv::with_git();
    env.agent("echo new > new; finish");
    env.issue("A", "");
    let said = env.baton("run --until-idle").ok().stderr;
    let kept = env.baton("workspace show A --json").json()["archived_path"].clone();
    let says = format!("Archived workspace {}, kept as ", env.workspace("A").display());
    assert!(said.contains(&format!("{says}{}", kept.as_str().expect("a path"))), "{said}");
}

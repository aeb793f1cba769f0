//! A storm: commands are started on one store without regard to each other and killed at any moment, supervisors and
//! agents too. Nothing is lost, and nothing is done twice.
//!
//! `BATON_TEST_STORM=N` makes it N kills long.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::env::{TestEnv, kill};

const ISSUES: [&str; 5] = ["A", "B", "C", "D", "E"];
const KILLS: u64 = 100;

const COMMANDS: [&str; 9] = [
    "poll",
    "dispatch",
    "reconcile",
    "recover",
    "run --once",
    "run --until-idle",
    "workspace ensure A",
    "worker launch B --now",
    "retry C",
];

/// An agent that says when it is not alone with its issue. It holds the lock until it and all below it are gone.
const AGENT: &str = "exec 9>>\"$TEST_ROOT/said/$BATON_ISSUE.lock\"
flock -n 9 || echo \"$BATON_ISSUE $run\" >> \"$TEST_ROOT/said/doubles\"
sleep 0.1
[ ! -e \"$TEST_ROOT/go/calm\" ] || finish";

/// Numbers that are the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the storm is to be")]
fn kills() -> u64 {
    std::env::var("BATON_TEST_STORM").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// Starts a command, lets it run for a moment, and kills it, or a worker, or an agent.
fn strike(env: &TestEnv, seeded: &mut Seeded) {
    let command = env.start(COMMANDS[seeded.below(COMMANDS.len())]);
    std::thread::sleep(Duration::from_millis(u64::try_from(seeded.below(120)).expect("small")));
    let others = env.processes();
    if seeded.below(3) == 0 && !others.is_empty() {
        // It may have ended meanwhile.
        let (pid, _) = others[seeded.below(others.len())];
        let _ = std::panic::catch_unwind(|| kill(pid));
    }
    command.kill();
}

#[test]
fn a_storm_of_kills_loses_nothing_and_doubles_nothing() {
    let env = TestEnv::new();
    env.workflow("agent:\n  max_attempts: 0\n  max_idle_continuations: 0\n  max_retry_backoff_ms: 50\n  max_concurrent_agents: 3\n");
    env.agent(AGENT);
    for issue in ISSUES {
        env.issue(issue, "");
    }
    let mut seeded = Seeded(4711);
    for _ in 0..kills() {
        strike(&env, &mut seeded);
    }
    env.go_on("calm");
    for issue in ISSUES {
        // A person who ended something by hand puts it back.
        env.baton(["retry", issue]);
    }
    env.baton("run --until-idle").ok();
    assert_eq!(env.said_lines("doubles"), Vec::<String>::new(), "no issue ever had two agents");
    for issue in ISSUES {
        assert_eq!((env.state(issue), env.status_word(issue)), ("Done".to_owned(), "done".to_owned()), "{issue}");
    }
    let mut events: Vec<Value> = Vec::new();
    let mut cursor = None;
    loop {
        let page = env.baton(format!("events --json {}", cursor.unwrap_or_default()).as_str()).ok().ndjson();
        let (last, page) = page.split_last().expect("a cursor");
        if page.is_empty() {
            break;
        }
        cursor = Some(format!("--after {}", last["cursor"].as_str().expect("text")));
        events.extend_from_slice(page);
    }
    let seqs: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    let first = seqs[0];
    assert_eq!(seqs, (first..first + seqs.len() as u64).collect::<Vec<_>>());
    let runs_of = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|event| event["type"] == kind).map(|event| &event["run"]).collect()
    };
    let (claimed, finished) = (runs_of("run.claimed"), runs_of("run.finished"));
    let names = |runs: &[&Value]| runs.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(names(&claimed).len(), claimed.len(), "no run is claimed twice");
    assert_eq!(names(&finished).len(), finished.len(), "no run ends twice");
    assert_eq!(names(&claimed), names(&finished), "every run has one end");
    env.writing_nothing(|| assert_eq!(env.baton("recover --json").json()["changed"], 0));
    assert_eq!(env.processes(), []);
    env.baton("doctor --store").ok();
    eprintln!("{} kills, {} runs, {} events", kills(), claimed.len(), seqs.len());
}

#[test]
fn eight_dispatchers_at_once_start_every_issue_once() {
    let env = TestEnv::new();
    env.workflow("agent:\n  max_concurrent_agents: 100\n  max_turns: 1\n");
    let issues: Vec<String> = (1..=24).map(|n| format!("R-{n}")).collect();
    for issue in &issues {
        env.issue(issue, "");
    }
    env.baton("poll").ok();
    let dispatchers: Vec<_> = (0..8).map(|_| env.start("dispatch")).collect();
    let mut launched: Vec<String> = dispatchers
        .into_iter()
        .flat_map(|one| one.wait().stdout.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    launched.sort();
    let mut expected: Vec<String> = issues.iter().map(|issue| format!("{issue}.1")).collect();
    expected.sort();
    assert_eq!(launched, expected);
    env.baton("run --until-idle").ok();
    assert_eq!(env.runs_begun(), expected);
}

//! With real programs.

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::agent::Tools;
use crate::agent::testing::{issue, tracker};
use crate::process::testing::{block_on, env, is_gone, read_when_there};
use crate::process::{Lifeline, probe_lifeline};

const LONG: u64 = 60_000;

/// A workspace and a run folder.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(directory.path().join("workspace")).expect("made");
        Self(directory)
    }

    fn workspace(&self) -> PathBuf {
        self.0.path().join("workspace")
    }

    fn lifeline(&self) -> PathBuf {
        self.0.path().join("agent.lifeline")
    }

    fn log(&self) -> Vec<u8> {
        std::fs::read(self.0.path().join("agent.log")).expect("a log")
    }

    fn pid(&self) -> u32 {
        read_when_there(&self.workspace().join("pid"))
    }

    fn agent(&self, run: &str, timeout_ms: u64, stall_timeout_ms: u64) -> CommandAgent {
        let mut agent = CommandAgent::new(CommandConfig { run: run.into(), timeout_ms, stall_timeout_ms });
        let (tracker, issue) = (tracker(self.0.path()), issue());
        let context = SessionContext {
            issue: &issue,
            workspace: &self.workspace(),
            env: env(self.0.path()),
            unset: vec![],
            run_dir: self.0.path(),
            lifeline: self.lifeline(),
            redactor: &crate::store::Redactor::new(["s3cret-token"]),
            resume: None,
            tools: Tools::new(&*tracker, &issue, "ABC-1.1"),
        };
        assert_eq!(agent.open(context).expect("started"), SessionStarted::default());
        agent
    }
}

async fn turn(agent: &mut CommandAgent, number: u32, prompt: &str, on: &mut dyn FnMut(AgentEvent)) -> TurnEnd {
    let directory = tempfile::tempdir().expect("a directory");
    let (tracker, issue) = (tracker(directory.path()), issue());
    let tools = Tools::new(&*tracker, &issue, "ABC-1.1");
    agent.work(TurnInput { number, prompt, prompt_file: Path::new("/prompt.md"), tools }, on).await
}

fn once(place: &Place, run: &str, prompt: &str) -> TurnEnd {
    block_on(turn(&mut place.agent(run, LONG, 0), 1, prompt, &mut |_| ()))
}

fn completed(message: &str) -> TurnEnd {
    TurnEnd::Completed { message: (!message.is_empty()).then(|| message.into()) }
}

fn failed(error: &str) -> TurnEnd {
    Failure::new(FailureCode::TurnFailed, error).into()
}

#[test]
fn a_turn_is_the_prompt_in_and_the_output_out() {
    let place = Place::new();
    let mut agent = place.agent("pwd; cat; echo \"turn $BATON_TURN $BATON_PROMPT_FILE\" >&2", LONG, 0);
    let mut events = Vec::new();
    block_on(async {
        let end = turn(&mut agent, 1, "do it\n", &mut |event| events.push(event)).await;
        assert_eq!(end, completed("turn 1 /prompt.md"));
        let end = turn(&mut agent, 2, "go on\n", &mut |_| ()).await;
        assert_eq!(end, completed("turn 2 /prompt.md"));
    });
    let workspace = place.workspace().canonicalize().expect("there").display().to_string();
    let log = String::from_utf8(place.log()).expect("text");
    assert_eq!(log, format!("{workspace}\ndo it\nturn 1 /prompt.md\n{workspace}\ngo on\nturn 2 /prompt.md\n"));
    assert!(matches!(events[0], AgentEvent::Started { .. }));
    let heard: usize =
        events.iter().map(|event| if let AgentEvent::Output { bytes } = event { *bytes } else { 0 }).sum();
    assert_eq!(heard, log.len() / 2);
}

#[test]
fn the_end_says_why() {
    for (run, expected) in [
        ("true", completed("")),
        ("exit 3", failed("command.run ended with exit status 3")),
        ("echo no such key >&2; exit 1", failed("command.run ended with exit status 1: no such key")),
        ("kill -KILL $$", failed("command.run was ended by signal 9")),
        ("printf 'a\\0\\377b'; exit 1", failed("command.run ended with exit status 1: a\0\u{fffd}b")),
    ] {
        assert_eq!(once(&Place::new(), run, "prompt"), expected, "{run}");
    }
    for (run, start) in [
        ("no-such-agent --flag", "command.run was not found (exit status 127): "),
        ("/etc", "command.run is not executable (exit status 126): "),
    ] {
        let TurnEnd::Failed(Failure { error, .. }) = once(&Place::new(), run, "") else {
            panic!("{run} cannot succeed")
        };
        let (what, line) = error.split_at(start.len());
        assert_eq!(what, start);
        assert!(line.contains(run.split(' ').next().expect("a word")), "{error}");
    }
}

#[test]
fn prompt_and_output_may_both_be_larger_than_any_pipe() {
    let place = Place::new();
    let prompt = "0123456789abcde\n".repeat(1 << 16);
    assert_eq!(once(&place, "cat", &prompt), completed("0123456789abcde"));
    assert_eq!(place.log(), prompt.as_bytes());
    for deaf in ["exec <&-; echo deaf", "head -c 1 >/dev/null; echo deaf", "echo deaf"] {
        assert_eq!(once(&Place::new(), deaf, &prompt), completed("deaf"), "{deaf}");
    }
}

#[test]
fn a_hundred_megabytes_neither_block_nor_fill_the_disk() {
    let place = Place::new();
    assert_eq!(once(&place, "head -c 100000000 /dev/zero; echo; echo end", ""), completed("end"));
    let size = |name: &str| place.0.path().join(name).metadata().expect("a log").len();
    assert!(size("agent.log") + size("agent.log.1") <= 64 << 20);
    assert!(size("agent.log.1") > 31 << 20);
    assert!(place.log().starts_with(b"[baton] ") && place.log().ends_with(b"\0\nend\n"));
}

#[test]
fn time_and_silence_end_the_whole_tree() {
    let escape =
        "setsid -f bash -c 'trap \"\" TERM; echo $$ > pid; sleep 600; sleep 600'; until [ -s pid ]; do :; done";
    let timed_out = "command.run did not end within command.timeout_ms (3000 ms)";
    let stalled = "command.run was silent for command.stall_timeout_ms (3000 ms)";
    let cases = [
        (format!("{escape}; sleep 600"), 3000, 0, TurnEnd::TimedOut { error: timed_out.into() }),
        (
            format!("{escape}; while sleep 0.1; do echo x; done"),
            3000,
            2000,
            TurnEnd::TimedOut { error: timed_out.into() },
        ),
        (format!("echo x; {escape}; sleep 600"), LONG, 3000, TurnEnd::Stalled { error: stalled.into() }),
    ];
    std::thread::scope(|scope| {
        for (run, timeout_ms, stall_timeout_ms, expected) in cases {
            scope.spawn(move || {
                let place = Place::new();
                let end = block_on(turn(&mut place.agent(&run, timeout_ms, stall_timeout_ms), 1, "", &mut |_| ()));
                assert_eq!(end, expected, "{run}");
                assert!(!cfg!(target_os = "linux") || is_gone(place.pid()), "{run}");
                assert_eq!(probe_lifeline(&place.lifeline(), Duration::from_secs(60)), Lifeline::Free, "{run}");
            });
        }
    });
}

#[test]
fn what_a_turn_left_in_the_background_ends_with_it() {
    let place = Place::new();
    let run = "sleep 600 & echo $! > pid; echo done";
    let mut agent = place.agent(run, LONG, 0);
    block_on(async {
        for number in 1..=2 {
            // The second would find the lifeline held.
            assert_eq!(turn(&mut agent, number, "", &mut |_| ()).await, completed("done"));
            assert!(is_gone(place.pid()));
        }
    });
}

#[test]
fn a_turn_that_was_dropped_is_ended_by_stop_and_its_last_words_are_kept() {
    let place = Place::new();
    let mut agent = place.agent("trap 'echo bye; exit' TERM; echo $$ > pid; sleep 600 & wait", LONG, 0);
    block_on(async {
        let there = place.workspace().join("pid");
        let is_told = async {
            while !std::fs::read(&there).is_ok_and(|text| text.ends_with(b"\n")) {
                sleep(Duration::from_millis(2)).await;
            }
        };
        let mut deaf = |_| ();
        tokio::select! {
            end = turn(&mut agent, 1, "", &mut deaf) => panic!("{end:?}"),
            () = is_told => (),
        }
        assert!(!is_gone(place.pid()));
        assert_eq!(probe_lifeline(&place.lifeline(), Duration::ZERO), Lifeline::Held);
        agent.end().await;
        agent.end().await;
    });
    assert!(is_gone(place.pid()));
    assert_eq!(probe_lifeline(&place.lifeline(), Duration::from_secs(60)), Lifeline::Free);
    assert_eq!(place.log(), b"bye\n");
}

#[test]
fn a_start_that_cannot_be_says_why() {
    let place = Place::new();
    let mut agent = CommandAgent::new(CommandConfig { run: "true".into(), timeout_ms: LONG, stall_timeout_ms: 0 });
    let start_failed = |error: &str| TurnEnd::StartFailed { error: error.into() };
    block_on(async {
        let end = turn(&mut agent, 1, "", &mut |_| ()).await;
        assert_eq!(end, start_failed("the agent's session was not started"));

        let mut agent = place.agent("true", LONG, 0);
        let held = crate::process::create_lifeline(&place.lifeline()).expect("new");
        let end = turn(&mut agent, 1, "", &mut |_| ()).await;
        assert_eq!(end, start_failed("cannot start command.run: a process of an earlier turn is still there"));
        drop(held);

        std::fs::remove_dir(place.workspace()).expect("removed");
        let end = turn(&mut agent, 2, "", &mut |_| ()).await;
        let text = format!("cannot start command.run: directory {} is not there", place.workspace().display());
        assert_eq!(end, start_failed(&text));
    });
}

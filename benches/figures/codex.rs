//! What Baton adds to Codex: how fast it takes a stream, what a turn costs beyond the agent's own time, and how long it
//! takes to the first turn. The app-server is this program again, which answers at once and notes the time.

use std::fs::{self, File};
use std::io::{BufRead, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::project::{Project, Settings};
use crate::table::{Figure, ms};
use crate::timing::{epoch_us, in_turns, median, time};

/// The app-server: in a directory, with so many pieces of text in each turn.
pub(crate) const APP_SERVER: &str = "helper-codex";

const PIECES: u32 = 200_000;
const TURNS: usize = 20;
const ROUNDS: usize = 5;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let [many, none] = in_turns(ROUNDS, [&mut || streamed(PIECES), &mut || streamed(0)])?;
    let stream = many.saturating_sub(none);
    let per_second = f64::from(PIECES) / stream.as_secs_f64();
    let (few, all) = (peak_kib(PIECES / 10)?, peak_kib(PIECES)?);
    let notes = run(0, TURNS)?;
    let between: Vec<Duration> =
        notes.completed.iter().zip(notes.asked.iter().skip(1)).map(|(from, to)| micros(to - from)).collect();
    let [launch, shell] = in_turns(ROUNDS, [&mut || to_first_turn(), &mut || login_shell()])?;
    Ok(vec![
        Figure::of("a stream of 200,000 pieces: per second", format!("{per_second:.0}"))
            .against(format!("{} in all", ms(stream)))
            .reach("300,000"),
        Figure::of("… the supervisor's largest memory", format!("{all} KiB"))
            .against(format!("{few} KiB for a tenth"))
            .ratio(f64::from(all), f64::from(few))
            .reach("flat"),
        Figure::of("a turn, beyond the agent's own time", ms(median(between))).reach("10 ms"),
        Figure::of("worker launch to turn/start, beyond the login shell", ms(launch.saturating_sub(shell)))
            .against(format!("{} bash -lc true", ms(shell)))
            .reach("30 ms"),
    ])
}

fn micros(time: u128) -> Duration {
    Duration::from_micros(u64::try_from(time).unwrap_or(u64::MAX))
}

/// When the app-server was asked for turns and said that they were over, in microseconds since 1970, and the
/// supervisor's largest memory so far.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Notes {
    asked: Vec<u128>,
    completed: Vec<u128>,
    peak_kib: u32,
}

/// From the request for the turn to the supervisor's next word: all pieces have been taken by then.
fn streamed(pieces: u32) -> Result<Duration> {
    let notes = run(pieces, 2)?;
    Ok(micros(notes.asked[1] - notes.asked[0]))
}

fn peak_kib(pieces: u32) -> Result<u32> {
    Ok(run(pieces, 2)?.peak_kib)
}

fn to_first_turn() -> Result<Duration> {
    let (notes, began) = run_since(0, 1)?;
    Ok(micros(notes.asked[0] - began))
}

fn login_shell() -> Result<Duration> {
    let project = Project::new(&Settings::default())?;
    time(project.command("bash").args(["-lc", "true"]))
}

fn run(pieces: u32, turns: usize) -> Result<Notes> {
    run_since(pieces, turns).map(|(notes, _)| notes)
}

/// A run of so many turns; and when its launch began.
fn run_since(pieces: u32, turns: usize) -> Result<(Notes, u128)> {
    let project = Project::new(&Settings::default())?;
    let this = std::env::current_exe()?;
    let command = format!("exec '{}' {APP_SERVER} '{}' {pieces}", this.display(), project.path().display());
    let text = format!(
        "---\ntracker:\n  kind: local\nagent:\n  max_turns: {turns}\n  max_idle_continuations: 0\ncodex:\n  \
         command: {command}\n---\nWork.\n"
    );
    fs::write(project.path().join("WORKFLOW.md"), text)?;
    project.issue("ISSUE-1", "Todo")?;
    time(project.baton().arg("poll"))?;
    let began = epoch_us();
    time(project.baton().args(["worker", "launch", "ISSUE-1", "--wait"]))?;
    let notes: Notes = serde_json::from_slice(&fs::read(project.path().join("notes.json"))?)?;
    ensure!(notes.asked.len() == turns, "{} turns of {turns}", notes.asked.len());
    Ok((notes, began))
}

/// The app-server.
pub(crate) fn app_server(directory: &Path, pieces: usize) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let mut notes = Notes::default();
    let piece = json!({
        "method": "item/agentMessage/delta",
        "params": { "threadId": "t", "turnId": "u", "itemId": "m", "delta": "a few words of what it says, " },
        "emittedAtMs": 1_795_231_378_583_u64,
    });
    let pieces = format!("{piece}\n").repeat(pieces);
    for line in std::io::stdin().lock().lines() {
        let message: Value = serde_json::from_str(&line?)?;
        let mut reply = |result: Value| writeln!(out, "{}", json!({ "id": message["id"], "result": result }));
        match message["method"].as_str().unwrap_or_default() {
            "thread/start" => reply(json!({ "thread": { "id": "t" } }))?,
            "turn/start" => {
                notes.asked.push(epoch_us());
                let turn = format!("u{}", notes.asked.len());
                reply(json!({ "turn": { "id": turn } }))?;
                out.write_all(pieces.as_bytes())?;
                let over = json!({ "threadId": "t", "turn": { "id": turn, "status": "completed" } });
                writeln!(out, "{}", json!({ "method": "turn/completed", "params": over }))?;
                out.flush()?;
                notes.completed.push(epoch_us());
                notes.peak_kib = peak_of_parent()?;
                serde_json::to_writer(File::create(directory.join("notes.json"))?, &notes)?;
            }
            "initialized" => {}
            _ => reply(json!({}))?,
        }
        out.flush()?;
    }
    Ok(())
}

/// The most that the supervisor had in memory, in KiB.
fn peak_of_parent() -> Result<u32> {
    let text = fs::read_to_string(format!("/proc/{}/status", std::os::unix::process::parent_id()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

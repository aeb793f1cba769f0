//! What reading the trackers costs: requests of a poll, and of a tick while twenty agents work.

use serde_json::json;

use crate::env::wait_until;
use crate::fakes::asana::Asana;
use crate::fakes::github::Github;
use crate::fakes::gitlab::Gitlab;
use crate::fakes::jira::Jira;
use crate::fakes::linear::Linear;
use crate::fakes::redmine::Redmine;
use crate::fakes::{Fake, Profile};

const WORKERS: u64 = 20;

/// A row of the documentation: polls of 0, 50 and 500 active issues, and ticks of 50 and of 500 while twenty of them are
/// worked on.
fn requests<B: Profile>(fake: &Fake<B>, add: impl Fn(&mut B, u64)) -> String {
    let env = fake.project("", &format!("agent:\n  max_concurrent_agents: {WORKERS}\n"));
    env.agent("hold");
    let poll = |active: u64| {
        let poll = env.baton("poll --json").json();
        assert_eq!(poll["fetched"], json!(active), "{}", B::KIND);
        let counted = fake.take_calls().len();
        assert_eq!(poll["traffic"]["requests"], json!(counted), "{}: it counts what it sends", B::KIND);
        counted
    };
    let tick = || {
        fake.take_calls();
        env.baton("run --once").ok();
        fake.take_calls().len()
    };
    let grow = |from: u64, to: u64| fake.change(|held| (from..=to).for_each(|number| add(held, number)));
    let empty = poll(0);
    grow(1, 50);
    let fifty = poll(50);
    env.baton("dispatch").ok();
    wait_until("all agents hold", || env.turns().len() as u64 == WORKERS);
    let fifty_running = tick();
    grow(51, 500);
    let (five_hundred, five_hundred_running) = (poll(500), tick());
    format!("| `{}` | {empty} | {fifty} | {five_hundred} | {fifty_running} | {five_hundred_running} |", B::KIND)
}

#[test]
fn a_tick_sends_what_the_documentation_says() {
    let linear = Linear::start();
    let linear = linear.map(|fake| requests(&fake, |linear, number| linear.add(number as u32, "Todo")));
    let rows = [
        Some(requests(&Github::start(), |github, number| github.add(number, &[]))),
        Some(requests(&Gitlab::start(), |gitlab, iid| gitlab.add(iid, &[]))),
        linear,
        Some(requests(&Jira::start(), |jira, number| jira.add(number, "To Do"))),
        Some(requests(&Asana::start(), |asana, gid| asana.add(gid, "To do"))),
        Some(requests(&Redmine::start(), Redmine::add)),
    ];
    let page = include_str!("../../docs/trackers.md");
    let table = page.split("| poll of 0 |").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a table");
    let documented: Vec<&str> = table.lines().skip(2).collect();
    let measured = rows.iter().zip(&documented).map(|(row, documented)| row.as_deref().unwrap_or(documented));
    assert_eq!(measured.collect::<Vec<_>>(), documented);
    assert_eq!(rows.len(), documented.len());
}

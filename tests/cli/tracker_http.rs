//! What holds for every tracker over HTTP, shown with one of them.

use serde_json::json;

use crate::fakes::gitlab::{Gitlab, TOKEN};
use crate::fakes::{Reply, identifiers};

#[test]
fn what_goes_to_this_machine_goes_through_no_proxy() {
    let (fake, proxy) = (Gitlab::start(), Gitlab::start());
    fake.change(|gitlab| gitlab.add(1, &[]));
    let env = fake.project("", "");
    let poll = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]
        .iter()
        .fold(env.command("poll --json"), |command, name| command.env(name, proxy.url()).env("NO_PROXY", ""))
        .run()
        .json();
    assert_eq!(identifiers(&poll), ["GL-1"]);
    assert_eq!(proxy.take_lines(), [""; 0], "the proxy has not seen the credential");
}

#[test]
fn a_link_of_somebody_between_hides_no_page() {
    let fake = Gitlab::start();
    fake.change(|gitlab| gitlab.add(3, &[]));
    let record = |iid: u64| json!({ "iid": iid, "title": "T", "state": "opened", "labels": [] });
    let next = format!("<{}/api/v4/projects/group%2Fproject/issues?state=opened>; rel=\"next\"", fake.url());
    let first = Reply::json(200, &json!([record(1), record(2)])).header("link", "</x.css>; rel=preload");
    fake.script("GET", first.header("link", next));
    assert_eq!(fake.project("", "").baton("poll --json").json()["fetched"], 3);
}

#[test]
fn what_a_tracker_says_in_an_answer_is_repeated_without_the_credential() {
    let fake = Gitlab::start();
    fake.change(|gitlab| gitlab.add(1, &[]));
    let said = format!("{TOKEN} may not\u{1b}[31m\n{}", "x".repeat(1000));
    fake.script("POST /api/graphql", Reply::json(200, &json!({ "errors": [{ "message": said }] })));
    let failed = fake.project("", "").baton("poll --json").exits(11).error();
    let message = failed["message"].as_str().expect("a text");
    assert!(message.contains("[redacted] may not [31m xxx") && message.len() < 500, "{message}");
}

#[test]
fn what_is_on_two_pages_is_related_to_others_once() {
    let fake = Gitlab::start();
    fake.change(|gitlab| {
        (1..=4).for_each(|iid| gitlab.add(iid, &[]));
        gitlab.block(1, &[3, 4]);
        gitlab.parts(1, &[2]);
    });
    let next = format!("<{}/api/v4/projects/group%2Fproject/issues?state=opened>; rel=\"next\"", fake.url());
    let first = json!([{ "iid": 1, "title": "Issue 1", "state": "opened", "labels": [] }]);
    fake.script("GET", Reply::json(200, &first).header("link", next));
    let listed = fake.project("", "").baton("issue list --json").json();
    let one = listed["issues"].as_array().expect("a list").iter().find(|issue| issue["id"] == "1").expect("there");
    let counts = ["blocked_by", "sub_issues"].map(|name| one[name].as_array().expect("a list").len());
    assert_eq!(counts, [2, 1]);
}

#[test]
fn comments_without_an_end_are_none() {
    let fake = Gitlab::start();
    fake.change(|gitlab| gitlab.add(1, &[]));
    let notes = "/api/v4/projects/group%2Fproject/issues/1/notes";
    let next = format!("<{}{notes}?sort=asc>; rel=\"next\"", fake.url());
    let page = Reply::json(200, &json!([{ "id": 1, "body": "said" }])).header("link", next);
    (0..2).for_each(|_| fake.script(&format!("GET {notes}"), page.clone()));
    let failed = fake.project("", "").baton("issue show GL-1 --json").exits(11).error();
    assert_eq!(failed["code"], "tracker_pagination");
}

#[test]
fn a_reconciliation_without_an_answer_says_why() {
    let mut fake = Gitlab::start();
    fake.change(|gitlab| gitlab.add(1, &[]));
    let env = fake.project("", "");
    env.agent("hold");
    env.baton("dispatch").ok();
    env.agent_holds("GL-1");
    fake.stop();
    let failed = env.baton("reconcile --json").exits(11);
    let (report, error) = (failed.any_json(), failed.error());
    assert!(error["message"].as_str().is_some_and(|message| message.starts_with("no answer from")), "{error}");
    assert!(error["causes"].to_string().to_lowercase().contains("refused"), "{error}");
    let told = report["tracker_error"].as_str().unwrap_or_default().to_lowercase();
    assert!(told.starts_with("no answer from") && told.contains("refused"), "{report}");
}

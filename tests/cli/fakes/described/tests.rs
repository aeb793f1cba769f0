//! That the check checks, and what it cannot.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::{ASANA, Described, GITHUB, GITLAB, JIRA, JIRA_SERVER, REDMINE, file_of};
use crate::fakes::{Call, Reply};

const ALL: [&Described; 6] = [&GITHUB, &GITLAB, &JIRA, &JIRA_SERVER, &ASANA, &REDMINE];

fn call(line: &str, body: Value) -> Call {
    let (method, target) = line.split_once(' ').expect("a method");
    let url = reqwest::Url::parse(&format!("http://fake{target}")).expect("an address");
    Call {
        method: method.to_owned(),
        path: url.path().to_owned(),
        query: url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
        headers: HeaderMap::new(),
        body,
    }
}

#[test]
fn a_description_that_is_missing_is_said() {
    for described in ALL {
        let graphql = described.graphql.iter().map(|graphql| graphql.file);
        for file in described.files.iter().copied().chain(graphql).filter(|file| !file_of(file).exists()) {
            eprintln!("SKIPPED: no fake is checked against {file}, which is not there; `.ci/run schemas` makes it");
        }
    }
}

#[test]
fn what_a_description_does_not_allow_is_refused() {
    if GITHUB.documents().is_none() {
        return;
    }
    let list = "/repos/o/r/issues";
    assert_eq!(GITHUB.request(&call(&format!("GET {list}?state=open&per_page=100"), Value::Null)), [""; 0]);
    for (line, body, why) in [
        ("GET /repos/o/r/isues", Value::Null, "it is not described"),
        ("PUT /repos/o/r/issues", Value::Null, "it is not described"),
        ("GET /repos/o/r/issues?pages=1", Value::Null, "no parameter is called pages"),
        ("GET /repos/o/r/issues?state=opened", Value::Null, "state cannot be [\"opened\"]"),
        ("GET /repos/o/r/issues/one", Value::Null, "issue_number cannot be [\"one\"]"),
        ("GET /search/issues", Value::Null, "the parameter q is not given"),
        ("GET /repos/o/r/issues", json!({ "state": "open" }), "it takes no body"),
        ("POST /repos/o/r/issues", json!({ "title": "x", "labels": "bug" }), "/labels: "),
        ("POST /repos/o/r/issues", json!({ "title": "x", "label": ["bug"] }), "'label' was unexpected"),
        ("POST /repos/o/r/issues", json!({}), "\"title\" is a required property"),
    ] {
        let wrong = GITHUB.request(&call(line, body));
        assert!(wrong.iter().any(|said| said.contains(why)), "{line}: {wrong:?}");
    }
    let asked = call("GET /repos/o/r/issues", Value::Null);
    for (reply, why) in [
        (Reply::json(201, &json!([])), "no answer 201 is described"),
        (Reply::json(200, &json!([{ "number": "1" }])), "/0/number: "),
        (Reply::json(200, &json!([{ "numbr": 1 }])), "'numbr' was unexpected"),
        (Reply::text(200, ""), "an answer 200 has a body"),
    ] {
        let wrong = GITHUB.answer(&asked, &reply);
        assert!(wrong.iter().any(|said| said.contains(why)), "{why}: {wrong:?}");
    }
}

#[test]
fn what_only_the_provider_sets_is_not_sent() {
    if ASANA.documents().is_none() {
        return;
    }
    let put = |data: Value| ASANA.request(&call("PUT /api/1.0/tasks/1", json!({ "data": data })));
    assert_eq!(put(json!({ "name": "x" })), [""; 0]);
    let wrong = put(json!({ "num_likes": 1 }));
    assert!(wrong.iter().any(|said| said.contains("num_likes")), "{wrong:?}");
}

#[test]
fn what_a_schema_does_not_allow_is_refused() {
    if GITLAB.graphql.as_ref().is_none_or(|graphql| graphql.schema().is_none()) {
        return;
    }
    let ask =
        |query: &str, variables: Value| call("POST /api/graphql", json!({ "query": query, "variables": variables }));
    let query = "query($path:ID!){project(fullPath:$path){workItems(iids:\"1\"){nodes{iid state}}}}";
    let asked = ask(query, json!({ "path": "g/p" }));
    assert_eq!(GITLAB.request(&asked), [""; 0]);
    for (query, variables, why) in [
        (query.replace("state", "stat"), json!({ "path": "g/p" }), "`stat`"),
        (query.replace("ID!", "Int!"), json!({ "path": 1 }), "cannot be used for argument"),
        (query.to_owned(), json!({}), "path"),
        (query.to_owned(), json!({ "path": ["g"] }), "path"),
        (query.to_owned(), json!({ "path": "g/p", "after": 1 }), "no variable is called after"),
    ] {
        let wrong = GITLAB.request(&ask(&query, variables));
        assert!(wrong.iter().any(|said| said.contains(why)), "{why}: {wrong:?}");
    }
    let answer = |item: Value| {
        let data = json!({ "project": { "workItems": { "nodes": [item] } } });
        GITLAB.answer(&asked, &Reply::json(200, &json!({ "data": data })))
    };
    assert_eq!(answer(json!({ "iid": "1", "state": "OPEN" })), [""; 0]);
    for (item, why) in [
        (json!({ "iid": "1", "state": "opened" }), "state is no WorkItemState: \"opened\""),
        (json!({ "iid": 1, "state": "OPEN" }), "iid is no String: 1"),
        (json!({ "iid": null, "state": "OPEN" }), "iid is null"),
        (json!({ "iid": "1" }), "state is missing"),
        (json!({ "iid": "1", "state": "OPEN", "id": "2" }), "id was not asked for"),
        (json!([]), "is no object: []"),
    ] {
        let wrong = answer(item);
        assert!(wrong.iter().any(|said| said.ends_with(why)), "{why}: {wrong:?}");
    }
}

//! Linear: the issues of the project `shop-1a2b3c`, by the names of Baton's queries.

use serde_json::{Value, json};

use super::{Behaviour, Call, Fake, Profile, Reply};

pub(crate) const KEY: &str = "lin_api_a-key-that-nobody-may-see";
const PROJECT: &str = "shop-1a2b3c";

/// What the workspace holds.
#[derive(Default)]
pub(crate) struct Linear {
    issues: Vec<Held>,
    comments: Vec<(String, String)>,
    /// Comments that somebody has settled, by their place.
    pub(crate) resolved: Vec<usize>,
}

struct Held {
    record: Value,
    project: &'static str,
    blockers: Vec<u32>,
    children: Vec<u32>,
    is_archived: bool,
}

/// The id of issue `number`.
pub(crate) fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

impl Linear {
    /// A server without issues.
    pub(crate) fn start() -> Fake<Self> {
        Fake::start(Self::default())
    }

    /// Adds `LIN-number` in this state.
    pub(crate) fn add(&mut self, number: u32, state: &str) {
        let record = json!({
            "id": id(number), "identifier": format!("LIN-{number}"), "title": format!("Issue {number}"),
            "description": format!("Body {number}"), "priority": 2, "state": { "name": state },
            "branchName": format!("ann/lin-{number}"), "url": format!("https://linear.example/LIN-{number}"),
            "trashed": null, "assignee": null, "parent": null, "labels": [],
            "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
        });
        self.issues.push(Held { record, project: PROJECT, blockers: vec![], children: vec![], is_archived: false });
    }

    /// Sets a field of an issue as GraphQL has it; labels are a list of names.
    pub(crate) fn set(&mut self, number: u32, field: &str, value: Value) {
        self.held(number).record[field] = value;
    }

    /// Makes `number` wait for others.
    pub(crate) fn block(&mut self, number: u32, blockers: &[u32]) {
        self.held(number).blockers = blockers.to_vec();
    }

    /// Makes others parts of `number`.
    pub(crate) fn parts(&mut self, number: u32, parts: &[u32]) {
        self.held(number).children = parts.to_vec();
    }

    /// Moves it to another project.
    pub(crate) fn transfer(&mut self, number: u32) {
        self.held(number).project = "other";
    }

    /// Archives it, as Linear does with what has been finished for long.
    pub(crate) fn archive(&mut self, number: u32) {
        self.held(number).is_archived = true;
    }

    /// An issue's state.
    pub(crate) fn state(&self, number: u32) -> String {
        self.record(number)["state"]["name"].as_str().expect("a state").to_owned()
    }

    /// What was said about it.
    pub(crate) fn comments(&self, number: u32) -> Vec<&str> {
        self.comments.iter().filter(|(of, _)| *of == id(number)).map(|(_, text)| text.as_str()).collect()
    }

    fn held(&mut self, number: u32) -> &mut Held {
        self.issues.iter_mut().find(|held| held.record["identifier"] == format!("LIN-{number}")).expect("an issue")
    }

    fn record(&self, number: u32) -> &Value {
        let held = self.issues.iter().find(|held| held.record["identifier"] == format!("LIN-{number}"));
        &held.expect("an issue").record
    }

    fn by_id(&mut self, id: &Value) -> &mut Held {
        self.issues.iter_mut().find(|held| held.record["id"] == *id).expect("an issue")
    }

    fn passes(held: &Held, variables: &Value) -> bool {
        let filter = &variables["filter"];
        let record = &held.record;
        let state = record["state"]["name"].as_str().unwrap_or_default();
        let is_in = |names: &Vec<Value>| {
            names
                .iter()
                .any(|name| name["name"]["eqIgnoreCase"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(state)))
        };
        let number = record["identifier"].as_str().and_then(|name| name.strip_prefix("LIN-")?.parse::<f64>().ok());
        let has_label = |name: &Value| record["labels"].as_array().is_some_and(|labels| labels.contains(name));
        filter["project"]["slugId"]["eq"] == held.project
            && (variables["archived"] == true || !held.is_archived)
            && filter["state"]["or"].as_array().is_none_or(is_in)
            && filter["id"]["in"].as_array().is_none_or(|ids| ids.contains(&record["id"]))
            && filter["number"]["eq"].as_f64().is_none_or(|wanted| number == Some(wanted))
            && filter["and"][0]["labels"]["name"]["eq"].as_str().is_none_or(|name| has_label(&name.into()))
    }

    fn issues(&self, variables: &Value) -> Value {
        let all: Vec<&Held> = self.issues.iter().filter(|held| Self::passes(held, variables)).collect();
        let from: usize = variables["after"].as_str().map_or(0, |cursor| cursor.parse().expect("a cursor"));
        let nodes: Vec<Value> = all.iter().skip(from).take(50).map(|held| self.node(held)).collect();
        json!({ "issues": page(nodes, from, all.len()) })
    }

    fn node(&self, held: &Held) -> Value {
        let mut node = held.record.clone();
        let parent =
            self.issues.iter().find(|other| other.children.iter().any(|n| self.record(*n)["id"] == node["id"]));
        node["parent"] = parent.map_or(
            Value::Null,
            |parent| json!({ "id": parent.record["id"], "identifier": parent.record["identifier"] }),
        );
        node["labels"] = self.connection(held, "labels", 0, 20);
        node["children"] = self.connection(held, "children", 0, 20);
        node["inverseRelations"] = self.connection(held, "inverseRelations", 0, 10);
        node
    }

    fn connection(&self, held: &Held, name: &str, from: usize, size: usize) -> Value {
        let all: Vec<Value> = match name {
            "labels" => {
                let names = held.record["labels"].as_array().expect("a list");
                names
                    .iter()
                    .map(|name| json!({ "id": format!("L-{}", name.as_str().unwrap_or_default()), "name": name }))
                    .collect()
            }
            "children" => held.children.iter().map(|number| self.other(*number)).collect(),
            _ => {
                let blocks = |number: &u32| json!({ "type": "blocks", "issue": self.other(*number) });
                held.blockers.iter().map(blocks).collect()
            }
        };
        let nodes: Vec<Value> = all.iter().skip(from).take(size).cloned().collect();
        page(nodes, from, all.len())
    }

    fn other(&self, number: u32) -> Value {
        let record = self.record(number);
        json!({ "id": record["id"], "identifier": record["identifier"], "state": record["state"] })
    }

    fn update(&mut self, variables: &Value) -> Value {
        let input = &variables["input"];
        let held = self.by_id(&variables["id"]);
        for (field, value) in input.as_object().expect("an object") {
            match field.as_str() {
                "stateId" => {
                    held.record["state"] = json!({ "name": value.as_str().expect("an id").trim_start_matches("S-") });
                }
                "addedLabelIds" => {
                    let added = value
                        .as_array()
                        .expect("a list")
                        .iter()
                        .map(|id| id.as_str().expect("an id").trim_start_matches("L-").into());
                    held.record["labels"].as_array_mut().expect("a list").extend(added);
                }
                "removedLabelIds" => {
                    let removed: Vec<&str> = value
                        .as_array()
                        .expect("a list")
                        .iter()
                        .filter_map(|id| id.as_str()?.strip_prefix("L-"))
                        .collect();
                    held.record["labels"]
                        .as_array_mut()
                        .expect("a list")
                        .retain(|name| !removed.contains(&name.as_str().unwrap_or_default()));
                }
                _ => held.record[field] = value.clone(),
            }
        }
        json!({ "issueUpdate": { "success": true } })
    }

    fn create(&mut self, input: &Value) -> Value {
        let number = u32::try_from(self.issues.len()).expect("few") + 1;
        self.add(number, "Todo");
        self.set(number, "title", input["title"].clone());
        json!({ "issueCreate": { "success": true, "issue": { "id": id(number) } } })
    }

    fn data(&mut self, name: &str, document: &str, variables: &Value) -> Value {
        let states = |name: &Value| match name.as_str() {
            Some("" | "Nowhere") | None => json!([]),
            Some(name) => json!([{ "id": format!("S-{name}"), "name": name }]),
        };
        match name {
            "BatonViewer" => json!({ "viewer": { "id": "u-me" } }),
            "BatonIssues" => self.issues(variables),
            "BatonFurther" => {
                let kinds = ["labels", "children", "inverseRelations"];
                let kind = kinds.into_iter().find(|kind| document.contains(&format!("{{id {kind}("))).expect("a kind");
                let from = variables["after"].as_str().and_then(|cursor| cursor.parse().ok()).expect("a cursor");
                let held = self.issues.iter().find(|held| held.record["id"] == variables["id"]).expect("an issue");
                json!({ "issue": { "id": variables["id"], kind: self.connection(held, kind, from, 100) } })
            }
            "BatonState" => json!({ "issue": { "team": { "states": { "nodes": states(&variables["name"]) } } } }),
            "BatonUpdate" => self.update(variables),
            "BatonComment" => {
                let text = |field: &str| variables["input"][field].as_str().expect("a text").to_owned();
                self.comments.push((text("issueId"), text("body")));
                json!({ "commentCreate": { "success": true } })
            }
            "BatonEditComment" => {
                let at = variables["id"].as_str().and_then(|id| id.strip_prefix("c-")).expect("an id");
                let at: usize = at.parse().expect("a number");
                self.comments[at].1 = variables["input"]["body"].as_str().expect("a text").to_owned();
                json!({ "commentUpdate": { "success": true } })
            }
            "BatonComments" => {
                let of = variables["id"].as_str().expect("an id");
                // The newest first, as Linear has them.
                let said = self.comments.iter().enumerate().rev().filter(|(_, (id, _))| id == of);
                let nodes: Vec<Value> = said
                    .map(|(n, (_, body))| {
                        let resolved = self.resolved.contains(&n).then_some("2026-01-02T00:00:00Z");
                        json!({ "id": format!("c-{n}"), "body": body, "createdAt": format!("2026-01-01T00:00:{n:02}Z"), "resolvedAt": resolved, "user": { "displayName": "ann" } })
                    })
                    .collect();
                let count = nodes.len();
                json!({ "issue": { "comments": page(nodes, 0, count) } })
            }
            "BatonOwnLabels" => {
                let held = self.issues.iter().find(|held| held.record["id"] == variables["id"]).expect("an issue");
                json!({ "issue": { "team": { "id": "T" }, "labels": self.connection(held, "labels", 0, 100) } })
            }
            "BatonLabels" => json!({ "issueLabels": { "nodes": [] } }),
            "BatonCreateLabel" => {
                let id = format!("L-{}", variables["input"]["name"].as_str().expect("a name"));
                json!({ "issueLabelCreate": { "success": true, "issueLabel": { "id": id } } })
            }
            "BatonProject" => {
                let team = json!({ "id": "T", "states": { "nodes": states(&variables["state"]) } });
                json!({ "projects": { "nodes": [{ "id": "P", "teams": { "nodes": [team] } }] } })
            }
            "BatonCreate" => self.create(&variables["input"]),
            other => panic!("no such query: {other}"),
        }
    }
}

impl Profile for Linear {
    const KIND: &'static str = "linear";

    fn keys(url: &str) -> Vec<String> {
        vec!["project_slug: shop-1a2b3c".into(), format!("api_key: {KEY}"), format!("endpoint: {url}/graphql")]
    }
}

impl Behaviour for Linear {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.header("authorization") != Some(KEY) {
            let error =
                json!({ "message": "Authentication required", "extensions": { "code": "AUTHENTICATION_ERROR" } });
            return Reply::json(401, &json!({ "errors": [error] }));
        }
        let document = call.body["query"].as_str().expect("a query").to_owned();
        let data = self.data(&operation(call), &document, &call.body["variables"]);
        Reply::json(200, &json!({ "data": data }))
            .header("x-ratelimit-requests-limit", 5000)
            .header("x-ratelimit-requests-remaining", 4999)
    }
}

/// The name of a call's query.
pub(crate) fn operation(call: &Call) -> String {
    let document = call.body["query"].as_str().expect("a query");
    let name = document.split_whitespace().nth(1).unwrap_or_default();
    name.split(['(', '{']).next().unwrap_or_default().to_owned()
}

fn page(nodes: Vec<Value>, from: usize, all: usize) -> Value {
    let end = from + nodes.len();
    json!({ "nodes": nodes, "pageInfo": { "hasNextPage": end < all, "endCursor": end.to_string() } })
}

//! One method of one path.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::schema;
use crate::fakes::Call;

/// What a description says of it.
pub(super) struct Operation {
    /// In the order of the path.
    path: Vec<Parameter>,
    query: Vec<Parameter>,
    /// Of what is sent; none where nothing may be.
    body: Option<Validator>,
    needs_body: bool,
    /// By status, or `2XX`; none where nothing is answered.
    answers: BTreeMap<String, Option<Validator>>,
    /// Whether the description tells parameters alone.
    is_bare: bool,
}

struct Parameter {
    name: String,
    is_required: bool,
    validator: Validator,
}

impl Operation {
    /// Reads it.
    pub(super) fn read(document: &Value, template: &str, method: &str) -> Self {
        let item = &document["paths"][template];
        let operation = &item[method.to_lowercase()];
        let mut query = Vec::new();
        let mut in_path = BTreeMap::new();
        for given in [operation, item].into_iter().flat_map(|place| list(&place["parameters"])) {
            let given = resolve(document, given);
            let name = given["name"].as_str().expect("a name").to_owned();
            let validator = validator(&document["components"], &given["schema"]);
            let parameter = Parameter { is_required: given["required"] == true, validator, name: name.clone() };
            match given["in"].as_str() {
                Some("path") => drop(in_path.insert(name, parameter)),
                Some("query") => query.push(parameter),
                _ => {}
            }
        }
        let names = template.split(['{', '}']).skip(1).step_by(2);
        let path = names.map(|name| in_path.remove(name).unwrap_or_else(|| panic!("{template}: {{{name}}}"))).collect();
        let components = &schema::of_requests(document["components"].clone());
        let body = resolve(document, &operation["requestBody"]);
        let sent = media(body).map(|schema| validator(components, &schema::of_requests(schema.clone())));
        let mut answers = BTreeMap::new();
        for (status, answer) in operation["responses"].as_object().expect("responses") {
            let schema = media(resolve(document, answer));
            answers.insert(status.clone(), schema.map(|schema| validator(&document["components"], schema)));
        }
        // JIRA 7's tells of no body at all.
        let is_bare = document.get("components").is_none();
        Self { path, query, needs_body: body["required"] == true, body: sent, answers, is_bare }
    }

    /// What is wrong with a request whose path has these values.
    pub(super) fn request(&self, call: &Call, values: &[&str]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (parameter, value) in self.path.iter().zip(values) {
            wrong.extend(parameter.check(&[value]));
        }
        for (name, _) in &call.query {
            if !self.query.iter().any(|known| known.name == *name) {
                wrong.push(format!("no parameter is called {name}"));
            }
        }
        for parameter in &self.query {
            let given: Vec<&str> = call.query.iter().filter(|(name, _)| *name == parameter.name).map(value).collect();
            if !given.is_empty() {
                wrong.extend(parameter.check(&given));
            } else if parameter.is_required {
                wrong.push(format!("the parameter {} is not given", parameter.name));
            }
        }
        match (&self.body, &call.body) {
            (None, Value::Null) => {}
            (None, _) if self.is_bare => {}
            (None, body) => wrong.push(format!("it takes no body: {body}")),
            (Some(_), Value::Null) if !self.needs_body => {}
            (Some(validator), body) => wrong.extend(errors(validator, body)),
        }
        wrong
    }

    /// What is wrong with an answer.
    pub(super) fn answer(&self, status: u16, body: &[u8]) -> Vec<String> {
        if self.is_bare {
            return Vec::new();
        }
        let described = ["2XX", "default"].into_iter().find_map(|name| self.answers.get(name));
        let Some(described) = self.answers.get(&status.to_string()).or(described) else {
            return vec![format!("no answer {status} is described")];
        };
        match (described, body) {
            (None, []) => Vec::new(),
            (None, body) => vec![format!("an answer {status} has no body: {}", String::from_utf8_lossy(body))],
            (Some(validator), []) if validator.is_valid(&Value::Null) => Vec::new(),
            (Some(_), []) => vec![format!("an answer {status} has a body")],
            (Some(validator), body) => errors(validator, &serde_json::from_slice(body).expect("JSON")),
        }
    }
}

impl Parameter {
    /// What is wrong with its values. A text may stand for a number, for a truth, or for a list with commas.
    fn check(&self, given: &[&str]) -> Option<String> {
        let read = |text: &str| [json!(text), serde_json::from_str(text).unwrap_or_default()];
        let lists = |texts: &[&str]| [0, 1].map(|way| texts.iter().map(|text| read(text)[way].clone()).collect());
        let mut candidates: Vec<Value> = lists(given).to_vec();
        if let [one] = given {
            candidates.extend(read(one));
            candidates.extend(lists(&one.split(',').collect::<Vec<_>>()));
        }
        let is_valid = candidates.iter().any(|value| self.validator.is_valid(value));
        (!is_valid).then(|| format!("{} cannot be {given:?}", self.name))
    }
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The schema of a body.
fn media(of: &Value) -> Option<&Value> {
    let content = of.get("content")?.as_object().expect("media types");
    content.get("application/json").or_else(|| content.values().next()).map(|media| &media["schema"])
}

fn validator(components: &Value, schema: &Value) -> Validator {
    let whole = json!({ "allOf": [schema], "components": components });
    jsonschema::draft202012::options().should_validate_formats(true).build(&whole).expect("a schema")
}

fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(target) => document.pointer(target.trim_start_matches('#')).expect("what is referred to"),
        None => value,
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn value((_, value): &(String, String)) -> &str {
    value
}

//! GraphQL servers answer what they were asked for, and nothing else: an adapter that reads more must find nothing.

use std::collections::BTreeMap;

use apollo_compiler::ast::{Definition, Document, Selection};
use serde_json::Value;

use super::{Call, Reply};

type Fragments<'d> = BTreeMap<&'d str, &'d [Selection]>;

impl Reply {
    /// Without the data that the call does not ask for.
    pub(super) fn only_asked(mut self, call: &Call) -> Self {
        let query = call.body["query"].as_str().expect("a query");
        let document = Document::parse(query, "query.graphql").expect("a query");
        let (mut asked, mut fragments): (&[Selection], _) = (&[], Fragments::new());
        for definition in &document.definitions {
            match definition {
                Definition::OperationDefinition(operation) => asked = &operation.selection_set,
                Definition::FragmentDefinition(fragment) => {
                    fragments.insert(&fragment.name, &*fragment.selection_set);
                }
                other => panic!("{other:?} is in no query"),
            }
        }
        let mut body: Value = serde_json::from_slice(&self.body).expect("JSON");
        if let Some(data) = body.get_mut("data") {
            keep(&[asked], &fragments, data);
            self.body = body.to_string().into_bytes();
        }
        self
    }
}

fn keep(asked: &[&[Selection]], fragments: &Fragments<'_>, value: &mut Value) {
    match value {
        Value::Object(members) => {
            let mut fields = BTreeMap::new();
            asked.iter().for_each(|set| collect(set, fragments, &mut fields));
            members.retain(|name, _| fields.contains_key(name.as_str()));
            members.iter_mut().for_each(|(name, member)| keep(&fields[name.as_str()], fragments, member));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| keep(asked, fragments, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What is asked of each field, by its name in the answer.
fn collect<'d>(set: &'d [Selection], fragments: &Fragments<'d>, fields: &mut BTreeMap<&'d str, Vec<&'d [Selection]>>) {
    for selection in set {
        match selection {
            Selection::Field(field) => {
                let name = field.alias.as_ref().unwrap_or(&field.name);
                fields.entry(name).or_default().push(&field.selection_set);
            }
            Selection::InlineFragment(fragment) => collect(&fragment.selection_set, fragments, fields),
            Selection::FragmentSpread(spread) => collect(fragments[spread.fragment_name.as_str()], fragments, fields),
        }
    }
}

//! A provider's GraphQL schema: whether queries, their variables and the answers keep to it.

use std::fs;
use std::sync::OnceLock;

use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::{ExtendedType, Type};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::Value;

use super::file_of;

/// A schema of `target/schemas`.
pub(super) struct Graphql {
    pub(super) file: &'static str,
    schema: OnceLock<Option<Valid<Schema>>>,
}

impl Graphql {
    pub(super) const fn new(file: &'static str) -> Self {
        Self { file, schema: OnceLock::new() }
    }

    /// What is wrong with a request.
    pub(super) fn request(&self, body: &Value) -> Vec<String> {
        let Some(schema) = self.schema() else { return Vec::new() };
        let document = match document(schema, body) {
            Ok(document) => document,
            Err(wrong) => return vec![wrong],
        };
        let variables: JsonMap = serde_json::from_value(body["variables"].clone()).expect("variables");
        let operation = document.operations.get(None).expect("one operation");
        let mut wrong: Vec<String> = variables
            .keys()
            .filter(|given| !operation.variables.iter().any(|known| known.name.as_str() == given.as_str()))
            .map(|given| format!("no variable is called {}", given.as_str()))
            .collect();
        if let Err(error) = coerce_variable_values(schema, operation, &variables) {
            wrong.push(error.message().to_string());
        }
        wrong
    }

    /// What is wrong with the answer to a request that is right. One with errors has told what it lacks.
    pub(super) fn answer(&self, body: &Value, answer: &Value) -> Vec<String> {
        let (Some(schema), None) = (self.schema(), answer.get("errors")) else { return Vec::new() };
        let Ok(document) = document(schema, body) else { return Vec::new() };
        let operation = document.operations.get(None).expect("one operation");
        let mut wrong = Vec::new();
        Walk { schema, document: &document }.object(&[&operation.selection_set], &answer["data"], "data", &mut wrong);
        wrong
    }

    /// The schema, if it is there.
    pub(super) fn schema(&self) -> Option<&Valid<Schema>> {
        let read = || {
            let text = fs::read_to_string(file_of(self.file)).ok()?;
            // What is there is enough to check with, should a published schema be not wholly right itself.
            let schema = Schema::parse(text, self.file).unwrap_or_else(|found| found.partial);
            Some(Valid::assume_valid(schema))
        };
        self.schema.get_or_init(read).as_ref()
    }
}

fn document(schema: &Valid<Schema>, body: &Value) -> Result<Valid<ExecutableDocument>, String> {
    let text = body["query"].as_str().ok_or("there is no query")?;
    ExecutableDocument::parse_and_validate(schema, text, "query.graphql").map_err(|found| found.errors.to_string())
}

struct Walk<'s> {
    schema: &'s Valid<Schema>,
    document: &'s ExecutableDocument,
}

impl<'s> Walk<'s> {
    /// An object has what was asked for, and nothing else.
    fn object(&self, asked: &[&'s SelectionSet], value: &Value, at: &str, wrong: &mut Vec<String>) {
        let Some(members) = value.as_object() else { return wrong.push(format!("{at} is no object: {value}")) };
        let mut fields = Vec::new();
        for set in asked {
            self.collect(set, &set.ty, true, &mut fields);
        }
        for (name, value) in members {
            let same: Vec<&Field> =
                fields.iter().filter(|(field, _)| field.response_key().as_str() == name).map(|(f, _)| *f).collect();
            match same.first() {
                Some(field) => {
                    let below: Vec<&SelectionSet> = same.iter().map(|field| &field.selection_set).collect();
                    self.typed(field.ty(), &below, value, &format!("{at}.{name}"), wrong);
                }
                None => wrong.push(format!("{at}.{name} was not asked for")),
            }
        }
        for (field, _) in fields
            .iter()
            .filter(|(field, is_certain)| *is_certain && !members.contains_key(field.response_key().as_str()))
        {
            wrong.push(format!("{at}.{} is missing", field.response_key()));
        }
    }

    /// The fields of a selection, and whether every object of the type has them: an answer does not tell which type of
    /// an interface it is of.
    fn collect(&self, set: &'s SelectionSet, of: &str, is_certain: bool, fields: &mut Vec<(&'s Field, bool)>) {
        let fits = |condition: &str| condition == of || self.schema.is_subtype(condition, of);
        for selection in &set.selections {
            let inner = match selection {
                Selection::Field(field) => {
                    fields.push((field, is_certain));
                    continue;
                }
                Selection::InlineFragment(fragment) => &fragment.selection_set,
                Selection::FragmentSpread(spread) => &self.document.fragments[&spread.fragment_name].selection_set,
            };
            self.collect(inner, of, is_certain && fits(&inner.ty), fields);
        }
    }

    fn typed(&self, ty: &Type, below: &[&'s SelectionSet], value: &Value, at: &str, wrong: &mut Vec<String>) {
        if value.is_null() {
            if ty.is_non_null() {
                wrong.push(format!("{at} is null"));
            }
            return;
        }
        if ty.is_list() {
            let Some(items) = value.as_array() else { return wrong.push(format!("{at} is no list: {value}")) };
            let of = ty.item_type();
            return items.iter().for_each(|item| self.typed(of, below, item, &format!("{at}[]"), wrong));
        }
        let name = ty.inner_named_type();
        let is_right = match (&self.schema.types[name], name.as_str()) {
            (ExtendedType::Enum(words), _) => value.as_str().is_some_and(|word| words.values.contains_key(word)),
            (ExtendedType::Scalar(_), "ID" | "String") => value.is_string(),
            (ExtendedType::Scalar(_), "Int") => value.is_i64(),
            (ExtendedType::Scalar(_), "Float") => value.is_number(),
            (ExtendedType::Scalar(_), "Boolean") => value.is_boolean(),
            (ExtendedType::Scalar(_), _) => true,
            _ => return self.object(below, value, at, wrong),
        };
        if !is_right {
            wrong.push(format!("{at} is no {name}: {value}"));
        }
    }
}

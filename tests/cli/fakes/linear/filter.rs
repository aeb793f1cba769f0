//! Linear's filters, read as a whole before anything is looked at: one that the fake does not know fails even where it
//! would decide nothing.

use apollo_compiler::resolvers::FieldError;
use serde_json::{Map, Value};

use super::errors::lacking;
use super::model::{Many, Record, blank, link, many};
use super::records::Workspace;

/// A condition on an object.
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    /// Of a field.
    Compare {
        field: String,
        test: Test,
        value: Value,
    },
    /// Of the one object that a field leads to; nothing passes only `is_null`.
    One {
        kind: &'static str,
        id_field: String,
        is_null: Option<bool>,
        filter: Box<Filter>,
    },
    /// Of some of the many objects that a field leads to, or of each.
    Many {
        kind: &'static str,
        many: Many,
        is_every: bool,
        filter: Box<Filter>,
    },
}

/// A comparator.
#[derive(Clone, Copy)]
pub(super) enum Test {
    Eq,
    Neq,
    In,
    Nin,
    EqIgnoreCase,
    NeqIgnoreCase,
    Contains,
    ContainsIgnoreCase,
    StartsWith,
    EndsWith,
    Lt,
    Lte,
    Gt,
    Gte,
    Null,
}

impl Filter {
    /// Reads the filter of a type.
    pub(super) fn read(kind: &str, filter: &Value) -> Result<Self, FieldError> {
        let mut all = Vec::new();
        for (name, condition) in fields(filter) {
            all.push(match name.as_str() {
                "and" => Self::All(each(condition, |one| Self::read(kind, one))?),
                "or" => Self::Any(each(condition, |one| Self::read(kind, one))?),
                name => Self::of_field(kind, name, condition)?,
            });
        }
        Ok(Self::All(all))
    }

    fn of_field(kind: &str, field: &str, condition: &Value) -> Result<Self, FieldError> {
        if let Some((target, id_field)) = link(kind, field) {
            let mut condition = condition.clone();
            let is_null = condition.as_object_mut().and_then(|fields| fields.remove("null"));
            let filter = Box::new(Self::read(target, &condition)?);
            return Ok(Self::One { kind: target, id_field, is_null: is_null.and_then(|null| null.as_bool()), filter });
        }
        if many(kind, field).is_some() {
            return Self::of_collection(kind, field, condition);
        }
        if !blank(kind).is_some_and(|known| known.contains_key(field)) {
            return Err(lacking(&format!("the filter `{field}` of {kind}")));
        }
        let compare = |(test, value): (&String, &Value)| {
            let (test, value) = (Test::read(test, value)?, value.clone());
            Ok(Self::Compare { field: field.to_owned(), test, value })
        };
        Ok(Self::All(fields(condition).map(compare).collect::<Result<_, _>>()?))
    }

    /// What stands in a collection's filter beside `some` and `every` is for some object of it.
    fn of_collection(kind: &str, field: &str, condition: &Value) -> Result<Self, FieldError> {
        let members = |is_every: bool, filter: &Value| {
            let (target, many) = many(kind, field).expect("a collection");
            Ok(Self::Many { kind: target, many, is_every, filter: Box::new(Self::read(target, filter)?) })
        };
        let again = |one: &Value| Self::of_collection(kind, field, one);
        let (mut all, mut own) = (Vec::new(), Map::new());
        for (name, value) in fields(condition) {
            match name.as_str() {
                "and" => all.push(Self::All(each(value, again)?)),
                "or" => all.push(Self::Any(each(value, again)?)),
                "some" => all.push(members(false, value)?),
                "every" => all.push(members(true, value)?),
                name => drop(own.insert(name.to_owned(), value.clone())),
            }
        }
        if !own.is_empty() {
            all.push(members(false, &own.into())?);
        }
        Ok(Self::All(all))
    }

    /// Whether the object passes.
    pub(super) fn passes(&self, workspace: &Workspace, record: &Record) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.passes(workspace, record)),
            Self::Any(filters) => filters.iter().any(|filter| filter.passes(workspace, record)),
            Self::Compare { field, test, value } => test.holds(&record[field], value),
            Self::One { kind, id_field, is_null, filter } => {
                let one = record[id_field].as_str().and_then(|id| workspace.find(kind, id));
                match one {
                    Some(one) => *is_null != Some(true) && filter.passes(workspace, one),
                    None => *is_null == Some(true),
                }
            }
            Self::Many { kind, many, is_every, filter } => {
                let members = workspace.members(Some(record), kind, many);
                let mut verdicts = members.into_iter().map(|member| filter.passes(workspace, member));
                if *is_every { verdicts.all(|passes| passes) } else { verdicts.any(|passes| passes) }
            }
        }
    }
}

impl Test {
    fn read(name: &str, value: &Value) -> Result<Self, FieldError> {
        Ok(match name {
            "eq" => Self::Eq,
            "neq" => Self::Neq,
            "in" => Self::In,
            "nin" => Self::Nin,
            "eqIgnoreCase" => Self::EqIgnoreCase,
            "neqIgnoreCase" => Self::NeqIgnoreCase,
            "contains" => Self::Contains,
            "containsIgnoreCase" => Self::ContainsIgnoreCase,
            "startsWith" => Self::StartsWith,
            "endsWith" => Self::EndsWith,
            // Dates and durations are texts, and not compared.
            "lt" if value.is_number() => Self::Lt,
            "lte" if value.is_number() => Self::Lte,
            "gt" if value.is_number() => Self::Gt,
            "gte" if value.is_number() => Self::Gte,
            "null" => Self::Null,
            _ => return Err(lacking(&format!("the comparator `{name}` with {value}"))),
        })
    }

    fn holds(self, own: &Value, wanted: &Value) -> bool {
        let is = |wanted: &Value| own == wanted || own.as_f64().is_some_and(|own| wanted.as_f64() == Some(own));
        let is_in = || wanted.as_array().is_some_and(|all| all.iter().any(is));
        let number = |compare: fn(&f64, &f64) -> bool| {
            own.as_f64().zip(wanted.as_f64()).is_some_and(|(own, wanted)| compare(&own, &wanted))
        };
        let text = |compare: fn(&str, &str) -> bool| {
            own.as_str().zip(wanted.as_str()).is_some_and(|(own, wanted)| compare(own, wanted))
        };
        let lower = |compare: fn(&str, &str) -> bool| {
            let both = own.as_str().zip(wanted.as_str());
            both.is_some_and(|(own, wanted)| compare(&own.to_lowercase(), &wanted.to_lowercase()))
        };
        match self {
            Self::Eq => is(wanted),
            Self::Neq => !is(wanted),
            Self::In => is_in(),
            Self::Nin => !is_in(),
            Self::EqIgnoreCase => lower(|own, wanted| own == wanted),
            Self::NeqIgnoreCase => !lower(|own, wanted| own == wanted),
            Self::Contains => text(|own, wanted| own.contains(wanted)),
            Self::ContainsIgnoreCase => lower(|own, wanted| own.contains(wanted)),
            Self::StartsWith => text(|own, wanted| own.starts_with(wanted)),
            Self::EndsWith => text(|own, wanted| own.ends_with(wanted)),
            Self::Lt => number(f64::lt),
            Self::Lte => number(f64::le),
            Self::Gt => number(f64::gt),
            Self::Gte => number(f64::ge),
            Self::Null => wanted == own.is_null(),
        }
    }
}

/// The fields that are given; in GraphQL, null is as good as nothing.
fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
}

fn each(list: &Value, read: impl Fn(&Value) -> Result<Filter, FieldError>) -> Result<Vec<Filter>, FieldError> {
    list.as_array().into_iter().flatten().map(read).collect()
}

//! What the workspace holds.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::model::{Many, Record, blank};

/// 2026-01-01T00:00:00Z; the workspace's clock goes on by a second with whatever is done.
const BEGINNING: i64 = 1_767_225_600;

/// Objects by their types, in the order in which they were made.
#[derive(Default)]
pub(super) struct Workspace {
    records: BTreeMap<&'static str, Vec<Record>>,
    seconds: i64,
    /// Whether Linear carries out no mutation, and says so.
    pub(super) is_frozen: bool,
    /// Fields that Linear fails to read: an object's id, and the field.
    pub(super) broken: Vec<(String, &'static str)>,
}

impl Workspace {
    /// All of a type.
    pub(super) fn all(&self, kind: &str) -> &[Record] {
        self.records.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// The first whose field has this value.
    pub(super) fn having(&self, kind: &str, field: &str, value: &Value) -> Option<&Record> {
        self.all(kind).iter().find(|record| record[field] == *value)
    }

    /// The one with this id; an issue also by its identifier.
    pub(super) fn find(&self, kind: &str, id: &str) -> Option<&Record> {
        self.all(kind).iter().find(|record| record["id"] == id || record.get("identifier").is_some_and(|own| own == id))
    }

    /// The one with this id, to change it.
    pub(super) fn find_mut(&mut self, kind: &str, id: &str) -> Option<&mut Record> {
        let now = self.now();
        let record = self.records.get_mut(kind)?.iter_mut().find(|record| record["id"] == id)?;
        record.insert("updatedAt".to_owned(), now.into());
        Some(record)
    }

    /// Makes one; what is not said is empty, and the id is of the workspace's making.
    pub(super) fn insert(&mut self, kind: &'static str, given: Record) -> String {
        let mut record = blank(kind).expect("a type of the model");
        let now = self.now();
        let fallback = json!({ "id": format!("{kind}-{}", self.seconds), "createdAt": now, "updatedAt": now });
        for (field, value) in fallback.as_object().cloned().unwrap_or_default().into_iter().chain(given) {
            assert!(record.insert(field.clone(), value).is_some(), "{kind} has no {field}");
        }
        let id = record["id"].as_str().expect("an id").to_owned();
        self.records.entry(kind).or_default().push(record);
        id
    }

    /// Takes one away.
    pub(super) fn remove(&mut self, kind: &str, id: &str) -> Option<Record> {
        let records = self.records.get_mut(kind)?;
        let place = records.iter().position(|record| record["id"] == id)?;
        Some(records.remove(place))
    }

    /// Those of a type that belong to an object.
    pub(super) fn members(&self, owner: Option<&Record>, kind: &str, many: &Many) -> Vec<&Record> {
        let of_owner = |field: &str| owner.map(|owner| &owner[field]);
        let belongs = |record: &&Record| match many {
            Many::All => true,
            Many::Pointing(field) => of_owner("id") == Some(&record[*field]),
            Many::Listed(field) => {
                of_owner(field).and_then(Value::as_array).is_some_and(|ids| ids.contains(&record["id"]))
            }
        };
        self.all(kind).iter().filter(belongs).collect()
    }

    fn now(&mut self) -> String {
        self.seconds += 1;
        let time = DateTime::from_timestamp(BEGINNING + self.seconds, 0).expect("a time");
        time.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

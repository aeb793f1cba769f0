//! The values that a template is given. What the check lets through has a value: a field of an absent parent, or the
//! first of no blockers, is nil and not an error; nil contains nothing.

use std::collections::BTreeMap;
use std::fmt;

use liquid::model::{ArrayView, DisplayCow, KStringCow, ObjectView, ScalarCow, State, Value, ValueView};

/// A value of which every path exists.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Nil; every field of it is nil.
    Absent,
    /// A text, a number, true or false.
    Plain(Value),
    /// A list; beyond its end is nil.
    List(Vec<Self>),
    /// An object.
    Object(BTreeMap<String, Self>),
}

static NIL: Value = Value::Nil;
static ABSENT: Node = Node::Absent;

impl Node {
    /// The crate's own view, which knows how to show and to compare it.
    fn inner(&self) -> &dyn ValueView {
        match self {
            Self::Absent => &NIL,
            Self::Plain(value) => value,
            Self::List(items) => items,
            Self::Object(fields) => fields,
        }
    }
}

impl ValueView for Node {
    fn as_debug(&self) -> &dyn fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        self.inner().render()
    }

    fn source(&self) -> DisplayCow<'_> {
        self.inner().source()
    }

    fn type_name(&self) -> &'static str {
        self.inner().type_name()
    }

    fn query_state(&self, state: State) -> bool {
        self.inner().query_state(state)
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        self.inner().to_kstr()
    }

    fn to_value(&self) -> Value {
        self.inner().to_value()
    }

    fn as_scalar(&self) -> Option<ScalarCow<'_>> {
        self.inner().as_scalar()
    }

    fn as_array(&self) -> Option<&dyn ArrayView> {
        match self {
            Self::List(_) => Some(self),
            Self::Absent | Self::Plain(_) | Self::Object(_) => None,
        }
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        match self {
            Self::Absent => Some(self),
            Self::Object(fields) => Some(fields),
            Self::Plain(_) | Self::List(_) => None,
        }
    }

    fn is_nil(&self) -> bool {
        self.inner().is_nil()
    }
}

/// As a list: [`Node::List`].
impl ArrayView for Node {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        self.inner().as_array().map_or(0, ArrayView::size)
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        self.inner().as_array().map_or_else(|| Box::new(std::iter::empty()) as Box<_>, ArrayView::values)
    }

    fn contains_key(&self, index: i64) -> bool {
        self.inner().as_array().is_some_and(|items| items.contains_key(index))
    }

    fn get(&self, index: i64) -> Option<&dyn ValueView> {
        Some(self.inner().as_array().and_then(|items| items.get(index)).unwrap_or(&ABSENT))
    }
}

/// As an object: [`Node::Absent`].
impl ObjectView for Node {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        0
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        Box::new(std::iter::empty())
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        Box::new(std::iter::empty())
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        Box::new(std::iter::empty())
    }

    fn contains_key(&self, _name: &str) -> bool {
        false
    }

    fn get<'s>(&'s self, _name: &str) -> Option<&'s dyn ValueView> {
        Some(&ABSENT)
    }
}

//! Values and the coercions between them, as Azure Pipelines defines them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys are kept in lower case: look-ups ignore case.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object(BTreeMap<String, Value>);

impl Object {
    pub(crate) fn insert(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_lowercase(), value);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(&key.to_lowercase())
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Arc<Vec<Value>>),
    Object(Arc<Object>),
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(Arc::new(object))
    }
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(_) | Self::Object(_) => true,
        }
    }

    /// Text form; nothing for lists and objects.
    pub(crate) fn as_text(&self) -> Option<String> {
        match self {
            Self::Null => Some(String::new()),
            Self::Bool(true) => Some("True".to_owned()),
            Self::Bool(false) => Some("False".to_owned()),
            Self::Number(value) => Some(value.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Null => Some(0.0),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Number(value) => Some(*value),
            Self::Text(text) if text.trim().is_empty() => Some(0.0),
            Self::Text(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|value: &f64| value.is_finite()),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Equality after the right side took the type of the left one; text ignores case.
    pub(crate) fn equals(&self, right: &Self) -> bool {
        match self {
            Self::Null => match right {
                Self::Null => true,
                Self::Text(text) => text.is_empty(),
                _ => false,
            },
            Self::Bool(left) => *left == right.truthy(),
            Self::List(left) => matches!(right, Self::List(right) if Arc::ptr_eq(left, right)),
            Self::Object(left) => matches!(right, Self::Object(right) if Arc::ptr_eq(left, right)),
            Self::Number(_) | Self::Text(_) => self.compare(right) == Some(Ordering::Equal),
        }
    }

    /// Order after the right side took the type of the left one; nothing when it cannot.
    pub(crate) fn compare(&self, right: &Self) -> Option<Ordering> {
        match self {
            Self::Bool(left) => Some(left.cmp(&right.truthy())),
            Self::Number(left) => left.partial_cmp(&right.as_number()?),
            Self::Text(left) => Some(left.to_lowercase().cmp(&right.as_text()?.to_lowercase())),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }
}

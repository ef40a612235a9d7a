//! Reads the fields of a mapping, each once, and knows which were left over.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{RenderError, Result};
use crate::suggest;

/// A mapping of a file, being read.
pub(super) struct Fields<'f> {
    file: &'f str,
    at: String,
    map: Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'f> Fields<'f> {
    pub(super) fn root(file: &'f str, value: Value) -> Result<Self> {
        Self::new(file, String::new(), value)
    }

    fn new(file: &'f str, at: String, value: Value) -> Result<Self> {
        let Value::Object(map) = value else {
            let field = if at.is_empty() { "the file" } else { &at };
            return Err(RenderError::field(file, field, "must be a mapping"));
        };
        Ok(Self {
            file,
            at,
            map,
            known: Vec::new(),
        })
    }

    /// The path of a field, as messages name it.
    pub(super) fn path(&self, name: &str) -> String {
        if self.at.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.at)
        }
    }

    /// The path of this mapping.
    pub(super) fn at(&self) -> &str {
        &self.at
    }

    pub(super) fn invalid(&self, name: &str, rule: impl Into<String>) -> RenderError {
        RenderError::field(self.file, self.path(name), rule)
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.map.remove(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(name, "must be text; put it in quotes")),
        }
    }

    pub(super) fn required(&mut self, name: &'static str) -> Result<String> {
        match self.text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.invalid(name, "is required")),
        }
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(self.invalid(name, "must be true or false")),
        }
    }

    pub(super) fn whole(&mut self, name: &'static str) -> Result<Option<i64>> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.invalid(name, "must be a whole number")),
            },
        }
    }

    /// Any value, null among them, which must be there.
    pub(super) fn any(&mut self, name: &'static str) -> Result<Value> {
        self.known.push(name);
        match self.map.remove(name) {
            Some(value) => Ok(value),
            None => Err(self.invalid(name, "is required")),
        }
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Result<Vec<String>> {
        let items = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.invalid(name, "must be a list")),
        };
        let texts = items.into_iter().enumerate().map(|(at, item)| match item {
            Value::String(text) => Ok(text),
            _ => Err(self.invalid(&format!("{name}[{at}]"), "must be text")),
        });
        texts.collect()
    }

    pub(super) fn text_map(&mut self, name: &'static str) -> Result<BTreeMap<String, String>> {
        let entries = match self.take(name) {
            None => return Ok(BTreeMap::new()),
            Some(Value::Object(entries)) => entries,
            Some(_) => return Err(self.invalid(name, "must be a mapping")),
        };
        let pairs = entries.into_iter().map(|(key, value)| match value {
            Value::String(text) => Ok((key, text)),
            _ => {
                let rule = "must be text; put it in quotes";
                Err(self.invalid(&format!("{name}.{key}"), rule))
            }
        });
        pairs.collect()
    }

    pub(super) fn section(&mut self, name: &'static str) -> Result<Option<Fields<'f>>> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => Fields::new(self.file, self.path(name), value).map(Some),
        }
    }

    pub(super) fn sections(&mut self, name: &'static str) -> Result<Vec<Fields<'f>>> {
        let items = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.invalid(name, "must be a list")),
        };
        let sections = items
            .into_iter()
            .enumerate()
            .map(|(at, item)| Fields::new(self.file, format!("{}[{at}]", self.path(name)), item));
        sections.collect()
    }

    /// Reads past a field that changes nothing.
    pub(super) fn ignore(&mut self, name: &'static str) {
        self.take(name);
    }

    /// Refuses a field of Kustomize that is deliberately not taken.
    pub(super) fn refuse(&mut self, name: &'static str, reason: &'static str) -> Result<()> {
        match self.take(name) {
            None => Ok(()),
            Some(_) => Err(RenderError::Unsupported {
                file: self.file.to_owned(),
                field: self.path(name),
                reason,
            }),
        }
    }

    /// Errors with the first field that nobody read.
    pub(super) fn finish(self) -> Result<()> {
        let left = self
            .map
            .keys()
            .find(|key| !self.known.contains(&key.as_str()));
        match left {
            None => Ok(()),
            Some(key) => Err(RenderError::UnknownField {
                file: self.file.to_owned(),
                field: self.path(key),
                nearest: suggest::nearest(key, &self.known),
            }),
        }
    }
}

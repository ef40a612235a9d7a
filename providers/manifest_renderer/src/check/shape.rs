//! Structure: which fields a value has, and of which type.

use serde_json::{Map, Value};
use sluice_schema::Finding;

use super::names;
use crate::suggest;

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    Whole,
    Port,
    Flag,
    /// A whole number or text, as ports by name and shares are given.
    WholeOrText,
    Quantity,
    /// Text by key.
    Texts,
    /// Quantities by key.
    Quantities,
    List(&'static Shape),
    Object(&'static Fields),
    /// Not looked at.
    Any,
}

/// The fields of a mapping.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) required: &'static [&'static str],
    pub(super) known: &'static [(&'static str, Shape)],
}

/// What is wrong with one object.
pub(super) struct Report {
    object: String,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(object: String) -> Self {
        Self {
            object,
            findings: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, field: &str, rule: impl std::fmt::Display) {
        self.push("invalid-object", field, rule);
    }

    fn push(&mut self, rule: &str, field: &str, message: impl std::fmt::Display) {
        if self.findings.len() < super::MAX_FINDINGS {
            self.findings.push(Finding {
                file: self.object.clone(),
                line: None,
                rule: rule.to_owned(),
                message: format!("{field} {message}"),
            });
        }
    }
}

/// Checks a whole object; `apiVersion`, `kind` and `metadata` have been looked at.
pub(super) fn object(value: &Value, fields: &'static Fields, report: &mut Report) {
    if let Value::Object(map) = value {
        mapping(map, fields, "", report);
    }
}

fn mapping(map: &Map<String, Value>, fields: &Fields, at: &str, report: &mut Report) {
    for name in fields.required {
        if map.get(*name).is_none_or(Value::is_null) {
            report.add(&join(at, name), "is required");
        }
    }
    for (key, value) in map {
        let below = join(at, key);
        match fields.known.iter().find(|(name, _)| name == key) {
            Some((_, shape)) => check(value, *shape, &below, report),
            None => unknown(key, &below, fields, report),
        }
    }
}

fn unknown(key: &str, at: &str, fields: &Fields, report: &mut Report) {
    let names: Vec<&str> = fields.known.iter().map(|(name, _)| *name).collect();
    let hint = suggest::nearest(key, &names)
        .map_or_else(String::new, |known| format!("; did you mean `{known}`?"));
    report.push("unknown-object-field", at, format!("is not known{hint}"));
}

fn check(value: &Value, shape: Shape, at: &str, report: &mut Report) {
    if value.is_null() {
        return;
    }
    let broken = match shape {
        Shape::Any => None,
        Shape::Text => (!value.is_string()).then_some("must be text; put it in quotes"),
        Shape::Whole => (!value.is_i64() && !value.is_u64()).then_some("must be a whole number"),
        Shape::Port => (!value
            .as_u64()
            .is_some_and(|port| (1..=65_535).contains(&port)))
        .then_some("must be a port from 1 to 65535"),
        Shape::Flag => (!value.is_boolean()).then_some("must be true or false"),
        Shape::WholeOrText => {
            (!value.is_string() && !value.is_i64()).then_some("must be a whole number or text")
        }
        Shape::Quantity => {
            (!is_quantity(value)).then_some("must be a quantity such as 50m or 64Mi")
        }
        Shape::Word(words) => return word(value, words, at, report),
        Shape::Texts => return entries(value, Shape::Text, at, report),
        Shape::Quantities => return entries(value, Shape::Quantity, at, report),
        Shape::List(items) => return list(value, *items, at, report),
        Shape::Object(fields) => match value {
            Value::Object(map) => return mapping(map, fields, at, report),
            _ => Some("must be a mapping"),
        },
    };
    if let Some(rule) = broken {
        report.add(at, rule);
    }
}

fn is_quantity(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(names::is_quantity)
}

fn word(value: &Value, words: &[&str], at: &str, report: &mut Report) {
    if !value.as_str().is_some_and(|text| words.contains(&text)) {
        report.add(at, format!("must be one of {}", words.join(", ")));
    }
}

fn entries(value: &Value, shape: Shape, at: &str, report: &mut Report) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                // An absent value is no text.
                if value.is_null() {
                    report.add(&join(at, key), "must not be empty");
                }
                check(value, shape, &join(at, key), report);
            }
        }
        _ => report.add(at, "must be a mapping"),
    }
}

fn list(value: &Value, items: Shape, at: &str, report: &mut Report) {
    let Value::Array(values) = value else {
        report.add(at, "must be a list");
        return;
    };
    for (index, value) in values.iter().enumerate() {
        check(value, items, &format!("{at}[{index}]"), report);
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

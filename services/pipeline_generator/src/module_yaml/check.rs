//! Reading typed values out of the tree, with a finding for everything that is not as it must be.

use super::finding::{Finding, Position};
use super::suggest::nearest;
use super::tree::{Key, Node, Value};

const MAX_FINDINGS: usize = 200;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        if self.list.len() < MAX_FINDINGS {
            self.list.push(finding);
        }
    }

    pub(super) fn error(&mut self, at: Position, rule: &str, message: impl Into<String>) {
        self.add(Finding::error(at, rule, message));
    }

    pub(super) fn warning(&mut self, at: Position, rule: &str, message: impl Into<String>) {
        self.add(Finding::warning(at, rule, message));
    }

    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.list
            .sort_by_key(|finding| (finding.line, finding.column));
        self.list
    }

    /// The entries of a map; `field` names it in messages.
    pub(super) fn map<'t>(&mut self, node: &'t Node, field: &str) -> Option<&'t [(Key, Node)]> {
        match &node.value {
            Value::Map(entries) => Some(entries),
            Value::Refused => None,
            _ => self.wrong_type(node, field, "a map of keys and values"),
        }
    }

    /// The items of a list.
    pub(super) fn list<'t>(&mut self, node: &'t Node, field: &str) -> Option<&'t [Node]> {
        match &node.value {
            Value::List(items) => Some(items),
            Value::Refused => None,
            _ => self.wrong_type(node, field, "a list"),
        }
    }

    /// The items of a list, or the one value in its place.
    pub(super) fn one_or_many<'t>(&mut self, node: &'t Node, field: &str) -> Option<&'t [Node]> {
        match &node.value {
            Value::List(items) => Some(items),
            Value::Text(_) => Some(std::slice::from_ref(node)),
            Value::Refused => None,
            _ => self.wrong_type(node, field, "text, or a list of texts"),
        }
    }

    /// Text that is not blank.
    pub(super) fn text<'t>(&mut self, node: &'t Node, field: &str) -> Option<&'t str> {
        match &node.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text),
            Value::Refused => None,
            Value::Text(_) | Value::Null => {
                self.error(node.at, "empty-value", format!("{field} must not be empty"));
                None
            }
            _ => self.wrong_type(node, field, "text"),
        }
    }

    /// A whole number within `range`.
    pub(super) fn number(
        &mut self,
        node: &Node,
        field: &str,
        range: std::ops::RangeInclusive<u32>,
        rule: &str,
    ) -> Option<u32> {
        let text = self.text(node, field)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            let message = format!("{field} must be a whole number from {low} to {high}");
            self.error(node.at, rule, message);
        }
        number
    }

    fn wrong_type<T>(&mut self, node: &Node, field: &str, wanted: &str) -> Option<T> {
        let found = match &node.value {
            Value::Null => "nothing",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Refused => return None,
        };
        self.error(
            node.at,
            "wrong-type",
            format!("{field} must be {wanted}, not {found}"),
        );
        None
    }

    /// A map with fixed keys; every other key is reported, with the one that was probably meant.
    pub(super) fn section<'t>(
        &mut self,
        node: &'t Node,
        field: &'static str,
        known: &[&str],
    ) -> Option<Section<'t>> {
        let entries = self.map(node, if field.is_empty() { "the file" } else { field })?;
        for (key, _) in entries {
            if known.contains(&key.text.as_str()) {
                continue;
            }
            let place = if field.is_empty() {
                String::new()
            } else {
                format!(" in {field}")
            };
            let shown: String = key.text.chars().take(64).collect();
            let hint = match nearest(&key.text, known) {
                Some(name) => format!("did you mean {name:?}?"),
                None => format!("known are {}", known.join(", ")),
            };
            let message = format!("unknown key {shown:?}{place}; {hint}");
            self.error(key.at, "unknown-key", message);
        }
        Some(Section {
            at: node.at,
            field,
            entries,
        })
    }
}

/// A checked map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'t> {
    pub(super) at: Position,
    field: &'static str,
    entries: &'t [(Key, Node)],
}

impl<'t> Section<'t> {
    pub(super) fn get(&self, key: &str) -> Option<&'t Node> {
        self.entries
            .iter()
            .find(|(known, _)| known.text == key)
            .map(|(_, node)| node)
    }

    pub(super) fn require(&self, key: &str, findings: &mut Findings) -> Option<&'t Node> {
        let found = self.get(key);
        if found.is_none() {
            let name = self.name(key);
            findings.error(self.at, "missing-key", format!("{name} is required"));
        }
        found
    }

    /// The key's full name, such as `outputs.image.port`.
    pub(super) fn name(&self, key: &str) -> String {
        if self.field.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.field)
        }
    }
}

//! Typed access to a mapping that reports what is wrong instead of stopping at the first error.

use std::collections::HashSet;

use super::{Entry, Findings, Node, Value};
use crate::error::Rule;

/// A node with its path from the root.
#[derive(Debug, Clone)]
pub(crate) struct View<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl<'a> View<'a> {
    pub(crate) fn root(node: &'a Node) -> Self {
        Self {
            node,
            path: String::new(),
            line: node.line,
            column: node.column,
        }
    }

    pub(crate) fn item(&self, index: usize) -> Option<View<'a>> {
        let Value::List(items) = &self.node.value else {
            return None;
        };
        let node = items.get(index)?;
        let path = format!("{}[{index}]", self.path);
        Some(View {
            node,
            path,
            line: node.line,
            column: node.column,
        })
    }

    /// The value of an entry; its place is that of the key, which always exists in the text.
    pub(crate) fn entry(&self, entry: &'a Entry) -> View<'a> {
        let dot = if self.path.is_empty() { "" } else { "." };
        let path = format!("{}{dot}{}", self.path, entry.key);
        View {
            node: &entry.value,
            path,
            line: entry.line,
            column: entry.column,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.node.value == Value::Null
    }

    pub(crate) fn entries(&self) -> Option<Vec<(&'a Entry, View<'a>)>> {
        let Value::Map(entries) = &self.node.value else {
            return None;
        };
        Some(
            entries
                .iter()
                .map(|entry| (entry, self.entry(entry)))
                .collect(),
        )
    }

    /// Items of a list; reports and returns nothing for any other shape.
    pub(crate) fn items(&self, findings: &mut Findings) -> Vec<View<'a>> {
        let Value::List(items) = &self.node.value else {
            findings.add(self, Rule::InvalidType, "a list is expected here");
            return Vec::new();
        };
        (0..items.len())
            .filter_map(|index| self.item(index))
            .collect()
    }

    /// Text, where null counts as empty.
    pub(crate) fn text(&self, findings: &mut Findings) -> Option<String> {
        match &self.node.value {
            Value::Text(text) => Some(text.clone()),
            Value::Null => Some(String::new()),
            Value::List(_) | Value::Map(_) => {
                findings.add(self, Rule::InvalidType, "text is expected here");
                None
            }
        }
    }

    pub(crate) fn boolean(&self, findings: &mut Findings) -> Option<bool> {
        let text = self.text(findings)?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "on" => Some(true),
            "false" | "no" | "n" | "off" => Some(false),
            _ => {
                findings.add(
                    self,
                    Rule::InvalidValue,
                    format!("`{text}` is not true or false"),
                );
                None
            }
        }
    }

    pub(crate) fn number(&self, max: u32, findings: &mut Findings) -> Option<u32> {
        let text = self.text(findings)?;
        match text.trim().parse::<u32>() {
            Ok(number) if number <= max => Some(number),
            _ => {
                let message = format!("`{text}` is not a whole number from 0 to {max}");
                findings.add(self, Rule::InvalidValue, message);
                None
            }
        }
    }

    /// One text or a list of texts.
    pub(crate) fn texts(&self, findings: &mut Findings) -> Vec<(String, View<'a>)> {
        if let Value::List(_) = self.node.value {
            let items = self.items(findings);
            return items
                .into_iter()
                .filter_map(|item| item.text(findings).map(|text| (text, item)))
                .collect();
        }
        let text = self.text(findings).filter(|text| !text.is_empty());
        text.map(|text| (text, self.clone())).into_iter().collect()
    }

    /// A mapping of text to text, in source order.
    pub(crate) fn pairs(&self, findings: &mut Findings) -> Vec<(String, String, View<'a>)> {
        if self.is_null() {
            return Vec::new();
        }
        let Some(entries) = self.entries() else {
            findings.add(self, Rule::InvalidType, "a mapping is expected here");
            return Vec::new();
        };
        entries
            .into_iter()
            .filter_map(|(entry, view)| {
                view.text(findings)
                    .map(|text| (entry.key.clone(), text, view))
            })
            .collect()
    }
}

/// Reads a mapping key by key and afterwards reports the keys that nobody asked for.
pub(crate) struct Fields<'a> {
    view: View<'a>,
    entries: &'a [Entry],
    taken: HashSet<String>,
}

impl<'a> Fields<'a> {
    /// Reports and returns nothing when the node is not a mapping.
    pub(crate) fn new(view: &View<'a>, findings: &mut Findings) -> Option<Self> {
        let Value::Map(entries) = &view.node.value else {
            findings.add(view, Rule::InvalidType, "a mapping is expected here");
            return None;
        };
        Some(Self {
            view: view.clone(),
            entries,
            taken: HashSet::new(),
        })
    }

    pub(crate) fn view(&self) -> &View<'a> {
        &self.view
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// The value under `key`, which then counts as known.
    pub(crate) fn take(&mut self, key: &str) -> Option<View<'a>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        self.taken.insert(key.to_owned());
        Some(self.view.entry(entry))
    }

    pub(crate) fn text(&mut self, key: &str, findings: &mut Findings) -> Option<String> {
        self.take(key)?.text(findings)
    }

    pub(crate) fn boolean(&mut self, key: &str, findings: &mut Findings) -> Option<bool> {
        self.take(key)?.boolean(findings)
    }

    pub(crate) fn number(&mut self, key: &str, max: u32, findings: &mut Findings) -> Option<u32> {
        self.take(key)?.number(max, findings)
    }

    /// Marks keys as known whose content has no effect here.
    pub(crate) fn ignore(&mut self, keys: &[&str]) {
        self.taken.extend(keys.iter().map(|key| (*key).to_owned()));
    }

    /// Reports keys that Azure knows and this runner does not run.
    pub(crate) fn refuse(&mut self, keys: &[&str], findings: &mut Findings) {
        for key in keys {
            if let Some(view) = self.take(key) {
                findings.add(
                    &view,
                    Rule::Unsupported,
                    format!("`{key}` is not supported"),
                );
            }
        }
    }

    /// Reports every key that was neither read, ignored nor refused.
    pub(crate) fn finish(self, findings: &mut Findings) {
        for entry in self.entries {
            // A templated key has its own finding already.
            if !self.taken.contains(&entry.key) && !entry.key.contains("${{") {
                let message = format!("the key `{}` does not belong here", entry.key);
                findings.add(&self.view.entry(entry), Rule::UnknownKey, message);
            }
        }
    }
}

//! What is wrong in a file, gathered while reading on.

use sluice_schema::Finding;

use super::tree::{Entry, Node, Value};

const MAX_FINDINGS: usize = 200;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Notes a finding; after 200 the rest is left out.
    pub(super) fn add(&mut self, line: u32, rule: &str, message: impl Into<String>) {
        if self.list.len() < MAX_FINDINGS {
            self.list.push(Finding {
                file: super::FILE.to_owned(),
                line: Some(line),
                rule: rule.to_owned(),
                message: message.into(),
            });
        }
    }

    /// All of them, in the order of the file.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| finding.line);
        self.list
    }

    /// The entries of a map; `field` names it in messages.
    pub(super) fn map<'t>(&mut self, node: &'t Node, field: &str) -> &'t [Entry] {
        match &node.value {
            Value::Map(entries) => entries,
            _ => self.wrong_type(node, field, "a map of keys and values"),
        }
    }

    /// The items of a list.
    pub(super) fn list<'t>(&mut self, node: &'t Node, field: &str) -> &'t [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => self.wrong_type(node, field, "a list"),
        }
    }

    /// A single value; nothing at all counts as empty text.
    pub(super) fn text<'t>(&mut self, node: &'t Node, field: &str) -> Option<&'t str> {
        match &node.value {
            Value::Text(text) => Some(text),
            Value::Null => Some(""),
            _ => {
                let _: &[Node] = self.wrong_type(node, field, "text");
                None
            }
        }
    }

    fn wrong_type<'t, T>(&mut self, node: &Node, field: &str, wanted: &str) -> &'t [T] {
        let found = match &node.value {
            Value::Null => "nothing",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Refused => return &[],
        };
        let message = format!("{field} must be {wanted}, not {found}");
        self.add(node.line, "wrong-type", message);
        &[]
    }

    /// Reports every key of `entries` that is not in `known`, with the one that was probably meant.
    pub(super) fn known_keys(&mut self, entries: &[Entry], known: &[&str], place: &str) {
        for entry in entries {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            let message = format!(
                "unknown key {}{place}{}",
                quoted(&entry.key),
                hint(&entry.key, known)
            );
            self.add(entry.line, "unknown-key", message);
        }
    }
}

/// The word in quotes, cut to 64 characters.
pub(super) fn quoted(word: &str) -> String {
    let shown: String = word.chars().take(64).collect();
    format!("{shown:?}")
}

/// `; did you mean …?`, or what there is.
pub(super) fn hint(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(name) => format!("; did you mean {name:?}?"),
        None if known.is_empty() => String::new(),
        None => format!("; known are {}", known.join(", ")),
    }
}

/// The known word nearest to `word`, if one is near enough to be a slip of the finger.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    let lower = word.to_lowercase();
    let near = known
        .iter()
        .map(|name| (distance(&lower, &name.to_lowercase()), *name));
    near.filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Edit distance in which swapping two neighbours is one step.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

//! What changed in a target behind the back of its applier.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::diff::{UnifiedDiff, unified};
use crate::object::{DeclaredObject, ObjectKey};
use crate::types::{LiveFile, Observed};

/// How an object differs from what is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// It is there with another content.
    Modified,
    /// It is not there.
    Missing,
    /// It is there and not declared.
    Extra,
}

/// One difference between what is declared and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The object; absent for an extra file that is no object, such as invalid YAML.
    pub object: Option<ObjectKey>,
    /// Its file in the target.
    pub file: String,
    /// What happened to it.
    pub change: Change,
    /// Whether the target applied the object once; an extra that it did not is a stranger's.
    pub owned: bool,
    /// From what is declared to what is there. Empty for secrets and for what is no text.
    pub diff: UnifiedDiff,
    /// What happened, in one sentence without secrets.
    pub message: String,
}

/// Diffs made in one comparison at most; what comes after has none and is marked as truncated.
const MAX_DIFFS: usize = 200;

/// Compares what was declared at the last applied revision with what was observed. Sorted by file.
/// The first 200 differences come with a diff.
pub fn drift(declared: &[DeclaredObject], observed: &Observed) -> Vec<Drift> {
    let owned = observed.owned();
    let mut found = Vec::new();
    let mut files = BTreeSet::new();
    let mut diffs = Diffs(MAX_DIFFS);
    for object in declared {
        let file = object.key().file();
        let is_owned = owned.contains_key(file.as_str());
        let live = observed.files.get(&file);
        if live.and_then(|live| live.sha256.as_deref()) != Some(object.sha256()) {
            found.push(changed(object, &file, live, is_owned, &mut diffs));
        }
        files.insert(file);
    }
    for (file, live) in &observed.files {
        if !files.contains(file) {
            let object = owned.get(file.as_str()).map(|object| &object.key);
            found.push(extra(file, live, object, &mut diffs));
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

/// How many diffs are left to make: each may take a while.
struct Diffs(usize);

impl Diffs {
    fn unified(&mut self, file: &str, old: Option<&str>, new: Option<&str>) -> UnifiedDiff {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                unified(file, old, new)
            }
            None => UnifiedDiff {
                text: String::new(),
                truncated: true,
            },
        }
    }
}

fn changed(
    object: &DeclaredObject,
    file: &str,
    live: Option<&LiveFile>,
    owned: bool,
    diffs: &mut Diffs,
) -> Drift {
    let (change, message) = match live.map(|live| live.problem) {
        None => (Change::Missing, "the file is gone".to_owned()),
        Some(Some(problem)) => (Change::Modified, format!("the file {}", problem.describe())),
        Some(None) => (Change::Modified, "the content differs".to_owned()),
    };
    let text = live.and_then(|live| live.text.as_deref());
    let secret = object.key().is_secret() || text.is_some_and(looks_secret);
    let shown = !secret && live.is_none_or(|live| live.text.is_some());
    Drift {
        object: Some(object.key().clone()),
        file: file.to_owned(),
        change,
        owned,
        diff: if shown {
            diffs.unified(file, Some(object.text()), text)
        } else {
            UnifiedDiff::default()
        },
        message: secrecy(message, secret),
    }
}

fn extra(file: &str, live: &LiveFile, owned: Option<&ObjectKey>, diffs: &mut Diffs) -> Drift {
    let message = match (owned, live.problem) {
        (Some(_), _) => "applied before and no longer declared".to_owned(),
        (None, Some(problem)) => format!("not declared; the file {}", problem.describe()),
        (None, None) => "not declared".to_owned(),
    };
    let key = owned.or(live.key.as_ref());
    let text = live.text.as_deref();
    let secret = key.is_some_and(ObjectKey::is_secret) || text.is_some_and(looks_secret);
    Drift {
        object: key.cloned(),
        file: file.to_owned(),
        change: Change::Extra,
        owned: owned.is_some(),
        diff: if secret || text.is_none() {
            UnifiedDiff::default()
        } else {
            diffs.unified(file, None, text)
        },
        message: secrecy(message, secret),
    }
}

fn secrecy(message: String, secret: bool) -> String {
    if secret {
        format!("{message}; the content of a Secret is not shown")
    } else {
        message
    }
}

/// Whether any line could make this text a Secret; it need not be valid YAML.
fn looks_secret(text: &str) -> bool {
    let kind_of = |line: &str| {
        let rest = line.trim_start_matches(['-', ' ', '\t', '{', '"', '\'']);
        let rest = rest
            .strip_prefix("kind")?
            .trim_start_matches(['"', '\'', ' ']);
        let value = rest.strip_prefix(':')?;
        let value = value.trim_start_matches([' ', '\t', '"', '\'']);
        Some(value.starts_with("Secret"))
    };
    text.split(['\n', ',', '{'])
        .any(|line| kind_of(line) == Some(true))
}

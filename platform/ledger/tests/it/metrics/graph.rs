//! Walking a history by its parents alone.

use std::collections::{BTreeMap, BTreeSet};

use sluice_schema::events::HistoryCommit;

/// The commit and everything before it.
pub(super) fn ancestors(commits: &BTreeMap<String, HistoryCommit>, sha: &str) -> BTreeSet<String> {
    let (mut found, mut ahead) = (BTreeSet::new(), vec![sha.to_owned()]);
    while let Some(sha) = ahead.pop() {
        if found.insert(sha.clone()) {
            ahead.extend(commits[&sha].parents.clone());
        }
    }
    found
}

/// The first-parent line, oldest first.
pub(super) fn line(commits: &BTreeMap<String, HistoryCommit>, head: &str) -> Vec<String> {
    let mut line = vec![head.to_owned()];
    while let Some(parent) = line.last().and_then(|sha| commits[sha].parents.first()) {
        line.push(parent.clone());
    }
    line.reverse();
    line
}

//! What is read, before anything is decided. Times are microseconds since 1970.

use std::collections::{BTreeMap, HashMap};

/// A module of a repository: what landings are counted by.
pub(super) type Line = (String, String);

/// A promotion or rollback of one module that Git declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) module: String,
    pub(super) promotion_id: String,
    pub(super) release_id: String,
    pub(super) version: String,
    pub(super) rollback: bool,
    /// The promotion that a rollback leaves.
    pub(super) rollback_of: Option<String>,
    pub(super) declared_at: i64,
    pub(super) succeeded_at: Option<i64>,
    /// When it ended, with success or without; absent while it is under way.
    pub(super) ended_at: Option<i64>,
    pub(super) repository: Option<String>,
    /// Landing of its commit, when that is a commit of the default branch's first-parent line.
    pub(super) landing: Option<i64>,
    pub(super) built_at: Option<i64>,
    pub(super) approved_at: Option<i64>,
}

impl Declared {
    /// When it succeeded or ended.
    pub(super) fn at(&self) -> Option<i64> {
        self.succeeded_at.or(self.ended_at)
    }

    pub(super) fn line(&self) -> Option<Line> {
        let repository = self.repository.clone()?;
        Some((self.module.clone(), repository))
    }
}

/// A commit of a landing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) sha: String,
    /// Whether it is the landing's own commit on the default branch.
    pub(super) mainline: bool,
    pub(super) authored_at: i64,
    pub(super) committed_at: i64,
    pub(super) pull_request_id: Option<String>,
    pub(super) merged_at: Option<i64>,
}

/// A commit that undoes another: the landings of both, as far as they have landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Revert {
    pub(super) repository: String,
    pub(super) reverted: i64,
    pub(super) by: i64,
}

/// The landings of a repository that deployments of the window brought: above `low`, to `high`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Range {
    #[serde(rename = "repository_id")]
    pub(super) repository: String,
    pub(super) low: i64,
    pub(super) high: i64,
}

/// Highest landings that ran before the window.
pub(super) type Marks = HashMap<Line, i64>;

/// Commits by landing, by repository.
pub(super) type Commits = HashMap<String, BTreeMap<i64, Vec<Commit>>>;

//! The comparison.

use chrono::{DateTime, Utc};

/// A point of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Side {
    /// What runs in an environment, by its id.
    Environment(String),
    /// A release, by its id.
    Release(String),
}

/// What is compared of a module on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The release.
    pub release_id: String,
    /// Its version.
    pub version: String,
    /// The promotion, when the side is an environment.
    pub promotion_id: Option<String>,
    /// The repository.
    pub repository_id: String,
    /// The commit.
    pub commit_sha: String,
}

/// A commit that one side has and the other lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The repository.
    pub repository_id: String,
    /// Git object id.
    pub sha: String,
    /// First line of the message.
    pub subject_line: String,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    pub committed_at: DateTime<Utc>,
    /// The pull request that landed it.
    pub pull_request_id: Option<String>,
    /// Its number.
    pub pull_request_number: Option<u64>,
}

/// A package or image that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemDifference {
    /// Its name in the feed or registry.
    pub name: String,
    /// Id on the first side; absent when it is not there.
    pub from_id: Option<String>,
    /// Version or reference on the first side.
    pub from: Option<String>,
    /// Id on the second side; absent when it is not there.
    pub to_id: Option<String>,
    /// Version or reference on the second side.
    pub to: Option<String>,
}

/// A setting or resource that differs. Values of settings are shown as digests where they are
/// rendered, never as text that may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueDifference {
    /// Key of the setting, or URN of the resource.
    pub key: String,
    /// On the first side; absent when it is not there.
    pub from: Option<String>,
    /// On the second side; absent when it is not there.
    pub to: Option<String>,
}

/// A module compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleComparison {
    /// The module.
    pub module: String,
    /// The first side; absent when it does not have the module.
    pub from: Option<Compared>,
    /// The second side; absent when it does not have the module.
    pub to: Option<Compared>,
    /// Commits that the first side has and the second lacks, the newest first, at most 500.
    pub only_in_from: Vec<Change>,
    /// Commits that the second side has and the first lacks, the newest first, at most 500.
    pub only_in_to: Vec<Change>,
    /// Whether there are more commits than the lists hold.
    pub truncated: bool,
    /// Packages that differ.
    pub packages: Vec<ItemDifference>,
    /// Images that differ.
    pub images: Vec<ItemDifference>,
    /// Settings that differ.
    pub configuration: Vec<ValueDifference>,
    /// Resources of infrastructure that differ.
    pub infrastructure: Vec<ValueDifference>,
}

/// Two sides compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The first side.
    pub from: Side,
    /// The second side.
    pub to: Side,
    /// Every module that a side has, by name.
    pub modules: Vec<ModuleComparison>,
    /// The ledger's sequence that it reflects.
    pub sequence: u64,
}

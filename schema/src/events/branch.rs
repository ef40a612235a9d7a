//! Events of the branch service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::{BranchId, RepositoryId};

/// What a branch demands of changes to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BranchPolicy {
    /// Changes only through pull requests.
    pub is_protected: bool,
    /// Approvals that a pull request needs, of distinct people, never its author.
    pub required_approvals: u32,
    /// Names of checks that must have succeeded on the pull request's head.
    pub required_checks: Vec<String>,
}

/// A branch exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BranchCreated {
    /// The branch.
    pub branch_id: BranchId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Short name, without `refs/heads/`.
    pub name: String,
    /// The commit that it started from.
    pub from_commit_sha: String,
    /// What it demands of changes.
    pub policy: BranchPolicy,
}
payload!(BranchCreated on "Branch" by branch_id);

/// A branch's policy changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BranchPolicyChanged {
    /// The branch.
    pub branch_id: BranchId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Short name.
    pub name: String,
    /// The policy after the change.
    pub policy: BranchPolicy,
}
payload!(BranchPolicyChanged on "Branch" by branch_id);

/// A branch is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BranchDeleted {
    /// The branch.
    pub branch_id: BranchId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Short name.
    pub name: String,
    /// Where it pointed last.
    pub head_sha: String,
}
payload!(BranchDeleted on "Branch" by branch_id);

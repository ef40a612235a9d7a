//! What a branch shows and where it leads.

use std::sync::Arc;

use async_graphql::{Enum, ID, SimpleObject};
use sluice_branch as service;
use sluice_schema::{BranchId, RepositoryId, events};

use super::BranchFilter;
use crate::{
    commit::{Commit, CommitBySha, CommitsOfBranch},
    declare::{aggregate, children, listed},
    loaders::lookups,
    pull_request::{PullRequest, PullRequestsFromBranch},
    repository::{Repository, RepositoryById},
};

/// Where a branch is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::BranchStatus")]
pub enum BranchStatus {
    /// Announced; the Git host has not confirmed it.
    Creating,
    /// It exists.
    Active,
    /// It is to go; the Git host has not confirmed it.
    Deleting,
    /// It is gone, and its name is free again.
    Deleted,
}

/// What a branch demands of changes to it.
#[derive(SimpleObject, Debug, Clone, PartialEq, Eq)]
pub struct BranchPolicy {
    /// Changes only through pull requests.
    pub is_protected: bool,
    /// Approvals that a pull request needs, of distinct people, never its author.
    pub required_approvals: u32,
    /// Names of checks that must have succeeded on the pull request's head.
    pub required_checks: Vec<String>,
}

impl From<&events::BranchPolicy> for BranchPolicy {
    fn from(policy: &events::BranchPolicy) -> Self {
        Self {
            is_protected: policy.is_protected,
            required_approvals: policy.required_approvals,
            required_checks: policy.required_checks.clone(),
        }
    }
}

lookups! {
    /// A branch by its id.
    BranchById(BranchId) -> Arc<service::Branch> = list branches.find_many;
    /// The branch that has this name in the repository now.
    BranchByName((RepositoryId, String)) -> Arc<service::Branch> = map branches.find_by_names;
    /// The branches that point at a commit now.
    BranchesAtCommit((RepositoryId, String)) -> Vec<Arc<service::Branch>>
        = map branches.find_by_heads;
}

children! {
    /// A repository's branches.
    BranchesOfRepository: RepositoryId => Branch
        = branches.pages_by_repository, counts_by_repository;
}

listed! {
    Branch(service::Branch) from branches;
    filter BranchFilter -> service::BranchFilter;
    order BranchOrder, BranchOrderField -> service::BranchOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
        /// By name.
        Name,
    }
}

aggregate! {
    /// A branch: a line of work in a repository, and what it demands of changes.
    Branch(service::Branch);
    fields {
        /// Id of the repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.to_string().into()
        }
        /// Short name, without `refs/heads/`; unique in the repository until it is deleted.
        async fn name(&self) -> &str {
            &self.0.name
        }
        /// The commit that it points at; after its deletion, the one that it pointed at last.
        async fn head_sha(&self) -> &str {
            &self.0.head_sha
        }
        /// The commit that it started from.
        async fn from_commit_sha(&self) -> &str {
            &self.0.from_commit_sha
        }
        /// What it demands of changes.
        async fn policy(&self) -> BranchPolicy {
            (&self.0.policy).into()
        }
        /// Whether it is the repository's default branch.
        async fn is_default(&self) -> bool {
            self.0.is_default
        }
        /// Where it is in its life.
        async fn status(&self) -> BranchStatus {
            self.0.status.into()
        }
        /// Why the Git host refused to create it; such a branch is `DELETED` and never was.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
    }
    one {
        /// Its repository.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The record of the commit that it points at, when it was committed here.
        head_commit: Commit by |it| Some(CommitBySha((it.repository_id, it.head_sha.clone())));
        /// The record of the commit that it started from, when it was committed here.
        start_commit: Commit
            by |it| Some(CommitBySha((it.repository_id, it.from_commit_sha.clone())));
    }
    many {}
    lists {
        /// The commits that were recorded on it.
        commits: Commit in CommitsOfBranch by |it| (it.repository_id, it.name.clone());
        /// The pull requests that ask for its changes to be merged, also past ones.
        pull_requests: PullRequest
            in PullRequestsFromBranch by |it| (it.repository_id, it.name.clone());
    }
}

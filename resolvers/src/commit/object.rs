//! What a commit shows and where it leads.

use std::sync::Arc;

use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_commit as service;
use sluice_schema::{CommitId, RepositoryId};

use super::CommitFilter;
use crate::{
    branch::{Branch, BranchByName},
    build_result::{BuildResult, BuildsOfCommit},
    declare::{aggregate, children, listed},
    loaders::lookups,
    pipeline::{PipelineDefinition, PipelineOfCommit},
    pipeline_run::{PipelineRun, RunsOfCommit},
    pull_request::{PullRequest, PullRequestOfCommit},
    release::{ReleasePlan, ReleasesOfCommit},
    repository::{Repository, RepositoryById},
};

/// How a commit came to be.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::CommitOrigin")]
pub enum CommitOrigin {
    /// Written from file contents by a command.
    Authored,
    /// Written by the merge of a pull request.
    Merge,
}

/// Where a commit is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::CommitStatus")]
pub enum CommitStatus {
    /// Its content is stored; the branch does not have it yet.
    Pending,
    /// The branch has it.
    Created,
    /// It was given up; the branch never had it.
    Failed,
}

/// One line at the end of a commit's message, for programs.
#[derive(SimpleObject, Debug, Clone)]
pub struct CommitTrailer {
    /// Letters, digits and inner hyphens.
    pub key: String,
    /// One line.
    pub value: String,
}

lookups! {
    /// A commit's record by its id.
    CommitById(CommitId) -> Arc<service::Commit> = list commits.find_many;
    /// The record of a Git commit.
    CommitBySha((RepositoryId, String)) -> Arc<service::Commit> = map commits.find_by_shas;
}

children! {
    /// A repository's commits.
    CommitsOfRepository: RepositoryId => Commit
        = commits.pages_by_repository, counts_by_repository;
    /// A branch's commits.
    CommitsOfBranch: (RepositoryId, String) => Commit
        = commits.pages_by_branch, counts_by_branch;
}

listed! {
    Commit(service::Commit) from commits;
    filter CommitFilter -> service::CommitFilter;
    order CommitOrder, CommitOrderField -> service::CommitOrder {
        /// By the record's creation.
        CreatedAt,
        /// By the record's last change.
        UpdatedAt,
        /// By when the commit was made.
        CommittedAt,
    }
}

aggregate! {
    /// A commit: the record of a Git commit on a branch, with its lineage.
    Commit(service::Commit);
    fields {
        /// Id of the repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.to_string().into()
        }
        /// The branch that it was written to.
        async fn branch_name(&self) -> &str {
            &self.0.branch
        }
        /// Git object id, 40 hex digits; null until the branch has it.
        async fn sha(&self) -> Option<&str> {
            self.0.sha.as_deref()
        }
        /// Git object id of its tree.
        async fn tree_hash(&self) -> &str {
            &self.0.tree_hash
        }
        /// Git object ids of its parents.
        async fn parent_shas(&self) -> &[String] {
            &self.0.parent_shas
        }
        /// The source artifact that it carries, when it was made from one.
        async fn artifact_id(&self) -> Option<&str> {
            self.0.artifact_id.as_deref()
        }
        /// The digest of that artifact, as the caller states it.
        async fn artifact_content_hash(&self) -> Option<&str> {
            self.0.artifact_content_hash.as_deref()
        }
        /// The message without the trailers that Sluice adds.
        async fn message(&self) -> &str {
            &self.0.message
        }
        /// The caller's trailers.
        async fn trailers(&self) -> Vec<CommitTrailer> {
            let trailers = self.0.trailers.iter().map(|trailer| CommitTrailer {
                key: trailer.key.clone(),
                value: trailer.value.clone(),
            });
            trailers.collect()
        }
        /// Who wrote it.
        async fn author_name(&self) -> &str {
            &self.0.author_name
        }
        /// Their email address.
        async fn author_email(&self) -> &str {
            &self.0.author_email
        }
        /// When it was made; Git keeps whole seconds of it.
        async fn committed_at(&self) -> DateTime<Utc> {
            self.0.committed_at
        }
        /// How it came to be.
        async fn origin(&self) -> CommitOrigin {
            self.0.origin.into()
        }
        /// How many paths it changes against its first parent.
        async fn changed_paths(&self) -> u32 {
            self.0.changed_paths
        }
        /// Where it is in its life.
        async fn status(&self) -> CommitStatus {
            self.0.status.into()
        }
        /// Why it was given up.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
    }
    one {
        /// The repository.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The branch that it was written to; null when it was deleted.
        branch: Branch by |it| Some(BranchByName((it.repository_id, it.branch.clone())));
        /// The pull request whose merge wrote it, or whose source it heads.
        pull_request: PullRequest by |it| Some(PullRequestOfCommit {
            known: it.pull_request_id,
            repository: it.repository_id,
            sha: it.sha.clone()?,
        });
        /// The pipeline definition that was generated for it.
        pipeline: PipelineDefinition
            by |it| Some(PipelineOfCommit((it.repository_id, it.sha.clone()?)));
    }
    many {
        /// The runs that build it, newest first.
        runs: PipelineRun by |it| {
            let sha = it.sha.iter().cloned();
            sha.map(|sha| RunsOfCommit((it.repository_id, sha))).collect()
        };
        /// What its builds proved, oldest first.
        builds: BuildResult by |it| {
            let sha = it.sha.iter().cloned();
            sha.map(|sha| BuildsOfCommit((it.repository_id, sha))).collect()
        };
        /// The releases of its builds, oldest first.
        releases: ReleasePlan by |it| {
            let sha = it.sha.iter().cloned();
            sha.map(|sha| ReleasesOfCommit((it.repository_id, sha))).collect()
        };
    }
    lists {}
}

//! What a commit shows and where it leads.

use std::sync::Arc;

use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_commit as service;
use sluice_ledger::CommitKey;
use sluice_schema::{CommitId, PullRequestId, RepositoryId};

use super::CommitFilter;
use crate::{
    branch::{Branch, BranchByName, BranchesAtCommit},
    build_result::{BuildResult, BuildsOfCommit},
    declare::{aggregate, children, listed},
    image::{ContainerImage, ImagesOfCommit},
    infrastructure::{InfrastructurePlan, PlansOfCommit},
    loaders::lookups,
    manifest::{DeploymentManifest, ManifestsOfCommit},
    package::{PackagePublication, PackagesOfCommit},
    pipeline::{PipelineDefinition, PipelineOfCommit},
    pipeline_run::{PipelineRun, RunsOfCommit},
    pull_request::{PullRequest, PullRequestOfCommit, PullRequestsOfCommit},
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
    /// The commits that the merge of a pull request wrote, oldest first.
    CommitsOfPullRequest(PullRequestId) -> Vec<Arc<service::Commit>>
        = map commits.find_by_pull_requests;
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

// What hangs on a commit hangs on nothing until the branch has it.
fn key<K>(it: &service::Commit, key: impl FnOnce((RepositoryId, String)) -> K) -> Vec<K> {
    let sha = it.sha.clone();
    sha.map(|sha| key((it.repository_id, sha)))
        .into_iter()
        .collect()
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
    reach by |it| CommitKey::Id(it.id.to_string());
    one {
        /// The repository.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The branch that it was written to; null when it was deleted.
        branch: Branch by |it| Some(BranchByName((it.repository_id, it.branch.clone())));
        /// The pull request whose merge wrote it, or whose source it heads.
        pull_request: PullRequest by |it| Some(PullRequestOfCommit((
            it.repository_id,
            it.sha.clone()?,
            it.pull_request_id,
        )));
        /// The pipeline definition that was generated for it.
        pipeline: PipelineDefinition
            by |it| Some(PipelineOfCommit((it.repository_id, it.sha.clone()?)));
    }
    many {
        /// The pull requests that it belongs to: first the one whose merge wrote it, then those
        /// whose source it heads or headed when they were merged, the latest first.
        pull_requests: PullRequest by |it| key(it, |(repository, sha)| {
            PullRequestsOfCommit((repository, sha, it.pull_request_id))
        });
        /// The branches that point at it now.
        heads: Branch by |it| key(it, BranchesAtCommit);
        /// The runs that build it, newest first.
        runs: PipelineRun by |it| key(it, RunsOfCommit);
        /// What its builds proved, oldest first.
        builds: BuildResult by |it| key(it, BuildsOfCommit);
        /// The packages of its builds, oldest first.
        packages: PackagePublication by |it| key(it, PackagesOfCommit);
        /// The container images of its builds, oldest first.
        images: ContainerImage by |it| key(it, ImagesOfCommit);
        /// The releases of its builds, oldest first.
        releases: ReleasePlan by |it| key(it, ReleasesOfCommit);
        /// The plans of the infrastructure that it declares, oldest first.
        infrastructure_plans: InfrastructurePlan by |it| key(it, PlansOfCommit);
        /// The manifests that were rendered from it, oldest first.
        manifests: DeploymentManifest by |it| key(it, ManifestsOfCommit);
    }
    each {
        /// Its parents, as far as they are recorded.
        parents: Commit by |it| {
            let shas = it.parent_shas.iter().cloned();
            shas.map(|sha| CommitBySha((it.repository_id, sha))).collect()
        };
    }
    lists {}
}

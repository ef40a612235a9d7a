//! What a pull request shows and where it leads.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, ID};
use chrono::{DateTime, Utc};
use sluice_branch::BranchStatus;
use sluice_git_host::DiffLimits;
use sluice_kernel::Ctx;
use sluice_ledger::CommitKey;
use sluice_pull_request as service;
use sluice_schema::{BoxFault, PullRequestId, RepositoryId};

use super::{
    MergeStrategy, Mergeability, PullRequestCheck, PullRequestDiff, PullRequestFilter,
    PullRequestReview, PullRequestStatus,
};
use crate::{
    Services,
    branch::{Branch, BranchByName},
    build_result::{BuildResult, BuildsOfCommit},
    commit::{Commit, CommitBySha, CommitsOfPullRequest},
    declare::{aggregate, children, listed},
    fault::{Finding, InputFault, Result},
    loaders::{Call, Lookup, lookups},
    pipeline::{PipelineDefinition, PipelinesOfPullRequest},
    pipeline_run::{PipelineRun, RunsOfCommit},
    release::{ReleasePlan, ReleasesOfCommit},
    repository::{Repository, RepositoryById},
};

lookups! {
    /// A pull request by its id.
    PullRequestById(PullRequestId) -> Arc<service::PullRequest> = list pull_requests.find_many;
    /// The pull requests that a commit belongs to, the likeliest first.
    PullRequestsOfCommit(service::OfCommit) -> Vec<Arc<service::PullRequest>>
        = map pull_requests.find_by_commits;
}

/// The pull request that a commit belongs to: the one that its record names, else the one whose
/// merge wrote it, else the latest that has it as its source's head.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PullRequestOfCommit(pub service::OfCommit);

impl Lookup for PullRequestOfCommit {
    type Value = Arc<service::PullRequest>;

    async fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> std::result::Result<HashMap<Self, Self::Value>, BoxFault> {
        let commits: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
        let found = services
            .pull_requests
            .find_by_commits(ctx, &commits)
            .await?;
        let firsts = found.into_iter().filter_map(|(commit, all)| {
            let first = all.into_iter().next()?;
            Some((Self(commit), first))
        });
        Ok(firsts.collect())
    }
}

children! {
    /// A repository's pull requests.
    PullRequestsOfRepository: RepositoryId => PullRequest
        = pull_requests.pages_by_repository, counts_by_repository;
    /// The pull requests from a branch.
    PullRequestsFromBranch: (RepositoryId, String) => PullRequest
        = pull_requests.pages_by_source_branch, counts_by_source_branch;
}

listed! {
    PullRequest(service::PullRequest) from pull_requests;
    filter PullRequestFilter -> service::PullRequestFilter;
    order PullRequestOrder, PullRequestOrderField -> service::PullRequestOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
        /// By number in the repository.
        Number,
    }
}

// What it brought, then what it asks for.
fn commits(it: &service::PullRequest) -> impl Iterator<Item = (RepositoryId, String)> {
    let shas = it.merge_commit_sha.iter().chain([&it.source_sha]);
    shas.map(|sha| (it.repository_id, sha.clone()))
}

aggregate! {
    /// A pull request: asks for the changes of one branch to be merged into another.
    PullRequest(service::PullRequest);
    fields {
        /// Id of the repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.to_string().into()
        }
        /// Number in the repository, from 1 without holes.
        async fn number(&self) -> u64 {
            self.0.number
        }
        /// What it is about, one line.
        async fn title(&self) -> &str {
            &self.0.title
        }
        /// Why.
        async fn description(&self) -> Option<&str> {
            self.0.description.as_deref()
        }
        /// Name of the branch with the changes.
        async fn source_branch(&self) -> &str {
            &self.0.source_branch
        }
        /// Name of the branch that shall receive them.
        async fn target_branch(&self) -> &str {
            &self.0.target_branch
        }
        /// Head of the source when it was last looked at; once merged, what was merged.
        async fn source_sha(&self) -> &str {
            &self.0.source_sha
        }
        /// Head of the target when it was last looked at; once merged, what it was merged onto.
        async fn target_sha(&self) -> &str {
            &self.0.target_sha
        }
        /// Where it is in its life.
        async fn status(&self) -> PullRequestStatus {
            self.0.status.into()
        }
        /// Who opened it.
        async fn author(&self) -> &str {
            &self.0.author
        }
        /// The latest review of each reviewer, in the order of their first.
        async fn reviews(&self) -> Vec<PullRequestReview> {
            self.0.reviews.iter().map(Into::into).collect()
        }
        /// What is known of the source's head; `mergeable` is always among them.
        async fn checks(&self) -> Vec<PullRequestCheck> {
            self.0.checks.iter().map(Into::into).collect()
        }
        /// Whether it would merge.
        async fn mergeability(&self) -> Mergeability {
            self.0.mergeability.into()
        }
        /// The paths in conflict, sorted, at most 1,000.
        async fn conflict_paths(&self) -> &[String] {
            &self.0.conflict_paths
        }
        /// How it is or was merged.
        async fn strategy(&self) -> Option<MergeStrategy> {
            self.0.strategy.map(Into::into)
        }
        /// The commit that carries the changes on the target.
        async fn merge_commit_sha(&self) -> Option<&str> {
            self.0.merge_commit_sha.as_deref()
        }
        /// Git object id of that commit's tree.
        async fn tree_hash(&self) -> Option<&str> {
            self.0.tree_hash.as_deref()
        }
        /// Every commit that the merge wrote, oldest first (several for a rebase).
        async fn created_shas(&self) -> &[String] {
            &self.0.created_shas
        }
        /// Who merged, or is merging.
        async fn merged_by(&self) -> Option<&str> {
            self.0.merged_by.as_deref()
        }
        /// When the merge was recorded.
        async fn merged_at(&self) -> Option<DateTime<Utc>> {
            self.0.merged_at
        }
        /// Whether the source branch is deleted after the merge.
        async fn delete_source_branch(&self) -> bool {
            self.0.delete_source_branch
        }
        /// Why it was abandoned, or why the last attempt to merge it did not take place.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
        /// What the target's policy still misses before it can be merged; empty when it can, or
        /// when it is not open.
        #[graphql(complexity = "5")]
        async fn unmet_policy(&self, context: &Context<'_>) -> Result<Vec<Finding>> {
            let it = &self.0;
            if it.status != service::PullRequestStatus::Open {
                return Ok(Vec::new());
            }
            let target = BranchByName((it.repository_id, it.target_branch.clone()));
            let target = Call::of(context)?.one(Some(target)).await?;
            // A branch that is being created or deleted is as good as absent.
            let target = target.filter(|branch| branch.status == BranchStatus::Active);
            let missing = service::unmet_policy(it, target.as_ref().map(|branch| &branch.policy));
            Ok(missing.into_iter().map(Into::into).collect())
        }
        /// What it changes: while it is open, what the source changed since it left the target;
        /// once merged, what the merge changed on the target.
        #[graphql(complexity = "1000")]
        async fn diff(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "At most so many files, 1 to 1,000.", default = 300)] max_files: usize,
        ) -> Result<PullRequestDiff> {
            let call = Call::of(context)?;
            let mut limits = DiffLimits::default();
            if !(1..=limits.max_files).contains(&max_files) {
                let rule = format!("must be 1 to {}", limits.max_files);
                return Err(call.failure(InputFault::new("maxFiles", rule)));
            }
            limits.max_files = max_files;
            let diff = call.services.pull_requests.diff_of(&call.ctx, &self.0, limits).await;
            Ok(diff.map_err(|fault| call.failure(fault))?.into())
        }
    }
    // What it brought, or what it asks for while it is not merged.
    reach by |it| {
        let sha = it.merge_commit_sha.as_ref().unwrap_or(&it.source_sha);
        CommitKey::Sha(it.repository_id.to_string(), sha.clone())
    };
    one {
        /// The repository of both branches.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The branch with the changes; null when it was deleted.
        source: Branch by |it| Some(BranchByName((it.repository_id, it.source_branch.clone())));
        /// The branch that receives them; null when it was deleted.
        target: Branch by |it| Some(BranchByName((it.repository_id, it.target_branch.clone())));
        /// The source's head, when it was committed here.
        head_commit: Commit by |it| Some(CommitBySha((it.repository_id, it.source_sha.clone())));
        /// The commit that carries the changes on the target.
        merge_commit: Commit
            by |it| Some(CommitBySha((it.repository_id, it.merge_commit_sha.clone()?)));
    }
    many {
        /// The runs that build its merge commit or its source's head, newest first.
        runs: PipelineRun by |it| {
            commits(it).map(RunsOfCommit).collect()
        };
        /// What those builds proved.
        builds: BuildResult by |it| {
            commits(it).map(BuildsOfCommit).collect()
        };
        /// The commits that its merge wrote, as far as they are recorded.
        commits: Commit by |it| vec![CommitsOfPullRequest(it.id)];
        /// The pipeline definitions that its merge generated and no later one did anew.
        pipelines: PipelineDefinition by |it| vec![PipelinesOfPullRequest(it.id)];
        /// The releases of the builds of its merge commit, oldest first.
        releases: ReleasePlan by |it| {
            let sha = it.merge_commit_sha.iter().cloned();
            sha.map(|sha| ReleasesOfCommit((it.repository_id, sha))).collect()
        };
    }
    lists {}
}

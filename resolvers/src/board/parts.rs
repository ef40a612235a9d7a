//! What a cell of the board shows.

use async_graphql::{Enum, ID};
use chrono::{DateTime, Utc};
use sluice_ledger as service;

use crate::{
    build_result::{BuildById, BuildResult},
    commit::{Commit, CommitBySha},
    declare::record,
    gitops::{GitOpsSyncState, HealthStatus, SyncById},
    pipeline_run::{PipelineRun, RunById},
    promotion::{EnvironmentPromotion, PromotionById, PromotionStatus},
    pull_request::{PullRequest, PullRequestById},
    release::{ReleaseById, ReleasePlan},
    repository::{Repository, RepositoryById},
};

/// What the last look at a target saw.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::DriftState")]
pub enum DriftState {
    /// It held what Git declares.
    Synced,
    /// Objects differed from what Git declares.
    Drifted,
    /// It could not be brought to what Git declares.
    Failed,
    /// It was not looked at yet.
    Unknown,
}

record! {
    /// A version of a module in an environment, and where it came from.
    DeployedVersion(service::Deployed);
    fields {
        /// The release's semantic version.
        async fn version(&self) -> &str {
            &self.0.version
        }
        /// Id of the release.
        async fn release_id(&self) -> ID {
            self.0.release_id.as_str().into()
        }
        /// Id of the promotion.
        async fn promotion_id(&self) -> ID {
            self.0.promotion_id.as_str().into()
        }
        /// Where the promotion is in its life; `ROLLED_BACK` once it was left and is not declared
        /// any more.
        async fn promotion_status(&self) -> Option<PromotionStatus> {
            let state = self.0.promotion_state.parse::<sluice_environment_promotion::PromotionStatus>();
            state.ok().map(Into::into)
        }
        /// Id of the build.
        async fn build_id(&self) -> Option<ID> {
            self.0.build_id.as_deref().map(Into::into)
        }
        /// Id of the run.
        async fn run_id(&self) -> Option<ID> {
            self.0.run_id.as_deref().map(Into::into)
        }
        /// Id of the repository.
        async fn repository_id(&self) -> Option<ID> {
            self.0.repository_id.as_deref().map(Into::into)
        }
        /// The commit, 40 hex digits.
        async fn commit_sha(&self) -> Option<&str> {
            self.0.commit_sha.as_deref()
        }
        /// Id of the pull request that landed the commit.
        async fn pull_request_id(&self) -> Option<ID> {
            self.0.pull_request_id.as_deref().map(Into::into)
        }
        /// Number of the pull request.
        async fn pull_request_number(&self) -> Option<u64> {
            self.0.pull_request_number
        }
        /// Since when.
        async fn since(&self) -> DateTime<Utc> {
            self.0.since
        }
        /// Who asked for the promotion.
        async fn by(&self) -> &str {
            &self.0.by
        }
    }
    one {
        /// The release.
        release: ReleasePlan by |it| it.release_id.parse().ok().map(ReleaseById);
        /// The promotion.
        promotion: EnvironmentPromotion by |it| it.promotion_id.parse().ok().map(PromotionById);
        /// The build.
        build: BuildResult by |it| it.build_id.as_ref()?.parse().ok().map(BuildById);
        /// The run.
        run: PipelineRun by |it| it.run_id.as_ref()?.parse().ok().map(RunById);
        /// The repository.
        repository: Repository by |it| it.repository_id.as_ref()?.parse().ok().map(RepositoryById);
        /// The commit; null when only the Git host knows it.
        commit: Commit by |it| {
            let repository = it.repository_id.as_ref()?.parse().ok()?;
            Some(CommitBySha((repository, it.commit_sha.clone()?)))
        };
        /// The pull request that landed the commit.
        pull_request: PullRequest
            by |it| it.pull_request_id.as_ref()?.parse().ok().map(PullRequestById);
    }

    /// How the target of a module was last seen.
    BoardSync(service::SyncView);
    fields {
        /// Id of the synchronisation.
        async fn sync_id(&self) -> ID {
            self.0.sync_id.as_str().into()
        }
        /// What the last look saw.
        async fn state(&self) -> DriftState {
            self.0.state.into()
        }
        /// How well it works.
        async fn health(&self) -> Option<HealthStatus> {
            let health = self.0.health.parse::<sluice_gitops_sync::HealthStatus>();
            health.ok().map(Into::into)
        }
        /// Objects that differ from what Git declares.
        async fn drift(&self) -> u64 {
            self.0.drift
        }
        /// Why it failed.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
        /// When it was last told of.
        async fn observed_at(&self) -> DateTime<Utc> {
            self.0.observed_at
        }
    }
    one {
        /// The synchronisation.
        sync: GitOpsSyncState by |it| it.sync_id.parse().ok().map(SyncById);
    }

    /// A hold: nothing is promoted while it lasts.
    BoardHold(service::BoardHold);
    fields {
        /// Why.
        async fn reason(&self) -> &str {
            &self.0.reason
        }
        /// Who holds.
        async fn by(&self) -> &str {
            &self.0.held_by
        }
        /// Since when.
        async fn since(&self) -> DateTime<Utc> {
            self.0.since
        }
        /// Id of the rollback that placed it; null when a person did.
        async fn promotion_id(&self) -> Option<ID> {
            self.0.promotion_id.as_deref().map(Into::into)
        }
    }
    one {
        /// The rollback that placed it; null when a person did.
        promotion: EnvironmentPromotion
            by |it| it.promotion_id.as_ref()?.parse().ok().map(PromotionById);
    }
}

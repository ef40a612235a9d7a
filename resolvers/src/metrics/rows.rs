//! The rows that figures are made from.

use async_graphql::{ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_ledger as service;

use crate::{
    commit::{Commit, CommitBySha},
    declare::record,
    promotion::{EnvironmentPromotion, PromotionById},
    pull_request::{PullRequest, PullRequestById},
    release::{ReleaseById, ReleasePlan},
    repository::{Repository, RepositoryById},
    scalars::Long,
};

/// Where the time of a change went, in milliseconds; the parts add up to the whole. A boundary
/// that lies after a later one counts as the later one, a missing one as the one before it.
#[derive(SimpleObject, Debug, Clone)]
pub struct LeadTimeParts {
    /// From the first commit until the pull request was merged; until the commit was made
    /// when there is none.
    pub review_ms: Long,
    /// From then until the build that was deployed was complete.
    pub ci_ms: Long,
    /// From then until the release was approved, for the last time.
    pub approval_ms: Long,
    /// From then until Git declared it: gates, soak times, waiting for a person.
    pub soak_ms: Long,
    /// From then until it ran synchronised and healthy.
    pub rollout_ms: Long,
    /// The whole.
    pub total_ms: Long,
}

impl From<service::LeadTimeParts> for LeadTimeParts {
    fn from(it: service::LeadTimeParts) -> Self {
        Self {
            review_ms: Long(it.review_ms),
            ci_ms: Long(it.ci_ms),
            approval_ms: Long(it.approval_ms),
            soak_ms: Long(it.soak_ms),
            rollout_ms: Long(it.rollout_ms),
            total_ms: Long(it.total_ms()),
        }
    }
}

record! {
    /// A deployment: one module of a promotion or rollback that Git declared in the environment.
    /// What is under way is none yet, and what ended while it waited for its gates never was one.
    Deployment(service::Deployment);
    fields {
        /// Id of the promotion.
        async fn promotion_id(&self) -> ID {
            self.0.promotion_id.as_str().into()
        }
        /// The module.
        async fn module(&self) -> &str {
            &self.0.module
        }
        /// Id of the release.
        async fn release_id(&self) -> ID {
            self.0.release_id.as_str().into()
        }
        /// The release's semantic version.
        async fn version(&self) -> &str {
            &self.0.version
        }
        /// When it succeeded, or ended without success.
        async fn at(&self) -> DateTime<Utc> {
            self.0.at
        }
        /// Whether it succeeded.
        async fn succeeded(&self) -> bool {
            self.0.succeeded
        }
        /// Whether it is a rollback.
        async fn rollback(&self) -> bool {
            self.0.rollback
        }
        /// Whether it failed: it ended without success, or a rollback of this module left it, or
        /// a later deployment brought a revert of a change that it brought.
        async fn failed(&self) -> bool {
            self.0.failed
        }
        /// Whether it is rework: a rollback, or it brought a revert of what had run there before.
        async fn rework(&self) -> bool {
            self.0.rework
        }
        /// Id of what made it count as failed, in this order: itself, the rollback, or the first
        /// deployment that brought a revert.
        async fn failed_by_id(&self) -> Option<ID> {
            self.0.failed_by.as_deref().map(Into::into)
        }
    }
    one {
        /// The promotion.
        promotion: EnvironmentPromotion by |it| it.promotion_id.parse().ok().map(PromotionById);
        /// The release.
        release: ReleasePlan by |it| it.release_id.parse().ok().map(ReleaseById);
        /// What made it count as failed, in this order: itself, the rollback, or the first
        /// deployment that brought a revert.
        failed_by: EnvironmentPromotion
            by |it| it.failed_by.as_ref()?.parse().ok().map(PromotionById);
    }

    /// How long one change of a module took, from its first commit until it ran. A change is a
    /// commit of the default branch's own line; the first deployment that succeeded with it
    /// brought it, once. The first deployment of all brings the commit that it was built from
    /// alone, rollbacks bring nothing.
    ChangeLeadTime(service::ChangeLeadTime);
    fields {
        /// Id of the promotion that brought it.
        async fn promotion_id(&self) -> ID {
            self.0.promotion_id.as_str().into()
        }
        /// The module.
        async fn module(&self) -> &str {
            &self.0.module
        }
        /// Id of the repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.as_str().into()
        }
        /// The commit on the default branch that landed it, 40 hex digits.
        async fn sha(&self) -> &str {
            &self.0.sha
        }
        /// Id of the pull request that landed it.
        async fn pull_request_id(&self) -> Option<ID> {
            self.0.pull_request_id.as_deref().map(Into::into)
        }
        /// When its first commit was written: of those that landed with it, and of those that a
        /// squash stands for.
        async fn started_at(&self) -> DateTime<Utc> {
            self.0.started_at
        }
        /// When it ran.
        async fn running_at(&self) -> DateTime<Utc> {
            self.0.running_at
        }
        /// Where the time went.
        async fn parts(&self) -> LeadTimeParts {
            self.0.parts.into()
        }
    }
    one {
        /// The promotion that brought it.
        promotion: EnvironmentPromotion by |it| it.promotion_id.parse().ok().map(PromotionById);
        /// The repository.
        repository: Repository by |it| it.repository_id.parse().ok().map(RepositoryById);
        /// The commit that landed it; null when only the Git host knows it.
        commit: Commit
            by |it| Some(CommitBySha((it.repository_id.parse().ok()?, it.sha.clone())));
        /// The pull request that landed it.
        pull_request: PullRequest
            by |it| it.pull_request_id.as_ref()?.parse().ok().map(PullRequestById);
    }

    /// The failure of a deployment that is no rollback, and its end.
    Restore(service::Restore);
    fields {
        /// Id of the promotion that failed.
        async fn failed_promotion_id(&self) -> ID {
            self.0.failed_promotion_id.as_str().into()
        }
        /// The module.
        async fn module(&self) -> &str {
            &self.0.module
        }
        /// When the failure began: when that promotion was declared.
        async fn failed_at(&self) -> DateTime<Utc> {
            self.0.failed_at
        }
        /// Id of the promotion that ended it: that brought the revert, else the next of the module
        /// that succeeded, not before the rollback began; null while it lasts.
        async fn restored_by_id(&self) -> Option<ID> {
            self.0.restored_by.as_deref().map(Into::into)
        }
        /// When it ended; null while it lasts.
        async fn restored_at(&self) -> Option<DateTime<Utc>> {
            self.0.restored_at
        }
    }
    one {
        /// The promotion that failed.
        failed_promotion: EnvironmentPromotion
            by |it| it.failed_promotion_id.parse().ok().map(PromotionById);
        /// The promotion that ended it; null while it lasts.
        restored_by: EnvironmentPromotion
            by |it| it.restored_by.as_ref()?.parse().ok().map(PromotionById);
    }
}

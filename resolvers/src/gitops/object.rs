//! What a synchronisation shows and where it leads.

use std::sync::Arc;

use async_graphql::ID;
use chrono::{DateTime, Utc};
use sluice_gitops_sync as service;
use sluice_schema::{EnvironmentId, PromotionId, RepositoryId, SyncId};

use super::{
    AttemptsOfSync, DriftItem, GitOpsSyncAttempt, GitOpsSyncFilter, HealthStatus, SyncOperation,
    SyncStatus,
};
use crate::{
    declare::{aggregate, children, listed},
    environment::{Environment, EnvironmentById},
    loaders::lookups,
    promotion::{EnvironmentPromotion, PromotionById},
    release::{ReleaseById, ReleasePlan},
    repository::{Repository, RepositoryById},
};

lookups! {
    /// A synchronisation by its id.
    SyncById(SyncId) -> Arc<service::GitOpsSyncState> = list syncs.find_many;
    /// The synchronisations whose last promotion it is, by module.
    SyncsOfPromotion(PromotionId) -> Vec<Arc<service::GitOpsSyncState>>
        = map syncs.find_by_promotions;
}

children! {
    /// An environment's synchronisations.
    SyncsOfEnvironment: EnvironmentId => GitOpsSyncState
        = syncs.pages_by_environment, counts_by_environment;
    /// The synchronisations that follow a repository.
    SyncsOfGitOpsRepository: RepositoryId => GitOpsSyncState
        = syncs.pages_by_gitops_repository, counts_by_gitops_repository;
}

listed! {
    GitOpsSyncState(service::GitOpsSyncState) from syncs;
    filter GitOpsSyncFilter -> service::SyncFilter;
    order GitOpsSyncOrder, GitOpsSyncOrderField -> service::SyncOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
    }
}

aggregate! {
    /// How one module in one environment is kept in step with Git. Sync, health and operation are
    /// three separate facts.
    GitOpsSyncState(service::GitOpsSyncState);
    fields {
        /// The module.
        async fn module(&self) -> &str {
            &self.0.module
        }
        /// Id of the environment.
        async fn environment_id(&self) -> ID {
            self.0.environment_id.to_string().into()
        }
        /// The environment's name.
        async fn environment_name(&self) -> &str {
            &self.0.environment
        }
        /// The branch that the environment follows.
        async fn branch(&self) -> &str {
            &self.0.branch
        }
        /// The folder in it that declares the module.
        async fn path(&self) -> &str {
            &self.0.path
        }
        /// Whether the target holds what Git declares.
        async fn sync(&self) -> SyncStatus {
            self.0.sync.into()
        }
        /// Whether what it holds works.
        async fn health(&self) -> HealthStatus {
            self.0.health.into()
        }
        /// What is done with it at the moment.
        async fn operation(&self) -> SyncOperation {
            self.0.operation.into()
        }
        /// A commit that declares what Git declares now.
        async fn desired_revision(&self) -> &str {
            &self.0.desired.revision
        }
        /// `sha256:<hex>` of what Git declares now.
        async fn desired_digest(&self) -> &str {
            &self.0.desired.digest
        }
        /// The commit that was applied last without a failure.
        async fn applied_revision(&self) -> Option<&str> {
            self.0.applied.as_ref().map(|held| held.revision.as_str())
        }
        /// `sha256:<hex>` of what was applied last without a failure.
        async fn applied_digest(&self) -> Option<&str> {
            self.0.applied.as_ref().map(|held| held.digest.as_str())
        }
        /// The commit that was tried last.
        async fn attempted_revision(&self) -> Option<&str> {
            self.0.attempted_revision.as_deref()
        }
        /// Failures in a row.
        async fn failures(&self) -> u32 {
            self.0.failures
        }
        /// Why the last attempt failed, or Git or the target did not answer.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
        /// When it is tried again.
        async fn retry_at(&self) -> Option<DateTime<Utc>> {
            self.0.retry_at
        }
        /// How many objects differ from Git.
        async fn drift_total(&self) -> u32 {
            self.0.drift_total
        }
        /// Whether automatic synchronisation and healing are stopped.
        async fn paused(&self) -> bool {
            self.0.paused.is_some()
        }
        /// Why they are.
        async fn pause_reason(&self) -> Option<&str> {
            self.0.paused.as_ref().map(|pause| pause.reason.as_str())
        }
        /// Who stopped them.
        async fn paused_by(&self) -> Option<&str> {
            self.0.paused.as_ref().map(|pause| pause.by.as_str())
        }
        /// When they were stopped.
        async fn paused_at(&self) -> Option<DateTime<Utc>> {
            self.0.paused.as_ref().map(|pause| pause.at)
        }
        /// When the target last became what Git declares.
        async fn last_synced_at(&self) -> Option<DateTime<Utc>> {
            self.0.last_synced_at
        }
        /// When Git or the target was last seen to change.
        async fn observed_at(&self) -> Option<DateTime<Utc>> {
            self.0.observed_at
        }
    }
    parts {
        /// What differs from Git, at most 100 objects.
        drift: DriftItem by |it| it.drift.iter().map(Into::into).collect();
    }
    one {
        /// The environment.
        environment: Environment by |it| Some(EnvironmentById(it.environment_id));
        /// The promotion that declared something last; people may have committed since.
        promotion: EnvironmentPromotion by |it| Some(PromotionById(it.promoted.promotion_id));
        /// The release of that promotion.
        release: ReleasePlan by |it| Some(ReleaseById(it.promoted.release_id));
        /// The repository that the environment follows.
        git_ops_repository: Repository by |it| Some(RepositoryById(it.gitops_repository_id));
    }
    many {}
    lists {
        /// Every attempt to bring the target to what Git declares, failures too.
        attempts: GitOpsSyncAttempt in AttemptsOfSync by |it| it.id;
    }
}

//! What a promotion shows and where it leads.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_graphql::ID;
use chrono::{DateTime, Utc};
use sluice_environment_promotion as service;
use sluice_kernel::Ctx;
use sluice_schema::{BoxFault, EnvironmentId, ManifestId, PromotionId, ReleaseId, RepositoryId};

use super::{PromotionFilter, PromotionItem, PromotionKind, PromotionOverride, PromotionStatus};
use crate::{
    Services,
    blocker::Blocker,
    declare::{aggregate, children, listed},
    environment::{Environment, EnvironmentById},
    gitops::{GitOpsSyncState, SyncsOfPromotion},
    loaders::{Lookup, lookups},
    manifest::{DeploymentManifest, ManifestById},
    release::{ReleaseById, ReleasePlan},
    repository::{Repository, RepositoryById},
};

lookups! {
    /// A promotion by its id.
    PromotionById(PromotionId) -> Arc<service::EnvironmentPromotion> = list promotions.find_many;
    /// The promotions that were declared right after one, oldest first.
    NextPromotions(PromotionId) -> Vec<Arc<service::EnvironmentPromotion>>
        = map promotions.find_next;
    /// The rollbacks that left a promotion, oldest first.
    RollbacksOfPromotion(PromotionId) -> Vec<Arc<service::EnvironmentPromotion>>
        = map promotions.find_rollbacks;
    /// The rollbacks that declared a promotion's content again, oldest first.
    RestorersOfPromotion(PromotionId) -> Vec<Arc<service::EnvironmentPromotion>>
        = map promotions.find_restorers;
}

/// The promotions that declared a manifest, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PromotionsOfManifest {
    /// The manifest.
    pub manifest: ManifestId,
    /// The release that it was rendered of, whose promotions alone declare it.
    pub release: ReleaseId,
}

impl Lookup for PromotionsOfManifest {
    type Value = Vec<Arc<service::EnvironmentPromotion>>;

    async fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> Result<HashMap<Self, Self::Value>, BoxFault> {
        let releases: BTreeSet<ReleaseId> = keys.iter().map(|key| key.release).collect();
        let releases: Vec<ReleaseId> = releases.into_iter().collect();
        let promotions = services.promotions.find_by_releases(ctx, &releases).await?;
        let of = |key: &Self| {
            let mut of_release = promotions.get(&key.release)?.clone();
            of_release.retain(|it| it.items.iter().any(|it| it.manifest_id == key.manifest));
            of_release.sort_by_key(|it| it.id);
            Some(of_release)
        };
        let found = keys.iter().filter_map(|key| Some((*key, of(key)?)));
        Ok(found.collect())
    }
}

children! {
    /// An environment's promotions.
    PromotionsOfEnvironment: EnvironmentId => EnvironmentPromotion
        = promotions.pages_by_environment, counts_by_environment;
    /// A release's promotions.
    PromotionsOfRelease: ReleaseId => EnvironmentPromotion
        = promotions.pages_by_release, counts_by_release;
    /// The promotions that a GitOps repository declares.
    PromotionsOfGitOpsRepository: RepositoryId => EnvironmentPromotion
        = promotions.pages_by_gitops_repository, counts_by_gitops_repository;
}

listed! {
    EnvironmentPromotion(service::EnvironmentPromotion) from promotions;
    filter PromotionFilter -> service::PromotionFilter;
    order PromotionOrder, PromotionOrderField -> service::PromotionOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
    }
}

aggregate! {
    /// A promotion: one attempt to bring a release into an environment, or to bring back what ran
    /// there before.
    EnvironmentPromotion(service::EnvironmentPromotion);
    fields {
        /// Where it is in its life.
        async fn status(&self) -> PromotionStatus {
            self.0.status.into()
        }
        /// Which way it goes.
        async fn kind(&self) -> PromotionKind {
            self.0.kind.into()
        }
        /// Attempt for this release and environment, from 1.
        async fn attempt(&self) -> u32 {
            self.0.attempt
        }
        /// Whether the environment asked for it by itself.
        async fn automatic(&self) -> bool {
            self.0.automatic
        }
        /// Id of the release.
        async fn release_id(&self) -> ID {
            self.0.release_id.to_string().into()
        }
        /// The release's name.
        async fn release_name(&self) -> &str {
            &self.0.release_name
        }
        /// The release's semantic version.
        async fn release_version(&self) -> &str {
            &self.0.release_version
        }
        /// Id of the environment.
        async fn environment_id(&self) -> ID {
            self.0.environment_id.to_string().into()
        }
        /// The environment's name.
        async fn environment_name(&self) -> &str {
            &self.0.environment
        }
        /// What it waits for, as last seen; `environment.blockers` asks anew.
        async fn blockers(&self) -> Vec<Blocker> {
            self.0.blockers.iter().cloned().map(Into::into).collect()
        }
        /// Gates that a person passed although they were closed.
        async fn overrides(&self) -> Option<PromotionOverride> {
            self.0.overridden.as_ref().map(Into::into)
        }
        /// The modules that it is about, sorted.
        async fn modules(&self) -> &[String] {
            &self.0.modules
        }
        /// The branch that environments follow, once Git declares it.
        async fn branch(&self) -> Option<&str> {
            self.0.branch.as_deref()
        }
        /// The commit of the GitOps repository that declares it.
        async fn commit_sha(&self) -> Option<&str> {
            self.0.commit_sha.as_deref()
        }
        /// Why a rollback was asked for; why any other promotion ended as it did.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref().or(self.0.rollback_reason.as_deref())
        }
        /// The error code of how it ended.
        async fn code(&self) -> Option<&str> {
            self.0.code.as_deref()
        }
        /// When it was asked for.
        async fn requested_at(&self) -> DateTime<Utc> {
            self.0.meta.created_at
        }
        /// When it began to run.
        async fn started_at(&self) -> Option<DateTime<Utc>> {
            self.0.started_at
        }
        /// When Git declared it.
        async fn promoted_at(&self) -> Option<DateTime<Utc>> {
            self.0.promoted_at
        }
        /// When its targets were synchronised and healthy.
        async fn succeeded_at(&self) -> Option<DateTime<Utc>> {
            self.0.succeeded_at
        }
        /// When it ended.
        async fn finished_at(&self) -> Option<DateTime<Utc>> {
            self.0.finished_at
        }
        /// Until when its targets must be synchronised and healthy.
        async fn verify_until(&self) -> Option<DateTime<Utc>> {
            self.0.verify_until
        }
    }
    parts {
        /// What it declares, one entry per module, sorted; empty until it runs.
        items: PromotionItem by |it| it.items.iter().cloned().map(PromotionItem).collect();
    }
    one {
        /// The release.
        release: ReleasePlan by |it| Some(ReleaseById(it.release_id));
        /// The environment.
        environment: Environment by |it| Some(EnvironmentById(it.environment_id));
        /// The repository that environments follow.
        git_ops_repository: Repository by |it| it.gitops_repository_id.map(RepositoryById);
        /// The promotion that was declared before.
        previous: EnvironmentPromotion by |it| it.previous.map(PromotionById);
        /// The promotion that this rollback leaves.
        rollback_of: EnvironmentPromotion by |it| it.rollback_of.map(PromotionById);
        /// The promotion whose content this rollback declares again.
        restored: EnvironmentPromotion by |it| it.restored.map(PromotionById);
    }
    many {
        /// The synchronisation of each module whose last promotion it is.
        syncs: GitOpsSyncState by |it| vec![SyncsOfPromotion(it.id)];
        /// The promotions that were declared right after it, oldest first.
        next: EnvironmentPromotion by |it| vec![NextPromotions(it.id)];
        /// The rollbacks that left it, oldest first.
        rollbacks: EnvironmentPromotion by |it| vec![RollbacksOfPromotion(it.id)];
        /// The rollbacks that declared its content again, oldest first.
        restored_by: EnvironmentPromotion by |it| vec![RestorersOfPromotion(it.id)];
    }
    each {
        /// The manifests that it declares, in the order of its items; none until it runs.
        manifests: DeploymentManifest
            by |it| it.items.iter().map(|it| ManifestById(it.manifest_id)).collect();
    }
    lists {}
}

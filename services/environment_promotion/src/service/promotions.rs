//! Promotions: what they stand on, and looking them up.

use std::{collections::HashMap, sync::Arc};

use sluice_git_host::GitHost;
use sluice_kernel::{
    AnyFault, Blocker, Ctx,
    directory::{
        InfrastructureDirectory, ManifestDirectory, ReleaseDirectory, ReleaseView,
        RepositoryDirectory, SyncDirectory,
    },
};
use sluice_schema::{EnvironmentId, PromotionId, ReleaseId, RepositoryId, Scope};
use sluice_store::{Store, finds, reads};

use super::{Environments, Result};
use crate::{
    EnvironmentPromotion, PromotionError, PromotionFilter, PromotionKind, PromotionOrder,
    commands::EnvironmentRef,
    entity::promotion::Column,
    store::{self, PromotionList},
};

/// The services whose facts promotions depend on.
#[derive(Clone)]
pub struct Neighbours {
    /// What is released and approved.
    pub releases: Arc<dyn ReleaseDirectory>,
    /// What is rendered.
    pub manifests: Arc<dyn ManifestDirectory>,
    /// What is provisioned.
    pub infrastructure: Arc<dyn InfrastructureDirectory>,
    /// What targets hold.
    pub syncs: Arc<dyn SyncDirectory>,
    /// Where repositories are.
    pub repositories: Arc<dyn RepositoryDirectory>,
}

/// The promotions of releases into environments; cheap to clone.
#[derive(Clone)]
pub struct Promotions {
    pub(super) store: Store,
    pub(super) environments: Environments,
    pub(super) git: Arc<dyn GitHost>,
    pub(super) neighbours: Neighbours,
}

impl Promotions {
    /// A service beside `environments`, on the same store.
    pub fn new(environments: Environments, git: Arc<dyn GitHost>, neighbours: Neighbours) -> Self {
        Self {
            store: environments.store().clone(),
            environments,
            git,
            neighbours,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Everything that stands in the way of promoting the release into the environment now.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn blockers(
        &self,
        ctx: &Ctx,
        release: ReleaseId,
        environment: EnvironmentId,
    ) -> Result<Vec<Blocker>> {
        ctx.require(Scope::Read)?;
        let release = self.release(ctx, release).await?;
        let named = EnvironmentRef::Id(environment);
        let project = Some(&release.project_id);
        let environment = self.environments.resolve(ctx, named, project).await?;
        let modules = super::scene::modules(&release);
        let kind = PromotionKind::Promotion;
        let scene = self
            .scene(ctx, kind, environment, release, modules, None)
            .await?;
        Ok(scene.blockers(self.store.clock().now()))
    }

    /// The promotion whose content Git declares, for each module of each environment.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn current(
        &self,
        ctx: &Ctx,
        environments: &[EnvironmentId],
    ) -> Result<HashMap<(EnvironmentId, String), Arc<EnvironmentPromotion>>> {
        ctx.require(Scope::Read)?;
        let slots = store::slots_by_environments(&self.store, ctx, environments).await?;
        let mut ids: Vec<PromotionId> = slots.iter().filter_map(|slot| slot.declared).collect();
        ids.sort_unstable();
        ids.dedup();
        let found = self.store.list::<PromotionList>(ctx).by_ids(&ids).await?;
        let found: HashMap<PromotionId, _> = found.into_iter().map(|it| (it.id, it)).collect();
        let current = slots.into_iter().filter_map(|slot| {
            let promotion = found.get(&slot.declared?)?;
            Some(((slot.environment_id, slot.module), promotion.clone()))
        });
        Ok(current.collect())
    }

    /// The promotions of each release, in one statement, oldest first.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_releases(
        &self,
        ctx: &Ctx,
        releases: &[ReleaseId],
    ) -> Result<HashMap<ReleaseId, Vec<Arc<EnvironmentPromotion>>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_by_releases(&self.store, ctx, releases).await?)
    }

    pub(super) async fn load(&self, ctx: &Ctx, id: PromotionId) -> Result<EnvironmentPromotion> {
        let found = self.store.list::<PromotionList>(ctx).by_id(id).await?;
        found.ok_or(PromotionError::NotFound)
    }

    pub(super) async fn release(&self, ctx: &Ctx, id: ReleaseId) -> Result<ReleaseView> {
        let found = self.neighbours.releases.release(ctx, id).await;
        let found = found.map_err(AnyFault)?.ok_or(PromotionError::Missing {
            field: "releaseId",
            what: "release",
        })?;
        ctx.require_project(&found.project_id)?;
        Ok(found)
    }
}

reads! {
    Promotions: PromotionList(PromotionFilter, PromotionOrder) of EnvironmentPromotion by PromotionId or PromotionError,
        else PromotionError::NotFound;
    pages_by_environment, counts_by_environment: EnvironmentId in Column::EnvironmentId,
        key |id| id.to_string(), of |row| row.environment_id.clone();
    pages_by_release, counts_by_release: ReleaseId in Column::ReleaseId,
        key |id| id.to_string(), of |row| row.release_id.clone();
    pages_by_gitops_repository, counts_by_gitops_repository: RepositoryId in Column::GitopsRepositoryId,
        key |id| id.to_string(), of |row| row.gitops_repository_id.clone().unwrap_or_default();
}

finds! {
    Promotions: PromotionList of EnvironmentPromotion or PromotionError;
    /// The promotions that were declared right after each.
    find_next: PromotionId in Column::Previous, key |id| id.to_string(), of |it| it.previous;
    /// The rollbacks that left each promotion.
    find_rollbacks: PromotionId in Column::RollbackOf, key |id| id.to_string(), of |it| it.rollback_of;
    /// The rollbacks that declared each promotion's content again.
    find_restorers: PromotionId in Column::Restored, key |id| id.to_string(), of |it| it.restored;
}

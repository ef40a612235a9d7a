//! Reads.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx, Direction, Page, PageRequest,
    directory::{PipelineDirectory, PipelineView},
};
use sluice_schema::{PipelineId, RepositoryId, Scope};

use super::{Pipelines, Result};
use crate::{
    Lint, PipelineDefinition, PipelineFilter, PipelineOrder, model,
    store::{self, generations},
};

impl Pipelines {
    /// What `module.yaml` with this text would lead to, for a default branch `main`. Nothing is
    /// kept; a text over the size limit is a finding.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn lint(&self, ctx: &Ctx, text: &str) -> Result<Lint> {
        ctx.require(Scope::Read)?;
        Ok(model::lint(text, "main"))
    }

    /// The definition.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn get(&self, ctx: &Ctx, id: PipelineId) -> Result<Arc<PipelineDefinition>> {
        ctx.require(Scope::Read)?;
        Ok(Arc::new(self.load(ctx, id).await?))
    }

    /// The definitions with these ids that the caller may see, in any order.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_many(
        &self,
        ctx: &Ctx,
        ids: &[PipelineId],
    ) -> Result<Vec<Arc<PipelineDefinition>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_many(&self.store, ctx, ids.iter().copied()).await?)
    }

    /// The valid definitions that were generated for these commits, in two statements; commits
    /// without one are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_commits(
        &self,
        ctx: &Ctx,
        commits: &[(RepositoryId, String)],
    ) -> Result<HashMap<(RepositoryId, String), Arc<PipelineDefinition>>> {
        ctx.require(Scope::Read)?;
        let pipelines = generations::pipelines_of(&self.store, ctx, commits).await?;
        let ids = pipelines.values().copied();
        let definitions: HashMap<_, _> = store::find_many(&self.store, ctx, ids)
            .await?
            .into_iter()
            .map(|definition| (definition.id, definition))
            .collect();
        Ok(pipelines
            .into_iter()
            .filter_map(|(commit, id)| Some((commit, definitions.get(&id)?.clone())))
            .collect())
    }

    /// One page of the definitions that match.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn page(
        &self,
        ctx: &Ctx,
        filter: &PipelineFilter,
        order: (PipelineOrder, Direction),
        request: &PageRequest,
    ) -> Result<Page<Arc<PipelineDefinition>>> {
        ctx.require(Scope::Read)?;
        Ok(store::page(&self.store, ctx, filter, order, request).await?)
    }

    /// How many definitions match.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn count(&self, ctx: &Ctx, filter: &PipelineFilter) -> Result<u64> {
        ctx.require(Scope::Read)?;
        Ok(store::count(&self.store, ctx, filter).await?)
    }

    /// One page of each repository's definitions, in one statement; repositories without matching
    /// definitions are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn pages_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &PipelineFilter,
        order: (PipelineOrder, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<RepositoryId, Page<Arc<PipelineDefinition>>>> {
        ctx.require(Scope::Read)?;
        let pages =
            store::pages_by_repository(&self.store, ctx, repositories, filter, order, request);
        Ok(pages.await?)
    }

    /// How many definitions match in each repository, in one statement; repositories without
    /// matching definitions are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn counts_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &PipelineFilter,
    ) -> Result<HashMap<RepositoryId, u64>> {
        ctx.require(Scope::Read)?;
        Ok(store::counts_by_repository(&self.store, ctx, repositories, filter).await?)
    }
}

fn view(definition: PipelineDefinition) -> Option<PipelineView> {
    // An invalid definition has nothing to run: as good as absent.
    Some(PipelineView {
        id: definition.id,
        repository_id: definition.repository_id,
        project_id: definition.meta.project_id,
        module_id: definition.meta.module_id,
        repository_name: definition.repository_name,
        branch: definition.branch,
        commit_sha: definition.commit_sha,
        module: definition.module?,
        content_digest: definition.content_digest,
        yaml: definition.yaml?,
    })
}

#[async_trait]
impl PipelineDirectory for Pipelines {
    async fn pipeline(
        &self,
        ctx: &Ctx,
        id: PipelineId,
    ) -> std::result::Result<Option<PipelineView>, BoxFault> {
        Ok(store::find(&self.store, ctx, id).await?.and_then(view))
    }
}

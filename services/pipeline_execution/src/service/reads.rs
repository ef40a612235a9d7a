//! Reads.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    str::FromStr,
    sync::Arc,
};

use sluice_kernel::{Ctx, Direction, Page, PageRequest};
use sluice_schema::{PipelineId, RepositoryId, RunId, Scope};

use super::{PipelineRuns, Result};
use crate::{
    PipelineRun, PipelineRunFilter, PipelineRunOrder,
    store::{self, Parent},
};

impl PipelineRuns {
    /// The run.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn get(&self, ctx: &Ctx, id: RunId) -> Result<Arc<PipelineRun>> {
        ctx.require(Scope::Read)?;
        Ok(Arc::new(self.load(ctx, id).await?))
    }

    /// The runs with these ids that the caller may see, in any order.
    ///
    /// # Errors
    /// `FORBIDDEN`, what the store fails with.
    pub async fn find_many(&self, ctx: &Ctx, ids: &[RunId]) -> Result<Vec<Arc<PipelineRun>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_many(self.store(), ctx, ids).await?)
    }

    /// The runs of each commit, newest first; commits without runs are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, what the store fails with.
    pub async fn find_by_commits(
        &self,
        ctx: &Ctx,
        keys: &[(RepositoryId, String)],
    ) -> Result<HashMap<(RepositoryId, String), Vec<Arc<PipelineRun>>>> {
        ctx.require(Scope::Read)?;
        let wanted: HashSet<&(RepositoryId, String)> = keys.iter().collect();
        let mut runs = store::find_by_commits(self.store(), ctx, keys).await?;
        runs.sort_by_key(|run| std::cmp::Reverse(run.id));
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for run in runs {
            let key = (run.repository_id, run.commit_sha.clone());
            if wanted.contains(&key) {
                found.entry(key).or_default().push(run);
            }
        }
        Ok(found)
    }

    /// One page of the runs that match.
    ///
    /// # Errors
    /// `FORBIDDEN`, what the store fails with.
    pub async fn page(
        &self,
        ctx: &Ctx,
        filter: &PipelineRunFilter,
        order: (PipelineRunOrder, Direction),
        request: &PageRequest,
    ) -> Result<Page<Arc<PipelineRun>>> {
        ctx.require(Scope::Read)?;
        Ok(store::page(self.store(), ctx, filter, order, request).await?)
    }

    /// How many runs match.
    ///
    /// # Errors
    /// `FORBIDDEN`, what the store fails with.
    pub async fn count(&self, ctx: &Ctx, filter: &PipelineRunFilter) -> Result<u64> {
        ctx.require(Scope::Read)?;
        Ok(store::count(self.store(), ctx, filter).await?)
    }

    /// One page of runs for each pipeline, in one statement; pipelines without runs are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, what the store fails with.
    pub async fn pages_by_pipeline(
        &self,
        ctx: &Ctx,
        pipelines: &[PipelineId],
        filter: &PipelineRunFilter,
        order: (PipelineRunOrder, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<PipelineId, Page<Arc<PipelineRun>>>> {
        ctx.require(Scope::Read)?;
        let parents = (Parent::Pipeline, texts(pipelines));
        let pages = store::pages_by(self.store(), ctx, parents, filter, order, request).await?;
        Ok(typed(pages))
    }

    /// How many runs match for each pipeline, in one statement.
    ///
    /// # Errors
    /// `FORBIDDEN`, what the store fails with.
    pub async fn counts_by_pipeline(
        &self,
        ctx: &Ctx,
        pipelines: &[PipelineId],
        filter: &PipelineRunFilter,
    ) -> Result<HashMap<PipelineId, u64>> {
        ctx.require(Scope::Read)?;
        let parents = (Parent::Pipeline, texts(pipelines));
        Ok(typed(
            store::counts_by(self.store(), ctx, parents, filter).await?,
        ))
    }

    /// One page of runs for each repository, in one statement; those without runs are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, what the store fails with.
    pub async fn pages_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &PipelineRunFilter,
        order: (PipelineRunOrder, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<RepositoryId, Page<Arc<PipelineRun>>>> {
        ctx.require(Scope::Read)?;
        let parents = (Parent::Repository, texts(repositories));
        let pages = store::pages_by(self.store(), ctx, parents, filter, order, request).await?;
        Ok(typed(pages))
    }

    /// How many runs match for each repository, in one statement.
    ///
    /// # Errors
    /// `FORBIDDEN`, what the store fails with.
    pub async fn counts_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &PipelineRunFilter,
    ) -> Result<HashMap<RepositoryId, u64>> {
        ctx.require(Scope::Read)?;
        let parents = (Parent::Repository, texts(repositories));
        Ok(typed(
            store::counts_by(self.store(), ctx, parents, filter).await?,
        ))
    }
}

fn texts<I: ToString>(ids: &[I]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn typed<I: FromStr + Eq + Hash, V>(found: HashMap<String, V>) -> HashMap<I, V> {
    let typed = |(id, value): (String, V)| Some((id.parse().ok()?, value));
    found.into_iter().filter_map(typed).collect()
}

//! Reads.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sluice_kernel::Ctx;
use sluice_schema::{PipelineId, RepositoryId, RunId, Scope};
use sluice_store::{finds, reads};

use super::{PipelineRuns, Result};
use crate::{
    PipelineRun, PipelineRunError, PipelineRunFilter, PipelineRunOrder,
    entity::Column,
    store::{self, PipelineRunList},
};

impl PipelineRuns {
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
}

reads! {
    PipelineRuns: PipelineRunList(PipelineRunFilter, PipelineRunOrder) of PipelineRun by RunId or PipelineRunError, else PipelineRunError::NotFound;
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone();
    pages_by_pipeline, counts_by_pipeline: PipelineId in Column::PipelineId, key |id| id.to_string(), of |row| row.pipeline_id.clone();
}

finds! {
    PipelineRuns: PipelineRunList of PipelineRun or PipelineRunError;
    /// The runs that repeat each run.
    find_retries: RunId in Column::RetriedFrom, key |id| id.to_string(), of |it| it.retried_from;
}

//! Reads.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx,
    directory::{PipelineDirectory, PipelineView},
};
use sluice_schema::{PipelineId, PullRequestId, RepositoryId, Scope};
use sluice_store::{finds, reads};

use super::{Pipelines, Result};
use crate::{
    Lint, PipelineDefinition, PipelineError, PipelineFilter, PipelineOrder,
    entity::Column,
    model,
    store::{PipelineList, generations},
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
        let ids: Vec<PipelineId> = pipelines.values().copied().collect();
        let definitions: HashMap<_, _> = self
            .store
            .list::<PipelineList>(ctx)
            .by_ids(&ids)
            .await?
            .into_iter()
            .map(|definition| (definition.id, definition))
            .collect();
        Ok(pipelines
            .into_iter()
            .filter_map(|(commit, id)| Some((commit, definitions.get(&id)?.clone())))
            .collect())
    }
}

reads! {
    Pipelines: PipelineList(PipelineFilter, PipelineOrder) of PipelineDefinition by PipelineId or PipelineError, else PipelineError::NotFound;
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone();
}

finds! {
    Pipelines: PipelineList of PipelineDefinition or PipelineError;
    /// The definitions that the merge of each pull request generated last.
    find_by_pull_requests: PullRequestId in Column::PullRequestId, key |id| id.to_string(),
        of |it| it.pull_request_id;
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
        Ok(self
            .store
            .list::<PipelineList>(ctx)
            .by_id(id)
            .await?
            .and_then(view))
    }
}

//! What the other services would answer.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx, ProjectPolicies,
    directory::{
        ArtifactDirectory, BuildDirectory, BuildView, ContributorView, EnvironmentDirectory,
        EnvironmentView, ProjectDirectory, PullRequestDirectory, RepositoryDirectory,
        RepositoryView,
    },
};
use sluice_schema::{BuildId, EnvironmentId, ProjectId, RepositoryId, events::ReleaseArtifact};

#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) policies: ProjectPolicies,
    pub(crate) builds: HashMap<BuildId, BuildView>,
    pub(crate) artifacts: Vec<(BuildId, ReleaseArtifact)>,
    pub(crate) environments: Vec<EnvironmentView>,
    pub(crate) repositories: HashMap<RepositoryId, RepositoryView>,
    pub(crate) contributors: Vec<ContributorView>,
}

#[derive(Default)]
pub(crate) struct Directory(Mutex<Facts>);

impl Directory {
    pub(crate) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap()
    }
}

#[async_trait]
impl ProjectDirectory for Directory {
    async fn policies(&self, _: &Ctx, _: &ProjectId) -> Result<ProjectPolicies, BoxFault> {
        Ok(self.facts().policies.clone())
    }
}

#[async_trait]
impl BuildDirectory for Directory {
    async fn builds(&self, ctx: &Ctx, ids: &[BuildId]) -> Result<Vec<BuildView>, BoxFault> {
        let facts = self.facts();
        let known = ids.iter().filter_map(|id| facts.builds.get(id));
        let seen =
            known.filter(|view| ctx.tenant().as_str() == "acme" && ctx.sees(&view.project_id));
        Ok(seen.cloned().collect())
    }
}

#[async_trait]
impl ArtifactDirectory for Directory {
    async fn artifacts(
        &self,
        _: &Ctx,
        builds: &[BuildId],
    ) -> Result<Vec<(BuildId, ReleaseArtifact)>, BoxFault> {
        let facts = self.facts();
        let found = facts.artifacts.iter().filter(|(id, _)| builds.contains(id));
        Ok(found.cloned().collect())
    }
}

#[async_trait]
impl EnvironmentDirectory for Directory {
    async fn environments(&self, _: &Ctx, _: &ProjectId) -> Result<Vec<EnvironmentView>, BoxFault> {
        Ok(self.facts().environments.clone())
    }

    async fn environment(
        &self,
        _: &Ctx,
        id: EnvironmentId,
    ) -> Result<Option<EnvironmentView>, BoxFault> {
        let facts = self.facts();
        Ok(facts.environments.iter().find(|it| it.id == id).cloned())
    }
}

#[async_trait]
impl RepositoryDirectory for Directory {
    async fn repository(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        let found = self.facts().repositories.get(&id).cloned();
        Ok(found.filter(|view| view.tenant_id == *ctx.tenant()))
    }

    async fn repository_by_name(
        &self,
        _: &Ctx,
        _: &ProjectId,
        _: &str,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        Ok(None)
    }
}

#[async_trait]
impl PullRequestDirectory for Directory {
    async fn contributors(
        &self,
        _: &Ctx,
        _: RepositoryId,
        shas: &[String],
    ) -> Result<Vec<ContributorView>, BoxFault> {
        let facts = self.facts();
        let found = facts
            .contributors
            .iter()
            .filter(|it| shas.contains(&it.sha));
        Ok(found.cloned().collect())
    }
}

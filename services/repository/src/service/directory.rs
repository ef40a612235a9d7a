//! What other services learn of repositories, and have made.

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx,
    directory::{RepositoryDirectory, RepositoryProvisioner, RepositoryView},
};
use sluice_schema::{ProjectId, RepositoryId};

use super::Repositories;
use crate::{
    ProvisionRepository, Repository, RepositoryError, RepositoryStatus,
    store::{self, RepositoryList},
};

fn view(repository: Repository) -> RepositoryView {
    RepositoryView {
        id: repository.id,
        tenant_id: repository.meta.tenant_id,
        project_id: repository.meta.project_id,
        module_id: repository.meta.module_id,
        name: repository.name,
        default_branch: repository.default_branch,
        is_writable: repository.status == RepositoryStatus::Provisioned,
    }
}

#[async_trait]
impl RepositoryDirectory for Repositories {
    async fn repository(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        let list = self.store.list::<RepositoryList>(ctx);
        Ok(list.by_id(id).await?.map(view))
    }

    async fn repository_by_name(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        name: &str,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        let found = store::find_by_name(&self.store, ctx, project, name).await?;
        Ok(found.map(view))
    }
}

#[async_trait]
impl RepositoryProvisioner for Repositories {
    // One that is there needs no right to make one, and is taken whatever its settings are.
    async fn ensure_repository(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        name: &str,
        description: &str,
    ) -> Result<RepositoryView, BoxFault> {
        ctx.require_project(project)?;
        let repository = match store::find_by_name(&self.store, ctx, project, name).await? {
            Some(existing) => self.finish_provisioning(ctx, existing).await?,
            None => {
                let command = ProvisionRepository {
                    project_id: project.clone(),
                    module_id: None,
                    name: name.to_owned(),
                    description: Some(description.to_owned()),
                    provider: None,
                    default_branch: None,
                    visibility: None,
                };
                let ctx = ctx.without_idempotency();
                self.provision(&ctx, command).await?.value
            }
        };
        if repository.status == RepositoryStatus::Archived {
            return Err(RepositoryError::Archived.into());
        }
        Ok(view(Repository::clone(&repository)))
    }
}

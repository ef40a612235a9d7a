//! What a command is about: a module of a release, in an environment.

use sluice_kernel::{
    Ctx,
    directory::{EnvironmentView, ReleaseView},
};
use sluice_schema::{ReleaseId, events::ReleaseItem};

use super::{Infrastructures, Result};
use crate::{InfrastructureError, PlanInfrastructure, commands::EnvironmentKey};

/// A module of a release, in an environment.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) release: ReleaseView,
    pub(crate) environment: EnvironmentView,
    pub(crate) item: ReleaseItem,
}

impl Target {
    pub(crate) fn demand_approval(&self) -> Result<()> {
        approved(&self.release)
    }
}

pub(crate) fn approved(release: &ReleaseView) -> Result<()> {
    if release.status == "APPROVED" {
        return Ok(());
    }
    Err(InfrastructureError::Release {
        status: release.status.clone(),
        rule: "only an approved release is provisioned",
    })
}

impl Infrastructures {
    pub(crate) async fn release(&self, ctx: &Ctx, id: ReleaseId) -> Result<ReleaseView> {
        let found = self.ports.releases.release(ctx, id).await;
        let found = found.map_err(InfrastructureError::directory)?;
        let release = found.ok_or(InfrastructureError::NotFound("release"))?;
        ctx.require_project(&release.project_id)
            .map_err(|_| InfrastructureError::NotFound("release"))?;
        Ok(release)
    }

    pub(crate) async fn demand_approval(&self, ctx: &Ctx, id: ReleaseId) -> Result<()> {
        approved(&self.release(ctx, id).await?)
    }

    pub(crate) async fn target(&self, ctx: &Ctx, command: &PlanInfrastructure) -> Result<Target> {
        let release = self.release(ctx, command.release_id).await?;
        if matches!(release.status.as_str(), "REJECTED" | "CANCELLED") {
            return Err(InfrastructureError::Release {
                status: release.status,
                rule: "it will not be provisioned",
            });
        }
        let environment = self
            .environment(ctx, &release, command.environment()?)
            .await?;
        let item = self.item(ctx, &release, command.module.as_deref()).await?;
        Ok(Target {
            release,
            environment,
            item,
        })
    }

    async fn environment(
        &self,
        ctx: &Ctx,
        release: &ReleaseView,
        key: EnvironmentKey<'_>,
    ) -> Result<EnvironmentView> {
        let directory = &self.ports.environments;
        let found = match key {
            EnvironmentKey::Id(id) => directory.environment(ctx, id).await,
            EnvironmentKey::Name(name) => directory
                .environments(ctx, &release.project_id)
                .await
                .map(|all| all.into_iter().find(|one| one.name == name)),
        };
        let found = found.map_err(InfrastructureError::directory)?;
        let environment = found
            .filter(|one| one.project_id == release.project_id)
            .ok_or(InfrastructureError::NotFound("environment"))?;
        if environment.retired {
            return Err(InfrastructureError::Retired(environment.name));
        }
        Ok(environment)
    }

    /// The module that is meant: the one that is named, or the only one that declares anything.
    async fn item(
        &self,
        ctx: &Ctx,
        release: &ReleaseView,
        module: Option<&str>,
    ) -> Result<ReleaseItem> {
        if let Some(module) = module {
            let mut items = release.items.iter();
            let found = items.find(|item| item.module.id == module).cloned();
            return found.ok_or_else(|| {
                let rule = format!("the release has no module '{module}'");
                InfrastructureError::invalid("module", rule)
            });
        }
        let mut declaring = Vec::new();
        for item in &release.items {
            if self.declares(ctx, &release.project_id, item).await? {
                declaring.push(item);
            }
        }
        match declaring[..] {
            [only] => Ok(only.clone()),
            [] => Err(InfrastructureError::NothingDeclared(release.name.clone())),
            _ => {
                let names: Vec<&str> = declaring.iter().map(|one| one.module.id.as_str()).collect();
                let rule = format!(
                    "several modules declare resources; name one of {}",
                    names.join(", ")
                );
                Err(InfrastructureError::invalid("module", rule))
            }
        }
    }
}

//! What promotions ask for.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx,
    directory::{EnvironmentView, InfrastructureDirectory, InfrastructureView, ReleaseView},
};
use sluice_schema::{EnvironmentId, ReleaseId, Scope, events::ReleaseItem};

use super::{
    Infrastructures, Result,
    targets::{Target, approved},
};
use crate::{InfrastructureError, InfrastructurePlan, store};

fn view(plan: &InfrastructurePlan) -> InfrastructureView {
    InfrastructureView {
        id: plan.id,
        module: plan.module.clone(),
        status: plan.status.as_str().to_owned(),
        reason: plan.reason.clone(),
    }
}

#[async_trait]
impl InfrastructureDirectory for Infrastructures {
    async fn infrastructure(
        &self,
        ctx: &Ctx,
        release: ReleaseId,
        environment: EnvironmentId,
    ) -> std::result::Result<Vec<InfrastructureView>, BoxFault> {
        let mut plans = self.find_by_releases(ctx, &[release]).await?;
        let mut newest = BTreeMap::new();
        for plan in plans.remove(&release).unwrap_or_default() {
            if plan.environment_id == environment {
                newest
                    .entry(plan.module.clone())
                    .or_insert_with(|| view(&plan));
            }
        }
        Ok(newest.into_values().collect())
    }

    async fn provision(
        &self,
        ctx: &Ctx,
        release: ReleaseId,
        environment: EnvironmentId,
    ) -> std::result::Result<Vec<InfrastructureView>, BoxFault> {
        ctx.require(Scope::InfrastructureProvision)?;
        let release = self.release(ctx, release).await?;
        approved(&release)?;
        let found = self
            .ports
            .environments
            .environment(ctx, environment)
            .await?;
        let environment = found.ok_or(InfrastructureError::NotFound("environment"))?;
        let mut views = Vec::new();
        for item in &release.items {
            if self.declares(ctx, &release.project_id, item).await? {
                views.extend(
                    self.provision_item(ctx, &release, &environment, item)
                        .await?,
                );
            }
        }
        Ok(views)
    }
}

impl Infrastructures {
    /// One module's part. What trying again cannot mend is told as FAILED, whatever is on record.
    async fn provision_item(
        &self,
        ctx: &Ctx,
        release: &ReleaseView,
        environment: &EnvironmentView,
        item: &ReleaseItem,
    ) -> Result<Option<InfrastructureView>> {
        let target = Target {
            release: release.clone(),
            environment: environment.clone(),
            item: item.clone(),
        };
        let error = match self.provision_target(ctx, &target, None).await {
            Ok(done) => return Ok(Some(view(&done.value))),
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => error,
        };
        let key = (release.id, environment.id, item.module.id.as_str());
        let found = store::latest_of_release(self.store(), ctx, key).await?;
        // Without a plan on record there is nothing to point at but the refusal itself.
        let plan = found.ok_or_else(|| error_of(&error))?;
        Ok(Some(InfrastructureView {
            status: "FAILED".to_owned(),
            reason: Some(error.in_words()),
            ..view(&plan)
        }))
    }
}

fn error_of(error: &InfrastructureError) -> InfrastructureError {
    InfrastructureError::StepFailed {
        reason: error.in_words(),
    }
}

//! What an environment shows and where it leads.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, ID};
use chrono::{DateTime, Utc};
use sluice_environment_promotion as service;
use sluice_kernel::{Ctx, Direction};
use sluice_schema::{BoxFault, EnvironmentId, ProjectId};

use super::{
    ActiveFreeze, Autoscale, EnvironmentFilter, EnvironmentGates, EnvironmentHold, RunningModule,
    parts::Declared,
};
use crate::{
    Services,
    blocker::Blocker,
    declare::{aggregate, listed},
    fault::{self, Result},
    gitops::{GitOpsSyncState, SyncsOfEnvironment},
    infrastructure::{InfrastructurePlan, PlansOfEnvironment},
    loaders::{Call, Lookup, lookups},
    manifest::{DeploymentManifest, ManifestsOfEnvironment},
    pipeline::{Setting, settings},
    project::{Project, ProjectById},
    promotion::{EnvironmentPromotion, PromotionsOfEnvironment},
};

lookups! {
    /// An environment by its id.
    EnvironmentById(EnvironmentId) -> Arc<service::Environment> = list environments.find_many;
}

/// The environments of a project in order of promotion, retired ones last.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnvironmentsOfProject(pub ProjectId);

impl Lookup for EnvironmentsOfProject {
    type Value = Vec<Arc<service::Environment>>;

    async fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> std::result::Result<HashMap<Self, Self::Value>, BoxFault> {
        let environments = &services.environments;
        let projects: Vec<ProjectId> = keys.iter().map(|key| key.0.clone()).collect();
        let mut found = environments.find_by_projects(ctx, &projects).await?;
        for project in projects {
            // Somebody looks at them for the first time: from now on it has the default ones.
            if !found.contains_key(&project) && ctx.require_project(&project).is_ok() {
                let made = environments.of_project(ctx, &project).await?;
                found.insert(project, made);
            }
        }
        let found = found.into_iter();
        Ok(found.map(|(project, of)| (Self(project), of)).collect())
    }
}

/// What Git declares in an environment, by module.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunningIn(pub EnvironmentId);

impl Lookup for RunningIn {
    type Value = Vec<Declared>;

    async fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> std::result::Result<HashMap<Self, Self::Value>, BoxFault> {
        let ids: Vec<EnvironmentId> = keys.iter().map(|key| key.0).collect();
        let mut running: HashMap<Self, Self::Value> = HashMap::new();
        for ((id, module), promotion) in services.promotions.current(ctx, &ids).await? {
            let modules = running.entry(Self(id)).or_default();
            modules.push((module, promotion));
        }
        for modules in running.values_mut() {
            modules.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        Ok(running)
    }
}

listed! {
    Environment(service::Environment) from environments;
    filter EnvironmentFilter -> service::EnvironmentFilter;
    order EnvironmentOrder, EnvironmentOrderField -> service::EnvironmentOrder {
        /// By place in the project: the order of promotion.
        Order,
        /// By name.
        Name,
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
    }
    unasked (service::EnvironmentOrder::Order, Direction::Ascending);
}

aggregate! {
    /// An environment of a project: where releases run, and what must hold for them to get there.
    Environment(service::Environment);
    fields {
        /// Unique in the project.
        async fn name(&self) -> &str {
            &self.0.name
        }
        /// Place among the environments of the project, where `upstream` leaves it open.
        async fn order(&self) -> u32 {
            self.0.spec.order
        }
        /// Names of the environments that a release must have succeeded in before.
        async fn upstream(&self) -> &[String] {
            &self.0.spec.upstream
        }
        /// Whether releases are promoted into it as soon as its gates open.
        async fn auto_promote(&self) -> bool {
            self.0.spec.auto_promote
        }
        /// Whether drift is undone without a command.
        async fn self_heal(&self) -> bool {
            self.0.spec.self_heal
        }
        /// Kubernetes namespace of its objects; `<project>-<name>` when null.
        async fn namespace(&self) -> Option<&str> {
            self.0.spec.namespace.as_deref()
        }
        /// Domain below which its ingresses stand; there are none when null.
        async fn ingress_domain(&self) -> Option<&str> {
            self.0.spec.ingress_domain.as_deref()
        }
        /// Replicas of a workload without autoscaling.
        async fn replicas(&self) -> u32 {
            self.0.spec.replicas
        }
        /// Autoscaling of its workloads.
        async fn autoscale(&self) -> Option<Autoscale> {
            self.0.spec.autoscale.as_ref().map(Into::into)
        }
        /// Settings of every module in it, by name; a module's own settings for it win.
        async fn configuration(&self) -> Vec<Setting> {
            settings(&self.0.spec.configuration)
        }
        /// What must hold for a release to be promoted into it.
        async fn gates(&self) -> EnvironmentGates {
            (&self.0.spec.gates).into()
        }
        /// Whether it was taken out of the project's definition.
        async fn retired(&self) -> bool {
            self.0.spec.retired
        }
        /// `sha256:<hex>` of what manifests and infrastructure depend on.
        async fn target_digest(&self) -> &str {
            &self.0.target_digest
        }
        /// The freeze that is on now; of several the one that ends last.
        async fn freeze(&self, context: &Context<'_>) -> Result<Option<ActiveFreeze>> {
            Ok(freeze(Call::of(context)?, &self.0))
        }
        /// When the environment thaws; null when no freeze is on, or nobody knows when it ends.
        async fn frozen_until(&self, context: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
            Ok(freeze(Call::of(context)?, &self.0).and_then(|freeze| freeze.until))
        }
        /// Everything that stands in the way of promoting the release into it now; empty when
        /// nothing does. Asks every service that has a say, for each environment anew.
        #[graphql(complexity = "100")]
        async fn blockers(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The release.")] release_id: ID,
        ) -> Result<Vec<Blocker>> {
            let call = Call::of(context)?;
            let release = fault::id("releaseId", &release_id).map_err(|fault| call.failure(fault))?;
            let found = call.services.promotions.blockers(&call.ctx, release, self.0.id).await;
            let found = found.map_err(|fault| call.failure(fault))?;
            Ok(found.into_iter().map(Into::into).collect())
        }
    }
    parts {
        /// What is held, oldest first; a hold whose time is over goes within moments.
        holds: EnvironmentHold by |it| it.holds.iter().cloned().map(EnvironmentHold).collect();
    }
    one {
        /// Its project.
        project: Project by |it| Some(ProjectById(it.meta.project_id.clone()));
    }
    many {
        /// What Git declares in it, by module.
        running: RunningModule by |it| vec![RunningIn(it.id)];
    }
    lists {
        /// Promotions into it.
        promotions: EnvironmentPromotion in PromotionsOfEnvironment by |it| it.id;
        /// The synchronisation of each module in it.
        syncs: GitOpsSyncState in SyncsOfEnvironment by |it| it.id;
        /// Manifests that were rendered for it.
        manifests: DeploymentManifest in ManifestsOfEnvironment by |it| it.id;
        /// Plans of infrastructure for it.
        infrastructure_plans: InfrastructurePlan in PlansOfEnvironment by |it| it.id;
    }
}

/// The freeze that is on now; of several the one that ends last.
pub(crate) fn freeze(call: &Call, environment: &service::Environment) -> Option<ActiveFreeze> {
    let on = call.services.environments.freezes(environment).into_iter();
    let last = on.max_by_key(|it| it.until.unwrap_or(DateTime::<Utc>::MAX_UTC))?;
    Some(last.into())
}

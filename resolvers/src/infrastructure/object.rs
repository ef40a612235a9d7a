//! What a plan of infrastructure shows and where it leads.

use std::sync::Arc;

use async_graphql::{Context, ID};
use chrono::{DateTime, Utc};
use sluice_iac_provisioning as service;
use sluice_infrastructure_engine::EngineEvent;
use sluice_schema::{EnvironmentId, InfrastructureId, ReleaseId, RepositoryId};

use super::{
    InfrastructureEvent, InfrastructureOperation, InfrastructurePlanFilter, InfrastructureStatus,
    ResourceChanges, ResourceDrift, ResourceStep,
};
use crate::{
    commit::{Commit, CommitBySha},
    declare::{aggregate, children, listed},
    environment::{Environment, EnvironmentById},
    fault::Result,
    loaders::{Call, lookups},
    pipeline::{Setting, settings},
    release::{ReleaseById, ReleasePlan},
    repository::{Repository, RepositoryById},
    scalars::{ErrorCode, Long},
};

lookups! {
    /// A plan of infrastructure by its id.
    PlanById(InfrastructureId) -> Arc<service::InfrastructurePlan>
        = list infrastructure.find_many;
    /// What happened while a plan was carried out.
    EventsOfPlan(InfrastructureId) -> Vec<EngineEvent> = map infrastructure.find_events;
    /// The plans of a commit's `infra.yaml`, oldest first.
    PlansOfCommit((RepositoryId, String)) -> Vec<Arc<service::InfrastructurePlan>>
        = map infrastructure.find_by_commits;
}

children! {
    /// An environment's plans.
    PlansOfEnvironment: EnvironmentId => InfrastructurePlan
        = infrastructure.pages_by_environment, counts_by_environment;
    /// A release's plans.
    PlansOfRelease: ReleaseId => InfrastructurePlan
        = infrastructure.pages_by_release, counts_by_release;
    /// The plans of what a repository declares.
    PlansOfRepository: RepositoryId => InfrastructurePlan
        = infrastructure.pages_by_repository, counts_by_repository;
}

listed! {
    InfrastructurePlan(service::InfrastructurePlan) from infrastructure;
    filter InfrastructurePlanFilter -> service::InfrastructureFilter;
    order InfrastructurePlanOrder, InfrastructurePlanOrderField -> service::InfrastructureOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
    }
}

aggregate! {
    /// A plan of infrastructure: what would bring a module's resources in an environment to what a
    /// release declares in `infra.yaml`, and what came of it.
    InfrastructurePlan(service::InfrastructurePlan);
    fields {
        /// Where it is in its life.
        async fn status(&self) -> InfrastructureStatus {
            self.0.status.into()
        }
        /// What it is for.
        async fn operation(&self) -> InfrastructureOperation {
            self.0.operation.into()
        }
        /// Counts the plans of the same program for the same release and environment, from 1.
        async fn attempt(&self) -> u32 {
            self.0.attempt
        }
        /// The module that declares the resources.
        async fn module(&self) -> &str {
            &self.0.module
        }
        /// Id of the release.
        async fn release_id(&self) -> ID {
            self.0.release_id.to_string().into()
        }
        /// Id of the environment.
        async fn environment_id(&self) -> ID {
            self.0.environment_id.to_string().into()
        }
        /// The environment's name.
        async fn environment_name(&self) -> &str {
            &self.0.environment
        }
        /// Id of the module's repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.to_string().into()
        }
        /// The commit whose `infra.yaml` it is.
        async fn commit_sha(&self) -> &str {
            &self.0.commit_sha
        }
        /// `sha256:<hex>` of the program with its settings.
        async fn program_digest(&self) -> &str {
            &self.0.program_digest
        }
        /// What it would change; what was changed once it was carried out.
        async fn changes(&self) -> ResourceChanges {
            self.0.changes.into()
        }
        /// Serial of the state that it was made against; of the new state once it was carried out.
        async fn state_serial(&self) -> Long {
            Long(self.0.state_serial)
        }
        /// The error code of why it failed or is stale.
        async fn code(&self) -> Option<ErrorCode> {
            self.0.code.map(Into::into)
        }
        /// Why it failed or is stale, in one line.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
        /// URN of the resource that failed.
        async fn failed_urn(&self) -> Option<&str> {
            self.0.failed_urn.as_deref()
        }
        /// What the resources tell others, by name; no secrets.
        async fn outputs(&self) -> Vec<Setting> {
            settings(&self.0.outputs)
        }
        /// When the resources were last refreshed.
        async fn refreshed_at(&self) -> Option<DateTime<Utc>> {
            self.0.refreshed_at
        }
        /// When it ended, well or not.
        async fn finished_at(&self) -> Option<DateTime<Utc>> {
            self.0.finished_at
        }
        /// What happened while it was carried out, in order, at most the last 1,000 events; empty
        /// until it ended.
        #[graphql(complexity = "500")]
        async fn events(&self, context: &Context<'_>) -> Result<Vec<InfrastructureEvent>> {
            let key = Some(EventsOfPlan(self.0.id));
            let events = Call::of(context)?.one(key).await?.unwrap_or_default();
            Ok(events.into_iter().map(Into::into).collect())
        }
    }
    parts {
        /// Its steps, dependencies first; secrets are masked. Empty until it is planned.
        steps: ResourceStep by |it| it.steps().into_iter().map(Into::into).collect();
        /// What the last refresh found that others changed.
        drift: ResourceDrift by |it| it.drift.iter().map(Into::into).collect();
    }
    one {
        /// The release that declares the resources.
        release: ReleasePlan by |it| Some(ReleaseById(it.release_id));
        /// The environment.
        environment: Environment by |it| Some(EnvironmentById(it.environment_id));
        /// The module's repository.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The commit whose `infra.yaml` it is; null when only the Git host knows it.
        commit: Commit by |it| Some(CommitBySha((it.repository_id, it.commit_sha.clone())));
    }
    many {}
    lists {}
}

//! The use cases.

mod applying;
mod destroying;
mod directory;
mod planning;
mod program;
mod refreshing;
mod targets;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sluice_git_host::GitHost;
use sluice_infrastructure_engine::{EngineEvent, InfrastructureEngine};
use sluice_kernel::{
    Ctx, Outcome,
    directory::{EnvironmentDirectory, ProjectDirectory, ReleaseDirectory},
};
use sluice_schema::{
    EnvironmentId, EventPayload, InfrastructureId, NewEvent, ReleaseId, RepositoryId, Scope,
    events::InfrastructurePlanned,
};
use sluice_store::{Store, finds, reads};

use crate::{
    InfrastructureError, InfrastructureFilter, InfrastructureOrder, InfrastructurePlan,
    PlanInfrastructure, ProvisionInfrastructure, SecretSource,
    commands::Provisioning,
    entity::Column,
    store::{self, InfrastructureList},
};

type Result<T> = std::result::Result<T, InfrastructureError>;

pub(crate) const CONSUMER: &str = "iac_provisioning";

/// What the service stands on.
#[derive(Clone)]
pub struct Ports {
    /// Does the work.
    pub engine: Arc<dyn InfrastructureEngine>,
    /// Holds the programs.
    pub git: Arc<dyn GitHost>,
    /// What releases there are.
    pub releases: Arc<dyn ReleaseDirectory>,
    /// What environments there are.
    pub environments: Arc<dyn EnvironmentDirectory>,
    /// What projects let run by themselves.
    pub projects: Arc<dyn ProjectDirectory>,
    /// Values of secrets.
    pub secrets: Arc<dyn SecretSource>,
}

/// The infrastructure service; cheap to clone.
#[derive(Clone)]
pub struct Infrastructures {
    store: Store,
    ports: Ports,
    looked: Arc<AtomicBool>,
}

impl Infrastructures {
    /// A service on `store` and `ports`.
    pub fn new(store: Store, ports: Ports) -> Self {
        let looked = Arc::default();
        Self {
            store,
            ports,
            looked,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Whether recovery looks for the first time in this process: what it finds then was left by
    /// an earlier one.
    pub(crate) fn is_first_look(&self) -> bool {
        !self.looked.swap(true, Ordering::SeqCst)
    }

    /// Tells what provisioning would change, for one module of a release. The same plan again is
    /// found, as long as it would do the same.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when nothing is declared,
    /// `INVALID_PROGRAM` with findings, `UNAVAILABLE` while another operation works on the stack.
    pub async fn plan(
        &self,
        ctx: &Ctx,
        command: PlanInfrastructure,
    ) -> Result<Outcome<Arc<InfrastructurePlan>>> {
        const COMMAND: &str = "planInfrastructure";
        ctx.require(Scope::InfrastructureProvision)?;
        command.environment()?;
        if let Some(known) = self.recall(ctx, COMMAND).await? {
            return Ok(Outcome::replayed(known));
        }
        let target = self.target(ctx, &command).await?;
        let (plan, made) = self.plan_one(ctx, &target, Some(COMMAND)).await?;
        Ok(Outcome {
            value: Arc::new(plan),
            replayed: !made,
        })
    }

    /// Carries a plan out, or plans what a release declares and carries that out.
    ///
    /// # Errors
    /// As [`plan`](Self::plan); `STALE_PLAN` when the stack or the program changed since the plan
    /// was made, `PROTECTED_RESOURCE` when it would delete or replace a protected resource,
    /// `FAILED_PRECONDITION` when the release is not approved or a step failed.
    pub async fn provision(
        &self,
        ctx: &Ctx,
        command: ProvisionInfrastructure,
    ) -> Result<Outcome<Arc<InfrastructurePlan>>> {
        const COMMAND: &str = "provisionInfrastructure";
        ctx.require(Scope::InfrastructureProvision)?;
        let what = command.what()?;
        if let Some(known) = self.recall(ctx, COMMAND).await? {
            let done = self
                .carry_out(ctx, InfrastructurePlan::clone(&known), None)
                .await?;
            return Ok(Outcome::replayed(done.value));
        }
        match what {
            Provisioning::Plan(id) => {
                let plan = self.load(ctx, id).await?;
                self.demand_approval(ctx, plan.release_id).await?;
                self.carry_out(ctx, plan, Some(COMMAND)).await
            }
            Provisioning::Release(command) => {
                command.environment()?;
                let target = self.target(ctx, &command).await?;
                target.demand_approval()?;
                self.provision_target(ctx, &target, Some(COMMAND)).await
            }
        }
    }

    /// The events of a provisioning that ended, in order; at most the last 1,000.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn events(&self, ctx: &Ctx, id: InfrastructureId) -> Result<Vec<EngineEvent>> {
        self.get(ctx, id).await?;
        let events = store::find_log(&self.store, ctx, id).await?;
        Ok(serde_json::from_str(events.as_deref().unwrap_or("[]"))?)
    }

    /// What happened while each plan was carried out, in order, in one statement; plans that have
    /// not ended are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_events(
        &self,
        ctx: &Ctx,
        plans: &[InfrastructureId],
    ) -> Result<HashMap<InfrastructureId, Vec<EngineEvent>>> {
        ctx.require(Scope::Read)?;
        let logs = store::find_logs(&self.store, ctx, plans).await?.into_iter();
        logs.map(|(id, events)| Ok((id, serde_json::from_str(&events)?)))
            .collect()
    }

    /// The plans of releases, newest first.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_releases(
        &self,
        ctx: &Ctx,
        releases: &[ReleaseId],
    ) -> Result<HashMap<ReleaseId, Vec<Arc<InfrastructurePlan>>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_by_releases(&self.store, ctx, releases).await?)
    }

    /// What the caller's idempotency key stands for.
    async fn recall(&self, ctx: &Ctx, command: &str) -> Result<Option<Arc<InfrastructurePlan>>> {
        let Some(id) = self.store.recall(ctx, command).await? else {
            return Ok(None);
        };
        let id: InfrastructureId = id.parse().map_err(|_| NOT_FOUND)?;
        let plan = self.load(ctx, id).await?;
        let plan = self.finish_planning(ctx, plan, None).await?;
        Ok(Some(Arc::new(plan)))
    }

    pub(crate) async fn load(&self, ctx: &Ctx, id: InfrastructureId) -> Result<InfrastructurePlan> {
        let found = self.store.list::<InfrastructureList>(ctx).by_id(id).await?;
        found.ok_or(NOT_FOUND)
    }

    /// Puts a plan that is still open behind the others.
    pub(crate) async fn postpone(&self, ctx: &Ctx, id: InfrastructureId) -> Result<()> {
        let mut plan = self.load(ctx, id).await?;
        if !plan.is_settled() {
            self.save(ctx, &mut plan, NONE, Saved::Plan).await?;
        }
        Ok(())
    }

    /// Saves a change with its event; `false` when another writer was first, whose word counts.
    async fn save<P: EventPayload>(
        &self,
        ctx: &Ctx,
        plan: &mut InfrastructurePlan,
        event: Option<&P>,
        saved: Saved<'_>,
    ) -> Result<bool> {
        plan.meta.touch(ctx, self.store.clock().now());
        let event = event
            .map(|event| NewEvent::of(&plan.meta.project_id, plan.meta.module_id.as_ref(), event))
            .transpose()?;
        let tx = self.store.begin(ctx).await?;
        let mut done = store::update(&tx, plan).await;
        if done.is_ok() {
            done = match saved {
                Saved::Plan => Ok(()),
                Saved::WithLog(events) => store::insert_log(&tx, plan, events).await,
                Saved::For(command) => tx.remember(command, &plan.id.to_string()).await,
            };
        }
        match done {
            Ok(()) => {
                tx.commit(event).await?;
                Ok(true)
            }
            Err(error) if error.is_race() => {
                drop(tx);
                *plan = self.load(ctx, plan.id).await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What is saved beside a plan.
enum Saved<'s> {
    Plan,
    /// The events of its provisioning.
    WithLog(String),
    /// What the caller's idempotency key stands for.
    For(&'s str),
}

/// A change that amounts to no event.
const NONE: Option<&InfrastructurePlanned> = None;

const NOT_FOUND: InfrastructureError = InfrastructureError::NotFound("infrastructure plan");

reads! {
    Infrastructures: InfrastructureList(InfrastructureFilter, InfrastructureOrder) of InfrastructurePlan by InfrastructureId or InfrastructureError, else NOT_FOUND;
    pages_by_environment, counts_by_environment: EnvironmentId in Column::EnvironmentId, key |id| id.to_string(), of |row| row.environment_id.clone();
    pages_by_release, counts_by_release: ReleaseId in Column::ReleaseId, key |id| id.to_string(), of |row| row.release_id.clone();
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone();
}

/// A commit of a repository.
type CommitKey = (RepositoryId, String);

finds! {
    Infrastructures: InfrastructureList of InfrastructurePlan or InfrastructureError;
    /// The plans of each commit's `infra.yaml`.
    find_by_commits: CommitKey in Column::CommitSha, key |(_, sha)| sha.clone(),
        of |it| Some((it.repository_id, it.commit_sha.clone()));
}

//! Environments: looking them up, and the default ones.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx, Meta,
    directory::{EnvironmentDirectory, EnvironmentView},
};
use sluice_schema::{EnvironmentId, ProjectId, Scope, TypedId};
use sluice_store::{Store, reads};

use super::{Result, SERVICE, announced};
use crate::{
    Environment, EnvironmentFilter, EnvironmentOrder, Frozen, PromotionError,
    commands::EnvironmentRef,
    entity::environment::Column,
    frozen_at,
    model::{DEFAULTS, default_spec, graph, node},
    store::{self, EnvironmentList},
};

/// The environments of projects; cheap to clone.
#[derive(Clone)]
pub struct Environments {
    store: Store,
}

impl Environments {
    /// A service on the store of environments and promotions.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The freezes of the environment that are on now, in their order.
    pub fn freezes(&self, environment: &Environment) -> Vec<Frozen> {
        frozen_at(&environment.spec.gates.freezes, self.store.clock().now())
    }

    /// The environments of the project in order of promotion, retired ones last. A project has
    /// the default ones, dev, test, staging and prod, from when they are first needed.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND` for a project that the caller does not see.
    pub async fn of_project(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
    ) -> Result<Vec<Arc<Environment>>> {
        ctx.require(Scope::Read)?;
        ctx.require_project(project)?;
        let environments = self.ensure(ctx, project).await?;
        Ok(environments.into_iter().map(Arc::new).collect())
    }

    /// The environments of each project in order of promotion, in one statement; projects that
    /// have none yet are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_projects(
        &self,
        ctx: &Ctx,
        projects: &[ProjectId],
    ) -> Result<HashMap<ProjectId, Vec<Arc<Environment>>>> {
        ctx.require(Scope::Read)?;
        let mut groups = store::find_by_projects(&self.store, ctx, projects).await?;
        for group in groups.values_mut() {
            let order = graph::in_order(&group.iter().map(|it| node(it)).collect::<Vec<_>>());
            group.sort_by_key(|it| order.iter().position(|name| *name == it.name));
        }
        Ok(groups)
    }

    /// Every environment of the project in order; makes the default ones where there are none.
    pub(crate) async fn ensure(&self, ctx: &Ctx, project: &ProjectId) -> Result<Vec<Environment>> {
        let mut found = store::every_of(&self.store, ctx, project).await?;
        if found.is_empty() {
            match self.make_defaults(ctx, project).await {
                Ok(()) => {}
                // Somebody else made them at the same time.
                Err(error) if error.is_race() => {}
                Err(error) => return Err(error),
            }
            found = store::every_of(&self.store, ctx, project).await?;
        }
        let order = graph::in_order(&found.iter().map(node).collect::<Vec<_>>());
        found.sort_by_key(|it| order.iter().position(|name| *name == it.name));
        Ok(found)
    }

    // On nobody's behalf: who happens to need them first does not define them.
    async fn make_defaults(&self, ctx: &Ctx, project: &ProjectId) -> Result<()> {
        let tenant = ctx.tenant().clone();
        let ctx = Ctx::for_system(SERVICE, tenant, ctx.trace_id(), ctx.correlation_id());
        let meta = Meta::new(&ctx, self.store.clock().now(), project.clone(), None);
        let tx = self.store.begin(&ctx).await?;
        store::raise_set(&tx, &meta, None).await?;
        let mut events = Vec::new();
        for (place, name) in DEFAULTS.into_iter().enumerate() {
            let (id, spec) = (EnvironmentId::generate(), default_spec(place));
            let environment = Environment::new(id, meta.clone(), name.to_owned(), spec);
            store::insert_environment(&tx, &environment).await?;
            events.push(announced(&environment.meta, &environment.defined())?);
        }
        tx.commit(events).await?;
        Ok(())
    }

    pub(crate) async fn load(&self, ctx: &Ctx, id: EnvironmentId) -> Result<Environment> {
        let found = self.store.list::<EnvironmentList>(ctx).by_id(id).await?;
        found.ok_or(PromotionError::Missing {
            field: "environmentId",
            what: "environment",
        })
    }

    /// The environment that a command names; `project` is where a name without one belongs.
    pub(crate) async fn resolve(
        &self,
        ctx: &Ctx,
        named: EnvironmentRef<'_>,
        project: Option<&ProjectId>,
    ) -> Result<Environment> {
        let missing = |field| PromotionError::Missing {
            field,
            what: "environment",
        };
        match named {
            EnvironmentRef::Id(id) => {
                let environment = self.load(ctx, id).await?;
                if project.is_some_and(|project| *project != environment.meta.project_id) {
                    return Err(missing("environmentId"));
                }
                Ok(environment)
            }
            EnvironmentRef::Named(own, name) => {
                let project = own.or(project).ok_or_else(|| missing("projectId"))?;
                ctx.require_project(project)?;
                let all = self.ensure(ctx, project).await?;
                let found = all.into_iter().find(|it| it.name == name);
                found.ok_or_else(|| missing("environment"))
            }
        }
    }
}

reads! {
    Environments: EnvironmentList(EnvironmentFilter, EnvironmentOrder) of Environment by EnvironmentId or PromotionError,
        else PromotionError::Missing { field: "id", what: "environment" };
    pages_by_project, counts_by_project: ProjectId in Column::ProjectId,
        key |id| id.to_string(), of |row| row.project_id.clone();
}

#[async_trait]
impl EnvironmentDirectory for Environments {
    async fn environments(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
    ) -> std::result::Result<Vec<EnvironmentView>, BoxFault> {
        let environments = self.of_project(ctx, project).await?;
        Ok(environments.iter().map(|it| it.view()).collect())
    }

    async fn environment(
        &self,
        ctx: &Ctx,
        id: EnvironmentId,
    ) -> std::result::Result<Option<EnvironmentView>, BoxFault> {
        let found = self.store.list::<EnvironmentList>(ctx).by_id(id).await?;
        Ok(found.map(|it| it.view()))
    }
}

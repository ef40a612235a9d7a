//! The use cases.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx, Direction, Meta, Outcome, Page, PageRequest, ProjectPolicies,
    directory::ProjectDirectory,
};
use sluice_schema::{NewEvent, ProjectId, Scope, events::ProjectConfigured};
use sluice_store::Store;

use crate::{
    ConfigureProject, Project, ProjectError, ProjectFilter, ProjectOrder,
    store::{self, ProjectList},
};

type Result<T> = std::result::Result<T, ProjectError>;

const COMMAND: &str = "configureProject";
/// How often a command decides again after others changed the project meanwhile.
const ATTEMPTS: usize = 64;

/// The projects; cheap to clone.
#[derive(Clone)]
pub struct Projects {
    store: Store,
}

impl Projects {
    /// A service on `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Changes a project's policies; what the command does not name stays.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `VERSION_CONFLICT` when the project is not at
    /// the expected version.
    pub async fn configure(
        &self,
        ctx: &Ctx,
        command: ConfigureProject,
    ) -> Result<Outcome<Arc<Project>>> {
        ctx.require(Scope::ProjectsWrite)?;
        ctx.require_project(&command.project_id)?;
        command.validate(ctx)?;
        let changes = &command.changes;
        for _ in 0..ATTEMPTS {
            if let Some(id) = self.store.recall(ctx, COMMAND).await? {
                let id: ProjectId = id.parse().map_err(|_| ProjectError::NotFound)?;
                return Ok(Outcome::replayed(Arc::new(self.load(ctx, &id).await?)));
            }
            let mut project = self.load(ctx, &command.project_id).await?;
            project.ensure_version(changes.expected_version)?;
            let policies = changes.applied_to(&project.policies)?;
            let Some(event) = project.configure(policies) else {
                return Ok(Outcome::replayed(Arc::new(project)));
            };
            if self.save(ctx, &mut project, &event).await? {
                return Ok(Outcome::done(Arc::new(project)));
            }
        }
        Err(ProjectError::Contended)
    }

    /// Saves the project with its event; `false` when somebody else changed it first, in which
    /// case nothing took effect.
    async fn save(
        &self,
        ctx: &Ctx,
        project: &mut Project,
        event: &ProjectConfigured,
    ) -> Result<bool> {
        let event = NewEvent::of(&project.id, None, event)?;
        let now = self.store.clock().now();
        let tx = self.store.begin(ctx).await?;
        let policies = &project.policies;
        let saved = match &mut project.meta {
            Some(meta) => {
                meta.touch(ctx, now);
                store::update(&tx, meta, policies).await
            }
            absent => {
                let meta = absent.insert(Meta::new(ctx, now, project.id.clone(), None));
                store::insert(&tx, meta, policies).await
            }
        };
        let saved = match saved {
            Ok(()) => tx.remember(COMMAND, project.id.as_str()).await,
            refused => refused,
        };
        let committed = match saved {
            Ok(()) => tx.commit([event]).await.map(|_| ()),
            refused => refused,
        };
        match committed {
            Ok(()) => Ok(true),
            Err(error) if error.is_race() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The project: the default policies at version 0 while nobody configured it.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND` when it is not one that the caller sees.
    pub async fn get(&self, ctx: &Ctx, project: &ProjectId) -> Result<Arc<Project>> {
        ctx.require(Scope::Read)?;
        ctx.require_project(project)?;
        Ok(Arc::new(self.load(ctx, project).await?))
    }

    /// Those of the projects that the caller sees, configured or not, in one statement.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_many(
        &self,
        ctx: &Ctx,
        projects: &[ProjectId],
    ) -> Result<HashMap<ProjectId, Arc<Project>>> {
        ctx.require(Scope::Read)?;
        let configured = store::find_many(&self.store, ctx, projects).await?;
        let seen = projects.iter().filter(|id| ctx.sees(id)).cloned();
        let mut found: HashMap<ProjectId, Arc<Project>> = seen
            .map(|id| (id.clone(), Arc::new(Project::unconfigured(id))))
            .collect();
        for project in configured {
            found.insert(project.id.clone(), Arc::new(project));
        }
        Ok(found)
    }

    /// One page of the configured projects that match.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn page(
        &self,
        ctx: &Ctx,
        filter: &ProjectFilter,
        order: (ProjectOrder, Direction),
        request: &PageRequest,
    ) -> Result<Page<Arc<Project>>> {
        ctx.require(Scope::Read)?;
        let list = self.store.list::<ProjectList>(ctx);
        Ok(list.page(filter, order, request).await?)
    }

    /// How many configured projects match.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn count(&self, ctx: &Ctx, filter: &ProjectFilter) -> Result<u64> {
        ctx.require(Scope::Read)?;
        Ok(self.store.list::<ProjectList>(ctx).count(filter).await?)
    }

    async fn load(&self, ctx: &Ctx, project: &ProjectId) -> Result<Project> {
        let found = store::find_many(&self.store, ctx, std::slice::from_ref(project)).await?;
        let first = found.into_iter().next();
        Ok(first.unwrap_or_else(|| Project::unconfigured(project.clone())))
    }
}

#[async_trait]
impl ProjectDirectory for Projects {
    async fn policies(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
    ) -> std::result::Result<ProjectPolicies, BoxFault> {
        ctx.require_project(project)?;
        Ok(self.load(ctx, project).await?.policies)
    }
}

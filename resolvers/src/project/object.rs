//! What a project shows and where it leads.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_kernel::{self as kernel, PageArgs};
use sluice_project as service;
use sluice_schema::ProjectId;

use crate::{
    environment::{Environment, EnvironmentsOfProject},
    fault::Result,
    loaders::{Call, lookups},
    paging::{Connection, below},
    release::{ReleaseFilter, ReleaseOrder, ReleasePlan, ReleasesOfProject},
};

/// What a project lets run by itself, and who approves.
#[derive(SimpleObject, Debug, Clone)]
pub struct ProjectPolicies {
    /// Whether a generated pipeline runs.
    pub auto_run_pipelines: bool,
    /// Whether a successful build's package is published.
    pub auto_publish_packages: bool,
    /// Whether a successful build's image is built.
    pub auto_build_images: bool,
    /// Whether a successful build is planned as a release.
    pub auto_plan_releases: bool,
    /// Branches whose builds are planned, by name or with a final `*`; the repository's default
    /// branch when empty.
    pub release_branches: Vec<String>,
    /// Distinct people who must approve a release.
    pub required_approvals: u32,
    /// Who may approve: anyone with the scope when null, nobody when empty.
    pub approvers: Option<Vec<String>>,
    /// Whether authors of the released changes may approve. The planner never may.
    pub authors_may_approve: bool,
    /// Hours after which an approval ends to count; never when null.
    pub approval_expires_after_hours: Option<u32>,
    /// Whether an approved release's infrastructure is planned for every environment.
    pub auto_plan_infrastructure: bool,
    /// Whether an approved release's manifests are rendered for every environment.
    pub auto_render_manifests: bool,
    /// The repository that declares what environments run.
    pub gitops_repository: String,
}

impl From<kernel::ProjectPolicies> for ProjectPolicies {
    fn from(policies: kernel::ProjectPolicies) -> Self {
        Self {
            auto_run_pipelines: policies.auto_run_pipelines,
            auto_publish_packages: policies.auto_publish_packages,
            auto_build_images: policies.auto_build_images,
            auto_plan_releases: policies.auto_plan_releases,
            release_branches: policies.release_branches,
            required_approvals: policies.required_approvals,
            approvers: policies.approvers,
            authors_may_approve: policies.authors_may_approve,
            approval_expires_after_hours: policies.approval_expires_after_hours,
            auto_plan_infrastructure: policies.auto_plan_infrastructure,
            auto_render_manifests: policies.auto_render_manifests,
            gitops_repository: policies.gitops_repository,
        }
    }
}

lookups! {
    /// A project by its name, configured or not.
    ProjectById(ProjectId) -> Arc<service::Project> = map projects.find_many;
}

/// A project: which steps of the chain run by themselves, and who approves. It needs no making:
/// while nobody configured it, it has the default policies at version 0.
#[derive(Debug, Clone)]
pub struct Project(pub(crate) Arc<service::Project>);

/// A project: which steps of the chain run by themselves, and who approves. It needs no making:
/// while nobody configured it, it has the default policies at version 0.
#[Object]
impl Project {
    /// Its name, unique in the tenant. It is no global id: `node` does not find projects.
    async fn id(&self) -> ID {
        self.0.id.as_str().into()
    }
    /// What it lets run by itself, and who approves.
    async fn policies(&self) -> ProjectPolicies {
        self.0.policies.clone().into()
    }
    /// 0 while nobody configured it, one more with each change; hand it back as
    /// `expectedVersion`.
    async fn version(&self) -> i64 {
        self.0.version()
    }
    /// When it was first configured; null while nobody did.
    async fn created_at(&self) -> Option<DateTime<Utc>> {
        self.0.meta.as_ref().map(|meta| meta.created_at)
    }
    /// When it last changed; null while nobody configured it.
    async fn updated_at(&self) -> Option<DateTime<Utc>> {
        self.0.meta.as_ref().map(|meta| meta.updated_at)
    }
    /// Who last changed it; null while nobody configured it.
    async fn updated_by(&self) -> Option<&str> {
        self.0.meta.as_ref().map(|meta| meta.updated_by.as_str())
    }
    /// Its environments in order of promotion; dev, test, staging and prod while nobody defined
    /// others.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn environments(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "Also those that were taken out of the definition, last.",
            default = false
        )]
        include_retired: bool,
    ) -> Result<Vec<Environment>> {
        let key = Some(EnvironmentsOfProject(self.0.id.clone()));
        let found = Call::of(context)?.one(key).await?.unwrap_or_default();
        let shown = |it: &Environment| include_retired || !it.0.spec.retired;
        Ok(found.into_iter().map(Environment).filter(shown).collect())
    }
    /// Its releases.
    #[graphql(complexity = "crate::paging::cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a list")]
    async fn releases(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "At most so many from the start, 1 to 200; 20 when neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only what stands after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end, 1 to 200; not together with `first`.")]
        last: Option<i32>,
        #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only what matches.")] filter: Option<ReleaseFilter>,
        #[graphql(desc = "Sorted by what; the newest first when absent.")] order_by: Option<
            ReleaseOrder,
        >,
    ) -> Result<Connection<ReleasePlan>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (call, project) = (Call::of(context)?, self.0.id.clone());
        below::<ReleasesOfProject>(call, project, page, filter, order_by).await
    }
}

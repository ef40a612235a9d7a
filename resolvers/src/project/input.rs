//! What callers say about projects.

use async_graphql::{ID, InputObject, MaybeUndefined};
use sluice_project as service;

use crate::fault::{InputFault, name};

/// Changes a project's policies; absent fields stay.
#[derive(InputObject, Debug, Clone)]
pub struct ConfigureProjectInput {
    /// The project.
    pub project_id: ID,
    /// Whether a generated pipeline runs.
    pub auto_run_pipelines: Option<bool>,
    /// Whether a successful build's package is published.
    pub auto_publish_packages: Option<bool>,
    /// Whether a successful build's image is built.
    pub auto_build_images: Option<bool>,
    /// Whether a successful build is planned as a release.
    pub auto_plan_releases: Option<bool>,
    /// Branches whose builds are planned, by name or with a final `*`, at most 50; the
    /// repository's default branch when empty.
    pub release_branches: Option<Vec<String>>,
    /// Distinct people who must approve a release, 1 to 20.
    pub required_approvals: Option<u32>,
    /// Who may approve, at most 200; nobody when empty, anyone with the scope when null.
    pub approvers: MaybeUndefined<Vec<String>>,
    /// Whether authors of the released changes may approve. The planner never may.
    pub authors_may_approve: Option<bool>,
    /// Hours after which an approval ends to count, 1 to 8,784; never when null.
    pub approval_expires_after_hours: MaybeUndefined<u32>,
    /// Whether an approved release's infrastructure is planned for every environment.
    pub auto_plan_infrastructure: Option<bool>,
    /// Whether an approved release's manifests are rendered for every environment.
    pub auto_render_manifests: Option<bool>,
    /// The repository that declares what environments run.
    pub gitops_repository: Option<String>,
    /// Refuse when the project is not at this version; 0 while nobody configured it.
    pub expected_version: Option<i64>,
}

fn given<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

impl TryFrom<ConfigureProjectInput> for service::ConfigureProject {
    type Error = InputFault;
    fn try_from(input: ConfigureProjectInput) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: name("projectId", &input.project_id)?,
            changes: service::ProjectChanges {
                auto_run_pipelines: input.auto_run_pipelines,
                auto_publish_packages: input.auto_publish_packages,
                auto_build_images: input.auto_build_images,
                auto_plan_releases: input.auto_plan_releases,
                release_branches: input.release_branches,
                required_approvals: input.required_approvals,
                approvers: given(input.approvers),
                authors_may_approve: input.authors_may_approve,
                approval_expires_after_hours: given(input.approval_expires_after_hours),
                auto_plan_infrastructure: input.auto_plan_infrastructure,
                auto_render_manifests: input.auto_render_manifests,
                gitops_repository: input.gitops_repository,
                expected_version: input.expected_version,
            },
        })
    }
}

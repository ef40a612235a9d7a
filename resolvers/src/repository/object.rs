//! What a repository shows and where it leads.

use std::sync::Arc;

use async_graphql::Enum;
use sluice_repository as service;
use sluice_schema::RepositoryId;

use super::RepositoryFilter;
use crate::{
    branch::{Branch, BranchByName, BranchesOfRepository},
    build_result::{BuildResult, BuildsOfRepository},
    commit::{Commit, CommitsOfRepository},
    declare::{aggregate, listed},
    gitops::{GitOpsSyncState, SyncsOfGitOpsRepository},
    image::{ContainerImage, ImagesOfRepository},
    infrastructure::{InfrastructurePlan, PlansOfRepository},
    loaders::lookups,
    manifest::{DeploymentManifest, ManifestsInGitOpsRepository, ManifestsOfRepository},
    package::{PackagePublication, PackagesOfRepository},
    pipeline::{PipelineDefinition, PipelinesOfRepository},
    pipeline_run::{PipelineRun, RunsOfRepository},
    project::{Project, ProjectById},
    promotion::{EnvironmentPromotion, PromotionsOfGitOpsRepository},
    pull_request::{PullRequest, PullRequestsOfRepository},
};

/// Where a repository is hosted; fixed once provisioned.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::Provider")]
pub enum RepositoryProvider {
    /// A bare repository on this server's disk.
    Local,
    /// Azure DevOps Services.
    #[graphql(name = "AZURE_DEVOPS")]
    AzureDevOps,
    /// GitHub.
    #[graphql(name = "GITHUB")]
    GitHub,
}

/// Who may find a repository.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::Visibility")]
pub enum RepositoryVisibility {
    /// Members of the project.
    Private,
    /// Everyone in the tenant.
    Internal,
}

/// Where a repository is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::RepositoryStatus")]
pub enum RepositoryStatus {
    /// Announced; the provider has not confirmed it.
    Provisioning,
    /// It exists and takes changes.
    Provisioned,
    /// It takes no more changes.
    Archived,
}

lookups! {
    /// A repository by its id.
    RepositoryById(RepositoryId) -> Arc<service::Repository> = list repositories.find_many;
}

listed! {
    Repository(service::Repository) from repositories;
    filter RepositoryFilter -> service::RepositoryFilter;
    order RepositoryOrder, RepositoryOrderField -> service::RepositoryOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
        /// By name.
        Name,
    }
}

aggregate! {
    /// A repository: holds the source of a module.
    Repository(service::Repository);
    fields {
        /// Unique in the project.
        async fn name(&self) -> &str {
            &self.0.name
        }
        /// What it is for.
        async fn description(&self) -> Option<&str> {
            self.0.description.as_deref()
        }
        /// Where it is hosted.
        async fn provider(&self) -> RepositoryProvider {
            self.0.provider.into()
        }
        /// Where `git clone` finds it.
        async fn remote_url(&self) -> &str {
            &self.0.remote_url
        }
        /// The branch that pull requests target by default.
        async fn default_branch(&self) -> &str {
            &self.0.default_branch
        }
        /// Who may find it.
        async fn visibility(&self) -> RepositoryVisibility {
            self.0.visibility.into()
        }
        /// Where it is in its life.
        async fn status(&self) -> RepositoryStatus {
            self.0.status.into()
        }
    }
    one {
        /// Its project.
        project: Project by |it| Some(ProjectById(it.meta.project_id.clone()));
        /// Its default branch.
        default_branch_head: Branch
            by |it| Some(BranchByName((it.id, it.default_branch.clone())));
    }
    many {}
    lists {
        /// Its branches; deleted ones only when the filter asks for them.
        branches: Branch in BranchesOfRepository by |it| it.id;
        /// Its commits; those given up only when the filter asks for them.
        commits: Commit in CommitsOfRepository by |it| it.id;
        /// Its pull requests.
        pull_requests: PullRequest in PullRequestsOfRepository by |it| it.id;
        /// Its pipeline definitions.
        pipelines: PipelineDefinition in PipelinesOfRepository by |it| it.id;
        /// Its runs.
        runs: PipelineRun in RunsOfRepository by |it| it.id;
        /// Its build results.
        builds: BuildResult in BuildsOfRepository by |it| it.id;
        /// The packages of its builds.
        packages: PackagePublication in PackagesOfRepository by |it| it.id;
        /// The container images of its builds.
        images: ContainerImage in ImagesOfRepository by |it| it.id;
        /// The plans of the infrastructure that it declares.
        infrastructure_plans: InfrastructurePlan in PlansOfRepository by |it| it.id;
        /// The manifests that were rendered of its module.
        manifests: DeploymentManifest in ManifestsOfRepository by |it| it.id;
        /// The manifests that it holds rendered, as a project's GitOps repository.
        declared_manifests: DeploymentManifest in ManifestsInGitOpsRepository by |it| it.id;
        /// The promotions that it declares, as a project's GitOps repository.
        declared_promotions: EnvironmentPromotion in PromotionsOfGitOpsRepository by |it| it.id;
        /// The synchronisations that follow it, as a project's GitOps repository.
        declared_syncs: GitOpsSyncState in SyncsOfGitOpsRepository by |it| it.id;
    }
}

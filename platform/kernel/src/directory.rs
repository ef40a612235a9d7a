//! The service trait: facts that one service asks of another.
//!
//! Services never depend on each other's crates. A service that owns a fact implements the
//! directory here; the composition root hands it to those that ask, in the process or, when
//! services run apart, over HTTP. Views are small, serialisable, and always of the caller's
//! tenant and projects.

mod delivery;

pub use delivery::*;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sluice_schema::{
    ModuleId, PipelineId, ProjectId, RepositoryId, RunId, TenantId,
    events::{BranchPolicy, ModuleDescription},
};

use crate::{BoxFault, Ctx};

/// A repository as other services need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryView {
    /// Its id.
    pub id: RepositoryId,
    /// Its tenant.
    pub tenant_id: TenantId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its module.
    pub module_id: Option<ModuleId>,
    /// Its name; with tenant and project, its place at the Git host.
    pub name: String,
    /// The branch that pull requests target by default.
    pub default_branch: String,
    /// Whether it takes changes: provisioned and not archived.
    pub is_writable: bool,
}

/// A branch as other services need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BranchView {
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Its short name.
    pub name: String,
    /// What it demands of changes.
    pub policy: BranchPolicy,
}

/// A pipeline definition as other services need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineView {
    /// Its id.
    pub id: PipelineId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its module.
    pub module_id: Option<ModuleId>,
    /// The repository's name.
    pub repository_name: String,
    /// The branch that it was generated for.
    pub branch: String,
    /// The commit that it was last generated for.
    pub commit_sha: String,
    /// The module that it builds.
    pub module: ModuleDescription,
    /// `sha256:<hex>` of the YAML.
    pub content_digest: String,
    /// The YAML.
    pub yaml: String,
}

/// A run as other services need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// Its id.
    pub id: RunId,
    /// What it runs.
    pub pipeline_id: PipelineId,
    /// The repository.
    pub repository_id: RepositoryId,
    /// Its project.
    pub project_id: ProjectId,
    /// The commit that it builds.
    pub commit_sha: String,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Answers what repositories there are; implemented by the repository service.
#[async_trait]
pub trait RepositoryDirectory: Send + Sync {
    /// The repository, when the caller may see it.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn repository(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault>;

    /// The repository of that name in the project, when the caller may see it.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn repository_by_name(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        name: &str,
    ) -> Result<Option<RepositoryView>, BoxFault>;
}

/// Makes the repositories that the server itself writes; implemented by the repository service.
#[async_trait]
pub trait RepositoryProvisioner: Send + Sync {
    /// The repository of that name in the project, made when there is none.
    ///
    /// # Errors
    /// When the name is refused, or the owner does not answer.
    async fn ensure_repository(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        name: &str,
        description: &str,
    ) -> Result<RepositoryView, BoxFault>;
}

/// Who brought a commit to its branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContributorView {
    /// The commit that a merge wrote.
    pub sha: String,
    /// Number of the pull request in its repository.
    pub number: i64,
    /// Who opened the pull request.
    pub author: String,
    /// Who merged it.
    pub merged_by: Option<String>,
}

/// Answers who contributed changes; implemented by the pull request service.
#[async_trait]
pub trait PullRequestDirectory: Send + Sync {
    /// For each of the commits that the merge of a pull request wrote: who was behind it.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn contributors(
        &self,
        ctx: &Ctx,
        repository: RepositoryId,
        shas: &[String],
    ) -> Result<Vec<ContributorView>, BoxFault>;
}

/// Answers what branches demand; implemented by the branch service.
#[async_trait]
pub trait BranchDirectory: Send + Sync {
    /// The branch of that name, when it is known.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn branch(
        &self,
        ctx: &Ctx,
        repository: RepositoryId,
        name: &str,
    ) -> Result<Option<BranchView>, BoxFault>;
}

/// Answers what pipelines are defined; implemented by the pipeline generator.
#[async_trait]
pub trait PipelineDirectory: Send + Sync {
    /// The definition, when the caller may see it.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn pipeline(&self, ctx: &Ctx, id: PipelineId) -> Result<Option<PipelineView>, BoxFault>;
}

/// Answers what runs there are; implemented by pipeline execution.
#[async_trait]
pub trait RunDirectory: Send + Sync {
    /// The run, when the caller may see it.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn run(&self, ctx: &Ctx, id: RunId) -> Result<Option<RunView>, BoxFault>;
}

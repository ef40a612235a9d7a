//! Facts of the delivery half of the chain: projects, builds, artifacts, releases, environments.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sluice_schema::{
    BuildId, EnvironmentId, InfrastructureId, ManifestId, ModuleId, ProjectId, ReleaseId,
    RepositoryId, SyncId,
    events::{ApprovalSummary, BuildCompleted, ReleaseArtifact, ReleaseItem},
};

use crate::{BoxFault, Ctx, ProjectPolicies};

/// A build result as other services need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildView {
    /// Its project.
    pub project_id: ProjectId,
    /// Its module.
    pub module_id: Option<ModuleId>,
    /// What it announced when it completed.
    pub build: BuildCompleted,
}

/// How many replicas an autoscaled workload has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Autoscale {
    /// At least.
    pub min_replicas: u32,
    /// At most.
    pub max_replicas: u32,
    /// Average use of the CPU that it aims at, 1 to 100.
    pub target_cpu_percent: u32,
}

/// An environment as other services need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentView {
    /// Its id.
    pub id: EnvironmentId,
    /// Its project.
    pub project_id: ProjectId,
    /// Slug, unique in the project.
    pub name: String,
    /// Environments that a release must have succeeded in before.
    pub upstream: Vec<String>,
    /// Whether releases are promoted into it as soon as its gates open.
    pub auto_promote: bool,
    /// Whether drift is undone without a command.
    pub self_heal: bool,
    /// Kubernetes namespace of its objects; `<project>-<name>` when absent.
    pub namespace: Option<String>,
    /// Domain below which its ingresses stand; none are made when absent.
    pub ingress_domain: Option<String>,
    /// Replicas of a workload without autoscaling.
    pub replicas: u32,
    /// Autoscaling of its workloads.
    pub autoscale: Option<Autoscale>,
    /// Settings of every module in it; a module's own settings for the environment win.
    pub configuration: BTreeMap<String, String>,
    /// `sha256:<hex>` of what manifests and infrastructure depend on.
    pub target_digest: String,
    /// Whether it was taken out of the definition.
    pub retired: bool,
}

/// A fact about a release that an environment may demand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseCheck {
    /// `build`, `tests` or `coverage`.
    pub name: String,
    /// The module.
    pub module: String,
    /// Whether it holds.
    pub succeeded: bool,
    /// What was found.
    pub detail: String,
}

/// A release as other services need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseView {
    /// Its id.
    pub id: ReleaseId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its module, when it has one alone.
    pub module_id: Option<ModuleId>,
    /// The module, or the modules joined by `+`.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// `PLANNED`, `PENDING_APPROVAL`, `APPROVED`, `REJECTED` or `CANCELLED`.
    pub status: String,
    /// Digest of what it covers now.
    pub content_digest: String,
    /// Approvals that count now.
    pub approvals: Vec<ApprovalSummary>,
    /// How many the project demands.
    pub required_approvals: u32,
    /// Why approvals became void, when they did.
    pub void_cause: Option<String>,
    /// What it consists of.
    pub items: Vec<ReleaseItem>,
    /// What its builds proved.
    pub checks: Vec<ReleaseCheck>,
    /// On whose behalf it was planned.
    pub planned_by: String,
}

/// The infrastructure of a module of a release in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InfrastructureView {
    /// The plan.
    pub id: InfrastructureId,
    /// The module.
    pub module: String,
    /// `PLANNING`, `PLANNED`, `APPLYING`, `PROVISIONED`, `FAILED` or `STALE`.
    pub status: String,
    /// Why it failed.
    pub reason: Option<String>,
}

/// A rendered manifest as other services need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestView {
    /// Its id.
    pub id: ManifestId,
    /// The release.
    pub release_id: ReleaseId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The module.
    pub module: String,
    /// `sha256:<hex>` of its objects.
    pub content_digest: String,
    /// The project's GitOps repository.
    pub gitops_repository_id: RepositoryId,
    /// Its name.
    pub gitops_repository: String,
    /// The commit that holds it.
    pub commit_sha: String,
    /// Its folder in that commit.
    pub path: String,
}

/// The synchronisation of a module in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncView {
    /// Its id.
    pub id: SyncId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The module.
    pub module: String,
    /// `SYNCED`, `OUT_OF_SYNC` or `UNKNOWN`.
    pub sync: String,
    /// `HEALTHY`, `PROGRESSING`, `DEGRADED`, `SUSPENDED`, `MISSING` or `UNKNOWN`.
    pub health: String,
    /// The commit that is applied.
    pub revision: Option<String>,
    /// Digest of the applied objects.
    pub manifest_digest: Option<String>,
    /// Why the last attempt failed.
    pub reason: Option<String>,
}

/// Answers what projects let run by themselves; implemented by the projects.
#[async_trait]
pub trait ProjectDirectory: Send + Sync {
    /// The policies of the project: the defaults while nobody configured it.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn policies(&self, ctx: &Ctx, project: &ProjectId) -> Result<ProjectPolicies, BoxFault>;
}

/// Answers what builds proved; implemented by the build result service.
#[async_trait]
pub trait BuildDirectory: Send + Sync {
    /// The builds that the caller may see, in any order.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn builds(&self, ctx: &Ctx, ids: &[BuildId]) -> Result<Vec<BuildView>, BoxFault>;
}

/// Answers what was made of builds; implemented by package publishing and by container image.
#[async_trait]
pub trait ArtifactDirectory: Send + Sync {
    /// Each build with what this service made of it.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn artifacts(
        &self,
        ctx: &Ctx,
        builds: &[BuildId],
    ) -> Result<Vec<(BuildId, ReleaseArtifact)>, BoxFault>;
}

/// Answers what environments there are; implemented by environment promotion.
#[async_trait]
pub trait EnvironmentDirectory: Send + Sync {
    /// The environments of the project in order of promotion, the default ones while nobody defined any; retired ones last.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn environments(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
    ) -> Result<Vec<EnvironmentView>, BoxFault>;

    /// The environment, when the caller may see it.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn environment(
        &self,
        ctx: &Ctx,
        id: EnvironmentId,
    ) -> Result<Option<EnvironmentView>, BoxFault>;
}

/// Answers what releases there are; implemented by the release service.
#[async_trait]
pub trait ReleaseDirectory: Send + Sync {
    /// The release, when the caller may see it.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn release(&self, ctx: &Ctx, id: ReleaseId) -> Result<Option<ReleaseView>, BoxFault>;
}

/// Provisions what releases declare; implemented by infrastructure provisioning.
#[async_trait]
pub trait InfrastructureDirectory: Send + Sync {
    /// What is known of the infrastructure that the release declares for the environment.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn infrastructure(
        &self,
        ctx: &Ctx,
        release: ReleaseId,
        environment: EnvironmentId,
    ) -> Result<Vec<InfrastructureView>, BoxFault>;

    /// Plans what is not planned and applies what is not applied; the same call again finds it done. Empty when the release declares none.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn provision(
        &self,
        ctx: &Ctx,
        release: ReleaseId,
        environment: EnvironmentId,
    ) -> Result<Vec<InfrastructureView>, BoxFault>;
}

/// Answers what manifests are rendered; implemented by the deployment manifest service.
#[async_trait]
pub trait ManifestDirectory: Send + Sync {
    /// The newest manifest of each module of the release for the environment.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn manifests(
        &self,
        ctx: &Ctx,
        release: ReleaseId,
        environment: EnvironmentId,
    ) -> Result<Vec<ManifestView>, BoxFault>;
}

/// Answers what targets hold; implemented by GitOps synchronisation.
#[async_trait]
pub trait SyncDirectory: Send + Sync {
    /// The synchronisation of every module in the environment.
    ///
    /// # Errors
    /// When the owner does not answer.
    async fn syncs(&self, ctx: &Ctx, environment: EnvironmentId)
    -> Result<Vec<SyncView>, BoxFault>;
}

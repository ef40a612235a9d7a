//! The documents of the delivery half, and the shapes of inputs and answers around the objects
//! of [`model`](super::model).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Environment, Promotion, Release, SyncState};
use crate::cli::ship::api::{Nodes, PageInfo};

macro_rules! documents {
    ($($name:ident = $file:literal;)*) => {
        $(pub(in crate::cli) const $name: &str =
            include_str!(concat!("../../../schema/operations/", $file, ".graphql"));)*
    };
}

documents! {
    VISIBLE_PROJECTS = "VisibleProjects";
    PROJECT_POLICIES = "ProjectPolicies";
    PROJECT_ENVIRONMENTS = "ProjectEnvironments";
    RELEASES_OF_BUILD = "ReleasesOfBuild";
    RELEASE_BY_ID = "ReleaseById";
    RELEASES_BY_NAME = "ReleasesByName";
    PLAN_RELEASE = "PlanRelease";
    PUBLISH_PACKAGE = "PublishPackage";
    BUILD_CONTAINER_IMAGE = "BuildContainerImage";
    APPROVE_RELEASE = "ApproveRelease";
    REJECT_RELEASE = "RejectRelease";
    NEWEST_PROMOTION = "NewestPromotion";
    PROMOTION_BY_ID = "PromotionById";
    PROMOTE_RELEASE = "PromoteRelease";
    ROLLBACK_ENVIRONMENT = "RollbackEnvironment";
    RESUME_ENVIRONMENT = "ResumeEnvironment";
    SYNC_STATES = "SyncStates";
    DELIVERY_CHAIN = "DeliveryChain";
}

/// Variables of a document that finds one object.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct ById<'a> {
    pub(in crate::cli) id: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct VisibleProjects {
    pub(super) repositories: ProjectPage,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProjectPage {
    pub(super) nodes: Vec<OfProject>,
    pub(super) page_info: PageInfo,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfProject {
    pub(super) project_id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProjectPolicies {
    pub(super) project: Option<Project>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Project {
    pub(super) policies: Policies,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Policies {
    pub(super) auto_publish_packages: bool,
    pub(super) auto_build_images: bool,
    pub(super) auto_plan_releases: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Environments {
    pub(super) environments: Nodes<Environment>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReleasesOfBuild {
    pub(super) build_result: Option<BuildReleases>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BuildReleases {
    pub(super) releases: Vec<Release>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OneRelease {
    pub(super) release: Option<Release>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Releases {
    pub(super) releases: Nodes<Release>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OnePromotion {
    pub(super) promotion: Option<Promotion>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Promotions {
    pub(super) promotions: Nodes<Promotion>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncStates {
    pub(super) git_ops_syncs: Nodes<SyncState>,
}

/// Everything that came of a build, in the order of the chain.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chain {
    pub(super) build_result: Option<ChainBuild>,
    pub(super) release: Option<ChainRelease>,
    pub(super) git_ops_syncs: Nodes<ChainSync>,
}

/// What every object of the chain has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChainObject {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) updated_at: DateTime<Utc>,
    /// What it is, in words of its kind.
    pub(super) title: Option<String>,
    /// A number, where that is the title.
    pub(super) number: Option<u64>,
    /// The result, where the status does not tell it.
    pub(super) outcome: Option<String>,
    /// Where it belongs.
    pub(super) environment: Option<String>,
    pub(super) module: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChainBuild {
    #[serde(flatten)]
    pub(super) build: ChainObject,
    pub(super) repository: Option<ChainObject>,
    pub(super) commit: Option<ChainObject>,
    pub(super) pull_request: Option<ChainObject>,
    pub(super) run: Option<ChainRun>,
    pub(super) package: Option<ChainObject>,
    pub(super) image: Option<ChainObject>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChainRun {
    #[serde(flatten)]
    pub(super) run: ChainObject,
    pub(super) pipeline: Option<ChainObject>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChainRelease {
    #[serde(flatten)]
    pub(super) release: ChainObject,
    pub(super) approvals: Vec<ChainApproval>,
    pub(super) infrastructure_plans: Nodes<ChainObject>,
    pub(super) manifests: Nodes<ChainObject>,
    pub(super) promotions: Nodes<ChainObject>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChainApproval {
    pub(super) id: String,
    pub(super) approver: String,
    pub(super) decision: String,
    pub(super) state: String,
    pub(super) decided_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChainSync {
    #[serde(flatten)]
    pub(super) state: SyncState,
    pub(super) environment: String,
    pub(super) updated_at: DateTime<Utc>,
}

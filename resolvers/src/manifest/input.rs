//! What callers say about deployment manifests.

use async_graphql::{ID, InputObject};
use sluice_deployment_manifest as service;

use super::ManifestStatus;
use crate::fault::{InputFault, id, optional_id, optional_name};

/// Which deployment manifests a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct DeploymentManifestFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this module.
    pub module_id: Option<ID>,
    /// Of this release.
    pub release_id: Option<ID>,
    /// For this environment.
    pub environment_id: Option<ID>,
    /// For environments of this name.
    pub environment: Option<String>,
    /// Of this status.
    pub status: Option<ManifestStatus>,
    /// With this content: `sha256:<hex>`.
    pub content_digest: Option<String>,
}

impl TryFrom<DeploymentManifestFilter> for service::ManifestFilter {
    type Error = InputFault;
    fn try_from(filter: DeploymentManifestFilter) -> Result<Self, InputFault> {
        let environment_id = filter.environment_id.as_ref();
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            module_id: optional_name("filter.moduleId", filter.module_id.as_ref())?,
            release_id: optional_id("filter.releaseId", filter.release_id.as_ref())?,
            environment_id: optional_id("filter.environmentId", environment_id)?,
            environment: filter.environment,
            status: filter.status.map(Into::into),
            content_digest: filter.content_digest,
        })
    }
}

/// Renders a module of a release for an environment. The three and the content that it comes to
/// are the manifest's natural key.
#[derive(InputObject, Debug, Clone)]
pub struct RenderDeploymentManifestInput {
    /// The release.
    pub release_id: ID,
    /// The environment; or else `environment`.
    pub environment_id: Option<ID>,
    /// The environment's name in the release's project.
    pub environment: Option<String>,
    /// The module; may be left out when the release has only one.
    pub module: Option<String>,
}

impl TryFrom<RenderDeploymentManifestInput> for service::RenderDeploymentManifest {
    type Error = InputFault;
    fn try_from(input: RenderDeploymentManifestInput) -> Result<Self, InputFault> {
        Ok(Self {
            release_id: id("releaseId", &input.release_id)?,
            environment_id: optional_id("environmentId", input.environment_id.as_ref())?,
            environment: input.environment,
            module: input.module,
        })
    }
}

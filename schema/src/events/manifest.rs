//! Events of the deployment manifest service.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::{EnvironmentId, ManifestId, ReleaseId, RepositoryId};

/// The manifests of a module for an environment are rendered and stand in Git.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentManifestRendered {
    /// The manifest.
    pub manifest_id: ManifestId,
    /// The release that it is of.
    pub release_id: ReleaseId,
    /// The release's version.
    pub version: String,
    /// The environment that it is for.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// `sha256:<hex>` of the rendered objects.
    pub content_digest: String,
    /// The project's GitOps repository.
    pub gitops_repository_id: RepositoryId,
    /// Its name.
    pub gitops_repository: String,
    /// The commit on the branch of rendered manifests that holds it.
    pub commit_sha: String,
    /// Its folder in that commit: `environments/<environment>/<module>`.
    pub path: String,
    /// How many objects it holds.
    pub objects: u32,
    /// Settings that it gives to the module, at most 2,000, never with their values: keys of
    /// ConfigMaps as `<kind>/<name>/<key>` and variables of containers as
    /// `<kind>/<name>/<container>/<variable>` with the `sha256:<hex>` of the value or reference,
    /// keys of Secrets with `redacted`.
    #[serde(default)]
    pub configuration: BTreeMap<String, String>,
}
payload!(DeploymentManifestRendered on "DeploymentManifest" by manifest_id);

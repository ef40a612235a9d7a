//! Events of the container image service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::{BuildId, ImageId, RepositoryId};

/// A container image is in its registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerImageBuilt {
    /// The image.
    pub image_id: ImageId,
    /// The registry: `local`, or host and port.
    pub registry: String,
    /// Repository in the registry.
    pub name: String,
    /// The build that it holds files of.
    pub build_id: BuildId,
    /// The repository of that build.
    pub repository_id: RepositoryId,
    /// The commit of that build.
    pub commit_sha: String,
    /// `sha256:<hex>` of its manifest: its identity.
    pub digest: String,
    /// `<repository>@<digest>`, with the registry in front unless it is `local`.
    pub reference: String,
    /// Tags that point at it.
    pub tags: Vec<String>,
    /// Bytes of its layers and configuration.
    pub size: u64,
    /// Digest of the attached bill of materials.
    pub sbom_digest: Option<String>,
    /// Digest of the attached provenance.
    pub provenance_digest: Option<String>,
}
payload!(ContainerImageBuilt on "ContainerImage" by image_id);

/// A container image could not be built or pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerImageFailed {
    /// The image.
    pub image_id: ImageId,
    /// The registry: `local`, or host and port.
    pub registry: String,
    /// Repository in the registry.
    pub name: String,
    /// The build that it holds files of.
    pub build_id: BuildId,
    /// The repository of that build.
    pub repository_id: RepositoryId,
    /// The commit of that build.
    pub commit_sha: String,
    /// The error code.
    pub code: String,
    /// One line that says why.
    pub reason: String,
}
payload!(ContainerImageFailed on "ContainerImage" by image_id);

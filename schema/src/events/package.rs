//! Events of the package publishing service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::{BuildId, PackageId, RepositoryId};

/// A package can be installed from its feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PackagePublished {
    /// The publication.
    pub package_id: PackageId,
    /// Name of the feed.
    pub feed: String,
    /// Id of the package in the feed.
    pub name: String,
    /// Its normalised version.
    pub version: String,
    /// The build that it holds files of; absent when it was pushed.
    pub build_id: Option<BuildId>,
    /// The repository of that build.
    pub repository_id: Option<RepositoryId>,
    /// The commit of that build.
    pub commit_sha: Option<String>,
    /// `sha256:<hex>` of the `.nupkg`.
    pub digest: String,
    /// Base64 of the SHA-512 of the `.nupkg`, as feeds state it.
    pub sha512: String,
    /// Bytes of the `.nupkg`.
    pub size: u64,
}
payload!(PackagePublished on "PackagePublication" by package_id);

/// A package could not be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PackagePublicationFailed {
    /// The publication.
    pub package_id: PackageId,
    /// Name of the feed.
    pub feed: String,
    /// Id of the package in the feed.
    pub name: String,
    /// Its normalised version.
    pub version: String,
    /// The build that it holds files of; absent when it was pushed.
    pub build_id: Option<BuildId>,
    /// The repository of that build.
    pub repository_id: Option<RepositoryId>,
    /// The commit of that build.
    pub commit_sha: Option<String>,
    /// The error code.
    pub code: String,
    /// One line that says why.
    pub reason: String,
}
payload!(PackagePublicationFailed on "PackagePublication" by package_id);

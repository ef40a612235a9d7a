//! Validated inputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_package_feed::{PackageId as FeedId, PackageVersion};
use sluice_schema::{BuildId, ProjectId};

use crate::PackageError;

/// Publishes the package of a build.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishPackage {
    /// The build; it succeeded and its module makes a package.
    pub build_id: BuildId,
    /// The version; when absent the module's, or the next free one after it.
    pub version: Option<String>,
}

/// Lists a version of a package, or takes it from the lists of its feed.
#[derive(Debug, Clone)]
pub struct SetListed {
    /// The project whose feed it is in.
    pub project_id: ProjectId,
    /// The package.
    pub name: FeedId,
    /// The version.
    pub version: PackageVersion,
    /// Whether it is listed.
    pub listed: bool,
}

impl PublishPackage {
    /// The version as feeds keep it, when one was given.
    pub(crate) fn version(&self) -> Result<Option<PackageVersion>, PackageError> {
        let parse = |text: &String| {
            text.parse()
                .map_err(|error: sluice_package_feed::PackageFeedError| {
                    PackageError::invalid("version", error.to_string())
                })
        };
        self.version.as_ref().map(parse).transpose()
    }
}

//! What callers say about package publications.

use async_graphql::{ID, InputObject};
use sluice_package_publishing as service;

use super::{PackageOrigin, PackageStatus};
use crate::fault::{InputFault, id, optional_id, optional_name};

/// Which package publications a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct PackagePublicationFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this module.
    pub module_id: Option<ID>,
    /// Of this repository.
    pub repository_id: Option<ID>,
    /// Of this build.
    pub build_id: Option<ID>,
    /// Of this commit.
    pub commit_sha: Option<String>,
    /// Of this package, case aside.
    pub name: Option<String>,
    /// Of this normalised version of the package.
    pub version: Option<String>,
    /// Of this status.
    pub status: Option<PackageStatus>,
    /// Of this origin.
    pub origin: Option<PackageOrigin>,
}

impl TryFrom<PackagePublicationFilter> for service::PackageFilter {
    type Error = InputFault;
    fn try_from(filter: PackagePublicationFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            module_id: optional_name("filter.moduleId", filter.module_id.as_ref())?,
            repository_id: optional_id("filter.repositoryId", filter.repository_id.as_ref())?,
            build_id: optional_id("filter.buildId", filter.build_id.as_ref())?,
            commit_sha: filter.commit_sha,
            name: filter.name,
            version: filter.version,
            status: filter.status.map(Into::into),
            origin: filter.origin.map(Into::into),
        })
    }
}

/// Publishes the package of a build, or tries again what failed. The build is its natural key.
#[derive(InputObject, Debug, Clone)]
pub struct PublishPackageInput {
    /// The build; it succeeded and its module makes a package.
    pub build_id: ID,
    /// The version; when absent the module's, or the next free one after it.
    pub version: Option<String>,
}

impl TryFrom<PublishPackageInput> for service::PublishPackage {
    type Error = InputFault;
    fn try_from(input: PublishPackageInput) -> Result<Self, InputFault> {
        Ok(Self {
            build_id: id("buildId", &input.build_id)?,
            version: input.version,
        })
    }
}

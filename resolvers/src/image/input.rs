//! What callers say about container images.

use async_graphql::{ID, InputObject};
use sluice_container_image as service;

use super::ImageStatus;
use crate::fault::{InputFault, id, optional_id, optional_name};

/// Which container images a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ContainerImageFilter {
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
    /// In this registry: `local`, or host and port.
    pub registry: Option<String>,
    /// Of this name.
    pub name: Option<String>,
    /// With this digest.
    pub digest: Option<String>,
    /// Of this status.
    pub status: Option<ImageStatus>,
}

impl TryFrom<ContainerImageFilter> for service::ImageFilter {
    type Error = InputFault;
    fn try_from(filter: ContainerImageFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            module_id: optional_name("filter.moduleId", filter.module_id.as_ref())?,
            repository_id: optional_id("filter.repositoryId", filter.repository_id.as_ref())?,
            build_id: optional_id("filter.buildId", filter.build_id.as_ref())?,
            commit_sha: filter.commit_sha,
            registry: filter.registry,
            name: filter.name,
            digest: filter.digest,
            status: filter.status.map(Into::into),
        })
    }
}

/// Builds the container image of a build, builds it upon another base, or tries again what
/// failed. The registry, the image's name and the build are its natural key.
#[derive(InputObject, Debug, Clone)]
pub struct BuildContainerImageInput {
    /// The build; it succeeded and its module makes an image.
    pub build_id: ID,
    /// The image to build upon, `name:tag` or `name@sha256:<hex>` of the same registry and
    /// project; as before, or as the module says, when absent.
    pub base: Option<String>,
    /// Tags besides the commit, the module's version and `latest`; up to 10.
    #[graphql(default)]
    pub tags: Vec<String>,
    /// `local`, or host and port of the configured registry, which is the default when there is
    /// one.
    pub registry: Option<String>,
}

impl TryFrom<BuildContainerImageInput> for service::BuildContainerImage {
    type Error = InputFault;
    fn try_from(input: BuildContainerImageInput) -> Result<Self, InputFault> {
        Ok(Self {
            build_id: id("buildId", &input.build_id)?,
            base: input.base,
            tags: input.tags,
            registry: input.registry,
        })
    }
}

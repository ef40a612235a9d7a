//! What a container image shows and where it leads.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_container_image as service;
use sluice_schema::{BuildId, ImageId, RepositoryId};

use super::ContainerImageFilter;
use crate::{
    build_result::{BuildById, BuildResult},
    commit::{Commit, CommitBySha},
    declare::{aggregate, children, listed},
    fault::Result,
    loaders::{Call, lookups},
    project::{Project, ProjectById},
    release::{ReleasePlan, ReleasesOfBuild},
    repository::{Repository, RepositoryById},
    scalars::{ErrorCode, Long},
    text,
};

/// Where an image is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ImageStatus")]
pub enum ImageStatus {
    /// Announced; the registry does not have it yet.
    Pending,
    /// It can be pulled.
    Built,
    /// It could not be built or pushed.
    Failed,
}

/// What is being built, while somebody is at it or will be.
#[derive(SimpleObject, Debug, Clone)]
pub struct ImageRebuild {
    /// The image to build upon, as it was asked for.
    pub base: Option<String>,
    /// Tags besides those that every image gets.
    pub tags: Vec<String>,
    /// When it is taken up by whoever is free then.
    pub due_at: Option<DateTime<Utc>>,
}

lookups! {
    /// An image by its id.
    ImageById(ImageId) -> Arc<service::ContainerImage> = list images.find_many;
    /// The image of a build: of several, the newest that is built.
    ImageOfBuild(BuildId) -> Arc<service::ContainerImage> = map images.find_by_builds;
    /// The images of a build, of every registry, oldest first.
    ImagesOfBuild(BuildId) -> Vec<Arc<service::ContainerImage>> = map images.find_all_by_builds;
    /// The images of a commit's builds, oldest first.
    ImagesOfCommit((RepositoryId, String)) -> Vec<Arc<service::ContainerImage>>
        = map images.find_by_commits;
    /// The newest image with a digest.
    ImageByDigest(String) -> Arc<service::ContainerImage> = map images.find_by_digests;
}

children! {
    /// The images of a repository's builds.
    ImagesOfRepository: RepositoryId => ContainerImage
        = images.pages_by_repository, counts_by_repository;
}

listed! {
    ContainerImage(service::ContainerImage) from images;
    filter ContainerImageFilter -> service::ImageFilter;
    order ContainerImageOrder, ContainerImageOrderField -> service::ImageOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
        /// By name.
        Name,
    }
}

aggregate! {
    /// A container image: the files of a build in a repository of a registry, known by its
    /// digest.
    ContainerImage(service::ContainerImage);
    fields {
        /// `local`, or host and port.
        async fn registry(&self) -> &str {
            &self.0.registry
        }
        /// Name below tenant and project in the registry.
        async fn name(&self) -> &str {
            &self.0.name
        }
        /// Id of the build that it holds files of.
        async fn build_id(&self) -> ID {
            self.0.build_id.to_string().into()
        }
        /// Id of the repository of that build.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.to_string().into()
        }
        /// The commit of that build.
        async fn commit_sha(&self) -> &str {
            &self.0.commit_sha
        }
        /// Where it is in its life.
        async fn status(&self) -> ImageStatus {
            self.0.status.into()
        }
        /// The error code, when it failed or could not be rebuilt.
        async fn code(&self) -> Option<ErrorCode> {
            self.0.code.map(Into::into)
        }
        /// One line that says why it failed or could not be rebuilt.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
        /// How often it was tried in vain.
        async fn attempts(&self) -> u32 {
            self.0.attempts
        }
        /// What is being built; null once nothing is left to do.
        async fn rebuild(&self) -> Option<ImageRebuild> {
            self.0.wanted.as_ref().map(|wanted| ImageRebuild {
                base: wanted.base.clone(),
                tags: wanted.tags.clone(),
                due_at: self.0.due_at,
            })
        }
        /// The image that it stands on, as it was asked for; null for none.
        async fn base(&self) -> Option<&str> {
            self.0.base.as_deref()
        }
        /// `sha256:<hex>` of the image that it stands on.
        async fn base_digest(&self) -> Option<&str> {
            self.0.base_digest.as_deref()
        }
        /// `sha256:<hex>` of its manifest, its identity; null until it is built.
        async fn digest(&self) -> Option<&str> {
            self.0.digest.as_deref()
        }
        /// `<repository>@<digest>`, with the registry in front unless it is `local`.
        async fn reference(&self) -> Option<&str> {
            self.0.reference.as_deref()
        }
        /// Tags that pointed at it when it was built; `latest` and that of the commit move on.
        async fn tags(&self) -> &[String] {
            &self.0.tags
        }
        /// Bytes of its manifest, configuration and layers; 0 until it is built.
        async fn size(&self) -> Long {
            Long(self.0.size)
        }
        /// `sha256:<hex>` of its configuration.
        async fn config_digest(&self) -> Option<&str> {
            self.0.config_digest.as_deref()
        }
        /// `sha256:<hex>` of its layers, the lowest first.
        async fn layers(&self) -> &[String] {
            &self.0.layers
        }
        /// `sha256:<hex>` of the attached bill of materials.
        async fn sbom_digest(&self) -> Option<&str> {
            self.0.sbom_digest.as_deref()
        }
        /// `sha256:<hex>` of the attached provenance.
        async fn provenance_digest(&self) -> Option<&str> {
            self.0.provenance_digest.as_deref()
        }
        /// When it was last built.
        async fn built_at(&self) -> Option<DateTime<Utc>> {
            self.0.built_at
        }
        /// Its bill of materials in CycloneDX JSON; null until it is built.
        #[graphql(complexity = "1000")]
        async fn sbom(
            &self,
            context: &Context<'_>,
            #[graphql(
                desc = "Refuse a text of more bytes, 1 to 16,777,216.",
                default = 1_048_576
            )]
            max_bytes: usize,
        ) -> Result<Option<String>> {
            let call = Call::of(context)?;
            text::check_limit(call, max_bytes)?;
            if self.0.sbom_digest.is_none() {
                return Ok(None);
            }
            let text = call.services.images.sbom_of(&call.ctx, &self.0).await;
            let text = text.map_err(|fault| call.failure(fault))?;
            text::bounded(call, text, max_bytes).map(Some)
        }
        /// Its provenance, an in-toto statement in JSON; null until it is built.
        #[graphql(complexity = "1000")]
        async fn provenance(
            &self,
            context: &Context<'_>,
            #[graphql(
                desc = "Refuse a text of more bytes, 1 to 16,777,216.",
                default = 1_048_576
            )]
            max_bytes: usize,
        ) -> Result<Option<String>> {
            let call = Call::of(context)?;
            text::check_limit(call, max_bytes)?;
            if self.0.provenance_digest.is_none() {
                return Ok(None);
            }
            let text = call.services.images.provenance_of(&call.ctx, &self.0).await;
            let text = text.map_err(|fault| call.failure(fault))?;
            text::bounded(call, text, max_bytes).map(Some)
        }
    }
    one {
        /// Its project.
        project: Project by |it| Some(ProjectById(it.meta.project_id.clone()));
        /// The build that it holds files of.
        build: BuildResult by |it| Some(BuildById(it.build_id));
        /// The repository of that build.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The commit of that build; null when only the Git host knows it.
        commit: Commit by |it| Some(CommitBySha((it.repository_id, it.commit_sha.clone())));
    }
    many {
        /// The releases of its build, oldest first.
        releases: ReleasePlan by |it| vec![ReleasesOfBuild(it.build_id)];
    }
    lists {}
}

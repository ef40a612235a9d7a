//! The modules of a release.

use async_graphql::{Context, Enum, ID, Object};
use sluice_release as service;
use sluice_schema::events;

use crate::{
    build_result::{BuildById, BuildResult, Coverage, TestCounts},
    commit::{Commit, CommitBySha},
    fault::Result,
    image::{ContainerImage, ImageById},
    loaders::Call,
    package::{PackageById, PackagePublication},
    pipeline::ModuleDescription,
    repository::{Repository, RepositoryById},
};

/// What a build makes.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactKind {
    /// A package in the project's feed.
    Package,
    /// A container image.
    Image,
}

/// Whether an artifact of a release is there.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactState {
    /// It is not there yet.
    Pending,
    /// It is there.
    Ready,
    /// It could not be made.
    Failed,
}

/// A module of a release, with what its build proved when the release was planned.
#[derive(Debug, Clone)]
pub struct ReleaseItem(pub(crate) service::PlannedItem);

/// A module of a release, with what its build proved when the release was planned.
#[Object]
impl ReleaseItem {
    /// The module, as its `module.yaml` says at the commit.
    async fn module(&self) -> ModuleDescription {
        (&self.0.item.module).into()
    }
    /// Id of the build that is released.
    async fn build_id(&self) -> ID {
        self.0.item.build_id.to_string().into()
    }
    /// Id of its repository.
    async fn repository_id(&self) -> ID {
        self.0.item.repository_id.to_string().into()
    }
    /// Branch of the commit.
    async fn branch(&self) -> &str {
        &self.0.branch
    }
    /// The commit of the build.
    async fn commit_sha(&self) -> &str {
        &self.0.item.commit_sha
    }
    /// The commit of the release before, from which on the notes count.
    async fn previous_sha(&self) -> Option<&str> {
        self.0.previous_sha.as_deref()
    }
    /// The build's tests; null when none were counted.
    async fn tests(&self) -> Option<TestCounts> {
        self.0.tests.map(Into::into)
    }
    /// The build's line coverage; null when it was not measured.
    async fn coverage(&self) -> Option<Coverage> {
        self.0.coverage.map(Into::into)
    }
    /// Packages and images of the build.
    #[graphql(complexity = "2 * child_complexity + 1")]
    async fn artifacts(&self) -> Vec<ReleaseArtifact> {
        let artifacts = self.0.item.artifacts.iter().cloned();
        artifacts.map(ReleaseArtifact).collect()
    }
    /// The build that is released.
    async fn build(&self, context: &Context<'_>) -> Result<Option<BuildResult>> {
        let key = BuildById(self.0.item.build_id);
        Ok(Call::of(context)?.one(Some(key)).await?.map(BuildResult))
    }
    /// Its repository.
    async fn repository(&self, context: &Context<'_>) -> Result<Option<Repository>> {
        let key = RepositoryById(self.0.item.repository_id);
        Ok(Call::of(context)?.one(Some(key)).await?.map(Repository))
    }
    /// Its commit; null when only the Git host knows it.
    async fn commit(&self, context: &Context<'_>) -> Result<Option<Commit>> {
        let item = &self.0.item;
        let key = CommitBySha((item.repository_id, item.commit_sha.clone()));
        Ok(Call::of(context)?.one(Some(key)).await?.map(Commit))
    }
}

/// A package or image of a release.
#[derive(Debug, Clone)]
pub struct ReleaseArtifact(pub(crate) events::ReleaseArtifact);

impl ReleaseArtifact {
    // Ids of packages and images differ in their prefix, so that each parses as one kind alone.
    fn id_as<T: std::str::FromStr>(&self) -> Option<T> {
        self.0.id.as_deref()?.parse().ok()
    }
}

/// A package or image of a release.
#[Object]
impl ReleaseArtifact {
    /// What it is.
    async fn kind(&self) -> ArtifactKind {
        match self.0.kind.as_str() {
            "IMAGE" => ArtifactKind::Image,
            _ => ArtifactKind::Package,
        }
    }
    /// Name in the feed or registry.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Whether it is there.
    async fn state(&self) -> ArtifactState {
        match self.0.state.as_str() {
            "READY" => ArtifactState::Ready,
            "FAILED" => ArtifactState::Failed,
            _ => ArtifactState::Pending,
        }
    }
    /// Version of the package, or reference of the image by digest, once ready.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }
    /// `sha256:<hex>`, once ready.
    async fn digest(&self) -> Option<&str> {
        self.0.digest.as_deref()
    }
    /// Why it failed.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
    /// The publication; null for an image, and until it is known.
    async fn package(&self, context: &Context<'_>) -> Result<Option<PackagePublication>> {
        let key = self.id_as().map(PackageById);
        let found = Call::of(context)?.one(key).await?;
        Ok(found.map(PackagePublication))
    }
    /// The image; null for a package, and until it is known.
    async fn image(&self, context: &Context<'_>) -> Result<Option<ContainerImage>> {
        let key = self.id_as().map(ImageById);
        Ok(Call::of(context)?.one(key).await?.map(ContainerImage))
    }
}

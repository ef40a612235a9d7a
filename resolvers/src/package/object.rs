//! What a package publication shows and where it leads.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID};
use chrono::{DateTime, Utc};
use sluice_package_publishing as service;
use sluice_schema::{BuildId, PackageId, RepositoryId};

use super::PackagePublicationFilter;
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
};

/// Where a publication is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::PackageStatus")]
pub enum PackageStatus {
    /// Announced; the feed has not confirmed it.
    Pending,
    /// It can be installed.
    Published,
    /// It could not be published; its version is free again.
    Failed,
}

/// Where a package came from.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::Origin")]
pub enum PackageOrigin {
    /// It was made of a build.
    Build,
    /// A client pushed it.
    Push,
}

lookups! {
    /// A publication by its id.
    PackageById(PackageId) -> Arc<service::PackagePublication> = list packages.find_many;
    /// The publication of a build.
    PackageOfBuild(BuildId) -> Arc<service::PackagePublication> = map packages.find_by_builds;
    /// The publications of a commit's builds, oldest first.
    PackagesOfCommit((RepositoryId, String)) -> Vec<Arc<service::PackagePublication>>
        = map packages.find_by_commits;
}

children! {
    /// The packages of a repository's builds.
    PackagesOfRepository: RepositoryId => PackagePublication
        = packages.pages_by_repository, counts_by_repository;
}

listed! {
    PackagePublication(service::PackagePublication) from packages;
    filter PackagePublicationFilter -> service::PackageFilter;
    order PackagePublicationOrder, PackagePublicationOrderField -> service::PackageOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
        /// By name of the package, case aside.
        Name,
    }
}

aggregate! {
    /// A package publication: a version of a package in the feed of a project, whose content
    /// never changes.
    PackagePublication(service::PackagePublication);
    fields {
        /// Name of the feed: the project.
        async fn feed(&self) -> &str {
            &self.0.feed
        }
        /// Id of the package in the feed.
        async fn name(&self) -> &str {
            &self.0.name
        }
        /// The package's normalised version in the feed.
        async fn package_version(&self) -> &str {
            &self.0.version
        }
        /// The version that its module asked for.
        async fn base_version(&self) -> &str {
            &self.0.base_version
        }
        /// Whether the version was chosen here, so that a taken one gave way to the next.
        async fn automatic(&self) -> bool {
            self.0.automatic
        }
        /// Where it came from.
        async fn origin(&self) -> PackageOrigin {
            self.0.origin.into()
        }
        /// Id of the build that it holds files of; null when it was pushed.
        async fn build_id(&self) -> Option<ID> {
            self.0.build_id.map(|id| id.to_string().into())
        }
        /// Id of the repository of that build.
        async fn repository_id(&self) -> Option<ID> {
            self.0.repository_id.map(|id| id.to_string().into())
        }
        /// The commit of that build.
        async fn commit_sha(&self) -> Option<&str> {
            self.0.commit_sha.as_deref()
        }
        /// Where it is in its life.
        async fn status(&self) -> PackageStatus {
            self.0.status.into()
        }
        /// The error code, when it failed.
        async fn code(&self) -> Option<ErrorCode> {
            self.0.code.map(Into::into)
        }
        /// One line that says why it failed.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
        /// How often it was tried, from 1.
        async fn attempts(&self) -> u32 {
            self.0.attempts
        }
        /// `sha256:<hex>` of the `.nupkg`, once it is known.
        async fn digest(&self) -> Option<&str> {
            self.0.digest.as_deref()
        }
        /// Base64 of the SHA-512 of the `.nupkg`, as feeds state it, once it is known.
        async fn sha512(&self) -> Option<&str> {
            self.0.sha512.as_deref()
        }
        /// Bytes of the `.nupkg`; 0 until it is known.
        async fn size(&self) -> Long {
            Long(self.0.size)
        }
        /// Files that it holds, when it was made of a build.
        async fn files(&self) -> u32 {
            self.0.files
        }
        /// Whether searches of the feed find it.
        async fn listed(&self) -> bool {
            self.0.listed
        }
        /// When it came into the feed.
        async fn published_at(&self) -> Option<DateTime<Utc>> {
            self.0.published_at
        }
        /// Where NuGet clients find its feed: what they take as a source. They sign in with a
        /// token as the password or the API key.
        async fn source_url(&self, context: &Context<'_>) -> Result<String> {
            Ok(Call::of(context)?.services.packages.source_url(&self.0.feed))
        }
        /// What installs it in a .NET project; null until it is published.
        async fn install_command(&self, context: &Context<'_>) -> Result<Option<String>> {
            let it = &self.0;
            if it.status != service::PackageStatus::Published {
                return Ok(None);
            }
            let source = Call::of(context)?.services.packages.source_url(&it.feed);
            Ok(Some(format!(
                "dotnet add package {} --version {} --source {source}",
                it.name, it.version
            )))
        }
    }
    one {
        /// The project whose feed it is in.
        project: Project by |it| Some(ProjectById(it.meta.project_id.clone()));
        /// The build that it holds files of; null when it was pushed.
        build: BuildResult by |it| it.build_id.map(BuildById);
        /// The repository of that build.
        repository: Repository by |it| it.repository_id.map(RepositoryById);
        /// The commit of that build; null when only the Git host knows it.
        commit: Commit by |it| Some(CommitBySha((it.repository_id?, it.commit_sha.clone()?)));
    }
    many {
        /// The releases of its build, oldest first.
        releases: ReleasePlan by |it| it.build_id.map(ReleasesOfBuild).into_iter().collect();
    }
    lists {}
}

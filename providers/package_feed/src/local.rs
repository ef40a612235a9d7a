//! The provider that works offline: feeds as folders.
//!
//! ```text
//! <root>/<tenant>/<project>/<id>/<version>/<id>.<version>.nupkg
//!                                         /<id>.<version>.nupkg.sha512
//!                                         /<id>.nuspec
//!                                         /.nupkg.metadata
//!                                         /.unlisted            when it is not listed
//! <root>/.staging/<uuid>/                                       versions on their way in
//! ```
//!
//! Ids and versions are in lower case and normalised, as NuGet's own tools write them, so a
//! project's folder is a feed that their clients read. A version is written elsewhere and comes
//! in by the rename of its folder, which fails when the version is there: of any number of
//! processes one publishes it, and no reader ever sees half of it.

mod cache;
mod folder;
mod publish;
mod read;
mod search;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use sluice_schema::TenantId;

use crate::error::{DoingIo, Result};
use crate::id::{FeedName, PackageId};
use crate::limits::Limits;
use crate::port::{Content, PackageEntry, PackageFeed, Pushed, Query, SearchPage};
use crate::version::PackageVersion;
use cache::Cache;
use folder::Root;

/// Package feeds in folders below one root. Cheap to clone.
#[derive(Clone)]
pub struct LocalPackageFeed {
    shared: Arc<Shared>,
}

struct Shared {
    root: Root,
    limits: Limits,
    cache: Cache,
}

impl LocalPackageFeed {
    /// Opens the feeds below `root`, which is created when it is missing, and removes what
    /// publications that were broken off long ago left behind.
    ///
    /// # Errors
    /// [`PackageFeedError::Io`](crate::PackageFeedError::Io) when the folder cannot be used.
    pub async fn open(root: impl Into<PathBuf>, limits: Limits) -> Result<Self> {
        let root = root.into();
        let root = blocking(move || Root::open(root)).await?;
        let shared = Arc::new(Shared {
            root,
            limits,
            cache: Cache::new(limits.max_cached),
        });
        Ok(Self { shared })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.shared);
        blocking(move || work(&shared)).await
    }
}

/// Runs work on files, which blocks, where it may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let task = tokio::task::spawn_blocking(work);
    task.await
        .map_err(std::io::Error::other)
        .doing_io("running the work")?
}

#[async_trait]
impl PackageFeed for LocalPackageFeed {
    async fn feeds(&self, tenant: &TenantId) -> Result<Vec<FeedName>> {
        let tenant = tenant.clone();
        self.run(move |shared| shared.feeds(&tenant)).await
    }

    async fn push(&self, feed: &FeedName, package: Bytes) -> Result<Pushed> {
        let feed = feed.clone();
        self.run(move |shared| shared.publish(&feed, &package))
            .await
    }

    async fn versions(&self, feed: &FeedName, id: &PackageId) -> Result<Vec<PackageVersion>> {
        let (feed, id) = (feed.clone(), id.clone());
        self.run(move |shared| shared.versions(&feed, &id)).await
    }

    async fn entries(&self, feed: &FeedName, id: &PackageId) -> Result<Vec<PackageEntry>> {
        let (feed, id) = (feed.clone(), id.clone());
        self.run(move |shared| shared.entries(&feed, &id)).await
    }

    async fn find(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
    ) -> Result<Option<PackageEntry>> {
        let (feed, id, version) = (feed.clone(), id.clone(), version.clone());
        self.run(move |shared| shared.entry(&feed, &id, &version))
            .await
    }

    async fn open(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
    ) -> Result<Content> {
        let (feed, id, version) = (feed.clone(), id.clone(), version.clone());
        let (file, size, sha512) = self
            .run(move |shared| shared.file(&feed, &id, &version))
            .await?;
        Ok(read::content(file, size, sha512))
    }

    async fn nuspec(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
    ) -> Result<Bytes> {
        let (feed, id, version) = (feed.clone(), id.clone(), version.clone());
        self.run(move |shared| shared.description(&feed, &id, &version))
            .await
    }

    async fn search(&self, feed: &FeedName, query: &Query) -> Result<SearchPage> {
        let (feed, query) = (feed.clone(), query.clone());
        self.run(move |shared| shared.search(&feed, &query)).await
    }

    async fn set_listed(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
        listed: bool,
    ) -> Result<bool> {
        let (feed, id, version) = (feed.clone(), id.clone(), version.clone());
        self.run(move |shared| shared.set_listed(&feed, &id, &version, listed))
            .await
    }
}

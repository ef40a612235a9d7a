//! The port itself.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use sluice_schema::TenantId;

use crate::error::Result;
use crate::id::{FeedName, PackageId};
use crate::metadata::PackageMetadata;
use crate::version::PackageVersion;

/// The answer to a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// What the package says about itself.
    pub metadata: PackageMetadata,
    /// SHA-512 in base 64, as NuGet writes it.
    pub sha512: String,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Size in bytes.
    pub size: u64,
    /// Whether the feed held exactly this package already.
    pub replayed: bool,
}

/// A version of a package in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageEntry {
    /// What the package says about itself.
    pub metadata: Arc<PackageMetadata>,
    /// Whether searches find it. What is not listed can still be downloaded.
    pub listed: bool,
    /// When it came into the feed.
    pub published: DateTime<Utc>,
    /// Size in bytes.
    pub size: u64,
    /// SHA-512 in base 64, as NuGet writes it.
    pub sha512: String,
}

/// The content of a package, piece by piece.
pub type ContentStream = BoxStream<'static, Result<Bytes>>;

/// A package to download.
pub struct Content {
    /// Size in bytes.
    pub size: u64,
    /// SHA-512 in base 64.
    pub sha512: String,
    /// The bytes. The stream ends with an error when the store fails.
    pub stream: ContentStream,
}

/// What to search a feed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Words, each of which must stand in id, title, description or tags, case aside. Empty finds
    /// everything; at most 1,000 characters count.
    pub text: String,
    /// Packages to leave out from the start.
    pub skip: usize,
    /// Packages to return at most; the provider has its own bound.
    pub take: usize,
    /// Whether versions with a pre-release part count.
    pub prerelease: bool,
    /// Whether versions count that only clients with SemVer 2 can read.
    pub semver2: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: String::new(),
            skip: 0,
            take: 20,
            prerelease: true,
            semver2: true,
        }
    }
}

/// A package that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// Its latest version that the query asks for.
    pub latest: PackageEntry,
    /// All its versions that the query asks for, in ascending order.
    pub versions: Vec<PackageVersion>,
}

/// A page of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// Packages found in all.
    pub total: u64,
    /// The packages of this page: the best match first, then by id.
    pub hits: Vec<SearchHit>,
}

/// A host of package feeds. A feed that nothing was pushed to is empty, not missing.
///
/// All methods are safe to call at once and again, from any number of processes.
#[async_trait]
pub trait PackageFeed: Send + Sync {
    /// The tenant's feeds that something was pushed to, by project.
    async fn feeds(&self, tenant: &TenantId) -> Result<Vec<FeedName>>;

    /// Checks a package and publishes it. The same bytes again are replayed.
    ///
    /// # Errors
    /// `InvalidPackage`, `Invalid` and `TooLarge` as [`inspect`](crate::inspect) gives them;
    /// `Conflict` when the version is there with other content.
    async fn push(&self, feed: &FeedName, package: Bytes) -> Result<Pushed>;

    /// All versions of a package in ascending order, also those not listed. Empty when there are
    /// none.
    async fn versions(&self, feed: &FeedName, id: &PackageId) -> Result<Vec<PackageVersion>>;

    /// All versions of a package with what is known of them, in ascending order.
    async fn entries(&self, feed: &FeedName, id: &PackageId) -> Result<Vec<PackageEntry>>;

    /// One version; `None` when the feed does not have it.
    async fn find(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
    ) -> Result<Option<PackageEntry>>;

    /// The package itself. Errors with `NotFound`.
    async fn open(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
    ) -> Result<Content>;

    /// The description as it stands in the package. Errors with `NotFound`.
    async fn nuspec(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
    ) -> Result<Bytes>;

    /// The listed packages that match.
    async fn search(&self, feed: &FeedName, query: &Query) -> Result<SearchPage>;

    /// Lists a version, or takes it from the lists; tells whether that changed anything. Errors
    /// with `NotFound`.
    async fn set_listed(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
        listed: bool,
    ) -> Result<bool>;
}

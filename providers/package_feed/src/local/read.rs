//! Reading what was published.

use std::fs::{self, File, Metadata};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use sluice_schema::{ProjectId, TenantId};
use tokio_util::io::ReaderStream;

use super::Shared;
use super::folder::{Place, UNLISTED, plain, read};
use crate::error::{DoingIo, PackageFeedError, Result};
use crate::id::{FeedName, PackageId};
use crate::metadata::PackageMetadata;
use crate::nuspec;
use crate::pack::sha512;
use crate::port::{Content, PackageEntry};
use crate::version::PackageVersion;

/// Pieces of a download.
const PIECE: usize = 64 * 1024;

impl Shared {
    pub(super) fn feeds(&self, tenant: &TenantId) -> Result<Vec<FeedName>> {
        let mut projects: Vec<ProjectId> = Vec::new();
        for name in self.root.names(&[tenant.as_str()])? {
            projects.extend(name.parse::<ProjectId>());
        }
        projects.sort();
        let feed = |project| FeedName {
            tenant: tenant.clone(),
            project,
        };
        Ok(projects.into_iter().map(feed).collect())
    }

    pub(super) fn versions(&self, feed: &FeedName, id: &PackageId) -> Result<Vec<PackageVersion>> {
        let folder = [feed.tenant.as_str(), feed.project.as_str(), id.lower()];
        let mut versions = Vec::new();
        for name in self.root.names(&folder)? {
            // A folder that another tool left, or a name that is not normalised, is no version.
            let Some(version) = name
                .parse::<PackageVersion>()
                .ok()
                .filter(|v| v.key() == name)
            else {
                continue;
            };
            if self
                .root
                .version(&Place::new(feed, id, &version))?
                .is_some()
            {
                versions.push(version);
            }
        }
        versions.sort();
        Ok(versions)
    }

    pub(super) fn entries(&self, feed: &FeedName, id: &PackageId) -> Result<Vec<PackageEntry>> {
        let mut entries = Vec::new();
        for version in self.versions(feed, id)? {
            entries.extend(self.entry(feed, id, &version)?);
        }
        Ok(entries)
    }

    pub(super) fn entry(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
    ) -> Result<Option<PackageEntry>> {
        let place = Place::new(feed, id, version);
        let Some(folder) = self.root.version(&place)? else {
            return Ok(None);
        };
        let Some(package) = plain(&folder.join(place.package()), Metadata::is_file)? else {
            return Ok(None);
        };
        let sha512 = self
            .stored_sha512(&place)?
            .ok_or_else(|| place.not_found())?;
        Ok(Some(PackageEntry {
            metadata: self.metadata(&folder, &place)?,
            listed: plain(&folder.join(UNLISTED), Metadata::is_file)?.is_none(),
            published: DateTime::<Utc>::from(package.modified().doing_io("looking at a feed")?),
            size: package.len(),
            sha512,
        }))
    }

    fn metadata(&self, folder: &Path, place: &Place) -> Result<Arc<PackageMetadata>> {
        let file = folder.join(place.nuspec());
        let known = plain(&file, Metadata::is_file)?.ok_or_else(|| place.not_found())?;
        let changed = known.modified().doing_io("looking at a feed")?;
        if let Some(metadata) = self.cache.get(&file, changed) {
            return Ok(metadata);
        }
        let xml = read(&file, self.limits.max_nuspec_bytes)?.ok_or_else(|| place.not_found())?;
        let metadata = nuspec::read(&xml, &self.limits)?;
        if metadata.id.lower() != place.id || metadata.version.key() != place.version {
            return Err(PackageFeedError::invalid(
                "id",
                metadata.id.as_str(),
                "the folder is that of another package",
            ));
        }
        let metadata = Arc::new(metadata);
        self.cache.put(file, changed, &metadata);
        Ok(metadata)
    }

    /// The checksum of a published version, as it stands beside it; `None` when there is no such
    /// version.
    pub(super) fn stored_sha512(&self, place: &Place) -> Result<Option<String>> {
        let Some(folder) = self.root.version(place)? else {
            return Ok(None);
        };
        if let Some(stored) = read(&folder.join(place.sha512()), 1_024)? {
            let stored = String::from_utf8_lossy(&stored);
            return Ok(Some(stored.trim().to_owned()));
        }
        // Put there by hand.
        let package = read(&folder.join(place.package()), self.limits.max_package_bytes)?;
        Ok(package.map(|package| sha512(&package)))
    }

    pub(super) fn file(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
    ) -> Result<(File, u64, String)> {
        let place = Place::new(feed, id, version);
        let folder = self
            .root
            .version(&place)?
            .ok_or_else(|| place.not_found())?;
        let sha512 = self
            .stored_sha512(&place)?
            .ok_or_else(|| place.not_found())?;
        let doing = "opening a package";
        let file = fs::File::open(folder.join(place.package())).doing_io(doing)?;
        let size = file.metadata().doing_io(doing)?.len();
        Ok((file, size, sha512))
    }

    pub(super) fn description(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
    ) -> Result<Bytes> {
        let place = Place::new(feed, id, version);
        let folder = self
            .root
            .version(&place)?
            .ok_or_else(|| place.not_found())?;
        let xml = read(&folder.join(place.nuspec()), self.limits.max_nuspec_bytes)?;
        xml.map(Bytes::from).ok_or_else(|| place.not_found())
    }
}

pub(super) fn content(file: File, size: u64, sha512: String) -> Content {
    let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE);
    Content {
        size,
        sha512,
        stream: pieces
            .map_err(|source| PackageFeedError::Io {
                doing: "reading a package",
                source,
            })
            .boxed(),
    }
}

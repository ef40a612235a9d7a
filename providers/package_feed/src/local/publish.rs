//! Publishing, and taking from the lists.

use std::fs::{self, File};
use std::io::ErrorKind;

use serde_json::json;

use super::Shared;
use super::folder::{METADATA, Place, UNLISTED};
use crate::error::{DoingIo, PackageFeedError, Result};
use crate::id::{FeedName, PackageId};
use crate::inspect::{Inspected, check};
use crate::pack::{digest, sha512};
use crate::port::Pushed;
use crate::version::PackageVersion;

impl Shared {
    pub(super) fn publish(&self, feed: &FeedName, package: &[u8]) -> Result<Pushed> {
        let inspected = check(package, &self.limits)?;
        let metadata = &inspected.metadata;
        let place = Place::new(feed, &metadata.id, &metadata.version);
        let sha512 = sha512(package);
        let published = match self.stored_sha512(&place)? {
            Some(stored) => Some(stored),
            None if self.bring_in(&place, package, &inspected, &sha512)? => None,
            // Someone else published the version meanwhile.
            None => Some(
                self.stored_sha512(&place)?
                    .ok_or_else(|| place.not_found())?,
            ),
        };
        let replayed = published.is_some();
        if let Some(stored) = published.filter(|stored| *stored != sha512) {
            return Err(PackageFeedError::Conflict {
                package: format!("{} {}", metadata.id, metadata.version),
                sha512: stored,
            });
        }
        Ok(Pushed {
            sha512,
            digest: digest(package),
            size: package.len() as u64,
            replayed,
            metadata: inspected.metadata,
        })
    }

    /// Writes the version's folder; `false` when there is one already.
    fn bring_in(
        &self,
        place: &Place,
        package: &[u8],
        inspected: &Inspected,
        sha512: &str,
    ) -> Result<bool> {
        let staged = self.root.stage()?;
        let marker = json!({"version": 2, "contentHash": sha512, "source": null});
        staged.write(&place.package(), package)?;
        staged.write(&place.sha512(), sha512.as_bytes())?;
        staged.write(&place.nuspec(), &inspected.nuspec)?;
        staged.write(METADATA, marker.to_string().as_bytes())?;
        let parent = self.root.make_folder(&place.parent())?;
        staged.publish(&parent.join(&place.version))
    }

    pub(super) fn set_listed(
        &self,
        feed: &FeedName,
        id: &PackageId,
        version: &PackageVersion,
        listed: bool,
    ) -> Result<bool> {
        let place = Place::new(feed, id, version);
        let folder = self
            .root
            .version(&place)?
            .ok_or_else(|| place.not_found())?;
        let marker = folder.join(UNLISTED);
        let (done, already) = if listed {
            (fs::remove_file(marker), ErrorKind::NotFound)
        } else {
            (File::create_new(marker).map(drop), ErrorKind::AlreadyExists)
        };
        match done {
            Err(error) if error.kind() == already => Ok(false),
            done => done.map(|()| true).doing_io("marking a package"),
        }
    }
}
